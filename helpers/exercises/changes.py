"""What changed since the original course: a page without exercises. What stands on it is in helpers/reference."""

from __future__ import annotations

from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(name="11_what_changed", word="changes", title=_("What changed"), exercises=())
