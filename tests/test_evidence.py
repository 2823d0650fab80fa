"""Every answer known to be right passes, and every one known to be wrong is told its own mistake.

Each is judged in this process. (In a grader's process of its own, and with another seed, it is judged in
``test_three_ways.py``.)
"""

from __future__ import annotations

import pytest

from helpers.authoring.evidence import Sample, read_evidence
from helpers.exercises import find_exercise, lesson_of, lessons
from helpers.grading.program import answered_program
from helpers.judging import LocalAnswer, MissingAnswer, Status, Verdict, judge
from helpers.trials.server import Answers

SEEDS = (1,)
"""Another than that of ``test_three_ways.py``, which takes 0."""

SAMPLES = [
    sample for lesson in lessons() for exercise in lesson.exercises for sample in read_evidence(exercise.id)
]


def judged(sample: Sample, seed: int) -> Verdict:
    exercise = find_exercise(sample.exercise)
    answers = Answers(answered_program(lesson_of(exercise.id), {exercise.id: sample.code}))
    value = answers.namespace.get(exercise.answer)
    missing = MissingAnswer(answers.errors.get(exercise.id))
    return judge(exercise, missing if value is None else LocalAnswer(value, exercise.limit), seed)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.exercise} {sample.name}")
def test_verdict(sample: Sample) -> None:
    exercise = find_exercise(sample.exercise)
    for seed in SEEDS:
        verdict = judged(sample, seed)
        if sample.right:
            assert verdict.status is Status.PASSED, verdict.message
            assert verdict.earned == exercise.points
        else:
            assert (verdict.mistake, verdict.earned) == (sample.mistake, sample.earned), verdict.message
            assert verdict.status is not Status.PASSED
            assert sample.status in (None, str(verdict.status))
            assert verdict.message
