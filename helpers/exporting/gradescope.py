"""An autograder for Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/

The archive holds the two scripts that Gradescope looks for, and a copy of the course that can grade and knows no
solution.
"""

from __future__ import annotations

from collections.abc import Sequence

from helpers.exporting.content import check_sources, chosen_lessons, grader_files, render
from helpers.exporting.folder import archive

SETUP, RUN = "setup.sh", "run_autograder"


def gradescope_archive(names: Sequence[str] = ()) -> bytes:
    """The zip file that a teacher uploads as an assignment's autograder.

    Args:
        names: the lessons that the assignment is about, by the beginnings of their names; all by default.

    Raises:
        ExportError: for an unknown lesson, or when this copy of the course has no sources.
    """
    check_sources()
    lessons = [lesson.name for lesson in chosen_lessons(names)]
    files = {f"course/{name}": data for name, data in grader_files().items()}
    files[SETUP] = render("gradescope_setup.sh.j2")
    files[RUN] = render("gradescope_run.sh.j2", lessons=lessons)
    return archive(files, executable=frozenset({SETUP, RUN}))
