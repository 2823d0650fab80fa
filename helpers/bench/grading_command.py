"""``course bench grading``: its arguments, how long it will take, the work under a progress bar, the tables."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from helpers import exercises
from helpers.bench.grading import EXPECTED, WAYS, Measured, compare, expected_seconds, run_size
from helpers.bench.grading_report import print_compared, print_sizes


def run(
    lessons: list[str],
    ways: list[str],
    rounds: int,
    class_size: int,
    jobs: int,
    sizes: list[str],
    file: Path | None,
) -> int:
    """Measure and print; the exit status."""
    console = Console(highlight=False)
    ways = [] if ways == ["none"] else ways
    problem = _problem(lessons, ways, sizes)
    if problem:
        console.print(problem, markup=False)
        return 2
    if "nbgrader" in ways and find_spec("nbgrader") is None:
        console.print("nbgrader is not installed and is left out: pip install 'nbgrader>=0.9.6,<0.10'")
        ways = [way for way in ways if way != "nbgrader"]
    seconds = expected_seconds(lessons, ways, rounds, class_size, jobs) if ways else 0.0
    seconds += sum(
        15 + int(size) * EXPECTED.get(lessons[0], EXPECTED["modes"])["ours"] / jobs for size in sizes
    )
    console.print(f"This takes about {seconds / 60:.0f} minutes.")
    measured = Measured()
    with Progress(console=console, transient=True) as progress:
        steps = (len(lessons) * (len(ways) * rounds + 1) if ways else 0) + len(sizes)
        task = progress.add_task("preparing", total=steps)

        def notice(said: str) -> None:
            progress.update(task, advance=1, description=said)

        if ways:
            measured.compared = compare(lessons, ways, rounds, class_size, jobs, notice)
        for size in map(int, sizes):
            notice(f"a class of {size}")
            measured.sizes.append(run_size(lessons[0], size, jobs))
    if measured.compared:
        print_compared(console, measured.compared)
    if measured.sizes:
        print_sizes(console, measured.sizes)
    if file is not None:
        file.write_text(measured.as_json() + "\n")
    return 0


def _problem(lessons: list[str], ways: list[str], sizes: list[str]) -> str | None:
    known = [word for word in exercises.WORDS if exercises.lesson(word).exercises]
    if not lessons or set(lessons) - set(known):
        return f"--lessons: some of {', '.join(known)}."
    if set(ways) - set(WAYS):
        return f"--ways: some of {', '.join(WAYS)}."
    if ways and set(lessons) - set(EXPECTED):
        return f"--ways compares {' and '.join(EXPECTED)}; for another lesson give --ways none."
    if not all(size.isdecimal() and int(size) for size in sizes):
        return "--sizes: whole numbers from 1, with commas between."
    return None
