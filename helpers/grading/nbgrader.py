"""The course's judge inside ``nbgrader autograde``, where nbgrader would run the notebook.

nbgrader reads a score from the output of a check's cell: an error is no points, a number that many, anything else all
of them. So here every check's cell gets its panel and the number that the judge gave. What the learner's cells
printed, or what their code would do to a kernel, does not come into it.
"""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_output

from helpers.authoring.build import Product, assemble
from helpers.exercises import lesson_of, lessons
from helpers.grading.collecting import HandedIn, out_of_sight
from helpers.grading.grade import Terms, grade_submission
from helpers.grading.reading import Unreadable
from helpers.grading.reports.record import ExerciseReport, Graded, PanelReport
from helpers.text import LANGUAGES

CHECK = "-check"


def judge_notebook(
    notebook: nbformat.NotebookNode, resources: dict[str, Any], *, course_folder: Path
) -> tuple[nbformat.NotebookNode, dict[str, Any]]:
    """Judge a submission's answers and put points and panels under its checks: a preprocessor for nbgrader.

    Args:
        notebook: a submission that nbgrader has sanitised.
        resources: nbgrader's: whose notebook it is.
        course_folder: nbgrader's folder, with the sources and all submissions, which no answer must see.

    Raises:
        Unreadable: when it is no lesson of this course; nbgrader then says so and gives no score.
    """
    graded = _grade(notebook, resources["nbgrader"], course_folder)
    if graded.report.reason is not None:
        raise Unreadable(graded.report.reason)
    checks = _check_cells(notebook, [row.id for row in graded.report.exercises])
    for row, panel in zip(graded.report.exercises, graded.panels, strict=True):
        check = checks[row.id]
        check.outputs = _outputs(row, panel, float(check.metadata.nbgrader["points"]))
    _fail_unjudged(notebook, {f"{row.id}{CHECK}" for row in graded.report.exercises})
    return notebook, resources


@cache
def _seed() -> int:
    """Secret, and the same for everybody that one run grades."""
    return secrets.randbits(32)


def _its_language(notebook: nbformat.NotebookNode) -> str:
    language = _about(notebook).get("language")
    return language if language in list(LANGUAGES) else "en"


def _about(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """What the notebook says of itself; a learner may have written anything there."""
    course = notebook.metadata.get("course")
    return course if isinstance(course, dict) else {}


def _grade(notebook: nbformat.NotebookNode, whose: dict[str, str], course_folder: Path) -> Graded:
    name = whose["notebook"]
    if name in {lesson.name for lesson in lessons()}:
        # nbgrader knows which lesson was asked for; the learner's notebook has no say in it
        notebook.metadata["course"] = {**_about(notebook), "lesson": name}
    language = _its_language(notebook)
    terms = Terms(seed=_seed(), language=language, hidden=tuple(out_of_sight([course_folder], [])))
    data = nbformat.writes(notebook).encode()
    return grade_submission(data, HandedIn(whose["student"], Path(f"{name}.ipynb")), terms)


def _check_cells(notebook: nbformat.NotebookNode, ids: list[str]) -> dict[str, nbformat.NotebookNode]:
    """The check's cell of each exercise; one that the learner deleted is put back, at the end.

    Its points and kind are the teacher's: nbgrader has restored them, or refused the notebook.
    """
    found = {
        _grade_id(cell).removesuffix(CHECK): cell
        for cell in notebook.cells
        if cell.cell_type == "code" and _grade_id(cell).endswith(CHECK)
    }
    for id in ids:
        if id not in found:
            found[id] = _release_cell(f"{id}{CHECK}", id)
            notebook.cells.append(found[id])
    return found


def _release_cell(grade_id: str, exercise: str) -> nbformat.NotebookNode:
    release = assemble(Product(lesson_of(exercise), "en", solved=False))
    return next(cell for cell in release.cells if cell.id == grade_id)


def _outputs(row: ExerciseReport, panel: PanelReport, points: float) -> list[nbformat.NotebookNode]:
    # a teacher may have given the cell other points than the exercise has
    earned = row.earned * points / row.possible
    return [
        new_output("display_data", {"text/html": panel.html, "text/plain": panel.text}),
        new_output("execute_result", {"text/plain": f"{earned:g}"}, execution_count=1),
    ]


def _fail_unjudged(notebook: nbformat.NotebookNode, judged: set[str]) -> None:
    """Give no points for a cell that nobody judged or ran: to nbgrader no output means all points."""
    for cell in notebook.cells:
        graded = cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
        if graded and not cell.outputs and _grade_id(cell) not in judged:
            says = "This cell is none of the course's checks, and was not run. Grade it by hand, or let Execute run it."
            cell.outputs = [new_output("error", ename="NotJudged", evalue=says, traceback=[says])]


def _grade_id(cell: nbformat.NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
