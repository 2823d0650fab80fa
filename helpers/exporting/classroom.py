"""A GitHub Actions workflow that grades a learner's repository with ``pytest --grade`` and reports the points.

GitHub closed its service Classroom in August 2026; repositories that it made, or that are made from a template, go on
running workflows. The points are told in the two notices that Classroom's own reporter writes, so what reads those
reads these.
"""

from __future__ import annotations

from collections.abc import Sequence

from helpers.exporting.content import check_sources, chosen_lessons, grader_files, render
from helpers.exporting.folder import Files, archive

WORKFLOW = ".github/workflows/classroom.yml"
GRADER = ".github/classroom/course.zip"


def classroom_files(names: Sequence[str] = ()) -> Files:
    """The workflow, and the archive with the grader that it unpacks; no solution is in either.

    Args:
        names: the lessons that are graded, by the beginnings of their names; all by default.

    Raises:
        ExportError: for an unknown lesson, or when this copy of the course has no sources.
    """
    check_sources()
    lessons = [lesson.name for lesson in chosen_lessons(names)]
    return {
        WORKFLOW: render("classroom.yml.j2", grader=GRADER, lessons=lessons),
        GRADER: archive(grader_files()),
    }
