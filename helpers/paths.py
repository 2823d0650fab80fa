"""Where the course's files are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SOURCES = NOTEBOOKS / "source"
EVIDENCE = ROOT / "tests" / "evidence"


def home() -> Path:
    """The folder of the learner's own progress: ``COURSE_HOME``, or ``.course`` beside the notebooks."""
    return Path(os.environ.get("COURSE_HOME") or ROOT / ".course")


def grading() -> bool:
    """Whether a grader runs this process. The grader sets the variable; a notebook cannot unset it in its grader."""
    return os.environ.get("COURSE_GRADING") == "1"
