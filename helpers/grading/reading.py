"""Reading what a learner handed in: a file, and which lesson it is."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from helpers import exercises
from helpers.grading.names import names, plain_python
from helpers.grading.notebook_file import Cell, NotebookFile, Unreadable, read_notebook
from helpers.judging.exercise import Lesson
from helpers.text import LANGUAGES, Message, _

MAX_BYTES = 300_000_000
"""Of one notebook: with pictures in its outputs it may well be large."""


@dataclass(frozen=True)
class Submission:
    """A learner's notebook.

    Args:
        lesson: which one it is.
        language: of its text, "en" or "zh".
        sides: its cells; of a merge conflict, those of the one side and those of the other.
    """

    lesson: Lesson
    language: str
    sides: tuple[Side, ...]


@dataclass(frozen=True)
class Side:
    """The cells of a notebook, in their order, and what was wrong with its file."""

    cells: tuple[Cell, ...]
    notes: tuple[Message, ...] = ()


def read_bytes(path: Path) -> bytes:
    """What lies in a file that was handed in. A link is never followed: it may lead to anybody's answers.

    Raises:
        Unreadable: when it is gone, is no file of its own, or is too large.
    """
    if path.is_symlink():
        raise Unreadable(
            _("{name} is a link to another file. Hand in the notebook itself, not a link.", name=path.name)
        )
    try:
        # the file may be swapped for a link or a pipe while we look
        wanted = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # each where the system has it
        file = os.open(path, sum(getattr(os, flag, 0) for flag in wanted))
        with open(file, "rb") as stream:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable(_("{name} is no file. Hand in the notebook itself.", name=path.name))
            if found.st_size > MAX_BYTES:
                raise Unreadable(_TOO_LARGE(name=path.name))
            return stream.read()
    except OSError as error:
        raise Unreadable(_("{name} cannot be read: {error}.", name=path.name, error=error)) from None


_TOO_LARGE = _(
    "{name} is larger than {megabytes} MB. Clear its outputs and save it again.",
    megabytes=MAX_BYTES // 10**6,
)


def read_submission(data: bytes, name: str) -> Submission:
    """Read a notebook: the bytes of its file, and the file's name.

    Raises:
        Unreadable: when it is no notebook, or no lesson of this course.
    """
    files = read_notebook(data, name)
    first = files[0]
    language = first.language if first.language in LANGUAGES else _language(first.cells)
    lesson = _lesson(name, first)
    known = {id for exercise in lesson.exercises for id in (exercise.id, f"{exercise.id}-check")}
    return Submission(lesson, language, tuple(_side(file, known) for file in files))


def _side(file: NotebookFile, known: set[str]) -> Side:
    cells = (cell if cell.grade_id in known else replace(cell, grade_id=None) for cell in file.cells)
    return Side(tuple(cells), file.notes)


def _language(cells: tuple[Cell, ...]) -> str:
    """By the text, where the metadata is lost: Chinese, where a tenth of it is."""
    text = "".join(cell.source for cell in cells if not cell.is_code)
    return "zh" if sum("\u4e00" <= sign <= "\u9fff" for sign in text) > len(text) / 10 else "en"


def _lesson(name: str, file: NotebookFile) -> Lesson:
    """The lesson that most of its answers belong to; where none tells, by its metadata, else by its file name."""
    marked = {cell.grade_id for cell in file.cells}
    defined = {
        each for cell in file.cells if cell.is_code for each in names(plain_python(cell.source)).defines
    }

    def signs(lesson: Lesson) -> tuple[int, bool, bool, int]:
        return (
            sum(exercise.id in marked for exercise in lesson.exercises),
            lesson.name == file.lesson,
            name.startswith(lesson.name),
            sum(exercise.answer in defined for exercise in lesson.exercises),
        )

    best = max(exercises.lessons(), key=signs)
    if not any(signs(best)):
        raise Unreadable(
            _("{name} is no lesson of this course: its answer cells and its name are unknown.", name=name)
        )
    return best
