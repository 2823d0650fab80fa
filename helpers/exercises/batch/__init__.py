"""Lesson 04, batch: from one picture to batches of any number, on any device, and how to measure what that gains."""

from __future__ import annotations

from helpers.exercises.batch import many_pictures, one_picture, onto_device, timing, whole_batch
from helpers.exercises.batch.predictions import PREDICTIONS
from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(
    name="04_batch_and_gpu",
    word="batch",
    title=_("Batches and devices"),
    exercises=tuple(
        module.EXERCISE for module in (one_picture, whole_batch, many_pictures, onto_device, timing)
    ),
    predictions=PREDICTIONS,
)
