"""What several exercises of the lesson use: its section headings, and small makers of inputs."""

from __future__ import annotations

import torch

from helpers.judging import Mistake
from helpers.text import _

BITS = _("Sixteen bits: what is kept, what is lost")
AUTOCASTING = _("autocast chooses, operation by operation")
HALF = _("What `half()` does to a model")
TOGETHER = _("Agreement, error and time, measured together")
SUMS = _("Sums, means and softmax in 16 bits")

LEFT_TRAINING = Mistake(
    "left-training",
    _(
        "The model ran in training mode: Dropout and BatchNorm make its answer depend on chance. Call `eval()` before "
        "(lesson 01)."
    ),
)
RECORDED = Mistake(
    "recorded",
    _(
        "The model ran with gradients on, and autograd recorded every step. Call it inside `torch.inference_mode()` or "
        "`torch.no_grad()` (lesson 02)."
    ),
)


def integer(rng: torch.Generator, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high - 1``."""
    return int(torch.randint(low, high, (), generator=rng))


def seed(rng: torch.Generator) -> int:
    """A seed for a recipe."""
    return integer(rng, 0, 2**31 - 1)
