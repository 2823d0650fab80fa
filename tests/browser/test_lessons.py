"""Every untouched lesson in a real browser, without network: open, Run All, and look.

English cells run too when the solutions are compared (``make test``), so here most lessons are Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_server import JupyterLab
from notebook_page import NotebookPage
from playwright.sync_api import expect

from helpers.exercises import lessons
from helpers.judging.exercise import Lesson

RUNS = [
    (lessons()[0], "en", True),
    *((lesson, "zh", bool(number % 2)) for number, lesson in enumerate(lessons())),
]
MOST_MEMORY = 4 * 2**30

PEAK_MEMORY = """
import resource
# a child counts what it shares with its parent, so the two cannot be added
print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024)
"""


def label(value: object) -> str:
    match value:
        case Lesson():
            return value.name
        case bool():
            return "dark" if value else "light"
    return str(value)


@pytest.mark.parametrize(("lesson", "language", "dark"), RUNS, ids=label)
def test_run_all_shows_no_error_earns_nothing_and_fits(
    lesson: Lesson,
    language: str,
    dark: bool,
    lab: JupyterLab,
    open_notebook: Callable[..., NotebookPage],
    artefacts: Path,
) -> None:
    folder = "" if language == "en" else f"{language}/"
    notebook = open_notebook(f"{folder}{lesson.name}.ipynb", dark)
    expect(notebook.page.locator("body")).to_have_attribute(
        "data-jp-theme-light", "false" if dark else "true"
    )
    notebook.run_all()
    notebook.picture(artefacts / f"{lesson.name}-{language}-{'dark' if dark else 'light'}.png")
    assert not notebook.failures()
    for exercise in lesson.exercises:
        panel = notebook.output(f'check("{exercise.id}")')
        expect(panel).to_contain_text(f"○ {exercise.id}")
        expect(panel).to_contain_text(re.compile(r"\b0\b"))
    expect(notebook.page.locator(".jp-CodeCell .jp-InputPrompt").last).to_contain_text("]:")
    assert not notebook.too_wide()
    assert int(lab.run_in_kernel(PEAK_MEMORY)) < MOST_MEMORY, "no lesson needs more than 4 GB"
