"""What the journal amounts to: per exercise and in all."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from helpers.exercises import lessons
from helpers.judging import mistakes as general
from helpers.judging.exercise import Exercise, Lesson, Mistake, Prediction
from helpers.learning.store import Event
from helpers.text import Message

OPEN = ("not_started", "missing", "uncheckable")
"""Outcomes of a check that are no try."""

_FIELD = re.compile(r"\{[a-z_]+[!:}]")
_GENERAL = {each.key: each for each in vars(general).values() if isinstance(each, Mistake)}


@dataclass
class Met:
    """A mistake that was named to the learner, by its key. ``values`` fills in its sentence."""

    key: str
    values: dict[str, str] = field(default_factory=dict)
    overcome: bool = False
    """The exercise passed afterwards."""


@dataclass
class Standing:
    """One learner's standing in one exercise. A pass is never lost, whatever is checked later."""

    passed: bool = False
    earned: int = 0
    tries: int = 0
    hints: int = 0
    solution_seen: bool = False
    passed_unaided: bool = False
    """Passed before the solution was shown."""
    mistakes: list[Met] = field(default_factory=list)
    prediction: int | None = None

    @property
    def mark(self) -> str:
        """One sign: passed, partly right, not right yet, or not tried."""
        return "✔" if self.passed else "◐" if self.earned else "✘" if self.tries else "○"


def standings(events: list[Event]) -> dict[str, Standing]:
    """The standing in every exercise and prediction that the journal names."""
    found: dict[str, Standing] = {}
    for event in events:
        if event["event"] == "forget":
            found.pop(event["exercise"], None)
            continue
        with suppress(TypeError, ValueError):  # an event edited by hand costs itself alone
            _apply(found.setdefault(event["exercise"], Standing()), event)
    return found


def _apply(standing: Standing, event: dict[str, Any]) -> None:
    match event["event"]:
        case "check":
            _apply_check(standing, event)
        case "hint":
            standing.hints = max(standing.hints, int(event.get("level", 1)))
        case "solution":
            standing.solution_seen = True
        case "predict" if standing.prediction is None:
            standing.prediction = event.get("choice")


def _apply_check(standing: Standing, event: dict[str, Any]) -> None:
    status = event.get("status")
    if status in OPEN:
        return
    standing.tries += 1
    standing.earned = max(standing.earned, int(event.get("earned", 0)))
    if status == "passed":
        standing.passed_unaided |= not standing.passed and not standing.solution_seen
        standing.passed = True
        for met in standing.mistakes:
            met.overcome = True
    elif key := event.get("mistake"):
        before = [met for met in standing.mistakes if met.key == key]
        if not before:
            standing.mistakes.append(Met(key, dict(event.get("values") or {})))
        for met in before:
            met.overcome = False  # made again


@dataclass(frozen=True)
class LessonOverview:
    """One lesson with the learner's standing in each of its exercises, and in the predictions that were made."""

    lesson: Lesson
    exercises: list[tuple[Exercise, Standing]]
    predictions: list[tuple[Prediction, Standing]]

    @property
    def earned(self) -> int:
        """Points so far."""
        return sum(standing.earned for _exercise, standing in self.exercises)

    @property
    def possible(self) -> int:
        """All the points there are to earn."""
        return sum(exercise.points for exercise, _standing in self.exercises)

    @property
    def solved(self) -> int:
        """Exercises that passed."""
        return sum(standing.passed for _exercise, standing in self.exercises)


@dataclass(frozen=True)
class Overview:
    """The whole course as one learner stands in it: every lesson that has exercises."""

    lessons: list[LessonOverview]

    @property
    def exercises(self) -> list[tuple[Exercise, Standing]]:
        """All exercises, in the order of the course."""
        return [pair for each in self.lessons for pair in each.exercises]

    @property
    def earned(self) -> int:
        """Points so far."""
        return sum(each.earned for each in self.lessons)

    @property
    def possible(self) -> int:
        """All the points there are to earn."""
        return sum(each.possible for each in self.lessons)

    @property
    def solved(self) -> int:
        """Exercises that passed."""
        return sum(each.solved for each in self.lessons)

    @property
    def following(self) -> Exercise | None:
        """The first exercise that has not passed; None when all have."""
        return next((exercise for exercise, standing in self.exercises if not standing.passed), None)

    @property
    def mistakes(self) -> list[tuple[Exercise, Met, Message | str]]:
        """Every mistake that was named, with the exercise and the sentence that said it."""
        return [
            (exercise, met, _sentence(exercise, met))
            for exercise, standing in self.exercises
            for met in standing.mistakes
        ]

    @property
    def predictions(self) -> list[tuple[Prediction, Standing]]:
        """The predictions that were made."""
        return [pair for each in self.lessons for pair in each.predictions]


def overview(events: list[Event]) -> Overview:
    """Where the learner of a journal stands in the course of today."""
    known = standings(events)
    return Overview(
        [
            LessonOverview(
                lesson,
                [(exercise, known.get(exercise.id, Standing())) for exercise in lesson.exercises],
                [(question, known[question.id]) for question in lesson.predictions if question.id in known],
            )
            for lesson in lessons()
            if lesson.exercises
        ]
    )


def _sentence(exercise: Exercise, met: Met) -> Message | str:
    """What the mistake says; its key when this course no longer has it, or its sentence cannot be filled in."""
    mistake = {**_GENERAL, **{each.key: each for each in exercise.mistakes}}.get(met.key)
    if mistake is None:
        return met.key
    if not met.values and _FIELD.search(mistake.says.english):
        return met.key  # noted before the journal kept what fills the sentence in
    says = mistake.says(**met.values)
    try:
        str(says)
    except (KeyError, IndexError, ValueError):
        return met.key
    return says
