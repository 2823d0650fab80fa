"""What ``course grade`` does and prints."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from helpers.grading.collecting import collect, out_of_sight
from helpers.grading.grade import grade_all
from helpers.grading.gradebook import write_folder, write_json
from helpers.grading.protections import missing_protections
from helpers.grading.report import Graded

UNREADABLE = 3


def grade(
    paths: list[Path],
    out: Path | None,
    json_file: Path | None,
    jobs: int,
    timeout: float,
    seed: int | None,
) -> int:
    """Grade what lies at these paths, write what was asked for, print a table; the exit status."""
    console = Console(stderr=True, highlight=False)
    handed_in = collect(paths)
    if not handed_in:
        console.print(f"There is no notebook in {', '.join(map(str, paths))}.", markup=False)
        return 2
    missing = missing_protections()
    if missing:
        console.print(
            f"Not in force on this machine: {'; '.join(map(str, missing))}. Grade strangers' notebooks elsewhere."
        )
    hidden = out_of_sight([*paths, *filter(None, (out,))], handed_in)
    graded = _graded(console, handed_in, hidden, jobs, timeout, seed)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        write_json(json_file, graded)
    if out is not None:
        write_folder(out, graded)
    Console().print(_table(graded))
    unreadable = [each.report for each in graded if each.report.status == "unreadable"]
    for report in unreadable:
        console.print(f"✘ {report.learner}: {report.reason}", markup=False)
    return UNREADABLE if unreadable else 0


def _graded(
    console: Console, handed_in: list, hidden: list[Path], jobs: int, timeout: float, seed: int | None
) -> list[Graded]:
    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # spawned, not forked: each judge gets a server of its own for answers, and shares nothing with the others
    with (
        Progress(*columns, console=console, transient=True) as bar,
        ProcessPoolExecutor(min(jobs, len(handed_in)), mp_context=get_context("spawn")) as pool,
    ):
        graded = list(bar.track(grade_all(handed_in, pool, seed, timeout, hidden), total=len(handed_in)))
    return sorted(graded, key=lambda each: (each.report.learner, each.report.path))


def _table(graded: list[Graded]) -> Table:
    table = Table("learner", "notebook", "points", "", box=box.SIMPLE)
    for each in graded:
        report = each.report
        state = "unreadable" if report.status == "unreadable" else ""
        table.add_row(report.learner, Path(report.path).name, f"{report.earned} of {report.possible}", state)
    return table
