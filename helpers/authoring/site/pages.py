"""A lesson's page of the site, as the notebook that Sphinx reads.

It is the solution notebook with its stored outputs, in which each answer is folded away under what the learner
gets to start from. Nothing is executed.
"""

from __future__ import annotations

import hashlib
import io
from base64 import b64decode
from collections.abc import Iterator
from html import escape
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell
from PIL import Image

from helpers.authoring.build import Product
from helpers.judging.exercise import Lesson
from helpers.text import _, speaking

PICTURES = "pictures"
"""The folder, beside the pages of a language, that holds their pictures."""


class MissingNotebook(Exception):
    """A notebook is not there, or cannot be read."""


def lesson_page(lesson: Lesson, language: str, pictures: Path) -> nbformat.NotebookNode:
    """The page of one lesson.

    Args:
        lesson: its notebooks must have been built.
        language: one of the course's.
        pictures: folder into which the pictures of its outputs are written.

    Raises:
        MissingNotebook: when one of the lesson's two notebooks cannot be read.
    """
    stubs = {cell.id: cell for cell in _read(Product(lesson, language, solved=False)).cells}
    page = _read(Product(lesson, language, solved=True))
    with speaking(language):
        page.cells = [part for cell in page.cells for part in _parts(cell, stubs.get(cell.id), pictures)]
        show, hide = str(_("Show the solution")), str(_("Hide the solution"))
    page.metadata["mystnb"] = {"code_prompt_show": show, "code_prompt_hide": hide}
    return page


def _read(product: Product) -> nbformat.NotebookNode:
    try:
        return nbformat.read(product.path, as_version=4)
    except Exception as error:
        raise MissingNotebook(
            f"{product.label} is missing or unreadable ({error}). Run `course build`."
        ) from error


def _parts(cell, stub, pictures: Path) -> Iterator[nbformat.NotebookNode]:
    """What stands on the page for a cell."""
    # JupyterLab opens a notebook at a cell with this fragment, and so do the links between lessons
    anchor = f'<div class="cell-anchor" id="cell-id={escape(cell.id)}"></div>'
    if cell.cell_type == "markdown":
        first, newline, rest = cell.source.partition("\n")
        heading = first.startswith("#")  # the page's title must stay its first line
        cell.source = f"{first}\n\n{anchor}\n{newline}{rest}" if heading else f"{anchor}\n\n{cell.source}"
        yield cell
        return
    yield new_markdown_cell(anchor)
    if cell.metadata.get("nbgrader", {}).get("solution"):
        if stub is not None:
            stub.id = f"{stub.id}-stub"
            yield stub
        cell.source = _without_markers(cell.source)
        cell.metadata["tags"] = ["hide-input"]
    for output in cell.outputs:
        if data := output.get("data"):
            _make_still(output, data, pictures)
    yield cell


def _without_markers(code: str) -> str:
    return "\n".join(
        line for line in code.splitlines() if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")
    )


def _make_still(output, data, pictures: Path) -> None:
    """Replace what needs a kernel, and give pictures their size and their text alternative."""
    for kind in [kind for kind in data if kind.startswith("application/vnd.jupyter.")]:
        del data[kind]
    if "image/png" in data:
        png = b64decode(data.pop("image/png"))
        alt = output.metadata.get("image/png", {}).get("alt") or _described(data.get("text/plain", ""))
        data["text/html"] = _picture(png, alt, pictures)


def _described(plain: str) -> str:
    """The text alternative of a picture without one of its own: a figure's plain form tells only its size."""
    return str(_("A plot, drawn by the code above")) if plain.startswith("<Figure") else plain


def _picture(png: bytes, alt: str, pictures: Path) -> str:
    name = f"{hashlib.sha256(png).hexdigest()[:16]}.png"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / name).write_bytes(png)
    with Image.open(io.BytesIO(png)) as image:
        width, height = image.size
    size = f'width="{width}" height="{height}"'  # known beforehand, so that nothing jumps when it arrives
    return f'<img src="{PICTURES}/{name}" alt="{escape(alt)}" {size} loading="lazy">'
