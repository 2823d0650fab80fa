"""Trials of lesson 02: what autograd recorded while an answer ran, and what the answer left switched."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from helpers.trials import probes

SIDE = 4
"""Pictures for :class:`Backbone` have this height and width."""


class _Notes(list):
    """A list that a deep copy of its owner shares, so that a call of the copy is noted too."""

    def __deepcopy__(self, memo: dict) -> _Notes:
        return self


class Backbone(nn.Module):
    """Float (N, 3, 4, 4) to features (N, 32); ``recorded`` lists, for each call, whether autograd recorded it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(probes.CHANNELS, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
        )
        self.flatten = nn.Flatten()
        self.recorded: list[bool] = _Notes()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.flatten(self.layers(x))
        self.recorded.append(features.requires_grad)
        return features


class Pair(nn.Module):
    """A backbone in evaluation mode and a head for it."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone().eval()
        self.head = nn.Linear(32, probes.CLASSES)


class Layers(nn.Sequential):
    """Linear layers with ReLU, Tanh and Dropout between them: float (N, sizes[0]) to (N, sizes[3])."""

    def __init__(self, sizes: list[int]) -> None:
        a, b, c, d = sizes
        super().__init__(
            nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c), nn.Tanh(), nn.Linear(c, d), nn.Dropout(0.5)
        )


probes.KINDS |= {"nograd-pair": Pair, "nograd-layers": Layers}


@contextmanager
def fenced(grad: bool = True, inference: bool = False) -> Iterator[None]:
    """A block with these modes, after which the modes are as before, whatever happens inside."""
    with torch.inference_mode(inference), torch.set_grad_enabled(grad and not inference):
        yield


def modes_now() -> dict[str, bool]:
    """Which of autograd's two switches are on."""
    return {"grad": torch.is_grad_enabled(), "inference": torch.is_inference_mode_enabled()}


def predict(
    answer: Callable, model: dict[str, Any], batch: torch.Tensor, grad: bool = True, inference: bool = False
) -> dict[str, Any]:
    """Call ``answer(model, batch)`` in these modes: what it gave, what was recorded, what it changed."""
    built = probes.build(model).eval()
    state, needs, training = probes.state(built), probes.requires_grad(built), probes.modes(built)
    original, tracked = batch.detach().clone(), batch.requires_grad
    packed = 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal packed
        packed += 1
        return tensor.detach()

    with fenced(grad, inference):
        before = modes_now()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
            value = answer(built, batch)
        after = modes_now()
    return {
        "value": value,
        "saved": packed,
        "modes_kept": before == after,
        "grad_after": after["grad"],
        "batch_changed": batch.requires_grad != tracked or not torch.equal(batch.detach(), original),
        "changed": probes.changed(built, state),
        "requires_grad_kept": probes.requires_grad(built) == needs,
        "training_kept": probes.modes(built) == training,
    }


def predict_and_fail(answer: Callable, model: dict[str, Any], batch: torch.Tensor) -> dict[str, Any]:
    """Call ``answer(model, batch)`` with a batch that the model refuses: did it raise, and are the modes as before?"""
    built = probes.build(model).eval()
    with fenced():
        before = modes_now()
        try:
            answer(built, batch)
            raised = False
        except Exception:
            raised = True
        after = modes_now()
    return {"raised": raised, "modes_kept": before == after}


def take_losses(answer: Callable, losses: list[float], sizes: list[int]) -> dict[str, Any]:
    """Call ``answer(results)`` with an iterator that makes each loss, with a graph, when it is asked for.

    ``alive`` tells, each time the next one is asked for, how many graphs there still are; ``left`` the same at
    the end, when only the returned value is held.
    """
    weight = torch.ones(1, requires_grad=True)
    graphs: weakref.WeakSet = weakref.WeakSet()
    alive: list[int] = []
    recorded: list[bool] = []

    def loss_of(value: float) -> torch.Tensor:
        def pack(tensor: torch.Tensor) -> _Kept:
            kept = _Kept(tensor.detach())
            graphs.add(kept)
            return kept

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
            # `weight * x` keeps one tensor, x, so a loss is one entry in `graphs`
            loss = (weight * torch.full((1,), value)).sum()
        recorded.append(loss.requires_grad)
        return loss

    def results() -> Iterator[tuple[torch.Tensor, int]]:
        for value, size in zip(losses, sizes, strict=True):
            alive.append(len(graphs))
            yield loss_of(value), size

    with fenced():
        before = modes_now()
        value = answer(results())
        after = modes_now()
    return {
        "value": value,
        "alive": alive,
        "left": len(graphs),
        "recorded": recorded,
        "backward": weight.grad is not None,
        "modes_kept": before == after,
    }


class _Kept:
    """What a graph holds in place of a tensor: alive as long as the graph is."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


def count_kept(
    answer: Callable,
    model: dict[str, Any],
    batch: torch.Tensor,
    frozen: list[int],
    training: bool,
    grad: bool,
) -> dict[str, Any]:
    """Call ``answer(model, batch)`` on :class:`Layers`, of which the ``frozen`` layers' parameters need no gradient."""
    built = probes.build(model).train(training)
    for place in frozen:
        built[place].requires_grad_(False)
    state, needs, modes = probes.state(built), probes.requires_grad(built), probes.modes(built)
    original = batch.detach().clone()
    with fenced(grad):
        before = modes_now()
        value = answer(built, batch)
        after = modes_now()
    return {
        "value": value,
        "modes_kept": before == after,
        "batch_changed": not torch.equal(batch.detach(), original),
        "changed": probes.changed(built, state),
        "requires_grad_kept": probes.requires_grad(built) == needs,
        "training_kept": probes.modes(built) == modes,
    }


def head_logits(answer: Callable, model: dict[str, Any], batch: torch.Tensor) -> dict[str, Any]:
    """Call ``answer(backbone, head, batch)``, and see which parameters get a gradient from what it gave."""
    pair = probes.build(model)
    pair.backbone.eval()
    state, needs, training = probes.state(pair), probes.requires_grad(pair), probes.modes(pair)
    original = batch.detach().clone()
    with fenced():
        before = modes_now()
        value = answer(pair.backbone, pair.head, batch)
        after = modes_now()
    seen = {
        "modes_kept": before == after,
        "batch_changed": not torch.equal(batch.detach(), original),
        "changed": probes.changed(pair, state),
        "requires_grad_kept": probes.requires_grad(pair) == needs,
        "training_kept": probes.modes(pair) == training,
        "recorded": list(pair.backbone.recorded),
        "value": value,
    }
    with fenced():
        return seen | _gradients(pair, value)


def _gradients(pair: Pair, value: Any) -> dict[str, Any]:
    """Gradients of the sum of squares of ``value``, by parameter; those that get none are missing."""
    if type(value) is not torch.Tensor or not value.requires_grad or not value.is_floating_point():
        return {"gradients": {}}
    names, parameters = zip(*pair.named_parameters(), strict=True)
    wanted = [parameter for parameter in parameters if parameter.requires_grad]
    try:
        found = torch.autograd.grad(value.square().sum(), wanted, allow_unused=True)
    except RuntimeError:
        return {"gradients": {}}
    by_id = {id(parameter): gradient for parameter, gradient in zip(wanted, found, strict=True)}
    pairs = [(name, by_id.get(id(parameter))) for name, parameter in zip(names, parameters, strict=True)]
    return {"gradients": {name: gradient for name, gradient in pairs if gradient is not None}}


class Planned(Exception):
    """Raised inside a block on purpose."""


def use_block(
    answer: Callable,
    model: dict[str, Any],
    evaluating: list[str],
    batch: torch.Tensor,
    grad: bool = True,
    fails: bool = False,
) -> dict[str, Any]:
    """Use ``with answer(model):``, with the modules named in ``evaluating`` in evaluation mode before.

    ``made``, ``inside`` and ``after`` each hold every module's mode, and autograd's modes: when the manager was
    made, in the block, and after it; ``logits`` is what the model gave there for the batch. With ``fails`` the block raises; ``passed_on`` tells whether that came out.
    """
    built = probes.build(model)
    _set_modes(built, evaluating)
    state, needs = probes.state(built), probes.requires_grad(built)
    seen: dict[str, Any] = {"before": probes.modes(built), "inside": None, "passed_on": False}
    with fenced(grad):
        modes = modes_now()
        manager = answer(built)
        kind = type(manager)
        seen["manager"] = hasattr(kind, "__enter__") and hasattr(kind, "__exit__")
        seen["type"] = kind.__name__
        seen["made"], seen["modes_when_made"] = probes.modes(built), modes_now()
        if not seen["manager"]:
            return seen
        try:
            with manager:
                seen["inside"], seen["modes_inside"] = probes.modes(built), modes_now()
                seen["logits"] = built(batch)
                if fails:
                    raise Planned("raised inside the block on purpose")
        except Planned:
            seen["passed_on"] = True
        seen["after"] = probes.modes(built)
        seen["modes_kept"] = modes_now() == modes
    seen["changed"] = probes.changed(built, state)
    seen["requires_grad_kept"] = probes.requires_grad(built) == needs
    return seen


def use_decorator(
    answer: Callable, model: dict[str, Any], evaluating: list[list[str]], numbers: list[int]
) -> dict[str, Any]:
    """Decorate a function with ``@answer(model)``, then call it once for each entry of ``evaluating``.

    Before each call the modules named there, and only those, are in evaluation mode.
    """
    built = probes.build(model)
    inside: list[Any] = []

    def work(number: int, *, factor: int = 1) -> list[int]:
        inside.append({"modes": probes.modes(built), **modes_now()})
        return [number, factor]

    seen: dict[str, Any] = {"before": [], "after": [], "values": [], "inside": inside, "modes_kept": True}
    with fenced():
        _set_modes(built, evaluating[0])
        manager = answer(built)
        seen["callable"], seen["type"] = callable(manager), type(manager).__name__
        if not callable(manager):
            return seen
        decorated = manager(work)
        seen["callable"], seen["type"] = callable(decorated), type(decorated).__name__
        if not callable(decorated):
            return seen
        for names, number in zip(evaluating, numbers, strict=True):
            _set_modes(built, names)
            seen["before"].append(probes.modes(built))
            seen["values"].append(decorated(number, factor=number + 1))
            seen["after"].append(probes.modes(built))
            seen["modes_kept"] &= modes_now() == {"grad": True, "inference": False}
    return seen


def _set_modes(model: nn.Module, evaluating: list[str]) -> None:
    for name, module in model.named_modules():
        module.training = name not in evaluating
