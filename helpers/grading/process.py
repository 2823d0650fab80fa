"""The judge's side of an answer process: requests with a deadline, and a process that may die at any time."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from multiprocessing.util import get_temp_dir
from pathlib import Path
from threading import Lock
from time import monotonic
from types import ModuleType
from typing import Any

import msgspec

from helpers.grading.usage import Usage, kill_family, usage
from helpers.judging.exercise import Exercise
from helpers.paths import ROOT
from helpers.trials.frames import receive, send
from helpers.trials.limits import LIMITS, View
from helpers.trials.runner import PATIENCE, Look, Outcome, Raised, Record, TimedOut, Trial, trial_name
from helpers.trials.server import Confined, Load, LookAt, Perform, Request, Step, serve
from helpers.trials.values import decode, encode, snapshot

STARTING = 120.0
"""Seconds until the first process is there: the server imports torch."""
LOOKING = 2.0
"""Seconds of processor time to look at an answer that is there."""
GRACE = 2.0
"""Seconds beyond a limit after which a process that did not stop itself is killed."""

OURS = [
    *(
        ROOT / "helpers" / name
        for name in (
            "authoring",
            "bench",
            "best.py",
            "exercises",
            "grading",
            "judging",
            "learning",
            "reference",
        )
    ),
    *(ROOT / name for name in ("notebooks", "tests", "docs", ".git", ".course")),
]
"""What an answer must not see: references, judges, solutions, evidence."""

SERVER_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "HOME", "TMPDIR", "SYSTEMROOT", "TEMP"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"),
    *("MPLCONFIGDIR", "XDG_CACHE_HOME", "COURSE_LANG", "COURSE_OFFLINE"),
)
"""The environment that the server of answer processes starts with; ``/proc`` shows it to them for good."""


THEIR_KEY = secrets.token_bytes(32)
"""What answer processes get as multiprocessing's key, in place of the judge's own."""


def _context() -> multiprocessing.context.BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")  # Windows
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["helpers.trials.preload"])
    return context


_starting = Lock()


@contextmanager
def _nothing_of_ours() -> Iterator[None]:
    """Keep multiprocessing from taking along our main module, and with it the judge, our arguments, keys, variables."""
    with _starting:  # a judge may have several threads, each with a submission
        yield from _hidden_from_children()


def _hidden_from_children() -> Iterator[None]:
    main, arguments, variables = sys.modules["__main__"], sys.argv, dict(os.environ)
    config = multiprocessing.current_process()._config
    key, daemon = config["authkey"], config.get("daemon")
    # a Dask worker is a daemon, which may have no children; this child ends with its parent all the same
    config["daemon"] = False
    sys.modules["__main__"], sys.argv = ModuleType("__main__"), [""]
    config["authkey"] = multiprocessing.process.AuthenticationString(THEIR_KEY)
    for name in set(os.environ) - set(SERVER_VARIABLES):
        del os.environ[name]
    # the server must not import what lies in the folder where the teacher stands: it may be a learner's
    os.environ["PYTHONSAFEPATH"] = "1"
    paths = [None if ROOT in _packages() else str(ROOT), variables.get("PYTHONPATH")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv = main, arguments
        config["authkey"], config["daemon"] = key, daemon
        del os.environ["PYTHONSAFEPATH"], os.environ["PYTHONPATH"]
        os.environ.update(variables)


def _packages() -> set[Path]:
    return {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}


def _copies() -> set[Path]:
    """Where this course lies, with its judges, and other copies of it that Python knows; not where it is installed."""
    known = {ROOT, *(Path(path).resolve() for path in sys.path)}
    return {path for path in known if os.path.isdir(path / "helpers" / "exercises")} - _packages()


def _places() -> set[Path]:
    """Where people and their programs keep files, and sockets by which other programs of theirs take orders."""
    places = [
        os.path.expanduser("~"),
        tempfile.gettempdir(),
        get_temp_dir(),
        "/home",
        "/tmp",
        "/var/tmp",
        "/run",
    ]
    return {Path(place).resolve() for place in places} - {Path("/")}


@cache
def _needed() -> list[str]:
    """Folders without which Python would not run."""
    paths = [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *sys.path]
    paths += os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    found = {Path(path).resolve() for path in paths if path and os.path.isdir(path)}
    found -= (_copies() | _places() | {Path.cwd()}) - _packages()
    return sorted(map(str, {*found, ROOT / "helpers"}))


@cache
def _closed() -> list[str]:
    """Folders in which answers see nothing but what is needed."""
    return sorted(map(str, _copies() | _places() - _packages()))


class CannotStart(Exception):
    """No process for answers: our fault, never a learner's."""


def _why_not(error: Exception) -> str:
    told = "the process for answers does not start on this machine"
    if "path too long" in str(error):  # of multiprocessing's socket, which lies in the temporary folder
        return f"{told}: the name of the temporary folder is too long ({get_temp_dir()}); set TMPDIR to a shorter one"
    return f"{told} ({error})" if str(error) else told


class Ended(EOFError):
    """The process is no more, and says so as if the answer had raised."""

    def __init__(self, type: str = "SystemExit", message: str = "the process ended") -> None:
        super().__init__(message)
        self.record = Raised(type, message)


class AnswerProcess:
    """One submission's process, started when it is first asked and again after it died.

    Args:
        program: the cells to run.
        hidden: what its answers must not see besides our own files.
        seconds: what the whole submission may take by the clock, from now on, and of processor time.
    """

    def __init__(
        self, program: Sequence[Step] = (), hidden: Sequence[Path] = (), seconds: float | None = None
    ) -> None:
        self.program = list(program)
        self._loaded = False
        self.view = View(
            closed=_closed(), needed=_needed(), shut=[str(path.resolve()) for path in (*OURS, *hidden)]
        )
        self.limits = LIMITS if seconds is None else replace(LIMITS, cpu=seconds)
        self.deadline = float("inf") if seconds is None else monotonic() + seconds
        self.confined_by: list[str] = []
        self._used_before = 0.0  # by processes that are no more
        self._used = Usage(0.0, 0, 0)
        self._work: tempfile.TemporaryDirectory | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Any = None
        self._leash: Any = None

    def load(self, program: Sequence[Step]) -> None:
        """From now on answer for the names that these cells define, and for no earlier ones."""
        if list(program) != self.program:
            self.program, self._loaded = list(program), False

    def ask(self, request: Request, kind: Any, limit: float) -> Any:
        """Send a request and read the answer.

        Args:
            request: what to do.
            kind: the type of the answer.
            limit: seconds of processor time; by the clock it may take ``PATIENCE`` times as many.

        Raises:
            TimeoutError: when it did not come in time; the process is killed.
            Ended: when the process died, used too much, or sent what is no answer.
        """
        if self.used_in_all() > self.limits.cpu + GRACE:
            raise TimeoutError
        if self._process is None:
            self._start()
        messages = [encode(request)]
        if not self._loaded:
            messages.insert(0, encode(Load(self.program)))
            self._loaded = True
            limit += self.limits.cell
        watch = _Watch(self, limit)
        try:
            for message in messages:
                self._connection.settimeout(watch.left())
                send(self._connection, message)
            data = receive(self._connection, self.limits.message, watch.look)
            return decode(data, kind)
        except TimeoutError:
            self.close()
            raise
        except Ended:
            self.close()
            raise
        except (OSError, EOFError, msgspec.MsgspecError, ValueError, RecursionError):
            self.close()
            raise Ended from None

    def used(self) -> Usage:
        """What the process that runs now has used."""
        now = usage(self._process.pid, self.limits.all_memory)
        # a process that nobody waited for takes its time with it
        self._used = now._replace(cpu=max(now.cpu, self._used.cpu))
        return self._used

    def used_in_all(self) -> float:
        """Processor seconds of this and all earlier processes, when they were last looked at."""
        return self._used_before + self._used.cpu

    def _start(self) -> None:
        if sys.platform == "linux":
            from helpers.trials.confine import close_own_memory

            close_own_memory()
        context = _context()
        self._connection, theirs = socket.socketpair()
        held, self._leash = context.Pipe(duplex=False)
        self._work = tempfile.TemporaryDirectory(prefix="answers-", ignore_cleanup_errors=True)
        work = os.path.realpath(self._work.name)
        self._loaded = False
        arguments = (theirs, held, work, self.view, self.limits)
        until = monotonic() + STARTING

        def watch() -> None:
            if monotonic() > until:
                raise EOFError

        try:
            with _nothing_of_ours():
                process = context.Process(target=serve, args=arguments, daemon=True)
                process.start()
            self._process = process
            theirs.close()
            held.close()
            self.confined_by = decode(receive(self._connection, 2**16, watch), Confined).by
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.close()
            raise CannotStart(_why_not(error)) from error

    def close(self) -> None:
        """End the process with all that it started, if there is one, and delete its folder."""
        if self._process is None:
            return
        self._leash.close()  # its keeper then ends all, and the folder
        self._connection.close()
        self._process.join(GRACE)
        if self._process.is_alive():  # a keeper within its reach may have been stopped
            kill_family(self._process.pid)
        if "processes" not in self.confined_by:
            with suppress(ProcessLookupError, PermissionError, AttributeError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._process = None
        self._used_before, self._used = self.used_in_all(), Usage(0.0, 0, 0)
        self._work.cleanup()


class _Watch:
    """One request's use of time, memory and processes."""

    def __init__(self, process: AnswerProcess, limit: float) -> None:
        self.process = process
        self.limit = limit + GRACE
        self.until = min(monotonic() + PATIENCE * limit + GRACE, process.deadline + GRACE)
        self.before: float | None = None

    def left(self) -> float:
        return max(self.until - monotonic(), 0.1)

    def look(self) -> None:
        used, limits = self.process.used(), self.process.limits
        if self.before is None:
            self.before = used.cpu  # most requests end before this first look, which is not for nothing
        if used.cpu - self.before > self.limit or monotonic() > self.until:
            raise TimeoutError
        if self.process.used_in_all() > limits.cpu + GRACE:
            raise TimeoutError
        if used.processes > limits.processes:
            raise Ended("OSError", f"it started more than {limits.processes} processes")
        if used.memory > limits.all_memory:
            raise Ended(
                "MemoryError", f"it used more than {limits.all_memory / 2**30:g} GB with all its processes"
            )


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
            return self.process.ask(request, Look, LOOKING)
        except TimeoutError:
            return Look(False, error=Raised("TimeoutError", "the notebook's cells did not come to an end"))
        except Ended as ended:
            if ended.record.type == "SystemExit":
                return Look(False, error=Raised("SystemExit", "the notebook's cells ended their own process"))
            return Look(False, error=ended.record)

    def perform(self, trial: Trial, inputs: dict[str, Any]) -> Record:
        limit = round(self.limit, 1)  # as it is told
        request = Perform(self.exercise.answer, trial_name(trial), snapshot(inputs), limit)
        try:
            return self.process.ask(request, Outcome | Raised | TimedOut, limit)
        except TimeoutError:
            return TimedOut(limit)
        except Ended as ended:
            return ended.record
