"""The bytes of a notebook's file: its cells, whatever the file has been through.

nbformat reads a notebook whole or not at all, with all its outputs. Here the outputs are skipped unread, so that
100 MB of pictures cost a tenth of a second and no memory, and one broken cell does not take the others with it.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import msgspec

from helpers.grading.names import is_python
from helpers.text import Message, _

NEWEST_FORMAT = 4
MAX_CELLS, MAX_CELL, MAX_CODE = 2_000, 100_000, 1_000_000
"""Cells, and characters of one cell and of all: no lesson comes near, and reading code takes time."""


class Unreadable(Exception):
    """A file that is no notebook of this course; the message says why, and what to do."""


@dataclass(frozen=True)
class Cell:
    """A cell as it was handed in.

    Args:
        number: its place among all cells, from 1.
        kind: "code", or anything else for text.
        source: its text.
        grade_id: what nbgrader's metadata, or else the cell's own id, calls it.
    """

    number: int
    kind: str
    source: str
    grade_id: str | None = None

    @property
    def is_code(self) -> bool:
        """Whether it runs in the notebook."""
        return self.kind == "code"


@dataclass(frozen=True)
class NotebookFile:
    """A notebook's cells, the name and language of its lesson where it says so, and what was wrong with the file."""

    cells: tuple[Cell, ...]
    lesson: str | None = None
    language: str | None = None
    notes: tuple[Message, ...] = ()


class _Entry(msgspec.Struct):
    """What is read of a notebook's or a cell's metadata."""

    course: Any = None
    nbgrader: Any = None


class _Cell(msgspec.Struct):
    """What is read of a cell; ``input`` and ``text`` are what formats 1 to 3 call its source."""

    cell_type: Any = None
    source: Any = None
    input: Any = None
    text: Any = None
    id: Any = None
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class _Sheet(msgspec.Struct):
    cells: list[msgspec.Raw] = []


class _Notebook(msgspec.Struct):
    """What is read of a notebook; formats 2 and 3 have their cells in worksheets."""

    nbformat: Any = None
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    cells: list[msgspec.Raw] | None = None
    worksheets: list[_Sheet] | None = None


def read_notebook(data: bytes, name: str) -> list[NotebookFile]:
    """Read a notebook: in general one, but both sides of a merge conflict, where both can be read.

    Args:
        data: the bytes of its file.
        name: the file's name, for messages.

    Raises:
        Unreadable: when it is no notebook.
    """
    sides = list(_sides(data)) if b"<<<<<<<" in data else []
    if not sides:
        return _with_sides_of_cells(_parse(data, name))
    readable = []
    for side, which in sides:
        try:
            notebook = _parse(side, name)
        except Unreadable:
            continue
        readable.append(replace(notebook, notes=(*notebook.notes, which)))
    if not readable:
        raise Unreadable(CONFLICT(name=name))
    return readable


CONFLICT = _(
    "{name} holds the marks of a merge conflict (`<<<<<<<`), and neither side of it is a notebook. "
    "Resolve the conflict, open it in JupyterLab, and save it again."
)

FIRST_SIDE = _("The file holds a merge conflict. Its first side was read.")
SECOND_SIDE = _("The file holds a merge conflict. Its second side was read.")


def _sides(data: bytes) -> Iterator[tuple[bytes, Message]]:
    """The two texts of a file that git could not merge; none when it holds no conflict."""
    if resolved := _resolved(io.BytesIO(data)):
        yield from zip((b"".join(side) for side in resolved), (FIRST_SIDE, SECOND_SIDE), strict=True)


def _with_sides_of_cells(notebook: NotebookFile) -> list[NotebookFile]:
    """A tool that merges notebooks leaves the marks inside of cells."""
    resolved = {
        cell.number: _resolved(line.encode() for line in cell.source.splitlines(keepends=True))
        for cell in notebook.cells
        if "<<<<<<<" in cell.source
    }
    if not any(resolved.values()):
        return [notebook]

    def side(which: int) -> tuple[Cell, ...]:
        return tuple(
            replace(cell, source=b"".join(resolved[cell.number][which]).decode())
            if resolved.get(cell.number)
            else cell
            for cell in notebook.cells
        )

    return [
        replace(notebook, cells=side(which), notes=(*notebook.notes, said))
        for which, said in enumerate((FIRST_SIDE, SECOND_SIDE))
    ]


def _resolved(lines: Iterable[bytes]) -> tuple[list[bytes], list[bytes]] | None:
    """The lines of both sides of a text with conflicts; None when it has none, or one without its end."""
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    state = everywhere = frozenset((0, 1))
    conflicts = 0
    for line in lines:
        mark = line.rstrip()[:8]
        if mark in (b"<<<<<<<", b"<<<<<<< ") and state == everywhere:
            state, conflicts = frozenset((0,)), conflicts + 1
        elif mark in (b"|||||||", b"||||||| ") and state == {0}:
            state = frozenset()  # what both sides have come from
        elif mark == b"=======" and state in ({0}, frozenset()):
            state = frozenset((1,))
        elif mark in (b">>>>>>>", b">>>>>>> ") and state == {1}:
            state = everywhere
        else:
            for side in state:
                sides[side].append(line)
    return sides if conflicts and state == everywhere else None


def _parse(data: bytes, name: str) -> NotebookFile:
    notes = []
    try:
        notebook, cells, entry = _decoded(data)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        clean, unknown = _clean(data, name)
        if unknown:
            notes.append(
                _("The file is not saved as UTF-8. Characters that could not be read were replaced.")
            )
        try:
            notebook, cells, entry = _decoded(clean)
        except (ValueError, RecursionError, msgspec.MsgspecError):
            raise Unreadable(
                _("{name} is no valid notebook: it holds no list of cells. Open it in JupyterLab and save it again.",
                  name=name)
            ) from None  # fmt: skip
    if isinstance(notebook.nbformat, int) and notebook.nbformat > NEWEST_FORMAT:
        raise Unreadable(
            _("{name} is in notebook format {found}, which is newer than this course can read. "
              "Save it in format {known}.", name=name, found=notebook.nbformat, known=NEWEST_FORMAT)
        )  # fmt: skip
    readable = [_kept(number, cell) for number, cell in enumerate(cells, start=1) if cell is not None]
    kept = list(_short_enough(filter(None, readable)))
    if lost := len(cells) - len(kept):
        notes.append(_("Cells of the file that are broken or far too long were left out: {n}.", n=lost))
    return NotebookFile(tuple(kept), _text_of(entry, "lesson"), _text_of(entry, "language"), tuple(notes))


def _short_enough(cells: Iterable[Cell]) -> Iterator[Cell]:
    code = 0
    for cell in islice((cell for cell in cells if len(cell.source) <= MAX_CELL), MAX_CELLS):
        code += len(cell.source)
        if code <= MAX_CODE:
            yield cell


def _decoded(data: bytes) -> tuple[_Notebook, list[_Cell | None], Any]:
    notebook = msgspec.json.decode(data, type=_Notebook)
    if notebook.cells is None and notebook.worksheets is None:
        raise ValueError("no cells")
    raw = notebook.cells or [cell for sheet in notebook.worksheets or [] for cell in sheet.cells]
    cells = [_cell(each) for each in raw]
    return notebook, cells, _entry(notebook.metadata).course


def _cell(raw: msgspec.Raw) -> _Cell | None:
    try:
        return msgspec.json.decode(raw, type=_Cell)
    except msgspec.ValidationError:  # no object; and what is no text raises another error
        return None


def _entry(raw: msgspec.Raw) -> _Entry:
    try:
        return msgspec.json.decode(raw, type=_Entry)
    except msgspec.ValidationError:
        return _Entry()


def _kept(number: int, cell: _Cell) -> Cell | None:
    """A cell that can be used, or None when it has no text."""
    source = next((each for each in (cell.source, cell.input, cell.text) if each is not None), None)
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str) or not isinstance(cell.cell_type, str):
        return None
    grade_id = _text_of(_entry(cell.metadata).nbgrader, "grade_id") or cell.id
    return Cell(number, cell.cell_type, source, grade_id if isinstance(grade_id, str) else None)


def _text_of(entry: Any, key: str) -> str | None:
    found = entry.get(key) if isinstance(entry, dict) else None
    return found if isinstance(found, str) else None


def _clean(data: bytes, name: str) -> tuple[bytes, bool]:
    """JSON that Python's own reader takes, as strict JSON without outputs; and whether characters were lost.

    Raises:
        Unreadable: when that does not take it either.
    """
    encoding = json.detect_encoding(data)
    try:
        text, lost = data.decode(encoding), False
    except UnicodeDecodeError:
        text, lost = data.decode(encoding, "replace"), True
    try:
        notebook = json.loads(
            text, strict=False, parse_constant=lambda word: None, object_pairs_hook=_without_outputs
        )
        return json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace"), lost
    except (ValueError, RecursionError) as error:
        raise Unreadable(_why_not(data, text, name, error)) from None


def _without_outputs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key not in ("outputs", "attachments", "widgets")}


_OTHER_FILES = (
    (rb"PK\x03\x04", _("a ZIP archive")),
    (rb"\x1f\x8b", _("a compressed archive")),
    (rb"%PDF", _("a PDF file")),
    (rb"\s*(?i:<!doctype|<html|<\?xml)", _("a web page")),
    (rb"version https://git-lfs", _("only a pointer of Git LFS to the file")),
)


def _why_not(data: bytes, text: str, name: str, error: Exception) -> Message:
    """Why a text is no notebook, and what to do."""
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        return _("{name} is empty. Save it in JupyterLab and hand it in again.", name=name)
    for beginning, kind in _OTHER_FILES:
        if re.match(beginning, data):
            return _(
                "{name} is {kind}, whatever its name says. Hand in the notebook itself.", name=name, kind=kind
            )
    if re.search(r"^<{7}", text, re.MULTILINE):
        return CONFLICT(name=name)
    if re.search(r"^# %%", text, re.MULTILINE) and is_python(text):
        return _(
            "{name} is a Python script with cells, not a notebook. `jupytext --to notebook` makes one of it.",
            name=name,
        )
    if isinstance(error, json.JSONDecodeError) and text.lstrip()[:1] == "{" and _at_end(text, error.pos):
        return _(
            "{name} ends in the middle. It was not saved or not copied whole: hand it in again.", name=name
        )
    if len(text) < MAX_CODE and is_python(text):
        return _(
            "{name} is a Python script, not a notebook. Paste its code into the lesson's notebook.", name=name
        )
    return _("{name} is no valid notebook. Open it in JupyterLab and save it again.", name=name)


def _at_end(text: str, position: int) -> bool:
    """Whether JSON went wrong only where the text was over; an open string is told at its beginning."""
    rest = text[position:].rstrip()
    return not rest or (rest[0] == '"' and not re.search(r'[^\\]"', rest[1:]))
