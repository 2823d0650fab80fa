"""How much arithmetic a model needs, and how much this machine can do: the two together make a roofline.

Both count a multiply-add as two operations. One multiplies a picture's worth of numbers in a certain time; the
machine's peak says how much of that time was arithmetic that could not be avoided.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import torch
from torch import nn

from helpers.models import best_device, evaluating
from helpers.text import Message, _

SOURCE = Path(__file__).with_suffix(".cpp")
ROUND_S = 0.03  # of arithmetic at a stretch; the program takes the best of some rounds
PATIENCE_S = 60.0  # for the compiler or the program, which need a second or two
LONGEST_S = 0.05  # one matrix multiplication; a larger one would tell nothing new
LARGEST = 16384  # rows of a matrix: three of them in float32 take 3 GB


class Peak(NamedTuple):
    """The most arithmetic a device did.

    Attributes:
        flops: operations a second, a multiply-add counted as two.
        how: what was measured, as a sentence to be shown.
        is_bound: whether the device can surely do more, so that ``flops`` is only a lower bound.
    """

    flops: float
    how: Message
    is_bound: bool


def count_flops(model: nn.Module, batch: torch.Tensor) -> int:
    """Floating-point operations of one forward pass in evaluation mode.

    Counted by ``torch.utils.flop_counter`` while the model runs once: convolutions, matrix multiplications and
    attention. A multiply-add counts as **two** operations (many papers count it as one). Activations, pooling
    and normalisation are left out: they are next to nothing beside them.

    Args:
        model: an ordinary module, not a compiled one; its mode stays as it was.
        batch: an input of the model; the count grows in step with its number of pictures.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with evaluating(model), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(batch)
    return counter.get_total_flops()


def measured_peak(dtype: torch.dtype = torch.float32, device: torch.device | str | None = None) -> float:
    """The most operations a second that the device did in this dtype, a multiply-add counted as two.

    It is measured at each call, in a second or so, on as many threads as torch uses now.
    :func:`find_peak` says in words what was measured, and whether it is only a lower bound.

    Args:
        dtype: of the numbers that are multiplied; sums may be wider (float32 for bfloat16, int32 for int8).
        device: the accelerator by default, or the CPU where there is none.

    Raises:
        ValueError: when the device cannot multiply matrices of this dtype.
    """
    return find_peak(dtype, device).flops


def find_peak(dtype: torch.dtype = torch.float32, device: torch.device | str | None = None) -> Peak:
    """Measure the peak, and say how.

    On a CPU a small program is built with the C++ compiler, when there is one. It does nothing but
    multiply-adds in registers, so its figure is the roof. Where that is not possible, and on accelerators, the
    best of several matrix multiplications is taken, which stays somewhat below.

    Arguments and errors are those of :func:`measured_peak`.
    """
    device = torch.device(device) if device else best_device()
    multiplied = _best_multiplication(dtype, device)
    computed = _registers_only(dtype) if device.type == "cpu" else 0.0
    if computed >= multiplied and computed > 0:
        return Peak(computed, _("multiply-adds in registers, built with the C++ compiler"), False)
    if multiplied > 0:
        return Peak(multiplied, _("the best of several matrix multiplications: a lower bound"), True)
    kind = str(dtype).removeprefix("torch.")
    raise ValueError(str(_("{device} cannot multiply matrices of {dtype}.", device=device.type, dtype=kind)))


def find_compiler() -> str | None:
    """The C++ compiler that the environment variable ``CXX`` names, or the usual one; None when there is none."""
    names = [os.environ.get("CXX", ""), "c++", "g++", "clang++"]
    return next((path for name in names if name and (path := shutil.which(name))), None)


# Registers only


def _registers_only(dtype: torch.dtype) -> float:
    """Operations a second of the program, 0.0 where it cannot be built or has no kernel for this dtype."""
    program = _program(find_compiler())
    kernel = str(dtype).removeprefix("torch.")
    rates = [_run(program, name) for name in (kernel, f"{kernel}-amx")] if program else []
    return max(rates, default=0.0)


@cache
def _program(compiler: str | None) -> Path | None:
    """Build it, once a process. Which instructions there are is for the compiler to find out."""
    if compiler is None:
        return None
    path = Path(_folder().name) / "roofline"
    for tune in ("-march=native", "-mcpu=native"):  # the second is how some compilers on ARM say it
        command = [compiler, "-std=c++17", "-O3", tune, "-pthread", "-w", str(SOURCE), "-o", str(path)]
        if _output(command) is not None:
            return path
    return None


@cache
def _folder() -> tempfile.TemporaryDirectory:
    """It is removed when Python ends."""
    return tempfile.TemporaryDirectory(prefix="course-roofline-")


def _run(program: Path, kernel: str) -> float:
    """In a process of its own: an instruction that this processor lacks ends only that."""
    output = _output([str(program), kernel, str(torch.get_num_threads()), str(ROUND_S)])
    return float(output) if output else 0.0


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


# Matrix multiplications


def _best_multiplication(dtype: torch.dtype, device: torch.device) -> float:
    """Operations a second of square matrices of growing size; 0.0 where the device has no such operation."""
    multiply = torch._int_mm if dtype == torch.int8 else torch.mm
    best, size = 0.0, 256
    try:
        while size <= LARGEST:
            a = torch.ones(size, size, dtype=dtype, device=device)
            seconds = _fastest(multiply, a)
            best = max(best, 2 * size**3 / seconds)
            if seconds > LONGEST_S:
                break
            size *= 2
    except (RuntimeError, TypeError):  # no such kernel or dtype, or no memory for one that large
        pass
    return best


def _fastest(multiply, a: torch.Tensor, tries: int = 4) -> float:
    times = []
    for _try in range(tries):
        _synchronize(a.device)
        start = perf_counter()
        multiply(a, a)
        _synchronize(a.device)
        times.append(perf_counter() - start)
    return min(times)


def _synchronize(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
