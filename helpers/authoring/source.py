"""Reading a lesson's source, ``notebooks/source/NN_name.py`` in jupytext's percent format.

An answer cell is ``# %% exercise="modes-1"``; its solution stands between nbgrader's markers. Everything else is
plain markdown and code. The check cell under an answer is not written: the build adds it. In place of
``# %% [markdown] page="summary"`` it puts the cells of that page (helpers/reference).
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.paths import ROOT, SOURCES

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError")


class SourceError(Exception):
    """A source that cannot be built, with what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell of a source: ``kind`` is "markdown" or "code".

    ``exercise`` is the id of an answer cell; ``page`` names the page whose cells the build puts there.
    """

    kind: str
    text: str
    exercise: str | None = None
    page: str | None = None


def cell_id(cell: Cell) -> str:
    """The cell's id in the built notebooks, the same in every language."""
    return cell.exercise or hashlib.sha256(cell.text.encode()).hexdigest()[:12]


def source_path(name: str) -> Path:
    """The source file of a lesson."""
    return SOURCES / f"{name}.py"


def modules_of(word: str, folder: str) -> list[Path]:
    """A lesson's own files in helpers/``folder``: the module ``<word>.py``, or all of a package ``<word>/``."""
    home = ROOT / "helpers" / folder
    return [path for path in (home / f"{word}.py", *sorted((home / word).rglob("*.py"))) if path.exists()]


def read_source(name: str) -> list[Cell]:
    """The cells of a lesson's source.

    Raises:
        SourceError: when the file is missing or is no percent-format script.
    """
    path = source_path(name)
    if not path.is_file():
        raise SourceError(
            f"No source {path}. Write it, or take the lesson out of helpers/exercises/__init__.py."
        )
    return _parse(path.read_text(encoding="utf-8"))


@cache
def _parse(text: str) -> list[Cell]:
    import jupytext

    notebook = jupytext.reads(text, fmt="py:percent")
    return [
        Cell(cell.cell_type, cell.source, cell.metadata.get("exercise"), cell.metadata.get("page"))
        for cell in notebook.cells
        if cell.source.strip() or "page" in cell.metadata
    ]


def strip_solution(code: str) -> str:
    """Replace each marked region by the stub, at the region's own indentation.

    Raises:
        SourceError: when a marker has no partner.
    """
    kept: list[str] = []
    inside = False
    for line in code.splitlines():
        word = line.strip()
        if word == BEGIN and not inside:
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + stub for stub in STUB]
            inside = True
        elif word == END and inside:
            inside = False
        elif word in (BEGIN, END):
            raise SourceError(f"A {word!r} without its partner. Write the markers in pairs.")
        elif not inside:
            kept.append(line)
    if inside:
        raise SourceError(f"A {BEGIN!r} without its {END!r}.")
    return "\n".join(kept)


def remove_markers(code: str) -> str:
    """The solution as a learner reads it: without the marker lines."""
    return "\n".join(line for line in code.splitlines() if line.strip() not in (BEGIN, END))


def _answer_cell(name: str, id: str) -> str | None:
    try:
        return next((cell.text for cell in read_source(name) if cell.exercise == id), None)
    except SourceError:
        return None


def stub_of(name: str, id: str) -> str | None:
    """The stub of one exercise, or None when this copy of the course has no sources."""
    code = _answer_cell(name, id)
    return None if code is None else strip_solution(code)


def solution_of(name: str, id: str) -> str | None:
    """The solution of one exercise, or None when this copy of the course has none."""
    code = _answer_cell(name, id)
    return None if code is None else textwrap.dedent(remove_markers(code))


def headings(text: str) -> list[str]:
    """The headings of a markdown text."""
    return [line.lstrip("#").strip() for line in text.splitlines() if re.match(r"#{1,6} ", line)]
