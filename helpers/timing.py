"""Time and memory of a function, measured so that the numbers mean something.

Times are medians of :func:`time.perf_counter`, after a warm-up, and wait for the accelerator, which works on
while Python has long gone further. Versions that are compared take turns, so that a machine that slows down
slows all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import nn

from helpers.bars import progress_bar
from helpers.text import _

# torch's profiler writes notes with times and process ids to stderr, from where they would reach the notebook.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")


class Timing(NamedTuple):
    """One version among several: its median time, and how many times as fast as the first it is."""

    name: str
    milliseconds: float
    ratio: float


class BatchTiming(NamedTuple):
    """One batch of a sweep: how long its call takes, and its pictures per second, also as a ratio to the first batch."""

    size: int
    milliseconds: float
    per_second: float
    ratio: float


def measure(fn: Callable[[], Any], repeat: int = 20, warmup: int = 3) -> float:
    """Median time of a call, in seconds.

    Args:
        fn: called without arguments.
        repeat: calls that are timed, at least 1.
        warmup: calls before, which are not: the first ones pay for memory, caches and compilation.

    Raises:
        ValueError: when ``repeat`` is less than 1.
    """
    return _medians([fn], repeat, warmup)[0]


def compare(functions: Mapping[str, Callable[[], Any]], repeat: int = 20, warmup: int = 3) -> list[Timing]:
    """Time several versions in turns and show them as a table.

    Args:
        functions: name to function, each called without arguments; the first is what the others are compared with.
        repeat: timed calls of each, at least 1.
        warmup: calls of each before, which are not timed.

    Returns:
        A :class:`Timing` for each. The ratio is the first one's time divided by this one's: above 1 is faster.

    Raises:
        ValueError: when there is no function, or ``repeat`` is less than 1.
    """
    from helpers.plots import show_table

    if not functions:
        raise ValueError(str(_("There is nothing to compare: give at least one function.")))
    times = _medians(list(functions.values()), repeat, warmup)
    timings = [Timing(name, time * 1e3, times[0] / time) for name, time in zip(functions, times, strict=True)]
    show_table(
        [(one.name, format_seconds(one.milliseconds / 1e3), f"{one.ratio:.2f}×") for one in timings],
        [_("version"), _("median time"), _("times as fast")],
    )
    return timings


def sweep(
    fn: Callable[[Any], Any], batches: Sequence[Sized], repeat: int = 5, warmup: int = 2
) -> list[BatchTiming]:
    """Time one function with batches of several sizes, in turns, and show latency and throughput as a table.

    Args:
        fn: called with a batch.
        batches: none of them empty; the first is what the others are compared with.
        repeat: timed calls with each, at least 1.
        warmup: calls with each before, which are not timed: a shape that is new costs more.

    Raises:
        ValueError: when there is no batch, one is empty, or ``repeat`` is less than 1.
    """
    from helpers.plots import show_table

    sizes = [len(batch) for batch in batches]
    if not sizes or 0 in sizes:
        raise ValueError(str(_("There is nothing to time: give at least one batch, and none that is empty.")))
    times = _medians([partial(fn, batch) for batch in batches], repeat, warmup)
    speeds = [size / time for size, time in zip(sizes, times, strict=True)]
    timings = [
        BatchTiming(size, time * 1e3, speed, speed / speeds[0])
        for size, time, speed in zip(sizes, times, speeds, strict=True)
    ]
    show_table(
        [
            (one.size, format_seconds(time), format_seconds(time / one.size), f"{one.ratio:.2f}×")
            for one, time in zip(timings, times, strict=True)
        ],
        [_("batch size"), _("latency: the whole call"), _("time for each picture"), _("throughput")],
    )
    return timings


def format_seconds(seconds: float) -> str:
    """A time with three digits and the unit that suits it: ``"12.3 ms"``, ``"850 µs"``, ``"1.20 s"``."""
    for unit, factor in (("µs", 1e6), ("ms", 1e3)):
        if seconds * factor < 999.5:
            return f"{_three_digits(seconds * factor)} {unit}"
    return f"{_three_digits(seconds)} s"


def saved_bytes(fn: Callable[[], Any]) -> int:
    """Bytes that autograd sets aside for a backward pass while ``fn`` runs: 0 without gradients.

    A storage that several operations keep is counted once. Parameters are left out, since they are there anyway;
    the input is counted where a layer keeps it.
    """
    with _keeping() as storages:
        fn()
    return _bytes(storages)


def saved_bytes_by_part(model: nn.Module, batch: torch.Tensor) -> tuple[dict[str, int], torch.Tensor]:
    """What :func:`saved_bytes` counts in one call of a model, for each of its direct children, and the call's result.

    Args:
        model: calls its children one after the other, as ResNets do.
        batch: what it is called with.

    Returns:
        Bytes by the child's name, in the order of the calls, and the output.
    """
    so_far: list[tuple[str, int]] = []
    with _keeping() as storages, ExitStack() as hooks:
        for name, part in model.named_children():
            hook = part.register_forward_hook(
                lambda _part, _inputs, _output, name=name: so_far.append((name, _bytes(storages)))
            )
            hooks.callback(hook.remove)
        output = model(batch)
    before = [0, *(total for _name, total in so_far)]
    return {name: total - start for (name, total), start in zip(so_far, before, strict=False)}, output


def peak_memory(fn: Callable[[], Any], device: torch.device | str = "cpu") -> int:
    """Most bytes that torch had allocated at one time during ``fn``, beyond what it had before.

    Args:
        fn: called without arguments.
        device: whose memory is meant, ``"cpu"`` or ``"cuda"``.

    Raises:
        ValueError: on another device, whose peak torch does not tell.
    """
    kind = torch.device(device).type
    if kind == "cpu":
        return _peak_on_cpu(fn)
    if kind == "cuda":
        return _peak_on_cuda(fn, device)
    raise ValueError(str(_("Peak memory can be measured on cpu and cuda, not on {device}.", device=kind)))


@contextmanager
def _keeping() -> Iterator[dict[int, torch.UntypedStorage]]:
    """The storages that autograd keeps inside the block, by address; parameters are left out."""
    storages: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        owner = tensor if tensor._base is None else tensor._base  # a view, as of a transposed weight
        if not isinstance(owner, nn.Parameter):
            # Holding the storage keeps its address from being given to the next one.
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage
        return tensor.detach()  # an operation's own output, returned as it is, would keep itself alive

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield storages


def _bytes(storages: Mapping[int, torch.UntypedStorage]) -> int:
    return sum(storage.nbytes() for storage in storages.values())


def _medians(functions: list[Callable[[], Any]], repeat: int, warmup: int) -> list[float]:
    if repeat < 1:
        raise ValueError(str(_("repeat is {repeat}. It must be at least 1.", repeat=repeat)))
    times: list[list[float]] = [[] for _fn in functions]
    with progress_bar((warmup + repeat) * len(functions), unit=str(_("calls"))) as bar:
        for fn in functions:
            for _call in range(warmup):
                fn()
                bar.update()
        for _round in range(repeat):
            for fn, found in zip(functions, times, strict=True):
                found.append(_seconds(fn))
                bar.update()
    return [median(found) for found in times]


def _seconds(fn: Callable[[], Any]) -> float:
    _synchronize()
    start = perf_counter()
    fn()
    _synchronize()
    return perf_counter() - start


def _synchronize() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def _three_digits(number: float) -> str:
    return f"{number:.{2 if number < 9.995 else 1 if number < 99.95 else 0}f}"


def _peak_on_cpu(fn: Callable[[], Any]) -> int:
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        fn()
    # Every allocation and release, in order: bytes come as positive, go as negative numbers.
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        if event.device_type() == torch.autograd.DeviceType.CPU:
            now += event.nbytes()
            peak = max(peak, now)
    return peak


def _peak_on_cuda(fn: Callable[[], Any], device: torch.device | str) -> int:
    torch.cuda.synchronize(device)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    fn()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before
