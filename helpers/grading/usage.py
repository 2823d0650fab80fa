"""What a process and all that it started have used of the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import psutil


class Usage(NamedTuple):
    """Processor seconds, processes, and bytes of memory that no other process shares."""

    cpu: float
    processes: int
    memory: int


def usage(pid: int, memory_limit: int) -> Usage:
    """The usage of a process and its descendants now; zeros when it is gone.

    What an ended process worked is counted with the one that waited for it. Memory that they share is left out only
    when the sum is beyond the limit: that takes the kernel a while to find out.
    """
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return Usage(0.0, 0, 0)
    cpu = sum(_asked(family, lambda each: sum(each.cpu_times()[:4])))
    memory = sum(_asked(family, _resident))
    if memory > memory_limit:
        memory = sum(_asked(family, lambda each: each.memory_full_info().uss))
    return Usage(cpu, len(family), int(memory))


def _resident(process: psutil.Process) -> float:
    info = process.memory_info()
    return info.rss - getattr(info, "shared", 0)


def _asked(family: list[psutil.Process], question: Callable[[psutil.Process], float]) -> Iterator[float]:
    for each in family:
        try:
            yield question(each)
        except psutil.Error:  # it has ended meanwhile
            continue


def kill_family(pid: int) -> None:
    """Kill a process and its descendants, as many as there are to be seen."""
    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.Error:
        return
    for each in family:
        try:
            each.kill()
        except psutil.Error:
            continue
