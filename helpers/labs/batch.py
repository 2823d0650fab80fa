"""Lab of lesson 04: throughput and latency against the batch size, drawn as they are measured."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

import torch

from helpers.labs.base import Lab, Step
from helpers.labs.controls import Choice
from helpers.labs.shared import classifier_on
from helpers.models import best_device
from helpers.plots import BLUE, GREY, INK, ORANGE
from helpers.text import Message, _
from helpers.timing import format_seconds, measure

ROUNDS = 5
FIRST_LOOK = (1, 2, 4, 8)  # batch sizes, once each, before anything is asked for
NEAR_BEST = 0.9  # of the best throughput: the smallest such batch is the knee
DEVICES = tuple(dict.fromkeys(("cpu", best_device().type)))

Key = tuple[int, str]
"""Side of the pictures, and device."""


class Curve(NamedTuple):
    """What was measured with one size of picture on one device: median seconds of a call by batch size."""

    side: int
    device: str
    seconds: dict[int, float]

    @property
    def throughput(self) -> dict[int, float]:
        """Pictures a second, by batch size."""
        return {size: size / time for size, time in self.seconds.items()}

    @property
    def knee(self) -> int:
        """The smallest batch with nine tenths of the best throughput."""
        best = max(self.throughput.values())
        return next(size for size, speed in self.throughput.items() if speed >= NEAR_BEST * best)


class Curves(NamedTuple):
    """The curve that is asked for, which may be empty yet, the others that were measured before, and the largest batch."""

    asked: Curve
    others: list[Curve]
    largest: int


WHERE = Choice(
    "device",
    _("device"),
    _("Where the model runs."),
    tuple((device, device) for device in DEVICES),
    DEVICES[-1],
)


class BatchSize(Lab):
    """Throughput and latency of the bundled classifier."""

    title = _("Throughput and latency against the batch size")
    controls = (
        Choice(
            "side",
            _("height and width"),
            _("Size of each picture in pixels."),
            ((64, "64"), (128, "128"), (224, "224")),
            64,
        ),
        Choice(
            "largest",
            _("largest batch"),
            _("Batches of 1, 2, 4, and so on, up to this one."),
            tuple((size, str(size)) for size in (8, 16, 32, 64)),
            32,
        ),
        *((WHERE,) if len(DEVICES) > 1 else ()),
    )
    size = (9.0, 3.4)

    def __init__(self) -> None:
        self._times: dict[Key, dict[int, list[float]]] = {}

    def compute(self, side: int, largest: int, device: str = "cpu") -> Curves:
        """What has been measured so far; a first look when that is nothing at all."""
        if not self._times:
            for size in FIRST_LOOK:
                self._time(side, device, size, warmup=1)
        curves = {
            key: Curve(*key, {size: median(found) for size, found in sorted(times.items())})
            for key, times in self._times.items()
        }
        asked = curves.pop((side, device), Curve(side, device, {}))
        return Curves(asked, list(curves.values()), largest)

    def work(self, side: int, largest: int, device: str = "cpu") -> Iterator[Step]:
        """All sizes in turns, so that a machine that slows down slows all of them."""
        self._times.pop((side, device), None)
        sizes = _sizes(largest)
        steps = [(size, turn) for turn in range(ROUNDS) for size in sizes]
        for done, (size, turn) in enumerate(steps, start=1):
            self._time(side, device, size, warmup=1 if turn == 0 else 0)
            yield Step(done, len(steps), _("batches of {size}", size=steps[done % len(steps)][0]))

    def _time(self, side: int, device: str, size: int, warmup: int) -> None:
        model = classifier_on(device)
        batch = torch.zeros(size, 3, side, side, device=device)
        with torch.inference_mode():
            seconds = measure(lambda: model(batch), repeat=1, warmup=warmup)
        self._times.setdefault((side, device), {}).setdefault(size, []).append(seconds)

    def draw(self, figure: Any, result: Curves) -> None:
        """Throughput on the left with its knee, latency on the right; what was measured before in grey."""
        panels = figure.subplots(1, 2)
        for curve, color, style in [
            *((other, GREY, "s:") for other in result.others),
            (result.asked, BLUE, "o-"),
        ]:
            sizes = list(curve.seconds)
            label = f"{curve.side} × {curve.side}, {curve.device}"
            panels[0].plot(sizes, list(curve.throughput.values()), style, color=color, label=label)
            panels[1].plot(
                sizes, [1e3 * time for time in curve.seconds.values()], style, color=color, label=label
            )
        if result.asked.seconds:
            knee = result.asked.knee
            for panel in panels:
                panel.axvline(
                    knee, color=ORANGE, linestyle="--", label=str(_("knee: batches of {knee}", knee=knee))
                )
        else:
            text = str(_("Not measured yet. Press “Measure”."))
            panels[0].text(0.5, 0.5, text, ha="center", color=INK, transform=panels[0].transAxes)
        ticks = _sizes(result.largest)
        titles = [_("throughput (pictures a second)"), _("latency of the call (ms)")]
        for panel, title in zip(panels, titles, strict=True):
            panel.set_xscale("log", base=2)
            panel.set(xlim=(0.9, result.largest * 1.1), ylim=(0, None))
            panel.set_xticks(ticks, list(map(str, ticks)))
            panel.set_title(str(title), fontsize=10, color=INK)
            panel.set_xlabel(str(_("batch size")))
            panel.spines[["top", "right"]].set_visible(False)
        panels[0].legend(frameon=False, fontsize=9)

    def describe(self, result: Curves) -> Message:
        """The knee, and what it costs and gains against single pictures."""
        seconds = result.asked.seconds
        if not seconds:
            return _("Nothing has been measured with these settings. Press “Measure”.")
        knee = result.asked.knee
        return _(
            "Measured: batches of {sizes}. The knee is at {knee}: {ratio:.2f}× the throughput of single pictures. A call takes {time} there, and {single} with one picture.",
            sizes=", ".join(map(str, seconds)),
            knee=knee,
            ratio=result.asked.throughput[knee] * seconds[min(seconds)] / min(seconds),
            time=format_seconds(seconds[knee]),
            single=format_seconds(seconds[min(seconds)]),
        )


def _sizes(largest: int) -> list[int]:
    return [2**power for power in range(largest.bit_length())]
