"""How fast a class is graded, beside nbval, nbgrader, and the bare time of what the learners wrote.

All submissions are right ones, of two kinds: a quick lesson, and the one with exports. The ways take turns, so that
what else the machine does touches all of them alike; what is said of a way is its median.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import nbformat
import numpy as np
import psutil

from helpers import exercises
from helpers.authoring.build import Product, assemble
from helpers.grading.collecting import HandedIn, collect
from helpers.grading.executors import Judges, local_judges
from helpers.grading.grade import Terms
from helpers.grading.program import answered_program
from helpers.grading.results import Results
from helpers.grading.whole_class import grade_class
from helpers.judging import LocalAnswer, Status, judge
from helpers.judging.exercise import Lesson
from helpers.trials.runner import Record, Trial, perform
from helpers.trials.server import Answers
from helpers.trials.values import plain, snapshot

QUICK, EXPORT = "modes", "export"
AIMS = {QUICK: {"nbgrader": 40, "nbval": 25}, EXPORT: {"nbgrader": 20, "nbval": 15}}
"""How many times as fast as each peer a submission should be graded."""
BARE_AIM = 2.0
"""How many times the bare time of the learners' own code a submission may take."""
WAYS = ("ours", "bare", "nbval", "nbgrader")
EXPECTED = {QUICK: {"ours": 0.3, "bare": 0.2, "nbval": 20, "nbgrader": 25},
            EXPORT: {"ours": 4, "bare": 3, "nbval": 60, "nbgrader": 70}}  # fmt: skip
"""Seconds of one turn, about, to say beforehand how long it will take."""
COLD = 15
"""Seconds, about, until the first submission is graded."""


@dataclass
class Compared:
    """Seconds a submission of one lesson: of each turn of each way, and of a whole class from a cold start."""

    lesson: str
    turns: dict[str, list[float]]
    class_size: int
    jobs: int
    class_seconds: float

    def median(self, way: str) -> float | None:
        """Seconds a submission, or None where the way was not measured."""
        return statistics.median(self.turns[way]) if self.turns.get(way) else None

    @property
    def cold(self) -> float:
        """Seconds a submission of the class, its cold start shared by all."""
        return self.class_seconds / self.class_size


@dataclass
class Sized:
    """A class of one size: how long it took, and the most memory of all processes together."""

    submissions: int
    seconds: float
    peak_bytes: int


@dataclass
class Line:
    """The straight line through the sizes, and how far off it they are, as a share."""

    start: float
    each: float
    off: float


@dataclass
class Measured:
    """All that a run of the benchmark found."""

    compared: list[Compared] = field(default_factory=list)
    sizes: list[Sized] = field(default_factory=list)

    def as_json(self) -> str:
        """For other tools."""
        return json.dumps(asdict(self), indent=2)


def hand_in(folder: Path, lesson: Lesson, learners: Iterable[str]) -> list[HandedIn]:
    """The solved lesson, unexecuted, as the notebook of each of these learners."""
    notebook = nbformat.writes(assemble(Product(lesson, "en", solved=True)))
    for learner in learners:
        path = folder / learner / f"{lesson.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook)
    return collect([folder])


def expected_seconds(
    words: Iterable[str], ways: Iterable[str], rounds: int, class_size: int, jobs: int
) -> float:
    """How long :func:`compare` takes, about."""
    words = list(words)
    turns = sum(EXPECTED[word][way] * rounds for word in words for way in ways)
    return turns + sum(COLD + EXPECTED[word]["ours"] * class_size / jobs for word in words) + COLD


def compare(
    words: list[str],
    ways: list[str],
    rounds: int,
    class_size: int,
    jobs: int,
    notice: Callable[[str], None] = lambda said: None,
) -> list[Compared]:
    """Grade one submission of each lesson by each way in turn, several times; then a class of each from a cold start.

    Args:
        words: the lessons.
        ways: some of :data:`WAYS`.
        rounds: turns of each way.
        class_size: submissions of the class.
        jobs: that are graded at a time in the class.
        notice: is told of each turn before it begins.
    """
    turns: dict[str, dict[str, list[float]]] = {word: {way: [] for way in ways} for word in words}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        runs = {}
        for word in words:
            lesson = exercises.lesson(word)
            (handed_in,) = hand_in(folder / word, lesson, ["learner"])
            if "ours" in ways:
                judges = stack.enter_context(local_judges(1))
                runs[word, "ours"] = _warm(_Ours(folder / f"{word}-results", handed_in, judges))
            if "bare" in ways:
                pool = stack.enter_context(
                    ProcessPoolExecutor(1, get_context("spawn"), initializer=_import_all)
                )
                runs[word, "bare"] = _warm(
                    lambda word=word, pool=pool: pool.submit(bare_seconds, word).result()
                )
            if "nbval" in ways:
                runs[word, "nbval"] = lambda path=handed_in.path: nbval_seconds(path)
            if "nbgrader" in ways:
                course = make_nbgrader_course(folder / f"{word}-nbgrader", lesson, handed_in.path)
                runs[word, "nbgrader"] = lambda course=course: nbgrader_seconds(course)
        for round in range(rounds):
            for (word, way), run in runs.items():
                notice(f"{way}, {word}, {round + 1} of {rounds}")
                turns[word][way].append(run())
        found = []
        for word in words:
            notice(f"a class of {class_size}, {word}")
            learners = [f"learner-{number}" for number in range(class_size)]
            handed_in = hand_in(folder / f"{word}-class", exercises.lesson(word), learners)
            seconds = class_seconds(handed_in, jobs, folder / f"{word}-class-results")
            found.append(Compared(word, turns[word], class_size, jobs, seconds))
    return found


def _warm(run: Callable[[], float]) -> Callable[[], float]:
    run()
    return run


class _Ours:
    """One submission, graded again and again by judges that are warm."""

    def __init__(self, folder: Path, handed_in: HandedIn, judges: Judges) -> None:
        self.folder = folder
        self.handed_in = handed_in
        self.judges = judges
        self.seed = 0

    def __call__(self) -> float:
        self.seed += 1  # as for another class, so that nothing is taken over
        terms = Terms(self.seed, hidden=(self.folder, self.handed_in.path.parent))
        start = perf_counter()
        _grade_right([self.handed_in], self.judges, Results(self.folder, terms))
        return perf_counter() - start


def _grade_right(handed_in: list[HandedIn], judges: Judges, results: Results) -> None:
    for step in grade_class(handed_in, judges, results):
        report = step.graded.report
        if report.earned != report.possible or report.unreadable:
            raise RuntimeError(
                f"{report.path} is right, and got {report.earned} of {report.possible} points."
            )


def class_seconds(handed_in: list[HandedIn], jobs: int, folder: Path) -> float:
    """How long a class takes, from a cold start to the end of the last judge."""
    hidden = (folder, handed_in[0].path.parent.parent)
    start = perf_counter()
    with local_judges(jobs) as judges:
        _grade_right(handed_in, judges, Results(folder, Terms(0, hidden=hidden)))
    return perf_counter() - start


# the bare time ----------------------------------------------------------------------------------------------


def _import_all() -> None:
    from helpers.trials import preload  # noqa: F401


class _Timed(LocalAnswer):
    """Counts the time in trials: the learner's code, and nothing of the judge's."""

    seconds = 0.0

    def perform(self, trial: Trial, inputs: dict) -> Record:
        copies = {name: plain(snapshot(value)) for name, value in inputs.items()}
        start = perf_counter()
        try:
            return perform(trial, self.value, copies, self.limit)
        finally:
            self.seconds += perf_counter() - start


def bare_seconds(word: str) -> float:
    """The learners' own code alone, in a process that has all imported: their cells, and the calls of their answers.

    The calls are those that a judge makes; what the judge itself computes is not counted.
    """
    lesson = exercises.lesson(word)
    program = answered_program(lesson, {})
    start = perf_counter()
    answers = Answers(program)
    seconds = perf_counter() - start
    for exercise in lesson.exercises:
        answer = _Timed(answers.namespace[exercise.answer], exercise.limit)
        if judge(exercise, answer, 0).status is not Status.PASSED:
            raise RuntimeError(f"The solution of {exercise.id} does not pass.")
        seconds += answer.seconds
    return seconds


# peers ------------------------------------------------------------------------------------------------------


def _run(command: list[str], folder: Path) -> float:
    # nbgrader looks for alembic on the path, as an activated environment has it
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"COURSE_HOME": str(folder / "home"), "COURSE_OFFLINE": "1", "PATH": path}
    start = perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds


def nbval_seconds(path: Path) -> float:
    """One notebook under ``pytest --nbval-lax``."""
    line = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", str(path)]
    return _run(line, path.parent)


def make_nbgrader_course(folder: Path, lesson: Lesson, submission: Path) -> Path:
    """A course folder for nbgrader with one assignment, whose release is the learner's notebook, and one submission."""
    name = f"{lesson.name}.ipynb"
    for place in (folder / "source" / lesson.word, folder / "submitted" / "learner" / lesson.word):
        place.mkdir(parents=True)
        shutil.copy(submission, place / name)
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"c.CourseDirectory.root = {str(folder)!r}\n"
        "c.ExecutePreprocessor.timeout = 600\n"
        "c.ClearSolutions.enforce_metadata = False\n"
    )
    _run([*_NBGRADER, "generate_assignment", lesson.word, "--force"], folder)
    return folder


_NBGRADER = [sys.executable, "-m", "nbgrader"]


def nbgrader_seconds(course: Path) -> float:
    """One submission under ``nbgrader autograde``."""
    (assignment,) = (course / "source").iterdir()
    return _run([*_NBGRADER, "autograde", assignment.name, "--force"], course)


# sizes ------------------------------------------------------------------------------------------------------


def run_size(word: str, submissions: int, jobs: int) -> Sized:
    """Grade a class of this size from a cold start, and watch the memory of this process and all that it starts."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        learners = [f"learner-{number:05d}" for number in range(submissions)]
        handed_in = hand_in(Path(folder, "class"), exercises.lesson(word), learners)
        with _Watch() as watch:
            seconds = class_seconds(handed_in, jobs, Path(folder, "results"))
    return Sized(submissions, seconds, watch.peak)


class _Watch:
    """The most memory that this process and its children had together while the block ran, in bytes.

    What they share is counted once (PSS), where the system tells; else what each has.
    """

    def __init__(self, every: float = 2.0) -> None:
        self.peak = 0
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            me = psutil.Process()
            self.peak = max(self.peak, sum(map(_memory, [me, *me.children(recursive=True)])))
            if self._over.wait(self._every):
                return


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return getattr(full, "pss", full.rss)
    except psutil.Error:  # gone meanwhile
        return 0


def line_through(sizes: list[Sized], value: Callable[[Sized], float]) -> Line:
    """The straight line nearest to a value of the sizes, in shares of the value."""
    x = np.array([each.submissions for each in sizes], float)
    y = np.array([value(each) for each in sizes], float)
    each, start = np.polyfit(x, y, 1, w=1 / y)
    return Line(float(start), float(each), float(np.max(np.abs(start + each * x - y) / y)))
