"""A whole class: a few submissions at a time go to the judges, and what was graded before is taken over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass

from helpers.grading.collecting import HandedIn
from helpers.grading.executors import Judges
from helpers.grading.grade import grade_submission, unreadable
from helpers.grading.reading import Unreadable, read_bytes
from helpers.grading.reports.record import Graded
from helpers.grading.results import Results
from helpers.judging import Status


@dataclass(frozen=True)
class Step:
    """One submission of the class is done: its result, where that is kept, and whether an earlier run made it."""

    handed_in: HandedIn
    key: str
    graded: Graded
    taken_over: bool = False


def grade_class(handed_in: Iterable[HandedIn], judges: Judges, results: Results) -> Iterator[Step]:
    """Grade all submissions that have no final result yet, and keep each result as soon as it is there.

    Only as many submissions are in memory as the judges have room for.

    Args:
        handed_in: the class.
        judges: where :func:`grade_submission` runs.
        results: where results are kept.

    Raises:
        CancelledError: when the judges are there no more. What was kept by then stays.
    """
    waiting: dict[Future, tuple[HandedIn, str]] = {}
    for each in handed_in:
        try:
            data = read_bytes(each.path)
        except Unreadable as error:
            yield _keep(each, results.key(each, None), unreadable(each, str(error)), False, results)
            continue
        key = results.key(each, data)
        before = results.final(key)
        if before is not None:
            yield Step(each, key, before, taken_over=True)
            continue
        while len(waiting) >= judges.room():
            yield from _finished(waiting, results)
        waiting[judges.executor.submit(grade_submission, data, each, results.terms)] = each, key
    while waiting:
        yield from _finished(waiting, results)


def _finished(waiting: dict[Future, tuple[HandedIn, str]], results: Results) -> Iterator[Step]:
    """Wait for at least one; what is done leaves the waiting ones."""
    done, _rest = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        each, key = waiting.pop(future)
        try:
            graded = future.result()
        except CancelledError:
            raise
        except Exception as error:  # grading raises nothing, so this is the end of the process that did it
            reason = (
                f"No judge came to an end with it: each died ({type(error).__name__}), as when memory runs out. "
                "Run the command again; if that does not help, look into the notebook."
            )
            yield _keep(each, key, unreadable(each, reason), False, results)
        else:
            faultless = all(row.status != Status.UNCHECKABLE for row in graded.report.exercises)
            yield _keep(each, key, graded, faultless, results)


def _keep(handed_in: HandedIn, key: str, graded: Graded, final: bool, results: Results) -> Step:
    results.keep(key, graded, final)
    return Step(handed_in, key, graded)
