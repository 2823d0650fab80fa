"""``course export``: what its commands do and print."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

_FOLDER = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path)
_force = click.option("--force", is_flag=True, help="Write although something is there already.")
_lessons = click.option(
    "--lesson",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this lesson: its name or its beginning, such as 01. May be repeated.",
)


@click.group()
def export() -> None:
    """Write the course for learners, or for other tools: nbgrader, Gradescope, GitHub Actions.

    docs/teaching.md shows each of them step by step.
    """


def _said_clearly(command: Callable[..., None]) -> Callable[..., None]:
    """What an export refuses is told in one sentence, with exit status 2."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        from helpers.authoring.source import SourceError
        from helpers.exporting.folder import ExportError

        try:
            command(*arguments, **options)
        except (ExportError, SourceError) as error:
            raise click.UsageError(str(error)) from None

    return run


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """A date or a time as ISO 8601 writes it; without a time zone it is this machine's."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no date. Write one like 2027-01-15 or 2027-01-15T18:00+01:00."
        ) from None
    return moment.astimezone() if moment.tzinfo is None else moment


@export.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option(
    "--solutions-from",
    callback=_moment,
    metavar="DATE",
    help="When solution() opens, such as 2027-01-15. Without it, solution() stays closed.",
)
@_force
@_said_clearly
def handout(folder: Path, solutions_from: datetime | None, force: bool) -> None:
    """Write what learners get into DIR: lessons and helpers, no sources, no solutions, no tests.

    The solutions are a file of their own (course export solutions), which you give out when solution() opens.
    """
    from helpers.exporting.folder import write_folder
    from helpers.exporting.handout import handout_files
    from helpers.learning.handout import SOLUTIONS

    files = handout_files(solutions_from)
    write_folder(folder, "handout", files, force)
    click.echo(f"Wrote {len(files)} files into {folder}.")
    if solutions_from is None:
        click.echo(
            "solution() is closed in it. Once you want it open: course export solutions solutions.json"
        )
    elif SOLUTIONS in files:
        click.echo(f"The solutions are in it ({SOLUTIONS}), because {solutions_from.isoformat()} is over.")
    else:
        click.echo(
            f"solution() opens on {solutions_from.isoformat()}, in copies that have {SOLUTIONS} by then: "
            f"course export solutions {SOLUTIONS}"
        )


@export.command()
@click.argument("file", type=_FILE, metavar="FILE")
@_force
@_said_clearly
def solutions(file: Path, force: bool) -> None:
    """Write all solutions to FILE. Beside a handout's handout.json, as solutions.json, it opens solution().

    The file is plain text: give it out no earlier than learners may read it.
    """
    from helpers.exporting.folder import write_file
    from helpers.exporting.handout import solutions_file

    write_file(file, solutions_file(), force)
    click.echo(f"Wrote {file}. Learners put it into their course's folder as solutions.json.")


@export.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@_lessons
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@_force
@_said_clearly
def nbgrader(folder: Path, names: tuple[str, ...], language: str, force: bool) -> None:
    """Write a course folder for nbgrader 0.9 into DIR, with one assignment a lesson.

    Its scores are those of course grade: nbgrader asks the course's judge.
    """
    from importlib.util import find_spec

    from helpers.exporting.folder import write_folder
    from helpers.exporting.nbgrader import nbgrader_files

    files = nbgrader_files(names, language)
    write_folder(folder, "nbgrader", files, force)
    assignments = sorted(name.split("/")[1] for name in files if name.startswith("source/"))
    click.echo(f"Wrote {len(assignments)} assignments into {folder}. There, run:")
    if find_spec("nbgrader") is None:
        click.echo("  pip install nbgrader==0.9.6        (it is not installed beside the course)")
    click.echo(f"  nbgrader generate_assignment {assignments[0]}")


@export.command()
@click.argument("file", type=_FILE, metavar="FILE.zip")
@_lessons
@_force
@_said_clearly
def gradescope(file: Path, names: tuple[str, ...], force: bool) -> None:
    """Write an autograder for Gradescope to FILE.zip. Name the assignment's lesson with --lesson.

    Its scores are those of course grade. It holds the judges, and no solutions.
    """
    from helpers.exporting.content import chosen_lessons
    from helpers.exporting.folder import write_file
    from helpers.exporting.gradescope import gradescope_archive

    write_file(file, gradescope_archive(names), force)
    graded = chosen_lessons(names)
    points = sum(exercise.points for lesson in graded for exercise in lesson.exercises)
    click.echo(
        f"Wrote {file}, for {', '.join(lesson.name for lesson in graded)}. Upload it as the autograder of a "
        f"programming assignment, and give that {points} points."
    )


@export.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@_lessons
@_force
@_said_clearly
def classroom(folder: Path, names: tuple[str, ...], force: bool) -> None:
    """Write a GitHub Actions workflow into DIR, the repository that learners start from.

    It runs pytest --grade on every push and reports the points, as GitHub Classroom's own graders do. What learners
    may edit reports feedback, not marks: collect their repositories and run course grade for those.
    """
    from helpers.exporting.classroom import WORKFLOW, classroom_files
    from helpers.exporting.folder import write_folder

    write_folder(folder, "classroom", classroom_files(names), force, alone=False)
    click.echo(f"Wrote {folder / WORKFLOW} and what it needs. Commit both, then push.")
