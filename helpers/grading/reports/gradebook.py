"""The gradebook: a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable

from helpers.exercises import lessons
from helpers.grading.reports.record import SubmissionReport, best_rows, by_learner

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""How a cell begins that a spreadsheet takes for a formula."""


def gradebook(reports: Iterable[SubmissionReport]) -> bytes:
    """CSV with one row a learner and one column an exercise, in the lessons' order, for the reports by learner.

    An exercise that was not handed in is an empty cell. One that was handed in several times counts at its best,
    and the last column then names the notebooks: two people of one name would end in one row. A cell of a
    learner's own that a spreadsheet would take for a formula is led by an apostrophe.
    """
    learners = [(learner, own, best_rows(own)) for learner, own in by_learner(reports)]
    ids = in_course_order({id for _learner, _own, best in learners for id in best})
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["learner", "earned", *ids, "unreadable", "handed in twice"])
    for learner, own, best in learners:
        points = [best[id].earned if id in best else "" for id in ids]
        earned = sum(row.earned for row in best.values())
        unreadable = " ".join(report.name for report in own if report.unreadable)
        writer.writerow([_harmless(learner), earned, *points, _harmless(unreadable), _harmless(_twice(own))])
    return file.getvalue().encode("utf-8-sig")  # with the mark that Excel looks for


def in_course_order(ids: set[str]) -> list[str]:
    """Exercise ids in the order of the lessons; those that this release of the course does not have, at the end."""
    known = [exercise.id for lesson in lessons() for exercise in lesson.exercises]
    return [id for id in known if id in ids] + sorted(ids - set(known))


def _twice(own: list[SubmissionReport]) -> str:
    times = Counter(row.id for report in own for row in report.exercises)
    return " ".join(report.path for report in own if any(times[row.id] > 1 for row in report.exercises))


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
