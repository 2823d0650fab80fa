"""Gradescope's ``results.json``, as its autograder documentation specifies it.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from helpers.grading.reports.record import ExerciseReport, Graded, best_rows
from helpers.grading.reports.sentences import time_limit, unreadable, visible_checks
from helpers.judging import Status
from helpers.text import _


class SeveralLearners(ValueError):
    """Gradescope's file is for one submission, and there are more."""

    def __init__(self, learners: Iterable[str]) -> None:
        names = sorted(set(learners))
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        super().__init__(
            f"Gradescope's results file is for one learner, and here are {len(names)}: {shown}. "
            "Give the folder or the notebook of one learner."
        )


def gradescope_results(graded: Iterable[Graded]) -> bytes:
    """The file for one learner's notebooks, of which there may be several, or none at all.

    Panels are given as plain text: Gradescope takes tables and styles out of HTML, which would run a panel's words
    together. What the grader itself prints is for teachers only.

    Raises:
        SeveralLearners: when they are not all of one learner.
    """
    graded = list(graded)
    learners = {each.report.learner for each in graded}
    if len(learners) > 1:
        raise SeveralLearners(learners)
    reports = [each.report for each in graded]
    best = best_rows(reports)
    panels = {
        row: panel.text
        for each in graded
        for row, panel in zip(each.report.exercises, each.panels, strict=False)
    }
    return _encode(
        {
            "score": sum(row.earned for row in best.values()),
            "execution_time": round(sum(report.seconds for report in reports), 3),
            "output": "\n".join(_said(graded)),
            "output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {"notebooks": [report.path for report in reports]},
            "tests": [
                _test(number, row, panels.get(row, row.message))
                for number, row in enumerate(best.values(), 1)
            ],
        }
    )


def _said(graded: list[Graded]) -> Iterable[str]:
    if not graded:
        yield str(_("There is no notebook in what was handed in. Hand in the lesson's .ipynb file."))
    for report in (each.report for each in graded):
        said = unreadable(report) if report.unreadable else visible_checks(report)
        yield " ".join(str(each) for each in (f"{report.name}:", said, time_limit(report)) if each)


def _test(number: int, row: ExerciseReport, panel: str) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": row.id,
        "name_format": "text",
        "score": row.earned,
        "max_score": row.possible,
        "status": "passed" if row.status == Status.PASSED else "failed",
        "output": panel,
        "output_format": "text",
        "tags": [tag for tag in (row.status, row.mistake) if tag],
        "visibility": "visible",
        "extra_data": {"status": row.status, "mistake": row.mistake},
    }


def _encode(results: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"
