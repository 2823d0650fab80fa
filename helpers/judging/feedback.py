"""Panels: what a person sees after a check, in HTML and as plain text for terminals, nbval and screen readers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from helpers.judging.verdicts import Status, Verdict
from helpers.text import Message, _, language

ICONS = {
    Status.PASSED: "✔",
    Status.PARTIAL: "◐",
    Status.NOT_STARTED: "○",
    Status.WAITING: "…",
    Status.TIMEOUT: "⏱",
    Status.UNCHECKABLE: "?",
}
WORDS = {
    Status.PASSED: _("passed"),
    Status.PARTIAL: _("partly right"),
    Status.FAILED: _("not right yet"),
    Status.NOT_STARTED: _("not started"),
    Status.MISSING: _("not defined"),
    Status.ERROR: _("stopped with an error"),
    Status.TIMEOUT: _("took too long"),
    Status.UNCHECKABLE: _("could not be checked"),
    Status.WAITING: _("waits"),
}
TONES = {
    Status.PASSED: "good",
    Status.PARTIAL: "half",
    Status.NOT_STARTED: "quiet",
    Status.MISSING: "quiet",
    Status.WAITING: "quiet",
    Status.UNCHECKABLE: "quiet",
}


class Panel:
    """One message to the learner that draws itself as HTML or as plain text."""

    def __init__(self, html: str, text: str) -> None:
        self.html = html
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


@cache
def templates(package: str, html: bool = True) -> jinja2.Environment:
    """The templates of a package, with the filter ``marked`` and the translation ``t``; html: text is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["marked"] = marked
    environment.globals["t"] = lambda sentence, **values: str(Message(sentence, values))
    return environment


def marked(text: Any) -> Markup:
    """Escaped text in which `code` is set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(str(text)))))


def draw(template: str, **values: Any) -> Panel:
    """A panel from the two templates of one name, ``NAME.html.j2`` and ``NAME.txt.j2``."""
    html = templates("helpers.judging").get_template(f"{template}.html.j2").render(lang=language(), **values)
    text = (
        templates("helpers.judging", html=False)
        .get_template(f"{template}.txt.j2")
        .render(lang=language(), **values)
    )
    return Panel(html, text.strip())


def verdict_panel(verdict: Verdict, advice: Message | None = None) -> Panel:
    """The panel of one check: what was tried, observed and expected, the named mistake, the points.

    Args:
        verdict: the outcome.
        advice: one sentence on what to do next.
    """
    finding = verdict.finding
    rows = []
    if finding is not None:
        labelled = [
            (_("Tried"), finding.tried),
            (_("Observed"), finding.observed),
            (_("Expected"), finding.expected),
        ]
        rows = [(label, text) for label, text in labelled if text is not None]
    parts = [(ICONS.get(part.status, "✘"), part.title, WORDS[part.status], part) for part in verdict.findings]
    return draw(
        "verdict",
        verdict=verdict,
        finding=finding,
        rows=rows,
        parts=parts if len(verdict.findings) > 1 else [],
        icon=ICONS.get(verdict.status, "✘"),
        word=WORDS[verdict.status],
        tone=TONES.get(verdict.status, "bad"),
        points=_("{earned} of {possible} points", earned=verdict.earned, possible=verdict.possible),
        advice=advice,
    )
