"""What a class earned and lost, counted from its reports: numbers only, for the class page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.grading.reports.gradebook import in_course_order
from helpers.grading.reports.record import ExerciseReport, SubmissionReport, best_rows, by_learner
from helpers.judging import Status

BARS = 10
"""At most so many, and one for full marks, in the distribution of scores."""


@dataclass(frozen=True)
class ScoreBar:
    """How many learners have a score from ``lowest`` to ``highest`` points, both included."""

    lowest: int
    highest: int
    learners: int


@dataclass(frozen=True)
class ExerciseTally:
    """One exercise, over the learners who handed in its lesson."""

    id: str
    learners: int
    passed: int
    not_started: int
    earned: int
    possible: int

    @property
    def share(self) -> float:
        """Of all the points there were, those that were earned."""
        return self.earned / self.possible if self.possible else 0.0

    @property
    def lost(self) -> int:
        """Points that the class did not get."""
        return self.possible - self.earned


@dataclass(frozen=True)
class MistakeTally:
    """One named mistake of one exercise; ``example`` is what one of the learners was told."""

    exercise: str
    mistake: str
    learners: int
    lost: int
    example: str


@dataclass(frozen=True)
class ClassTally:
    """All numbers of the class page. Each learner counts once, at the best of what they handed in."""

    learners: int
    submissions: int
    possible: int
    scores: list[ScoreBar]
    exercises: list[ExerciseTally]
    """The one that cost the class most points first."""
    mistakes: list[MistakeTally]
    """Likewise."""
    unchecked: list[MistakeTally]
    """What could not be checked, by our fault or the machine's: no mistake of the learners'."""
    unreadable: list[SubmissionReport]


def tally(reports: Iterable[SubmissionReport]) -> ClassTally:
    """Count a class; the reports come sorted by learner, and may come one by one."""
    submissions, unreadable = 0, []
    scores: list[int] = []
    rows: dict[str, list[ExerciseReport]] = defaultdict(list)
    for _learner, own in by_learner(reports):
        submissions += len(own)
        unreadable += [report for report in own if report.unreadable]
        best = best_rows(own)
        scores.append(sum(row.earned for row in best.values()))
        for id, row in best.items():
            rows[id].append(row)
    exercises = [_exercise(id, rows[id]) for id in in_course_order(set(rows))]
    mistakes, unchecked = [], []
    for exercise in exercises:
        theirs = rows[exercise.id]
        # what was not begun is told with the exercise: it is no mistake
        begun = [row for row in theirs if row.status not in (Status.NOT_STARTED, Status.UNCHECKABLE)]
        mistakes += _mistakes(exercise.id, begun)
        unchecked += _mistakes(exercise.id, [row for row in theirs if row.status == Status.UNCHECKABLE])
    possible = sum(max(row.possible for row in each) for each in rows.values())
    return ClassTally(
        learners=len(scores),
        submissions=submissions,
        possible=possible,
        scores=_bars(scores, possible),
        exercises=sorted(exercises, key=lambda each: -each.lost),
        mistakes=sorted(mistakes, key=lambda each: (-each.lost, -each.learners)),
        unchecked=unchecked,
        unreadable=unreadable,
    )


def _exercise(id: str, rows: list[ExerciseReport]) -> ExerciseTally:
    status = Counter(row.status for row in rows)
    return ExerciseTally(
        id=id,
        learners=len(rows),
        passed=status[Status.PASSED],
        not_started=status[Status.NOT_STARTED],
        earned=sum(row.earned for row in rows),
        possible=sum(row.possible for row in rows),
    )


def _mistakes(id: str, rows: list[ExerciseReport]) -> list[MistakeTally]:
    by_name: dict[str, list[ExerciseReport]] = defaultdict(list)
    for row in rows:
        if row.mistake:
            by_name[row.mistake].append(row)
    return [
        MistakeTally(id, name, len(each), sum(row.possible - row.earned for row in each), each[0].message)
        for name, each in by_name.items()
    ]


def _bars(scores: list[int], possible: int) -> list[ScoreBar]:
    """Bars of one width from 0 on; full marks have one of their own, which a range would hide."""
    width = max(1, -(-possible // BARS))
    bars = []
    for lowest in range(0, possible, width):
        highest = min(lowest + width, possible) - 1
        bars.append(ScoreBar(lowest, highest, sum(lowest <= score <= highest for score in scores)))
    return [*bars, ScoreBar(possible, possible, sum(score == possible for score in scores))]
