"""A pytest plugin: ``pytest --grade NOTEBOOK`` collects one item an exercise, and nbval's runs are graded runs.

Imported by every pytest run in this environment, so what it needs is imported only when it is asked for.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.paths import has_sources

SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("course", "inference course")
    group.addoption(
        "--grade", action="store_true", help="grade the exercises in lesson notebooks, one item each"
    )
    group.addoption(
        "--grade-seed",
        type=int,
        default=None,
        help="make the inputs of --grade from this number (default: secret)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Run no ``conftest.py`` when grading: it may be a learner's, and would decide what is graded and how."""
    if early_config.known_args_namespace.grade:
        early_config.known_args_namespace.noconftest = True


def pytest_configure(config: pytest.Config) -> None:
    validating = config.getoption("nbval", False) or config.getoption("nbval_lax", False)
    if config.getoption("--grade") and validating:
        raise pytest.UsageError("--grade and --nbval each run a notebook in their own way. Use one of them.")
    if config.getoption("--grade") and not has_sources():
        raise pytest.UsageError(
            "--grade needs the lessons' sources, which a handout does not have: use the teacher's clone of the "
            "course. In a handout, --nbval-lax runs the checks of a notebook."
        )
    if validating:
        os.environ["COURSE_GRADING"] = (
            "1"  # read by the kernels that nbval starts: a failing check then fails its cell
        )
        if getattr(config.option, "nbval_sanitize_with", None) is None:
            config.option.nbval_sanitize_with = str(SANITIZE)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if parent.config.getoption("--grade") and file_path.suffix == ".ipynb":
        return GradedNotebook.from_parent(parent, path=file_path)
    return None


class GradedNotebook(pytest.File):
    """A lesson notebook; its exercises are its items, and share one answer process."""

    process: Any = None

    def collect(self) -> Iterator[GradedExercise]:
        from helpers.grading.collecting import HandedIn, out_of_sight
        from helpers.grading.process import AnswerProcess
        from helpers.grading.reading import Unreadable, read_bytes, read_submission

        try:
            submission = read_submission(read_bytes(self.path), self.path.name)
        except Unreadable as error:
            raise self.CollectError(str(error)) from None
        if not submission.lesson.exercises:
            return
        handed_in = HandedIn(self.path.parent.name, self.path)
        hidden = out_of_sight([self.config.rootpath, self.path.parent], [handed_in])
        self.process = AnswerProcess(hidden=hidden)
        for exercise in submission.lesson.exercises:
            yield GradedExercise.from_parent(self, name=exercise.id, exercise=exercise, submission=submission)

    def teardown(self) -> None:
        if self.process is not None:
            self.process.close()


class DidNotPass(Exception):
    """Carries the verdict of an exercise that did not pass."""

    def __init__(self, verdict: Any) -> None:
        super().__init__(verdict.status)
        self.verdict = verdict


class GradedExercise(pytest.Item):
    """One exercise of one notebook."""

    def __init__(self, *, exercise: Any, submission: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.exercise = exercise
        self.submission = submission

    def runtest(self) -> None:
        from helpers.grading.best_reading import judge_best
        from helpers.grading.process import RemoteAnswer
        from helpers.grading.program import readings
        from helpers.judging import Status, judge

        fixed = self.config.getoption("--grade-seed")
        seed = secrets.randbits(32) if fixed is None else fixed
        verdict, _reading = judge_best(
            readings(self.submission, self.exercise),
            lambda way: judge(
                self.exercise, RemoteAnswer(self.parent.process, self.exercise, way.program), seed
            ),
        )
        told = {"exercise": verdict.exercise, "status": str(verdict.status), "earned": verdict.earned,
                "possible": verdict.possible, "mistake": verdict.mistake or ""}  # fmt: skip
        self.user_properties += list(told.items())
        if verdict.status is not Status.PASSED:
            raise DidNotPass(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: Any = None) -> Any:
        if isinstance(excinfo.value, DidNotPass):
            from helpers.judging.feedback import verdict_panel

            return verdict_panel(excinfo.value.verdict).text
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not terminalreporter.config.getoption("--grade"):
        return
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    told = [dict(report.user_properties) for report in reports if report.when == "call"]
    told = [properties for properties in told if "possible" in properties]
    if told:
        earned, possible = (sum(properties[key] for properties in told) for key in ("earned", "possible"))
        terminalreporter.write_line(f"{earned} of {possible} points in {len(told)} exercises")
