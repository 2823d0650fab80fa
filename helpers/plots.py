"""Pictures and tables under a cell, each with the same in words.

JupyterLab gives an image output no alternative text, so every picture is followed by one line that says what it
shows. That line, and a table's plain form, hold no address and no width that depends on a measured number: two
runs of a notebook can be compared.
"""

from __future__ import annotations

import io
import math
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import torch
from PIL import Image

from helpers.text import _, language

# Of Okabe and Ito's palette, told apart with every kind of colour vision.
BLUE, ORANGE, GREEN, SKY, AMBER, PINK = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#E69F00", "#CC79A7"
INK = "#1a1a1a"
GREY = "#6b7280"
DPI = 100
CHINESE = "Noto Sans SC"


@dataclass(frozen=True)
class Picture:
    """A PNG with its description, as a notebook shows it."""

    png: bytes
    alt: str

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"image/png": b64encode(self.png).decode(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}  # nbconvert's web pages do use it


@dataclass(frozen=True)
class Table:
    """Rows under headers: an HTML table for eyes, lines with bars between the cells for everything else."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        return "\n".join(" | ".join(row) for row in (self.headers, *self.rows))

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col" style="text-align:left">{escape(cell)}</th>' for cell in self.headers
        )
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def show_top5(image, predictions: Sequence, title: str | None = None) -> None:
    """Show a picture, and beside it a bar for each predicted category.

    Args:
        image: a PIL picture, or a tensor as in :func:`show_images`.
        predictions: of one picture, from :func:`helpers.models.classify`; five or any other number.
        title: a line above the picture.
    """
    figure = new_figure(9, 3.2)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.2])
    draw_picture(left, image, title)
    draw_bars(right, predictions)
    _show(figure, _line(title, [in_words(predictions)]))


def show_images(images, titles: Iterable[str] | None = None, columns: int = 4) -> None:
    """Show pictures in a grid.

    Args:
        images: PIL pictures, or tensors (3, H, W), (1, H, W) or (H, W) of any dtype, on any device; or one tensor
            (N, 3, H, W). A uint8 tensor is shown as it is, and so is a float one with values from 0 to 1. Any
            other is stretched so that its smallest value is black and its largest white: a normalised picture
            becomes visible, its colours are not true.
        titles: a line above each.
        columns: pictures in a row.

    Raises:
        ValueError: when the number of titles is another than that of the pictures, or a shape is no picture's.
    """
    images = list(images)
    titles = [None] * len(images) if titles is None else [str(title) for title in titles]
    if len(titles) != len(images):
        raise ValueError(
            str(_("{titles} titles for {images} pictures.", titles=len(titles), images=len(images)))
        )
    if not images:
        return
    columns = max(1, min(columns, len(images)))
    rows = math.ceil(len(images) / columns)
    figure = new_figure(2.6 * columns, 2.6 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel in panels:
        panel.axis("off")
    for panel, image, title in zip(figure.axes, images, titles, strict=False):
        draw_picture(panel, image, title)
    named = [title or _size(image) for image, title in zip(images, titles, strict=True)]
    _show(figure, _line(str(_("pictures")), named))


def show_figure(figure, words: str) -> None:
    """Show a matplotlib figure once, with a line that says what it shows, and close it.

    Args:
        figure: a figure of pyplot's or of matplotlib's own.
        words: what one sees in it, without measured numbers, which differ from run to run.
    """
    import matplotlib.pyplot as plt

    _show(figure, words)
    plt.close(figure)


def show_table(rows: Iterable[Iterable], headers: Iterable) -> None:
    """Show a small table; every cell is turned into text with ``str``."""
    from IPython.display import display

    display(Table(tuple(map(str, headers)), tuple(tuple(map(str, row)) for row in rows)))


# To draw with


def new_figure(width: float, height: float):
    """An empty figure on white ground, to be filled with matplotlib's own methods. Inches.

    pyplot does not know it: nothing stays open, and no screen is needed.
    """
    from matplotlib.figure import Figure

    use_chinese_font()
    return Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout="constrained")


def draw_picture(axes, image, title: str | None = None, size: float = 11) -> None:
    """Draw a picture into axes, as :func:`show_images` does."""
    axes.imshow(_pixels(image), cmap="gray", vmin=0, vmax=255)
    axes.axis("off")
    if title:
        axes.set_title(title, fontsize=size, color=INK)


def draw_bars(axes, predictions: Sequence, color: str = BLUE, size: float = 11) -> None:
    """Draw a bar for each predicted category of one picture into axes."""
    places = range(len(predictions))
    bars = axes.barh(places, [found.probability for found in predictions], color=color)
    axes.bar_label(
        bars, [_percent(found.probability) for found in predictions], padding=4, color=INK, fontsize=size - 1
    )
    axes.set_yticks(places, [found.category for found in predictions], fontsize=size)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.18), xticks=[])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def in_words(predictions: Sequence) -> str:
    """What :func:`draw_bars` draws, as text."""
    return ", ".join(f"{found.category} {_percent(found.probability)}" for found in predictions)


def use_chinese_font() -> None:
    """Let matplotlib draw Chinese where that is the language in force, with a font that comes as a package.

    The font is asked only for characters that the usual one lacks, so everything else looks as before.
    """
    if language() != "zh":
        return
    import matplotlib
    from matplotlib.font_manager import fontManager
    from pylopdf_fonts_zh_cn import sans_path

    families = matplotlib.rcParams["font.family"]
    if CHINESE not in families:
        fontManager.addfont(sans_path())
        matplotlib.rcParams["font.family"] = [*families, CHINESE]


def _cell(text: str) -> str:
    return f'<td style="text-align:left">{escape(text)}</td>'


def _percent(probability: float) -> str:
    return f"{probability:.0%}" if probability >= 0.005 else "<1%"


def _line(title: str | None, parts: Sequence[str]) -> str:
    return (f"{title}: " if title else "") + ", ".join(parts)


def _pixels(image) -> np.ndarray:
    """uint8 (H, W) or (H, W, 3)."""
    if isinstance(image, Image.Image):
        return np.asarray(image.convert("RGB"))
    values = torch.as_tensor(image).detach().cpu()
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2 and not (values.ndim == 3 and values.shape[0] == 3):
        shape = tuple(values.shape)
        raise ValueError(str(_("A picture has shape (3, H, W) or (H, W), this tensor {shape}.", shape=shape)))
    if values.dtype != torch.uint8:
        values = _stretched(values.float())
    return (values if values.ndim == 2 else values.permute(1, 2, 0)).numpy()


def _stretched(values: torch.Tensor) -> torch.Tensor:
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        values = (values - low) / (high - low).clamp(min=torch.finfo(values.dtype).tiny)
    return (values * 255).round().to(torch.uint8)


def _size(image) -> str:
    if isinstance(image, Image.Image):
        return f"{image.width}×{image.height}"
    return f"{image.shape[-1]}×{image.shape[-2]}"


def as_png(figure) -> bytes:
    """The figure as a PNG file, quickly rather than small."""
    file = io.BytesIO()
    figure.savefig(file, format="png", pil_kwargs={"compress_level": 1})
    return file.getvalue()


def _show(figure, alt: str) -> None:
    from IPython import get_ipython
    from IPython.display import display

    file = io.BytesIO()
    figure.savefig(file, format="png")
    if get_ipython() is not None:  # a plain Python has only the words
        display(Picture(file.getvalue(), alt))
    print(alt)


use_chinese_font()  # for a learner's own plots too, which are drawn without anything from here
