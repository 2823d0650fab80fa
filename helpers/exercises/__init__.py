"""What is asked, how it is judged, and which mistakes are named: one module a lesson, called by the lesson's word."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module

from helpers.judging.exercise import Exercise, Lesson, Prediction
from helpers.text import _

WORDS = (
    "start",
    "modes",
    "nograd",
    "preprocessing",
    "batch",
    "precision",
    "export",
    "optimization",
    "images",
    "capstone",
    "summary",
    "changes",
)
"""The lessons, in their order; the last two are pages to look things up in, without exercises."""


class UnknownId(LookupError):
    """No exercise or prediction has this id."""


@cache
def lesson(word: str) -> Lesson:
    """The lesson with this word."""
    return import_module(f"{__package__}.{word}").LESSON


def lessons() -> list[Lesson]:
    """All lessons, in their order."""
    return [lesson(word) for word in WORDS]


def lesson_of(id: str) -> Lesson:
    """The lesson that an exercise or prediction belongs to.

    Raises:
        UnknownId: when no lesson has that word.
    """
    word = id.rpartition("-")[0] if isinstance(id, str) else ""
    if word not in WORDS:
        raise UnknownId(_unknown(id))
    return lesson(word)


def find_exercise(id: str) -> Exercise:
    """The exercise with this id.

    Raises:
        UnknownId: when there is none; the message names the nearest.
    """
    for exercise in lesson_of(id).exercises:
        if exercise.id == id:
            return exercise
    raise UnknownId(_unknown(id))


def find_prediction(id: str) -> Prediction:
    """The prediction question with this id.

    Raises:
        UnknownId: when there is none; the message names the nearest.
    """
    for prediction in lesson_of(id).predictions:
        if prediction.id == id:
            return prediction
    raise UnknownId(_unknown(id))


def _unknown(id: object) -> str:
    known = [item.id for each in lessons() for item in (*each.exercises, *each.predictions)]
    near = difflib.get_close_matches(str(id), known, n=1, cutoff=0.4)
    if near:
        return str(_("There is no exercise {id!r}. Did you mean {near!r}?", id=id, near=near[0]))
    return str(_("There is no exercise {id!r}. The first one is {near!r}.", id=id, near=known[0]))
