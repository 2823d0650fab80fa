"""A course folder for nbgrader: its settings, and the solved lessons as the sources that nbgrader releases from."""

from __future__ import annotations

import re
from collections.abc import Sequence

import nbformat
from nbformat.v4 import new_code_cell

from helpers.authoring.build import Product, assemble
from helpers.exporting.content import check_sources, chosen_lessons, notebook_bytes, render
from helpers.exporting.folder import Files
from helpers.judging.exercise import Lesson
from helpers.paths import ROOT

SPEAK = 'from helpers import use_language\n\nuse_language("{language}")'
"""The first cell of a translated lesson: in nbgrader's folders nothing else tells a panel its language."""
LINK = re.compile(r"\[([^\]]*)\]\((\d\d_\w+)\.ipynb((?:#[^)]*)?)\)")
"""A link from one lesson to another: its words, the lesson, the place in it."""


def nbgrader_files(names: Sequence[str] = (), language: str = "en") -> Files:
    """A course folder with one assignment a lesson, each called by its lesson's name.

    Args:
        names: the lessons, by the beginnings of their names; all that have exercises by default.
        language: "en" or "zh".

    Raises:
        ExportError: for an unknown lesson, or when this copy of the course has no sources.
    """
    check_sources()
    lessons = chosen_lessons(names)
    files = {"nbgrader_config.py": render("nbgrader_config.py.j2", course=str(ROOT))}
    for lesson in lessons:
        notebook = _source(lesson, language, {each.name for each in lessons})
        files[f"source/{lesson.name}/{lesson.name}.ipynb"] = notebook_bytes(notebook)
    return files


def _source(lesson: Lesson, language: str, exported: set[str]) -> nbformat.NotebookNode:
    notebook = assemble(Product(lesson, language, solved=True))
    del notebook.metadata["course"]["digest"]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _linked(cell.source, exported)
    # the last link of all leads to the same lesson in the other language, which is not in this folder
    notebook.cells[-1].source = notebook.cells[-1].source.rpartition(" · ")[0]
    if language != "en":
        notebook.cells.insert(0, new_code_cell(SPEAK.format(language=language), id="language"))
    return notebook


def _linked(text: str, exported: set[str]) -> str:
    """The text with its links to lessons as nbgrader lays them out, each in a folder; no links to those left out."""

    def link(found: re.Match) -> str:
        words, name, place = found.groups()
        return f"[{words}](../{name}/{name}.ipynb{place})" if name in exported else words

    return LINK.sub(link, text)
