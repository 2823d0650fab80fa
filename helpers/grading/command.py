"""What ``course grade`` does and prints."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from helpers.grading.collecting import collect, out_of_sight
from helpers.grading.grade import grade_all
from helpers.grading.protections import PROTECTIONS, protections
from helpers.grading.reports.files import CannotWrite
from helpers.grading.reports.gradescope import SeveralLearners
from helpers.grading.reports.outputs import Outputs
from helpers.grading.reports.record import Graded, Run, SubmissionReport

NOT_WRITTEN, UNUSABLE, UNREADABLE = 1, 2, 3
"""Exit statuses, the graver one first where several apply."""


def grade(paths: list[Path], outputs: Outputs, jobs: int, timeout: float, seed: int | None) -> int:
    """Grade what lies at these paths, write what was asked for, print a table; the exit status."""
    console = Console(stderr=True, highlight=False)
    handed_in = collect(paths)
    try:
        outputs.check(each.learner for each in handed_in)
    except (CannotWrite, SeveralLearners) as error:
        console.print(str(error), markup=False)
        return UNUSABLE
    if not handed_in:
        console.print(f"There is no notebook in {', '.join(map(str, paths))}.", markup=False)
        outputs.write_nothing_handed_in()
        return UNUSABLE
    in_force = protections()
    missing = [str(said) for name, said in PROTECTIONS.items() if name not in in_force]
    if missing:
        console.print(
            f"Not in force on this machine: {'; '.join(missing)}. Grade strangers' notebooks elsewhere."
        )
    hidden = out_of_sight([*paths, *filter(None, (outputs.folder,))], handed_in)
    started, start = datetime.now().astimezone(), monotonic()
    graded = _graded(console, handed_in, hidden, jobs, timeout, seed)
    reports = outputs.write(graded, Run(started, monotonic() - start, in_force))
    Console().print(_table(reports))
    unreadable = [report for report in reports if report.unreadable]
    for report in unreadable:
        console.print(f"✘ {report.learner}: {report.reason}", markup=False)
    _tell_failed(console, outputs.failed)
    if outputs.failed:
        return NOT_WRITTEN
    return UNREADABLE if unreadable else 0


def _tell_failed(console: Console, failed: list[CannotWrite]) -> None:
    for error in failed[:3]:
        console.print(f"✘ {error}", markup=False)
    if len(failed) > 3:
        console.print(f"✘ And {len(failed) - 3} more files.", markup=False)


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


def _table(reports: list[SubmissionReport]) -> Table:
    table = Table("learner", "notebook", "points", "", box=box.SIMPLE)
    for report in reports:
        state = "unreadable" if report.unreadable else ""
        table.add_row(
            escape(report.learner), escape(report.name), f"{report.earned} of {report.possible}", state
        )
    return table
