"""Lab of lesson 08: a video, what each frame is taken for, and what smoothing over time makes of it."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional

from helpers.labs.base import Lab
from helpers.labs.controls import PHOTO_NAMES, Choice, Slider
from helpers.labs.shared import classifier
from helpers.plots import AMBER, BLUE, GREEN, GREY, INK, ORANGE, PINK, SKY
from helpers.text import Message, _
from helpers.video import make_video, read_frames

SECONDS, RATE = 2.0, 8  # of each photo, and frames a second
STRIP = 12  # frames of the filmstrip
BATCH = 16
LINES = 4  # categories whose probabilities are drawn
FACES = (BLUE, AMBER, GREEN, PINK, SKY, ORANGE)
FILMS = (("coffee", "cat", "rocket"), ("motorcycle", "horse", "clock"), ("cat", "coins", "coffee"))


class Film(NamedTuple):
    """A video, frame by frame: times in seconds, small pictures, and probabilities (frames, categories)."""

    times: list[float]
    pictures: list[Image.Image]
    probabilities: Tensor


class Smoothed(NamedTuple):
    """A film, and its probabilities smoothed."""

    film: Film
    smooth: Tensor

    @property
    def raw_names(self) -> list[int]:
        """The likeliest category of each frame by itself."""
        return self.film.probabilities.argmax(1).tolist()

    @property
    def names(self) -> list[int]:
        """The likeliest category after smoothing."""
        return self.smooth.argmax(1).tolist()


class Filmstrip(Lab):
    """The predicted class through time, with a smoothing window."""

    title = _("A video, and what its frames are taken for")
    controls = (
        Slider("window", _("smoothing window (frames)"), _("1: each frame by itself."), 1, 25, 2, 5),
        Choice(
            "method",
            _("method"),
            _("Over which frames the mean is taken."),
            (("centred", _("centred average: the frames around")), ("past", _("average of the past only"))),
            "centred",
        ),
        Choice(
            "film",
            _("video"),
            _("A camera that moves over three photos."),
            tuple((names, _("{a}, {b}, {c}", a=PHOTO_NAMES[names[0]], b=PHOTO_NAMES[names[1]], c=PHOTO_NAMES[names[2]])) for names in FILMS),
            FILMS[0],
        ),
    )  # fmt: skip
    size = (9.0, 4.6)

    def compute(self, window: int, method: str, film: tuple[str, ...]) -> Smoothed:
        """Smooth the probabilities; a video is made and asked about when it is chosen for the first time."""
        made = classified(film)
        return Smoothed(made, moving_average(made.probabilities, window, centred=method == "centred"))

    def draw(self, figure: Any, result: Smoothed) -> None:
        """The filmstrip, a band of names for each frame and smoothed, and the probabilities."""
        strip, bands, lines = figure.subplots(3, 1, sharex=True, height_ratios=[1, 0.9, 2])
        film, end = result.film, _end(result.film)
        every = len(film.times) / STRIP
        width = end / STRIP
        for place in range(STRIP):
            picture = ImageOps.fit(film.pictures[int((place + 0.5) * every)], (67, 98))
            strip.imshow(picture, extent=(place * width, (place + 1) * width, 0, 1), aspect="auto")
        strip.set(ylim=(0, 1), xlim=(0, end))
        strip.axis("off")
        counted = sorted(set(result.raw_names), key=result.raw_names.count, reverse=True)
        colors = {
            category: FACES[place] if place < len(FACES) else "white"
            for place, category in enumerate(counted)
        }
        for row, names in enumerate((result.raw_names, result.names)):
            for start, stop, category in _scenes(film.times, names, end):
                bands.broken_barh(
                    [(start, stop - start)],
                    (0.55 - 0.5 * row, 0.4),
                    facecolor=colors[category],
                    edgecolor=INK,
                    linewidth=0.5,
                )
                if stop - start > end / 14:
                    bands.text(
                        (start + stop) / 2, 0.75 - 0.5 * row, classifier().categories[category], ha="center", va="center",
                        fontsize=8, color=INK, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
                    )  # fmt: skip
        bands.set(ylim=(0, 1), yticks=[0.25, 0.75])
        bands.set_yticklabels([str(_("smoothed")), str(_("each frame"))], fontsize=9)
        bands.spines[:].set_visible(False)
        bands.tick_params(bottom=False)
        for place, category in enumerate(counted[:LINES]):
            style = ("-", "--", ":", "-.")[place]
            lines.plot(film.times, film.probabilities[:, category], color=GREY, linewidth=0.7, alpha=0.6)
            lines.plot(
                film.times, result.smooth[:, category], style, color=FACES[place], linewidth=2,
                label=classifier().categories[category],
            )  # fmt: skip
        lines.set(ylim=(0, 1))
        lines.set_xlabel(str(_("seconds")))
        lines.set_ylabel(str(_("probability")))
        lines.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
        lines.spines[["top", "right"]].set_visible(False)

    def describe(self, result: Smoothed) -> Message:
        """How often the name changes, before and after, and the scenes that remain."""
        scenes = _scenes(result.film.times, result.names, _end(result.film))
        return _(
            "The name changes {before} times from frame to frame, and {after} times after smoothing. Then: {scenes}.",
            before=changes(result.raw_names),
            after=changes(result.names),
            scenes=", ".join(
                f"{start:.1f}–{stop:.1f} s {classifier().categories[name]}" for start, stop, name in scenes
            ),
        )


@cache
def classified(film: tuple[str, ...]) -> Film:
    """Make the video, read it, and ask the classifier about every frame."""
    with TemporaryDirectory(prefix="course-lab-") as folder:
        path = make_video(Path(folder) / "film.mp4", film, seconds=SECONDS, rate=RATE, size=(160, 120))
        frames = list(read_frames(path))
    batch = torch.stack([classifier().preprocess(frame.image) for frame in frames])
    with torch.inference_mode():
        rows = torch.cat([classifier().model(part) for part in batch.split(BATCH)])
    return Film([frame.time for frame in frames], [frame.image for frame in frames], rows.softmax(1))


def moving_average(rows: Tensor, window: int, centred: bool) -> Tensor:
    """Mean over ``window`` rows, those around each or those up to it; at the ends over those that there are.

    Args:
        rows: float tensor (N, C).
        window: odd number of rows.
        centred: False takes only the past.
    """
    before, after = (window // 2, window // 2) if centred else (window - 1, 0)
    kernel = torch.ones(1, 1, window)
    sums = functional.conv1d(functional.pad(rows.T[:, None], (before, after)), kernel)[:, 0].T
    there = functional.conv1d(functional.pad(torch.ones(1, 1, len(rows)), (before, after)), kernel)[0, 0]
    return sums / there[:, None]


def changes(names: list[int]) -> int:
    """How often a name is another one than the name before."""
    return sum(1 for _name, _group in groupby(names)) - 1


def _scenes(times: list[float], names: list[int], end: float) -> list[tuple[float, float, int]]:
    starts, kinds, place = [], [], 0
    for name, group in groupby(names):
        starts.append(times[place])
        kinds.append(name)
        place += len(list(group))
    return list(zip(starts, [*starts[1:], end], kinds, strict=True))


def _end(film: Film) -> float:
    return film.times[-1] + 1 / RATE
