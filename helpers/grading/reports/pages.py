"""What the web pages share: each is one file that loads nothing, runs nothing, and is readable in light and dark."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from helpers.judging.feedback import marked
from helpers.text import Message, language


def render(template: str, **values: Any) -> bytes:
    """A page from ``templates/NAME.html.j2``, in the language in force. All text in ``values`` is escaped."""
    return _environment().get_template(f"{template}.html.j2").render(lang=language(), **values).encode()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("helpers.grading.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["marked"] = marked
    environment.globals["t"] = lambda sentence, **values: str(Message(sentence, values))
    return environment
