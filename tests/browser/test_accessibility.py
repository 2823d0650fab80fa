"""axe-core on what is ours: panels, the dashboard and its buttons, in both of JupyterLab's themes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import serious_faults
from lab_server import JupyterLab
from notebook_page import NotebookPage

from helpers.authoring.source import solution_of, stub_of

WRONG = "def best_category(logits, categories):\n    print('looking')\n    return categories[logits.argmin()]"

CELLS = [
    "from helpers import *",
    'check("start-1")',
    stub_of("00_start_here", "start-1"),
    'check("start-1")',
    WRONG,
    'check("start-1")',
    "def best_category(logits, categories):\n    return categories[int(1e9)]",
    'check("start-1")',
    'hint("start-1")',
    'predict("start-q1")',
    'predict("start-q1", "c")',
    'reveal("start-q1")',
    'solution("start-1", show=True)',
    solution_of("00_start_here", "start-1"),
    'check("start-1")',
    "next_unsolved()",
    "dashboard()",
]
"""Every kind of panel, one a cell."""


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("zh", True)], ids=["en-light", "zh-dark"])
def test_panels_have_no_serious_fault(
    language: str, dark: bool, lab: JupyterLab, open_notebook: Callable[..., NotebookPage], artefacts: Path
) -> None:
    folder = "" if language == "en" else f"{language}/"
    lab.write_notebook(f"{folder}panels.ipynb", CELLS)
    notebook = open_notebook(f"{folder}panels.ipynb", dark)
    notebook.run_all()
    reset = {"en": "Reset this exercise…", "zh": "重置这道练习…"}[language]
    notebook.page.get_by_role("button", name=reset).click()
    for details in notebook.page.locator(".course-panel details").all():
        details.evaluate("each => each.open = true")
    notebook.picture(artefacts / f"panels-{language}-{'dark' if dark else 'light'}.png")
    assert not notebook.failures()
    assert not notebook.too_wide()
    assert not serious_faults(notebook.page, ".course-panel", ".jp-OutputArea .jupyter-widgets")
