"""Where submissions are graded: in processes of this machine, or on a Dask cluster.

Both are executors of :mod:`concurrent.futures`, and both survive the death of a process that judges: its submission
is done again in another one, and after one more death given up, so that it cannot stop the others.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil

from helpers.grading.protections import PROTECTIONS, protections
from helpers.grading.release import release

LEAVING = 3.0
"""Seconds for a judge to end its answer process and clean up, until it is killed."""
CONNECTING = 10.0
"""Seconds until a Dask scheduler must have answered."""
FIRST_WORKER = 60.0
"""Seconds until its first worker must be there."""


class NoCluster(Exception):
    """No Dask cluster can be used; the message says why and what to do."""


@dataclass(frozen=True)
class Judges:
    """Where submissions are graded.

    ``room`` says how many submissions the executor should have at a time, so that none of its processes waits;
    ``in_force`` which of :data:`helpers.grading.protections.PROTECTIONS` each of them gives.
    """

    executor: Executor
    room: Callable[[], int]
    in_force: list[str]


# on this machine --------------------------------------------------------------------------------------------


@contextmanager
def local_judges(jobs: int) -> Iterator[Judges]:
    """Processes of this machine, which are gone after the block; at once, when an exception ends it.

    Args:
        jobs: how many.
    """
    pool = JudgePool(jobs)
    try:
        yield Judges(pool, lambda: 2 * jobs, protections())
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.shutdown()


@dataclass(frozen=True, eq=False)
class _Lane:
    pool: ProcessPoolExecutor
    process: psutil.Process


class JudgePool(Executor):
    """Processes that each do one task at a time, so that when one dies, it is known which task it had.

    Each has a thread here that waits for it.
    """

    def __init__(self, jobs: int) -> None:
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="judge")
        self._own = threading.local()
        self._lanes: set[_Lane] = set()
        self._stopping = False
        self._cores_each = max(1, (os.cpu_count() or 1) // jobs)

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Run a function in one of the processes; function, arguments and result are pickled.

        Its future raises :class:`BrokenProcessPool` when it was begun in two processes and both died.
        """
        return self._threads.submit(self._run, fn, *args, **kwargs)

    def _run(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._run_once(fn, *args, **kwargs)
        except BrokenProcessPool:
            if self._stopping:
                raise
        return self._run_once(fn, *args, **kwargs)

    def _run_once(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._lane().pool.submit(fn, *args, **kwargs).result()
        except BrokenProcessPool:
            self._own.lane = None
            raise

    def _lane(self) -> _Lane:
        lane = getattr(self._own, "lane", None)
        if lane is None:
            # spawned, not forked: each judge gets a server of its own for answers, and shares nothing with the others
            context = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(self._cores_each,))
            lane = _Lane(pool, psutil.Process(pool.submit(os.getpid).result()))
            self._lanes.add(lane)
            self._own.lane = lane
        if self._stopping:
            raise BrokenProcessPool("stopped")
        return lane

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when they have done what was submitted, or what they are at if futures are cancelled."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for lane in self._lanes:
            lane.pool.shutdown(wait)

    def stop(self) -> None:
        """End the processes now, and with them what they have begun."""
        self._stopping = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        lanes = list(self._lanes)
        for lane in lanes:
            lane.pool.shutdown(wait=False)
            with suppress(psutil.NoSuchProcess):
                lane.process.terminate()
        _gone, alive = psutil.wait_procs([lane.process for lane in lanes], timeout=LEAVING)
        for process in alive:
            process.kill()


def _begin(cores: int) -> None:
    """The first thing that a judge's process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all, and is for the one that started us
    signal.signal(signal.SIGTERM, _leave)
    # several judges, each with an answer, share the cores; read by torch, which nothing here has imported yet
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _leave(number: int, frame: Any) -> None:
    """So that the answer process is ended, and its folder removed, on the way out."""
    sys.exit(128 + number)


def _end_with_parent() -> None:
    """Leave when the parent is killed, which has no time to say so."""
    multiprocessing.parent_process().join()
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the end: nobody is there to read of broken pipes
    for _time in range(
        2
    ):  # the first ends what it is at, which to the pool is a result; the second its wait for more
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
            time.sleep(LEAVING)
    os._exit(1)


# on a Dask cluster ------------------------------------------------------------------------------------------


@contextmanager
def dask_judges(address: str) -> Iterator[Judges]:
    """The workers of a Dask cluster, on which this course must be installed.

    Args:
        address: of its scheduler, such as ``tcp://192.0.2.7:8786``.

    Raises:
        NoCluster: when nothing can be graded there.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoCluster(
            f"No Dask scheduler answers at {address} ({error}). Start one with: dask scheduler"
        ) from None

    def room() -> int:
        try:
            return 2 * max(1, sum(client.nthreads().values()))
        except OSError as error:
            raise CancelledError(str(error)) from None

    with client:
        in_force = _in_force_on_workers(client, address)
        # not pure: each submission is a task of its own, also one that was copied
        executor = client.get_executor(pure=False)
        try:
            yield Judges(executor, room, in_force)
        finally:
            executor.shutdown(wait=False)  # what is still to be done is cancelled


def _in_force_on_workers(client: Any, address: str) -> list[str]:
    """The protections that all workers give."""
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER)
    except TimeoutError:
        raise NoCluster(
            f"The Dask cluster at {address} has no workers. Start some with: dask worker {address}"
        ) from None
    # as tasks, since what is run beside them keeps a worker from answering its scheduler
    asked = {
        worker: client.submit(_what_is_here, workers=[worker], pure=False) for worker in client.nthreads()
    }
    try:
        told = client.gather(asked)
    except Exception as error:
        raise NoCluster(
            f"The workers of {address} cannot run this course: {error!r}. Install it there, in the same release."
        ) from None
    others = [worker for worker, (its, _in_force) in told.items() if its != release()]
    if others:
        raise NoCluster(
            f"Another release of this course is installed on {', '.join(others)}. Install this one there."
        )
    return [name for name in PROTECTIONS if all(name in in_force for _its, in_force in told.values())]


def _what_is_here() -> tuple[str, list[str]]:
    return release(), protections()
