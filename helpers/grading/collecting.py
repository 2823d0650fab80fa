"""Which notebooks a teacher means by a path, and whose they are."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT

NEEDED = [Path(each).resolve() for each in (ROOT, sys.prefix, sys.base_prefix, tempfile.gettempdir())]
IGNORED = (".ipynb_checkpoints", "__pycache__")


@dataclass(frozen=True)
class HandedIn:
    """One notebook of one learner."""

    learner: str
    path: Path


def collect(paths: list[Path]) -> list[HandedIn]:
    """All notebooks at these paths, each once, by learner and then by path.

    A path is a notebook (the learner is the folder it lies in), one learner's folder, or a folder of learners'
    folders, as ``submitted/<learner>/<assignment>/NN_name.ipynb`` or ``<learner>/NN_name.ipynb``.
    """
    # two names of one folder are one, but a link to another's notebook is no second name of it
    found = {each.path.parent.resolve() / each.path.name: each for path in paths for each in _at(path)}
    return sorted(found.values(), key=lambda each: (each.learner, each.path))


def _at(path: Path) -> Iterator[HandedIn]:
    if not path.is_dir():
        yield HandedIn(path.resolve().parent.name, path)
        return
    notebooks, here = _notebooks(path), path.resolve()
    # a folder in nbgrader's submitted/, or one that itself holds notebooks, is one learner's; else its folders are
    one_learner = here.parent.name == "submitted" or any(each.parent == path for each in notebooks)
    for notebook in notebooks:
        yield HandedIn(here.name if one_learner else notebook.relative_to(path).parts[0], notebook)


def out_of_sight(paths: Iterable[Path], handed_in: Iterable[HandedIn]) -> list[Path]:
    """What no answer must see of these paths: whole folders, so that it costs the same for every number of files.

    A folder without which Python itself would not run, as when a teacher grades ``.``, is left; then the notebooks
    in it are hidden one by one.
    """
    folders = [path.resolve() for path in paths]
    whole = [
        each for each in folders if each.is_dir() and not any(need.is_relative_to(each) for need in NEEDED)
    ]
    single = [each.path.resolve() for each in handed_in]
    return whole + [each for each in single if not any(each.is_relative_to(folder) for folder in whole)]


def _notebooks(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*.ipynb")
        if not any(part in IGNORED or part.startswith(".") for part in path.relative_to(folder).parts)
    )
