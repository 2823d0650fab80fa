"""Trials of lesson 04: pictures alone and in batches, nested data for a device, a device and a clock that are made up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from helpers.trials import probes
from helpers.trials.preprocessing import namer


class _View(nn.Module):
    """Flattens as many older models do, which fails on an empty batch."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(x.size(0), -1)


def decided(seed: int, classes: int) -> nn.Module:
    """A probe whose logits are far apart and differ from picture to picture: float (N, 3, H, W) to (N, classes)."""
    model = namer(seed, [0.0] * classes)
    with torch.no_grad():
        model.head[-1].weight.mul_(12)
    model.head[0] = _View()
    return model


def predict_image(
    answer: Callable,
    seed: int,
    bias: list[float],
    image: torch.Tensor,
    categories: list[str],
    k: int | None,
    training: list[str],
) -> dict[str, Any]:
    """Call ``answer(model, image, categories)``, with ``k=k`` unless that is None."""
    options = {} if k is None else {"k": k}
    model = namer(seed, bias)
    _train(model, training)
    given, names = image.clone(), list(categories)
    seen = _watched(model, lambda: answer(model, given, names, **options))
    return seen | {
        "image_changed": given.shape != image.shape or not torch.equal(given, image),
        "names_changed": names != categories,
    }


def predict_several(
    answer: Callable, seed: int, bias: list[float], images: torch.Tensor, categories: list[str]
) -> dict[str, Any]:
    """Call ``answer(model, images, categories)`` with a batch that should be refused: ``error`` is what it raised."""
    model = namer(seed, bias).eval()
    try:
        answer(model, images, categories)
    except Exception as error:
        return {"error": type(error).__name__, "value_error": isinstance(error, ValueError)}
    return {"error": None, "value_error": False}


def batch_predict(
    answer: Callable, seed: int, classes: int, batch: torch.Tensor, training: list[str]
) -> dict[str, Any]:
    """Call ``answer(model, batch)``; the modules named in ``training``, and no others, are in training mode."""
    model = decided(seed, classes)
    _train(model, training)
    given = batch.clone()
    seen = _watched(model, lambda: answer(model, given))
    return seen | {"batch_changed": given.shape != batch.shape or not torch.equal(given, batch)}


def batch_predict_raising(
    answer: Callable, seed: int, classes: int, batch: torch.Tensor, training: list[str]
) -> dict[str, Any]:
    """The same with a batch on which this model raises; ``error`` tells what came out of the answer, if anything did.

    What the answer raises without having called the model passes through.
    """
    model = decided(seed, classes)
    _train(model, training)
    before, value, error = probes.modes(model), None, None
    try:
        value = answer(model, batch)
    except Exception as raised:
        if not model.calls:
            raise
        error = type(raised).__name__
    after = probes.modes(model)
    return {"value": value, "error": error, "calls": len(model.calls), "before": before, "after": after}


def predict_in_batches(
    answer: Callable, seed: int, classes: int, pictures: torch.Tensor, batch_size: int, generator: bool
) -> dict[str, Any]:
    """Call ``answer(model, pictures, batch_size)`` with a list of pictures, or a generator of them.

    ``waiting`` is the largest number of pictures that were taken from the generator and not yet seen by the model.
    """
    model = decided(seed, classes).eval()
    waiting = 0

    def one_by_one() -> Iterator[torch.Tensor]:
        nonlocal waiting
        for number, picture in enumerate(pictures):
            seen = sum(call["shape"][0] for call in model.calls)
            waiting = max(waiting, number + 1 - seen)
            yield picture.clone()

    given = one_by_one() if generator else [picture.clone() for picture in pictures]
    seen = _watched(model, lambda: answer(model, given, batch_size))
    changed = not generator and (
        len(given) != len(pictures)
        or not all(torch.equal(one, other) for one, other in zip(given, pictures, strict=True))
    )
    return seen | {"waiting": waiting, "pictures_changed": changed}


def _train(model: nn.Module, names: list[str]) -> None:
    for name, module in model.named_modules():
        module.training = name in names


def _watched(model: nn.Module, call: Callable[[], Any]) -> dict[str, Any]:
    """The value of a call, how the model was called meanwhile, and what is no longer as it was."""
    state, needs, before = probes.state(model), probes.requires_grad(model), probes.modes(model)
    value = call()
    return {
        "value": value,
        "calls": list(model.calls),
        "before": before,
        "after": probes.modes(model),
        "changed": probes.changed(model, state),
        "requires_grad_kept": probes.requires_grad(model) == needs,
    }


# Nested data


class Sample(NamedTuple):
    """What a data set may give: a picture and its label."""

    picture: torch.Tensor
    label: Any


def nested(kind: str, seed: int) -> Any:
    """Data of a kind, on the CPU; built twice from one seed it is the same."""
    rng = torch.Generator().manual_seed(seed)

    def floats(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=rng)

    def integers(*shape: int) -> torch.Tensor:
        return torch.randint(0, 100, shape, generator=rng)

    match kind:
        case "tensor":
            return floats(2, 3)
        case "list":
            return [floats(2), integers(3), floats(1, 2).to(torch.float16)]
        case "dict":
            return {"pictures": floats(2, 3), "labels": integers(2), "mask": integers(2) > 50}
        case "deep":
            return {"inputs": [floats(2), {"small": floats(1), "large": [floats(4)]}], "labels": integers(2)}
        case "empty":
            return {"pictures": [], "labels": {}}
        case "tuple":
            return (floats(2), [integers(1), (floats(3),)], ())
        case "named":
            return [Sample(floats(3), integers(1)), Sample(floats(2), {"class": [integers(2), floats(1)]})]
        case "others":
            return {
                "pictures": floats(2),
                "names": ["cat.png", "coffee.png"],
                "count": 2,
                "scale": 0.5,
                "ready": True,
                "nothing": None,
                "sizes": np.arange(3),
                "more": [floats(1), "a text", 7],
            }
    raise ValueError(kind)


def outline(value: Any) -> Any:
    """Plain data that tells all about nested data: types, and of each tensor dtype, device and values."""
    if isinstance(value, torch.Tensor):
        where = value.device.type
        numbers = [] if where == "meta" else value.detach().double().cpu().reshape(-1).tolist()
        return {
            "is": "tensor",
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "device": where,
            "numbers": numbers,
        }
    if isinstance(value, tuple):
        name = "tuple" if type(value) is tuple else type(value).__name__
        return {"is": name, "items": [outline(item) for item in value]}
    if isinstance(value, list):
        return {"is": "list", "items": [outline(item) for item in value]}
    if isinstance(value, dict):
        return {"is": "dict", "keys": [str(key) for key in value], "items": [outline(item) for item in value.values()]}  # fmt: skip
    if isinstance(value, np.ndarray):
        return {"is": "array", "text": str(value.tolist())}
    return {"is": type(value).__name__, "text": str(value) if isinstance(value, (str, int, float)) else ""}


def move(answer: Callable, kind: str, seed: int, device: str, as_text: bool) -> dict[str, Any]:
    """Call ``answer(data, device)``: the ``outline`` of what it gave, and of what it was given, afterwards, as JSON."""
    data = nested(kind, seed)
    value = answer(data, device if as_text else torch.device(device))
    return {"outline": json.dumps(outline(value)), "given": json.dumps(outline(data))}


# A made-up device


class _Device:
    """Works off its calls one after the other in a time of its own, in which nothing else takes any.

    A call takes ``launch`` seconds until it returns. The work that it began takes as many more as ``works`` says
    for a batch of this size and the number of the call with it. In the ``background`` the call does not wait for it.
    """

    def __init__(self, works: dict[int, list[float]], launch: float, background: bool) -> None:
        self.works, self.launch, self.background = works, launch, background
        self.now = self.free = 1000.0
        self.clocked = self.waited = 0
        self.calls: Counter[int] = Counter()

    def model(self, batch: torch.Tensor) -> torch.Tensor:
        size = len(batch)
        works = self.works[size]
        work = works[min(self.calls[size], len(works) - 1)]
        self.calls[size] += 1
        self.now += self.launch
        self.free = max(self.free, self.now) + work
        if not self.background:
            self.now = self.free
        return torch.zeros(size, probes.CLASSES)

    def synchronize(self) -> None:
        self.waited += 1
        self.now = max(self.now, self.free)

    def clock(self) -> float:
        self.clocked += 1
        return self.now


def benchmark(
    answer: Callable,
    sizes: list[int],
    works: list[list[float]],
    warmup: int,
    repeat: int,
    launch: float,
    background: bool,
) -> dict[str, Any]:
    """Call ``answer(model, batches, warmup, repeat, clock, synchronize)`` with a device and a clock that are made up.

    ``works`` holds for each size how long the device works at each call with it. ``calls`` counts these calls.
    """
    device = _Device(dict(zip(sizes, works, strict=True)), launch, background)
    batches = [torch.zeros(size, probes.CHANNELS, 2, 2) for size in sizes]
    value = answer(device.model, batches, warmup, repeat, device.clock, device.synchronize)
    calls = [device.calls[size] for size in sizes]
    return {"value": value, "calls": calls, "clocked": device.clocked, "waited": device.waited}
