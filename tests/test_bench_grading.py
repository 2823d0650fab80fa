"""``course bench grading``: what it counts, says and refuses. What it measures is for a quiet machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from handing_in import InPlace

from helpers.bench import grading, grading_command
from helpers.bench.grading import Compared, Sized, bare_seconds, hand_in, line_through, make_nbgrader_course
from helpers.bench.grading_report import print_compared
from helpers.cli import main
from helpers.exercises import lesson


@pytest.fixture(autouse=True)
def in_place(monkeypatch: pytest.MonkeyPatch) -> InPlace:
    judges = InPlace()
    monkeypatch.setattr(grading, "local_judges", judges.judges)
    return judges


def bench(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["bench", "grading", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def test_one_lesson_and_two_sizes(in_place: InPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setitem(grading.EXPECTED, "start", {"ours": 0.1})
    arguments = ["--lessons", "start", "--ways", "ours", "--rounds", "2", "--class", "2", "--sizes", "1,3"]
    code, said = bench(*arguments, "--json", str(tmp_path / "b.json"))
    assert code == 0 and "This takes about" in said and "a class of 2, 2 at a time" in said
    found = json.loads((tmp_path / "b.json").read_text())
    assert [each["submissions"] for each in found["sizes"]] == [1, 3]
    assert all(each["seconds"] > 0 and each["peak_bytes"] > 10**8 for each in found["sizes"])
    (compared,) = found["compared"]
    assert len(compared["turns"]["ours"]) == 2 and compared["class_seconds"] > 0
    # one to get warm, two turns, the class, the sizes: each graded anew
    assert len(in_place.calls) == 1 + 2 + 2 + 1 + 3


def test_a_right_answer_that_loses_points_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.grading import whole_class

    real = whole_class.grade_submission
    monkeypatch.setattr(
        whole_class, "grade_submission", lambda data, *rest: real(data.replace(b"argmax", b"argmin"), *rest)
    )
    with pytest.raises(RuntimeError, match="is right, and got 0 of 2 points"):
        grading.run_size("start", 1, 1)


def test_the_bare_time_is_the_learners_own(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = bare_seconds("start")
    slow = grading.perform

    def slower(trial, value, inputs, limit):
        return slow(trial, lambda *args: (sum(range(3_000_000)), value(*args))[1], inputs, limit)

    monkeypatch.setattr(grading, "perform", slower)
    assert 0 < plain < bare_seconds("start")


def test_the_line_and_how_far_off_it_a_size_lies() -> None:
    sizes = [Sized(n, 10 + 0.25 * n, 0) for n in (20, 200, 2000)]
    line = line_through(sizes, lambda each: each.seconds)
    assert (line.start, line.each) == pytest.approx((10, 0.25)) and line.off < 1e-9
    bent = line_through([*sizes[:2], Sized(2000, 2000.0, 0)], lambda each: each.seconds)
    assert bent.off > 0.1


@pytest.mark.parametrize(("nbval", "bare", "marks"), [(7.6, 0.16, ["✔", "✔"]), (7.4, 0.14, ["✘", "✘"])])
def test_whether_the_aims_are_met(nbval: float, bare: float, marks: list[str]) -> None:
    from rich.console import Console

    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    turns = {"ours": [9.0, 0.3, 0.3], "bare": [bare], "nbval": [nbval]}
    print_compared(console, [Compared("modes", turns, 40, 2, 20.0)])
    said = console.export_text()
    assert [mark for mark in said if mark in "✔✘"] == marks
    assert "0.50" in said, "the cold start shared by the class"


def test_nbgrader_gets_a_course_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []
    monkeypatch.setattr(grading, "_run", lambda line, folder: lines.append(line) or 1.0)
    (handed_in,) = hand_in(tmp_path / "x", lesson("start"), ["ann"])
    course = make_nbgrader_course(tmp_path / "course", lesson("start"), handed_in.path)
    assert grading.nbgrader_seconds(course) == 1.0
    assert [line[3:5] for line in lines] == [["generate_assignment", "start"], ["autograde", "start"]]
    assert (course / "submitted" / "learner" / "start" / "00_start_here.ipynb").exists()


def test_a_peer_that_fails_is_no_time(tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text("{]")
    with pytest.raises(RuntimeError, match="failed"):
        grading.nbval_seconds(tmp_path / "x.ipynb")


@pytest.mark.parametrize("arguments", [
    ["--lessons", "nothing"], ["--ways", "otter"], ["--sizes", "many"], ["--lessons", "batch"], ["--sizes", "0"],
])  # fmt: skip
def test_arguments_that_make_no_sense(arguments: list[str]) -> None:
    assert bench(*arguments)[0] == 2


def test_without_nbgrader_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading_command, "find_spec", lambda name: None)
    monkeypatch.setattr(grading_command, "compare", lambda lessons, ways, *rest: [])
    code, said = bench("--ways", "nbgrader")
    assert code == 0 and "nbgrader is not installed and is left out" in said
