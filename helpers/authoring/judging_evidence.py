"""What ``course evidence`` does: judge the answers of the evidence, in this process, for an author at work."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from helpers.authoring.evidence import EvidenceError, Sample, read_evidence
from helpers.exercises import UnknownId, find_exercise, lesson_of, lessons
from helpers.grading.program import answered_program
from helpers.judging import LocalAnswer, MissingAnswer, Status, Verdict, judge
from helpers.trials.server import Answers

NOT_AS_TOLD, UNUSABLE = 1, 2
"""Exit statuses."""


def judged(sample: Sample, seed: int) -> Verdict:
    """The verdict on one answer, beside the solutions of the other exercises that it needs."""
    exercise = find_exercise(sample.exercise)
    answers = Answers(answered_program(lesson_of(exercise.id), {exercise.id: sample.code}))
    value = answers.namespace.get(exercise.answer)
    missing = MissingAnswer(answers.errors.get(exercise.id))
    return judge(exercise, missing if value is None else LocalAnswer(value, exercise.limit), seed)


def as_told(sample: Sample, verdict: Verdict) -> bool:
    """Whether a verdict is the one that the evidence demands."""
    if sample.right:
        return verdict.status is Status.PASSED
    told = (verdict.mistake, verdict.earned) == (sample.mistake, sample.earned)
    return told and verdict.status is not Status.PASSED and sample.status in (None, str(verdict.status))


def run(ids: Sequence[str], seed: int) -> int:
    """Judge all answers of these exercises, or of all, and print each with what it is told; the exit status."""
    console = Console(stderr=True, highlight=False)
    try:
        exercises = [find_exercise(id) for id in ids] or [each for one in lessons() for each in one.exercises]
        samples = [sample for exercise in exercises for sample in read_evidence(exercise.id)]
    except (UnknownId, EvidenceError) as error:
        console.print(str(error), markup=False)
        return UNUSABLE
    table = Table("", "exercise", "answer", "points", "told", box=box.SIMPLE)
    wrong = 0
    for sample in track(samples, description="judging", console=console, transient=True):
        verdict = judged(sample, seed)
        fine = as_told(sample, verdict)
        wrong += not fine
        told = (verdict.mistake or str(verdict.status)) if fine else verdict.message or str(verdict.status)
        points = f"{verdict.earned} of {verdict.possible}"
        table.add_row("✔" if fine else "✘", sample.exercise, escape(sample.name), points, escape(told))
    Console().print(table)
    if not samples:
        console.print("There is no evidence for this yet: write tests/evidence/<exercise>.py.")
    elif wrong:
        console.print(f"✘ {wrong} of {len(samples)} answers are not told what they must be.")
    else:
        console.print(f"✔ All {len(samples)} answers are told what they must be.")
    return NOT_AS_TOLD if wrong or not samples else 0
