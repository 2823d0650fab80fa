"""One kind of progress bar for downloads, videos and measurements, and a clock for what cannot be counted."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.paths import grading

DELAY_S = 1.0
INTERVAL_S = 0.25

_open: list[Any] = []


@contextmanager
def progress_bar(
    total: int | None = None, unit: str = "", scale: bool = False, shown: bool = True
) -> Iterator[Any]:
    """A bar that shows itself when the work takes longer than a second, and goes away when the work ends.

    It goes away after an error and after an interrupt too, at the latest when the cell is done: what it counts may
    be a generator that was left half used. Inside another bar, and under a grader, nothing is shown. It is plain
    text, so nothing of it is missing when the notebook is opened again.

    Args:
        total: how many units there will be, where that is known.
        unit: what is counted.
        scale: write 1.5k for 1500.
        shown: False for none.

    Yields:
        The bar of tqdm: ``update(n)`` moves it on, ``total`` may be set later.
    """
    from tqdm import tqdm

    shell = _shell()
    bar = tqdm(
        total=total,
        unit=unit,
        unit_scale=scale,
        delay=DELAY_S,
        mininterval=INTERVAL_S,
        leave=False,
        ncols=80,
        disable=not shown or bool(_open) or grading(),
        file=sys.stderr if shell is None else sys.stdout,  # in a notebook, stderr is for what went wrong
    )
    if not bar.disable:
        _open.append(bar)
        if shell is not None and _close_all not in shell.events.callbacks["post_run_cell"]:
            shell.events.register("post_run_cell", _close_all)
    try:
        yield bar
    finally:
        _close(bar)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """A line with the seconds that pass, for one long call that says nothing of how far it is: an export, a compilation.

    It shows and goes away as :func:`progress_bar` does.

    Args:
        what: is done, such as "exporting".
    """
    with progress_bar(unit=what) as bar:
        if bar.disable:
            yield
            return
        bar.bar_format = what + " … {elapsed}"
        ended = threading.Event()

        def tick() -> None:
            while not ended.wait(INTERVAL_S):
                bar.update(0)

        clock = threading.Thread(target=tick, daemon=True)
        clock.start()
        try:
            yield
        finally:
            ended.set()
            clock.join()  # else it could draw the line once more when the bar is gone


def _shell() -> Any:
    """IPython's shell where there is one; without importing IPython where nobody has."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _close_all(_result: Any = None) -> None:
    for bar in list(_open):
        _close(bar)


def _close(bar: Any) -> None:
    bar.close()
    if bar in _open:
        _open.remove(bar)
