"""batch-5: latency and throughput, measured with a clock and a device that are made up, so that no time decides."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean, median

import torch

from helpers.exercises.batch.shared import MOMENT, integers
from helpers.judging import Exercise, Mistake, Part, Witness, equal, require
from helpers.text import Message, _
from helpers.trials import batch as trials
from helpers.trials.values import plain

NOT_AWAITED = Mistake(
    "not-awaited",
    _(
        "You stopped the clock while the device was still working: what you measured is how long it takes to hand over the "
        "work. Call `synchronize()` before you look at the clock again."
    ),
    MOMENT,
)
WARMUP_STILL_RUNNING = Mistake(
    "warmup-still-running",
    _(
        "When you started the clock, the device was still busy with the warm-up, so the first time holds that work too. "
        "Call `synchronize()` before you start as well."
    ),
    MOMENT,
)
MEAN_TAKEN = Mistake(
    "mean-taken",
    _("You took the mean, which a single disturbed call can move anywhere. Take the median."),
    MOMENT,
)
FASTEST_TAKEN = Mistake("fastest-taken", _("You took the fastest call. Take the median."), MOMENT)
SUM_TAKEN = Mistake(
    "sum-taken",
    _("You gave the time of all timed calls together. What is asked is the median of single calls."),
    MOMENT,
)
WARMUP_TIMED = Mistake(
    "warmup-timed",
    _(
        "The calls of the warm-up are among the times. They are there to be forgotten: start timing after them."
    ),
    MOMENT,
)
WARMED_ONCE = Mistake(
    "warmed-once",
    _(
        "Only the first batch was warmed up. The first call with each *shape* is slow: call the model `warmup` times with "
        "each batch."
    ),
    MOMENT,
)
NOT_WARMED = Mistake(
    "not-warmed",
    _("There was no warm-up: call the model `warmup` times with each batch before you take times."),
    MOMENT,
)
WRONG_COUNT = Mistake(
    "wrong-count",
    _("The model was not called as often as asked: `warmup` + `repeat` times with each batch."),
    MOMENT,
)
BATCHES_PER_SECOND = Mistake(
    "batches-per-second", _("You gave batches per second. What is asked is pictures per second."), MOMENT
)
TIME_PER_PICTURE = Mistake(
    "time-per-picture",
    _(
        "You divided the time by the number of pictures. The latency is that of the whole call: every picture waits for it."
    ),
    MOMENT,
)
MILLISECONDS = Mistake(
    "milliseconds", _("These are milliseconds. The clock tells seconds: leave them."), MOMENT
)
OWN_CLOCK = Mistake(
    "own-clock",
    _("The `clock` that you were given was never asked. Take the time from it and from nothing else."),
    MOMENT,
)


@dataclass(frozen=True)
class _Plan:
    """Sizes of batches, and how long the device works at each call with each; the first ``warmup`` are not timed."""

    sizes: list[int]
    works: list[list[float]]
    warmup: int
    repeat: int
    launch: float
    background: bool

    def times(self, skip: int) -> list[list[float]]:
        """The times of single calls with each batch, without the first ``skip``."""
        return [[self.launch + work for work in works[skip:]] for works in self.works]


def _plan(
    rng: torch.Generator,
    sizes: list[int],
    warmup: int,
    repeat: int,
    background: bool = False,
    slow_first: bool = False,
) -> _Plan:
    """Times as a machine gives them: one call much slower than the others, no two alike."""
    launch = round(0.001 + 0.001 * torch.rand((), generator=rng).item(), 6)
    works = []
    for size in sizes:
        base = 0.01 + 0.004 * size
        noise = 1 + 0.3 * torch.rand(warmup + repeat, generator=rng)
        calls = (base * noise).tolist()
        if repeat > 1:
            calls[warmup + integers(rng, 0, repeat, 1)[0]] *= 9  # disturbed
        if slow_first:
            calls[:warmup] = [call * 40 for call in calls[:warmup]]
        works.append([round(call, 6) for call in calls])
    return _Plan(sizes, works, warmup, repeat, launch, background)


def _rows(sizes: list[int], times: list[float]) -> list[tuple[int, float, float]]:
    return [(size, time, size / time) for size, time in zip(sizes, times, strict=True)]


def _wrong(plan: _Plan) -> list[tuple[Mistake, list]]:
    sizes, timed = plan.sizes, plan.times(skip=plan.warmup)
    right = [median(times) for times in timed]
    everything = plan.times(skip=0)
    launches = [[plan.launch] * plan.repeat for _size in sizes]
    wrong = [
        (MEAN_TAKEN, _rows(sizes, [mean(times) for times in timed])),
        (FASTEST_TAKEN, _rows(sizes, [min(times) for times in timed])),
        (SUM_TAKEN, _rows(sizes, [sum(times) for times in timed])),
        (
            SUM_TAKEN,
            [(size, sum(times), size / mean(times)) for size, times in zip(sizes, timed, strict=True)],
        ),
        (WARMUP_TIMED, _rows(sizes, [median(times) for times in everything])),
        (WARMUP_TIMED, _rows(sizes, [mean(times) for times in everything])),
        (BATCHES_PER_SECOND, [(size, time, 1 / time) for size, time in zip(sizes, right, strict=True)]),
        (
            TIME_PER_PICTURE,
            [(size, time / size, size / time) for size, time in zip(sizes, right, strict=True)],
        ),
        (TIME_PER_PICTURE, [(size, time / size, 1 / time) for size, time in zip(sizes, right, strict=True)]),
        (MILLISECONDS, [(size, time * 1e3, size / time) for size, time in zip(sizes, right, strict=True)]),
        (
            MILLISECONDS,
            [(size, time * 1e3, size / time / 1e3) for size, time in zip(sizes, right, strict=True)],
        ),
    ]
    if plan.background:
        wrong.insert(0, (NOT_AWAITED, _rows(sizes, [median(times) for times in launches])))
    return wrong


def _busy_at_first(plan: _Plan) -> list[tuple[int, float, float]]:
    """What comes out when the clock starts while the warm-up is still in the queue."""
    rows = []
    for size, works in zip(plan.sizes, plan.works, strict=True):
        # the warm-up's calls were handed over one by one while the device worked
        queued = max(
            sum(works[start : plan.warmup]) - plan.launch * (plan.warmup - 1 - start)
            for start in range(plan.warmup)
        )
        first = max(queued, plan.launch) + works[plan.warmup]
        later = [plan.launch + work for work in works[plan.warmup + 1 :]]
        time = median([first, *later])
        rows.append((size, time, size / time))
    return rows


def _check(answer: Witness, plan: _Plan, tried: Message) -> None:
    seen = answer.run(
        trials.benchmark,
        sizes=plan.sizes,
        works=plan.works,
        warmup=plan.warmup,
        repeat=plan.repeat,
        launch=plan.launch,
        background=plan.background,
    )
    wrong = _wrong(plan)
    if plan.background and plan.warmup:
        wrong.append((WARMUP_STILL_RUNNING, _busy_at_first(plan)))
    counts = plain(seen["calls"])
    every = plan.warmup + plan.repeat
    once = plan.warmup > 0 and len(counts) > 1 and counts[0] == every and set(counts[1:]) == {plan.repeat}
    equal(
        seen["value"],
        _rows(plan.sizes, [median(times) for times in plan.times(skip=plan.warmup)]),
        tried=tried,
        recognise=[
            (OWN_CLOCK, seen["value"] is not None and seen["clocked"] == 0),
            (WARMED_ONCE, once),
            (NOT_WARMED, plan.warmup > 0 and counts == [plan.repeat] * len(counts)),
            (NOT_AWAITED, plan.background and seen["value"] is not None and seen["waited"] == 0),
        ],
        wrong=wrong,
    )
    told = {
        "tried": tried,
        "observed": _("calls: {counts}", counts=", ".join(map(str, counts))),
        "expected": _("calls: {counts}", counts=", ".join([str(every)] * len(counts))),
    }
    require(not once, WARMED_ONCE, **told)
    require(counts == [every] * len(counts), WRONG_COUNT, **told)


def _sizes(rng: torch.Generator, count: int) -> list[int]:
    places = torch.randperm(12, generator=rng)[:count].tolist()
    return [2 + place for place in places]


def _judge_at_once(answer: Witness, rng: torch.Generator) -> None:
    _check(
        answer,
        _plan(rng, _sizes(rng, 3), warmup=2, repeat=5),
        _("3 batches, warmup=2, repeat=5, a device that is done when the call returns"),
    )
    _check(
        answer,
        _plan(rng, _sizes(rng, 2), warmup=0, repeat=3),
        _("2 batches, warmup=0, repeat=3, a device that is done when the call returns"),
    )


def _judge_background(answer: Witness, rng: torch.Generator) -> None:
    _check(
        answer,
        _plan(rng, _sizes(rng, 3), warmup=2, repeat=5, background=True),
        _("3 batches, warmup=2, repeat=5, a device that works on in the background"),
    )
    _check(
        answer,
        _plan(rng, _sizes(rng, 2), warmup=3, repeat=1, background=True),
        _("2 batches, warmup=3, repeat=1, a device that works on in the background"),
    )


def _judge_first_calls(answer: Witness, rng: torch.Generator) -> None:
    _check(
        answer,
        _plan(rng, _sizes(rng, 3), warmup=1, repeat=3, slow_first=True),
        _("3 batches, warmup=1, repeat=3; the first call with each shape is slow"),
    )
    _check(
        answer,
        _plan(rng, _sizes(rng, 2), warmup=4, repeat=3, slow_first=True),
        _("2 batches, warmup=4, repeat=3; the first four calls with each shape are slow"),
    )


_FIRST = "the figures, on a device that is done at once"

EXERCISE = Exercise(
    id="batch-5",
    title=_("A benchmark you can trust"),
    answer="benchmark",
    parts=(
        Part(_("the figures, on a device that is done at once"), 2, _judge_at_once),
        Part(_("a device that works on in the background"), 2, _judge_background, needs=(_FIRST,)),
        Part(_("slow first calls with each batch"), 1, _judge_first_calls, needs=(_FIRST,)),
    ),
    hints=(
        _(
            "For each batch two loops stand one after the other: `warmup` calls that nobody times, then `repeat` calls with a "
            "time of each in a list. Where must the device have finished?"
        ),
        _(
            "The device must be done *before* you ask the clock for the start, and *before* you ask it for the end: "
            "`synchronize()` each time."
        ),
        _(
            "In the second loop: `synchronize()`, `start = clock()`, `model(batch)`, `synchronize()`, `times.append(clock() - start)`. "
            "Then `seconds = statistics.median(times)` and `results.append((len(batch), seconds, len(batch) / seconds))`."
        ),
    ),
    explanation=_(
        "Clock and waiting come in as arguments, so the same function measures any device, and can be tested with a made-up one, as this "
        "check does: on a made-up clock every time is known, and no busy machine can decide. Waiting before the start keeps the "
        "warm-up out of the first time; waiting before the end brings the work into it."
    ),
    mistakes=(
        OWN_CLOCK,
        NOT_AWAITED,
        WARMUP_STILL_RUNNING,
        MEAN_TAKEN,
        FASTEST_TAKEN,
        SUM_TAKEN,
        WARMUP_TIMED,
        WARMED_ONCE,
        NOT_WARMED,
        WRONG_COUNT,
        BATCHES_PER_SECOND,
        TIME_PER_PICTURE,
        MILLISECONDS,
    ),
)
