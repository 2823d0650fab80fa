"""The author's gate: what an exercise must have before it may be built. Every message says what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from helpers import exercises
from helpers.authoring.catalogues import problems as catalogue_problems
from helpers.authoring.evidence import EvidenceError, evidence_path, read_evidence
from helpers.authoring.source import Cell, SourceError, headings, read_source, remove_markers, strip_solution
from helpers.judging.exercise import Exercise, Lesson, Prediction
from helpers.judging.mistakes import GENERAL
from helpers.paths import ROOT
from helpers.reference.pages import problems as reference_problems
from helpers.text import LANGUAGES, speaking, translate

RIGHT_NEEDED, WRONG_NEEDED = 3, 8


def problems() -> Iterator[str]:
    """Everything that keeps the course from being built."""
    for lesson in exercises.lessons():
        try:
            yield from lesson_problems(lesson)
        except SourceError as error:
            yield str(error)
    yield from reference_problems()
    yield from catalogue_problems()


def lesson_problems(lesson: Lesson) -> Iterator[str]:
    """What is wrong with one lesson's source, exercises or predictions.

    Raises:
        SourceError: when its source cannot be read.
    """
    source = read_source(lesson.name)
    where = f"notebooks/source/{lesson.name}.py"
    asked = [cell.exercise for cell in source if cell.exercise]
    known = [exercise.id for exercise in lesson.exercises]
    expected = [f"{lesson.word}-{number + 1}" for number in range(len(known))]
    if known != expected:
        yield f"helpers/exercises/{lesson.word}.py: the ids are {known}; number them {expected}."
    if asked != known:
        yield f"{where} has answer cells for {asked}, and its module has exercises {known}. Make them the same, in one order."
    for exercise in lesson.exercises:
        yield from exercise_problems(exercise)
        yield from _cell_problems(where, source, exercise)
        yield from _section_problems(where, source, exercise)
        yield from _evidence_problems(exercise)
    for prediction in lesson.predictions:
        yield from _prediction_problems(where, source, lesson, prediction)
    if lesson.exercises and not lesson.predictions:
        yield f"{where} asks no prediction. Add one to its module, and predict(…) and reveal(…) to the source."


def exercise_problems(exercise: Exercise) -> Iterator[str]:
    """What an exercise lacks by itself: hints, texts, points."""
    id = exercise.id
    if len(exercise.hints) < 2:
        yield f"{id} has {len(exercise.hints)} hints. Write at least 2: a nudge, and nearly the answer."
    if not exercise.title.english.strip() or not exercise.explanation.english.strip():
        yield f"{id} lacks a title or an explanation. Write both."
    if not exercise.parts or any(part.points < 1 for part in exercise.parts):
        yield f"{id}: every part needs at least 1 point. Give points, or join it to another part."
    if exercise.kind not in ("function", "class"):
        yield f"{id}: kind is {exercise.kind!r}. Use “function” or “class”."
    titles = [part.title.english for part in exercise.parts]
    for index, part in enumerate(exercise.parts):
        for need in part.needs:
            if need not in titles[:index]:
                yield f"{id}: part “{titles[index]}” needs “{need}”, which is no earlier part. Correct the name."
    keys = [mistake.key for mistake in exercise.mistakes]
    for key in keys:
        if keys.count(key) > 1 or key in GENERAL or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key):
            yield f"{id}: mistake {key!r} is double, a general one, or not kebab-case. Choose another name."


def _cell_problems(where: str, source: list[Cell], exercise: Exercise) -> Iterator[str]:
    index = next((i for i, cell in enumerate(source) if cell.exercise == exercise.id), None)
    if index is None:
        return  # said already: the ids differ
    if index == 0 or source[index - 1].kind != "markdown":
        yield f"{where}: {exercise.id} has no task text. Write a markdown cell just above its answer cell."
    code = source[index].text
    if "raise NotImplementedError" in code or strip_solution(code) == code:
        yield f"{where}: {exercise.id} must mark its solution with ### BEGIN SOLUTION and ### END SOLUTION."
        return
    for version in (strip_solution(code), remove_markers(code)):
        try:
            names = {getattr(node, "name", None) for node in ast.parse(version).body}
        except SyntaxError as error:
            yield f"{where}: the answer cell of {exercise.id} is no valid Python ({error.msg}), solved or stripped."
            return
        if any(_raises_at_once(node) for node in ast.parse(version).body):
            yield f"{where}: the stub of {exercise.id} would stop its own cell. Put the solution's markers inside functions."
        if exercise.answer not in names:
            yield f"{where}: the answer cell of {exercise.id} must define `{exercise.answer}`, solved and stripped."


def _raises_at_once(node: ast.AST) -> bool:
    """Whether a statement raises when its cell runs, and not only when what it defines is called."""
    if isinstance(node, ast.ClassDef):
        return any(map(_raises_at_once, node.body))
    return isinstance(node, ast.Raise)


def _section_problems(where: str, source: list[Cell], exercise: Exercise) -> Iterator[str]:
    for language in LANGUAGES:
        with speaking(language):
            there = {
                heading
                for cell in source
                if cell.kind == "markdown"
                for heading in headings(translate(cell.text))
            }
            for mistake in exercise.mistakes:
                if mistake.section is not None and str(mistake.section) not in there:
                    yield (
                        f"{where} ({language}): {exercise.id}'s mistake {mistake.key!r} sends to the section "
                        f"“{mistake.section}”, which is no heading there. Use a heading to the letter."
                    )


def _evidence_problems(exercise: Exercise) -> Iterator[str]:
    where = evidence_path(exercise.id).relative_to(ROOT)
    try:
        samples = read_evidence(exercise.id)
    except EvidenceError as error:
        yield str(error)
        return
    right = [sample for sample in samples if sample.right]
    wrong = [sample for sample in samples if not sample.right]
    if len(right) < RIGHT_NEEDED:
        yield f"{where}: {len(right)} right answers. Write at least {RIGHT_NEEDED} that differ in approach."
    if len(wrong) < WRONG_NEEDED:
        yield f"{where}: {len(wrong)} wrong answers. Write at least {WRONG_NEEDED}, each with its mistake."
    own = {mistake.key for mistake in exercise.mistakes}
    named = {sample.mistake for sample in wrong}
    for key in sorted(named - own - GENERAL.keys()):
        yield f"{where}: no mistake is called {key!r}. Add it to the exercise's mistakes, or correct the name."
    for key in sorted(own - named):
        yield f"{where}: no wrong answer makes the mistake {key!r}. Write one, or take the mistake out."


def _prediction_problems(
    where: str, source: list[Cell], lesson: Lesson, prediction: Prediction
) -> Iterator[str]:
    id = prediction.id
    if not re.fullmatch(rf"{lesson.word}-q[1-9][0-9]*", id):
        yield f"{id}: a prediction is called {lesson.word}-q1, {lesson.word}-q2 and so on."
    if not 2 <= len(prediction.options) <= 4 or not 0 <= prediction.right < len(prediction.options):
        yield f"{id}: give 2 to 4 options, and the index of the right one."
    cells = {
        call: [i for i, cell in enumerate(source) if f'{call}("{id}")' in cell.text]
        for call in ("predict", "reveal")
    }
    if [len(places) for places in cells.values()] != [1, 1] or cells["predict"][0] + 1 >= cells["reveal"][0]:
        yield f'{where}: write predict("{id}") once, then the cell that shows what happens, then reveal("{id}") once.'
