"""Every lab in a real browser: a control is moved with the keyboard, and its picture follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import serious_faults
from lab_server import JupyterLab
from notebook_page import CELL_MS, NotebookPage
from playwright.sync_api import Locator, expect

from helpers.labs import NAMES, find_lab
from helpers.labs.controls import Choice, Control, Photo, Press, Slider, Switch

NOT_OURS = (
    ".noUi-handle"  # ipywidgets gives its sliders' handles no name; the number beside each can be typed too
)

NARROWEST = 80  # pixels of a slider's track that one can still aim at

START = "from helpers import lab"


def cell_of(name: str) -> str:
    return f'lab("{name}")'


@pytest.fixture
def open_labs(lab: JupyterLab, open_notebook: Callable[..., NotebookPage]) -> Callable[..., NotebookPage]:
    """All labs in one notebook, each shown."""

    def open_them(language: str, dark: bool) -> NotebookPage:
        name = "labs.ipynb" if language == "en" else f"{language}/labs.ipynb"
        lab.write_notebook(name, [START, *map(cell_of, NAMES)])
        notebook = open_notebook(name, dark)
        notebook.run_all()
        for each in NAMES:
            expect(picture(notebook, each)).to_be_visible(timeout=CELL_MS)
        for track in notebook.page.locator(".course-lab .noUi-target").all():
            assert track.bounding_box()["width"] > NARROWEST
        return notebook

    return open_them


def picture(notebook: NotebookPage, name: str) -> Locator:
    return notebook.output(cell_of(name)).locator(".course-lab img")


def move(shown: Locator, control: Control) -> None:
    """Give a control another value, with the keyboard."""
    match control:
        case Slider():
            handle = (
                shown.locator(".widget-slider", has_text=str(control.label)).locator("[role=slider]").first
            )
            handle.press("ArrowLeft" if control.value >= control.high else "ArrowRight")
        case Choice() | Photo():
            chooser = shown.locator(".widget-dropdown", has_text=str(control.label)).locator("select").first
            last = chooser.evaluate("each => each.selectedIndex === each.options.length - 1")
            # JupyterLab takes the arrow keys for itself until the list is open
            for key in ("Space", "ArrowUp" if last else "ArrowDown", "Enter"):
                chooser.press(key)
        case Switch():
            shown.get_by_label(str(control.label), exact=True).press("Space")
        case Press():
            shown.get_by_role("button", name=str(control.label), exact=True).press("Enter")
        case _:
            raise AssertionError(f"no test knows how a {type(control).__name__} is moved")


def test_a_control_moves_every_lab(
    open_labs: Callable[..., NotebookPage], artefacts: Path, pictures: Path
) -> None:
    notebook = open_labs("en", dark=False)
    for name in NAMES:
        kind = find_lab(name)
        shown = notebook.output(cell_of(name)).locator(".course-lab")
        before = picture(notebook, name).get_attribute("src")
        box = picture(notebook, name).bounding_box()
        if kind.works():
            start = shown.get_by_role("button", name="Measure")
            start.press("Enter")
            expect(start).to_be_disabled()
            expect(start).to_be_enabled(timeout=CELL_MS)
        else:
            move(shown, kind.controls[0])
        expect(picture(notebook, name), f"the picture of {name} stays the same").not_to_have_attribute(
            "src", before, timeout=CELL_MS
        )
        after = picture(notebook, name).bounding_box()
        assert (after["width"], after["height"]) == (box["width"], box["height"]), "nothing jumps"
        expect(picture(notebook, name)).to_have_attribute("alt", re.compile(r"\w{3}"))
    notebook.picture(artefacts / "labs-en-light.png")
    notebook.picture(pictures / "lab.png", notebook.output(cell_of("modes")).locator(".course-lab"))
    assert not notebook.failures()
    assert not notebook.too_wide()
    assert not serious_faults(notebook.page, ".course-lab", leaving_out=NOT_OURS)


def test_labs_speak_chinese_on_dark_ground(open_labs: Callable[..., NotebookPage], artefacts: Path) -> None:
    notebook = open_labs("zh", dark=True)
    notebook.picture(artefacts / "labs-zh-dark.png")
    for name in NAMES:
        shown = notebook.output(cell_of(name)).locator(".course-lab")
        expect(shown).to_contain_text(re.compile("[\u4e00-\u9fff]{2}"))
        expect(picture(notebook, name)).to_have_attribute("alt", re.compile("[\u4e00-\u9fff]{2}"))
    assert not notebook.failures()
    assert not notebook.too_wide()
    assert not serious_faults(notebook.page, ".course-lab", leaving_out=NOT_OURS)
