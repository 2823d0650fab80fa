"""From a submission to its report: read it, run its answers in a process of their own, judge them.

A score is decided here and only here. Whatever is missing, broken or late earns nothing and says why, what was
earned before a time limit stays earned, and every submission gets a report. A notebook comes in as bytes and a report
goes out as plain data, so this may run on another machine than the one where the notebooks lie.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import msgspec

from helpers.grading.best_reading import judge_best
from helpers.grading.collecting import HandedIn
from helpers.grading.process import AnswerProcess, RemoteAnswer
from helpers.grading.program import Reading, readings
from helpers.grading.reading import Unreadable, read_bytes, read_submission
from helpers.grading.reports.record import Graded, SubmissionReport, exercise_report, panel_report
from helpers.judging import Mistake, Status, Verdict, judge
from helpers.judging.exercise import Exercise
from helpers.judging.verdicts import Finding
from helpers.text import _, speaking
from helpers.trials.runner import Record, TimedOut, Trial

log = logging.getLogger(__name__)

TIMEOUT = 300.0
"""Seconds for one submission, where the teacher says nothing else."""


class Terms(msgspec.Struct, frozen=True):
    """What is the same for everybody who is graded."""

    seed: int
    """All inputs are made from it, and from nothing of a submission's."""
    timeout: float = TIMEOUT
    """Seconds until the exercises of a submission that are still to be judged count as too slow."""
    language: str = "en"
    """Of all that a learner reads."""
    hidden: tuple[Path, ...] = ()
    """What answers must not see besides our own files: all submissions and results."""


OUT_OF_TIME = Mistake(
    "out-of-time",
    _("The time for the whole submission was over before this exercise could be judged."),
)


class _BeforeDeadline(RemoteAnswer):
    """An answer that must come before its whole submission's time is over."""

    def __init__(self, process: AnswerProcess, exercise: Exercise, reading: Reading, deadline: float) -> None:
        super().__init__(process, exercise, reading.program)
        self.deadline = deadline

    def perform(self, trial: Trial, inputs: dict) -> Record:
        self.limit = min(self.exercise.limit, self.deadline - monotonic())
        return super().perform(trial, inputs) if self.limit > 0 else TimedOut(0.0)


def grade_submission(data: bytes, handed_in: HandedIn, terms: Terms) -> Graded:
    """Grade one notebook. Never raises: a notebook that cannot be read is reported as such.

    Args:
        data: what lies in its file.
        handed_in: its name, and whose it is; nothing is read from there.
        terms: the same for the whole class.
    """
    start = monotonic()
    with speaking(terms.language):
        try:
            return _graded(data, handed_in, terms, start)
        except Unreadable as error:
            reason = str(error)
        except Exception as error:
            log.exception("%s cannot be read", handed_in.path)
            reason = f"It cannot be read: {error!r}."
        return unreadable(handed_in, reason, monotonic() - start)


def grade_file(handed_in: HandedIn, terms: Terms) -> Graded:
    """Grade one notebook that lies on this machine. Never raises."""
    try:
        data = read_bytes(handed_in.path)
    except Unreadable as error:
        with speaking(terms.language):
            return unreadable(handed_in, str(error))
    return grade_submission(data, handed_in, terms)


def unreadable(handed_in: HandedIn, reason: str, seconds: float = 0.0) -> Graded:
    """The result of a submission that has no score, and why."""
    return Graded(_report(handed_in, (), seconds, reason))


def _graded(data: bytes, handed_in: HandedIn, terms: Terms, start: float) -> Graded:
    submission = read_submission(data, handed_in.path.name)
    exercises = [(each, readings(submission, each)) for each in submission.lesson.exercises]
    process = AnswerProcess(hidden=terms.hidden, seconds=terms.timeout)
    deadline = start + terms.timeout
    try:
        judged = [_judged(exercise, ways, process, terms.seed, deadline) for exercise, ways in exercises]
    finally:
        process.close()
    verdicts = tuple(verdict for verdict, _reading in judged)
    panels = [panel_report(verdict) for verdict in verdicts]
    answers = {verdict.exercise: reading.answer for verdict, reading in judged if reading.answer is not None}
    return Graded(_report(handed_in, verdicts, monotonic() - start), panels, answers)


def _judged(
    exercise: Exercise, ways: Sequence[Reading], process: AnswerProcess, seed: int, deadline: float
) -> tuple[Verdict, Reading]:
    """The verdict on the best of the ways to read an answer."""

    def judge_one(reading: Reading) -> Verdict | None:
        if monotonic() >= deadline:
            return _late(exercise) if reading is ways[0] else None
        return judge(exercise, _BeforeDeadline(process, exercise, reading, deadline), seed)

    return judge_best(ways, judge_one)


def _late(exercise: Exercise) -> Verdict:
    points = exercise.points
    late = Finding(exercise.title, Status.TIMEOUT, 0, points, OUT_OF_TIME)
    return Verdict(exercise.id, exercise.title, Status.TIMEOUT, 0, points, (late,))


def _report(
    handed_in: HandedIn, verdicts: tuple[Verdict, ...], seconds: float, reason: str | None = None
) -> SubmissionReport:
    return SubmissionReport(
        learner=handed_in.learner,
        path=str(handed_in.path),
        status="graded" if reason is None else "unreadable",
        reason=reason,
        earned=sum(verdict.earned for verdict in verdicts),
        possible=sum(verdict.possible for verdict in verdicts),
        seconds=round(seconds, 3),
        exercises=[exercise_report(verdict) for verdict in verdicts],
    )
