"""``check``, ``hint``, ``solution``, ``reset``, ``predict`` and ``reveal``, as a learner types them."""

from __future__ import annotations

import inspect
import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from IPython import get_ipython
from IPython.display import display

from helpers.exercises import UnknownId, find_exercise, find_prediction, lesson_of
from helpers.judging import Answer, LocalAnswer, MissingAnswer, Status, Verdict, judge
from helpers.judging.exercise import Exercise
from helpers.judging.feedback import draw, verdict_panel
from helpers.learning import handout
from helpers.learning.dashboard import notices
from helpers.learning.habits import explain_missing_names
from helpers.learning.store import store
from helpers.learning.summary import Standing, overview, standings
from helpers.paths import grading, in_nbgrader
from helpers.text import Message, _
from helpers.trials.runner import Raised, raised

HONEST_TRIES = 3
"""After this many tries that did not pass, ``solution`` opens without being asked twice."""

_MISSING = object()

if (_shell := get_ipython()) is not None:  # whoever imports `check` runs a lesson
    explain_missing_names(_shell)


class CourseError(Exception):
    """A sentence for the learner, shown without a traceback of ours."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class CheckFailed(CourseError):
    """Raised under a grader, so that the check's cell fails; the message is the panel's text."""


def check(id: str, answer: Any = _MISSING) -> int | None:
    """Judge your answer to an exercise and show what was found.

    Args:
        id: the exercise, such as ``"modes-1"``.
        answer: your object; without it, the name that the exercise asks for is looked up.

    Returns:
        Under nbgrader the points of an answer that is partly right, which nbgrader reads from the cell's output as
        partial credit; else None.

    Raises:
        CourseError: for an unknown id.
        CheckFailed: when the answer does not pass and a grader runs the notebook.
    """
    exercise = _exercise(id)
    try:
        verdict = judge(exercise, _answer(exercise, answer), _seed())
    except KeyboardInterrupt:
        raise CourseError(
            str(
                _("You stopped the check of {id}. Nothing was judged, and it does not count as a try.", id=id)
            )
        ) from None
    store().add(
        "check",
        id,
        status=str(verdict.status),
        earned=verdict.earned,
        possible=verdict.possible,
        mistake=verdict.mistake,
        **_values(verdict),
    )
    advice = _advice(exercise, verdict)
    panel = verdict_panel(replace(verdict, notes=(*_stale(exercise), *verdict.notes, *notices())), advice)
    credit = verdict.earned if in_nbgrader() and verdict.status is not Status.PASSED else None
    if grading() and verdict.status is not Status.PASSED and not credit:
        raise CheckFailed(panel.text)
    display(panel)
    return credit


def _values(verdict: Verdict) -> dict[str, dict[str, str]]:
    """What fills in the mistake's sentence, so that the dashboard can say it again."""
    finding = verdict.finding
    values = finding.mistake.says.values if finding and finding.mistake else {}
    return {"values": {name: str(value) for name, value in values.items()}} if values else {}


def _exercise(id: str) -> Exercise:
    try:
        return find_exercise(id)
    except UnknownId as error:
        raise CourseError(str(error)) from None


def _answer(exercise: Exercise, answer: Any) -> Answer:
    if answer is not _MISSING:
        return LocalAnswer(answer, exercise.limit)
    value = _namespace().get(exercise.answer, _MISSING)
    return MissingAnswer(_last_error(exercise)) if value is _MISSING else LocalAnswer(value, exercise.limit)


def _last_error(exercise: Exercise) -> Raised | None:
    """The error of the cell run just before, when it is one that speaks of the answer."""
    last = getattr(get_ipython(), "last_execution_result", None)
    if last is None or last.success or last.info is None or exercise.answer not in str(last.info.raw_cell):
        return None
    error = last.error_before_exec or last.error_in_exec
    return None if error is None else raised(error)


def _namespace() -> dict[str, Any]:
    shell = get_ipython()
    return shell.user_ns if shell is not None else vars(__import__("__main__"))


def _stale(exercise: Exercise) -> list[Message]:
    """A note when the cell run just before should have redefined the answer and failed: an older one was judged."""
    if exercise.answer not in _namespace() or _last_error(exercise) is None:
        return []
    return [
        _(
            "The cell you ran just before stopped with an error, so what was checked is an older `{name}`.",
            name=exercise.answer,
        )
    ]


def _seed() -> int:
    """Fresh inputs at every check, unless COURSE_SEED repeats a run."""
    fixed = os.environ.get("COURSE_SEED", "")
    return int(fixed) if fixed.isdecimal() else secrets.randbits(32)


def _advice(exercise: Exercise, verdict: Verdict) -> Message | None:
    if verdict.status is Status.PASSED:
        following = overview(store().events()).following
        if following is None:
            return _("That was the last one: every exercise of the course is solved.")
        return _("Next: `{id}`, {title}.", id=following.id, title=following.title)
    if verdict.status in (Status.NOT_STARTED, Status.MISSING, Status.UNCHECKABLE):
        return None
    tries = standings(store().events())[exercise.id].tries
    if tries >= HONEST_TRIES and handout.why_closed() is None:
        return _('Stuck? `hint("{id}")` helps, and `solution("{id}")` is open to you now.', id=exercise.id)
    return _('Stuck? `hint("{id}")` helps.', id=exercise.id)


def hint(id: str, level: int | None = None) -> None:
    """Show the next hint of an exercise, from a nudge to nearly the answer.

    Args:
        id: the exercise.
        level: a certain hint, counted from 1; without it the next one you have not seen.

    Raises:
        CourseError: for an unknown id or level.
    """
    exercise = _exercise(id)
    count = len(exercise.hints)
    if level is None:
        level = min(standings(store().events()).get(id, Standing()).hints + 1, count)
    if not isinstance(level, int) or not 1 <= level <= count:
        raise CourseError(
            str(_("{id} has {count} hints: ask for one from 1 to {count}.", id=id, count=count))
        )
    store().add("hint", id, level=level)
    title = _("{id}, hint {level} of {count}", id=id, level=level, count=count)
    _show(title, [exercise.hints[level - 1]], more=_after_hint(id, level == count))


def _after_hint(id: str, last: bool) -> Message:
    if not last:
        return _('There is one more step: `hint("{id}")`.', id=id)
    if handout.why_closed() is not None:
        return _("That was the last hint.")
    return _('That was the last hint. `solution("{id}")` shows a solution.', id=id)


def solution(id: str, show: bool = False) -> None:
    """Show a solution of an exercise, with its explanation.

    It opens after a pass or after three honest tries; before that it asks whether you mean it, and
    ``solution(id, show=True)`` opens it all the same. Progress remembers that you have seen it. In a handout it stays
    closed as long as the teacher wants, and says so.

    Raises:
        CourseError: for an unknown id.
    """
    exercise = _exercise(id)
    closed = handout.why_closed()
    if closed is not None:
        _show(
            _("{id}: the solution is still closed", id=id),
            [closed],
            more=_('Hints are open at any time: `hint("{id}")`.', id=id),
        )
        return
    standing = standings(store().events()).get(id, Standing())
    if not (show or standing.passed or standing.tries >= HONEST_TRIES):
        _show(
            _("{id}: the solution is still closed", id=id),
            [_("Try first: what you find yourself stays with you. It opens when you pass, or after {n} tries.", n=HONEST_TRIES)],
            more=_('To see it now all the same, type `solution("{id}", show=True)`.', id=id),
        )  # fmt: skip
        return
    code = _from_handout(handout.solution, id)
    if code is None:
        raise CourseError(str(_("The solutions are not part of this copy of the course.")))
    store().add("solution", id)
    _show(_("{id}: a solution", id=id), [exercise.explanation], code=code)


def _from_handout(look_up: Callable[[str], str | None], id: str) -> str | None:
    try:
        return look_up(id)
    except handout.Damaged as error:
        raise CourseError(str(error)) from None


def reset(id: str) -> None:
    """Put an exercise back to its stub.

    Type it in the answer cell itself, in place of your code, and run it: the cell then holds the stub again.
    Your code is kept in a file beside your progress, and a pass you earned stays earned.

    Raises:
        CourseError: for an unknown id.
    """
    exercise = _exercise(id)
    stub = _from_handout(handout.stub, id)
    if stub is None:
        raise CourseError(
            str(_("The course's source is not here, so the stub of {id} cannot be brought back.", id=id))
        )
    kept = _keep_code(exercise)
    shell = get_ipython()
    if shell is not None:
        shell.user_ns.pop(exercise.answer, None)
        shell.set_next_input(stub, replace=True)
    store().add("reset", id)
    lines = [_("This cell holds the stub of `{id}` again.", id=id)]
    if kept:
        lines.append(_("Your code is kept in {file}.", file=kept))
    _show(_("{id}: back to the stub", id=id), lines)


def _keep_code(exercise: Exercise) -> str | None:
    value = _namespace().get(exercise.answer, _MISSING)
    folder = store().folder
    if value is _MISSING or folder is None:
        return None
    try:
        code = inspect.getsource(value)
        path = folder / "kept" / f"{exercise.id}-{datetime.now():%Y%m%d-%H%M%S}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    except (OSError, TypeError):
        return None
    return str(path)


def predict(id: str, choice: str | None = None) -> None:
    """Commit to what you expect, before you run the cell that shows it. No points; progress keeps it.

    Args:
        id: the question, such as ``"modes-q1"``.
        choice: its letter, such as ``"b"``; without it the question is shown, with buttons where they work.

    Raises:
        CourseError: for an unknown id or letter.
    """
    from helpers.learning.predictions import ask, commit

    try:
        question = find_prediction(id)
        display(ask(question) if choice is None else commit(question, choice))
    except (UnknownId, ValueError) as error:
        raise CourseError(str(error)) from None


def reveal(id: str) -> None:
    """Hold what you predicted against what happened, and say why.

    Raises:
        CourseError: for an unknown id.
    """
    from helpers.learning.predictions import outcome

    try:
        display(outcome(find_prediction(id)))
    except UnknownId as error:
        raise CourseError(str(error)) from None


def next_unsolved() -> str | None:
    """Show the first exercise that is not solved yet; its id, or None when all are."""
    following = overview(store().events()).following
    if following is None:
        _show(_("Every exercise of the course is solved."), [])
        return None
    home = lesson_of(following.id)
    _show(
        _("Next: {id}", id=following.id),
        [following.title, _("It is in the lesson `{name}`, for {points} points.", name=home.name, points=following.points)],
    )  # fmt: skip
    return following.id


def _show(title: Message, lines: list[Message], code: str = "", more: Message | None = None) -> None:
    display(draw("note", title=title, lines=lines, code=code, more=more, tone="quiet"))
