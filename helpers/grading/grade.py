"""From a submission to its report: read it, run its answers in a process of their own, judge them.

A score is decided here and only here. Whatever is missing, broken or late earns nothing and says why, what was
earned before a time limit stays earned, and every submission gets a report.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path
from time import monotonic

from helpers.grading.best_reading import judge_best
from helpers.grading.collecting import HandedIn
from helpers.grading.process import AnswerProcess, RemoteAnswer
from helpers.grading.program import Reading, readings
from helpers.grading.reading import Unreadable, read_bytes, read_submission
from helpers.grading.reports.record import Graded, SubmissionReport, exercise_report, panel_report
from helpers.judging import Mistake, Status, Verdict, judge
from helpers.judging.exercise import Exercise
from helpers.judging.verdicts import Finding
from helpers.text import _
from helpers.trials.runner import Record, TimedOut, Trial

TIMEOUT = 300.0
"""Seconds for one submission, where the teacher says nothing else."""


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


def grade_submission(
    handed_in: HandedIn, seed: int, timeout: float = TIMEOUT, hidden: Sequence[Path] = ()
) -> Graded:
    """Grade one notebook. Never raises: a notebook that cannot be read is reported as such.

    Args:
        handed_in: the notebook, and whose it is.
        seed: all inputs are made from it, and from nothing of the submission's.
        timeout: seconds until the exercises that are still to be judged count as too slow.
        hidden: what its answers must not see besides our own files: the other submissions.
    """
    start = monotonic()
    try:
        submission = read_submission(read_bytes(handed_in.path), handed_in.path.name)
        exercises = [(each, readings(submission, each)) for each in submission.lesson.exercises]
    except Exception as error:
        reason = str(error) if isinstance(error, Unreadable) else f"It cannot be read: {error!r}."
        return Graded(_report(handed_in, (), monotonic() - start, reason))
    process = AnswerProcess(hidden=hidden)
    try:
        judged = [_judged(exercise, ways, process, seed, start + timeout) for exercise, ways in exercises]
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


def grade_all(
    handed_in: Sequence[HandedIn],
    executor: Executor,
    seed: int | None = None,
    timeout: float = TIMEOUT,
    hidden: Sequence[Path] = (),
) -> Iterator[Graded]:
    """Grade many notebooks, as they come to an end.

    Args:
        handed_in: what to grade.
        executor: where :func:`grade_submission` runs.
        seed: makes all inputs; by default a secret one, the same for everybody.
        timeout: seconds for each.
        hidden: see :func:`grade_submission`.
    """
    seed = secrets.randbits(32) if seed is None else seed
    waiting = {executor.submit(grade_submission, each, seed, timeout, hidden): each for each in handed_in}
    for done in as_completed(waiting):
        yield done.result()


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
