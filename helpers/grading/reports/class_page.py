"""The page of a whole class: how it was graded, what it earned, what cost most, and what a teacher should look at."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from urllib.parse import quote

import matplotlib
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from helpers.exercises import UnknownId, find_exercise
from helpers.grading.protections import PROTECTIONS
from helpers.grading.reports.lookalike import Pair
from helpers.grading.reports.pages import render
from helpers.grading.reports.record import Run
from helpers.grading.reports.tallies import ClassTally, MistakeTally, ScoreBar
from helpers.judging.mistakes import GENERAL
from helpers.text import _

SHOWN = 50
"""Rows of a ranking; a class may have many more."""
_INK, _FILL = "#010203", "#040506"
"""Stand for the page's own colours in the drawing, which are others on a dark ground."""


def class_page(
    tally: ClassTally, pairs: Sequence[Pair], pair_count: int, run: Run, pages: Mapping[str, str]
) -> bytes:
    """The page, in the language in force.

    Args:
        tally: the numbers.
        pairs: answers that look alike, those to show.
        pair_count: how many such pairs there are.
        run: when, how long, and under which protections.
        pages: each learner's feedback page, as a path from this page's folder.
    """
    return render(
        "class",
        tally=tally,
        exercises=[(each, _title(each.id)) for each in tally.exercises],
        mistakes=[(each, *_sentence(each)) for each in tally.mistakes[:SHOWN]],
        mistakes_left=max(0, len(tally.mistakes) - SHOWN),
        pairs=pairs,
        pairs_left=pair_count - len(pairs),
        started=run.started.strftime("%Y-%m-%d %H:%M %Z").strip(),
        seconds=f"{run.seconds:,.1f}",
        version=_version(),
        in_force=[text for name, text in PROTECTIONS.items() if name in run.in_force],
        missing=[text for name, text in PROTECTIONS.items() if name not in run.in_force],
        pages={learner: quote(page) for learner, page in pages.items()},
        drawing=_drawing(tally.scores),
    )


def _version() -> str:
    try:
        return metadata.version("inference-course")
    except metadata.PackageNotFoundError:  # a copy that was not installed
        return "?"


def _title(id: str) -> str:
    try:
        return str(find_exercise(id).title)
    except UnknownId:  # of another release of the course
        return ""


def _sentence(row: MistakeTally) -> tuple[str, bool]:
    """What the mistake's name means, and whether that is only what one learner was told."""
    try:
        known = {mistake.key: mistake for mistake in find_exercise(row.exercise).mistakes}
    except UnknownId:
        known = {}
    mistake = known.get(row.mistake) or GENERAL.get(row.mistake)
    # braces are where a learner's own values go
    if mistake is not None and "{" not in mistake.says.english:
        return str(mistake.says), False
    return row.example, True


def _drawing(scores: list[ScoreBar]) -> Markup:
    """The distribution as inline SVG, with its numbers as a text alternative."""
    names = [_range(bar) for bar in scores]
    said = ", ".join(f"{name}: {bar.learners}" for name, bar in zip(names, scores, strict=True))
    title = _("Learners by points: {bars}", bars=said)
    return _svg(names, [bar.learners for bar in scores], str(title))


def _range(bar: ScoreBar) -> str:
    return str(bar.lowest) if bar.lowest == bar.highest else f"{bar.lowest}–{bar.highest}"


def _svg(names: list[str], heights: list[int], title: str) -> Markup:
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "class",
        "font.family": "sans-serif",
        "text.color": _INK,
    }
    settings |= {f"{part}.{what}": _INK for part in ("xtick", "ytick") for what in ("color", "labelcolor")}
    settings |= {"axes.edgecolor": _INK, "axes.labelcolor": _INK, "font.size": 11}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(8, 2.8), layout="constrained")
        axes = figure.add_subplot()
        bars = axes.bar(range(len(names)), heights, color=_FILL, width=0.8)
        axes.bar_label(bars)
        axes.set_xticks(range(len(names)), names)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(y=0.15)
        file = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor").replace(_FILL, "var(--bar)")
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # it would hold for the whole page
    return Markup(svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1))
