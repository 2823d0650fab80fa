"""How far the learner is: a panel that follows every check, buttons beside it, and a table for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.display import display, update_display

from helpers.exercises import lesson_of
from helpers.judging.feedback import Panel, draw
from helpers.learning.store import store
from helpers.learning.summary import Overview, overview
from helpers.paths import grading
from helpers.text import Message, _

if TYPE_CHECKING:
    from rich.console import Console

DISPLAY_ID = "course-progress"
"""One for all panels of a kernel: when one is drawn anew, each of them is."""

_controls: _Controls | None = None  # those shown last


def progress() -> None:
    """Show lessons, exercises, points, what comes next, and the mistakes that were met and overcome.

    The panel follows this notebook's checks by itself. What other notebooks did is there when it is shown again.
    """
    if grading():  # nobody watches, and what is compared must not change later
        display(progress_panel())
        return
    display(progress_panel(), display_id=DISPLAY_ID)
    store().watch(refresh)


def dashboard() -> None:
    """Show :func:`progress`, with buttons to read it again and to reset one exercise."""
    global _controls
    progress()
    _controls = _Controls()
    display(_controls)


def refresh() -> None:
    """Draw every progress panel of this kernel anew."""
    update_display(progress_panel(), display_id=DISPLAY_ID)
    if _controls is not None:
        _controls.update()


def progress_panel() -> Panel:
    """The panel of :func:`progress`."""
    seen = overview(store().events())
    following = seen.following
    return draw(
        "progress",
        seen=seen,
        following=following,
        home=lesson_of(following.id) if following else None,
        # a link leads to the notebook beside this one, which a page made of it may not have
        linked=not grading(),
        notes=notices(),
        tone="good" if seen.earned == seen.possible else "quiet",
    )


def notices() -> list[Message]:
    """What the learner should know about the progress file: that it was mended (said once), or cannot be written."""
    journal = store()
    found = []
    if journal.repaired:
        journal.repaired = False
        found.append(
            _("The progress file was damaged. It has been rebuilt from what both of its copies still held.")
        )
    if journal.unsaved:
        found.append(
            _(
                "Your progress could not be written to {folder}: {why}. It is kept in memory and written as soon as that works; do not stop this kernel before.",
                folder=journal.folder,
                why=journal.unsaved,
            )
        )
    return found


def forget(id: str) -> None:
    """Reset one exercise: its points, tries, hints and mistakes count no more. No code is touched."""
    store().add("forget", id)


def resettable(seen: Overview) -> list[str]:
    """The ids of the exercises in which there is something to reset."""
    return [
        exercise.id
        for exercise, standing in seen.exercises
        if standing.tries or standing.hints or standing.solution_seen
    ]


# Buttons


class _Controls:
    """The dashboard's buttons; where no widget can be drawn, a line that says what to do instead."""

    def __init__(self) -> None:
        import ipywidgets as widgets

        def button(words: Message, on_click: Callable[[], None], **more: Any) -> Any:
            made = widgets.Button(description=str(words), layout=widgets.Layout(width="auto"), **more)
            made.on_click(lambda _button: on_click())
            return made

        self.choice = widgets.Dropdown(
            description=str(_("Exercise")),
            layout=widgets.Layout(width="16em"),
            style={"description_width": "auto"},
        )
        self.choice.observe(lambda _change: self._say(), "value")
        self.ask = button(_("Reset this exercise…"), self._ask)
        self.again = button(_("Read again"), self._read_again, tooltip=str(_("Shows what other notebooks did meanwhile")))  # fmt: skip
        self.yes = button(_("Yes, reset it"), self._reset)
        self.no = button(_("Cancel"), self._cancel)
        self.said = widgets.HTML()
        self.question = widgets.HBox([self.yes, self.no])
        self.box = widgets.VBox([widgets.HBox([self.choice, self.ask, self.again]), self.said, self.question])
        self.update()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        still = draw("controls", tone="quiet")._repr_mimebundle_()
        return still if grading() else {**self.box._repr_mimebundle_(), **still}

    def update(self) -> None:
        """Offer the exercises in which there is something to reset by now."""
        kept = self.choice.value
        options = resettable(overview(store().events()))
        if list(self.choice.options) != options:
            self.choice.options = options
            self.choice.value = kept if kept in options else next(iter(options), None)
        self.ask.disabled = self.choice.disabled = not options

    def _say(self, words: Message | None = None, asking: bool = False) -> None:
        self.said.value = draw("line", line=words).html if words else ""
        self.question.layout.display = "" if asking else "none"

    def _ask(self) -> None:
        words = _(
            "Reset `{id}`? Its points, tries, hints and mistakes are set back to nothing. Your code in the notebook stays as it is.",
            id=self.choice.value,
        )
        self._say(words, asking=True)

    def _reset(self) -> None:
        id = self.choice.value
        forget(id)
        self._say(_("`{id}` is reset. Your code stayed: run its check again whenever you like.", id=id))
        self.again.focus()  # the buttons that had the focus are gone

    def _cancel(self) -> None:
        self._say(_("Nothing was changed."))
        self.ask.focus()

    def _read_again(self) -> None:
        refresh()
        self._say()


# In a terminal


def print_progress(console: Console, every_exercise: bool = False) -> None:
    """Print lessons, exercises and points, what comes next, and the mistakes that were met.

    Args:
        console: where to.
        every_exercise: a line for each exercise too.
    """
    from rich import box
    from rich.markup import escape
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    seen = overview(store().events())
    headings = (_("lesson"), _("exercises"), _("points"))
    table = Table(*map(str, headings), "", box=box.SIMPLE, show_footer=True)
    for column, text in zip(
        table.columns,
        (_("all"), f"{seen.solved}/{len(seen.exercises)}", f"{seen.earned}/{seen.possible}"),
        strict=False,
    ):
        column.footer = str(text)
    for each in seen.lessons:
        table.add_row(
            escape(f"{each.lesson.name[:2]} {each.lesson.title}"),
            f"{each.solved}/{len(each.exercises)}",
            f"{each.earned}/{each.possible}",
            ProgressBar(each.possible, each.earned, width=16),
        )
        if every_exercise:
            for exercise, standing in each.exercises:
                title = f"   {standing.mark} {exercise.id} {exercise.title}"
                table.add_row(escape(title), "", f"{standing.earned}/{exercise.points}", "")
    console.print(table)
    following = seen.following
    if following is None:
        console.print(str(_("Every exercise of the course is solved.")))
    else:
        console.print(escape(str(_("Next: `{id}`, {title}.", id=following.id, title=following.title))))
        home = _("It is in the lesson `{name}`, for {points} points.", name=lesson_of(following.id).name, points=following.points)  # fmt: skip
        console.print(escape(str(home)))
    if seen.mistakes:
        overcome = sum(met.overcome for _exercise, met, _says in seen.mistakes)
        console.print("\n" + str(_("Mistakes: {met} met, {overcome} overcome", met=len(seen.mistakes), overcome=overcome)))  # fmt: skip
        for exercise, met, says in seen.mistakes:
            console.print(escape(f"  {'✔' if met.overcome else '✘'} {exercise.id}: {says}"))
    for note in notices():
        console.print(escape(str(note)))
