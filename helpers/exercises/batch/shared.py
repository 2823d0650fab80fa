"""What several exercises of lesson 04 need: headings, mistakes, models that send no two pictures the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from helpers.judging import Mistake, mistakes, require
from helpers.text import Message, _
from helpers.trials.batch import decided
from helpers.trials.values import Seen, plain

PATH = _("The whole path of a picture")
MANY = _("Many pictures in one call")
ENDS = _("More pictures than one batch holds")
DEVICES = _("Model and data on one device")
MOMENT = _("Measure at the right moment")

LOGITS = Mistake("logits", _("These are logits. Turn them into probabilities with softmax first."), PATH)
TRAINING_MODE = Mistake(
    "training-mode",
    _(
        "The model, or a part of it, ran in training mode: Dropout and BatchNorm make its answer depend on chance and on "
        "the other pictures. Call `model.eval()` first."
    ),
    MANY,
)
GRADIENTS_KEPT = Mistake(
    "gradients-kept",
    _(
        "The model ran with gradients on and kept its whole graph. Call it inside `torch.no_grad()` or "
        "`torch.inference_mode()`."
    ),
    MANY,
)
MODE_NOT_RESTORED = Mistake(
    "mode-not-restored",
    _(
        "Afterwards not every part of the model is in the mode that it had before. Parts may have modes of their own: "
        "remember the mode of each of `model.modules()`, and put each back."
    ),
    MANY,
)
MODEL_FROZEN = Mistake(
    "model-frozen",
    _(
        "The model's parameters no longer require gradients as before. Switch gradients off around the call, not in the model."
    ),
    MANY,
)


def integers(rng: torch.Generator, low: int, high: int, count: int) -> list[int]:
    """``count`` whole numbers from ``low`` up to, and without, ``high``."""
    return torch.randint(low, high, (count,), generator=rng).tolist()


@dataclass(frozen=True)
class Case:
    """A model's seed and number of classes, pictures for it, and its logits for them."""

    seed: int
    classes: int
    pictures: Tensor
    logits: Tensor


def case(rng: torch.Generator, count: int, classes: int | None = None) -> Case:
    """Pictures that a model sends to more than one class, each with a clear winner and no certainty."""
    classes = classes or integers(rng, 6, 10, 1)[0]
    sides = integers(rng, 4, 7, 1)[0]
    for _try in range(200):
        seed = integers(rng, 0, 2**31 - 1, 1)[0]
        pictures = torch.randn(count, 3, sides, sides + 2, generator=rng) * 2
        with torch.no_grad():
            logits = decided(seed, classes).eval()(pictures)
        first, second = logits.softmax(1).topk(2, dim=1).values.T
        clear = bool((first - second > 0.02).all() and (first < 0.97).all())
        if clear and (count == 1 or len(logits.argmax(1).unique()) > 1):
            break
    return Case(seed, classes, pictures, logits)


def require_good_calls(calls: list[Seen], tried: Message) -> None:
    """The model was always called in evaluation mode, and without gradients."""
    noted: list[dict[str, Any]] = [plain(one) for one in calls]
    require(all(one["all_eval"] for one in noted), TRAINING_MODE, tried=tried)
    require(not any(one["grad_mode"] for one in noted), GRADIENTS_KEPT, tried=tried)


def require_model_kept(seen: dict[str, Seen], tried: Message) -> None:
    """Weights, statistics and what requires gradients are as before."""
    changed = ", ".join(plain(seen["changed"]))
    require(
        not changed,
        mistakes.MODEL_CHANGED,
        tried=tried,
        observed=_("changed: {names}", names=changed),
        expected=_("nothing changed"),
    )
    require(bool(seen["requires_grad_kept"]), MODEL_FROZEN, tried=tried)
