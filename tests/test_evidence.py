"""Every answer known to be right passes, and every one known to be wrong is told its own mistake.

Each is judged as in the notebook (in this process) and as a grader does (in a process of its own), with several
seeds, since inputs are fresh at every check.
"""

from __future__ import annotations

import pytest

from helpers.authoring.evidence import Sample, read_evidence
from helpers.exercises import find_exercise, lesson_of, lessons
from helpers.grading.process import AnswerProcess, RemoteAnswer
from helpers.grading.program import answered_program
from helpers.judging import LocalAnswer, MissingAnswer, Status, Verdict, judge
from helpers.trials.server import Answers

PATIENCE = 0.2
"""The share of an exercise's time limit that is waited here: answers that never end are many."""

SAMPLES = [
    sample for lesson in lessons() for exercise in lesson.exercises for sample in read_evidence(exercise.id)
]


def judged_here(sample: Sample, seed: int) -> Verdict:
    exercise = find_exercise(sample.exercise)
    answers = Answers(answered_program(lesson_of(exercise.id), {exercise.id: sample.code}))
    value = answers.namespace.get(exercise.answer)
    missing = MissingAnswer(answers.errors.get(exercise.id))
    return judge(exercise, missing if value is None else LocalAnswer(value, exercise.limit * PATIENCE), seed)


def judged_there(sample: Sample, seed: int) -> Verdict:
    exercise = find_exercise(sample.exercise)
    process = AnswerProcess(answered_program(lesson_of(exercise.id), {exercise.id: sample.code}))
    answer = RemoteAnswer(process, exercise)
    answer.limit *= PATIENCE
    try:
        return judge(exercise, answer, seed)
    finally:
        process.close()


@pytest.mark.parametrize("judged", [judged_here, judged_there], ids=["here", "there"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.exercise} {sample.name}")
def test_verdict(sample: Sample, judged) -> None:
    exercise = find_exercise(sample.exercise)
    for seed in range(3 if judged is judged_here else 1):
        verdict = judged(sample, seed)
        if sample.right:
            assert verdict.status is Status.PASSED, verdict.message
            assert verdict.earned == exercise.points
        else:
            assert (verdict.mistake, verdict.earned) == (sample.mistake, sample.earned), verdict.message
            assert verdict.status is not Status.PASSED
            assert sample.status in (None, str(verdict.status))
            assert verdict.message
