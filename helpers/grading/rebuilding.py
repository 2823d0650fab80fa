"""``course rebuild``: the lesson as it was given out, with nothing of a submission's but its answers.

Cells, checks, kernel, metadata and tags are ours; no output is stored; comments that steer nbval are taken out of
the learner's code. So `pytest --nbval` and `--nbval-lax` run every check of the lesson on it, as we wrote it.

What it does not protect from: nbval runs answer and check in one kernel. Code in an answer's own cell, or in a cell
that it needs, can change whatever the check relies on: the modules of this course, torch, Python's builtins,
IPython's handling of errors. And a cell that never ends makes nbval excuse all later ones (it fails itself). What
:mod:`helpers.grading.grade` does, with judge and answer in separate processes, has neither weakness: points
are given by `course grade`. A rebuilt notebook also runs code of a learner's with all your rights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell
from rich.console import Console

from helpers.authoring.build import Product, assemble
from helpers.grading.names import names
from helpers.grading.program import Reading, readings
from helpers.grading.reading import Submission, Unreadable, read_bytes, read_submission
from helpers.judging.exercise import Exercise

UNUSABLE, UNREADABLE = 2, 3

# the learner's code may have bound `check` to something else, or told it that nobody grades
CHECK = 'import os\n\nfrom helpers import check\n\nos.environ["COURSE_GRADING"] = "1"\ncheck("{id}")'

_MARKER = re.compile(r"NBVAL_\w+|PYTEST_VALIDATE_\w+")


def rebuild(submission: Submission) -> nbformat.NotebookNode:
    """The lesson with a submission's answers, in the submission's language."""
    notebook = assemble(Product(submission.lesson, submission.language, solved=False))
    exercises = {exercise.id: exercise for exercise in submission.lesson.exercises}
    cells: list[nbformat.NotebookNode] = []
    for cell in notebook.cells:
        if cell.id in exercises:
            exercise = exercises[cell.id]
            cells += _answered(cell, exercise, readings(submission, exercise)[0], cells)
        else:
            id = cell.id.removesuffix("-check")
            if id in exercises and cell.cell_type == "code":
                cell.source = CHECK.format(id=id)
            cells.append(cell)
    notebook.cells = cells
    nbformat.validate(notebook)
    return notebook


def _answered(
    cell: nbformat.NotebookNode, exercise: Exercise, reading: Reading, before: Sequence[nbformat.NotebookNode]
) -> Iterator[nbformat.NotebookNode]:
    """The cells for one exercise: its answer cell, and the cells of the learner's own that it needs, where they run."""
    if reading.answer is None:
        yield cell
        return
    ran = [each.source for each in before if each.cell_type == "code"]
    for number, step in enumerate(reading.own, start=1):
        code = without_markers(step.code)
        if step.exercise:
            cell.source = code
            yield cell
        elif not _stands(code, ran):
            yield new_code_cell(code, id=f"{exercise.id}-needs-{number}")
        ran.append(code)


def _stands(code: str, ran: Sequence[str]) -> bool:
    """Whether a cell has run already, and nothing that it defined has been defined anew since."""
    if code not in ran:
        return False
    since = len(ran) - 1 - list(reversed(ran)).index(code)
    return not any(names(later).defines & names(code).defines for later in ran[since + 1 :])


def without_markers(code: str) -> str:
    """Code in which no comment steers nbval. Lines are what nbval takes for lines, which is more than Python does."""
    return "".join(
        _MARKER.sub("a marker for nbval stood here", line) if _is_marker(line) else line
        for line in code.splitlines(keepends=True)
    )


def _is_marker(line: str) -> bool:
    text = line.strip()
    return text.startswith("#") and bool(_MARKER.fullmatch(text.lstrip("#").strip()))


def rebuild_file(path: Path, out: Path) -> int:
    """Rebuild a notebook into a file, written whole or not at all; the exit status of ``course rebuild``."""
    console = Console(stderr=True, highlight=False, markup=False)
    if out.exists() and out.samefile(path):
        console.print(f"{out} is the submission itself, which stays as it is. Choose another file with -o.")
        return UNUSABLE
    if not out.resolve().parent.is_dir():
        console.print(f"There is no folder {out.resolve().parent}. Make it, or choose another file with -o.")
        return UNUSABLE
    try:
        submission = read_submission(read_bytes(path), path.name)
    except Unreadable as error:
        console.print(str(error))
        return UNREADABLE
    notebook = rebuild(submission)
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        nbformat.write(notebook, temporary)
        temporary.replace(out)
    except OSError as error:
        console.print(f"{out} cannot be written: {error}.")
        return UNUSABLE
    finally:
        temporary.unlink(missing_ok=True)
    for exercise in submission.lesson.exercises:
        for note in readings(submission, exercise)[0].notes:
            console.print(f"{exercise.id}: {note}")
    return 0
