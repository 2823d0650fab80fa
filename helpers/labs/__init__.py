"""Labs: pictures that move. ``lab("modes")`` in a cell shows controls, and a picture that is computed from them.

One module a lesson (docs/labs.md says how to write one). What is common to all of them is in ``controls``, ``base``
and ``view``; nothing here is imported before a lab is opened.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any

from helpers.text import _

_HOMES = {
    "dropout": "modes.Dropout",
    "modes": "modes.Neighbours",
    "nograd": "nograd.Graph",
    "preprocessing": "preprocessing.Preprocessing",
    "batch": "batch.BatchSize",
    "precision": "precision.Precision",
    "export": "export.Forms",
    "optimization": "optimization.Ladder",
    "images": "images.Filmstrip",
}  # fmt: skip
NAMES = tuple(_HOMES)
"""The names of all labs, in the order of the lessons."""


class UnknownLab(LookupError):
    """No lab has this name; the message lists those that there are, shown without a traceback of ours."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def lab(name: str) -> None:
    """Show a lab under the cell: move its controls, and its picture follows.

    Where no controls can work (on a web page, in a PDF), a still picture of it is shown.

    Args:
        name: of the lab, such as ``"modes"``.

    Raises:
        UnknownLab: when there is none of that name.
    """
    from IPython.display import display

    display(open_lab(name))


def open_lab(name: str) -> Any:
    """A lab as it is when it is shown for the first time: a :class:`helpers.labs.view.LabView`.

    Raises:
        UnknownLab: when there is none of that name.
    """
    from helpers.labs.view import open_view

    return open_view(find_lab(name))


def find_lab(name: str) -> Any:
    """A new :class:`helpers.labs.base.Lab`, without anything to show it.

    Raises:
        UnknownLab: when there is none of that name.
    """
    if name not in _HOMES:
        near = difflib.get_close_matches(str(name), NAMES, n=1)
        names = ", ".join(NAMES)
        if near:
            raise UnknownLab(
                str(_("There is no lab {name!r}. Did you mean {near!r}?", name=name, near=near[0]))
            )
        raise UnknownLab(str(_("There is no lab {name!r}. Choose one of: {names}.", name=name, names=names)))
    module, _dot, kind = _HOMES[name].partition(".")
    return getattr(import_module(f"{__name__}.{module}"), kind)()
