"""Lesson 02_no_grad."""

from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(name="02_no_grad", word="nograd", title=_("NoGrad"), exercises=())
