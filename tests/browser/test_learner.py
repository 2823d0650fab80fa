"""A learner at work: with the keyboard alone, from a wrong answer to a point on the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notebook_page import NotebookPage
from playwright.sync_api import expect

from helpers.exercises import lessons

POSSIBLE = sum(exercise.points for lesson in lessons() for exercise in lesson.exercises)


def type_and_run(notebook: NotebookPage, *lines: str) -> None:
    """Replace the selected cell's code as a person types it, and run it."""
    keyboard = notebook.page.keyboard
    keyboard.press("Enter")
    keyboard.press("Control+a")
    for number, line in enumerate(lines):
        if number:
            keyboard.press("Enter")  # the editor indents by itself
        keyboard.type(line)
    keyboard.press("Shift+Enter")
    notebook.wait_until_quiet()


def test_from_a_wrong_answer_to_a_pass_with_the_keyboard_alone(
    open_notebook: Callable[..., NotebookPage], artefacts: Path, pictures: Path
) -> None:
    notebook = open_notebook("00_start_here.ipynb", dark=False)
    keyboard = notebook.page.keyboard
    answer, check = notebook.cell("def best_category"), notebook.cell('check("start-1")')
    panel = notebook.output('check("start-1")')
    progress = notebook.output("dashboard()").first

    for cell in (notebook.cell("from helpers import check"), notebook.cell("dashboard()")):
        notebook.go_to(cell)
        keyboard.press("Shift+Enter")
        notebook.wait_until_quiet()
    expect(progress).to_contain_text(f"0 of {POSSIBLE} points")

    notebook.go_to(answer)
    type_and_run(notebook, "def best_category(logits, categories):", "return categories[logits.argmin()]")
    keyboard.press("Shift+Enter")  # the next cell is the check
    notebook.wait_until_quiet()
    expect(panel).to_contain_text("You returned the category with the smallest logit")
    expect(progress).to_contain_text("Mistakes: 1 met, 0 overcome")

    notebook.go_to(check)
    keyboard.press("b")  # a cell below
    type_and_run(notebook, 'hint("start-1")')
    expect(notebook.output('hint("start-1")')).to_contain_text("hint 1 of 3")
    notebook.picture(pictures / "lesson.png", answer, notebook.cell('hint("start-1")'))

    notebook.go_to(answer)
    type_and_run(notebook, "def best_category(logits, categories):", "return categories[logits.argmax()]")
    keyboard.press("Shift+Enter")
    notebook.wait_until_quiet()
    expect(panel).to_contain_text("passed, 2 of 2 points")
    expect(progress).to_contain_text(f"2 of {POSSIBLE} points")  # without being run again
    expect(progress).to_contain_text("Next: modes-1")
    expect(progress).to_contain_text("Mistakes: 1 met, 1 overcome")
    notebook.picture(artefacts / "learner-en-light.png")
    notebook.picture(pictures / "dashboard.png", notebook.cell("dashboard()"))

    notebook.go_to(notebook.cell("dashboard()"))
    notebook.tab_to(notebook.page.get_by_role("button", name="Reset this exercise…"))
    keyboard.press("Enter")
    notebook.tab_to(notebook.page.get_by_role("button", name="Yes, reset it"))
    keyboard.press("Enter")
    expect(progress).to_contain_text(f"0 of {POSSIBLE} points")
    expect(notebook.page.get_by_text("start-1 is reset. Your code stayed")).to_be_visible()
    expect(answer).to_contain_text("logits.argmax()")
    assert not notebook.failures()
