"""images-5: runs of equal names become scenes."""

from __future__ import annotations

import torch

from helpers.exercises.images.sections import SCENES, TIME, integers, shuffled
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import same
from helpers.text import _
from helpers.trials.calls import call
from helpers.trials.values import DictSeen, ListSeen

LAST_LOST = Mistake(
    "last-scene-lost",
    _("The last scene is missing: no other name comes after it, so it has to be closed after the loop."),
    SCENES,
)
FIRST_LOST = Mistake(
    "first-scene-lost", _("The first scene is missing. It begins with the first frame."), SCENES
)
GAPS = Mistake(
    "gaps",
    _(
        "Between the scenes there are gaps: you ended a scene at the time of its last frame. That frame is shown until the next one comes."
    ),
    TIME,
)
END_IGNORED = Mistake(
    "end-ignored",
    _("The last scene ends at its last frame. It lasts until the video ends: `end`."),
    SCENES,
)
NUMBERS = Mistake("numbers", _("You gave numbers of frames. Times are asked for, in seconds."), TIME)
EVEN = Mistake(
    "even-steps",
    _("You took the frames for evenly spaced. They are not: use the time of each."),
    TIME,
)
NOT_MERGED = Mistake("not-merged", _("Each frame became a scene. Equal names in a row are one."), SCENES)
BY_NAME = Mistake(
    "by-name",
    _(
        "You put all frames of a name together, also those that another name parts. What comes back later is a new scene."
    ),
    SCENES,
)
DURATION = Mistake("duration", _("The second number is when the scene ends, not how long it lasts."), SCENES)
TURNED = Mistake("turned", _("The order in a scene is start, end, name."), SCENES)
LATER_NAME = Mistake(
    "later-name",
    _(
        "Each scene has the name of the one that follows. When the name changes, it is the old scene that ends."
    ),
    SCENES,
)
A_DICT = Mistake("a-dict", _("You returned a dictionary: a name that comes back later takes the place of the first. Return a list."), SCENES)  # fmt: skip
SHORT_DROPPED = Mistake(
    "short-scene-dropped", _("A scene of a single frame is missing. It is short, and it counts."), SCENES
)

ANIMALS = ["tabby", "tiger cat", "Egyptian cat", "espresso", "missile"]

Scene = tuple[float, float, str]


def _runs(names: list[str]) -> list[tuple[int, int]]:
    """First and last frame of each run of equal names."""
    runs: list[tuple[int, int]] = []
    for place, name in enumerate(names):
        if runs and names[place - 1] == name:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def _right(times: list[float], names: list[str], end: float) -> list[Scene]:
    after = [*times[1:], end]
    return [(times[first], after[last], names[first]) for first, last in _runs(names)]


def _by_name(times: list[float], names: list[str], end: float) -> list[Scene]:
    after = [*times[1:], end]
    places = {name: [i for i, one in enumerate(names) if one == name] for name in dict.fromkeys(names)}
    return [(times[found[0]], after[found[-1]], name) for name, found in places.items()]


def _judge_one(answer: Witness, times: list[float], names: list[str], end: float) -> None:
    outcome = answer.run(call, args=[times, names, end], kwargs={})
    tried = _("{n} frames, {scenes} scenes", n=len(names), scenes=len(_runs(names)))
    right, runs = _right(times, names, end), _runs(names)
    wrong = []
    if len(right) > 1:
        step = end / len(times)
        rate = (len(times) - 1) / times[-1]
        gaps = [(times[first], times[last], names[first]) for first, last in runs]
        one_each = _right(times, [f"{i}" for i in range(len(times))], end)
        later = [(start, stop, names[min(last + 1, len(names) - 1)]) for (start, stop, _name), (_f, last) in zip(right, runs, strict=True)]  # fmt: skip
        wrong = [
            (LAST_LOST, right[:-1]),
            (LAST_LOST, gaps[:-1]),
            (FIRST_LOST, right[1:]),
            (GAPS, gaps),
            (GAPS, [*gaps[:-1], right[-1]]),
            (END_IGNORED, [*right[:-1], (right[-1][0], times[-1], right[-1][2])]),
            (NUMBERS, [(float(a), float(b), names[a]) for a, b in runs]),
            (NUMBERS, [(float(a), float(b + 1), names[a]) for a, b in runs]),
            (EVEN, [(a * step, (b + 1) * step, names[a]) for a, b in runs]),
            (EVEN, [*[(a / rate, (b + 1) / rate, names[a]) for a, b in runs][:-1], (runs[-1][0] / rate, end, names[-1])]),
            (EVEN, [(a / rate, (b + 1) / rate, names[a]) for a, b in runs]),
            (NOT_MERGED, [(a, b, name) for (a, b, _n), name in zip(one_each, names, strict=True)]),
            (BY_NAME, _by_name(times, names, end)),
            (DURATION, [(a, b - a, name) for a, b, name in right]),
            (TURNED, [(name, a, b) for a, b, name in right]),
            (LATER_NAME, later),
            (SHORT_DROPPED, [scene for scene, (a, b) in zip(right, runs, strict=True) if b > a]),
        ]  # fmt: skip
    seen = outcome["value"]
    equal(
        seen,
        right,
        tried=tried,
        wrong=wrong,
        recognise=[
            (A_DICT, isinstance(seen, DictSeen)),
            (END_IGNORED, len(right) == 1 and _is_instant(seen)),
        ],
    )
    after = outcome["args"].items
    require(same(after[0], times) and same(after[1], names), general.INPUT_CHANGED, tried=tried)


def _is_instant(seen) -> bool:
    """One scene that ends where it begins."""
    if not isinstance(seen, ListSeen) or len(seen.items) != 1 or not isinstance(seen.items[0], ListSeen):
        return False
    scene = seen.items[0].items
    return len(scene) == 3 and scene[0] == scene[1]


def _times(rng: torch.Generator, count: int, start: float = 0.0) -> tuple[list[float], float]:
    """Uneven times, and when the video ends."""
    times = [start]
    for step in integers(rng, 1, 20, count):
        times.append(round(times[-1] + step / 25, 3))
    return times[:-1], round(times[-1] + 0.33, 3)


def _judge_many(answer: Witness, rng: torch.Generator) -> None:
    for start in (0.0, 0.48):
        a, b, c = shuffled(rng, ANIMALS)[:3]
        lengths = [length + 2 for length in integers(rng, 0, 4, 4)]
        order = [a, b, a, c]  # one comes back
        names = [name for name, length in zip(order, lengths, strict=True) for _frame in range(length)]
        names[lengths[0] + lengths[1] : lengths[0] + lengths[1]] = [c]  # a scene of one frame
        times, end = _times(rng, len(names), start)
        _judge_one(answer, times, names, end)


def _judge_edges(answer: Witness, rng: torch.Generator) -> None:
    a, b = shuffled(rng, ANIMALS)[:2]
    for names in ([a], [a, a, a], [], [a, b], [a, a, b]):
        times, end = _times(rng, len(names)) if names else ([], 0.0)
        _judge_one(answer, times, names, end)


EXERCISE = Exercise(
    id="images-5",
    title=_("From frames to scenes"),
    answer="scenes",
    parts=(
        Part(_("several scenes, at uneven times"), 3, _judge_many),
        Part(
            _("one scene, a scene of one frame at the end, no frame"),
            1,
            _judge_edges,
            needs=("several scenes, at uneven times",),
        ),
    ),
    hints=(
        _(
            "Go through the frames. When the name is another one than before, the scene that was open ends, and a new one begins, both at the time of this frame."
        ),
        _(
            "Keep the result as lists `[start, end, name]`. For each frame: when there is a scene and its name is the same, nothing happens; else set the end of the last scene to `time`, and append `[time, end, name]`."
        ),
        _(
            "`for time, name in zip(times, names):` … `if found and found[-1][2] == name: continue` … `if found: found[-1][1] = time` … `found.append([time, end, name])`. At the end make tuples."
        ),
    ),
    explanation=_(
        "A frame is shown until the next one comes, so a scene ends where the next begins, and the last one ends with the video. Each new scene is written with `end` as its end, "
        "and gets another one only when a further scene comes: so the last one needs no code of its own, and neither does an empty video."
    ),
    mistakes=(
        LAST_LOST,
        FIRST_LOST,
        GAPS,
        END_IGNORED,
        NUMBERS,
        EVEN,
        NOT_MERGED,
        BY_NAME,
        DURATION,
        TURNED,
        LATER_NAME,
        A_DICT,
        SHORT_DROPPED,
    ),
)
