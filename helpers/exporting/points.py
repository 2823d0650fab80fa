"""The points of a ``pytest --grade`` run, told to GitHub: two notices, and the summary of the workflow's run.

``python -m helpers.exporting.points JUNIT-FILE LESSON…``, as an exported workflow calls it. The notices are those of
Classroom's own reporter (classroom-resources/autograding-grading-reporter).
"""

from __future__ import annotations

import json
import os
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.exercises import lessons


@dataclass(frozen=True)
class Row:
    """What one exercise earned."""

    exercise: str
    status: str
    earned: int
    possible: int
    mistake: str = ""


def read_rows(junit: Path, names: Sequence[str]) -> list[Row]:
    """Every exercise of these lessons, with the best that a ``pytest --grade --junitxml`` run saw of it.

    A repository holds each lesson in two languages, of which a learner solves one. What the run did not see, or
    could not read, earns nothing.
    """
    best: dict[str, Row] = {}
    for case in ElementTree.parse(junit).iter("testcase") if junit.exists() else ():
        told = {each.get("name"): each.get("value") for each in case.iter("property")}
        if "possible" in told:
            row = Row(
                told["exercise"], told["status"], int(told["earned"]), int(told["possible"]), told["mistake"]
            )
            if row.exercise not in best or row.earned > best[row.exercise].earned:
                best[row.exercise] = row
    asked = [exercise for lesson in lessons() if lesson.name in names for exercise in lesson.exercises]
    return [best.get(each.id, Row(each.id, "missing", 0, each.points)) for each in asked]


def notices(rows: list[Row]) -> str:
    """The workflow commands that put the points beside the commit."""
    earned, possible = sum(row.earned for row in rows), sum(row.possible for row in rows)
    report = json.dumps({"totalPoints": earned, "maxPoints": possible})
    return (
        f"::notice title=Autograding complete::Points {earned}/{possible}\n"
        f"::notice title=Autograding report::{report}\n"
    )


def summary(rows: list[Row]) -> str:
    """A table in Markdown."""
    lines = ["| exercise | points | found |", "|---|---|---|"]
    lines += [
        f"| {row.exercise} | {row.earned} of {row.possible} | {row.status} {row.mistake} |" for row in rows
    ]
    return "\n".join(lines) + "\n"


def main(junit: Path, names: Sequence[str]) -> int:
    """Print the notices and write the table where GitHub wants it; 0 when every point was earned, else 1."""
    rows = read_rows(junit, names)
    sys.stdout.write(notices(rows))
    if "GITHUB_STEP_SUMMARY" in os.environ:
        with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
            file.write(summary(rows))
    return 0 if all(row.earned == row.possible for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
