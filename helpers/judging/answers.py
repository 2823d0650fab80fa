"""The answer as a judge sees it: something that takes part in trials, wherever it runs."""

from __future__ import annotations

from typing import Any, Protocol

from helpers.trials.runner import Look, Outcome, Raised, Record, TimedOut, Trial, look, perform
from helpers.trials.values import Seen, plain, snapshot

DEFAULT_LIMIT = 10.0
"""Seconds that one trial may take, where no exercise says otherwise."""


class Stopped(Exception):
    """The answer did not come to the end of a trial: it raised, or took too long."""

    def __init__(self, record: Raised | TimedOut) -> None:
        super().__init__(type(record).__name__)
        self.record = record


class Answer(Protocol):
    """What a judge may do with an answer. Inputs and results go over by value."""

    def look(self) -> Look:
        """What is known of the answer before it is called."""

    def perform(self, trial: Trial, inputs: dict[str, Any]) -> Record:
        """Run a trial beside the answer."""


class LocalAnswer:
    """An object in this process: the learner's own notebook."""

    def __init__(self, value: Any, limit: float = DEFAULT_LIMIT) -> None:
        self.value = value
        self.limit = limit

    def look(self) -> Look:
        return look(self.value)

    def perform(self, trial: Trial, inputs: dict[str, Any]) -> Record:
        copies = {name: plain(snapshot(value)) for name, value in inputs.items()}
        return perform(trial, self.value, copies, self.limit)


class MissingAnswer:
    """No such name: the answer's cell was not run, was deleted, or raised."""

    def __init__(self, error: Raised | None = None) -> None:
        self.error = error

    def look(self) -> Look:
        return Look(False, error=self.error)

    def perform(self, trial: Trial, inputs: dict[str, Any]) -> Record:
        raise LookupError("there is no answer to call")


class Witness:
    """What a part of a judge receives: an answer whose trials either end or stop the part.

    It remembers the longest of what the answer printed, and whether the answer changed the grad mode.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.printed = ""
        self.printed_length = 0
        self.grad_mode_kept = True

    def run(self, trial: Trial, **inputs: Any) -> dict[str, Seen]:
        """Run a trial; what it saw, by name.

        Raises:
            Stopped: when the answer raised or took too long.
        """
        record = self.attempt(trial, **inputs)
        if not isinstance(record, Outcome):
            raise Stopped(record)
        return record.values

    def attempt(self, trial: Trial, **inputs: Any) -> Outcome | Raised:
        """Run a trial in which the answer is allowed, or expected, to raise.

        Raises:
            Stopped: when the answer took too long, or is the untouched stub.
        """
        record = self._answer.perform(trial, inputs)
        if isinstance(record, TimedOut):
            raise Stopped(record)
        if record.printed_length > self.printed_length:
            self.printed, self.printed_length = record.printed, record.printed_length
        if isinstance(record, Raised) and record.stub:
            raise Stopped(record)
        if isinstance(record, Outcome):
            self.grad_mode_kept &= record.grad_mode_kept
        return record
