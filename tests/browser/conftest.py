"""One JupyterLab and one Chromium for all tests of this folder (with pytest -n, for those of each process)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from finding import find_chromium
from lab_server import JupyterLab
from notebook_page import PATIENCE_MS, NotebookPage
from playwright.sync_api import Browser, Page, expect

from helpers.paths import ROOT

ARTEFACTS = Path(os.environ.get("COURSE_ARTEFACTS") or Path(__file__).with_name("artefacts"))
expect.set_options(timeout=PATIENCE_MS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--docs", action="store_true", help="Also write the pictures of README.md into docs/.")


@pytest.fixture
def pictures(request: pytest.FixtureRequest, artefacts: Path) -> Path:
    """Where the README's pictures go: beside the other screenshots, or with --docs into docs/."""
    return ROOT / "docs" if request.config.getoption("--docs", default=False) else artefacts


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    find_chromium()  # without one, nothing need be started
    server = JupyterLab(tmp_path_factory.mktemp("jupyterlab"))
    yield server
    server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Keep a picture of what a failed test saw last."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"failed-{re.sub(r'[^a-z0-9]+', '-', item.name.lower())}.png")
    return report


@pytest.fixture
def page(chromium: Browser, lab: JupyterLab) -> Iterator[Page]:
    """A window without a past, for a learner without one; its kernels end with it."""
    lab.forget_progress()
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()
    lab.stop_kernels()


@pytest.fixture
def open_notebook(page: Page, lab: JupyterLab) -> Callable[..., NotebookPage]:
    """Open a notebook, such as ``zh/01_modes.ipynb``, in the light theme or the dark one."""

    def open_it(notebook: str, dark: bool = False) -> NotebookPage:
        lab.set_theme(dark)
        return NotebookPage.open(page, lab.url(notebook))

    return open_it


@pytest.fixture
def artefacts() -> Path:
    """Where screenshots are kept: COURSE_ARTEFACTS, or a folder here that git ignores."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    return ARTEFACTS
