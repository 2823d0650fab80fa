"""Lesson 09, the capstone: from files to named predictions, right on every odd input, and fast."""

from helpers.exercises.capstone import batches, fast_classifier, load_file, name_results, ready_copy
from helpers.exercises.capstone.predictions import PREDICTIONS
from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(
    name="09_capstone",
    word="capstone",
    title=_("Capstone: FastClassifier"),
    exercises=(
        load_file.EXERCISE,
        batches.EXERCISE,
        ready_copy.EXERCISE,
        name_results.EXERCISE,
        fast_classifier.EXERCISE,
    ),
    predictions=PREDICTIONS,
)
