"""Lesson 03_preprocessing."""

from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(name="03_preprocessing", word="preprocessing", title=_("Preprocessing"), exercises=())
