"""From sources to notebooks: for learners and solved, in each language.

A learner notebook is what its source says, so it is rebuilt and compared as a whole. A solution notebook also
holds outputs: it is executed only when what it is made of has changed, which a digest in its metadata tells.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers import exercises
from helpers.authoring.source import Cell, cell_id, modules_of, read_source, strip_solution
from helpers.judging.exercise import Lesson
from helpers.paths import NOTEBOOKS, ROOT, graded_environment
from helpers.reference.pages import page
from helpers.text import LANGUAGES, _, speaking, translate

PANELS = ROOT / "helpers" / "judging" / "templates"

CELL_TIMEOUT = 300
"""Seconds that one cell of a solution may take."""


@dataclass(frozen=True)
class Product:
    """One notebook that is built."""

    lesson: Lesson
    language: str
    solved: bool

    @property
    def path(self) -> Path:
        """Where it lies: notebooks/[zh/][solutions/]NN_name.ipynb."""
        folder = NOTEBOOKS if self.language == "en" else NOTEBOOKS / self.language
        return (folder / "solutions" if self.solved else folder) / f"{self.lesson.name}.ipynb"

    @property
    def label(self) -> str:
        """The path as an author types it."""
        return self.path.relative_to(ROOT).as_posix()


def products() -> list[Product]:
    """Every notebook of the course."""
    return [
        Product(lesson, language, solved)
        for lesson in exercises.lessons()
        for language in LANGUAGES
        for solved in (False, True)
    ]


def assemble(product: Product) -> nbformat.NotebookNode:
    """The notebook as its source says, without outputs."""
    lesson = product.lesson
    source = read_source(lesson.name)
    with speaking(product.language):
        cells = [
            built for index, cell in enumerate(source) for built in _cells(product, cell, source[index + 1 :])
        ]
        cells.append(new_markdown_cell(_navigation(product), id="where-next"))
    _number(cells)
    notebook = new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "course": {"lesson": lesson.name, "language": product.language},
        },
    )
    if product.solved:
        notebook.metadata["course"]["digest"] = _digest(lesson, notebook)
    nbformat.validate(notebook)
    return notebook


def _cells(product: Product, cell: Cell, rest: list[Cell]) -> Iterator[nbformat.NotebookNode]:
    if cell.page:
        for number, text in enumerate(page(cell.page), start=1):
            yield new_markdown_cell(text, id=f"{cell.page}-{number}")
    elif cell.kind == "markdown":
        text = translate(cell.text)
        if rest and rest[0].exercise:
            text = f"{_exercise_heading(rest[0].exercise)}\n\n{text}"
        yield new_markdown_cell(text, id=cell_id(cell))
    elif cell.exercise is None:
        yield new_code_cell(cell.text, id=cell_id(cell))
    else:
        yield from _exercise_cells(product, cell)


def _exercise_heading(id: str) -> str:
    exercise = exercises.find_exercise(id)
    points = _("{points} points", points=exercise.points)
    return f"### {id} · {exercise.title} ({points})"


def _exercise_cells(product: Product, cell: Cell) -> Iterator[nbformat.NotebookNode]:
    exercise = exercises.find_exercise(cell.exercise)
    # a solution keeps nbgrader's markers, so that it can serve nbgrader as a source
    code = cell.text if product.solved else strip_solution(cell.text)
    yield new_code_cell(code, id=exercise.id, metadata=_nbgrader(exercise.id, solution=True))
    check = f'check("{exercise.id}")'
    metadata = _nbgrader(f"{exercise.id}-check", solution=False, points=exercise.points)
    yield new_code_cell(check, id=f"{exercise.id}-check", metadata=metadata)


def _nbgrader(grade_id: str, *, solution: bool, points: int | None = None) -> dict:
    entry = {
        "grade": not solution,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        entry["points"] = points
    return {"nbgrader": entry}


def _number(cells: list[nbformat.NotebookNode]) -> None:
    """Tell apart cells of the same text, which would share an id."""
    seen: dict[str, int] = {}
    for cell in cells:
        seen[cell.id] = seen.get(cell.id, 0) + 1
        if seen[cell.id] > 1:
            cell.id = f"{cell.id}-{seen[cell.id]}"


def _navigation(product: Product) -> str:
    lessons = exercises.lessons()
    place = lessons.index(product.lesson)
    links = []
    if place > 0:
        before = lessons[place - 1]
        links.append(_("Previous: [{title}]({name}.ipynb)", title=before.title, name=before.name))
    if place + 1 < len(lessons):
        after = lessons[place + 1]
        links.append(_("Next: [{title}]({name}.ipynb)", title=after.title, name=after.name))
    name = product.lesson.name
    up = "../" if product.solved else ""
    inner = "solutions/" if product.solved else ""
    other = f"{up}zh/{inner}{name}.ipynb" if product.language == "en" else f"{up}../{inner}{name}.ipynb"
    links.append(f"[{'中文' if product.language == 'en' else 'English'}]({other})")
    return "---\n\n" + " · ".join(str(link) for link in links)


def _digest(lesson: Lesson, notebook: nbformat.NotebookNode) -> str:
    """Of what decides the outputs: cells, judges, trials, labs, panels, and the course's outline, which panels name."""
    parts = [repr([(cell.cell_type, cell.source) for cell in notebook.cells])]
    parts.append(
        repr(
            [
                (item.id, item.title.english, item.points)
                for each in exercises.lessons()
                for item in each.exercises
            ]
        )
    )
    for folder in ("exercises", "trials", "reference", "labs"):
        parts += [path.read_text(encoding="utf-8") for path in modules_of(lesson.word, folder)]
    parts += [path.read_text(encoding="utf-8") for path in sorted(PANELS.glob("*.j2"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def read(path: Path) -> nbformat.NotebookNode | None:
    """A built notebook as it lies on disk; None when it is missing or unreadable."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception:
        return None


def execute(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run every cell, as a grader would, so that a check that does not pass stops the build.

    Raises:
        nbclient.exceptions.CellExecutionError: when a cell fails.
    """
    from nbclient import NotebookClient

    folder.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    # two kernels side by side, each with as many threads as there are cores, would mostly wait for each other
    client.execute(env={"OMP_NUM_THREADS": "1", **os.environ, **graded_environment()})
    return notebook


def up_to_date(product: Product) -> bool:
    """Whether the notebook on disk is what its source builds."""
    return not list(differences(product))


def differences(product: Product) -> Iterator[str]:
    """How the notebook on disk differs from what its source builds."""
    there, wanted = read(product.path), assemble(product)
    if there is None:
        yield f"{product.label} is missing or unreadable. Run `course build`."
        return
    if there.metadata != wanted.metadata:
        yield f"{product.label} was built from another state of its lesson. Run `course build`."
        return
    if [_identity(cell) for cell in there.cells] != [_identity(cell) for cell in wanted.cells]:
        yield f"{product.label} was edited by hand, or its source changed. Edit {_shown(product)} and run `course build`."
        return
    checks = [cell for cell in there.cells if cell.id.endswith("-check")]
    ran = any(cell.get("outputs") for cell in there.cells)
    if product.solved and not (ran and all(cell.outputs for cell in checks)):
        yield f"{product.label} has lost its stored outputs. Run `course build --force {product.lesson.name}`."
    if not product.solved and ran:
        yield f"{product.label} holds outputs. Run `course build`."


def _identity(cell: nbformat.NotebookNode) -> tuple:
    return cell.cell_type, cell.id, cell.source, cell.metadata


def _shown(product: Product) -> str:
    return f"notebooks/source/{product.lesson.name}.py"


def build(product: Product, force: bool = False) -> bool:
    """Bring one notebook up to date; whether anything was written."""
    if not force and up_to_date(product):
        return False
    notebook = assemble(product)
    if product.solved:
        execute(notebook, product.path.parent)
        wanted = assemble(product).metadata
        notebook.metadata = wanted  # executing adds the kernel's own version, which is of no lesson
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
            _still(cell)
    product.path.parent.mkdir(parents=True, exist_ok=True)
    temporary = product.path.with_suffix(".tmp")
    nbformat.write(notebook, temporary)
    temporary.replace(product.path)
    return True


def _still(cell: nbformat.NotebookNode) -> None:
    """Leave widgets out of stored outputs: their kernel has gone, and JupyterLab would show an error in their place."""
    for output in cell.get("outputs", []):
        output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def build_all(
    wanted: list[Product], force: bool, done: Callable[[Product, bool], None], jobs: int = 2
) -> None:
    """Build notebooks, solutions side by side; ``done`` hears of each as it ends.

    Raises:
        nbclient.exceptions.CellExecutionError: when a solution fails.
    """
    for product in wanted:
        if not product.solved:
            done(product, build(product, force))
    with ThreadPoolExecutor(jobs) as pool:
        solved = [product for product in wanted if product.solved]
        for product, wrote in zip(
            solved, pool.map(lambda product: build(product, force), solved), strict=True
        ):
            done(product, wrote)
