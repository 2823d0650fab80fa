"""Notebooks as learners hand them in, good and bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbformat

from helpers.authoring.build import Product, assemble
from helpers.exercises import lesson
from helpers.grading.executors import Judges
from helpers.grading.protections import protections

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


_in_force = cache(protections)


class InPlace(Executor):
    """Judges in this process, and knows what came: a command's own judges would each import everything again."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        self.calls.append(args)
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    @contextmanager
    def judges(self, _jobs: int) -> Iterator[Judges]:
        """Stands for ``helpers.grading.executors.local_judges``."""
        yield Judges(self, lambda: 2, _in_force())

    @property
    def learners(self) -> list[str]:
        """Whose submissions came."""
        return [handed_in.learner for _data, handed_in, _terms in self.calls]
