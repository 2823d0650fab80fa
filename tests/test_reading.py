"""What learners really hand in: each kind of damage, the score that must come out, and what is said of it."""

from __future__ import annotations

import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from handing_in import RIGHT, WRONG, hand_in
from nbformat.v4 import new_code_cell, new_markdown_cell

from helpers.authoring.build import Product, assemble
from helpers.exercises import lesson
from helpers.grading.collecting import HandedIn, collect
from helpers.grading.grade import Terms, grade_file
from helpers.grading.notebook_file import MAX_CELL, MAX_CELLS, Unreadable, read_notebook
from helpers.grading.reading import read_bytes, read_submission
from helpers.grading.reports.record import SubmissionReport

NAME = "00_start_here.ipynb"
STUB = "def best_category(logits, categories):\n    # YOUR CODE HERE\n    raise NotImplementedError"
NB = nbformat.NotebookNode


def start(answer: str | None = RIGHT, language: str = "en", solved: bool = False) -> NB:
    """Lesson 00, as a learner has it, with this answer."""
    notebook = assemble(Product(lesson("start"), language, solved=solved))
    if answer is not None:
        cell_of(notebook).source = answer
    return notebook


def cell_of(notebook: NB, id: str = "start-1") -> NB:
    return next(cell for cell in notebook.cells if cell.id == id)


def graded(data: bytes | NB, folder: Path, name: str = NAME) -> SubmissionReport:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else nbformat.writes(data).encode())
    return grade_file(HandedIn("ann", path), Terms(0)).report


# cells ---------------------------------------------------------------------------------------------------------


def cells(*new: NB | str, answer: str | None = RIGHT, above: bool = False) -> NB:
    """The lesson with new cells below the check of the answer, or above the answer."""
    notebook = start(answer)
    place = [cell.id for cell in notebook.cells].index("start-1") + (0 if above else 2)
    notebook.cells[place:place] = [new_code_cell(each) if isinstance(each, str) else each for each in new]
    return notebook


def changed(change: Callable[[NB], object], answer: str | None = RIGHT, **options) -> NB:
    notebook = start(answer, **options)
    change(notebook)
    return notebook


def without(*ids: str) -> Callable[[NB], None]:
    def remove(notebook: NB) -> None:
        notebook.cells = [cell for cell in notebook.cells if cell.id not in ids]

    return remove


def marked(source: str, kind: Callable[..., NB] = new_code_cell) -> NB:
    """A copy of the answer cell, with its metadata, as pasting makes it."""
    return kind(source, metadata=cell_of(start()).metadata)


def retyped(kind: str, source: str = RIGHT) -> NB:
    def retype(notebook: NB) -> None:
        cell = cell_of(notebook)
        cell.cell_type, cell.source = kind, source
        del cell["outputs"], cell["execution_count"]

    return changed(retype)


def forget(notebook: NB) -> None:
    """What tools do that keep code alone."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"c{number}"
    notebook.metadata = {}


def forgotten(notebook: NB) -> NB:
    forget(notebook)
    return notebook


def id_on_the_wrong_cell(notebook: NB) -> None:
    cell_of(notebook).metadata, cell_of(notebook).id = {}, "other"
    notebook.cells.insert(3, new_code_cell("x = 1", metadata=marked("").metadata))


def check_is(**values) -> Callable[[NB], None]:
    return lambda notebook: cell_of(notebook, "start-1-check").update(values)


def renamed(notebook: NB) -> None:
    cell_of(notebook).metadata["nbgrader"]["grade_id"] = "start-99"
    cell_of(notebook).id = "start-99"


PLACE = "def place(logits):\n    return logits.argmax()"
USES_PLACE = "def best_category(logits, categories):\n    return categories[place(logits)]"
USES_TABLE = "def best_category(logits, categories):\n    return categories[table[0](logits)]"
PRINTS = "from helpers import check, hint, solution\nfrom IPython.display import Image\n"
SPLIT = RIGHT.replace("\n", "\n    best = logits.argmax()\n").replace("logits.argmax()]", "best]")
CONFLICT = "<<<<<<< local\n{}\n=======\n{}\n>>>>>>> remote"

CELLS: dict[str, tuple[NB, int, str]] = {
    "untouched": (start(), 2, ""),
    "the solution handed in": (start(None, solved=True), 2, ""),
    "in Chinese": (start(language="zh"), 2, ""),
    "not started": (start(None), 0, "Not started yet"),
    "a check deleted": (changed(without("start-1-check")), 2, ""),
    "a check edited": (changed(check_is(source="print('all tests passed')"), WRONG), 0, "smallest"),
    "a check made a text": (changed(check_is(cell_type="raw"), WRONG), 0, "smallest"),
    "an answer deleted": (changed(without("start-1")), 0, "best_category"),
    "twice, the copy wrong": (cells(marked(WRONG)), 2, "2 cells define `best_category`"),
    "twice, the copy right": (cells(marked(RIGHT), answer=WRONG), 2, "2 cells define `best_category`"),
    "twice, both wrong": (cells(marked(WRONG), answer="def best_category(a, b): return 1"), 0, "smallest"),
    "twice, the copy a stub": (cells(marked(STUB)), 2, ""),
    "twice, the copy no Python": (cells(marked(RIGHT + ")")), 2, ""),
    "twice, the first a stub": (cells(marked(RIGHT), answer=None), 2, ""),
    "written again at the end": (cells(RIGHT, answer=WRONG), 2, "2 cells define `best_category`"),
    "tried out wrong at the end": (cells(WRONG), 2, "2 cells define `best_category`"),
    "written elsewhere, the stub left": (cells(RIGHT, answer=None), 2, "No cell marked as the answer"),
    "made a text": (retyped("markdown"), 2, "stands in a text cell"),
    "made raw": (retyped("raw"), 2, "stands in a text cell"),
    "made a text with a fence": (retyped("markdown", f"```python\n{RIGHT}\n```"), 2, "in a text cell"),
    "a fence in the code": (start(f"```python\n{RIGHT}\n```"), 2, ""),
    "explained in a text": (cells(new_markdown_cell(f"I wrote\n```python\n{RIGHT}\n```"), answer=WRONG), 0, "smallest"),
    "reversed": (changed(lambda notebook: notebook.cells.reverse()), 2, ""),
    "a helper in the cell, the function below": (cells(USES_PLACE, answer=PLACE), 2, "No cell marked as the answer"),
    "cut in two": (start(SPLIT.partition("    return")[0].rstrip()), 0, "returned None"),
    "merged with its check": (start(f"{RIGHT}\ncheck('start-1')"), 2, ""),
    "metadata and ids lost": (forgotten(start()), 2, "No cell marked as the answer"),
    "only metadata lost": (changed(lambda notebook: cell_of(notebook).update(metadata={})), 2, ""),
    "lost, the last counts": (forgotten(cells(RIGHT, answer=WRONG)), 2, "2 cells define"),
    "id on the wrong cell": (changed(id_on_the_wrong_cell), 2, "No cell marked as the answer"),
    "another id, of an older release": (changed(renamed), 2, "No cell marked as the answer"),
    "stray cells that fail": (cells("1 / 0", "def broken(:", "import nowhere", above=True), 2, ""),
    "stray cells that exit": (cells("import os\nos._exit(1)", "exit()", "raise SystemExit", above=True), 2, ""),
    "stray cells that never end": (cells("while True: pass", "input('?')", above=True), 2, ""),
    "a stray cell that patches": (cells("import torch\ntorch.Tensor.argmax = None", above=True), 2, ""),
    "a helper above": (cells(PLACE, answer=USES_PLACE, above=True), 2, ""),
    "a helper below": (cells(PLACE, answer=USES_PLACE), 2, "further down, in cell"),
    "a helper changed by a cell that exits": (
        cells("table = [lambda x: x.argmax()]", "import os\ntable.append(os._exit(1))", answer=USES_TABLE, above=True),
        2, "",
    ),
    "a helper filled by another cell": (
        cells("table = []", "table.append(lambda x: x.argmax())", answer=USES_TABLE, above=True), 2, "",
    ),
    "a helper that awaits": (
        cells(f"import asyncio\nawait asyncio.sleep(0)\n{PLACE}", answer=USES_PLACE, above=True), 2, "",
    ),
    "magics in the answer": (start(f"%matplotlib inline\n!pip install x\nprint?\n{RIGHT}"), 2, ""),
    "timed": (start(f"%%time\n{RIGHT}"), 2, ""),
    "another language": (start(f"%%bash\n{RIGHT}"), 0, "best_category"),
    "course lines in the answer": (start(f"{PRINTS}{RIGHT}\ndisplay(1)\ncheck('start-1')\nhint('start-1')"), 2, ""),
    "input in the answer": (start(f"name = input('Your name?')\n{RIGHT}"), 2, ""),
    "prints with display": (start(RIGHT.replace("return", "display(logits)\n    return")), 2, ""),
    "no Python": (start(RIGHT + ")"), 0, "SyntaxError"),
    "raises above the function": (start(f"1 / 0\n{RIGHT}"), 0, "ZeroDivisionError"),
    "a function called by the cell raises below": (start(f"{RIGHT}\nbest_category(1)"), 2, ""),
    "a conflict inside the cell, first right": (start(CONFLICT.format(RIGHT, WRONG)), 2, "first side"),
    "a conflict inside the cell, second right": (start(CONFLICT.format(WRONG, RIGHT)), 2, "second side"),
    "far too many cells": (cells(*["x = 1"] * MAX_CELLS), 2, "left out: "),
    "far too long a cell": (cells("x = 1\n" * MAX_CELL), 2, "left out: 1"),
}  # fmt: skip


@pytest.mark.parametrize(("notebook", "earned", "said"), CELLS.values(), ids=CELLS)
def test_cells(tmp_path: Path, notebook: NB, earned: int, said: str) -> None:
    report = graded(notebook, tmp_path)
    assert (report.status, report.earned, report.possible) == ("graded", earned, 2), report
    message = report.exercises[0].message
    assert (said in message) if said else not message, message


def test_a_function_cut_in_the_middle_is_joined(tmp_path: Path) -> None:
    top, rest = SPLIT.split("\n    return")
    for below in (new_code_cell(f"    return{rest}"), marked(f"    return{rest}")):
        notebook = start(top)
        place = [cell.id for cell in notebook.cells].index("start-1") + 1
        notebook.cells.insert(place, below)
        report = graded(notebook, tmp_path)
        assert report.earned == 2
        assert "split over 2 cells" in report.exercises[0].message


# lessons of several exercises ----------------------------------------------------------------------------------


def solved_modes() -> NB:
    return assemble(Product(lesson("modes"), "en", solved=True))


def statuses(report: SubmissionReport) -> list[str]:
    return [f"{row.status} {row.earned}" for row in report.exercises]


def test_one_exercises_damage_is_no_others(tmp_path: Path) -> None:
    notebook = solved_modes()
    first, second, third = (cell_of(notebook, f"modes-{number}") for number in (1, 2, 3))
    first.metadata, second.metadata = second.metadata, first.metadata
    third.source = "import os\nos._exit(0)"
    cell_of(notebook, "modes-4").source = "class FrozenBatchNorm:\n    raise KeyboardInterrupt"
    without("modes-5")(notebook)
    rows = graded(notebook, tmp_path, "x.ipynb").exercises
    assert [row.status for row in rows] == ["passed", "passed", "error", "error", "missing"]
    assert (
        "No cell marked as the answer" in rows[0].message
        and "No cell marked as the answer" in rows[1].message
    )


def test_answers_merged_into_one_cell(tmp_path: Path) -> None:
    notebook = solved_modes()
    first, second = cell_of(notebook, "modes-1"), cell_of(notebook, "modes-2")
    first.source = f"{first.source}\n\n\n{second.source}"
    without("modes-2", "modes-2-check")(notebook)
    merged = graded(notebook, tmp_path, "x.ipynb")
    assert [row.status for row in merged.exercises] == ["passed"] * 5
    first.source = first.source.replace("(x: torch.Tensor", "(x: torch.Tensor:")
    spoilt = graded(notebook, tmp_path, "x.ipynb").exercises
    assert [row.status for row in spoilt[:3]] == ["passed", "missing", "passed"]
    assert "holds several answers" in spoilt[0].message


def test_a_notebook_is_the_lesson_that_it_holds(tmp_path: Path) -> None:
    notebook = start()
    assert read_submission(nbformat.writes(notebook).encode(), "01_modes.ipynb").lesson.word == "start"
    notebook.metadata["course"]["lesson"] = "01_modes"
    assert read_submission(nbformat.writes(notebook).encode(), "01_modes.ipynb").lesson.word == "start"
    forget(notebook)
    assert read_submission(nbformat.writes(notebook).encode(), "homework.ipynb").lesson.word == "start"
    notebook.cells = []
    assert read_submission(nbformat.writes(notebook).encode(), "01_modes (1).ipynb").lesson.word == "modes"
    with pytest.raises(Unreadable, match="is no lesson of this course"):
        read_submission(nbformat.writes(notebook).encode(), "homework.ipynb")


def test_the_language_is_told_without_metadata() -> None:
    for language in ("en", "zh"):
        notebook = forgotten(start(language=language))
        assert read_submission(nbformat.writes(notebook).encode(), NAME).language == language


# files ---------------------------------------------------------------------------------------------------------


def plain(notebook: NB | None = None) -> dict:
    """A notebook as plain data."""
    return json.loads(nbformat.writes(notebook or start()))


def saved(data: object, **options) -> bytes:
    return json.dumps(data, indent=1, ensure_ascii=False, **options).encode()


def edited(change: Callable[[dict], object], notebook: NB | None = None) -> bytes:
    data = plain(notebook)
    change(data)
    return saved(data)


def older(version: int) -> bytes:
    return nbformat.writes(nbformat.convert(start(), version)).encode()


def each_cell(**values) -> Callable[[dict], None]:
    return lambda data: [cell.update(values) for cell in data["cells"]]


def replace_cells(make: Callable[[list], list]) -> Callable[[dict], None]:
    return lambda data: data.update(cells=make(data["cells"]))


def with_outputs(outputs: str) -> bytes:
    """The lesson with this text, JSON or not, as the outputs of its first code cell."""
    return saved(plain()).replace(b'"outputs": []', f'"outputs": {outputs}'.encode(), 1)


def git_conflict(ours: bytes, theirs: bytes, base: bytes = b"") -> bytes:
    """The file that git leaves when the only line in which two versions differ cannot be merged."""
    lines, others = ours.splitlines(keepends=True), theirs.splitlines(keepends=True)
    first = next(n for n, (one, other) in enumerate(zip(lines, others, strict=False)) if one != other)
    same = next(
        n for n, (one, other) in enumerate(zip(lines[::-1], others[::-1], strict=False)) if one != other
    )
    cut, other_cut = len(lines) - same, len(others) - same
    middle = b"||||||| base\n" + base if base else b""
    return b"".join(
        [*lines[:first], b"<<<<<<< HEAD\n", *lines[first:cut], middle, b"=======\n", *others[first:other_cut],
         b">>>>>>> 1f2e3d4 (mine)\n", *lines[cut:]]
    )  # fmt: skip


A_STRAY_SURROGATE = '"\\ud800 in a comment"'
SCRIPT = f"# %% [markdown]\n# # 00\n\n# %%\n{RIGHT}\n"

FILES: dict[str, tuple[bytes, int, str]] = {
    "format 3": (older(3), 2, ""),
    "format 2": (saved({"nbformat": 2, "metadata": {"name": "x"}, "worksheets": [{"cells": [
        {"cell_type": "code", "input": RIGHT, "language": "python", "outputs": []}]}]}), 2, "No cell marked as the answer"),
    "format 3 without outputs": (older(3).replace(b'"outputs": [],', b""), 2, ""),
    "no minor format": (edited(lambda data: data.pop("nbformat_minor")), 2, ""),
    "a minor format of the future": (edited(lambda data: data.update(nbformat_minor=99)), 2, ""),
    "formats as text": (edited(lambda data: data.update(nbformat="4", nbformat_minor="x")), 2, ""),
    "the same id everywhere": (edited(each_cell(id="same")), 2, ""),
    "no ids": (edited(lambda data: [cell.pop("id") for cell in data["cells"]]), 2, ""),
    "ids that are numbers": (edited(each_cell(id=7)), 2, ""),
    "sources as text": (edited(lambda data: [cell.update(source="".join(cell["source"])) for cell in data["cells"]]), 2, ""),
    "broken cells": (edited(replace_cells(lambda cells: [None, 7, {}, {"cell_type": "code"}, *cells])), 2, "left out: 4"),
    "a source that is a number": (edited(replace_cells(lambda cells: [{"cell_type": "code", "source": 7}, *cells])), 2, "left out: 1"),
    "broken metadata": (edited(lambda data: (data.update(metadata=[]), each_cell(metadata=None)(data))), 2, ""),
    "broken outputs": (with_outputs('[null, 7, {"x": [{}]}]'), 2, ""),
    "NaN in outputs": (with_outputs("[NaN, -Infinity]"), 2, ""),
    "half a surrogate": (with_outputs(f"[{A_STRAY_SURROGATE}]"), 2, ""),
    "a raw tab in a text": (saved(plain()).replace(b"Start here", b"Start\there"), 2, ""),
    "no UTF-8": (saved(plain()).replace(b"Start here", b"Caf\xe9"), 2, "not saved as UTF-8"),
    "a mark of UTF-8": (b"\xef\xbb\xbf" + saved(plain()), 2, ""),
    "UTF-16": (saved(plain()).decode().encode("utf-16"), 2, ""),
    "UTF-16 without a mark": (saved(plain()).decode().encode("utf-16-le"), 2, ""),
    "Windows line ends": (saved(plain()).replace(b"\n", b"\r\n"), 2, ""),
    "a merge conflict, first right": (git_conflict(saved(plain()), saved(plain(start(WRONG)))), 2, "Its first side"),
    "a merge conflict, second right": (git_conflict(saved(plain(start(WRONG))), saved(plain())), 2, "Its second side"),
    "a merge conflict with its base": (git_conflict(saved(plain()), saved(plain(start(WRONG))), b"{]\n"), 2, "first side"),
    "a merge conflict, one side no JSON": (git_conflict(saved(plain()).replace(b'categories):\\n"', b'x"\n,,'), saved(plain())), 2, "Its second side"),
    "only a conflict's mark in a text": (saved(plain(cells(new_markdown_cell("<<<<<<< HEAD")))), 2, ""),
}  # fmt: skip

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "x.ipynb is empty. Save it"),
    "blank": (b"\n \n", "is empty"),
    "zeros": (b"\0" * 5000, "is empty"),
    "a future format": (edited(lambda data: data.update(nbformat=5)), "format 5, which is newer .* Save it in format 4"),
    "cut off": (saved(plain())[:3000], "ends in the middle"),
    "cut off in a text": (saved(plain()).partition(b"learn")[0], "ends in the middle"),
    "a list": (b"[]", "is no valid notebook"),
    "no cells": (b'{"nbformat": 4}', "is no valid notebook: it holds no list of cells"),
    "cells of another kind": (b'{"cells": {}}', "holds no list of cells"),
    "nested without end": (b'{"cells": ' + b"[" * 100_000, "is no valid notebook"),
    "no JSON": (b"{]", "is no valid notebook"),
    "a huge number": (b'{"cells": ' + b"1" * 10_000 + b"NaN", "is no valid notebook"),
    "a ZIP": (b"PK\x03\x04...", "is a ZIP archive"),
    "a PDF": (b"%PDF-1.7", "is a PDF file"),
    "a web page": (b"\n<!DOCTYPE html><html>", "is a web page"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "only a pointer of Git LFS"),
    "a script with cells": (SCRIPT.encode(), "Python script with cells, .* `jupytext --to notebook`"),
    "a script": (RIGHT.encode(), "is a Python script, not a notebook"),
    "a conflict without end": (b"<<<<<<< HEAD\n" + saved(plain()), "marks of a merge conflict"),
    "a conflict, no side JSON": (b"<<<<<<< HEAD\n{]\n=======\n[}\n>>>>>>> x\n", "neither side of it is a notebook"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "earned", "said"), FILES.values(), ids=FILES)
def test_files(tmp_path: Path, data: bytes, earned: int, said: str) -> None:
    report = graded(data, tmp_path)
    assert (report.status, report.earned) == ("graded", earned), report
    message = report.exercises[0].message
    assert (said in message) if said else not message, message


@pytest.mark.parametrize(("data", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_files_that_cannot_be_read(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_submission(data, "x.ipynb")


def test_outputs_take_no_memory() -> None:
    data = with_outputs("[" + ",".join(['{"image/png": "' + "A" * 1_000_000 + '"}'] * 30) + "]")
    tracemalloc.start()
    try:
        read_notebook(data, NAME)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_spaces_and_other_letters_in_names(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "class/李 雷/week 1/00_start_here (1) – копия.ipynb", RIGHT)
    (found,) = collect([tmp_path / "class"])
    assert (found.learner, found.path) == ("李 雷", path)
    assert grade_file(found, Terms(0)).report.earned == 2


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_earn_nothing_and_take_nothing_away(tmp_path: Path) -> None:
    ann = hand_in(tmp_path, f"class/ann/{NAME}", RIGHT)
    solution = Product(lesson("start"), "en", solved=True).path
    (tmp_path / "class" / "bob").mkdir()
    for name, target in (("a.ipynb", ann), ("b.ipynb", solution), ("c.ipynb", tmp_path / "nowhere")):
        (tmp_path / "class" / "bob" / name).symlink_to(target)
    (tmp_path / "class" / "eve").symlink_to(ann.parent)
    reports = [grade_file(each, Terms(0)).report for each in collect([tmp_path / "class"])]
    assert [(each.learner, each.earned) for each in reports] == [
        ("ann", 2),
        ("bob", 0),
        ("bob", 0),
        ("bob", 0),
    ]
    assert all("is a link to another file" in each.reason for each in reports[1:])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes in folders")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    with pytest.raises(Unreadable, match="is no file"):
        read_bytes(tmp_path / "pipe.ipynb")
    with pytest.raises(Unreadable, match="cannot be read"):
        read_bytes(tmp_path / "folder.ipynb")
