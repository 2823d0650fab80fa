"""What several test files share."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes a real learner's progress, nor depends on the language of this shell."""
    home = tmp_path / "home"
    monkeypatch.setenv("COURSE_HOME", str(home))
    for name in ("COURSE_GRADING", "COURSE_LANG", "COURSE_SEED", "COURSE_ROLE"):
        monkeypatch.delenv(name, raising=False)
    return home


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
