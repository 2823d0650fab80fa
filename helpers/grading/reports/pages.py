"""What the web pages share: each is one file that loads nothing, runs nothing, and is readable in light and dark."""

from __future__ import annotations

from typing import Any

from helpers.judging.feedback import templates
from helpers.text import language


def render(template: str, **values: Any) -> bytes:
    """A page from ``templates/NAME.html.j2``, in the language in force. All text in ``values`` is escaped."""
    page = templates("helpers.grading.reports").get_template(f"{template}.html.j2")
    return page.render(lang=language(), **values).encode()
