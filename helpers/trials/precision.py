"""Trials of lesson 05: what precision a model really worked in, and what a cast or a comparison left behind.

A dtype goes over by its name, since only plain values do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import nn

from helpers.trials import probes

SIDE = 4
"""Pictures for :class:`Watched` have this height and width."""


class _Notes(list):
    """A list that a deep copy of its owner shares, so that a call of the copy is noted too."""

    def __deepcopy__(self, memo: dict) -> _Notes:
        return self


class Watched(nn.Module):
    """Float (N, 3, 4, 4) to logits (N, 5), with two kinds of BatchNorm, Dropout and a floating-point buffer.

    ``calls`` lists, for each call, what autocast on the CPU and the other modes were, and in which dtype the layers worked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(probes.CHANNELS, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.pool = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.register_buffer("scale", torch.rand(32) + 0.5)
        self.hidden = nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5))
        self.last = nn.Linear(16, probes.CLASSES)
        with torch.no_grad():
            self.last.weight.mul_(8)  # logits far from each other
        self.calls: list[dict[str, Any]] = _Notes()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.is_meta:  # the first real operation on this device would load much, for shapes alone
            first = logits = x.new_empty(len(x), probes.CLASSES)
        else:
            first = self.conv(x)
            logits = self.last(self.hidden(self.pool(self.norm(first)) * self.scale))
        self.calls.append(
            {
                "autocast": torch.is_autocast_enabled("cpu"),
                "autocast_dtype": _name(torch.get_autocast_dtype("cpu")),
                "worked_in": sorted({_name(first.dtype), _name(logits.dtype)}),
                "all_eval": not any(module.training for module in self.modules()),
                "recorded": logits.requires_grad,
            }
        )
        return logits


probes.KINDS |= {"precision-watched": Watched}


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def cast(answer: Callable, values: torch.Tensor, dtype: str) -> dict[str, Any]:
    """Call ``answer(values, dtype)``."""
    before = values.clone()
    value = answer(values, getattr(torch, dtype))
    kept = values.dtype == before.dtype and torch.equal(values.nan_to_num(7.0), before.nan_to_num(7.0))
    return {"value": value, "kept": kept}


@contextmanager
def fenced() -> Iterator[None]:
    """A block after which autocast on the CPU is as before, whatever happens inside."""
    enabled, dtype = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")
    try:
        with torch.set_grad_enabled(True):
            yield
    finally:
        torch.set_autocast_enabled("cpu", enabled)
        torch.set_autocast_dtype("cpu", dtype)
        torch.clear_autocast_cache()


def _modes() -> list[Any]:
    return [
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        _name(torch.get_autocast_dtype("cpu")),
    ]


def autocast(
    answer: Callable, model: dict[str, Any], evaluating: list[str], batch: torch.Tensor, dtype: str
) -> dict[str, Any]:
    """Call ``answer(model, batch, dtype)``; the modules named in ``evaluating`` are in evaluation mode before.

    A batch that the model refuses (of 4 channels) makes the call fail, which is then told in ``raised``.
    """
    built = probes.build(model)
    for name, module in built.named_modules():
        module.training = name not in evaluating
    state, needs, training = _state(built), probes.requires_grad(built), probes.modes(built)
    original = batch.clone()
    seen: dict[str, Any] = {"value": None, "raised": False}
    with fenced():
        before = _modes()
        try:
            seen["value"] = answer(built, batch, getattr(torch, dtype))
        except Exception:
            if batch.shape[1] == probes.CHANNELS:
                raise
            seen["raised"] = True
        after = _modes()
    return seen | {
        "calls": list(built.calls),
        "autocast_kept": before[2:] == after[2:],
        "grad_kept": before[:2] == after[:2],
        "state_kept": _same(_state(built), state),
        "requires_grad_kept": probes.requires_grad(built) == needs,
        "training_kept": probes.modes(built) == training,
        "batch_kept": batch.dtype == original.dtype and torch.equal(batch, original),
    }


def autocast_elsewhere(answer: Callable, dtype: str) -> dict[str, Any]:
    """Call ``answer(model, batch, dtype)`` with both on ``device``, "meta": shapes without values, on any machine.

    Autocast knows no such device, so an answer that asks for the batch's own may well stop with an error.
    """
    model = Watched().eval().to("meta")
    batch = torch.empty(2, probes.CHANNELS, SIDE, SIDE, device="meta")
    with fenced(), suppress(Exception):
        answer(model, batch, getattr(torch, dtype))
    return {"device": batch.device.type, "calls": list(model.calls)}


def _state(model: nn.Module) -> list[torch.Tensor]:
    return [tensor.detach().clone() for tensor in model.state_dict().values()]


def _same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(
        a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(one, other, strict=True)
    )


def copy_model(
    answer: Callable, model: dict[str, Any], evaluating: list[str], batch: torch.Tensor, dtype: str
) -> dict[str, Any]:
    """Call ``answer(model, dtype)``, use what it gave as a model, then change every tensor of it."""
    built = probes.build(model)
    for name, module in built.named_modules():
        module.training = name not in evaluating
    state, needs, training = _state(built), probes.requires_grad(built), probes.modes(built)
    made = answer(built, getattr(torch, dtype))
    seen: dict[str, Any] = {
        "type": type(made).__name__,
        "is_module": isinstance(made, nn.Module),
        "is_original": made is built,
        "original_kept": _same(_state(built), state),
        "requires_grad_kept": probes.requires_grad(built) == needs,
        "training_kept": probes.modes(built) == training,
    }
    if not seen["is_module"]:
        return seen
    tensors = {id(tensor): tensor for tensor in made.state_dict(keep_vars=True).values()}
    seen["tensors"] = [tensor.detach().clone() for tensor in tensors.values()]
    seen["training_parts"] = [
        name or "the model itself" for name, part in made.named_modules() if part.training
    ]
    built.calls.clear()
    with torch.inference_mode():  # where a tensor of any origin may be changed in place
        try:
            # a copy that refuses float32 is looked at all the same: in its own dtype
            seen["value"], seen["refused"] = made(batch.clone()), ""
        except RuntimeError as error:
            seen["value"], seen["refused"] = None, str(error)
        logs = {id(part.calls): part.calls for part in made.modules() if isinstance(part, Watched)}
        seen["calls"] = [call for log in logs.values() for call in log]
        for tensor in tensors.values():
            tensor.add_(1)
    seen["shared"] = seen["original_kept"] and not _same(_state(built), state)
    return seen


class Table(nn.Module):
    """A "model" that knows the logits of each picture: the first value of a picture is its number."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.zero = nn.Parameter(torch.zeros((), dtype=logits.dtype))
        self.register_buffer("logits", logits)
        self.recorded: list[bool] = _Notes()
        self.got: list[str] = _Notes()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.got.append(_name(x.dtype))
        found = self.logits[x[:, 0, 0, 0].to(torch.long)] + self.zero
        self.recorded.append(found.requires_grad)
        return found


def compare(
    answer: Callable, reference: torch.Tensor, low: torch.Tensor, sizes: list[int], noise: torch.Tensor
) -> dict[str, Any]:
    """Call ``answer(reference, low, batches)`` with models that give these logits, batch by batch.

    ``noise`` is all the pictures; their numbers are written into them.
    """
    pictures = noise.clone()
    pictures[:, 0, 0, 0] = torch.arange(len(pictures), dtype=pictures.dtype)
    models = [Table(reference).eval(), Table(low).eval()]
    states = [_state(model) for model in models]
    with torch.set_grad_enabled(True):
        value = answer(*models, iter(pictures.clone().split(sizes)))
    return {
        "value": value,
        "recorded": [any(model.recorded) for model in models],
        "called": all(model.recorded for model in models),
        "got": sorted({name for model in models for name in model.got}),
        "kept": all(
            _same([a.nan_to_num(7.0) for a in _state(model)], [b.nan_to_num(7.0) for b in state])
            for model, state in zip(models, states, strict=True)
        ),
    }


def average(answer: Callable, rows: torch.Tensor, sizes: list[int]) -> dict[str, Any]:
    """Call ``answer(batches)`` with an iterator of these logits, in batches of these sizes."""
    given = rows.clone()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on many tiny tensors, threads only wait for each other
    try:
        value = answer(iter(given.split(sizes)))
    finally:
        torch.set_num_threads(threads)
    return {"value": value, "kept": torch.equal(given, rows)}
