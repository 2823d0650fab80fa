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
    """Whether a grader runs this process: ours says so in COURSE_GRADING, nbgrader in a variable of its own."""
    return os.environ.get("COURSE_GRADING") == "1" or in_nbgrader()


def in_nbgrader() -> bool:
    """Whether nbgrader runs this kernel, to grade or to validate."""
    return "NBGRADER_EXECUTION" in os.environ


def has_sources() -> bool:
    """Whether this copy of the course has the lessons' sources; a handout and an installed package do not."""
    return SOURCES.is_dir()


def graded_environment() -> dict[str, str]:
    """The variables that a grader, or a build, sets for the kernels that run its notebooks.

    Failing checks fail their cells, and every machine uses the bundled weights: without network and with an empty
    hub cache, so that outputs can be compared between machines.
    """
    return {"COURSE_GRADING": "1", "COURSE_OFFLINE": "1", "TORCH_HOME": str(home() / "no-hub-cache")}
