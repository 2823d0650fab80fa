"""How long labs take from a control to the picture."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import ipywidgets
from rich.progress import track

from helpers.labs import open_lab
from helpers.labs.view import LabView
from helpers.timing import measure

AIM_MS = 200


class LabTime(NamedTuple):
    """One lab: how long its first picture takes, in seconds, and each after a move of a control, in milliseconds."""

    name: str
    first: float
    median: float
    slowest: float
    controls: int

    @property
    def met(self) -> bool:
        """Whether the median is within the aim."""
        return self.median <= AIM_MS


def time_labs(moves: int, names: Sequence[str]) -> list[LabTime]:
    """Open each lab and move each of its controls so many times; what is shown comes with each move.

    Raises:
        RuntimeError: when a lab shows an error in place of its picture, since then the time means nothing.
    """
    return [_time_lab(name, moves) for name in track(names, description="moving controls", transient=True)]


def _time_lab(name: str, moves: int) -> LabTime:
    opened: list[LabView] = []
    first = measure(lambda: opened.append(open_lab(name)), repeat=1, warmup=0)
    (view,) = opened
    times = []
    for handle in view.handles.values():
        again = move(handle.parts[0])
        for _move in range(moves):
            before = view.picture
            times.append(1e3 * measure(lambda again=again: next(again), repeat=1, warmup=0))
            if view.picture is before:
                raise RuntimeError(f"the lab {name} shows no new picture: {view.said}")
    return LabTime(name, first, statistics.median(times), max(times), len(view.handles))


def move(widget: ipywidgets.Widget) -> Iterator[None]:
    """Each turn moves a control on, from one end of what it offers to the other and over again."""
    while True:
        if isinstance(widget, ipywidgets.Button):
            widget.click()
        elif isinstance(widget, ipywidgets.Checkbox):
            widget.value = not widget.value
        elif isinstance(widget, ipywidgets.Dropdown):
            values = [value for _label, value in widget.options]
            widget.value = values[(values.index(widget.value) + 1) % len(values)]
        else:
            higher = widget.value + widget.step
            widget.value = higher if higher <= widget.max + 1e-9 else widget.min
        yield
