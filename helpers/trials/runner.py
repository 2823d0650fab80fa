"""Performing one trial: the answer is called under a guard, and whatever it does becomes a plain record."""

from __future__ import annotations

import io
import linecache
import os
import signal
import sys
import sysconfig
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from helpers.trials.values import Seen, Sent, snapshot

Trial = Callable[..., dict[str, Any]]

PATIENCE = 3.0
"""How many times its limit an answer may take by the clock, on a machine that has other things to do."""
PRINT_KEPT = 1_000
"""How many characters of what an answer prints are kept."""


class Outcome(Sent, tag="outcome"):
    """The trial ended: what it saw, what the answer printed, and the grad mode that the answer left on or off."""

    values: dict[str, Seen]
    printed: str = ""
    printed_length: int = 0
    grad_mode_kept: bool = True


class Raised(Sent, tag="raised"):
    """The answer raised. ``line`` and ``source`` are the learner's own line, never one of ours."""

    type: str
    message: str
    line: int | None = None
    source: str | None = None
    stub: bool = False
    """True for the untouched ``raise NotImplementedError``."""
    printed: str = ""
    printed_length: int = 0


class TimedOut(Sent, tag="timeout"):
    """The answer was stopped after this many seconds."""

    seconds: float


Record = Outcome | Raised | TimedOut


class Look(Sent, tag="look"):
    """What is known of an answer before it is called."""

    exists: bool
    type: str = ""
    callable: bool = False
    is_class: bool = False
    error: Raised | None = None
    """Why it does not exist, when the cell that should define it raised."""


def look(answer: Any) -> Look:
    """Name, type and callability of an answer that exists, without running any of its code."""
    kind = type(answer)
    return Look(True, kind.__name__, callable(answer), isinstance(answer, type))


class _TimeLimit(BaseException):
    """Raised inside the answer; a BaseException, so that ``except Exception`` does not swallow it."""


class _Kept(io.TextIOBase):
    """A text stream that keeps the beginning and counts the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.length += len(text)
        if len(self.text) < PRINT_KEPT:
            self.text += text[: PRINT_KEPT - len(self.text)]
        return len(text)


def perform(trial: Trial, answer: Any, inputs: dict[str, Any], limit: float) -> Record:
    """Run one trial under a guard.

    The random state, the grad mode and the default dtype are put back as they were found, whatever the answer
    did to them. A KeyboardInterrupt is the person's own and passes through.

    Args:
        trial: a function of this package.
        answer: the learner's object.
        inputs: what the trial receives beside it.
        limit: seconds of work until the answer is stopped (in the main thread only: elsewhere there is no limit).
    """
    kept = _Kept()
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    try:
        with (
            torch.random.fork_rng(devices=[]),
            redirect_stdout(kept),
            redirect_stderr(kept),
            warnings.catch_warnings(),
            time_limit(limit),
        ):
            warnings.simplefilter("ignore")
            try:
                values = {name: snapshot(value) for name, value in trial(answer, **inputs).items()}
                grad_kept = torch.is_grad_enabled() == grad
            except (_TimeLimit, KeyboardInterrupt):
                raise
            except BaseException as error:
                return raised(error, kept.text, kept.length)
        return Outcome(values, kept.text, kept.length, grad_kept)
    except _TimeLimit:
        return TimedOut(limit)
    finally:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)


@contextmanager
def time_limit(seconds: float):
    """Stop the block with :class:`_TimeLimit` when it works for longer.

    What counts is processor time, with that of ended child processes, so that a busy machine fails nobody; a block
    that only waits is stopped after ``PATIENCE`` times as long.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield  # Windows has no such timer: there the person interrupts the kernel, and graders kill the process
        return
    began, worked = time.monotonic(), _worked()

    def stop(number: int, frame: Any) -> None:
        if _worked() - worked >= seconds or time.monotonic() - began >= PATIENCE * seconds:
            raise _TimeLimit

    before = signal.signal(signal.SIGALRM, stop)
    # fires again and again: the processor may have been elsewhere, and an answer may catch the first one
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _worked() -> float:
    return sum(os.times()[:4])


def raised(error: BaseException, printed: str = "", printed_length: int = 0) -> Raised:
    """The record of an exception, with the last line of the learner's that it went through."""
    frame = _learner_frame(error.__traceback__)
    if isinstance(error, SyntaxError) and frame is None:
        line, source = error.lineno, (error.text or "").strip() or None
    elif frame is None:
        line, source = None, None
    else:
        line = frame.tb_lineno
        source = linecache.getline(frame.tb_frame.f_code.co_filename, line).strip() or None
    stub = (
        type(error) is NotImplementedError
        and not error.args
        and frame is not None
        and frame.tb_next is None
        and (source or "raise NotImplementedError").startswith("raise NotImplementedError")
    )
    return Raised(type(error).__name__, _text(error), line, source, stub, printed, printed_length)


def _text(error: BaseException) -> str:
    try:
        if isinstance(error, SyntaxError):
            return str(error.msg)
        return str(error)[:500]
    except BaseException:  # an exception of the learner's own may fail to print itself
        return ""


_OURS = [str(Path(__file__).parents[1]), sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["purelib"]]


def _learner_frame(traceback: TracebackType | None) -> TracebackType | None:
    last = None
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not name.startswith("<frozen") and not any(name.startswith(folder) for folder in _OURS):
            last = traceback
        traceback = traceback.tb_next
    return last


def find_trial(name: str) -> Trial:
    """The trial with a name like ``"modes.modes_after"``: a public function of a module of this package.

    Raises:
        LookupError: when there is none.
    """
    module_name, _, function = name.rpartition(".")
    full = f"{__package__}.{module_name}"
    __import__(full)
    trial = getattr(sys.modules[full], function, None)
    if not callable(trial) or function.startswith("_"):
        raise LookupError(f"No trial {name!r}.")
    return trial


def trial_name(trial: Trial) -> str:
    """The name under which another process finds this trial."""
    return f"{trial.__module__.removeprefix(__package__ + '.')}.{trial.__name__}"
