"""What a grader says of a submission: the report's fields, which teachers' tools rely on."""

from __future__ import annotations

import msgspec

from helpers.judging.verdicts import Verdict


class ExerciseReport(msgspec.Struct, frozen=True):
    """One exercise of a submission. ``status`` is a :class:`helpers.judging.Status` of a whole exercise."""

    id: str
    status: str
    earned: int
    possible: int
    mistake: str | None
    message: str


class SubmissionReport(msgspec.Struct, frozen=True):
    """One submission: ``status`` is "graded" or "unreadable"; then ``reason`` says why and nothing is earned."""

    learner: str
    path: str
    status: str
    reason: str | None
    earned: int
    possible: int
    seconds: float
    exercises: list[ExerciseReport]


class Graded(msgspec.Struct, frozen=True):
    """A report, the panels (HTML) that the learner would have seen, and the answers, by exercise, that were judged."""

    report: SubmissionReport
    panels: list[str] = []
    answers: dict[str, str] = {}


def exercise_report(verdict: Verdict) -> ExerciseReport:
    """The row of one verdict."""
    return ExerciseReport(
        verdict.exercise,
        str(verdict.status),
        verdict.earned,
        verdict.possible,
        verdict.mistake,
        verdict.message,
    )


def as_json(reports: list[SubmissionReport]) -> bytes:
    """The report file: ``{"submissions": [...]}``, indented."""
    return msgspec.json.format(msgspec.json.encode({"submissions": reports}), indent=2) + b"\n"
