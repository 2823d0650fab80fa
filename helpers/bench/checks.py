"""How long checks take."""

from __future__ import annotations

import statistics
from time import perf_counter

from rich.progress import track

from helpers import exercises
from helpers.grading.program import solution_program
from helpers.judging import LocalAnswer, Status, judge
from helpers.trials.server import Answers


def time_checks(runs: int) -> list[tuple[str, float, float]]:
    """Exercise id, median and slowest milliseconds of judging its solution in this process.

    Raises:
        RuntimeError: when a solution does not pass, since then the time means nothing.
    """
    rows = []
    for lesson in track(exercises.lessons(), description="timing checks", transient=True):
        answers = Answers(solution_program(lesson))
        for exercise in lesson.exercises:
            answer = LocalAnswer(answers.namespace[exercise.answer], exercise.limit)
            judge(exercise, answer, 0)  # the first check builds models and caches
            times = []
            for run in range(runs):
                start = perf_counter()
                verdict = judge(exercise, answer, run)
                times.append(1000 * (perf_counter() - start))
                if verdict.status is not Status.PASSED:
                    raise RuntimeError(f"the solution of {exercise.id} does not pass: {verdict.message}")
            rows.append((exercise.id, statistics.median(times), max(times)))
    return rows
