"""What several test files share."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes a real learner's progress, nor depends on the language of this shell."""
    home = tmp_path / "home"
    monkeypatch.setenv("COURSE_HOME", str(home))
    for name in ("COURSE_GRADING", "COURSE_LANG", "COURSE_SEED", "COURSE_ROLE"):
        monkeypatch.delenv(name, raising=False)
    return home
