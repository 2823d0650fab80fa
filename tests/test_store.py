"""Progress is hard to lose."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from helpers.learning.store import Store
from helpers.learning.summary import standings


def fresh(folder: Path) -> Store:
    """A store as a restarted kernel sees it: nothing in memory."""
    return Store(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = Store(tmp_path / "home")
    store.add("check", "modes-1", status="failed", earned=0, possible=2, mistake="scaled-twice")
    store.add("check", "modes-1", status="passed", earned=2, possible=2, mistake=None)
    store.add("predict", "modes-q1", choice=2)
    return tmp_path / "home"


def assert_whole(store: Store) -> None:
    known = standings(store.events())
    assert known["modes-1"].passed
    assert known["modes-1"].earned == 2
    assert known["modes-1"].mistakes == ["scaled-twice"]
    assert known["modes-q1"].prediction == 2


def test_survives_a_restart(folder: Path) -> None:
    store = fresh(folder)
    assert_whole(store)
    assert not store.repaired


@pytest.mark.parametrize("victim", ["progress.jsonl", "progress.backup.jsonl"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x00\xff garbage \n{]"),
        lambda path: path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2]),
        lambda path: path.write_text('{"at": 3}\n[1, 2]\n"text"\n'),
    ],
    ids=["deleted", "emptied", "garbage", "cut in the middle", "other JSON"],
)
def test_one_damaged_copy_is_rebuilt_and_said(folder: Path, victim: str, damage) -> None:
    damage(folder / victim)
    store = fresh(folder)
    assert_whole(store)
    assert store.repaired
    again = fresh(folder)
    assert_whole(again)
    assert not again.repaired, "the copies were not rebuilt"


def test_both_copies_damaged_in_different_lines_lose_nothing(folder: Path) -> None:
    for path, victim in zip(sorted(folder.glob("*.jsonl")), (1, 2), strict=True):
        lines = path.read_text().splitlines()
        lines[victim] = lines[victim][:20]
        path.write_text("\n".join(lines))
    store = fresh(folder)
    assert_whole(store)
    assert store.repaired


def test_a_line_added_after_a_torn_one_is_whole(folder: Path) -> None:
    for path in folder.glob("*.jsonl"):
        path.write_text(path.read_text() + '\n{"at": "20')
    store = fresh(folder)
    store.add("hint", "modes-2", level=1)
    known = standings(fresh(folder).events())
    assert known["modes-2"].hints == 1
    assert known["modes-1"].passed


def test_the_damaged_copy_is_kept_aside(folder: Path) -> None:
    (folder / "progress.jsonl").write_text("{] not json")
    fresh(folder).events()
    assert (folder / "progress.damaged").read_text() == "{] not json"


def test_a_later_failure_does_not_take_a_pass_away(folder: Path) -> None:
    store = fresh(folder)
    store.add("check", "modes-1", status="failed", earned=0, possible=2, mistake="wrong-shape")
    assert_passed = standings(store.events())["modes-1"]
    assert assert_passed.passed
    assert assert_passed.earned == 2


def test_events_of_a_strange_type_cost_themselves_alone(folder: Path) -> None:
    store = fresh(folder)
    store.add("check", "modes-1", status="passed", earned="many", possible=None, mistake=7)
    store.add("hint", "modes-1", level=[1])
    assert_whole(fresh(folder))


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    store = Store(blocked)
    store.add("check", "modes-1", status="passed", earned=2, possible=2)
    assert standings(store.events())["modes-1"].passed


def _add_many(folder: Path, name: str) -> None:
    store = Store(folder)
    for number in range(50):
        store.add("hint", f"{name}-{number}", level=1)


def test_two_notebooks_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_add_many, args=(tmp_path, name)) for name in ("modes", "nograd")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    store = Store(tmp_path)
    assert len(store.events()) == 100
    assert not store.repaired


def test_under_a_grader_nothing_is_written(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.learning.store import store

    monkeypatch.setenv("COURSE_GRADING", "1")
    store().add("check", "modes-1", status="passed", earned=2, possible=2)
    assert standings(store().events())["modes-1"].passed
    assert not own_home.exists()
