"""What ``course bench grading`` prints."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from helpers.bench.grading import AIMS, BARE_AIM, WAYS, Compared, Sized, line_through

MIB = 2**20


def print_compared(console: Console, compared: list[Compared]) -> None:
    """Seconds a submission of each way, how many times ours that is, and whether the aims are met."""
    table = Table("lesson", "way", "s a submission", "times ours", "aim", "", box=box.SIMPLE)
    for found in compared:
        ours = found.median("ours")
        for way in WAYS:
            seconds = found.median(way)
            if seconds is None:
                continue
            ratio = seconds / ours if ours and way != "ours" else None
            said, met = _aim(found.lesson, way, ratio)
            shown = "" if ratio is None else f"{ratio:.1f}"
            table.add_row(found.lesson, way, f"{seconds:.2f}", shown, said, met)
        cold = f"ours, a class of {found.class_size}, {found.jobs} at a time, cold start included"
        table.add_row(found.lesson, cold, f"{found.cold:.2f}")
    console.print(table)


def _aim(lesson: str, way: str, ratio: float | None) -> tuple[str, str]:
    if ratio is None:
        return "", ""
    if way == "bare":
        return f"at least {1 / BARE_AIM:g}", "✔" if ratio >= 1 / BARE_AIM else "✘"
    aim = AIMS.get(lesson, {}).get(way)
    return ("", "") if aim is None else (f"at least {aim}", "✔" if ratio >= aim else "✘")


def print_sizes(console: Console, sizes: list[Sized]) -> None:
    """Seconds and memory of each size, and how near they lie to a straight line."""
    table = Table("submissions", "seconds", "s a submission", "peak memory (MiB)", box=box.SIMPLE)
    for each in sizes:
        rate = each.seconds / each.submissions
        table.add_row(
            str(each.submissions), f"{each.seconds:.1f}", f"{rate:.3f}", f"{each.peak_bytes / MIB:.0f}"
        )
    console.print(table)
    if len(sizes) < 2:
        return
    time = line_through(sizes, lambda each: each.seconds)
    memory = line_through(sizes, lambda each: each.peak_bytes / MIB)
    console.print(
        f"time:   {time.start:.1f} s and {time.each:.3f} s a submission; at most {time.off:.0%} off that line"
    )
    console.print(
        f"memory: {memory.start:.0f} MiB and {memory.each:.3f} MiB a submission; at most {memory.off:.0%} off that line"
    )
