"""Notebooks as learners hand them in, good and bad ones."""

from __future__ import annotations

from pathlib import Path

import nbformat

from helpers.authoring.build import Product, assemble
from helpers.exercises import lesson

RIGHT = "def best_category(logits, categories):\n    return categories[logits.argmax()]"
WRONG = "def best_category(logits, categories):\n    return categories[logits.argmin()]"


def hand_in(folder: Path, name: str, answer: str | None = None, change=None) -> Path:
    """A learner's notebook of lesson 00 with this answer."""
    notebook = assemble(Product(lesson("start"), "en", solved=False))
    if answer is not None:
        next(cell for cell in notebook.cells if cell.id == "start-1").source = answer
    if change is not None:
        change(notebook)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


NO_LESSONS = {
    "empty": (b"", "is empty"),
    "no_json": (b"{]", "is no valid notebook"),
    "not_text": (b"\xff\xfe\x00", "is no valid notebook"),
    "merge_conflict": (b"<<<<<<< HEAD\n{}", "holds the marks of a merge conflict"),
    "another_notebook": (
        b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        "is no lesson of this course",
    ),
    "a_list": (b"[1, 2]", "is no valid notebook"),
}
