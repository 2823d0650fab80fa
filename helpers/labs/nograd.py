"""Lab of lesson 02: the graph that is kept, layer by layer."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import nn
from torchvision.models import resnet18

from helpers.labs.base import Lab
from helpers.labs.controls import Choice, Slider, Switch
from helpers.plots import BLUE, GREY, INK, ORANGE
from helpers.text import Message, _
from helpers.timing import saved_bytes_by_part

MIB = 2**20
MODES = {"plain": nullcontext, "no_grad": torch.no_grad, "inference_mode": torch.inference_mode}


class Kept(NamedTuple):
    """What one call keeps.

    Attributes:
        mode: in which the model was called.
        parts: bytes by part of the model.
        plain: the same for a plain call with parameters that require gradients.
        weights: bytes of all parameters.
        has_graph, is_inference: of the result.
    """

    mode: str
    parts: dict[str, int]
    plain: dict[str, int]
    weights: int
    has_graph: bool
    is_inference: bool

    @property
    def total(self) -> int:
        """Bytes in all."""
        return sum(self.parts.values())


class Graph(Lab):
    """Bytes that autograd keeps in each part of a ResNet-18, and what stops it."""

    title = _("What the graph keeps, part by part of a ResNet-18")
    controls = (
        Choice(
            "mode",
            _("call it"),
            _("The context in which the model is called."),
            (("plain", _("plainly")), ("no_grad", "torch.no_grad()"), ("inference_mode", "torch.inference_mode()")),
            "plain",
        ),
        Switch("weights", _("parameters require gradients"), _("Off: a frozen model."), True),
        Switch("input", _("input requires gradients"), _("As when one asks which pixels matter."), False),
        Slider("pictures", _("pictures in the batch"), _("All kept tensors grow with it."), 1, 8, 1, 4),
        Choice(
            "side",
            _("height and width"),
            _("Size of each picture in pixels."),
            ((64, "64"), (96, "96"), (128, "128")),
            96,
        ),
    )  # fmt: skip
    size = (9.0, 3.6)

    def __init__(self) -> None:
        self._plain: dict[tuple[int, int], dict[str, int]] = {}

    @cached_property
    def _model(self) -> nn.Module:
        return resnet18().eval()  # random weights keep as much as trained ones

    def compute(self, mode: str, weights: bool, input: bool, pictures: int, side: int) -> Kept:
        """Call the model once, with everything counted that is kept."""
        if (pictures, side) not in self._plain:
            self._plain[pictures, side], _output = self._call("plain", True, False, pictures, side)
        parts, output = self._call(mode, weights, input, pictures, side)
        return Kept(
            mode,
            parts,
            self._plain[pictures, side],
            sum(parameter.nbytes for parameter in self._model.parameters()),
            output.grad_fn is not None,
            output.is_inference(),
        )

    def _call(self, mode: str, weights: bool, input: bool, pictures: int, side: int):
        self._model.requires_grad_(weights)
        batch = torch.zeros(pictures, 3, side, side, requires_grad=input)
        with torch.enable_grad(), MODES[mode]():
            return saved_bytes_by_part(self._model, batch)

    def draw(self, figure: Any, result: Kept) -> None:
        """A bar for each part; behind it, in outline, what a plain call keeps."""
        axes = figure.subplots()
        names = list(result.parts)
        values = [value / MIB for value in result.parts.values()]
        plain = [result.plain[name] / MIB for name in names]
        axes.bar(names, plain, fill=False, edgecolor=GREY, linestyle="--", label=str(_("a plain call")))
        bars = axes.bar(names, values, color=ORANGE if result.total else BLUE, label=str(_("this call")))
        axes.bar_label(bars, [f"{value:.1f}" for value in values], padding=2, color=INK, fontsize=9)
        axes.set(ylim=(0, max(plain) * 1.25))
        axes.set_ylabel(str(_("kept for a backward pass (MiB)")))
        axes.set_title(
            str(
                _(
                    "{total:.1f} MiB kept; the weights are {weights:.1f} MiB",
                    total=result.total / MIB,
                    weights=result.weights / MIB,
                )
            ),
            fontsize=11,
            color=INK,
        )
        axes.legend(loc="upper right", frameon=False)
        axes.spines[["top", "right"]].set_visible(False)

    def describe(self, result: Kept) -> Message:
        """How much is kept, where most of it is, and what the result is."""
        kind = _("has a graph") if result.has_graph else _("has no graph")
        if result.is_inference:
            kind = _("is an inference tensor")
        if not result.total:
            return _("Nothing is kept, in no part. The result {kind}.", kind=kind)
        return _(
            "{total:.1f} MiB are kept, most of them in {most}: {largest:.1f} MiB. The result {kind}.",
            total=result.total / MIB,
            most=max(result.parts, key=result.parts.get),
            largest=max(result.parts.values()) / MIB,
            kind=kind,
        )
