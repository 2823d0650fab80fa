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


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["in one process", "in several"])
def test_a_learners_conftest_is_not_run(tmp_path: Path, options: tuple[str, ...]) -> None:
    path = hand_in(tmp_path, "class/a/00_start_here.ipynb", WRONG)
    for folder in (tmp_path / "class", path.parent):
        (folder / "conftest.py").write_text("import os\nos._exit(0)")
    for given in (path, tmp_path / "class"):
        done, cases = run_pytest("--grade", *options, given, folder=tmp_path)
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
    assert done.returncode == 0
    _done, cases = run_pytest("--grade", "class", "-k", "modes-1", folder=tmp_path)
    assert not cases


def test_one_learners_crash_is_not_anothers(tmp_path: Path) -> None:
    hand_in(
        tmp_path, "class/a/00_start_here.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    hand_in(tmp_path, "class/b/00_start_here.ipynb", RIGHT)
    _done, cases = run_pytest("--grade", "class", folder=tmp_path)
    assert [(case.properties["status"], case.properties["earned"]) for case in cases] == [
        ("error", "0"),
        ("passed", "2"),
    ]


def test_a_stray_failing_cell_costs_nothing(tmp_path: Path) -> None:
    def add(notebook) -> None:
        notebook.cells.insert(1, new_code_cell("1 / 0"))
        notebook.cells.insert(2, new_code_cell("def broken(:"))
        notebook.cells.insert(3, new_code_cell("%matplotlib inline\n!ls\n%%bash\necho"))

    path = hand_in(tmp_path, "00_start_here.ipynb", RIGHT, add)
    _done, cases = run_pytest("--grade", path, folder=tmp_path)
    assert cases[0].passed, cases[0].text


def test_a_helper_cell_of_the_learners_runs(tmp_path: Path) -> None:
    answer = "def best_category(logits, categories):\n    return categories[place(logits)]"

    def add(notebook) -> None:
        notebook.cells.insert(1, new_code_cell("def place(logits):\n    return logits.argmax()"))

    path = hand_in(tmp_path, "00_start_here.ipynb", answer, add)
    _done, cases = run_pytest("--grade", path, folder=tmp_path)
    assert cases[0].passed, cases[0].text


def test_an_edited_check_cell_changes_nothing(tmp_path: Path) -> None:
    def edit(notebook) -> None:
        check = next(cell for cell in notebook.cells if cell.id == "start-1-check")
        check.source = "print('all tests passed')"

    path = hand_in(tmp_path, "00_start_here.ipynb", WRONG, edit)
    _done, cases = run_pytest("--grade", path, folder=tmp_path)
    assert cases[0].properties["mistake"] == "gave-smallest"


def test_an_answer_that_memorised_the_example_fails(tmp_path: Path) -> None:
    answer = "def best_category(logits, categories):\n    return 'espresso' if len(categories) == 1000 else categories[0]"
    path = hand_in(tmp_path, "00_start_here.ipynb", answer)
    _done, cases = run_pytest("--grade", path, folder=tmp_path)
    assert not cases[0].passed


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


def test_cells_are_found_by_grade_id_in_any_order(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "renamed homework.ipynb", RIGHT, lambda notebook: notebook.cells.reverse())
    _done, cases = run_pytest("--grade", path, folder=tmp_path)
    assert cases[0].passed, cases[0].text
