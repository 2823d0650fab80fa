"""The process in which a submission's code lives: it runs the cells, then answers requests, and decides nothing.

It is forked from a warm server process (:mod:`helpers.trials.preload`). What it sends back is
msgpack of plain copies (:mod:`helpers.trials.values`), checked against its types when it is read.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import os
import socket
import sys
from multiprocessing.connection import Connection
from typing import Any

import msgspec
import torch

from helpers.trials.frames import receive, send
from helpers.trials.limits import LIMITS, Limits, View
from helpers.trials.runner import Look, Raised, Record, TimedOut, find_trial, look, perform
from helpers.trials.values import DictSeen, Seen, Sent, decode, encode, plain

if sys.platform == "linux":
    from helpers.trials.confine import confine


class Step(msgspec.Struct, frozen=True):
    """One cell to run: plain Python, and the exercise it answers, if any."""

    code: str
    exercise: str | None = None


class Load(Sent, tag="load"):
    """Run this program, in a namespace of its own, before what is asked next. It has no answer."""

    program: list[Step]


class LookAt(Sent, tag="look-at"):
    """Ask what is known of a name."""

    name: str
    exercise: str


class Perform(Sent, tag="perform"):
    """Ask to run a trial with the object of this name."""

    name: str
    trial: str
    inputs: DictSeen
    limit: float


class Confined(Sent, tag="confined"):
    """The first word of an answer process, before any code of a learner's: the protections in force."""

    by: list[str]


Request = LookAt | Perform | Load


class Answers:
    """The names that a program of cells defined, and the error of each cell that failed."""

    def __init__(self, program: list[Step], cell_limit: float = LIMITS.cell) -> None:
        self.cell_limit = cell_limit
        self.namespace: dict[str, Any] = {
            "__name__": "__main__",
            "get_ipython": _NoShell,
            "display": _show_nothing,
            "input": _nobody_types,
        }
        self.errors: dict[str, Raised] = {}
        for number, step in enumerate(program):
            error = self._run(step, f"<cell {step.exercise or number}>")
            if error is not None and step.exercise:
                self.errors[step.exercise] = error

    def _run(self, step: Step, filename: str) -> Raised | None:
        def run(_answer: None) -> dict[str, Any]:
            linecache.cache[filename] = (len(step.code), None, step.code.splitlines(keepends=True), filename)
            code = compile(step.code, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            ended = eval(code, self.namespace)
            if inspect.iscoroutine(ended):  # a cell may await, as in a notebook
                asyncio.run(ended)
            return {}

        record = perform(run, None, {}, self.cell_limit)
        if isinstance(record, Raised):
            return record
        if isinstance(record, TimedOut):
            return Raised("TimeoutError", f"stopped after {self.cell_limit:g} s")
        return None

    def respond(self, request: LookAt | Perform) -> Look | Record:
        """Answer one request."""
        if isinstance(request, LookAt):
            if request.name in self.namespace:
                return look(self.namespace[request.name])
            return Look(False, error=self.errors.get(request.exercise))
        inputs: dict[str, Seen] = plain(request.inputs)
        return perform(find_trial(request.trial), self.namespace[request.name], inputs, request.limit)


class _NoShell:
    """Stands for IPython's shell: magics and shell lines have nothing to do with an answer, and do nothing."""

    def __getattr__(self, name: str):
        return lambda *args, **kwargs: None


def _show_nothing(*objects: Any, **options: Any) -> None:
    """Stands for IPython's ``display``."""


def _nobody_types(prompt: Any = "") -> str:
    """Stands for ``input``: there is nobody to ask."""
    return ""


def serve(connection: socket.socket, leash: Connection, work: str, view: View, limits: Limits) -> None:
    """The life of an answer process: be confined and say how, run cells, answer until the judge hangs up."""
    os.environ["COURSE_ROLE"] = "answers"
    with open(os.devnull, "r+") as nowhere:
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            os.dup2(nowhere.fileno(), stream.fileno())
    send(connection, encode(Confined(_confine(connection, leash, work, view, limits))))
    torch.set_num_threads(1)  # so that processor time measures an answer's own work, on any machine
    answers = Answers([])
    while True:
        try:
            request = decode(receive(connection), Request)
        except EOFError:
            return
        if isinstance(request, Load):
            answers = Answers(request.program, limits.cell)
            continue
        send(connection, _encoded(answers.respond(request), limits))


def _confine(
    connection: socket.socket, leash: Connection, work: str, view: View, limits: Limits
) -> list[str]:
    if sys.platform == "linux":
        return confine(work, view, limits, leash.fileno(), connection.fileno())
    os.chdir(work)
    return []


def _encoded(record: Look | Record, limits: Limits) -> bytes:
    data = encode(record)
    if len(data) <= limits.message:
        return data
    return encode(Raised("MemoryError", f"what it gave is larger than {limits.message / 2**20:g} MB"))
