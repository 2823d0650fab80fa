"""A folder of hostile and broken answers: each gets the score that it earns by what it computes, and changes nothing.

They lie in ``tests/hostile``, a family a file, in percent format. The head of each says what it does, and where it
differs from the rest: the ``exercise`` it answers (``start-1``), what it has ``earned`` (0), the ``status`` of the exercise
where that matters, and the ``timeout`` of its submission. Before it are put ``COURSE``, the course's folder, and ``OTHERS``, that of the other submissions.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.forkserver import _forkserver
from multiprocessing.util import get_temp_dir
from pathlib import Path

import jupytext
import nbformat
import psutil
import pytest
from handing_in import RIGHT, hand_in

from helpers.authoring.build import Product, assemble
from helpers.exercises import lesson_of
from helpers.grading import process
from helpers.grading.collecting import HandedIn
from helpers.grading.grade import Terms, grade_file
from helpers.grading.protections import PROTECTIONS, protections
from helpers.grading.reports.record import SubmissionReport
from helpers.paths import ROOT

FOLDER = Path(__file__).with_name("hostile")
FAMILIES = sorted(path.stem for path in FOLDER.glob("*.py"))
SEED = 4242

pytestmark = pytest.mark.skipif(
    not os.environ.get("COURSE_CI") and set(protections()) != set(PROTECTIONS),
    reason="this machine cannot confine answers, and these would harm it",
)


@dataclass(frozen=True)
class Hostile:
    """An answer that is up to something."""

    name: str
    code: str
    exercise: str
    earned: int
    status: str | None
    timeout: float


def hostile(family: str) -> list[Hostile]:
    cells = jupytext.reads((FOLDER / f"{family}.py").read_text(encoding="utf-8"), fmt="py:percent").cells
    return [
        Hostile(
            cell.metadata["name"],
            cell.source,
            cell.metadata.get("exercise", "start-1"),
            int(cell.metadata.get("earned", 0)),
            cell.metadata.get("status"),
            float(cell.metadata.get("timeout", 60)),
        )
        for cell in cells
        if cell.cell_type == "code"
    ]


def write(answer: Hostile, folder: Path) -> HandedIn:
    """The learner's notebook with this answer in it."""
    lesson = lesson_of(answer.exercise)
    notebook = assemble(Product(lesson, "en", solved=False))
    given = f"COURSE = {str(ROOT)!r}\nOTHERS = {str(folder)!r}\n"
    next(cell for cell in notebook.cells if cell.id == answer.exercise).source = given + answer.code
    path = folder / answer.name.replace("/", "-") / f"{lesson.name}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return HandedIn(answer.name, path)


@pytest.fixture(scope="module", autouse=True)
def judges_secrets() -> Iterator[None]:
    """A judge with something to hide, and little patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", "SECRET")
        patch.setenv("COURSE_SEED", str(SEED))
        patch.setattr(sys, "argv", ["course", "grade", "--seed", str(SEED)])
        limits = replace(
            process.LIMITS,
            cell=2.0,
            memory=3 * 2**29,
            all_memory=2**30,
            disk=2**25,
            files_made=1000,
            processes=60,
            message=2**23,
        )
        patch.setattr(process, "LIMITS", limits)
        patch.setattr(process, "GRACE", 0.5)
        get_temp_dir()  # multiprocessing's own folder is made once, and not among those that are looked at
        _forkserver._stop()  # the next one starts with these secrets around it
        yield


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the judge makes its temporary folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def everything_around() -> dict[str, tuple]:
    """All files of the course, and what lies where start files of Python and of shells lie."""
    places = [Path.home(), Path(sysconfig.get_path("purelib")), Path("/dev/shm"), Path("/tmp")]
    loud = {"__pycache__", ".git", ".course", ".pytest_cache", ".ruff_cache"}
    found = {
        f"{folder}/{name}": ()
        for folder in places
        if folder.is_dir()
        for name in os.listdir(folder)
        if name in HOSTILE_FILES
    }
    for where, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in loud and not name.startswith(".venv")]
        for name in files:
            about = os.lstat(os.path.join(where, name))
            found[os.path.join(where, name)] = (about.st_mtime_ns, about.st_size, about.st_mode)
    return found


HOSTILE_FILES = {
    *("sitecustomize.py", "usercustomize.py", "hostile.pth", "results.json", "report.json", "gradebook.csv"),
    *("full", "file-0", "hole"),
}


def left_over() -> list[psutil.Process]:
    """What answers started and is still there, after a moment for the kernel to bury it."""
    end = time.monotonic() + 10
    server = psutil.Process(_forkserver._forkserver_pid)
    while (left := server.children(recursive=True)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def grade(handed_in: HandedIn, timeout: float) -> SubmissionReport:
    return grade_file(handed_in, Terms(SEED, timeout, hidden=(handed_in.path.parents[1],))).report


@pytest.mark.parametrize("family", FAMILIES)
def test_what_it_computes_is_what_it_earns(family: str, tmp_path: Path, temporary: Path) -> None:
    answers, submitted = hostile(family), tmp_path / "submitted"
    good = HandedIn("good", hand_in(submitted, "good/00_start_here.ipynb", RIGHT))
    handed_in = [write(answer, submitted) for answer in answers]
    before, notebooks = everything_around(), {each.path: each.path.read_bytes() for each in handed_in}

    found = {}
    for answer, each in zip(answers, handed_in, strict=True):
        report = grade(each, answer.timeout)
        assert report.status == "graded", answer.name
        found[answer.name] = report.earned
        row = next(row for row in report.exercises if row.id == answer.exercise)
        assert row.earned == report.earned
        assert answer.status in (None, row.status), (answer.name, row)
    assert found == {answer.name: answer.earned for answer in answers}

    assert grade(good, 60).earned == 2
    assert left_over() == []
    assert list(temporary.iterdir()) == []
    assert everything_around() == before
    assert {path: path.read_bytes() for path in notebooks} == notebooks


def test_there_are_enough_of_them() -> None:
    names = [(family, answer.name) for family in FAMILIES for answer in hostile(family)]
    assert len(names) == len(set(names)) >= 40
