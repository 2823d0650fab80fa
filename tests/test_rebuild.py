"""``course rebuild``: what steers nbval from inside a notebook does not come along.

Each trick is tried twice: nbval is fooled by a notebook with it, and the notebook rebuilt from it is no other than
the one rebuilt from the same wrong answer without any trick, which fails.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from handing_in import RIGHT, WRONG, hand_in
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from running import run_pytest

from helpers.authoring.build import Product, assemble
from helpers.cli import main
from helpers.exercises import find_exercise, lesson
from helpers.grading.reading import read_submission
from helpers.grading.rebuilding import rebuild, without_markers
from helpers.judging import MissingAnswer, judge
from helpers.judging.feedback import verdict_panel

NB = nbformat.NotebookNode
CHECK = 'check("start-1")'


# the tricks ----------------------------------------------------------------------------------------------------


def check_cell(source: str = CHECK, *tags: str, **fields) -> NB:
    """The check's cell, with its metadata, and these changes."""
    notebook = assemble(Product(lesson("start"), "en", solved=False))
    cell = next(cell for cell in notebook.cells if cell.id == "start-1-check")
    cell.update(source=source, **fields)
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


def pasted_output() -> NB:
    """The very error that the check of an answer that is not there will raise, as the output that is expected."""
    panel = verdict_panel(judge(find_exercise("start-1"), MissingAnswer(), 0)).text
    error = new_output("error", ename="CheckFailed", evalue=panel, traceback=[])
    return check_cell(CHECK, "raises-exception", execution_count=1, outputs=[error])


LOOP = "# NBVAL_RAISES_EXCEPTION\nwhile True:\n    pass"
TRICKS: dict[str, list[NB]] = {
    "skipped by a comment": [check_cell(f"# NBVAL_SKIP\n{CHECK}")],
    "skipped by a comment of another form": [check_cell(f"{CHECK}\n   ##  NBVAL_SKIP ")],
    "skipped by a tag": [check_cell(CHECK, "nbval-skip")],
    "an exception allowed by a comment": [check_cell(f"# NBVAL_RAISES_EXCEPTION\n{CHECK}")],
    "an exception allowed by nbval's tag": [check_cell(CHECK, "nbval-raises-exception")],
    "an exception allowed by Jupyter's tag": [check_cell(CHECK, "raises-exception")],
    "outputs ignored by a comment": [
        check_cell(f"# NBVAL_IGNORE_OUTPUT\n{CHECK}", "raises-exception", execution_count=1)
    ],
    "outputs ignored by an old comment": [
        check_cell(f"# PYTEST_VALIDATE_IGNORE_OUTPUT\n{CHECK}", "raises-exception", execution_count=1)
    ],
    "outputs ignored by a tag": [
        check_cell(CHECK, "raises-exception", "nbval-ignore-output", execution_count=1)
    ],
    "the check edited": [check_cell("print('passed')")],
    "the check made a text": [new_markdown_cell(CHECK, metadata=check_cell().metadata)],
    "the check deleted": [],
    "the check bound anew": [new_code_cell("check = print"), check_cell()],
    "grading denied": [
        new_code_cell("import os\nos.environ.pop('COURSE_GRADING', None)"),
        check_cell("from helpers import check\ncheck('start-1')"),
    ],
}
RUN_ELSEWHERE: dict[str, list[NB]] = {"the output pasted": [pasted_output()], "a timeout before": [
    new_code_cell(LOOP), check_cell()]}  # fmt: skip


def with_trick(cells: list[NB], answer: str = WRONG) -> NB:
    """The whole lesson with this answer, and a trick in place of its check."""
    notebook = assemble(Product(lesson("start"), "en", solved=False))
    place = next(n for n, cell in enumerate(notebook.cells) if cell.id == "start-1")
    notebook.cells[place].source = answer
    notebook.cells[place + 1 : place + 2] = nbformat.from_dict(json.loads(json.dumps(cells)))
    return notebook


def rebuilt(notebook: NB) -> NB:
    return rebuild(read_submission(nbformat.writes(notebook).encode(), "00_start_here.ipynb"))


def short(*cells: NB, **metadata) -> NB:
    """A notebook with nothing of the lesson but these cells."""
    copies = json.loads(json.dumps(cells))
    for number, cell in enumerate(copies):
        cell["id"] = f"c{number}"
    return nbformat.from_dict(new_notebook(cells=copies, metadata=metadata))


def answer_cell(answer: str = WRONG) -> NB:
    return new_code_cell(answer, metadata={"nbgrader": {"grade_id": "start-1"}})


TAMPERING = "import os\ncheck = print\nos.environ.pop('COURSE_GRADING', None)\n"
"""What can be closed of what an answer's own cell may do to its check."""
PYTHON = {"name": "python3", "display_name": "Python"}
IMPORT = "from helpers import check"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notebooks as handed in, and rebuilt."""
    folder = tmp_path_factory.mktemp("nbval")
    lenient = folder / "jupyter" / "kernels" / "lenient"
    lenient.mkdir(parents=True)
    (lenient / "kernel.json").write_text(
        json.dumps({
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "of another course", "language": "python", "env": {"COURSE_GRADING": "0"},
        })
    )  # fmt: skip
    tricks = [cell for cells in TRICKS.values() for cell in cells]
    notebooks = {
        "tricks": short(new_code_cell(IMPORT), pasted_output(), answer_cell(), *tricks, kernelspec=PYTHON),
        "kernel": short(new_code_cell(IMPORT), answer_cell(), check_cell(), kernelspec={**PYTHON, "name": "lenient"}),
        "honest": short(new_code_cell(IMPORT), answer_cell(), check_cell(), kernelspec=PYTHON),
        "timeout": short(new_code_cell(LOOP), answer_cell(), check_cell(f"{IMPORT}\n{CHECK}"), kernelspec=PYTHON),
        "wrong": rebuilt(with_trick(TRICKS["skipped by a tag"], f"{TAMPERING}{WRONG}")),
        "right": rebuilt(with_trick([check_cell()], RIGHT)),
    }  # fmt: skip
    for name, notebook in notebooks.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def failed(folder: Path, *names: str, options: tuple[str, ...]) -> tuple[dict[str, list[str]], str]:
    """By notebook, the cells that nbval says have failed, and all that it printed."""
    paths = [folder / f"{name}.ipynb" for name in names]
    done, cases = run_pytest("-rA", *options, *paths, folder=folder, JUPYTER_PATH=str(folder / "jupyter"))
    assert len(cases) > len(names), done.stdout
    bad = [line.split("::") for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return {
        name: [cell.split(" - ")[0] for path, cell in bad if f"{name}.ipynb" in path] for name in names
    }, done.stdout


def test_nbval_is_fooled_by_every_trick_and_not_after_rebuilding(folder: Path) -> None:
    said, printed = failed(folder, "honest", "tricks", "kernel", "wrong", "right", options=("--nbval",))
    assert said["honest"] == ["Cell 2"], "without a trick, the wrong answer fails"
    assert said["tricks"] == said["kernel"] == [], printed
    assert the_check(folder) in said["wrong"], printed
    assert said["right"] == [], printed


def test_the_same_when_no_outputs_are_compared(folder: Path) -> None:
    said, printed = failed(folder, "tricks", "wrong", options=("--nbval-lax",))
    assert said["tricks"] == [] and the_check(folder) in said["wrong"], printed


def test_nbval_excuses_what_comes_after_a_timeout(folder: Path) -> None:
    said, printed = failed(folder, "timeout", options=("--nbval-lax", "--nbval-cell-timeout=2"))
    assert said["timeout"] == [], printed


def the_check(folder: Path) -> str:
    """What nbval calls the check of the rebuilt notebook."""
    cells = nbformat.read(folder / "wrong.ipynb", as_version=4).cells
    return f"Cell {[cell.id for cell in cells if cell.cell_type == 'code'].index('start-1-check')}"


# what comes along ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", (TRICKS | RUN_ELSEWHERE).values(), ids=TRICKS | RUN_ELSEWHERE)
def test_no_trick_comes_along(cells: list[NB]) -> None:
    assert rebuilt(with_trick(cells)) == rebuilt(with_trick([check_cell()]))


def test_only_what_is_the_learners_comes_along() -> None:
    def spoil(notebook: NB) -> None:
        notebook.metadata = {"kernelspec": {"name": "r", "display_name": "R"}, "course": {"lesson": "00_start_here", "language": "zh"}}  # fmt: skip
        for cell in notebook.cells:
            cell.metadata["tags"] = ["nbval-skip", "hide-input"]
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [new_output("stream", text="passed")], 3
        notebook.cells[2:2] = [
            new_code_cell("1 / 0"),
            new_code_cell("SIZE = 0"),
            new_markdown_cell("my notes"),
        ]

    notebook = with_trick([check_cell()], f"# NBVAL_SKIP\n{RIGHT}[SIZE:]")
    spoil(notebook)
    found, ours = rebuilt(notebook), assemble(Product(lesson("start"), "zh", solved=False))
    assert found.metadata == ours.metadata
    own = [cell for cell in found.cells if cell.id not in {cell.id for cell in ours.cells}]
    assert [cell.source for cell in own] == ["SIZE = 0"]
    assert [cell for cell in found.cells if cell.id not in ("start-1", "start-1-check", own[0].id)] == [
        cell for cell in ours.cells if cell.id not in ("start-1", "start-1-check")
    ]
    answer = next(cell for cell in found.cells if cell.id == "start-1")
    assert answer.source == f"# a marker for nbval stood here\n{RIGHT}[SIZE:]"
    assert found.cells.index(own[0]) == found.cells.index(answer) - 1


@pytest.mark.parametrize(
    "line",
    ["# NBVAL_SKIP", "  ##\tNBVAL_RAISES_EXCEPTION  ", "#PYTEST_VALIDATE_IGNORE_OUTPUT", "x = '\x0c# NBVAL_SKIP\x0c'",
     "# x\u2028# NBVAL_CHECK_OUTPUT", "'''\n#NBVAL_IGNORE_OUTPUT\n'''", "# NBVAL_OF_THE_FUTURE"],
)  # fmt: skip
def test_no_comment_steers_nbval(line: str) -> None:
    find_comment_markers: Callable = pytest.importorskip("nbval.plugin").find_comment_markers
    code = f"a = 1\n{line}\nb = 2"
    assert list(find_comment_markers(code)) or "FUTURE" in line
    assert not list(find_comment_markers(without_markers(code)))
    assert "NBVAL" not in without_markers(code) and "PYTEST" not in without_markers(code)


def test_a_comment_that_only_speaks_of_nbval_stays() -> None:
    code = "# NBVAL_SKIP is a marker\nx = 'NBVAL_SKIP'"
    assert without_markers(code) == code


def test_answers_stand_where_the_exercises_are_and_what_they_need_before_them() -> None:
    notebook = assemble(Product(lesson("batch"), "en", solved=True))
    cells = {cell.id: cell for cell in notebook.cells}
    cells["batch-3"].source = f"LIMIT = 3\n{cells['batch-3'].source}"
    cells["batch-5"].source = "def benchmark(*args): return batch_predict, LIMIT"
    notebook.cells.reverse()
    found = [cell for cell in rebuilt(notebook).cells if cell.cell_type == "code"]
    places = {cell.id: place for place, cell in enumerate(found)}
    assert [id for id in places if id.startswith("batch-") and not id.endswith("-check")] == [
        f"batch-{number}" for number in range(1, 6)
    ], "what an answer needs has run where it is an answer itself, and is not repeated"
    assert all(places[f"batch-{number}-check"] == places[f"batch-{number}"] + 1 for number in range(1, 6))
    assert "### BEGIN" in found[places["batch-2"]].source


# the command ---------------------------------------------------------------------------------------------------


def course_rebuild(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["rebuild", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def test_the_command_writes_a_valid_notebook_and_says_how_it_was_read(tmp_path: Path) -> None:
    def write_again(notebook: NB) -> None:
        notebook.cells.append(new_code_cell(RIGHT, metadata={"nbgrader": {"grade_id": "start-1"}}))

    path = hand_in(tmp_path, "00_start_here.ipynb", WRONG, write_again)
    before = path.read_bytes()
    code, said = course_rebuild(path, "-o", tmp_path / "out.ipynb")
    assert code == 0 and "start-1: 2 cells define `best_category`" in said
    nbformat.validate(nbformat.read(tmp_path / "out.ipynb", as_version=4))
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.glob("*.ipynb*")) == ["00_start_here.ipynb", "out.ipynb"]


def test_the_command_never_writes_over_the_submission(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "00_start_here.ipynb", RIGHT)
    (tmp_path / "link.ipynb").hardlink_to(path)
    before = path.read_bytes()
    for out in (path, tmp_path / "x" / ".." / path.name, tmp_path / "link.ipynb"):
        (tmp_path / "x").mkdir(exist_ok=True)
        code, said = course_rebuild(path, "-o", out)
        assert code == 2 and "is the submission itself" in said
    assert path.read_bytes() == before


def test_the_commands_errors_are_told(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "00_start_here.ipynb", RIGHT)
    (tmp_path / "bad.ipynb").write_text("{]")
    code, said = course_rebuild(tmp_path / "bad.ipynb", "-o", tmp_path / "out.ipynb")
    assert code == 3 and "is no valid notebook" in said
    code, said = course_rebuild(path, "-o", tmp_path / "no" / "out.ipynb")
    assert code == 2 and "There is no folder" in said
    code, said = course_rebuild(tmp_path / "nowhere.ipynb", "-o", tmp_path / "out.ipynb")
    assert code == 2 and "nowhere.ipynb" in said
    code, said = course_rebuild(path)
    assert code == 2 and "-o" in said
    assert not (tmp_path / "out.ipynb").exists()
