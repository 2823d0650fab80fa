"""What several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from finding import find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["pytester"]
QUIET = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes a real learner's progress, nor depends on the language of this shell."""
    home = tmp_path / "home"
    monkeypatch.setenv("COURSE_HOME", str(home))
    for name in ("COURSE_GRADING", "COURSE_LANG", "COURSE_SEED", "COURSE_ROLE"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, for one file of tests.

    No longer: Playwright allows no second one beside it, and keeps an event loop running that other tests would find.
    """
    path = find_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that of several processes none is left alone with one of them at the end."""
    items.sort(key=lambda item: item.path.name != "test_three_ways.py")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have gathered, whichever worker ran them."""
    for name, headings in TABLES.items():
        rows = sorted(_gathered(terminalreporter, name))
        if rows:
            # a number in front is only there to sort by
            rows = [row[len(row) - len(headings) :] for row in rows]
            _print_table(terminalreporter, name.capitalize(), headings, rows)


TABLES = {
    "three ways of grading": ["exercise", "answer", "in the notebook", "nbval", "--grade"],
    "where the items of the original course are": ["item", "lesson", "section", "a line of the cell"],
}


def _gathered(terminalreporter: pytest.TerminalReporter, name: str) -> list[tuple]:
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    return [
        tuple(row)
        for report in reports
        for key, rows in report.user_properties
        if key == name
        for row in rows
    ]


def _print_table(
    terminalreporter: pytest.TerminalReporter, title: str, headings: list[str], rows: list[tuple]
) -> None:
    from rich import markup
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, title=title)
    for row in rows:
        table.add_row(*map(markup.escape, row))
    console = Console(width=160)
    with console.capture() as captured:
        console.print(table)
    terminalreporter.write_line(captured.get())
