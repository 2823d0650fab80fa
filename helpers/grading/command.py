"""What ``course grade`` does and prints."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic

from filelock import FileLock, Timeout
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from helpers.grading.collecting import HandedIn, collect, out_of_sight
from helpers.grading.executors import Judges, NoCluster, dask_judges, local_judges
from helpers.grading.grade import Terms
from helpers.grading.protections import PROTECTIONS
from helpers.grading.reports.files import CannotWrite
from helpers.grading.reports.gradescope import SeveralLearners
from helpers.grading.reports.outputs import Outputs
from helpers.grading.reports.record import Run, SubmissionReport
from helpers.grading.results import SEED_FILE, GradedClass, Results, class_seed
from helpers.grading.whole_class import grade_class
from helpers.judging import Status
from helpers.text import language

BROKEN_OFF, UNUSABLE, UNREADABLE, INTERRUPTED = 1, 2, 3, 130
"""Exit statuses; where 1 and 3 apply, it is 1."""
RESULTS = "graded"
"""The folder in the teacher's folder in which the result of each submission is kept."""


def grade(
    paths: list[Path],
    outputs: Outputs,
    jobs: int,
    timeout: float,
    seed: int | None,
    fresh: bool = False,
    dask: str | None = None,
) -> int:
    """Grade what lies at these paths, write what was asked for, print a table; the exit status.

    Args:
        paths: notebooks and folders.
        outputs: what was asked for. With a folder, a run that was stopped goes on from what is there.
        jobs: submissions at a time, on this machine.
        timeout: seconds a submission.
        seed: makes the inputs; None for a secret one.
        fresh: take nothing over from an earlier run.
        dask: address of a cluster that grades, in place of this machine.
    """
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
    done, out = _Count(len(handed_in)), outputs.folder
    try:
        with _nothing_imported_from_here(), _results_folder(out, fresh) as folder:
            hidden = out_of_sight([*paths, *filter(None, (out,)), folder], handed_in)
            known_seed = class_seed(folder) if seed is None else seed
            results = Results(folder, Terms(known_seed, timeout, language(), tuple(hidden)))
            judges = dask_judges(dask) if dask is not None else local_judges(min(jobs, len(handed_in)))
            graded, run = _grade(console, handed_in, judges, results, done)
            reports = outputs.write(graded, run)
    except (NoCluster, _FolderInUse) as error:
        console.print(str(error), markup=False)
        return UNUSABLE
    except KeyboardInterrupt:
        console.print(f"Stopped. {done.what_is_kept(out)}", markup=False)
        return INTERRUPTED
    except CancelledError:
        console.print(f"The Dask cluster is gone. {done.what_is_kept(out)}", markup=False)
        return BROKEN_OFF
    except (CannotWrite, LookupError) as error:
        console.print(f"{error} {done.what_is_kept(out)}", markup=False)
        return BROKEN_OFF
    Console().print(_table(reports))
    if done.taken_over:
        console.print(f"{done.taken_over} of {done.all} were graded before (--fresh grades all again).")
    for report in reports:
        if report.unreadable:
            console.print(f"✘ {report.learner}: {report.reason}", markup=False)
    unchecked = _tell_unchecked(console, reports)
    _tell_failed(console, outputs.failed)
    if outputs.failed or unchecked:
        return BROKEN_OFF
    return UNREADABLE if done.unreadable else 0


@contextmanager
def _nothing_imported_from_here() -> Iterator[None]:
    """Let no Python process that begins meanwhile import from the folder where the teacher stands.

    It may be a learner's, with a ``pickle.py`` in it.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


class _Count:
    """How far a class is."""

    def __init__(self, submissions: int) -> None:
        self.all = submissions
        self.graded = self.taken_over = self.unreadable = 0

    def what_is_kept(self, out: Path | None) -> str:
        if out is None:
            return "Nothing is kept without --out FOLDER; with it, a run that was stopped can go on."
        ready = self.graded + self.taken_over
        return f"{ready} of {self.all} are graded and kept in {out}. Run the same command again to go on."


@contextmanager
def _results_folder(out: Path | None, fresh: bool) -> Iterator[Path]:
    """The folder where results are kept, ours alone as long as the block lasts.

    Raises:
        _FolderInUse: when another process uses it.
    """
    if out is None:
        with tempfile.TemporaryDirectory(prefix="graded-") as folder:
            yield Path(folder)
        return
    folder = out / RESULTS
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=0):
            if fresh:
                for path in folder.glob("*.json"):
                    path.unlink()
                (folder / SEED_FILE).unlink(missing_ok=True)
            yield folder
    except Timeout:
        raise _FolderInUse(
            f"Another course grade works in {out}. Wait for it, or choose another folder."
        ) from None


class _FolderInUse(Exception):
    """The message says which, and what to do."""


def _grade(
    console: Console,
    handed_in: list[HandedIn],
    judges: AbstractContextManager[Judges],
    results: Results,
    done: _Count,
) -> tuple[GradedClass, Run]:
    """Grade the class under a progress bar; the results in the order of the class, and how it went."""
    started, start = datetime.now().astimezone(), monotonic()
    keys: dict[HandedIn, str] = {}
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unreadable]} unreadable"),
        TimeRemainingColumn(),
    )
    with judges as at_work, Progress(*columns, console=console, transient=True) as bar:
        missing = [str(said) for name, said in PROTECTIONS.items() if name not in at_work.in_force]
        if missing:
            console.print(
                f"Not in force on this machine: {'; '.join(missing)}. Grade strangers' notebooks elsewhere."
            )
        task = bar.add_task("grading", total=done.all, unreadable=0)
        for step in grade_class(handed_in, at_work, results):
            keys[step.handed_in] = step.key
            done.graded += not step.taken_over
            done.taken_over += step.taken_over
            done.unreadable += step.graded.report.unreadable
            # what was taken over took no time, and would spoil the estimate of the time left
            bar.update(
                task, completed=done.graded, total=done.all - done.taken_over, unreadable=done.unreadable
            )
    run = Run(started, monotonic() - start, at_work.in_force)
    return GradedClass(results, [keys[each] for each in handed_in]), run


def _table(reports: list[SubmissionReport]) -> Table:
    table = Table("learner", "notebook", "points", "", box=box.SIMPLE)
    for report in reports:
        state = "unreadable" if report.unreadable else ""
        table.add_row(
            escape(report.learner), escape(report.name), f"{report.earned} of {report.possible}", state
        )
    return table


def _tell_unchecked(console: Console, reports: list[SubmissionReport]) -> bool:
    """Say what has no score through no fault of a learner's; whether there is any."""
    rows = [row for report in reports for row in report.exercises if row.status == Status.UNCHECKABLE]
    if not rows:
        return False
    console.print(
        f"✘ {len(rows)} answers could not be checked, through no fault of the learners, and have 0 points for now. "
        f"{rows[0].message} The same command tries their submissions again.",
        markup=False,
    )
    return True


def _tell_failed(console: Console, failed: list[CannotWrite]) -> None:
    for error in failed[:3]:
        console.print(f"✘ {error}", markup=False)
    if len(failed) > 3:
        console.print(f"✘ And {len(failed) - 3} more files.", markup=False)
