"""Without Chromium: one line for a person, a failure for CI."""

from __future__ import annotations

import pytest
from finding import find_chromium


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_without_chromium(ci: str, outcome: type, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("COURSE_CI", ci)
    with pytest.raises(outcome, match="apt-get install chromium"):
        find_chromium()
