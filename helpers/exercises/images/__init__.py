"""Lesson 08, images: folders of real files, addresses, and videos."""

from __future__ import annotations

from helpers.exercises.images import folder, predictions, reading, scenes, smoothing, stream
from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(
    name="08_real_images",
    word="images",
    title=_("Real images and video"),
    exercises=(
        folder.EXERCISE,
        reading.EXERCISE,
        stream.EXERCISE,
        smoothing.EXERCISE,
        scenes.EXERCISE,
    ),
    predictions=predictions.PREDICTIONS,
)
