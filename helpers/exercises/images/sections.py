"""The headings of lesson 08 that mistakes send to, and what several of its exercises draw."""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.text import _

FOLDER = _("A folder of files")
STREAM = _("A video is a stream of frames")
TIME = _("When is a frame shown?")
BROKEN = _("Broken, empty, endless")
BATCHES = _("Frame by frame, then in batches")
SMOOTH = _("Smoothing over time")
SCENES = _("Scenes, and the annotated video")

COLOURS = torch.tensor(
    [[225, 40, 40], [40, 185, 60], [45, 70, 220], [230, 210, 50], [150, 150, 150], [190, 60, 200]],
    dtype=torch.float32,
)
"""Colours far from each other, also with red and blue exchanged, except for the grey."""


def integers(rng: torch.Generator, low: int, high: int, count: int) -> list[int]:
    """Whole numbers from ``low`` to below ``high``."""
    return torch.randint(low, high, (count,), generator=rng).tolist()


def shuffled(rng: torch.Generator, values: list) -> list:
    """The same values in another order."""
    return [values[place] for place in torch.randperm(len(values), generator=rng).tolist()]


def colours(rng: torch.Generator) -> Tensor:
    """The colours in another order, each a little different."""
    order = torch.randperm(len(COLOURS), generator=rng)
    return COLOURS[order] + torch.randint(-6, 7, COLOURS.shape, generator=rng)
