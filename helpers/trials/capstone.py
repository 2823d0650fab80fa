"""Trials of lesson 09, the capstone: picture files, a classifier that notes each of its calls, and slow places.

Two things can be made slow on purpose, each by a fixed time whatever the machine: a call of the model (as a launch
on an accelerator, or a request to a server, is), and the preparing of a picture (as a large photo is).
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.trials import preprocessing, probes
from helpers.trials.nograd import fenced, modes_now
from helpers.trials.values import snapshot


@contextmanager
def one_thread() -> Iterator[None]:
    """A block in which torch uses one thread: for models this small more only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Calls:
    """What :func:`_note_call` writes down, and what it is told to do; one for all models, so copies write here too."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []
        self.takes = 0.0
        self.fails = False


_calls = _Calls()


# An operator of its own, because tracing (torch.fx, torch.export) keeps it, where it would lose a line of Python.
@torch.library.custom_op("inference_course::note_call", mutates_args=())
def _note_call(x: torch.Tensor, training: bool) -> torch.Tensor:
    _calls.noted.append({"size": len(x), "training": training, "grad": torch.is_grad_enabled()})
    if _calls.fails:
        raise RuntimeError("this model fails on purpose")
    if _calls.takes:
        time.sleep(_calls.takes)
    return x.clone()


@_note_call.register_fake
def _(x: torch.Tensor, training: bool) -> torch.Tensor:
    return torch.empty_like(x)


_note_call.register_autograd(lambda context, gradient: (gradient, None))


class Noting(nn.Module):
    """A classifier for pictures (N, 3, 8, 8): float32 logits (N, classes). It notes each call, and its copies do too."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(32, classes),
        )
        with torch.no_grad():
            self.layers[-1].weight.mul_(5)  # so that pictures get different names

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(_note_call(x, self.training))


def stack(norm_first: bool = False, affine: bool = True) -> nn.Sequential:
    """Nested containers: BatchNorm behind a convolution, with and without bias, in groups, and behind none."""
    return nn.Sequential(
        *([nn.BatchNorm2d(3)] if norm_first else []),
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        nn.Sequential(
            nn.Sequential(nn.Conv2d(8, 8, 3, groups=4), nn.BatchNorm2d(8, eps=1e-2, affine=affine)),
            nn.Tanh(),
            nn.BatchNorm2d(8),
            nn.Conv2d(8, 6, 3, stride=2, bias=True),
            nn.ReLU(),
        ),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 6),
        nn.BatchNorm1d(6),
        nn.Dropout(0.5),
    )


probes.KINDS |= {"capstone-noting": Noting, "capstone-stack": stack}


MEETING_S = 2.0
"""Seconds that files wait for others to be in hand with them."""


class Preprocess(preprocessing.Preprocess):
    """Lesson 03's preprocessing, which can take its time, and notes how many pictures it had in hand at one time.

    Args:
        takes: seconds that each picture takes at least.
        meeting: so many wait for each other, so that a busy machine, which starts threads late, changes no count. When
            they have waited in vain, the others that follow do not wait.
    """

    def __init__(self, takes: float = 0.0, meeting: int = 1) -> None:
        super().__init__()
        self.takes, self.meeting = takes, meeting
        self.most = self._now = 0
        self._patient = True
        self._met = threading.Condition()

    def __call__(self, image: Any) -> torch.Tensor:
        with self._met:
            self._now += 1
            self.most = max(self.most, self._now)
            self._met.notify_all()
            if self._patient:
                self._patient = self._met.wait_for(lambda: self.most >= self.meeting, MEETING_S)
        try:
            if self.takes:
                time.sleep(self.takes)
            return super().__call__(image)
        finally:
            with self._met:
                self._now -= 1


File = tuple[str, Any]
"""A name, and the bytes of the file; "missing" or "folder" where there is to be no file."""


def _write(folder: Path, files: Iterable[File]) -> list[str]:
    paths = []
    for name, data in files:
        path = folder / name
        if data == "folder":
            path.mkdir(exist_ok=True)
        elif data != "missing":
            path.write_bytes(data)
        paths.append(str(path))
    return paths


def load_one(answer: Callable, files: list[File], raises: str = "") -> dict[str, Any]:
    """Call ``answer(path, preprocess)`` for each file, first as a string, then as a path: the ``values``.

    With ``raises``, the name of a built-in exception, ``preprocess`` raises it; ``passed_on`` tells what came out.
    """
    preprocess, values = Preprocess(), []

    def failing(image: Any) -> torch.Tensor:
        raise {"ValueError": ValueError, "RuntimeError": RuntimeError, "OSError": OSError}[raises]("a bug")

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number, path in enumerate(_write(Path(folder), files)):
            given = Path(path) if number % 2 else path
            if raises:
                try:
                    values.append(answer(given, failing))
                except (ValueError, RuntimeError, OSError) as error:
                    return {"passed_on": type(error).__name__, "values": values}
            else:
                values.append(answer(given, preprocess))
    return {"values": values, "got": preprocess.got, "passed_on": ""}


def take_batches(
    answer: Callable, count: int, size: int, first: int = 0, ask: int | None = None
) -> dict[str, Any]:
    """Iterate over ``answer(items, size)``, where the items are ``count`` numbers from ``first`` on, made when asked for.

    ``taken`` tells, as each batch comes, how many items were taken by then. With ``ask`` only that many batches
    are asked for, and the items never end.
    """
    taken = 0

    def items() -> Iterable[int]:
        nonlocal taken
        while ask is not None or taken < count:
            taken += 1
            if taken > 10_000:
                raise RuntimeError("10,000 items were taken, and no batch came")
            yield first + taken - 1

    batches: list[Any] = []
    counts: list[int] = []
    value = answer(items(), size)
    if not hasattr(type(value), "__iter__") and not hasattr(type(value), "__next__"):
        return {"value": value, "iterable": False}
    before = taken
    for batch in value:
        batches.append(list(batch) if isinstance(batch, tuple) else batch)
        counts.append(taken)
        if len(batches) == ask:
            break
    return {"value": None, "iterable": True, "batches": batches, "taken": counts, "before": before}


def refuse_size(answer: Callable, size: int) -> dict[str, Any]:
    """What ``list(answer([0, 1, 2], size))`` raises, by its name; an endless result is cut off."""
    try:
        for number, _batch in enumerate(answer([0, 1, 2], size)):
            if number == 100:
                return {"raised": "", "endless": True}
    except Exception as error:
        return {"raised": type(error).__name__, "endless": False}
    return {"raised": "", "endless": False}


def batch_list(answer: Callable, items: list[Any], size: int) -> dict[str, Any]:
    """``list(answer(items, size))``, and the items afterwards."""
    return {"batches": [list(batch) for batch in answer(items, size)], "items": items}


class _Norms(TorchFunctionMode):
    """Counts calls of batch_norm, whoever makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.count += getattr(func, "__name__", "") == "batch_norm"
        return func(*args, **(kwargs or {}))


def _formats(model: nn.Module) -> dict[str, list[int]]:
    return {name: list(tensor.stride()) for name, tensor in model.state_dict().items()}


def _described(model: nn.Module) -> dict[str, Any]:
    return {
        "state": probes.state(model),
        "modes": probes.modes(model),
        "grads": probes.requires_grad(model),
        "formats": _formats(model),
    }


def _differences(model: nn.Module, before: dict[str, Any]) -> list[str]:
    """What of a model is no longer as :func:`_described` found it: "state", "modes", "grads", "formats"."""
    found = ["state"] if probes.changed(model, before["state"]) else []
    now = _described(model)
    return found + [name for name in ("modes", "grads", "formats") if now[name] != before[name]]


@one_thread()
def make_ready(
    answer: Callable, model: dict[str, Any], evaluating: list[str], batch: torch.Tensor
) -> dict[str, Any]:
    """Call ``answer(model)``, with these modules in evaluation mode before; then use what it gave on the batch."""
    built = _with_modes(probes.build(model), evaluating)
    before = _described(built)
    with fenced():
        made = answer(built)
        if not isinstance(made, nn.Module):
            return {"module": False, "value": made}
        changed = _differences(built, before)
        ours = {
            tensor.untyped_storage().data_ptr() for tensor in built.state_dict().values() if tensor.numel()
        }
        theirs = [*made.parameters(), *made.buffers()]
        seen = {
            "module": True,
            "itself": made is built,
            "changed": changed,
            "shared": any(tensor.untyped_storage().data_ptr() in ours for tensor in theirs if tensor.numel()),
            "training": [
                name
                for name, module in made.named_modules()
                if getattr(module, "training", False)  # a scripted and frozen one has no mode
                and not isinstance(module, nn.Identity)  # which does nothing in either mode
            ],
            "grads": sum(parameter.requires_grad for parameter in made.parameters()),
            "contiguous": sum(
                not parameter.is_contiguous(memory_format=torch.channels_last)
                for parameter in made.parameters()
                if parameter.ndim == 4
            ),
        }
        with _Norms() as norms, torch.no_grad():
            seen["value"] = made(batch)
    return {**seen, "norms": norms.count, "changed_later": _differences(built, before)}


def _with_modes(model: nn.Module, evaluating: list[str]) -> nn.Module:
    for name, module in model.named_modules():
        module.training = name not in evaluating
    return model


@one_thread()
def classify(
    answer: Callable,
    model: dict[str, Any],
    evaluating: list[str],
    categories: list[str],
    batch_size: int,
    k: int,
    rounds: list[list[File]],
    form: str = "text",
    single: bool = False,
    grad: bool = True,
    fails: bool = False,
) -> dict[str, Any]:
    """Make ``answer(model, preprocess, categories, batch_size)`` and call it, once for each round's files.

    A file of the same name is written over the one before. With the ``form`` "path" paths are no strings; with
    ``single`` the one path is given, not in a list.
    With ``fails`` the model raises at each call; ``failed`` tells whether that came out.
    """
    built = _with_modes(probes.build(model), evaluating)
    before, preprocess, given = _described(built), Preprocess(), list(categories)
    seen: dict[str, Any] = {"results": [], "paths": [], "calls": [], "failed": ""}
    _calls.noted, _calls.takes, _calls.fails = [], 0.0, False
    try:
        with fenced(grad), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            modes = modes_now()
            classifier = answer(built, preprocess, given, batch_size)
            seen["changed_when_made"] = _differences(built, before)
            for files in rounds:
                paths = _write(Path(folder), files)
                _calls.noted, _calls.fails = [], fails
                forms = [Path(path) if form == "path" else path for path in paths]
                asked = forms[0] if single else list(forms)
                try:
                    results = classifier(asked, k)
                except RuntimeError as error:
                    if not fails:
                        raise
                    results, seen["failed"] = None, str(error)
                seen["results"].append(snapshot(results))  # now: it may change it in the next round
                seen["paths"].append(paths)
                seen["calls"].append(_calls.noted)
                seen["paths_kept"] = single or asked == forms
            seen["modes_kept"] = modes_now() == modes
    finally:
        _calls.fails = False
    seen["changed"] = _differences(built, before)
    seen["got"] = preprocess.got
    return seen


_classifiers: dict[str, tuple[Any, Preprocess]] = {}
"""Prepared for :func:`take_round`, by the name that the judge chose."""


@one_thread()
def prepare(
    answer: Callable,
    name: str,
    model: dict[str, Any],
    categories: list[str],
    batch_size: int,
    files: list[File],
    reading_takes: float,
    meeting: int,
) -> dict[str, Any]:
    """Make a classifier for the rounds that follow, and let it warm up on some files."""
    _calls.noted, _calls.takes, _calls.fails = [], 0.0, False
    preprocess = Preprocess()
    classifier = answer(probes.build(model), preprocess, list(categories), batch_size)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        classifier(_write(Path(folder), files), 1)
    preprocess.takes, preprocess.meeting = reading_takes, meeting
    _classifiers[name] = (classifier, preprocess)
    return {}


@one_thread()
def take_round(answer: Callable, name: str, files: list[File], call_takes: float) -> dict[str, Any]:
    """Classify some files with the prepared classifier. The judge measures, by its own clock, how long this takes."""
    classifier, preprocess = _classifiers[name]
    preprocess.most = 0
    _calls.noted, _calls.takes = [], call_takes
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            paths = _write(Path(folder), files)
            results = classifier(paths, 1)
    finally:
        _calls.takes = 0.0
    return {"results": results, "paths": paths, "calls": _calls.noted, "most": preprocess.most}
