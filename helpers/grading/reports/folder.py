"""All the files of a graded class, in one pass over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from helpers import exercises
from helpers.authoring.source import solution_of, stub_of
from helpers.grading.reports.class_page import SHOWN, class_page
from helpers.grading.reports.feedback import feedback_page
from helpers.grading.reports.files import FileNames, write_whole
from helpers.grading.reports.gradebook import gradebook
from helpers.grading.reports.junit import junit_xml
from helpers.grading.reports.lookalike import Lookalikes
from helpers.grading.reports.record import Graded, Run, SubmissionReport, as_json
from helpers.grading.reports.tallies import tally


def write_folder(
    folder: Path,
    graded: Iterable[Graded],
    run: Run,
    write: Callable[[Path, bytes], None] = write_whole,
) -> list[SubmissionReport]:
    """``report.json``, ``gradebook.csv``, ``junit.xml``, ``class.html`` and ``feedback/<learner>.html``.

    Args:
        folder: where; it is made if need be, and other files in it are left alone.
        graded: sorted by learner. It is gone through once, and panels and answers are not kept.
        run: how the class was graded.
        write: writes one file.

    Returns:
        The reports.

    Raises:
        CannotWrite: by default, at the first file that cannot be written.
    """
    reports: list[SubmissionReport] = []
    alike = Lookalikes(known_code())
    names, pages = FileNames(), {}
    for learner, own in groupby(graded, key=lambda each: each.report.learner):
        theirs = list(own)
        pages[learner] = f"feedback/{names.name(learner)}.html"
        write(folder / pages[learner], feedback_page(learner, theirs))
        for each in theirs:
            reports.append(each.report)
            alike.add(learner, each.report.path, each.answers)
    write(folder / "report.json", as_json(reports))
    write(folder / "gradebook.csv", gradebook(reports))
    write(folder / "junit.xml", junit_xml(reports, run))
    pairs, count = alike.pairs(SHOWN)
    write(folder / "class.html", class_page(tally(reports), pairs, count, run, pages))
    return reports


def known_code() -> dict[str, list[str]]:
    """By exercise, what everybody may have: the stub, and the course's own solution."""
    found = {}
    for lesson in exercises.lessons():
        for exercise in lesson.exercises:
            codes = (look(lesson.name, exercise.id) for look in (stub_of, solution_of))
            found[exercise.id] = [code for code in codes if code is not None]
    return found
