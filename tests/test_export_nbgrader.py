"""``course export nbgrader``, with nbgrader itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.utils import determine_grade

import helpers
from helpers.authoring.build import Product, assemble
from helpers.authoring.evidence import read_evidence
from helpers.authoring.source import solution_of
from helpers.cli import main
from helpers.exercises import lesson
from helpers.grading.collecting import collect
from helpers.grading.grade import Terms, grade_file
from helpers.grading.nbgrader import judge_notebook
from helpers.learning.session import CheckFailed

MODES = lesson("modes")
CHEAT = """\
import os, builtins, helpers
os.environ.pop("NBGRADER_EXECUTION", None)
os.environ["COURSE_GRADING"] = "0"
helpers.check = check = lambda *answers: 17
"""


def nbgrader(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "no-settings")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def answer(notebook: nbformat.NotebookNode, id: str, code: str) -> None:
    next(
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == id
    ).source = code


def hand_in(notebook: nbformat.NotebookNode, folder: Path) -> None:
    path = folder / MODES.name / f"{MODES.name}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def wrong_answers() -> dict[str, str]:
    """One wrong answer an exercise; where there is one that is partly right, that one."""
    chosen = {}
    for exercise in MODES.exercises:
        wrong = [sample for sample in read_evidence(exercise.id) if not sample.right]
        chosen[exercise.id] = max(wrong, key=lambda sample: sample.earned).code
    return chosen


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that nbgrader has released, collected, graded and written feedback for."""
    folder = tmp_path_factory.mktemp("course")
    result = CliRunner().invoke(main, ["export", "nbgrader", str(folder), "--lesson", "01"])
    assert result.exit_code == 0, result.output
    nbgrader("generate_assignment", MODES.name, folder=folder)
    release = folder / "release" / MODES.name / f"{MODES.name}.ipynb"
    for learner, answers in (
        ("ada", {each.id: solution_of(MODES.name, each.id) for each in MODES.exercises}),
        ("ben", wrong_answers()),
        ("cy", {"modes-1": solution_of(MODES.name, "modes-1")}),
    ):
        notebook = nbformat.read(release, as_version=4)
        for id, code in answers.items():
            answer(notebook, id, code)
        hand_in(notebook, folder / "honest" / learner)
        if learner == "ben":
            notebook.cells.insert(0, new_code_cell(CHEAT))
            notebook.metadata["course"]["lesson"] = "00_start_here"
            cheated = next(cell for cell in notebook.cells if cell.id == "modes-5-check")
            cheated.metadata["nbgrader"]["points"] = 1000
        if learner == "cy":
            notebook.cells = [
                cell
                for cell in notebook.cells
                if cell.id not in ("modes-1-check", "modes-2", "modes-2-check")
            ]
        hand_in(notebook, folder / "submitted" / learner)
    nbgrader("autograde", MODES.name, folder=folder)
    nbgrader("generate_feedback", MODES.name, folder=folder)
    return folder


def test_the_release_holds_no_solution(course: Path) -> None:
    release = (course / "release" / MODES.name / f"{MODES.name}.ipynb").read_text()
    assert "BEGIN SOLUTION" not in release
    notebook = nbformat.reads(release, as_version=4)
    stub = next(cell.source for cell in notebook.cells if cell.id == "modes-1")
    assert stub.endswith("    # YOUR CODE HERE\n    raise NotImplementedError")


def test_nbgrader_scores_as_we_do(course: Path) -> None:
    handed_in = collect([course / "honest"])
    reports = [grade_file(each, Terms(seed=1)).report for each in handed_in]
    ours = {(report.learner, row.id): row.earned for report in reports for row in report.exercises}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        theirs = {
            (submission.student_id, grade.name.removesuffix("-check")): grade.auto_score
            for submission in gradebook.assignment_submissions(MODES.name)
            for grade in submission.notebooks[0].grades
        }
    assert theirs == ours
    earned = {who: [ours[who, each.id] for each in MODES.exercises] for who in ("ada", "ben", "cy")}
    points = [each.points for each in MODES.exercises]
    assert earned["ada"] == points
    assert any(0 < got < most for got, most in zip(earned["ben"], points, strict=True)), (
        "partial credit is in it"
    )
    assert earned["cy"] == [points[0], 0, 0, 0, 0], "a check that the learner deleted still counts"


def test_the_feedback_shows_the_panel(course: Path) -> None:
    page = (course / "feedback" / "ben" / MODES.name / f"{MODES.name}.html").read_text()
    assert "partly right" in page
    wrong = next(sample for sample in read_evidence("modes-1") if sample.code == wrong_answers()["modes-1"])
    (mistake,) = (each for each in MODES.exercises[0].mistakes if each.key == wrong.mistake)
    assert str(mistake.says).split("`")[0] in page


def test_a_grade_cell_that_nobody_judged_earns_nothing(tmp_path: Path) -> None:
    """A teacher's own test cell, say: nbgrader itself would give all points to a cell without output."""
    notebook = assemble(Product(lesson("start"), "en", solved=False))
    own = next(cell for cell in notebook.cells if cell.id == "start-1-check").copy()
    own.id = "own"
    own.metadata = {"nbgrader": {**own.metadata["nbgrader"], "grade_id": "own-test"}}
    notebook.cells.append(own)
    judged, _resources = judge_notebook(
        notebook, {"nbgrader": {"student": "ada", "notebook": "00_start_here"}}, course_folder=tmp_path
    )
    assert determine_grade(judged.cells[-1]) == (0, 2)


@pytest.mark.parametrize(("execution", "earned"), [("autograde", "partly"), (None, None)])
def test_where_nbgrader_runs_a_check_itself_partial_credit_is_a_number(
    monkeypatch: pytest.MonkeyPatch, execution: str | None, earned: str | None
) -> None:
    """Learner notebooks are nbgrader's own kind, so another nbgrader course may use them without our settings."""
    if execution:
        monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    sample = max((each for each in read_evidence("modes-1") if not each.right), key=lambda each: each.earned)
    namespace: dict = {}
    exec("import torch\nfrom torch import nn\n" + sample.code, namespace)
    value = helpers.check("modes-1", namespace[MODES.exercises[0].answer])
    assert value == (sample.earned if earned else None)
    if earned:
        cell = new_code_cell(metadata={"nbgrader": {"grade": True, "points": MODES.exercises[0].points}})
        cell.outputs = [new_output("execute_result", {"text/plain": str(value)}, execution_count=1)]
        assert determine_grade(cell) == (sample.earned, MODES.exercises[0].points)
        with pytest.raises(CheckFailed):
            helpers.check("modes-1", None)
