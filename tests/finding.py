"""The machine's own Chromium: the tests bring none along."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """Its path. Without one the test is skipped; in CI (COURSE_CI) it fails, so that nobody believes it has passed."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing = "no Chromium here (on Debian: apt-get install chromium)"
        if os.environ.get("COURSE_CI"):
            pytest.fail(f"{missing}, and CI must run the browser tests", pytrace=False)
        pytest.skip(missing)
    return path
