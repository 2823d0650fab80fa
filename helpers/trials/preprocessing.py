"""Trials of lesson 03: pictures as files, a preprocessing that notes what it is given, a small model with names."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from helpers.trials import probes

SIDE = 8


class Preprocess:
    """A preprocessing for RGB pictures that notes what it was given.

    Each picture of any size becomes a float32 tensor (3, 8, 8) with values from -2 to 2, hence no value of a
    picture that was not prepared. ``got`` lists, for each call, the mode of the picture, or another object's type.
    """

    def __init__(self) -> None:
        self.got: list[str] = []

    def __call__(self, image: Image.Image) -> torch.Tensor:
        if not isinstance(image, Image.Image):
            self.got.append(type(image).__name__)
            return torch.zeros(3, SIDE, SIDE)
        self.got.append(image.mode)
        small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
        values = torch.from_numpy(np.array(small)).permute(2, 0, 1).to(torch.float32)
        return (values / 255 - 0.5) / 0.25


class _Log(list):
    """Notes that a copy of the model goes on writing."""

    def __deepcopy__(self, memo: dict) -> _Log:
        return self


def namer(seed: int, bias: list[float]) -> nn.Module:
    """A probe with as many categories as ``bias`` has values: float (N, 3, H, W) to logits (N, len(bias))."""
    model = probes.build(probes.recipe("probe", seed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        last = nn.Linear(32, len(bias))
    with torch.no_grad():
        last.bias.copy_(torch.tensor(bias))
    model.head[-1] = last
    model.calls = _Log()
    return model


def batch_of_files(answer: Callable, files: list[tuple[str, bytes]]) -> dict[str, Any]:
    """Write the files, call ``answer(paths, preprocess)``: the ``value``, what was preprocessed, and the paths."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = _written(folder, files)
        given, preprocess = list(paths), Preprocess()
        value = answer(given, preprocess)
        return {"value": value, "got": preprocess.got, "given": given, "paths": paths}


def name_picture(
    answer: Callable,
    picture: Any,
    seed: int,
    bias: list[float],
    categories: list[str],
    training: bool,
) -> dict[str, Any]:
    """Call ``answer(image, model, preprocess, categories)``, and look at the model before, meanwhile and after.

    ``picture`` is a PIL picture, or the bytes of a file, which are written so that the answer gets a path.
    """
    model, preprocess = namer(seed, bias).train(training), Preprocess()
    before = {
        "state": probes.state(model),
        "modes": probes.modes(model),
        "grads": probes.requires_grad(model),
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if isinstance(picture, bytes):
            picture = _written(folder, [("picture.png", picture)])[0]
        value = answer(picture, model, preprocess, categories)
    after = {"state": probes.state(model), "modes": probes.modes(model), "grads": probes.requires_grad(model)}
    return {"value": value, "got": preprocess.got, "calls": model.calls, "before": before, "after": after}


def _written(folder: str, files: list[tuple[str, bytes]]) -> list[str]:
    paths = [str(Path(folder, name)) for name, _data in files]
    for path, (_name, data) in zip(paths, files, strict=True):
        Path(path).write_bytes(data)
    return paths
