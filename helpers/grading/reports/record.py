"""What a grader says of a submission: the report's fields, which teachers' tools rely on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from helpers.judging.feedback import verdict_panel
from helpers.judging.verdicts import Verdict


def writable(value: Any) -> Any:
    """Text, or a list or dictionary of it, without the halves of characters that no file can hold.

    Names of files and a learner's strings may have some; each becomes visible as an escape sequence.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {writable(key): writable(each) for key, each in value.items()}
    return [writable(each) for each in value] if isinstance(value, list) else value


class _Text(msgspec.Struct, frozen=True):
    """A record of text that can be written, whoever wrote it."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            msgspec.structs.force_setattr(self, name, writable(getattr(self, name)))


class ExerciseReport(_Text, frozen=True):
    """One exercise of a submission. ``status`` is a :class:`helpers.judging.Status` of a whole exercise."""

    id: str
    status: str
    earned: int
    possible: int
    mistake: str | None
    message: str


class SubmissionReport(_Text, frozen=True):
    """One submission: ``status`` is "graded" or "unreadable"; then ``reason`` says why and nothing is earned."""

    learner: str
    path: str
    status: str
    reason: str | None
    earned: int
    possible: int
    seconds: float
    exercises: list[ExerciseReport]

    @property
    def unreadable(self) -> bool:
        """Whether nothing in it could be graded."""
        return self.status == "unreadable"

    @property
    def name(self) -> str:
        """The notebook's file name, from whichever system the path is."""
        return self.path.replace("\\", "/").rpartition("/")[2]


class PanelReport(_Text, frozen=True):
    """What the learner would have seen of one exercise, as HTML and as plain text."""

    html: str
    text: str


class Graded(_Text, frozen=True):
    """A report, the panels that the learner would have seen, and the answers, by exercise, that were judged.

    ``panels`` are in the order of ``report.exercises``.
    """

    report: SubmissionReport
    panels: list[PanelReport] = []
    answers: dict[str, str] = {}


class Run(msgspec.Struct, frozen=True):
    """How a class was graded, for the headers of what a teacher reads.

    Args:
        started: when, with the time zone.
        seconds: how long it took.
        in_force: the keys of :data:`helpers.grading.protections.PROTECTIONS` that were in force.
    """

    started: datetime
    seconds: float
    in_force: list[str]


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


def panel_report(verdict: Verdict) -> PanelReport:
    """The panel of one verdict, in the language in force."""
    panel = verdict_panel(verdict)
    return PanelReport(panel.html, panel.text)


def as_json(reports: Iterable[SubmissionReport]) -> bytes:
    """The report file: ``{"submissions": [...]}``, indented."""
    return msgspec.json.format(msgspec.json.encode({"submissions": list(reports)}), indent=2) + b"\n"


def by_learner(reports: Iterable[SubmissionReport]) -> Iterator[tuple[str, list[SubmissionReport]]]:
    """Each learner with all of their submissions; the reports must come sorted by learner."""
    for learner, own in groupby(reports, key=lambda report: report.learner):
        yield learner, list(own)


def best_rows(own: Iterable[SubmissionReport]) -> dict[str, ExerciseReport]:
    """A learner's row for each exercise: the best one of an exercise that was handed in several times."""
    best: dict[str, ExerciseReport] = {}
    for row in (row for report in own for row in report.exercises):
        if row.id not in best or row.earned > best[row.id].earned:
            best[row.id] = row
    return best
