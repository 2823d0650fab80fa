"""The handout: the lessons and what they need to run and be checked, and nothing that solves them.

Left out are the lessons' sources, which hold the solutions, the solved notebooks, and the tests with their evidence
answers. The judges are in it, since a check answers at once: who reads them learns how an answer is compared.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from helpers.authoring.source import solution_of
from helpers.exercises import lessons
from helpers.exporting.content import (
    check_sources,
    code_files,
    learner_notebooks,
    project_files,
    render,
    stubs,
)
from helpers.exporting.folder import Files
from helpers.learning.handout import HANDOUT, SOLUTIONS, Handout, Solutions
from helpers.text import speaking


def handout_files(solutions_from: datetime | None) -> Files:
    """Everything in a handout, by its path.

    Args:
        solutions_from: when ``solution()`` opens, with its time zone; None keeps it closed. The solutions
            themselves are left out, unless that time is over.

    Raises:
        ExportError: when this copy of the course has no sources.
    """
    check_sources()
    setting = Handout(solutions_from=solutions_from, stubs=stubs())
    files = {
        **code_files(),
        **project_files(),
        **learner_notebooks(),
        HANDOUT: _json(setting),
        "README.md": render("handout.md.j2", lessons=_titles()),
    }
    if solutions_from is not None and solutions_from <= datetime.now(UTC):
        files[SOLUTIONS] = solutions_file()
    return files


def solutions_file() -> bytes:
    """The file that opens ``solution()`` where it is put beside a handout's ``handout.json``.

    Raises:
        ExportError: when this copy of the course has no sources.
    """
    check_sources()
    solutions = {
        exercise.id: solution_of(lesson.name, exercise.id)
        for lesson in lessons()
        for exercise in lesson.exercises
    }
    return _json(Solutions(solutions=solutions))


def _titles() -> list[tuple[str, str, str]]:
    """Every lesson's name and its title in both languages."""
    rows = []
    for lesson in lessons():
        with speaking("zh"):
            chinese = str(lesson.title)
        with speaking("en"):
            rows.append((lesson.name, str(lesson.title), chinese))
    return rows


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"
