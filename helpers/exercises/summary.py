"""The summary sheet: a page to look things up in, without exercises. What stands on it is in helpers/reference."""

from __future__ import annotations

from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(name="10_summary", word="summary", title=_("Summary sheet"), exercises=())
