"""What reports for learners say of a whole notebook. It is never said that all is right: checks cannot know that."""

from __future__ import annotations

from helpers.grading.reports.record import SubmissionReport
from helpers.judging import Status
from helpers.text import Message, _

TOO_LATE = ("too-slow", "out-of-time")
"""The mistakes that a time limit names."""


def visible_checks(report: SubmissionReport) -> Message:
    """How many of the checks that stand in the notebook passed, and the points."""
    passed = sum(row.status == Status.PASSED for row in report.exercises)
    count, points = len(report.exercises), {"earned": report.earned, "possible": report.possible}
    if passed == count > 0:
        return _("Visible checks passed, {earned} of {possible} points.", **points)
    return _(
        "Visible checks passed in {passed} of {count} exercises, {earned} of {possible} points.",
        passed=passed,
        count=count,
        **points,
    )


def time_limit(report: SubmissionReport) -> Message | None:
    """That a time limit cost points, and that what was earned before it stays."""
    if not any(row.mistake in TOO_LATE or row.status == Status.TIMEOUT for row in report.exercises):
        return None
    return _(
        "A time limit was reached. What was earned until then counts: {earned} points.",
        earned=report.earned,
    )


def unreadable(report: SubmissionReport) -> Message:
    """That nothing could be graded, and why."""
    return _(
        "This notebook could not be read, so nothing in it could be graded. {reason}",
        reason=report.reason or "",
    )
