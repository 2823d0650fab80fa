"""The files that a teacher gets: the report as JSON, a gradebook, and a page for each learner.

Each is written whole or not at all: to a temporary file first, which then takes its place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import jinja2
from markupsafe import Markup

from helpers.grading.report import Graded, as_json
from helpers.text import Message, language


def write_json(path: Path, graded: Iterable[Graded]) -> None:
    """The report of DESIGN's contract."""
    _write(path, as_json([each.report for each in graded]))


def write_folder(folder: Path, graded: Sequence[Graded]) -> None:
    """``report.json``, ``gradebook.csv`` and ``feedback/<learner>.html``, in a folder that is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "report.json", graded)
    _write(
        folder / "gradebook.csv", gradebook(graded).encode("utf-8-sig")
    )  # with the mark that Excel looks for
    (folder / "feedback").mkdir(exist_ok=True)
    taken: set[str] = set()
    for learner, own in _by_learner(graded):
        name = _file_name(learner, taken)
        _write(folder / "feedback" / f"{name}.html", feedback_page(learner, own).encode())


def gradebook(graded: Sequence[Graded]) -> str:
    """One row a learner, one column an exercise; an exercise that was handed in twice counts at its best.

    A cell of a learner's own that a spreadsheet would take for a formula is led by an apostrophe.
    """
    ids = list(dict.fromkeys(row.id for each in graded for row in each.report.exercises))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["learner", "earned", *ids, "unreadable"])
    for learner, own in _by_learner(graded):
        best: dict[str, int] = {}
        for each in own:
            for row in each.report.exercises:
                best[row.id] = max(best.get(row.id, 0), row.earned)
        unreadable = [Path(each.report.path).name for each in own if each.report.status == "unreadable"]
        cells = [best.get(id, "") for id in ids]
        writer.writerow([_harmless(learner), sum(best.values()), *cells, _harmless(" ".join(unreadable))])
    return file.getvalue()


def feedback_page(learner: str, own: list[Graded]) -> str:
    """A web page of its own with the panels that the learner would have seen."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("helpers.grading"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["t"] = lambda sentence, **values: str(Message(sentence, values))
    notebooks = [(each.report, [Markup(panel) for panel in each.panels]) for each in own]
    return environment.get_template("feedback.html.j2").render(
        lang=language(), learner=learner, notebooks=notebooks
    )


def _by_learner(graded: Sequence[Graded]) -> list[tuple[str, list[Graded]]]:
    ordered = sorted(graded, key=lambda each: (each.report.learner, each.report.path))
    return [(learner, list(own)) for learner, own in groupby(ordered, key=lambda each: each.report.learner)]


def _file_name(learner: str, taken: set[str]) -> str:
    """The learner's name as a file name that every system allows, another one for each learner."""
    base = re.sub(r"[^\w.-]+", "_", learner).strip("._") or "learner"
    name, number = base, 2
    while name.casefold() in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name.casefold())
    return name


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
