"""What a learner moves: each control is declared in a lab, and built as widgets when the lab is shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from helpers.images import ImageError, photo, photo_names, read_image
from helpers.text import Message, _

if TYPE_CHECKING:
    import ipywidgets

Notice = Callable[[Any], None]
"""Called with a sentence that the learner should read."""

TRACK_EM = 19  # of a slider with its number, beside its label
_WIDE = {"description_width": "initial"}  # labels are as long as they need to be

PHOTO_NAMES = {
    "astronaut": _("astronaut"),
    "brick": _("brick"),
    "camera": _("camera"),
    "cat": _("cat"),
    "clock": _("clock"),
    "coffee": _("coffee"),
    "coins": _("coins"),
    "galaxies": _("galaxies"),
    "grass": _("grass"),
    "gravel": _("gravel"),
    "horse": _("horse"),
    "moon": _("moon"),
    "motorcycle": _("motorcycle"),
    "page": _("page"),
    "retina": _("retina"),
    "rocket": _("rocket"),
    "text": _("text"),
}


@dataclass
class Handle:
    """A control on the screen: its widgets, and how to read its value.

    Attributes:
        widget: what is shown.
        read: gives the value that goes to the lab.
        show: the value in words.
        parts: the widgets in it that can be switched off.
    """

    widget: ipywidgets.Widget
    read: Callable[[], Any]
    show: Callable[[], str]
    parts: tuple[ipywidgets.Widget, ...]

    def disable(self, off: bool) -> None:
        """Switch it off while something runs that must not be changed, and on again."""
        for part in self.parts:
            part.disabled = off


@dataclass(frozen=True)
class Control(ABC):
    """One value that a learner chooses.

    Attributes:
        name: of the keyword argument that takes the value.
        label: what stands beside it.
        tip: one sentence more, shown when one points at it.
    """

    name: str
    label: Message | str
    tip: Message

    @abstractmethod
    def build(self, changed: Callable[[], None], notice: Notice) -> Handle:
        """Make its widgets.

        Args:
            changed: called after each change of the value.
            notice: called when what the learner gave cannot be used; the value then stays as it was.
        """

    def _handle(self, widget, changed: Callable[[], None], show: Callable[[Any], str]) -> Handle:
        widget.observe(lambda _change: changed(), "value")
        return Handle(widget, lambda: widget.value, lambda: show(widget.value), (widget,))

    def _texts(self) -> dict[str, Any]:
        return {"description": str(self.label), "tooltip": str(self.tip), "style": _WIDE}


@dataclass(frozen=True)
class Slider(Control):
    """A number between two others, whole when ``step`` is."""

    low: float
    high: float
    step: float
    value: float

    def build(self, changed: Callable[[], None], notice: Notice) -> Handle:
        """A slider that is followed while it moves."""
        import ipywidgets

        whole = isinstance(self.step, int)
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        widget = kind(
            self.value,
            min=self.low,
            max=self.high,
            step=self.step,
            readout_format="d" if whole else ".2f",
            layout=ipywidgets.Layout(width=f"{TRACK_EM + _width_em(str(self.label)):g}em"),
            **self._texts(),
        )
        return self._handle(widget, changed, str if whole else "{:.2f}".format)


def _width_em(text: str) -> float:
    """About how wide a text is; a Chinese character is as wide as the letters are high."""
    return sum(0.5 if letter.isascii() else 1 for letter in text)


@dataclass(frozen=True)
class Choice(Control):
    """One of several options, each a value and how it is called."""

    options: tuple[tuple[Hashable, Message | str], ...]
    value: Hashable

    def build(self, changed: Callable[[], None], notice: Notice) -> Handle:
        """A drop-down list."""
        import ipywidgets

        widget = ipywidgets.Dropdown(
            options=[(str(label), value) for value, label in self.options],
            value=self.value,
            layout=ipywidgets.Layout(width="auto"),
            **self._texts(),
        )
        labels = {value: str(label) for value, label in self.options}
        return self._handle(widget, changed, labels.__getitem__)


@dataclass(frozen=True)
class Switch(Control):
    """On or off."""

    value: bool

    def build(self, changed: Callable[[], None], notice: Notice) -> Handle:
        """A check box."""
        import ipywidgets

        widget = ipywidgets.Checkbox(
            self.value, indent=False, layout=ipywidgets.Layout(width="auto"), **self._texts()
        )
        return self._handle(widget, changed, lambda on: "✔" if on else "–")


@dataclass(frozen=True)
class Press(Control):
    """A button; its value is how often it was pressed."""

    def build(self, changed: Callable[[], None], notice: Notice) -> Handle:
        """A button."""
        import ipywidgets

        count = 0
        widget = ipywidgets.Button(
            description=str(self.label), tooltip=str(self.tip), layout=ipywidgets.Layout(width="auto")
        )

        def pressed(_button) -> None:
            nonlocal count
            count += 1
            changed()

        widget.on_click(pressed)
        return Handle(widget, lambda: count, lambda: str(count), (widget,))


def photo_choice(name: str, label: Message, tip: Message, value: str) -> Choice:
    """A choice among the course's photos, by name."""
    return Choice(name, label, tip, tuple((each, PHOTO_NAMES[each]) for each in photo_names()), value)


@dataclass(frozen=True)
class Photo(Control):
    """A picture: one of the course's photos, or the learner's own. Its value is a PIL picture in RGB."""

    value: str

    def build(self, changed: Callable[[], None], notice: Notice) -> Handle:
        """A drop-down list with an upload button beside it."""
        import ipywidgets

        own: list[Image.Image] = []
        choose = photo_choice(self.name, self.label, self.tip, self.value).build(changed, notice)
        upload = ipywidgets.FileUpload(
            accept="image/*",
            description=str(_("your own picture")),
            tooltip=str(
                _(
                    "Upload a picture of up to 10 MB from your computer. It goes to your kernel and nowhere else."
                )
            ),
            layout=ipywidgets.Layout(width="auto"),
        )
        listed = choose.widget.options

        def uploaded(change) -> None:
            if not change["new"]:
                return
            (file,) = change["new"]
            upload.value = ()  # so that the same file can be chosen again
            try:
                own[:] = [read_image(bytes(file["content"]))]
            except ImageError as error:
                notice(error)
                return
            again = choose.widget.value is None
            choose.widget.options = (*listed, (str(_("your own picture")), None))
            choose.widget.value = None
            if again:  # another picture under the same name
                changed()

        upload.observe(uploaded, "value")
        return Handle(
            ipywidgets.HBox([choose.widget, upload]),
            lambda: own[0] if choose.widget.value is None else course_photo(choose.widget.value),
            lambda: choose.widget.label,
            (choose.widget, upload),
        )


@cache
def course_photo(name: str) -> Image.Image:
    """A photo of the course, read once. Do not change it."""
    return photo(name)
