"""The two commands, and what they install."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from helpers.paths import EVIDENCE, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = [Requirement(line) for extra in PROJECT["optional-dependencies"].values() for line in extra]


def name_of(requirement: Requirement) -> str:
    return requirement.name


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=name_of)
def test_what_is_installed_is_within_its_bounds(requirement: Requirement) -> None:
    assert version(requirement.name) in requirement.specifier
    kinds = {bound.operator for bound in requirement.specifier}
    assert kinds == {">=", "<"}, "each dependency has a lower bound that was tested and an upper one"


def test_conda_users_get_the_same_environment() -> None:
    """environment.yml takes Python from conda and everything else from pyproject.toml, so it cannot drift."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [item for item in environment["dependencies"] if isinstance(item, str)]
    (pip,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert pip == ["-e ."]
    python = next(item for item in plain if item.startswith("python"))
    assert PROJECT["requires-python"] in python
    running = ".".join(map(str, sys.version_info[:3]))
    assert running in Requirement(python).specifier


OPTIONAL = {"torchcodec"}  # a cell tries it, and says so where it is missing
# may be missing too, but must be declared
OF_EXTRAS = {"axe_playwright_python", "bs4", "docutils", "latex2mathml", "nbgrader", "playwright", "sphinx"}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_everything_that_is_imported_is_declared() -> None:
    declared = {re.sub(r"[-_.]+", "-", requirement.name).lower() for requirement in REQUIREMENTS + EXTRAS}
    homes = packages_distributions()
    files = [
        *(ROOT / "helpers").rglob("*.py"),
        *(ROOT / "notebooks" / "source").glob("*.py"),
        *(path for path in (ROOT / "tests").rglob("*.py") if EVIDENCE not in path.parents),
    ]
    own = {"helpers", *(path.stem for path in (ROOT / "tests").rglob("*.py"))}
    for path in files:
        for module in imported(path) - own - OPTIONAL - sys.stdlib_module_names:
            if module in OF_EXTRAS and module not in homes:
                continue
            assert module in homes, f"{path}: {module} is not installed"
            names = {re.sub(r"[-_.]+", "-", home).lower() for home in homes[module]}
            assert names & declared, f"{path} imports {module}, which pyproject.toml does not declare"


def make(*arguments: str, folder: Path) -> str:
    done = subprocess.run(["make", "-n", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


@pytest.mark.parametrize("target", ["lab", "test"])
def test_a_fresh_clone_is_installed_once(clone: Path, target: str) -> None:
    first = make(target, folder=clone)
    assert "-m venv .venv" in first
    assert "pip install" in first
    (clone / ".venv").mkdir()
    for stamp in (".ready", ".test-ready"):
        (clone / ".venv" / stamp).touch()
    again = make(target, folder=clone)
    assert "pip install" not in again, "nothing is done twice"
    assert ("jupyter lab notebooks/00_start_here.ipynb" if target == "lab" else "-m pytest tests") in again


def test_a_python_that_is_too_old_is_told(clone: Path) -> None:
    old = clone / "python-old"
    old.write_text('#!/bin/sh\necho "Python 3.11 or newer is needed" >&2\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "lab", f"PYTHON={old}"], cwd=clone, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert not (clone / ".venv").exists()


def test_the_readme_gives_the_plain_commands_behind_make() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for command in ("make lab", "make test"):
        assert command in readme
    for plain in (
        "-m venv .venv",
        "pip install -e .",
        "jupyter lab notebooks/00_start_here.ipynb",
        "pytest tests",
    ):
        assert plain in readme.replace("python -m pip", "pip"), plain
    assert "pytest --nbval notebooks/solutions notebooks/zh/solutions" in readme
    assert "--nbval notebooks/solutions notebooks/zh/solutions" in makefile


def test_ci_calls_the_readmes_test_command() -> None:
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()


def test_importing_the_helpers_of_a_lesson_loads_no_judge() -> None:
    code = "import sys, helpers.models, helpers.images; print([m for m in sys.modules if m.startswith('helpers')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "helpers.judging" not in done.stdout


def test_judging_imports_nothing_upward() -> None:
    for folder, forbidden in (
        ("trials", {"judging", "exercises", "grading", "authoring", "learning", "labs"}),
        ("judging", {"exercises", "grading", "authoring", "learning", "labs"}),
        ("exercises", {"grading", "authoring", "learning", "labs"}),
    ):
        for path in (ROOT / "helpers" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                for name in names:
                    parts = name.split(".")
                    assert parts[0] != "helpers" or len(parts) < 2 or parts[1] not in forbidden, (path, name)


def test_an_answer_process_holds_no_judge_and_no_exercise() -> None:
    """Whatever the parent that forks holds, its child can read."""
    from helpers.grading.process import AnswerProcess
    from helpers.trials.server import Look, LookAt, Step

    code = "import sys\nif not any(m.startswith(('helpers.judging', 'helpers.exercises', 'helpers.grading', 'helpers.authoring')) for m in sys.modules): clean = 1"
    process = AnswerProcess([Step(code), Step("def f(): pass", "x-1")])
    assert process.ask(LookAt("clean", ""), Look, 10).exists
    process.close()
