"""``course grade``: a class graded from the command line, to the contract."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from handing_in import NO_LESSONS, RIGHT, WRONG, InPlace, hand_in
from waiting import PATIENCE

from helpers.cli import main
from helpers.grading import command
from helpers.grading.collecting import HandedIn, collect
from helpers.grading.grade import Terms, grade_file
from helpers.grading.protections import PROTECTIONS, protections
from helpers.grading.reports import outputs
from helpers.grading.reports.files import CannotWrite

NAME = "00_start_here.ipynb"
LOOP = "def best_category(logits, categories):\n    while True:\n        pass"


@pytest.fixture
def same_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "local_judges", InPlace().judges)


def grade(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["grade", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.usefixtures("same_process")
def test_a_class(tmp_path: Path) -> None:
    hand_in(tmp_path, f"class/ann/{NAME}", RIGHT)
    hand_in(tmp_path, f"class/李 雷/{NAME}", WRONG)
    (tmp_path / "class" / "eve").mkdir()
    (tmp_path / "class" / "eve" / NAME).write_text("{]")
    files = ["--json", tmp_path / "r.json", "--junit", tmp_path / "j.xml", "--out", tmp_path / "out"]
    code, said = grade(tmp_path / "class", *files)
    assert code == 3
    assert "eve" in said and "no valid notebook" in said
    report = json.loads((tmp_path / "r.json").read_text())
    ann, eve, lei = report["submissions"]
    assert list(ann) == ["learner", "path", "status", "reason", "earned", "possible", "seconds", "exercises"]
    assert (ann["learner"], ann["status"], ann["reason"], ann["earned"], ann["possible"]) == (
        "ann", "graded", None, 2, 2,
    )  # fmt: skip
    assert ann["exercises"] == [
        {"id": "start-1", "status": "passed", "earned": 2, "possible": 2, "mistake": None, "message": ""}
    ]
    assert (eve["learner"], eve["status"], eve["earned"], eve["exercises"]) == ("eve", "unreadable", 0, [])
    assert "no valid notebook" in eve["reason"]
    assert (lei["learner"], lei["exercises"][0]["mistake"]) == ("李 雷", "gave-smallest")
    assert "smallest" in lei["exercises"][0]["message"]
    rows = list(csv.reader((tmp_path / "out" / "gradebook.csv").read_text("utf-8-sig").splitlines()))
    assert rows == [
        ["learner", "earned", "start-1", "unreadable", "handed in twice"], ["ann", "2", "2", "", ""],
        ["eve", "0", "", NAME, ""], ["李 雷", "0", "0", "", ""],
    ]  # fmt: skip
    pages = {path.name: path.read_text() for path in (tmp_path / "out" / "feedback").iterdir()}
    assert pages.keys() == {"ann.html", "eve.html", "李 雷.html"}
    assert "gave-smallest" not in pages["ann.html"] and "smallest logit" in pages["李 雷.html"]
    assert "no valid notebook" in pages["eve.html"]
    suites = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [suite.get("name") for suite in suites] == [f"ann/{NAME}", f"eve/{NAME}", f"李 雷/{NAME}"]
    in_force = suites.find(".//property[@name='protections in force']").get("value").split(", ")
    assert in_force == protections()
    assert "no valid notebook" in (tmp_path / "out" / "class.html").read_text()


@pytest.mark.usefixtures("same_process")
def test_every_submission_graded_is_status_0_whatever_its_score(tmp_path: Path) -> None:
    path = hand_in(tmp_path, NAME, WRONG)
    assert grade(path, "--gradescope", tmp_path / "results.json")[0] == 0
    (test,) = json.loads((tmp_path / "results.json").read_text())["tests"]
    assert (test["name"], test["score"], test["max_score"]) == ("start-1", 0, 2)
    assert "smallest logit" in test["output"]


@pytest.mark.usefixtures("same_process")
def test_a_report_that_cannot_be_written_is_status_1_and_the_score_is_told(
    tmp_path: Path, monkeypatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise CannotWrite(path, OSError(28, "No space left on device"))

    monkeypatch.setattr(outputs, "write_whole", full)
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / NAME).write_text("{]")
    code, said = grade(tmp_path / "ann", "--json", tmp_path / "r.json", "--out", tmp_path / "out")
    told = said.replace("\n", "")
    assert code == 1
    assert "ann.html: No space left on device" in told and "And 3 more files" in told
    assert "0 of 0" in told and "no valid notebook" in told


def test_with_two_workers_of_the_command_itself(tmp_path: Path) -> None:
    for name, answer in (("a", RIGHT), ("b", "import os\nos._exit(0)"), ("c", RIGHT)):
        hand_in(tmp_path, f"class/{name}/{NAME}", answer)
    code, _said = grade(tmp_path / "class", "--jobs", "2", "--json", tmp_path / "r.json", "--seed", "3")
    submissions = json.loads((tmp_path / "r.json").read_text())["submissions"]
    assert code == 0
    assert [each["earned"] for each in submissions] == [2, 0, 2]
    assert submissions[1]["exercises"][0]["status"] == "error"


def test_no_module_of_a_learners_takes_the_place_of_one_of_ours(tmp_path: Path) -> None:
    """The teacher stands in the learner's folder, which holds modules with names that Python and the course use."""
    hand_in(tmp_path, f"ann/{NAME}", RIGHT)
    for name in ("multiprocessing", "pickle", "signal", "tempfile", "torch", "msgspec", "psutil", "helpers"):
        code = f"open({str(tmp_path / 'imported')!r}, 'a').write({name!r})\nraise ImportError"
        (tmp_path / "ann" / f"{name}.py").write_text(code)
    done = subprocess.run(
        [Path(sys.executable).with_name("course"), "grade", ".", "--json", tmp_path / "r.json"],
        cwd=tmp_path / "ann", capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "imported").exists()
    assert json.loads((tmp_path / "r.json").read_text())["submissions"][0]["earned"] == 2
    assert "Not in force" not in done.stderr or set(protections()) != set(PROTECTIONS)


@pytest.mark.parametrize("arguments", [[], ["nowhere"], [".", "--jobs", "0"], [".", "--seed", "x"]])
def test_unusable_arguments_are_status_2(arguments: list[str]) -> None:
    code, said = grade(*arguments)
    assert code == 2 and "Usage" in said


def test_a_folder_without_notebooks_is_status_2(tmp_path: Path) -> None:
    code, said = grade(tmp_path)
    assert code == 2 and "There is no notebook" in said


@pytest.mark.parametrize(("content", "said"), NO_LESSONS.values(), ids=NO_LESSONS)
def test_what_is_no_lesson_is_reported(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    report = grade_file(HandedIn("x", path), Terms(0)).report
    assert report.status == "unreadable" and said in report.reason
    assert (report.earned, report.possible, report.exercises) == (0, 0, [])


def test_a_file_that_is_gone_is_reported(tmp_path: Path) -> None:
    assert "cannot be read" in grade_file(HandedIn("x", tmp_path / "x.ipynb"), Terms(0)).report.reason


def test_what_was_earned_before_the_time_was_over_stays(tmp_path: Path, monkeypatch) -> None:
    late = grade_file(HandedIn("x", hand_in(tmp_path, NAME, RIGHT)), Terms(0, timeout=0))
    assert [row.status for row in late.report.exercises] == ["timeout"]
    assert late.report.exercises[0].mistake == "out-of-time" and late.report.possible == 2
    slow = grade_file(HandedIn("x", hand_in(tmp_path, NAME, LOOP)), Terms(0, timeout=8)).report
    assert slow.exercises[0].status == "timeout"
    assert slow.seconds < 60


# whose notebook it is ----------------------------------------------------------------------------------------


def layouts() -> Iterator[tuple[list[str], str, list[str]]]:
    yield ["ann/01.ipynb", "bob/01.ipynb"], ".", ["ann", "bob"]
    yield ["submitted/ann/week 1/01.ipynb", "submitted/bob/week 1/01.ipynb"], "submitted", ["ann", "bob"]
    yield ["submitted/ann/week 1/01.ipynb"], "submitted/ann", ["ann"]
    yield ["ann/01.ipynb", "ann/02.ipynb"], "ann", ["ann", "ann"]
    yield ["ann/01.ipynb"], "ann/01.ipynb", ["ann"]
    yield ["ann/01.ipynb", "ann/.ipynb_checkpoints/01-checkpoint.ipynb", "ann/x.txt"], ".", ["ann"]


@pytest.mark.parametrize(("files", "path", "learners"), list(layouts()))
def test_layouts(tmp_path: Path, files: list[str], path: str, learners: list[str]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert [each.learner for each in collect([tmp_path / path])] == learners
    assert len(collect([tmp_path / path, tmp_path / path])) == len(learners), "each once"


def test_a_link_to_anothers_notebook_takes_nobodys_place(tmp_path: Path) -> None:
    for name in ("ann", "eve"):
        (tmp_path / name).mkdir()
    (tmp_path / "ann" / "01.ipynb").write_text("")
    (tmp_path / "eve" / "01.ipynb").symlink_to(tmp_path / "ann" / "01.ipynb")
    found = [(each.learner, each.path.parent.name) for each in collect([tmp_path, tmp_path / "ann"])]
    assert found == [("ann", "ann"), ("eve", "eve")]
