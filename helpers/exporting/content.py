"""The parts that exports are made of: the course's own code, its lessons, and sources without solutions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
import nbformat

from helpers.authoring.build import Product, assemble
from helpers.authoring.source import source_path, strip_solution, stub_of
from helpers.exercises import lessons
from helpers.exporting.folder import ExportError, Files
from helpers.judging.exercise import Lesson
from helpers.paths import ROOT, has_sources
from helpers.text import LANGUAGES

PROJECT = ("pyproject.toml", "environment.yml", ".gitignore")


def check_sources() -> None:
    """Say clearly that a copy without sources cannot export.

    Raises:
        ExportError: in a handout or an installed package.
    """
    if not has_sources():
        raise ExportError(
            f"This copy of the course, {ROOT}, has no lessons' sources, as a handout has none. Export from the "
            "teacher's clone of the course (pip install -e . there)."
        )


def chosen_lessons(names: Sequence[str]) -> list[Lesson]:
    """The lessons with exercises whose names begin like these; all of them without any.

    Raises:
        ExportError: when no lesson with exercises begins so.
    """
    known = [lesson for lesson in lessons() if lesson.exercises]
    for name in names:
        if not any(lesson.name.startswith(name) for lesson in known):
            raise ExportError(
                f"No lesson with exercises begins with {name}. There are: {', '.join(each.name for each in known)}."
            )
    return [lesson for lesson in known if not names or lesson.name.startswith(tuple(names))]


def code_files() -> Files:
    """The package ``helpers``, by its paths in the course's folder."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / "helpers").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def project_files() -> Files:
    """What ``pip`` and ``conda`` install the course from."""
    return {name: (ROOT / name).read_bytes() for name in PROJECT if (ROOT / name).is_file()}


def learner_notebooks() -> Files:
    """Every lesson in every language, unsolved, as ``course build`` makes it."""
    products = [Product(lesson, language, solved=False) for lesson in lessons() for language in LANGUAGES]
    return {product.label: notebook_bytes(assemble(product)) for product in products}


def notebook_bytes(notebook: nbformat.NotebookNode) -> bytes:
    """A notebook as its file."""
    return (nbformat.writes(notebook) + "\n").encode()


def stubs() -> dict[str, str]:
    """The stub of every exercise."""
    return {
        exercise.id: stub_of(lesson.name, exercise.id)
        for lesson in lessons()
        for exercise in lesson.exercises
    }


def grader_files() -> Files:
    """A copy of the course that can grade and holds no solution: its sources have the stubs in their place."""
    sources = {
        path.relative_to(ROOT).as_posix(): strip_solution(path.read_text(encoding="utf-8")).encode() + b"\n"
        for path in (source_path(lesson.name) for lesson in lessons())
    }
    readme = {"README.md": render("grader.md.j2")}  # without a README, pyproject.toml cannot be installed
    return {**code_files(), **project_files(), **sources, **readme}


def render(template: str, **values: object) -> bytes:
    """A file of ours from its template."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # shell, YAML and Markdown: what is filled in are names of our own
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(values).encode()
