"""Reading what a learner handed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat

from helpers import exercises
from helpers.judging.exercise import Lesson

MAX_BYTES = 300_000_000
"""Of one notebook: with pictures in its outputs it may well be large."""


class Unreadable(Exception):
    """A file that is no notebook of this course; the message says why."""


@dataclass(frozen=True)
class Submission:
    """A learner's notebook: which lesson it is, and its code cells as (grade_id or None, source), in order."""

    lesson: Lesson
    cells: tuple[tuple[str | None, str], ...]

    @property
    def answers(self) -> dict[str, str]:
        """The source of each answer, by its exercise."""
        ids = {exercise.id for exercise in self.lesson.exercises}
        return {grade_id: source for grade_id, source in self.cells if grade_id in ids}


def read_bytes(path: Path) -> bytes:
    """What lies in a file that was handed in.

    Raises:
        Unreadable: when it is gone, is no file, or is too large.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(
                f"{path.name} is larger than {MAX_BYTES // 10**6} MB. Clear its outputs and save it again."
            )
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error}.") from None


def read_submission(data: bytes, name: str) -> Submission:
    """Read a notebook: the bytes of its file, and the file's name.

    Raises:
        Unreadable: when it is no notebook, or no lesson of this course.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name} cannot be read: {error}.") from None
    try:
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises many kinds, all of which mean the same to a person
        raise Unreadable(
            f"{name} is no valid notebook ({type(error).__name__}). Save it in JupyterLab again."
        ) from None
    cells = tuple(
        (_grade_id(cell), cell.source if isinstance(cell.source, str) else "".join(cell.source))
        for cell in notebook.cells
        if cell.get("cell_type") == "code"
    )
    return Submission(_lesson(name, notebook, cells), cells)


def _grade_id(cell: nbformat.NotebookNode) -> str | None:
    entry = cell.get("metadata", {}).get("nbgrader")
    found = entry.get("grade_id") if isinstance(entry, dict) else None
    return found if isinstance(found, str) else None


def _lesson(name: str, notebook: nbformat.NotebookNode, cells: tuple) -> Lesson:
    """By the notebook's own metadata, else by its answer cells, else by its file name."""
    entry = notebook.metadata.get("course")
    named = entry.get("lesson") if isinstance(entry, dict) else None
    words = {
        grade_id.rpartition("-")[0]
        for grade_id, _source in cells
        if grade_id and not grade_id.endswith("-check")
    }
    lessons = exercises.lessons()
    for lesson in lessons:
        if named == lesson.name:
            return lesson
    for lesson in lessons:
        if lesson.word in words or name.startswith(lesson.name):
            return lesson
    raise Unreadable(f"{name} is no lesson of this course: its answer cells and its name are unknown.")
