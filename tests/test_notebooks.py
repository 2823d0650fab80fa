"""The built notebooks, as a grader runs them, and what their cells carry.

A learner's Run All is tried in a browser, without network: ``browser/test_lessons.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from running import run_pytest

from helpers.authoring.build import Product, products
from helpers.authoring.build import read as read_notebook
from helpers.exercises import lessons
from helpers.judging.exercise import Lesson
from helpers.paths import NOTEBOOKS

LEARNER = [product for product in products() if not product.solved]
SOLVED = [product for product in products() if product.solved]


def label(product: Product) -> str:
    return product.label


def code_cells(product: Product) -> list[nbformat.NotebookNode]:
    return [cell for cell in read_notebook(product.path).cells if cell.cell_type == "code"]


def assert_no_warnings(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output.text


@pytest.mark.parametrize(
    ("way", "product"),
    [
        ("--nbval", LEARNER[0]),
        ("--nbval-lax", next(each for each in LEARNER if each.label.endswith("zh/01_modes.ipynb"))),
    ],
    ids=lambda value: value if isinstance(value, str) else value.label,
)
def test_untouched_it_fails_under_nbval_at_exactly_the_checks(
    way: str, product: Product, tmp_path: Path
) -> None:
    _done, cases = run_pytest(way, product.path, folder=tmp_path)
    cells = code_cells(product)
    assert len(cases) == len(cells)
    failed = [cell.id for cell, case in zip(cells, cases, strict=True) if not case.passed]
    assert failed == [f"{exercise.id}-check" for exercise in product.lesson.exercises]
    for case in cases:
        assert case.passed or "[not-started]" in case.text


@pytest.mark.parametrize("product", SOLVED, ids=label)
def test_a_solution_holds_outputs_and_every_point(product: Product) -> None:
    """What is stored is what the check showed in its kernel; ``pytest --nbval`` compares it (see the Makefile)."""
    possible = {exercise.id: exercise.points for exercise in product.lesson.exercises}
    cells = {cell.id: cell for cell in code_cells(product)}
    for id, points in possible.items():
        panel = cells[f"{id}-check"].outputs[0].data["text/plain"]
        assert panel.startswith(f"✔ {id} ")
        assert len(re.findall(rf"\b{points}\b", panel)) >= 2
    assert_no_warnings(read_notebook(product.path))
    pictures = [out for cell in cells.values() for out in cell.outputs if "image/png" in out.get("data", {})]
    assert pictures or not possible, "every lesson with exercises shows at least one picture"
    assert any(cell.outputs for cell in cells.values())
    for picture in pictures:
        assert picture.metadata["image/png"]["alt"], "it says in words what it shows"


def test_solutions_earn_every_point_from_the_plugin(tmp_path: Path) -> None:
    done, cases = run_pytest(
        "--grade", NOTEBOOKS / "solutions", NOTEBOOKS / "zh" / "solutions", folder=tmp_path
    )
    total = sum(exercise.points for lesson in lessons() for exercise in lesson.exercises)
    assert all(case.passed for case in cases), done.stdout
    assert f"{2 * total} of {2 * total} points" in done.stdout


def test_untouched_notebooks_earn_nothing_from_the_plugin(tmp_path: Path) -> None:
    paths = [product.path for product in LEARNER]
    _done, cases = run_pytest("--grade", *paths, folder=tmp_path)
    assert len(cases) == 2 * sum(len(lesson.exercises) for lesson in lessons())
    assert {case.properties["status"] for case in cases} == {"not_started"}
    assert {case.properties["earned"] for case in cases} == {"0"}


# the contract on cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", products(), ids=label)
def test_answer_and_check_cells_carry_nbgrader_metadata(product: Product) -> None:
    cells = code_cells(product)
    for exercise in product.lesson.exercises:
        place = next(i for i, cell in enumerate(cells) if cell.id == exercise.id)
        answer, check = cells[place], cells[place + 1]
        assert answer.metadata.nbgrader == {
            "grade": False, "grade_id": exercise.id, "locked": False,
            "schema_version": 3, "solution": True, "task": False,
        }  # fmt: skip
        assert check.metadata.nbgrader == {
            "grade": True, "grade_id": f"{exercise.id}-check", "locked": True, "points": exercise.points,
            "schema_version": 3, "solution": False, "task": False,
        }  # fmt: skip
        assert check.source == f'check("{exercise.id}")'
        for marker in ("### BEGIN SOLUTION", "### END SOLUTION"):  # a solution is an nbgrader source
            assert (marker in answer.source) == product.solved
        stub = "# YOUR CODE HERE\n    raise NotImplementedError"
        assert (stub in answer.source.replace("        ", "    ")) != product.solved


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.word)
def test_code_and_ids_are_the_same_in_every_language(lesson: Lesson) -> None:
    for solved in (False, True):
        english, chinese = (
            read_notebook(Product(lesson, language, solved).path).cells for language in ("en", "zh")
        )
        assert [cell.id for cell in english] == [cell.id for cell in chinese]
        for ours, theirs in zip(english, chinese, strict=True):
            if ours.cell_type == "code":
                assert ours.source == theirs.source
            else:
                assert ours.source != theirs.source, "an untranslated text"
    learner, solved = (read_notebook(Product(lesson, "en", solved).path).cells for solved in (False, True))
    assert [cell.id for cell in learner] == [cell.id for cell in solved]


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.word)
def test_links_between_lessons_lead_to_files(lesson: Lesson) -> None:
    for product in products():
        if product.lesson is lesson:
            for cell in read_notebook(product.path).cells:
                for link in (
                    re.findall(r"\]\(([^)#]+\.ipynb)[)#]", cell.source)
                    if cell.cell_type == "markdown"
                    else []
                ):
                    assert (product.path.parent / link).is_file(), (product.label, link)
