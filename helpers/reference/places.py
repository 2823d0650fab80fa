"""A place in a lesson: one cell, named by a line of it, so that a page can point at the cell itself.

A link made from a place leads to the cell, in every language: its id is made from the English text. The section's
heading is read from the lesson and not written down again, so it is never out of date.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.authoring.source import Cell, cell_id, headings, read_source, strip_solution
from helpers.text import translate

START, MODES, NO_GRAD, PREPROCESSING = "00_start_here", "01_modes", "02_no_grad", "03_preprocessing"
BATCH, PRECISION, EXPORT = "04_batch_and_gpu", "05_mixed_precision", "06_export"
OPTIMIZATION, IMAGES, CAPSTONE = "07_optimization", "08_real_images", "09_capstone"
SUMMARY = "10_summary"


class Misplaced(LookupError):
    """A place that is not there, with what to do."""


@dataclass(frozen=True)
class Place:
    """One cell of a lesson.

    Args:
        lesson: its name, such as ``02_no_grad``.
        line: a line of the cell, or a part of one, as a learner sees it (in English); no other cell holds it.
    """

    lesson: str
    line: str


def cell_at(place: Place) -> tuple[int, Cell]:
    """The cell and its index in the lesson's source.

    Raises:
        Misplaced: when no cell, or more than one, holds the line.
        SourceError: when the lesson has no source.
    """
    found = [(i, cell) for i, cell in enumerate(read_source(place.lesson)) if place.line in _visible(cell)]
    if len(found) != 1:
        many = f"{len(found)} cells hold" if found else "no cell holds"
        raise Misplaced(f"{place.lesson}: {many} “{place.line}”. Give a line that one cell holds.")
    return found[0]


def _visible(cell: Cell) -> str:
    """What a learner sees of it: an answer cell has no solution."""
    return strip_solution(cell.text) if cell.exercise else cell.text


def section(place: Place, language: str | None = None) -> str:
    """The heading of the section that the cell is in, in a language.

    Raises:
        Misplaced: when there is no such cell, or its heading is missing in that language.
        SourceError: when the lesson has no source.
    """
    index, target = cell_at(place)
    cells = read_source(place.lesson)
    for cell in reversed(cells[: index + 1]):
        if cell.kind != "markdown":
            continue
        text = cell.text
        if cell is target:  # the headings up to the line, which may itself be one
            end = text.index(place.line) + len(place.line)
            text = text[:end] + text[end:].partition("\n")[0]
        if count := len(headings(text)):
            there = headings(translate(cell.text, language))
            if len(there) < count:
                raise Misplaced(
                    f"{place.lesson}: the translation of “{headings(text)[-1]}” has lost a heading. Write it there too."
                )
            return there[count - 1]
    raise Misplaced(f"{place.lesson}: there is no heading before “{place.line}”.")


def address(place: Place) -> str:
    """A link's address that opens the lesson at the cell (JupyterLab and nbconvert know ``cell-id``).

    Raises:
        Misplaced: when there is no such cell.
        SourceError: when the lesson has no source.
    """
    return f"{place.lesson}.ipynb#cell-id={cell_id(cell_at(place)[1])}"
