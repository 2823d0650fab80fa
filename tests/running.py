"""Running pytest on notebooks in a process of its own, and reading its JUnit report."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """One test case of a report: where, whether it passed, what was said, its properties."""

    file: str
    name: str
    passed: bool
    text: str
    properties: dict[str, str]


def run_pytest(
    *arguments: str | Path, folder: Path, **variables: str
) -> tuple[subprocess.CompletedProcess, list[Case]]:
    """Run pytest as a person would, with these environment variables too; what it printed, and its cases in order."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        *map(str, arguments),
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    environment |= {"COURSE_HOME": str(folder / "home"), "NO_COLOR": "1"} | variables
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    return done, _cases(report) if report.exists() else []


def _cases(report: Path) -> list[Case]:
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        text = "\n".join((child.get("message") or "") + "\n" + (child.text or "") for child in bad)
        properties = {each.get("name"): each.get("value") for each in case.iter("property")}
        found.append(Case(case.get("classname") or "", case.get("name") or "", not bad, text, properties))
    return found
