"""Sentences that a person reads, in their language.

English is the key. A sentence is written once, in the code, inside ``_("…")``; the catalogues in
``helpers/locales`` hold its translations. What ``_`` gives is lazy: the language is looked up when the
sentence is shown, so one verdict can be read in several languages.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "zh": "简体中文"}
CATALOGUES = Path(__file__).parent / "locales"

_chosen: ContextVar[str | None] = ContextVar("language", default=None)
_fixed: str | None = None


def language() -> str:
    """The language in force: ``"en"`` or ``"zh"``.

    What was chosen with :func:`use_language` comes first, then the environment variable ``COURSE_LANG``, then
    the folder: a kernel starts in its notebook's folder, and the Chinese lessons lie in ``zh``.
    """
    chosen = _chosen.get() or _fixed or os.environ.get("COURSE_LANG")
    if chosen in LANGUAGES:
        return chosen
    here = Path.cwd()
    return "zh" if "zh" in (here.name, here.parent.name) else "en"


def use_language(code: str | None) -> None:
    """Show every panel in this language from now on; None goes back to the notebook's own.

    Raises:
        ValueError: when the course has no such language.
    """
    global _fixed
    if code is not None and code not in LANGUAGES:
        raise ValueError(f"No language {code!r} in this course. Choose one of: {', '.join(LANGUAGES)}.")
    _fixed = code


@contextmanager
def speaking(code: str):
    """Use a language inside a ``with`` block."""
    token = _chosen.set(code)
    try:
        yield
    finally:
        _chosen.reset(token)


@cache
def translations(code: str) -> dict[str, str]:
    """English message to translated message, from all catalogues of one language, fuzzy ones left out."""
    from babel.messages.pofile import read_po

    found: dict[str, str] = {}
    for path in sorted((CATALOGUES / code / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id and message.string and not message.fuzzy:
                    found[message.id] = message.string
    return found


def translate(sentence: str, code: str | None = None) -> str:
    """The sentence in a language, or in English where there is no translation."""
    code = code or language()
    return sentence if code == "en" else translations(code).get(sentence, sentence)


@dataclass(frozen=True)
class Message:
    """A sentence with its parameters, translated when it is shown with ``str``."""

    english: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        text = translate(self.english)
        return text.format(**self.values) if self.values else text

    def __call__(self, **values: Any) -> Message:
        """The same sentence with parameters filled in (a parameter may be a Message)."""
        return Message(self.english, self.values | values)


def _(english: str, **values: Any) -> Message:
    """Mark a sentence for translation. The argument must be one literal: it is what the catalogues are made from."""
    return Message(english, values)
