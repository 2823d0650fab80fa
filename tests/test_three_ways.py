"""The three ways of grading agree on the answers of the evidence, and say the same mistake.

1. in the notebook: the check's own panel, in a real kernel;
2. ``pytest --nbval-lax``: the check's cell fails, with the panel's text;
3. ``pytest --grade``: the exercise's item fails, with the panel's text.

Every answer goes the first and the third way, in which it is judged in two kinds of process. The second way differs from
the first only in that a panel that is not green fails its cell, so three answers of each exercise go it.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from running import run_pytest

from helpers.authoring.build import Product, assemble
from helpers.authoring.evidence import Sample, read_evidence
from helpers.authoring.source import read_source, stub_of
from helpers.exercises import lessons
from helpers.grading.program import answered_program, solution_program
from helpers.judging.exercise import Lesson

SEED, OTHER_SEED = "0", "1"
"""What makes the inputs: in the notebook and for nbval; for the grader. A verdict must not depend on it."""
MARK = re.compile(r"\[([a-z0-9-]+)\]$", re.MULTILINE)
ICON = re.compile(r"([✔◐○✘⏱?]) \S+-\d+ .* (\d+) of \d+ points")


def samples_of(lesson: Lesson) -> list[Sample]:
    found = []
    for exercise in lesson.exercises:
        found.append(
            Sample(exercise.id, "the untouched stub", stub_of(lesson.name, exercise.id), "not-started")
        )
        found += read_evidence(exercise.id)
    return found


def three_of_each(samples: list[Sample]) -> list[Sample]:
    """Of each exercise the stub, a right answer and a wrong one."""
    first = {(each.exercise, each.right, each.mistake == "not-started"): each for each in reversed(samples)}
    return [each for each in samples if each in first.values()]


def evidence_notebook(lesson: Lesson, samples: list[Sample]) -> nbformat.NotebookNode:
    """The solved lesson, then every answer with its check under it, each beside the solutions of the other exercises."""
    solutions = {step.exercise: step.code for step in solution_program(lesson) if step.exercise}
    names = {exercise.id: exercise.answer for exercise in lesson.exercises}
    programs = (answered_program(lesson, {sample.exercise: sample.code}) for sample in samples)
    needed = {step.code.strip() for program in programs for step in program}
    cells = [new_code_cell("from helpers import check")]
    for cell in read_source(lesson.name):
        if cell.exercise in solutions or cell.text.strip() in needed:
            cells.append(new_code_cell(solutions.get(cell.exercise, cell.text)))
    before = samples[0].exercise
    for sample in samples:
        if sample.exercise != before:
            cells.append(new_code_cell(solutions[before]))
            before = sample.exercise
        # each answer starts from nothing: what an earlier one defined must not stand in for it
        cells.append(new_code_cell(f"globals().pop({names[sample.exercise]!r}, None);"))
        cells.append(new_code_cell(sample.code, metadata={"tags": ["raises-exception"]}))
        cells.append(new_code_cell(f'check("{sample.exercise}")', metadata={"sample": sample.name}))
    return new_notebook(cells=cells)


def what_is_said(text: str) -> str:
    """Icon, points and mistake of a panel: "✘ 0 wrong-shape", "✔"."""
    icon, mark = ICON.search(text), MARK.search(text)
    assert icon, text
    return f"{icon.group(1)} {icon.group(2)} {mark.group(1)}" if mark else icon.group(1)


def in_the_notebook(notebook: nbformat.NotebookNode, folder: Path) -> Iterator[str]:
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={**os.environ, "COURSE_HOME": str(folder / "home"), "COURSE_SEED": SEED})
    for cell in client.nb.cells:
        if "sample" in cell.metadata:
            assert not any(output.output_type == "error" for output in cell.outputs), cell
            yield what_is_said(next(output.data["text/plain"] for output in cell.outputs if "data" in output))


def by_nbval(notebook: nbformat.NotebookNode, folder: Path) -> Iterator[str]:
    path = folder / "evidence.ipynb"
    nbformat.write(notebook, path)
    done, cases = run_pytest("--nbval-lax", path, folder=folder, COURSE_SEED=SEED)
    assert len(cases) == len(notebook.cells), done.stdout[-3000:]
    for cell, case in zip(notebook.cells, cases, strict=True):
        if "sample" in cell.metadata:
            yield "✔" if case.passed else what_is_said(case.text)


def by_plugin(lesson: Lesson, samples: list[Sample], folder: Path) -> Iterator[str]:
    submitted = folder / "submitted"
    submitted.mkdir()
    solved = assemble(Product(lesson, "en", solved=True))
    items = []
    for number, sample in enumerate(samples):
        notebook = copy.deepcopy(solved)
        next(cell for cell in notebook.cells if cell.id == sample.exercise).source = sample.code
        path = submitted / f"s{number:03d}.ipynb"
        nbformat.write(notebook, path)
        items.append(f"{path}::{sample.exercise}")
    _done, cases = run_pytest("--grade", f"--grade-seed={OTHER_SEED}", *items, folder=folder)
    assert [case.name for case in cases] == [sample.exercise for sample in samples]
    for sample, case in zip(samples, cases, strict=True):
        assert case.passed == (case.properties["status"] == "passed")
        assert sample.status in (None, case.properties["status"]), sample
        yield "✔" if case.passed else what_is_said(case.text)


@pytest.mark.parametrize(
    "lesson", [each for each in lessons() if each.exercises], ids=lambda lesson: lesson.word
)
def test_three_ways_agree(lesson: Lesson, tmp_path: Path, record_property) -> None:
    samples = samples_of(lesson)
    few = three_of_each(samples)
    assert len(few) == 3 * len(lesson.exercises)
    first = in_the_notebook(evidence_notebook(lesson, samples), tmp_path)
    by_sample = dict(zip(few, by_nbval(evidence_notebook(lesson, few), tmp_path), strict=True))
    second = (by_sample.get(sample, "") for sample in samples)
    third = by_plugin(lesson, samples, tmp_path)
    told = list(zip(samples, first, second, third, strict=True))
    rows = [(sample.exercise, sample.name, *said) for sample, *said in told]
    record_property("three ways of grading", rows)  # printed at the end of the run, by conftest.py
    wrong = []
    for sample, *said in told:
        (what, *others) = set(filter(None, said))
        wanted = "✔" if sample.right else f" {sample.earned} {sample.mistake}"
        if others or not what.endswith(wanted):
            wrong.append((sample.exercise, sample.name, said))
    assert not wrong
