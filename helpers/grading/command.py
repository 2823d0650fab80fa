"""What ``course grade`` does and prints."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from helpers.grading.collecting import HandedIn, collect, out_of_sight
from helpers.grading.executors import Judges, NoCluster, dask_judges, local_judges
from helpers.grading.grade import Terms
from helpers.grading.gradebook import write_folder, write_json
from helpers.grading.results import GradedClass, Results, class_seed
from helpers.grading.whole_class import grade_class
from helpers.text import language

UNUSABLE, UNREADABLE, BROKEN_OFF, INTERRUPTED = 2, 3, 1, 130
RESULTS = "graded"
"""The folder in the teacher's folder in which the result of each submission is kept."""


def grade(
    paths: list[Path],
    out: Path | None,
    json_file: Path | None,
    jobs: int,
    timeout: float,
    seed: int | None,
    fresh: bool = False,
    dask: str | None = None,
) -> int:
    """Grade what lies at these paths, write what was asked for, print a table; the exit status.

    Args:
        paths: notebooks and folders.
        out: folder for all that a teacher gets; a run that was stopped goes on from what is there.
        json_file: file for the report alone.
        jobs: submissions at a time, on this machine.
        timeout: seconds a submission.
        seed: makes the inputs; None for a secret one.
        fresh: take nothing over from an earlier run.
        dask: address of a cluster that grades, in place of this machine.
    """
    console = Console(stderr=True, highlight=False)
    handed_in = collect(paths)
    if not handed_in:
        console.print(f"There is no notebook in {', '.join(map(str, paths))}.", markup=False)
        return UNUSABLE
    done = _Count(len(handed_in))
    try:
        with _results_folder(out, fresh) as folder:
            hidden = out_of_sight([*paths, *filter(None, (out,)), folder], handed_in)
            known_seed = class_seed(folder) if seed is None else seed
            results = Results(folder, Terms(known_seed, timeout, language(), tuple(hidden)))
            judges = dask_judges(dask) if dask else local_judges(min(jobs, len(handed_in)))
            graded = _grade(console, handed_in, judges, results, done)
            if json_file is not None:
                json_file.parent.mkdir(parents=True, exist_ok=True)
                write_json(json_file, graded)
            if out is not None:
                write_folder(out, graded)
            Console().print(_table(graded))
            _tell_unreadable(console, graded)
    except (NoCluster, _NoFolder) as error:
        console.print(str(error), markup=False)
        return UNUSABLE
    except KeyboardInterrupt:
        console.print(f"Stopped. {done.what_is_kept(out)}", markup=False)
        return INTERRUPTED
    except CancelledError:
        console.print(f"The Dask cluster is gone. {done.what_is_kept(out)}", markup=False)
        return BROKEN_OFF
    except (OSError, LookupError) as error:
        console.print(f"Grading was broken off: {error}. {done.what_is_kept(out)}", markup=False)
        return BROKEN_OFF
    if done.taken_over:
        console.print(f"{done.taken_over} of {done.all} were graded before (--fresh grades all again).")
    return UNREADABLE if done.unreadable else 0


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
        _NoFolder: when it cannot be made, or another process uses it.
    """
    if out is None:
        with tempfile.TemporaryDirectory(prefix="graded-") as folder:
            yield Path(folder)
        return
    folder = out / RESULTS
    lock = FileLock(folder / "lock", timeout=0)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise _NoFolder(
            f"Another course grade works in {out}. Wait for it, or choose another folder."
        ) from None
    except OSError as error:
        raise _NoFolder(f"{out} cannot be used: {error}.") from None
    with lock:
        if fresh:
            for path in folder.iterdir():
                if path.name != "lock":
                    path.unlink()
        yield folder


class _NoFolder(Exception):
    """No results can be kept in the folder that was asked for; the message says why."""


def _grade(
    console: Console,
    handed_in: list[HandedIn],
    judges: AbstractContextManager[Judges],
    results: Results,
    done: _Count,
) -> GradedClass:
    """Grade the class under a progress bar; the results in the order of the class."""
    keys: dict[HandedIn, str] = {}
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unreadable]} unreadable"),
        TimeRemainingColumn(),
    )
    with judges as at_work, Progress(*columns, console=console, transient=True) as bar:
        if at_work.missing:
            missing = "; ".join(map(str, at_work.missing))
            console.print(f"Not in force on this machine: {missing}. Grade strangers' notebooks elsewhere.")
        task = bar.add_task("grading", total=done.all, unreadable=0)
        for step in grade_class(handed_in, at_work, results):
            keys[step.handed_in] = step.key
            done.graded += not step.taken_over
            done.taken_over += step.taken_over
            done.unreadable += step.graded.report.status == "unreadable"
            # what was taken over took no time, and would spoil the estimate of the time left
            bar.update(
                task, completed=done.graded, total=done.all - done.taken_over, unreadable=done.unreadable
            )
    return GradedClass(results, [keys[each] for each in handed_in])


def _table(graded: GradedClass) -> Table:
    table = Table("learner", "notebook", "points", "", box=box.SIMPLE)
    for each in graded:
        report = each.report
        state = "unreadable" if report.status == "unreadable" else ""
        table.add_row(report.learner, Path(report.path).name, f"{report.earned} of {report.possible}", state)
    return table


def _tell_unreadable(console: Console, graded: GradedClass) -> None:
    for each in graded:
        if each.report.status == "unreadable":
            console.print(f"✘ {each.report.learner}: {each.report.reason}", markup=False)
