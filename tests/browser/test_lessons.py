"""Every lesson in a real browser: open, Run All, and look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from notebook_page import NotebookPage
from playwright.sync_api import expect

from helpers.exercises import lessons
from helpers.judging.exercise import Lesson

IN_BOTH_LANGUAGES = 2
"""So many of the first lessons are opened in English too; their code is the same."""

RUNS = [
    *((lesson, "zh", bool(number % 2)) for number, lesson in enumerate(lessons())),
    *((lesson, "en", not number % 2) for number, lesson in enumerate(lessons()[:IN_BOTH_LANGUAGES])),
]


def label(value: object) -> str:
    match value:
        case Lesson():
            return value.name
        case bool():
            return "dark" if value else "light"
    return str(value)


@pytest.mark.parametrize(("lesson", "language", "dark"), RUNS, ids=label)
def test_run_all_shows_no_error_and_nothing_too_wide(
    lesson: Lesson, language: str, dark: bool, open_notebook: Callable[..., NotebookPage], artefacts: Path
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
        expect(notebook.output(f'check("{exercise.id}")')).to_contain_text(f"○ {exercise.id}")
    expect(notebook.page.locator(".jp-CodeCell .jp-InputPrompt").last).to_contain_text("]:")
    assert not notebook.too_wide()
