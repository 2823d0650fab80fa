"""The feedback page of one learner, with the panels that they would have seen in their notebook."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from helpers.grading.reports.pages import render
from helpers.grading.reports.record import Graded
from helpers.grading.reports.sentences import time_limit, unreadable, visible_checks


def feedback_page(learner: str, own: Iterable[Graded]) -> bytes:
    """A web page of its own, in the language in force; of the grader's own circumstances it says nothing.

    The panels are taken as they are: the judge has escaped what is the learner's in them.
    """
    notebooks = [
        {
            "name": each.report.name,
            "summary": unreadable(each.report) if each.report.unreadable else visible_checks(each.report),
            "time_limit": time_limit(each.report),
            "exercises": [
                (row.id, Markup(panel.html))
                for row, panel in zip(each.report.exercises, each.panels, strict=True)
            ],
        }
        for each in own
    ]
    return render("feedback", learner=learner, notebooks=notebooks)
