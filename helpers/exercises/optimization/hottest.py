"""optimization-1: the operator that takes the most time of its own, from the events of a profiler trace."""

from __future__ import annotations

import torch

from helpers.exercises.optimization.sections import PROFILE
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import same
from helpers.text import Message, _
from helpers.trials.calls import call
from helpers.trials.values import ListSeen

TOTAL_TIME = Mistake(
    "total-time",
    _(
        "You took the whole time of each event. The time of an operator that calls others is counted again in those: subtract what its direct children take."
    ),
    PROFILE,
)
ONE_EVENT = Mistake(
    "one-event",
    _(
        "You took the single longest event. An operator is called many times: add up the time of all its events."
    ),
    PROFILE,
)
CALL_COUNT = Mistake(
    "call-count",
    _(
        "You took the operator that is called most often. Many short calls may take less time than a few long ones."
    ),
    PROFILE,
)
NOT_ONLY_OPERATORS = Mistake(
    "not-only-operators",
    _(
        'Events that are no operators were counted too. Take only those with `"ph": "X"` and `"cat": "cpu_op"`.'
    ),
    PROFILE,
)
GRANDCHILDREN = Mistake(
    "grandchildren",
    _(
        "Too much was subtracted: children of children are inside the children already. Subtract the direct children only."
    ),
    PROFILE,
)
OTHER_THREADS = Mistake(
    "other-threads",
    _(
        "Events of another thread were taken for children. Threads run side by side: an event lies inside another only within one `tid`."
    ),
    PROFILE,
)
SHARE_OF_WALL = Mistake(
    "share-of-wall",
    _(
        "The operator is right, the share is not: divide by the self times of all operators together, not by the time from the first to the last event."
    ),
    PROFILE,
)
PERCENT = Mistake("percent", _("The share is given in percent. It has to lie between 0 and 1."), PROFILE)
MICROSECONDS = Mistake(
    "microseconds",
    _("The operator is right, and beside it stands its time. Its share of all self time is asked."),
    PROFILE,
)

NAMES = [
    "aten::conv2d",
    "aten::_convolution",
    "aten::relu_",
    "aten::batch_norm",
    "aten::addmm",
    "aten::copy_",
]


class _Trace:
    """Events of a trace, and the self time of each operator, built together."""

    def __init__(self, rng: torch.Generator) -> None:
        self.rng = rng
        self.events: list[dict] = []
        self.clock = 1_000.0

    def number(self, low: int, high: int) -> int:
        return int(torch.randint(low, high, (1,), generator=self.rng))

    def add(self, name: str, start: float, dur: float, tid: int = 1, cat: str = "cpu_op") -> None:
        self.events.append(
            {"ph": "X", "cat": cat, "name": name, "pid": 7, "tid": tid, "ts": start, "dur": dur}
        )

    def nest(self, names: list[str], own: list[float], tid: int = 1) -> None:
        """Each name inside the one before; ``own`` are their times without the inner ones."""
        start = self.clock
        for depth, name in enumerate(names):
            self.add(name, start + 2.0 * depth, sum(own[depth:]), tid)
        self.clock += sum(own) + 5.0

    def shuffled(self) -> list[dict]:
        return [self.events[i] for i in torch.randperm(len(self.events), generator=self.rng).tolist()]


def _self_times(events: list[dict]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for event in events:
        totals[event["name"]] = totals.get(event["name"], 0.0) + event["dur"]
        parents = [
            other
            for other in events
            if other is not event
            and other["tid"] == event["tid"]
            and other["ts"] <= event["ts"]
            and event["ts"] + event["dur"] <= other["ts"] + other["dur"]
        ]
        if parents:
            parent = min(parents, key=lambda other: other["dur"])
            totals[parent["name"]] = totals.get(parent["name"], 0.0) - event["dur"]
    return totals


def _flat(answer: Witness, rng: torch.Generator) -> None:
    """One thread, nothing nested: the hottest has neither the longest event nor the most."""
    trace = _Trace(rng)
    hot, long, often = (NAMES[i] for i in torch.randperm(len(NAMES), generator=rng)[:3].tolist())
    for name, calls, dur in [(hot, 4, 60.0), (long, 1, 130.0), (often, 9, 12.0)]:
        for _call in range(calls):
            trace.nest([name], [dur + trace.number(0, 8)])
    _judge(answer, trace, _("a trace without nesting"))


def _nested(answer: Witness, rng: torch.Generator) -> None:
    """Operators inside others, a second thread, and events that are no operators."""
    for threads in (False, True):
        trace = _Trace(rng)
        outer, middle, hot, other = (NAMES[i] for i in torch.randperm(len(NAMES), generator=rng)[:4].tolist())
        begin = trace.clock - 50.0
        for _call in range(3):
            trace.nest([outer, middle, hot], [9.0, 14.0, 100.0 + trace.number(0, 20)])
            trace.nest([other], [70.0 + trace.number(0, 8)])
        if threads:
            # at the same time on another thread, inside none of the above
            trace.add(other, 1_010.0, 40.0, tid=2)
            trace.add(other, 1_060.0, 30.0, tid=2)
        trace.add("model", begin, trace.clock - begin, cat="user_annotation")
        trace.add("PyTorch Profiler (0)", begin - 10.0, trace.clock - begin + 20.0, tid=3, cat="Trace")
        trace.events.append({"ph": "M", "name": "thread_name", "pid": 7, "tid": 1, "args": {"name": "main"}})
        trace.events.append({"ph": "i", "name": "note", "pid": 7, "tid": 1, "ts": begin, "s": "g"})
        _judge(
            answer,
            trace,
            _("operators inside others, on two threads")
            if threads
            else _("operators inside others, on one thread"),
        )


def _judge(answer: Witness, trace: _Trace, tried: Message) -> None:
    events = trace.shuffled()
    complete = [event for event in events if event["ph"] == "X"]
    operators = [event for event in complete if event["cat"] == "cpu_op"]
    times = _self_times(operators)
    best, whole = max(times, key=times.get), sum(times.values())
    right = (best, times[best] / whole)

    outcome = answer.run(call, args=[events], kwargs={})
    seen = outcome["value"]
    name = seen.items[0] if isinstance(seen, ListSeen) and len(seen.items) == 2 else None
    share = seen.items[1] if isinstance(seen, ListSeen) and len(seen.items) == 2 else None

    totals: dict[str, float] = {}
    counts: dict[str, int] = {}
    for event in operators:
        totals[event["name"]] = totals.get(event["name"], 0.0) + event["dur"]
        counts[event["name"]] = counts.get(event["name"], 0) + 1
    span = max(e["ts"] + e["dur"] for e in operators) - min(e["ts"] for e in operators)
    unfiltered = _self_times(complete)
    longest = max(operators, key=lambda event: event["dur"])["name"]
    one_thread = _self_times([event | {"tid": 1} for event in operators])
    deep = _minus_all_inside(operators)
    numbers = isinstance(share, (int, float)) and not isinstance(share, bool)
    equal(
        seen,
        right,
        tried=tried,
        recognise=[
            (PERCENT, name == best and numbers and same(share / 100.0, right[1])),
            (MICROSECONDS, name == best and numbers and same(float(share), times[best])),
            (NOT_ONLY_OPERATORS, same(seen, _hottest(unfiltered)) or _about_others(name, operators)),
            (TOTAL_TIME, same(seen, _hottest(totals)) or same(seen, (best, totals[best] / whole))),
            (OTHER_THREADS, same(seen, _hottest(one_thread))),
            (GRANDCHILDREN, same(seen, _hottest(deep))),
            (
                SHARE_OF_WALL,
                name == best
                and numbers
                and any(
                    same(float(share), times[best] / total)
                    for total in (span, sum(event["dur"] for event in complete), sum(totals.values()))
                ),
            ),
            (TOTAL_TIME, name is not None and name == max(totals, key=totals.get) != best),
            (ONE_EVENT, name is not None and name == longest != best),
            (CALL_COUNT, name is not None and name == max(counts, key=counts.get) != best),
        ],
    )
    require(same(outcome["args"], [events]), general.INPUT_CHANGED, tried=tried)


def _hottest(times: dict[str, float]) -> tuple[str, float]:
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())


def _about_others(name: object, operators: list[dict]) -> bool:
    return isinstance(name, str) and name in ("model", "PyTorch Profiler (0)", "thread_name", "note")


def _minus_all_inside(events: list[dict]) -> dict[str, float]:
    """The classic slip: everything inside an event is subtracted, children's children too."""
    totals: dict[str, float] = {}
    for event in events:
        inside = sum(
            other["dur"]
            for other in events
            if other is not event
            and other["tid"] == event["tid"]
            and event["ts"] <= other["ts"]
            and other["ts"] + other["dur"] <= event["ts"] + event["dur"]
        )
        totals[event["name"]] = totals.get(event["name"], 0.0) + event["dur"] - inside
    return totals


HOTTEST = Exercise(
    id="optimization-1",
    title=_("The hottest operator of a trace"),
    answer="hottest",
    parts=(
        Part(_("operators one after the other"), 1, _flat),
        Part(_("operators inside others"), 2, _nested),
    ),
    hints=(
        _(
            'First keep only the events with `"ph": "X"` and `"cat": "cpu_op"`. What an operator does itself is its `dur` minus the `dur` of the events that lie directly inside it, on the same thread.'
        ),
        _(
            "Go through each thread's events in the order of `ts` (the longer one first when they begin together) with a stack of those that are still open. The top of the stack is the parent: subtract the event's `dur` from the parent's time."
        ),
        _(
            "For each event: while the top of the stack ends at or before the event's `ts`, pop it. If something is left, `time[top] -= dur`. Then `time[event] += dur` and push it. At the end: the name with the largest sum, divided by the sum of all."
        ),
    ),
    explanation=_(
        "A trace holds intervals. An operator like `aten::conv2d` only calls the next one, so its whole time says nothing about who works. Self time counts "
        "every microsecond once, for the innermost operator, so that the shares add up to 1. It is what `key_averages()` calls `self_cpu_time_total`."
    ),
    mistakes=(
        TOTAL_TIME,
        ONE_EVENT,
        CALL_COUNT,
        NOT_ONLY_OPERATORS,
        GRANDCHILDREN,
        OTHER_THREADS,
        SHARE_OF_WALL,
        PERCENT,
        MICROSECONDS,
    ),
)
