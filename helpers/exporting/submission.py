"""Gradescope's submission folder, brought into the form that ``course grade`` takes for one learner.

``python -m helpers.exporting.submission FROM TO LESSON…``, as an exported autograder calls it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.grading.collecting import collect
from helpers.grading.reading import Unreadable, read_bytes, read_submission


def copy_notebooks(submission: Path, target: Path, lessons: Sequence[str]) -> None:
    """Copy what is to be graded into one flat folder, which is made.

    A notebook of another lesson is left out, so that it earns nothing here; one that cannot be read is copied, so
    that the report says what is wrong with it.

    Args:
        submission: what a learner handed in: files, or folders in folders.
        target: the folder to make.
        lessons: names of the lessons that are graded.
    """
    target.mkdir(parents=True)
    for number, each in enumerate(collect([submission])):
        if _is_wanted(each.path, lessons):
            name = each.path.name if not (target / each.path.name).exists() else f"{number}-{each.path.name}"
            shutil.copyfile(each.path, target / name, follow_symlinks=False)


def _is_wanted(path: Path, lessons: Sequence[str]) -> bool:
    try:
        return read_submission(read_bytes(path), path.name).lesson.name in lessons
    except Unreadable:
        return path.is_file()


if __name__ == "__main__":
    copy_notebooks(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
