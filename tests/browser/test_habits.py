"""What people do with notebooks, and what they find afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable

from lab_server import JupyterLab
from notebook_page import NotebookPage
from playwright.sync_api import Page, expect

from helpers.authoring.source import solution_of

START = "from helpers import *"
ANSWER = solution_of("00_start_here", "start-1")
CHECK = 'check("start-1")'
PASSED = "passed, 2 of 2 points"


def test_restart_and_run_all_keeps_progress(
    lab: JupyterLab, open_notebook: Callable[..., NotebookPage]
) -> None:
    lab.write_notebook("habits.ipynb", [START, ANSWER, CHECK, "progress()"])
    notebook = open_notebook("habits.ipynb")
    for run in (notebook.run_all, notebook.restart_and_run_all):
        run()
        expect(notebook.output(CHECK)).to_contain_text(PASSED)
        expect(notebook.output("progress()")).to_contain_text("2 of ")
        assert not notebook.failures()


def test_a_cell_run_too_early_names_the_cell_that_comes_first(
    open_notebook: Callable[..., NotebookPage],
) -> None:
    notebook = open_notebook("00_start_here.ipynb")
    notebook.run(notebook.cell("from helpers import check"))
    too_early = notebook.cell("predictions = classify(classifier, coffee)")
    notebook.run(notebook.cell("unchanged = sum("))
    expect(notebook.output("unchanged = sum(").last).to_contain_text("classifier is not there yet")
    expect(notebook.output("unchanged = sum(").last).to_contain_text("classifier = load_classifier()")
    notebook.run(too_early)
    notebook.run(notebook.cell("unchanged = sum("))
    assert not notebook.failures()


def test_two_notebooks_at_once_share_the_progress(
    page: Page, lab: JupyterLab, open_notebook: Callable[..., NotebookPage]
) -> None:
    lab.write_notebook("one.ipynb", [START, "dashboard()"])
    lab.write_notebook("two.ipynb", [START, ANSWER, CHECK])
    one = open_notebook("one.ipynb")
    one.run_all()
    two = NotebookPage.open(page.context.new_page(), lab.url("two.ipynb"))
    two.run_all()
    expect(two.output(CHECK)).to_contain_text(PASSED)
    expect(one.output("dashboard()").first).to_contain_text("0 of ")
    page.bring_to_front()
    page.get_by_role("button", name="Read again").click()
    expect(one.output("dashboard()").first).to_contain_text("2 of ")


def test_a_browser_closed_in_the_middle_of_a_cell_loses_nothing(
    page: Page, lab: JupyterLab, open_notebook: Callable[..., NotebookPage]
) -> None:
    go = lab.folder / "go"
    go.unlink(missing_ok=True)
    wait = f"import pathlib, time\nwhile not pathlib.Path({json.dumps(str(go))}).exists():\n    time.sleep(0.05)\ncheck('start-1')"
    lab.write_notebook("long.ipynb", [START, ANSWER, wait, "progress()"])
    notebook = open_notebook("long.ipynb")
    notebook.start_all()
    expect(notebook.cell("time.sleep").locator(".jp-InputPrompt")).to_have_text("[*]:")
    page.wait_for_function(
        "document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status === 'busy'"
    )
    context = page.context
    page.close()
    go.touch()
    lab.wait_until_idle()
    notebook = NotebookPage.open(context.new_page(), lab.url("long.ipynb"))
    assert len(lab.kernels()) == 1, "the kernel went on, and the notebook is with it again"
    notebook.run(notebook.cell("progress()"))  # it knows the names of the first cell
    expect(notebook.output("progress()")).to_contain_text("2 of ")
    assert not notebook.failures()
