"""What ``course build`` does and prints."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from helpers.authoring import catalogues, gate
from helpers.authoring.build import Product, build_all, differences, products

_console = Console(stderr=True, highlight=False)


def _chosen(names: tuple[str, ...]) -> list[Product]:
    chosen = [each for each in products() if not names or each.lesson.name.startswith(names)]
    missing = [name for name in names if not any(each.lesson.name.startswith(name) for each in chosen)]
    if missing:
        known = ", ".join(sorted({each.lesson.name for each in products()}))
        _console.print(f"No lesson begins with {', '.join(missing)}. There are: {known}.")
        raise SystemExit(2)
    return chosen


def check(names: tuple[str, ...]) -> int:
    """Print everything that is not as it should be; 0 when nothing is, else 1."""
    chosen = _chosen(names)
    found = list(gate.problems()) + [line for product in chosen for line in differences(product)]
    for line in found:
        _console.print(f"✘ {line}", markup=False)
    if not found:
        _console.print(
            f"✔ {len(chosen)} notebooks are what their sources build, and every exercise has its evidence."
        )
    return 1 if found else 0


def build(names: tuple[str, ...], force: bool) -> int:
    """Bring catalogues and notebooks up to date; 0 when all is well, else 1."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    chosen = _chosen(names)
    for path in catalogues.update({each.lesson.name for each in chosen} if names else None):
        _console.print(f"updated {path.name}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=_console) as bar:
            task = bar.add_task("building", total=len(chosen))

            def done(product: Product, wrote: bool) -> None:
                bar.advance(task)
                if wrote:
                    bar.console.print(f"built {product.label}")

            build_all(chosen, force, done)
    except (CellExecutionError, CellTimeoutError) as error:
        _console.print(f"✘ a solution does not run:\n{error}", markup=False)
        return 1
    found = list(gate.problems())
    for line in found:
        _console.print(f"✘ {line}", markup=False)
    return 1 if found else 0
