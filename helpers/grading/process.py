"""The judge's side of an answer process: requests with a deadline, and a process that may die at any time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from helpers.judging.exercise import Exercise
from helpers.paths import ROOT
from helpers.trials.runner import Look, Outcome, Raised, Record, TimedOut, Trial, trial_name
from helpers.trials.server import CELL_LIMIT, Confined, Load, LookAt, Perform, Request, Step, serve
from helpers.trials.values import decode, encode, snapshot

STARTING = 120.0
"""Seconds until the first process is there: the server imports torch."""
GRACE = 2.0
"""Seconds beyond a limit after which a process that did not stop itself is killed."""

OURS = [
    *(
        ROOT / "helpers" / name
        for name in ("authoring", "exercises", "grading", "judging", "learning", "reference")
    ),
    *(ROOT / name for name in ("notebooks", "tests", "docs", ".git", ".course")),
]
"""What an answer must not see: references, judges, solutions, evidence."""


def _context() -> multiprocessing.context.BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")  # Windows
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["helpers.trials.preload"])
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep multiprocessing from importing our own main module, and with it the judge, in the child."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class CannotStart(Exception):
    """No process for answers: our fault, never a learner's."""


class AnswerProcess:
    """One submission's process, started when it is first asked and again after it died."""

    def __init__(self, program: Sequence[Step] = (), hidden: Sequence[Path] = ()) -> None:
        self.program = list(program)
        self._loaded = False
        self.hidden = [*OURS, *hidden]
        self.confined_by: list[str] = []
        self._work: tempfile.TemporaryDirectory | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Any = None

    def load(self, program: Sequence[Step]) -> None:
        """From now on answer for the names that these cells define, and for no earlier ones."""
        if list(program) != self.program:
            self.program, self._loaded = list(program), False

    def ask(self, request: Request, kind: Any, limit: float) -> Any:
        """Send a request and read the answer.

        Raises:
            TimeoutError: when it did not come in time; the process is killed.
            EOFError: when the process died, or sent what is no answer.
        """
        if self._process is None:
            self._start()
        patience = limit + GRACE
        try:
            if not self._loaded:
                self._connection.send_bytes(encode(Load(self.program)))
                self._loaded = True
                patience += CELL_LIMIT
            self._connection.send_bytes(encode(request))
            if not self._connection.poll(patience):
                self.close()
                raise TimeoutError
            return decode(self._connection.recv_bytes(), kind)
        except (OSError, EOFError, msgspec.MsgspecError, ValueError) as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise
            raise EOFError from None

    def _start(self) -> None:
        context = _context()
        self._connection, theirs = context.Pipe()
        self._work = tempfile.TemporaryDirectory(prefix="answers-", ignore_cleanup_errors=True)
        self._loaded = False
        arguments = (theirs, self._work.name, [str(path.resolve()) for path in self.hidden])
        self._process = context.Process(target=serve, args=arguments, daemon=True)
        with _without_main():
            self._process.start()
        theirs.close()
        try:
            if not self._connection.poll(STARTING):
                raise EOFError
            self.confined_by = decode(self._connection.recv_bytes(), Confined).by
        except (OSError, EOFError) as error:
            self.close()
            raise CannotStart("the process for answers does not start on this machine") from error

    def close(self) -> None:
        """Kill the process, if there is one."""
        if self._process is None:
            return
        self._connection.close()
        with suppress(ProcessLookupError, PermissionError, AttributeError):
            os.killpg(
                self._process.pid, signal.SIGKILL
            )  # with what it started, where it leads a group of its own
        self._process.kill()
        self._process.join()
        self._process = None
        self._work.cleanup()


class RemoteAnswer:
    """An answer in another process, by the name that its exercise asks for.

    Args:
        process: where it runs.
        exercise: what it answers.
        program: the cells it needs; without them, those that the process was made with.
    """

    def __init__(
        self, process: AnswerProcess, exercise: Exercise, program: Sequence[Step] | None = None
    ) -> None:
        self.process = process
        self.exercise = exercise
        self.program = program
        self.limit = exercise.limit

    def look(self) -> Look:
        if self.program is not None:
            self.process.load(self.program)
        request = LookAt(self.exercise.answer, self.exercise.id)
        try:
            return self.process.ask(request, Look, 0)
        except TimeoutError:
            return Look(False, error=Raised("TimeoutError", "the notebook's cells did not come to an end"))
        except EOFError:
            return Look(False, error=Raised("SystemExit", "the notebook's cells ended their own process"))

    def perform(self, trial: Trial, inputs: dict[str, Any]) -> Record:
        request = Perform(self.exercise.answer, trial_name(trial), snapshot(inputs), self.limit)
        try:
            return self.process.ask(request, Outcome | Raised | TimedOut, self.limit)
        except TimeoutError:
            return TimedOut(self.limit)
        except EOFError:
            return Raised("SystemExit", "the process ended")
