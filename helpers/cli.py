"""The command ``course``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from helpers.exporting.command import export
from helpers.paths import has_sources


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The course's tools, for learners, teachers and authors."""


main.add_command(export)


def _need_sources() -> None:
    """Refuse, in a sentence, what a handout cannot do."""
    if not has_sources():
        raise click.UsageError(
            "This copy of the course has no lessons' sources, as a handout has none. Grading, building and measuring "
            "need them: run this in the teacher's clone of the course."
        )


@main.command()
def doctor() -> None:
    """Say what this machine has, and what to do about anything missing.

    Exit status 0 when the course can run here, 1 when something it needs is missing.
    """
    from rich.console import Console

    from helpers import doctor

    rows = doctor.print_report(Console())
    sys.exit(1 if doctor.worst(rows) == "problem" else 0)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for other tools.")
def exercises(as_json: bool) -> None:
    """List all exercises, with their points and the name each asks for."""
    from helpers.exercises import lessons

    rows = [
        {
            "id": item.id,
            "lesson": lesson.name,
            "title": str(item.title),
            "points": item.points,
            "answer": item.answer,
        }
        for lesson in lessons()
        for item in lesson.exercises
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    _print_table(
        ["id", "lesson", "title", "points", "answer"],
        [[row["id"], row["lesson"], row["title"], str(row["points"]), row["answer"]] for row in rows],
    )


@main.command()
@click.option("--exercises", "every_exercise", is_flag=True, help="A line for each exercise too.")
@click.option("--reset", "id", metavar="ID", help="Reset one exercise, such as modes-1. Asks first.")
@click.option("--yes", is_flag=True, help="With --reset: do not ask.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language (default: COURSE_LANG, or English).")
def progress(every_exercise: bool, id: str | None, yes: bool, lang: str | None) -> None:
    """Show your progress: lessons, exercises, points, what comes next, and mistakes met and overcome."""
    from rich.console import Console

    from helpers.exercises import UnknownId, find_exercise
    from helpers.learning.dashboard import forget, print_progress
    from helpers.text import use_language

    use_language(lang)
    if id is not None:
        try:
            find_exercise(id)
        except UnknownId as error:
            raise click.BadParameter(str(error), param_hint="--reset") from None
        if not yes:
            question = (
                f"Reset {id}? Its points, tries, hints and mistakes are set back to nothing; your code stays."
            )
            click.confirm(question, abort=True)
        forget(id)
    print_progress(Console(), every_exercise)


@main.command()
@click.argument("names", nargs=-1, metavar="[LESSON]...")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 when something is not what its source builds."
)
@click.option("--force", is_flag=True, help="Execute solutions again even when nothing changed.")
def build(names: tuple[str, ...], check: bool, force: bool) -> None:
    """Build the notebooks from notebooks/source, for authors.

    LESSON is a lesson's name or its beginning, such as 01; without any, all lessons are built. Solutions are
    executed, and only those that changed.
    """
    _need_sources()
    from helpers.authoring import command

    sys.exit(command.check(names) if check else command.build(names, force))


@main.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/site"),
    show_default=True,
    help="Folder of the site; an earlier one there is replaced.",
)
@click.option("--external", is_flag=True, help="Also list the addresses that lead out of the site.")
@click.option("--badges", is_flag=True, help="Build nothing; print the launch badges for the README.")
def site(out: Path, external: bool, badges: bool) -> None:
    """Build the course's web pages from the notebooks, and check their links.

    Exit status 0 when all is well, 1 when a page or a link is not as it should be.
    """
    from helpers.authoring.site import command, launch

    if badges:
        click.echo("\n".join(launch.badges()))
        return
    sys.exit(command.build(out, external))


@main.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH..."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for all reports. A run that was stopped goes on from what is there.",
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="File for the report."
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="File for JUnit XML.")
@click.option(
    "--gradescope",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for Gradescope's results.json, of one learner.",
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Submissions graded at a time."
)
@click.option(
    "--timeout", type=click.FloatRange(1), default=300, show_default=True, help="Seconds a submission."
)
@click.option("--seed", type=int, help="Make the judges' inputs from this number (default: a secret one).")
@click.option("--fresh", is_flag=True, help="Grade all again, also what --out holds from an earlier run.")
@click.option(
    "--dask", metavar="ADDRESS", help="Grade on the Dask cluster with this scheduler, in place of --jobs."
)
def grade(
    paths: tuple[Path, ...],
    out: Path | None,
    json_file: Path | None,
    junit: Path | None,
    gradescope: Path | None,
    jobs: int,
    timeout: float,
    seed: int | None,
    fresh: bool,
    dask: str | None,
) -> None:
    """Grade submissions: notebooks, a learner's folder, or a folder of learners' folders.

    Exit status 0 when every submission was graded, whatever its score; 1 when an answer could not be checked through
    no fault of the learner's, a report could not be written, or something broke the work off; 2 for unusable
    arguments; 3 when some submission could not be read (it is reported, with no points and the reason); 130 when
    stopped with Ctrl-C. The same command with the same --out then grades only what is missing or changed.
    """
    _need_sources()
    from helpers.grading import command
    from helpers.grading.reports.outputs import Outputs

    outputs = Outputs(out, json_file, junit, gradescope)
    sys.exit(command.grade(list(paths), outputs, jobs, timeout, seed, fresh, dask))


@main.command()
@click.argument(
    "submission", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="SUBMISSION"
)
@click.option(
    "-o",
    "out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The notebook to write.",
)
def rebuild(submission: Path, out: Path) -> None:
    """Rebuild the lesson with nothing of a SUBMISSION but its answers, for `pytest --nbval`.

    Checks, kernel, tags and metadata are the course's own, no output is stored, and comments that steer nbval are
    taken out. Answer and check still share one kernel there, so code in an answer's own cell can tamper with its
    check, and it runs with all your rights: to give points, use `course grade`, which has neither weakness.

    Exit status 0 when FILE was written, 2 for unusable arguments, 3 when the submission cannot be read.
    """
    _need_sources()
    from helpers.grading.rebuilding import rebuild_file

    sys.exit(rebuild_file(submission, out))


@main.command()
@click.argument("ids", nargs=-1, metavar="[EXERCISE]...")
@click.option("--seed", type=int, default=1, show_default=True, help="Makes the inputs.")
def evidence(ids: tuple[str, ...], seed: int) -> None:
    """Judge the answers in tests/evidence, right and wrong ones, and say what each is told.

    EXERCISE is an id such as modes-1; without any, all exercises are judged, which takes some minutes. Exit status 0 when
    each answer is told what it must be, 1 when one is not, 2 for an exercise that is not known or a file that is no
    evidence.
    """
    _need_sources()
    from helpers.authoring import judging_evidence

    sys.exit(judging_evidence.run(ids, seed))


@main.group()
def bench() -> None:
    """Measure the course itself. Each command prints a table."""


@bench.command("checks")
@click.option("--runs", default=7, show_default=True, help="Checks of each exercise that are timed.")
def bench_checks(runs: int) -> None:
    """How long a check takes: each exercise's solution, judged as in the notebook."""
    _need_sources()
    from helpers.bench.checks import time_checks

    rows = time_checks(runs)
    _print_table(
        ["exercise", "median ms", "slowest ms"], [[id, f"{mid:.0f}", f"{top:.0f}"] for id, mid, top in rows]
    )


@bench.command("labs")
@click.argument("names", nargs=-1, metavar="[LAB]...")
@click.option("--moves", type=click.IntRange(1), default=5, show_default=True, help="Moves of each control.")
def bench_labs(names: tuple[str, ...], moves: int) -> None:
    """How long labs take from a move of a control to the new picture: to compute, draw and encode it.

    LAB is a lab's name; without any, all labs are measured, which takes about a minute.
    """
    from helpers.bench.labs import AIM_MS, time_labs
    from helpers.labs import NAMES

    if unknown := set(names) - set(NAMES):
        raise click.BadParameter(
            f"there is no {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.", param_hint="LAB"
        )

    _print_table(
        ["lab", "controls", "first picture", "median ms", "slowest ms", f"within {AIM_MS} ms"],
        [
            [
                row.name, str(row.controls), f"{row.first:.1f} s", f"{row.median:.0f}", f"{row.slowest:.0f}",
                "✔" if row.met else "✘",
            ]
            for row in time_labs(moves, names or NAMES)
        ],
    )  # fmt: skip


@bench.command("ladder")
@click.option("--models", default="resnet18,resnet50", show_default=True, help="Models of torchvision.")
@click.option("--batches", default="1,16", show_default=True, help="Batch sizes.")
@click.option("--threads", type=click.IntRange(1), help="For every rung; as many as torch uses by default.")
@click.option("--rounds", type=click.IntRange(1), default=9, show_default=True, help="Turns of each rung.")
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, writable=True), help="Also write all to a file."
)
def bench_ladder(models: str, batches: str, threads: int | None, rounds: int, file: str | None) -> None:
    """The optimisation ladder, on the CPU: from the naive loop to int8, and two outside peers.

    Every rung is compared with the naive loop and with the machine's peak, and its answers with float32's. At the
    end it says which aims are met. Takes some minutes, most of them in compilers; let nothing else run meanwhile.
    OpenVINO is compared with where it is installed: pip install -e '.[bench]'.
    """
    from pathlib import Path

    from rich.progress import Progress
    from torchvision import models as known

    from helpers.bench.ladder import count_steps, run_ladder
    from helpers.bench.report import as_json, print_ladder
    from helpers.bench.rungs import RUNGS

    names, sizes = [each.strip() for each in models.split(",")], batches.split(",")
    if unknown := set(names) - set(known.list_models(module=known)):
        raise click.BadParameter(f"torchvision has no {', '.join(unknown)}.", param_hint="--models")
    if not all(size.strip().isdecimal() and int(size) for size in sizes):
        raise click.BadParameter("whole numbers from 1, with commas between.", param_hint="--batches")
    with Progress(transient=True) as progress:
        steps = count_steps(len(names), len(sizes), rounds, len(RUNGS))
        task = progress.add_task("ladder", total=steps)
        ladder = run_ladder(
            names,
            [int(size) for size in sizes],
            rounds,
            threads,
            notice=lambda words: progress.update(task, advance=1, description=words),
        )
    print_ladder(ladder)
    if file:
        Path(file).write_text(as_json(ladder) + "\n")


@bench.command("grading")
@click.option("--lessons", default="modes,export", show_default=True, help="By their words.")
@click.option(
    "--ways",
    default="ours,bare,nbval,nbgrader",
    show_default=True,
    help="What takes turns; 'none' for sizes alone.",
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Turns of each way.")
@click.option(
    "--class", "class_size", type=click.IntRange(1), default=40, show_default=True, help="Cold start."
)
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="At a time, in a class.")
@click.option(
    "--sizes", default="", help="Also classes of these sizes of the first lesson, such as 20,200,2000."
)
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write all to a file.",
)
def bench_grading(
    lessons: str, ways: str, rounds: int, class_size: int, jobs: int, sizes: str, file: Path | None
) -> None:
    """Seconds a submission for course grade, for nbval, for nbgrader, and bare; then classes of several sizes.

    Right submissions of a quick lesson and of the one with exports. nbgrader is measured where it is installed. Let
    nothing else run meanwhile; it says beforehand how long it takes.
    """
    _need_sources()
    from helpers.bench import grading_command

    sys.exit(
        grading_command.run(_words(lessons), _words(ways), rounds, class_size, jobs, _words(sizes), file)
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _print_table(headings: list[str], rows: list[list[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, box=box.SIMPLE)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
