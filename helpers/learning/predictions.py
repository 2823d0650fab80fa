"""Prediction questions: asked with buttons where a widget front end is there, and with letters anywhere."""

from __future__ import annotations

from typing import Any

from helpers.judging.exercise import Prediction
from helpers.judging.feedback import Panel, draw
from helpers.learning.store import store
from helpers.learning.summary import Standing, standings
from helpers.text import _

LETTERS = "abcd"


class _Question:
    """A question that draws itself as buttons, and elsewhere as the text of its panel."""

    def __init__(self, panel: Panel, widget: Any) -> None:
        self._panel = panel
        self._widget = widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self._widget._repr_mimebundle_(include=include, exclude=exclude)
        return {**bundle, **self._panel._repr_mimebundle_()}


def ask(question: Prediction) -> Any:
    """The question, to be displayed; what was committed before stays."""
    chosen = _chosen(question)
    if chosen is not None:
        return _committed(question, chosen)
    panel = draw(
        "question",
        question=question,
        options=list(zip(LETTERS, question.options, strict=False)),
        tone="quiet",
    )
    return _Question(panel, _buttons(question))


def _buttons(question: Prediction) -> Any:
    import ipywidgets as widgets

    said = widgets.HTML(value=draw("question", question=question, options=[], tone="quiet").html)
    plain = [str(option).replace("`", "") for option in question.options]  # a button sets no code
    choices = [
        widgets.Button(description=f"{letter}) {option}", tooltip=option, layout=widgets.Layout(width="auto", max_width="100%"))
        for letter, option in zip(LETTERS, plain, strict=False)
    ]  # fmt: skip
    for index, button in enumerate(choices):

        def commit_this(_button: Any, index: int = index) -> None:
            said.value = _record(question, index).html
            for other in choices:
                other.disabled = True

        button.on_click(commit_this)
    return widgets.VBox([said, *choices])


def commit(question: Prediction, choice: str) -> Panel:
    """Record a choice given as its letter. The first one counts.

    Raises:
        ValueError: when the question has no such letter.
    """
    letters = LETTERS[: len(question.options)]
    letter = choice.strip().lower() if isinstance(choice, str) else ""
    if len(letter) != 1 or letter not in letters:
        allowed = ", ".join(letters)
        raise ValueError(
            str(
                _(
                    "{id} has no option {choice!r}. Choose one of: {letters}.",
                    id=question.id,
                    choice=choice,
                    letters=allowed,
                )
            )
        )
    return _record(question, letters.index(letter))


def _record(question: Prediction, index: int) -> Panel:
    chosen = _chosen(question)
    if chosen is None:
        store().add("predict", question.id, choice=index)
        chosen = index
    return _committed(question, chosen)


def _chosen(question: Prediction) -> int | None:
    chosen = standings(store().events()).get(question.id, Standing()).prediction
    return chosen if isinstance(chosen, int) and 0 <= chosen < len(question.options) else None


def _committed(question: Prediction, index: int) -> Panel:
    lines = [
        question.question,
        _("You predicted: {letter}) {option}", letter=LETTERS[index], option=question.options[index]),
        _("Now run the cells below and see."),
    ]
    return draw(
        "note", title=_("{id}: committed", id=question.id), lines=lines, code="", more=None, tone="quiet"
    )


def outcome(question: Prediction) -> Panel:
    """What was predicted against what happens, and why."""
    chosen = _chosen(question)
    right = _(
        "What happens: {letter}) {option}",
        letter=LETTERS[question.right],
        option=question.options[question.right],
    )
    if chosen is None:
        return draw(
            "note",
            title=_("{id}: not predicted", id=question.id),
            lines=[right, question.because],
            code="",
            more=None,
            tone="quiet",
        )
    lines = [
        _("You predicted: {letter}) {option}", letter=LETTERS[chosen], option=question.options[chosen]),
        right,
        question.because,
    ]
    hit = chosen == question.right
    title = _("{id}: as you predicted", id=question.id) if hit else _("{id}: a surprise", id=question.id)
    return draw(
        "note",
        title=title,
        lines=lines if not hit else lines[1:],
        code="",
        more=None,
        tone="good" if hit else "half",
    )
