"""Lesson 01_modes."""

from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(name="01_modes", word="modes", title=_("Modes"), exercises=())
