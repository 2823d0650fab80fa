"""The command ``course``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli import main
from helpers.exercises import lessons
from helpers.learning import store as store_module
from helpers.learning.store import Store
from helpers.learning.summary import standings
from helpers.text import use_language


def test_exercises_json_is_to_the_contract() -> None:
    result = CliRunner().invoke(main, ["exercises", "--json"])
    rows = json.loads(result.output)
    assert [set(row) for row in rows] == [{"id", "lesson", "title", "points", "answer"}] * len(rows)
    assert rows[0] == {
        "id": "start-1", "lesson": "00_start_here", "title": "Name the model's answer", "points": 2,
        "answer": "best_category",
    }  # fmt: skip
    assert len({row["id"] for row in rows}) == len(rows) == sum(len(each.exercises) for each in lessons())


def test_exercises_as_a_table() -> None:
    result = CliRunner().invoke(main, ["exercises"])
    assert result.exit_code == 0
    assert "best_category" in result.output


@pytest.fixture
def journal(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """One exercise solved after a mistake, one only tried."""
    monkeypatch.setattr(store_module, "_store", None)
    monkeypatch.setenv("COLUMNS", "160")
    journal = Store(own_home)
    journal.add("check", "start-1", status="failed", earned=0, possible=2, mistake="gave-smallest")
    journal.add("check", "start-1", status="passed", earned=2, possible=2)
    journal.add("check", "nograd-1", status="partial", earned=1, possible=3, mistake="graph-was-built")
    yield journal
    use_language(None)


def line_with(text: str, output: str) -> str:
    return next(line for line in output.splitlines() if text in line)


def test_progress_in_a_terminal(journal: Store) -> None:
    result = CliRunner().invoke(main, ["progress"])
    assert result.exit_code == 0, result.output
    possible = sum(exercise.points for lesson in lessons() for exercise in lesson.exercises)
    count = sum(len(lesson.exercises) for lesson in lessons())
    assert re.findall(r"\d+/\d+", line_with("00 Start here", result.output)) == ["1/1", "2/2"]
    assert [f"1/{count}", f"3/{possible}"] == re.findall(r"\d+/\d+", line_with("  all ", result.output))
    assert "Next: `modes-1`" in result.output
    assert "Mistakes: 2 met, 1 overcome" in result.output
    assert "✔ start-1: You returned the category with the smallest logit" in result.output
    assert "✘ nograd-1: graph-was-built" in result.output, (
        "noted before the journal kept what fills a sentence in"
    )
    assert "nograd-2" not in result.output


def test_progress_of_every_exercise(journal: Store) -> None:
    said = CliRunner().invoke(main, ["progress", "--exercises"]).output
    assert "2/2" in line_with("✔ start-1", said)
    assert "1/3" in line_with("◐ nograd-1", said)
    assert "0/3" in line_with("○ nograd-2", said)


def test_progress_in_chinese(journal: Store) -> None:
    said = CliRunner().invoke(main, ["progress", "--lang", "zh", "--exercises"]).output
    assert "训练模式与评估模式" in said
    assert not re.search(r"\b(points|exercises|Next|Mistakes|lesson)\b", said)


def test_progress_resets_one_exercise_and_asks_first(journal: Store) -> None:
    asked = CliRunner().invoke(main, ["progress", "--reset", "start-1"], input="n\n")
    assert "your code stays" in asked.output
    assert asked.exit_code == 1
    assert standings(journal.events())["start-1"].passed
    done = CliRunner().invoke(main, ["progress", "--reset", "start-1"], input="y\n")
    assert done.exit_code == 0, done.output
    assert "Next: `start-1`" in done.output
    assert "start-1" not in standings(journal.events())
    assert standings(journal.events())["nograd-1"].earned == 1


def test_progress_names_the_nearest_exercise(journal: Store) -> None:
    result = CliRunner().invoke(main, ["progress", "--reset", "strat-1"])
    assert result.exit_code == 2
    assert "Did you mean 'start-1'?" in result.output


def test_bench_checks_prints_every_exercise() -> None:
    result = CliRunner().invoke(main, ["bench", "checks", "--runs", "1"])
    assert result.exit_code == 0, result.output
    for lesson in lessons():
        for exercise in lesson.exercises:
            assert exercise.id in result.output


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    for command in ("bench", "build", "doctor", "exercises", "progress"):
        assert command in result.output
