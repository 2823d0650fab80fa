"""Lesson 05, mixed precision: what 16 bits keep, autocast, low-precision copies, and whether the answers stay."""

from __future__ import annotations

from helpers.exercises.precision.autocasting import AUTOCAST
from helpers.exercises.precision.averages import AVERAGE
from helpers.exercises.precision.comparing import COMPARE
from helpers.exercises.precision.copies import COPY
from helpers.exercises.precision.losses import LOSSES
from helpers.exercises.precision.predictions import PREDICTIONS
from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(
    name="05_mixed_precision",
    word="precision",
    title=_("Mixed precision"),
    exercises=(LOSSES, AUTOCAST, COPY, COMPARE, AVERAGE),
    predictions=PREDICTIONS,
)
