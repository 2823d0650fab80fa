"""What people do in notebooks: cells run out of order get a sentence that says which cell comes first."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from IPython.display import display

from helpers.authoring.source import Cell, SourceError, read_source
from helpers.exercises import lessons
from helpers.judging.feedback import draw
from helpers.paths import grading
from helpers.text import _


def explain_missing_names(shell: Any) -> None:
    """After a cell that stopped because a name is missing, say which cell of the lesson makes it. Once a shell."""
    if _explain not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _explain)


def _explain(result: Any) -> None:
    error = getattr(result, "error_in_exec", None)
    if not isinstance(error, NameError) or not error.name or grading():
        return
    cell = _maker_of(error.name)
    if cell is None:
        return
    panel = draw(
        "note",
        title=_("`{name}` is not there yet", name=error.name),
        lines=[
            _(
                "An earlier cell of this lesson makes it, and since this kernel started that cell has not run. Choose Run ▸ Run All Above Selected Cell, then run this one again. The cell begins with:"
            )
        ],
        code=cell.text.splitlines()[0],
        more=None,
        tone="quiet",
    )
    display(panel)


def _maker_of(name: str) -> Cell | None:
    """The first cell of the open lesson that makes a name; None in notebooks that are no lesson."""
    # Jupyter's servers tell a kernel the path of its notebook
    lesson = PurePosixPath(os.environ.get("JPY_SESSION_NAME", "").replace("\\", "/")).stem
    if lesson not in (each.name for each in lessons()):
        return None
    try:
        return next(
            (cell for cell in read_source(lesson) if cell.kind == "code" and name in _made_by(cell)), None
        )
    except SourceError:  # a copy of the course without its sources
        return None


def _made_by(cell: Cell) -> set[str]:
    try:
        return set(_names(ast.parse(cell.text)))
    except SyntaxError:  # a magic
        return set()


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom():
                yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Name(ctx=ast.Store()):
                yield node.id
