"""``pytest --grade``."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from handing_in import NO_LESSONS, RIGHT, WRONG, hand_in
from nbformat.v4 import new_code_cell
from running import run_pytest

from helpers.authoring.build import Product, assemble
from helpers.exercises import lesson


def test_a_failure_shows_the_mistake_and_nothing_of_ours(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "00_start_here.ipynb", WRONG)
    done, cases = run_pytest("--grade", path, folder=tmp_path)
    assert done.returncode == 1
    assert [case.name for case in cases] == ["start-1"]
    assert "00_start_here.ipynb::start-1" in done.stdout
    assert "[gave-smallest]" in done.stdout
    assert "Traceback" not in done.stdout
    assert "helpers/" not in done.stdout
    assert "0 of 2 points in 1 exercises" in done.stdout
    assert cases[0].properties == {
        "exercise": "start-1", "status": "failed", "earned": "0", "possible": "2", "mistake": "gave-smallest",
    }  # fmt: skip
    assert "[gave-smallest]" in cases[0].text


def test_a_page_without_exercises_has_nothing_to_grade(tmp_path: Path) -> None:
    path = tmp_path / "10_summary.ipynb"
    nbformat.write(assemble(Product(lesson("summary"), "en", solved=False)), path)
    done, cases = run_pytest("--grade", path, folder=tmp_path)
    assert not cases
    assert done.returncode == 5, "pytest's “no tests collected”"
    hand_in(tmp_path, "00_start_here.ipynb", RIGHT)
    done, _cases = run_pytest("--grade", tmp_path, folder=tmp_path)
    assert done.returncode == 0
    assert "2 of 2 points in 1 exercises" in done.stdout


@pytest.mark.parametrize("arguments", [
    ("class/a/00_start_here.ipynb",), ("class", "-n", "2"),
], ids=["in one process", "in several"])  # fmt: skip
def test_a_learners_conftest_is_not_run(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = hand_in(tmp_path, "class/a/00_start_here.ipynb", WRONG)
    for folder in (tmp_path / "class", path.parent):
        (folder / "conftest.py").write_text("import os\nos._exit(0)")
    done, cases = run_pytest("--grade", *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert "[gave-smallest]" in cases[0].text


def test_k_x_and_xdist(tmp_path: Path) -> None:
    for name, answer in (("a", RIGHT), ("b", WRONG), ("c", WRONG), ("d", RIGHT)):
        hand_in(tmp_path, f"class/{name}/00_start_here.ipynb", answer)
    done, cases = run_pytest("--grade", "class", "-n", "2", folder=tmp_path)
    assert sorted(case.passed for case in cases) == [False, False, True, True]
    assert "4 of 8 points in 4 exercises" in done.stdout
    _done, cases = run_pytest("--grade", "class", "-x", folder=tmp_path)
    assert [case.passed for case in cases] == [True, False]
    done, cases = run_pytest("--grade", "class", "-k", "start-1 and d", folder=tmp_path)
    assert done.returncode == 0 and len(cases) == 1


def stray(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.insert(1, new_code_cell("1 / 0"))
    notebook.cells.insert(2, new_code_cell("def broken(:"))
    notebook.cells.insert(3, new_code_cell("%matplotlib inline\n!ls\n%%bash\necho"))


def helped(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.insert(1, new_code_cell("def place(logits):\n    return logits.argmax()"))


def praised(notebook: nbformat.NotebookNode) -> None:
    check = next(cell for cell in notebook.cells if cell.id == "start-1-check")
    check.source = "print('all tests passed')"


def reversed_cells(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.reverse()


CRASH = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
WITH_HELP = "def best_category(logits, categories):\n    return categories[place(logits)]"
MEMORISED = (
    "def best_category(logits, categories):\n"
    "    return 'espresso' if len(categories) == 1000 else categories[0]"
)
HANDED_IN = {
    "a crash": (CRASH, None, "error"),
    "after the crash": (RIGHT, None, "passed"),
    "an answer by heart": (MEMORISED, None, "failed"),
    "an edited check": (WRONG, praised, "failed"),
    "cells in another order": (RIGHT, reversed_cells, "passed"),
    "helper cell": (WITH_HELP, helped, "passed"),
    "stray failing cells": (RIGHT, stray, "passed"),
}


def test_each_learner_gets_what_the_answer_deserves(tmp_path: Path) -> None:
    for name, (answer, change, _status) in HANDED_IN.items():
        file = "renamed homework" if change else "00_start_here"
        hand_in(tmp_path, f"class/{name}/{file}.ipynb", answer, change)
    _done, cases = run_pytest("--grade", "class", folder=tmp_path)
    said = [case.properties["status"] for case in cases]
    assert dict(zip(HANDED_IN, said, strict=True)) == {name: each[-1] for name, each in HANDED_IN.items()}
    assert cases[list(HANDED_IN).index("an edited check")].properties["mistake"] == "gave-smallest"


def test_files_that_are_no_lessons_are_told_and_others_are_graded(tmp_path: Path) -> None:
    hand_in(tmp_path, "class/good/00_start_here.ipynb", RIGHT)
    for name, (content, _said) in NO_LESSONS.items():
        (tmp_path / "class" / f"{name}.ipynb").write_bytes(content)
    done, _cases = run_pytest("--grade", "class", "--continue-on-collection-errors", folder=tmp_path)
    for name, (_content, said) in NO_LESSONS.items():
        assert f"{name}.ipynb {said}" in done.stdout
    assert "Traceback" not in done.stdout
    assert "1 passed" in done.stdout


def test_grade_and_nbval_do_not_mix(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "00_start_here.ipynb", RIGHT)
    done, _cases = run_pytest("--grade", "--nbval", path, folder=tmp_path)
    assert "Use one of them" in done.stderr + done.stdout


def test_without_grade_the_plugin_is_silent(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "00_start_here.ipynb", RIGHT)
    done, cases = run_pytest(path, folder=tmp_path)
    assert not cases
    assert "points" not in done.stdout


def test_a_fixed_seed_repeats_a_run(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "00_start_here.ipynb", WRONG)
    said = [run_pytest("--grade", "--grade-seed=5", path, folder=tmp_path)[1][0].text for _run in range(2)]
    other = run_pytest("--grade", "--grade-seed=6", path, folder=tmp_path)[1][0].text
    assert said[0] == said[1] != other
