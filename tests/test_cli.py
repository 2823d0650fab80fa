"""The command ``course``."""

from __future__ import annotations

import json

from click.testing import CliRunner

from helpers.cli import main
from helpers.exercises import lessons
from helpers.learning.store import Store


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


def test_progress_in_a_terminal(own_home) -> None:
    Store(own_home).add("check", "start-1", status="passed", earned=2, possible=2)
    result = CliRunner().invoke(main, ["progress"])
    assert "✔ start-1" in result.output
    assert "Next: `modes-1`" in result.output


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
