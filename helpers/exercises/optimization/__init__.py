"""Lesson 07, optimization: from the naive loop to compiled, quantised code, one measured step at a time."""

from __future__ import annotations

from helpers.exercises.optimization.buffered import BUFFERED
from helpers.exercises.optimization.compile_once import COMPILE_ONCE
from helpers.exercises.optimization.hottest import HOTTEST
from helpers.exercises.optimization.pays_after import PAYS_AFTER
from helpers.exercises.optimization.predictions import PREDICTIONS
from helpers.exercises.optimization.prepare import PREPARE
from helpers.exercises.optimization.to_uint8 import TO_UINT8
from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(
    name="07_optimization",
    word="optimization",
    title=_("Optimisation: one rung at a time"),
    exercises=(HOTTEST, BUFFERED, PREPARE, COMPILE_ONCE, PAYS_AFTER, TO_UINT8),
    predictions=PREDICTIONS,
)
