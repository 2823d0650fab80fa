"""``course evidence``: what an author sees of the answers that prove an exercise.

The answers of all exercises are judged in ``test_three_ways.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.authoring import evidence
from helpers.cli import main

RIGHT = "def best_category(logits, categories):\n    return categories[logits.argmax()]"
TWO = f"""
# %% right="argmax"
{RIGHT}

# %% wrong="gave-smallest"
{RIGHT.replace("argmax", "argmin")}
"""


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["evidence", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(evidence, "EVIDENCE", tmp_path)
    return tmp_path / "start-1.py"


def test_all_answers_of_an_exercise_are_told_what_they_must_be() -> None:
    for seed in ("1", "2"):
        code, output = said("start-1", "--seed", seed)
        assert code == 0
        assert "gave-smallest" in output
        assert re.search(r"All \d\d answers are told what they must be", output)


@pytest.mark.parametrize(("before", "after"), [
    ("argmax()", "argmin()"), ('wrong="gave-smallest"', 'wrong="wrong-type"'),
    ('wrong="gave-smallest"', 'wrong="gave-smallest" earned=1'),
    ('wrong="gave-smallest"', 'wrong="gave-smallest" status="error"'), ("argmin()", "argmax()"),
], ids=["a right one fails", "another mistake", "other points", "another status", "a wrong one passes"])  # fmt: skip
def test_one_that_is_not_is_shown(written: Path, before: str, after: str) -> None:
    written.write_text(TWO)
    assert said("start-1")[0] == 0
    written.write_text(TWO.replace(before, after))
    code, output = said("start-1")
    assert code == 1
    assert "✘ 1 of 2 answers are not told what they must be" in output


def test_what_cannot_be_judged_is_said(written: Path) -> None:
    assert said("start-9")[0] == 2 and "start-1" in said("start-9")[1]
    code, output = said("start-1")
    assert code == 1 and "no evidence" in output
    written.write_text("# %%\nx = 1")
    code, output = said("start-1")
    assert code == 2 and "begin each answer" in output
