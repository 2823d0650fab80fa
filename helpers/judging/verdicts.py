"""What a judge found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from helpers.judging.exercise import Mistake
from helpers.text import Message


class Status(StrEnum):
    """How an exercise, or a part of one, ended; the values are those of the reports."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_STARTED = "not_started"
    MISSING = "missing"
    ERROR = "error"
    TIMEOUT = "timeout"
    UNCHECKABLE = "uncheckable"
    WAITING = "waiting"
    """Only of a part: it needs an earlier part that did not pass."""


@dataclass(frozen=True)
class Finding:
    """What happened to one part.

    ``tried``, ``observed`` and ``expected`` tell one case; ``mistake`` names it. All are None when it passed.
    """

    title: Message
    status: Status
    earned: int
    possible: int
    mistake: Mistake | None = None
    tried: Message | None = None
    observed: Message | None = None
    expected: Message | None = None
    line: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check, for one exercise."""

    exercise: str
    title: Message
    status: Status
    earned: int
    possible: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[Message, ...] = field(default=())
    printed: str = ""

    @property
    def finding(self) -> Finding | None:
        """The first part that did not pass: what to look at now."""
        return next((finding for finding in self.findings if finding.status is not Status.PASSED), None)

    @property
    def mistake(self) -> str | None:
        """The name of the first mistake, for reports."""
        return self.finding.mistake.key if self.finding and self.finding.mistake else None

    @property
    def message(self) -> str:
        """In a few sentences: the mistake, what was observed, and the notes."""
        finding, said = self.finding, []
        if finding is not None and finding.mistake is not None:
            said = [finding.mistake.says, *filter(None, [finding.observed])]
        return " ".join(map(str, (*said, *self.notes)))
