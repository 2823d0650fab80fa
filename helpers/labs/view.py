"""A lab on the screen: widgets around the picture, and a still picture for places without widgets.

Moves of a control come faster than pictures can be computed. Only the newest values are: a move notes that the
picture is out of date, and a little later, when all moves that waited have been noted, one computation follows. Long
work goes step by step, with a breath between steps in which a press of Cancel gets through.
"""

from __future__ import annotations

import asyncio
import io
import threading
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from typing import Any

import ipywidgets
from IPython import get_ipython
from PIL import Image
from rich.cells import cell_len

from helpers.judging.feedback import draw as draw_panel
from helpers.labs.base import Lab
from helpers.labs.controls import Press
from helpers.paths import grading
from helpers.plots import DPI, GREY, INK, Picture, new_figure
from helpers.text import Message, _, language, speaking

GATHER_S = 0.03  # moves within this time lead to one picture
BREATH_S = 0.02  # between two steps of long work
LINE = 0.2  # inches of a line of text below a still picture
LETTERS = 15  # in an inch; a Chinese character is as wide as two
LIVE = _(
    "A still picture of a lab. Open this notebook in JupyterLab and run its cell: then its controls move."
)
WIDGET = "application/vnd.jupyter.widget-view+json"

_open: dict[tuple[type[Lab], str], LabView] = {}  # by the cell they stand under


def open_view(lab: Lab) -> LabView:
    """Show a lab. One that the same cell showed before stops, and its widgets go."""
    view = LabView(lab)
    if cell := _cell_id():
        before = _open.pop((type(lab), cell), None)
        if before is not None:
            before.close()
        _open[type(lab), cell] = view
    return view


def _cell_id() -> str | None:
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else None
    return (parent or {}).get("metadata", {}).get("cellId")


class LabView:
    """One lab, shown once.

    Attributes:
        lab: what is shown.
        handles: its controls, by name.
        result: what was computed last.
        picture: the picture of that, with its words.
        widget: all of it.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.result: Any = None
        self.picture = Picture(b"", "")
        self._language = language()
        self._lock = threading.RLock()  # JupyterLab runs callbacks in a thread beside the one that runs cells
        self._due = False
        self._working = self._cancelled = False
        self._task: asyncio.Task | None = None  # kept, since a loop only refers weakly to its tasks
        self._build()
        self.refresh()

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say now."""
        return {name: handle.read() for name, handle in self.handles.items()}

    @property
    def said(self) -> str:
        """What stands below the picture, as HTML: the words, and a sentence about anything that went wrong."""
        return self._words.value

    # What is on the screen

    def _build(self) -> None:
        width, height = (round(inches * DPI) for inches in self.lab.size)
        self.handles = {
            control.name: control.build(self._changed, self._complain) for control in self.lab.controls
        }
        self._busy = ipywidgets.HTML(layout=ipywidgets.Layout(width="9em", height="2em"))
        self._image = ipywidgets.HTML(
            # The height follows from the width, which only a narrow window makes smaller.
            layout=ipywidgets.Layout(width="100%", max_width=f"{width}px")
        )
        self._aspect = f"width:100%;aspect-ratio:{width}/{height};display:block"
        self._words = ipywidgets.HTML(
            layout=ipywidgets.Layout(width="100%", max_width=f"{width}px", min_height="7em")
        )
        title = ipywidgets.HTML(f'<b lang="{self._language}">{escape(str(self.lab.title))}</b>')
        row = ipywidgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="0.2em 1.2em")
        controls = ipywidgets.Box([handle.widget for handle in self.handles.values()], layout=row)
        status = ipywidgets.HBox([*self._build_work(), self._busy], layout=ipywidgets.Layout(height="2.6em"))
        self.widget = ipywidgets.VBox([title, controls, status, self._image, self._words])
        self.widget.add_class("course-lab")

    def _build_work(self) -> list[ipywidgets.Widget]:
        auto = ipywidgets.Layout(width="auto")
        self.start = ipywidgets.Button(
            description=str(_("Measure")),
            tooltip=str(_("Measure anew with what is chosen above.")),
            layout=auto,
        )
        self.cancel = ipywidgets.Button(
            description=str(_("Cancel")),
            tooltip=str(_("Stop measuring. What was found so far stays.")),
            disabled=True,
            layout=auto,
        )
        self.progress = ipywidgets.IntProgress(
            value=0, min=0, max=1, layout=ipywidgets.Layout(visibility="hidden", width="12em")
        )
        self._doing = ipywidgets.HTML()
        self.start.on_click(lambda _button: self._start())
        self.cancel.on_click(lambda _button: self._stop())
        return [self.start, self.cancel, self.progress, self._doing] if self.lab.works() else []

    # One picture

    def refresh(self) -> None:
        """Compute and draw with what the controls say now. An error is said below the picture, which then stays."""
        with self._lock, speaking(self._language):
            self._due = False
            try:
                self.result = self.lab.compute(**self.values)
                self.picture = Picture(_png(self._figure()), str(self.lab.describe(self.result)))
            except Exception as error:
                if grading():
                    raise  # a notebook is not built, nor does it pass, with a lab that fails
                self._complain(error)
            else:
                self._show()
            finally:
                self._busy.value = ""

    def _figure(self) -> Any:
        figure = new_figure(*self.lab.size)
        self.lab.draw(figure, self.result)
        return figure

    def _show(self) -> None:
        data = b64encode(self.picture.png).decode()
        self._image.value = (
            f'<img alt="{escape(self.picture.alt)}" decoding="sync" style="{self._aspect}" '
            f'src="data:image/png;base64,{data}">'
        )
        self._words.value = self._caption()

    def _caption(self) -> str:
        return f'<div lang="{self._language}" style="line-height:1.45">{escape(self.picture.alt)}</div>'

    def _complain(self, error: Any) -> None:
        """Say what went wrong, in a panel; the picture and its words stay."""
        with speaking(self._language):
            known = isinstance(error, (Message, ValueError))
            lines = [error] if known else [
                _("{kind}: {text}", kind=type(error).__name__, text=str(error)),
                _("Move a control to try again, or run the cell anew."),
            ]  # fmt: skip
            title = _("This cannot be shown") if known else _("The lab came upon an error of its own")
            panel = draw_panel("note", title=title, lines=lines, code="", more=None, tone="bad")
            self._words.value = panel.html + self._caption()

    # Moves of a control

    def _changed(self) -> None:
        if self._due:
            return
        loop = _running_loop()
        if loop is None:
            self.refresh()
            return
        self._due = True
        with speaking(self._language):
            self._busy.value = "⏳ " + escape(str(_("computing …")))
        loop.call_later(GATHER_S, self.refresh)

    # Long work

    def _start(self) -> None:
        if self._working:
            return
        self._cancelled = False
        self._set_working(True)
        steps = self._steps()
        loop = _running_loop()
        if loop is None:
            for _step in steps:
                pass
        else:
            self._task = loop.create_task(_with_breath(steps))

    def _stop(self) -> None:
        self._cancelled = True

    def _steps(self) -> Iterator[None]:
        """Do the lab's work, one step at each turn."""
        end = ""
        work = self.lab.work(**self.values)
        try:
            for step in work:
                self.progress.max, self.progress.value = step.total, step.done
                with speaking(self._language):
                    self._doing.value = escape(str(step.next))
                self.refresh()
                yield
                if self._cancelled:
                    end = _("Stopped. What was found so far is shown.")
                    break
        except Exception as error:
            self._complain(error)
        finally:
            work.close()
            self._set_working(False)
            with speaking(self._language):
                self._doing.value = escape(str(end))

    def _set_working(self, on: bool) -> None:
        self._working = on
        self.start.disabled, self.cancel.disabled = on, not on
        self.progress.layout.visibility = "visible" if on else "hidden"
        if on:
            self.progress.value = 0
        for handle in self.handles.values():
            handle.disable(on)

    def close(self) -> None:
        """Stop, and take the widgets off the screen."""
        self._stop()
        for widget in _tree(self.widget):
            widget.close()

    # Without widgets

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        view = self.widget._repr_mimebundle_(include=include, exclude=exclude)[WIDGET]
        data, metadata = self.still()._repr_mimebundle_()
        if self.lab.works():  # what was measured differs from run to run, and nbval compares the text
            with speaking(self._language):
                data["text/plain"] = f"{self._settings()}\n{LIVE}"
        return {WIDGET: view, **data}, metadata

    def still(self) -> Picture:
        """The picture as it is now, with a strip below that says what it is of and how to make it live."""
        with speaking(self._language):
            pictures = [self.picture.png, _png(self._strip())]
            words = f"{self.lab.title}\n{self.picture.alt}\n{LIVE}"
        return Picture(_stack([picture for picture in pictures if picture]), words)

    def _strip(self) -> Any:
        width = self.lab.size[0]
        lines = [(line, INK) for line in _wrapped(self._settings(), round(width * LETTERS))] + [
            (str(LIVE), GREY)
        ]
        height = LINE * (len(lines) + 0.5)
        figure = new_figure(width, height)
        for number, (line, color) in enumerate(lines):
            figure.text(0.01, 1 - LINE * (number + 0.3) / height, line, color=color, fontsize=9, va="top")
        return figure

    def _settings(self) -> str:
        shown = [
            f"{control.label}: {self.handles[control.name].show()}"
            for control in self.lab.controls
            if not isinstance(control, Press)
        ]
        return f"{self.lab.title} ({', '.join(shown)})" if shown else str(self.lab.title)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that called us; None without one, as in a test: things are then done at once."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _with_breath(steps: Iterator[None]) -> None:
    for _step in steps:
        await asyncio.sleep(BREATH_S)


def _tree(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    for child in getattr(widget, "children", ()):
        yield from _tree(child)
    yield widget


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many letters, broken at spaces and counted as wide as they are drawn."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _png(figure: Any) -> bytes:
    """Quickly rather than small: most pictures live for a moment."""
    file = io.BytesIO()
    figure.savefig(file, format="png", pil_kwargs={"compress_level": 1})
    return file.getvalue()


def _stack(pictures: list[bytes]) -> bytes:
    parts = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    whole = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)), "white")
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    file = io.BytesIO()
    whole.save(file, format="png", optimize=True)
    return file.getvalue()
