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
    assert [(met.key, met.overcome) for met in known["modes-1"].mistakes] == [("scaled-twice", True)]
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
    assert store.unsaved, "and the learner can be told"


def test_what_could_not_be_written_is_written_later_and_is_no_damage(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.write_text("in the way")
    store = Store(folder)
    store.add("check", "modes-1", status="passed", earned=2, possible=2)
    folder.unlink()
    store.add("hint", "modes-2", level=1)
    assert store.unsaved is None
    store.events()
    assert not store.repaired, "nothing was damaged"
    assert standings(fresh(folder).events())["modes-1"].passed


def test_a_mistake_is_overcome_by_a_pass_and_open_again_when_it_is_made_again() -> None:
    store = Store(None)
    for status, mistake in (("failed", "one"), ("failed", "two"), ("passed", None), ("failed", "two")):
        store.add("check", "modes-1", status=status, earned=0, mistake=mistake)
    met = standings(store.events())["modes-1"].mistakes
    assert [(each.key, each.overcome) for each in met] == [("one", True), ("two", False)]


def test_a_reset_exercise_begins_at_nothing_and_the_others_stay(folder: Path) -> None:
    store = fresh(folder)
    store.add("check", "nograd-1", status="passed", earned=3, possible=3)
    store.add("forget", "modes-1")
    known = standings(fresh(folder).events())
    assert "modes-1" not in known
    assert known["nograd-1"].passed
    store.add("check", "modes-1", status="failed", earned=1, possible=2, mistake="wrong-shape")
    again = standings(fresh(folder).events())["modes-1"]
    assert (again.passed, again.earned, again.tries) == (False, 1, 1)


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
