"""Labs of lesson 01: what Dropout does to values, and what a batch does to one photo's answer."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any, NamedTuple

import torch
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from helpers.labs.base import Lab
from helpers.labs.controls import PHOTO_NAMES, Choice, Press, Slider, photo_choice
from helpers.labs.shared import classifier, prepared, thumbnail
from helpers.models import Prediction, top_predictions
from helpers.plots import BLUE, GREY, INK, ORANGE, draw_bars, in_words
from helpers.text import Message, _

VALUES = 20_000
BINS = torch.linspace(-1.05, 11.05, 122)  # zero lies in the middle of its own
WIDEST = 11.0  # what is shown; with p near 1 the values that are kept lie further out


class Dropped(NamedTuple):
    """What went into Dropout and what came out."""

    p: float
    training: bool
    before: Tensor
    after: Tensor

    @property
    def zeros(self) -> float:
        """Share of the values that are zero afterwards."""
        return (self.after == 0).float().mean().item()


class Dropout(Lab):
    """Dropout's p and mode against the distribution of its output."""

    title = _("Dropout: what comes out")
    controls = (
        Slider("p", _("p"), _("Probability that a value becomes zero."), 0.0, 0.95, 0.05, 0.5),
        Choice(
            "training",
            _("mode"),
            _("What train() and eval() choose."),
            ((True, _("training")), (False, _("evaluation"))),
            True,
        ),
        Choice(
            "kind",
            _("values that go in"),
            _("All the same, or spread around 1."),
            (("spread", _("spread around 1")), ("ones", _("all 1"))),
            "spread",
        ),
        Press("draw_number", _("draw again"), _("Call the layer once more: other values become zero.")),
    )
    size = (9.0, 3.4)

    def compute(self, p: float, training: bool, kind: str, draw_number: int) -> Dropped:
        """Send the values through PyTorch's layer."""
        before = torch.ones(VALUES)
        if kind == "spread":
            before = 1 + 0.3 * torch.randn(VALUES, generator=torch.Generator().manual_seed(1))
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(draw_number)
            after = nn.Dropout(p).train(training)(before)
        return Dropped(p, training, before, after)

    def draw(self, figure: Any, result: Dropped) -> None:
        """Two histograms over one axis, with their means."""
        axes = figure.subplots()
        shown = [
            (result.before, GREY, "//", _("goes in")),
            (result.after, BLUE if result.training else ORANGE, "", _("comes out")),
        ]
        for values, color, hatch, label in shown:
            share = torch.histogram(values.clamp(max=WIDEST - 0.01), BINS).hist / VALUES
            axes.stairs(
                share, BINS, fill=not hatch, hatch=hatch or None, color=color, alpha=0.9,
                label=f"{label}: " + str(_("mean {mean:.2f}", mean=values.mean().item())),
            )  # fmt: skip
        axes.axvline(result.before.mean().item(), color=GREY, linestyle=":")
        axes.axvline(result.after.mean().item(), color=INK, linestyle="--", linewidth=1)
        axes.set_yscale("symlog", linthresh=0.01)
        axes.set(xlim=(-0.5, WIDEST), ylim=(0, 1.3), yticks=[0, 0.01, 0.1, 0.5, 1])
        axes.set_yticklabels(["0", "1%", "10%", "50%", "100%"])
        axes.set_xlabel(str(_("value")))
        axes.set_ylabel(str(_("share of all values")))
        axes.legend(loc="upper right")
        axes.spines[["top", "right"]].set_visible(False)

    def describe(self, result: Dropped) -> Message:
        """The mode, the share of zeros, the factor, the means."""
        if not result.training:
            return _("Evaluation mode: the values come out as they went in, whatever p is.")
        return _(
            "Training mode, p = {p:.2f}: {zeros:.0%} of the values are zero, the others were multiplied by {factor:.2f}. Mean before {before:.2f}, after {after:.2f}.",
            p=result.p,
            zeros=result.zeros,
            factor=1 / (1 - result.p),
            before=result.before.mean().item(),
            after=result.after.mean().item(),
        )


def draw_batch(axes: Any, names: tuple[str, ...]) -> None:
    """Four photos in a square, the first of them framed."""
    axes.set(xlim=(0, 2), ylim=(2, 0), aspect="equal")
    axes.axis("off")
    for place, name in enumerate(names):
        left, top = place % 2 + 0.03, place // 2 + 0.14
        axes.imshow(thumbnail(name), extent=(left, left + 0.84, top + 0.84, top))
        axes.text(
            left + 0.42, top - 0.07, str(PHOTO_NAMES[name]), ha="center", va="center", fontsize=9, color=INK
        )
        if place == 0:
            axes.add_patch(Rectangle((left, top), 0.84, 0.84, fill=False, edgecolor=ORANGE, linewidth=4))
    axes.set(xlim=(0, 2), ylim=(2, 0))


class Company(NamedTuple):
    """A batch of photos, and what the model says about the first of them in either mode."""

    names: tuple[str, ...]
    evaluation: list[Prediction]
    training: list[Prediction]


class Neighbours(Lab):
    """The same photo with other neighbours: only in evaluation mode does its answer stay."""

    title = _("A photo and its neighbours in the batch")
    controls = (
        photo_choice("photo", _("photo"), _("The picture that is asked about."), "cat"),
        photo_choice("first", _("neighbour 1"), _("Another picture of the same batch."), "astronaut"),
        photo_choice("second", _("neighbour 2"), _("Another picture of the same batch."), "coffee"),
        photo_choice("third", _("neighbour 3"), _("Another picture of the same batch."), "rocket"),
    )
    size = (9.0, 3.4)

    @cached_property
    def _in_training_mode(self) -> nn.Module:
        return copy.deepcopy(classifier().model).train()

    def compute(self, photo: str, first: str, second: str, third: str) -> Company:
        """One batch of four through the model, in both modes. The running statistics of the copy do not matter here."""
        names = (photo, first, second, third)
        batch = torch.stack([prepared(name) for name in names]).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            logits = [model(batch)[:1] for model in (classifier().model, self._in_training_mode)]
        evaluation, training = (top_predictions(each, classifier().categories, 5)[0] for each in logits)
        return Company(names, evaluation, training)

    def draw(self, figure: Any, result: Company) -> None:
        """The batch on the left, both answers beside it."""
        batch, *answers = figure.subplots(1, 3, width_ratios=[1.1, 1, 1])
        draw_batch(batch, result.names)
        for axes, predictions, color, title in zip(
            answers,
            (result.evaluation, result.training),
            (BLUE, ORANGE),
            (_("evaluation mode"), _("training mode")),
            strict=True,
        ):
            draw_bars(axes, predictions, color, size=8.5)
            axes.set_title(f"{PHOTO_NAMES[result.names[0]]}: {title}", fontsize=10, color=INK)

    def describe(self, result: Company) -> Message:
        """Both answers."""
        photo, *others = (str(PHOTO_NAMES[name]) for name in result.names)
        return _(
            "{photo}, in a batch with {others}. Evaluation mode: {evaluation}. Training mode: {training}.",
            photo=photo,
            others=", ".join(others),
            evaluation=in_words(result.evaluation),
            training=in_words(result.training),
        )
