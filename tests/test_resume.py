"""A class that is graded in several runs: nothing is lost, nothing is graded twice, whatever ended a run."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from errands import die, threads_and_torch
from filelock import FileLock
from handing_in import RIGHT, WRONG, InPlace, hand_in
from waiting import PATIENCE, lives, until

from helpers.cli import main
from helpers.grading import command, release, results, whole_class
from helpers.grading.executors import JudgePool, local_judges
from helpers.grading.reports.files import CannotWrite, write_whole
from helpers.paths import ROOT

NAME = "00_start_here.ipynb"
CANNOT_BE_STOPPED = """
while True:
    try:
        while True: pass
    except BaseException: pass
"""


@pytest.fixture
def judges(monkeypatch: pytest.MonkeyPatch) -> InPlace:
    """In this process, where they cost least."""
    found = InPlace()
    monkeypatch.setattr(command, "local_judges", found.judges)
    return found


def grade(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        main, ["grade", str(folder / "class"), "--out", str(folder / "out"), *arguments]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def points(folder: Path) -> dict[str, int]:
    report = json.loads((folder / "out" / "report.json").read_text())
    return {each["learner"]: each["earned"] for each in report["submissions"]}


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "out" / "graded").glob("*.json"))


@pytest.fixture
def three(tmp_path: Path) -> Path:
    for learner, answer in (("ann", RIGHT), ("bob", WRONG), ("cleo", RIGHT)):
        hand_in(tmp_path, f"class/{learner}/{NAME}", answer)
    return tmp_path


# what is taken over ------------------------------------------------------------------------------------------


def test_the_next_run_grades_what_changed_or_is_missing(three: Path, judges: InPlace) -> None:
    assert grade(three)[0] == 0
    first = (three / "out" / "report.json").read_bytes()
    assert judges.learners == ["ann", "bob", "cleo"]
    _code, said = grade(three)
    assert len(judges.calls) == 3 and "3 of 3 were graded before" in said
    assert (three / "out" / "report.json").read_bytes() == first, "seconds and all"
    hand_in(three, f"class/bob/{NAME}", RIGHT)
    hand_in(three, f"class/dan/{NAME}", WRONG)
    grade(three)
    assert judges.learners[3:] == ["bob", "dan"]
    assert points(three) == {"ann": 2, "bob": 2, "cleo": 2, "dan": 0}


@pytest.mark.parametrize("arguments", [["--seed", "5"], ["--timeout", "200"], ["--fresh"]])
def test_other_terms_and_fresh_grade_all_again(three: Path, judges: InPlace, arguments: list[str]) -> None:
    grade(three)
    grade(three, *arguments)
    assert judges.learners == ["ann", "bob", "cleo"] * 2


def test_another_release_and_another_language_grade_all_again(
    three: Path, judges: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade(three)
    monkeypatch.setenv("COURSE_LANG", "zh")
    grade(three)
    assert "最小" in (three / "out" / "report.json").read_text()
    monkeypatch.setattr(results, "release", lambda: "the next one")
    grade(three)
    assert judges.learners == ["ann", "bob", "cleo"] * 3


def test_the_release_is_the_code_and_the_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "DECIDES", ((tmp_path, ("*.py",)),))
    found = set()
    for change in ("x = 1", "x = 2"):
        (tmp_path / "a.py").write_text(change)
        found.add(release.release.__wrapped__())
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    found.add(release.release.__wrapped__())
    assert len(found) == 3


def test_all_have_the_same_secret_seed_in_every_run(three: Path, judges: InPlace) -> None:
    grade(three)
    hand_in(three, f"class/dan/{NAME}", RIGHT)
    grade(three)
    assert len({terms.seed for _data, _handed_in, terms in judges.calls}) == 1
    (seed,) = (three / "out" / "graded").glob("seed")
    assert stat.S_IMODE(seed.stat().st_mode) == 0o600 and stat.S_IMODE(seed.parent.stat().st_mode) == 0o700
    grade(three, "--fresh")
    assert len({terms.seed for _data, _handed_in, terms in judges.calls}) == 2


def test_no_answer_sees_the_seed_or_the_results(three: Path, judges: InPlace) -> None:
    look = f"""
import os
def best_category(logits, categories):
    folder = {str(three / "out" / "graded")!r}
    raise ValueError(f"it sees {{os.listdir(folder) if os.path.isdir(folder) else []}}")
"""
    hand_in(three, f"class/ann/{NAME}", look)
    grade(three)
    (terms, *_rest) = [terms for _data, _handed_in, terms in judges.calls]
    assert {three / "out", three / "out" / "graded", three / "class"} <= set(terms.hidden)
    if os.environ.get("COURSE_CI"):
        assert "it sees []" in (three / "out" / "report.json").read_text()


@pytest.mark.parametrize("damage", [
    lambda data: b"", lambda data: data[: len(data) // 2], lambda data: data.replace(b'"earned":2', b'"earned":9'),
    lambda data: b"\xff" * 99,
], ids=["empty", "half", "altered", "bytes"])  # fmt: skip
def test_a_damaged_result_is_graded_again(three: Path, judges: InPlace, damage) -> None:
    grade(three)
    before = points(three)
    for path in kept(three)[:2]:
        path.write_bytes(damage(path.read_bytes()) or b"")
    (three / "out" / "graded" / ".x.json.tmp").write_bytes(b"half")
    grade(three)
    damaged = 2 if damage(b'"earned":2') != b'"earned":9' else sum(each == 2 for each in before.values())
    assert 3 < len(judges.calls) <= 3 + damaged
    assert points(three) == before


def test_a_seed_file_that_is_damaged_is_drawn_again_for_all(three: Path, judges: InPlace) -> None:
    grade(three)
    (three / "out" / "graded" / "seed").write_text("?")
    grade(three)
    assert judges.learners == ["ann", "bob", "cleo"] * 2


def test_our_own_fault_is_graded_again(three: Path, judges: InPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.grading import grade as grading
    from helpers.grading.process import CannotStart

    def broken(*args):
        raise CannotStart("no process")

    with monkeypatch.context() as patch:
        patch.setattr(grading.AnswerProcess, "_start", broken)
        code, said = grade(three)
    assert code == 1 and "3 answers could not be checked" in said and "no process" in said
    report = json.loads((three / "out" / "report.json").read_text())
    assert {row["status"] for each in report["submissions"] for row in each["exercises"]} == {"uncheckable"}
    grade(three)
    assert points(three) == {"ann": 2, "bob": 0, "cleo": 2}


def test_a_file_that_is_unreadable_now_is_read_again(three: Path, judges: InPlace) -> None:
    link = three / "class" / "dan" / NAME
    link.parent.mkdir()
    link.symlink_to(three / "nowhere")
    assert grade(three)[0] == 3
    link.unlink()
    hand_in(three, f"class/dan/{NAME}", RIGHT)
    assert grade(three)[0] == 0
    assert points(three)["dan"] == 2 and judges.learners == ["ann", "bob", "cleo", "dan"]


def test_two_runs_do_not_share_a_folder(three: Path, judges: InPlace) -> None:
    (three / "out" / "graded").mkdir(parents=True)
    with FileLock(three / "out" / "graded" / "lock"):
        code, said = grade(three)
    assert code == 2 and "Another course grade works in" in said


def test_a_disk_that_is_full_ends_the_run_and_not_what_is_kept(
    three: Path, judges: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, written = results.write_whole, []

    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        written.append(path)
        if len(written) > 2:  # the seed, and one result
            raise CannotWrite(path, OSError(28, "No space left on device"))
        whole(path, data, mode)

    with monkeypatch.context() as patch:
        patch.setattr(results, "write_whole", full)
        code, said = grade(three)
    assert code == 1 and "No space left" in said and "Run the same command again" in said
    grade(three)
    assert points(three) == {"ann": 2, "bob": 0, "cleo": 2}
    assert len(kept(three)) == 3


def test_a_file_for_its_owner_alone_is_so_from_the_start(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", b"secret", mode=0o600)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600
    write_whole(tmp_path / "y", b"for all")
    (tmp_path / "z").touch()
    assert (tmp_path / "y").stat().st_mode == (tmp_path / "z").stat().st_mode


# memory ------------------------------------------------------------------------------------------------------


def test_only_a_few_notebooks_are_in_memory_at_a_time(
    three: Path, judges: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        hand_in(three, f"class/x{number}/{NAME}", RIGHT)
    read, most = [], []
    real = whole_class.read_bytes
    monkeypatch.setattr(whole_class, "read_bytes", lambda path: (read.append(path), real(path))[1])
    monkeypatch.setattr(
        whole_class, "grade_submission", lambda data, each, terms: whole_class.unreadable(each, "x")
    )
    keep = results.Results.keep

    def counted(self, *arguments) -> None:
        keep(self, *arguments)
        most.append(len(read) - len(kept(three)))

    monkeypatch.setattr(results.Results, "keep", counted)
    grade(three)
    assert len(read) == 23 and max(most) <= 3, "two that wait, and the next"


# runs that end early -----------------------------------------------------------------------------------------


def start(folder: Path, temporary: Path) -> subprocess.Popen:
    """The command itself, with a folder of its own for what is temporary."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    line = [
        sys.executable,
        "-c",
        "from helpers.cli import main; main()",
        "grade",
        str(folder / "class"),
        "--out",
        str(folder / "out"),
    ]
    return subprocess.Popen(
        line,
        env=environment,
        start_new_session=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder whose name leaves room for the name of a socket, which pytest's own may not."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "sigkill"])
def test_a_run_that_is_stopped_half_way_goes_on(
    three: Path, judges: InPlace, temporary: Path, sent: signal.Signals
) -> None:
    hand_in(three, f"class/cleo/{NAME}", CANNOT_BE_STOPPED)
    run = start(three, temporary)
    until(lambda: len(kept(three)) == 2 and any(each.cpu_times().user > 0.5 for each in answers_of(run.pid)))
    before = {path: path.stat().st_mtime_ns for path in kept(three)}
    children = psutil.Process(run.pid).children(recursive=True)
    if sent == signal.SIGINT:
        os.killpg(run.pid, sent)  # as a terminal does
    else:
        run.send_signal(sent)
    _said, told = run.communicate(timeout=PATIENCE)
    assert "Traceback" not in told
    if sent == signal.SIGINT:
        assert run.returncode == 130
        assert "Stopped. 2 of 3 are graded and kept in" in " ".join(told.split())
    until(lambda: not any(map(lives, children)))
    assert not list(temporary.glob("answers-*")), "no working folder is left"
    hand_in(three, f"class/cleo/{NAME}", RIGHT)
    assert "2 of 3 were graded before" in grade(three)[1]
    assert judges.learners == ["cleo"], "and nothing else"
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert points(three) == {"ann": 2, "bob": 0, "cleo": 2}


def test_a_temporary_folder_with_too_long_a_name_is_told(three: Path) -> None:
    long = three / ("x" * 100)
    long.mkdir()
    run = start(three, long)
    _said, told = run.communicate(timeout=PATIENCE)
    assert run.returncode == 1
    assert "set TMPDIR to a shorter one" in " ".join(told.split())


def answers_of(pid: int) -> list[psutil.Process]:
    """The processes of answers that a run started: its judges start servers, which start them."""
    return [
        answer
        for judge in psutil.Process(pid).children()
        for server in judge.children()
        for answer in server.children(recursive=True)
    ]


def test_ctrl_c_without_out_says_that_nothing_is_kept(
    three: Path, judges: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "grade_class", interrupted)
    result = CliRunner().invoke(main, ["grade", str(three / "class")])
    assert result.exit_code == 130 and "Nothing is kept without --out" in " ".join(result.output.split())


def test_a_cluster_that_is_gone_ends_the_run_with_what_is_kept(
    three: Path, judges: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args):
        raise CancelledError

    monkeypatch.setattr(whole_class, "grade_submission", gone)
    code, said = grade(three)
    assert code == 1 and "The Dask cluster is gone. 0 of 3 are graded" in said


# judges that die ---------------------------------------------------------------------------------------------


def test_a_judge_that_dies_takes_nothing_with_it(tmp_path: Path) -> None:
    with local_judges(1) as at_work:
        pool = at_work.executor
        once = pool.submit(die, tmp_path / "once", True)
        always = pool.submit(die, tmp_path / "always", False)
        after = pool.submit(pow, 2, 3)
        assert once.result(PATIENCE) == "alive"
        with pytest.raises(BrokenProcessPool):
            always.result(PATIENCE)
        assert after.result(PATIENCE) == 8
    assert len((tmp_path / "always").read_text()) == 2, "it was tried twice, and no more"


def test_what_no_judge_came_to_an_end_with_is_reported_and_tried_again(
    three: Path, judges: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = whole_class.grade_submission

    def deadly(data, handed_in, terms):
        if handed_in.learner == "bob":
            raise BrokenProcessPool("died")
        return real(data, handed_in, terms)

    with monkeypatch.context() as patch:
        patch.setattr(whole_class, "grade_submission", deadly)
        code, said = grade(three)
    assert code == 3 and "bob: No judge came to an end with it" in said
    assert points(three) == {"ann": 2, "bob": 0, "cleo": 2}
    judges.calls.clear()
    assert grade(three)[0] == 0
    assert judges.learners == ["bob"]


def test_a_judge_begins_without_torch() -> None:
    """Which reads its number of threads when it is imported, and takes seconds."""
    with local_judges(3) as at_work:
        threads, early = at_work.executor.submit(threads_and_torch).result(PATIENCE)
    assert not early and int(threads) >= 1


def test_a_pool_that_is_stopped_does_not_wait() -> None:
    pool = JudgePool(1)
    begun, never = pool.submit(time.sleep, 1000), pool.submit(time.sleep, 1000)
    until(begun.running)
    pool.stop()
    pool.shutdown()
    assert never.cancelled() and begun.exception(PATIENCE) is not None
