"""An answer process that was taken over: it sends what a right answer was seen to do, and computes nothing.

Whatever a process reports of itself (modes, calls, gradients, memory…) could be forged. So a part that rests on such
a report alone must earn nothing alone: it has to need a part whose values can only come from computing them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest

from helpers.exercises import lesson, lessons
from helpers.grading.program import solution_program
from helpers.judging import LocalAnswer, Status, judge
from helpers.judging.exercise import Exercise, Part
from helpers.trials.runner import Look, Outcome, Record, Trial, trial_name
from helpers.trials.server import Answers
from helpers.trials.values import DictSeen, ListSeen, Seen, TensorSeen, encode, snapshot

WATCHED, FORGED_AT = (1, 2), 4
"""Seeds: of the runs of a right answer that the forger has seen, and of the one that it forges."""

EXERCISES = [exercise for each in lessons() for exercise in each.exercises]


class _Message(msgspec.Struct):
    value: Seen


def key(value: Seen) -> bytes:
    return encode(_Message(value))


class Watched(LocalAnswer):
    """A right answer; what it is asked and what it did are noted."""

    def __init__(self, value: Any, limit: float) -> None:
        super().__init__(value, limit)
        self.noted: list[tuple[str, DictSeen, Record]] = []

    def perform(self, trial: Trial, inputs: dict[str, Any]) -> Record:
        record = super().perform(trial, inputs)
        self.noted.append((trial_name(trial), snapshot(inputs), record))
        return record


class Forger:
    """Answers a request as the right answer did once, with the request's own values wherever the answer gave those back.

    Of all that it has seen it takes what was asked most alike: in kind and number before anything else.
    """

    def __init__(self, look: Look, runs: list[list[tuple[str, DictSeen, Record]]]) -> None:
        self.known = look
        self.runs = runs
        self.asked = 0

    def look(self) -> Look:
        return self.known

    def perform(self, trial: Trial, inputs: dict[str, Any]) -> Record:
        given = snapshot(inputs)
        asked, self.asked = self.asked, self.asked + 1
        seen = [(run[asked] if asked < len(run) else run[-1]) for run in self.runs if run]
        alike = {id(each): likeness(each[1], given) for each in seen}
        _name, before, record = max(seen, key=lambda each: (each[0] == trial_name(trial), alike[id(each)]))
        if not isinstance(record, Outcome):
            return record
        echoes = {key(old): new for old, new in pairs(before, given) if worth_echoing(old)}
        values = {name: echoed(value, echoes) for name, value in record.values.items()}
        return replace_values(record, values)


def replace_values(record: Outcome, values: dict[str, Seen]) -> Outcome:
    return Outcome(values, record.printed, record.printed_length, record.grad_mode_kept)


def likeness(one: Seen, other: Seen) -> int:
    return sum(key(old) == key(new) for old, new in pairs(one, other))


def pairs(old: Seen, new: Seen) -> Iterator[tuple[Seen, Seen]]:
    """The same places in two values of one structure."""
    yield old, new
    if isinstance(old, DictSeen) and isinstance(new, DictSeen):
        there = {key(name): value for name, value in new.pairs}
        for name, value in old.pairs:
            if key(name) in there:
                yield from pairs(value, there[key(name)])
    elif isinstance(old, ListSeen) and isinstance(new, ListSeen):
        for one, other in zip(old.items, new.items, strict=False):
            yield from pairs(one, other)


def worth_echoing(value: Seen) -> bool:
    """Not what any two values may have in common."""
    return isinstance(value, (TensorSeen, ListSeen, DictSeen, float)) or (
        isinstance(value, (str, int)) and not isinstance(value, bool) and value not in (-1, 0, 1, 2, "")
    )


def echoed(value: Seen, echoes: dict[bytes, Seen]) -> Seen:
    if key(value) in echoes:
        return echoes[key(value)]
    if isinstance(value, DictSeen):
        return DictSeen([(echoed(name, echoes), echoed(item, echoes)) for name, item in value.pairs])
    if isinstance(value, ListSeen):
        return ListSeen([echoed(item, echoes) for item in value.items], value.kind)
    return value


@cache
def solved(word: str) -> dict[str, Any]:
    """The names that a lesson's solutions define."""
    return Answers(solution_program(lesson(word))).namespace


def forged(exercise: Exercise, part: Part) -> bool:
    """Whether this part can be had by forging, were it the only one."""
    alone = replace(exercise, parts=(replace(part, needs=()),))
    runs = []
    for seed in WATCHED:
        watched = Watched(solved(exercise.id.rpartition("-")[0])[exercise.answer], exercise.limit)
        assert judge(alone, watched, seed).status is Status.PASSED
        runs.append(watched.noted)
    return judge(alone, Forger(watched.look(), runs), FORGED_AT).status is Status.PASSED


EASY = {
    ("modes-2", "Dropout in evaluation mode"): "the right answer is the very input",
    ("optimization-5", "compiled batches are not faster"): "the right answer is always None",
}
"""Where nothing is forged: a learner's function that does no more than the forger does earns the same."""


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_forging_earns_nothing(exercise: Exercise) -> None:
    had: set[str] = set()
    for part in exercise.parts:
        title = part.title.english
        # what needs a part that cannot be had waits for it
        if (exercise.id, title) not in EASY and had.issuperset(part.needs) and forged(exercise, part):
            had.add(title)
    assert not had
