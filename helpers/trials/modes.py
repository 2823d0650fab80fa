"""Trials of lesson 01, modes: which part was in which mode, what changed, which of PyTorch's functions were used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.trials import probes

WIDTH = 6


class Parts(nn.Module):
    """A classifier with BatchNorm as a direct child, nested, and one-dimensional, and with Dropout.

    Input float (N, 3, H, W), output logits float (N, 4). ``noted`` holds what the last call saw: the ``features``
    before Dropout, float (N, 6), and the ``modes`` at its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.BatchNorm2d(3)
        self.body = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, WIDTH, 3, padding=1), nn.BatchNorm2d(WIDTH)),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.neck = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH))
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(WIDTH, 4))
        self.noted: dict[str, Any] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.neck(self.body(self.entry(x)))
        logits = self.head(features)
        self.noted = {"features": features.detach().clone(), "modes": probes.modes(self)}
        return logits


def parts(seed: int) -> Parts:
    """The model of a seed, in training mode, with running statistics that are not trivial."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = Parts()
        for module in built.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.running_mean.normal_(0, 0.5)
                module.running_var.uniform_(2, 4)
    return built


def predicting(
    answer: Callable, model: dict[str, Any], batch: torch.Tensor, training: bool
) -> dict[str, Any]:
    """Call ``answer(model, batch)`` on a probe that is wholly in one mode, and look at both afterwards."""
    built = probes.build(model).train(training)
    before = probes.state(built)
    value = answer(built, batch)
    return {
        "value": value,
        "batch": batch,
        "calls": built.calls,
        "modes": probes.modes(built),
        "changed": probes.changed(built, before),
    }


class _Watch(TorchFunctionMode):
    """Notes the names of the functions of PyTorch that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.names.add(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))


def by_hand(answer: Callable, args: list[Any], word: str) -> dict[str, Any]:
    """Call a function: its ``value``, the ``args`` afterwards, and the PyTorch functions with ``word`` in their name."""
    with _Watch() as watch:
        value = answer(*args)
    return {"value": value, "args": args, "used": sorted(name for name in watch.names if word in name)}


def by_hand_twice(answer: Callable, args: list[Any], word: str) -> dict[str, Any]:
    """Two such calls in a row, of which the second goes on where the first left the random state: ``again`` too."""
    untouched = [arg.clone() if isinstance(arg, torch.Tensor) else arg for arg in args]
    first = by_hand(answer, args, word)
    return {**first, "again": answer(*untouched)}


def wrapping(answer: Callable, seed: int, batch: torch.Tensor, steps: list[list[Any]]) -> dict[str, Any]:
    """Make ``answer(model)``, then switch its mode and call it, step by step.

    A step is a method's name and its arguments; an empty step switches nothing.
    """
    built = parts(seed)
    gradients = probes.requires_grad(built)
    made = answer(built)
    if not isinstance(made, nn.Module):
        return {"module": False, "value": made}
    inner = next((module for module in made.modules() if isinstance(module, Parts)), built)
    log = []
    for step in steps:
        returned = getattr(made, step[0])(*step[1:]) if step else made
        before = probes.state(inner)
        value = made(batch)
        log.append(
            {
                "returned_itself": returned is made,
                "returned": type(returned).__name__,
                "value": value,
                "own": made.training,
                "changed": probes.changed(inner, before),
                **inner.noted,
            }
        )
    return {"module": True, "steps": log, "gradients_kept": probes.requires_grad(inner) == gradients}


class Planned(Exception):
    """What the block of a trial raises."""


def in_block(
    answer: Callable, seed: int, modes: dict[str, bool], batch: torch.Tensor, raising: bool
) -> dict[str, Any]:
    """Use ``with answer(model)``: modes inside the block and after it, logits in it, what became of an exception."""
    built, manager = _manager(answer, seed, modes)
    if not _is_manager(manager):
        return {"manager": False, "value": manager}
    inside, logits, gave, ended = {}, None, False, "nothing"
    try:
        with manager as given:
            inside, gave = probes.modes(built), given is built
            logits = built(batch)
            if raising:
                raise Planned("raised inside the block, on purpose")
    except Exception as error:
        if not raising:
            raise
        ended = type(error).__name__
    after = probes.modes(built)
    return {"manager": True, "inside": inside, "logits": logits, "gave": gave, "after": after, "ended": ended}


def in_nested_blocks(answer: Callable, seed: int, modes: dict[str, bool]) -> dict[str, Any]:
    """Use a block within a block on one model: the modes between the ends of the two, and after both."""
    built, manager = _manager(answer, seed, modes)
    if not _is_manager(manager):
        return {"manager": False, "value": manager}
    with manager:
        with answer(built):
            pass
        between = probes.modes(built)
    return {"manager": True, "between": between, "after": probes.modes(built)}


def _manager(answer: Callable, seed: int, modes: dict[str, bool]) -> tuple[Parts, Any]:
    built = parts(seed)
    for name, module in built.named_modules():
        module.training = modes[name]
    return built, answer(built)


def _is_manager(value: Any) -> bool:
    return hasattr(type(value), "__enter__") and hasattr(type(value), "__exit__")
