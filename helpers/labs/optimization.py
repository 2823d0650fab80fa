"""Lab of lesson 07: the ladder, on which the learner chooses the rungs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from torch import Tensor

from helpers.bench.ladder import silence
from helpers.bench.rungs import RUNGS, Missing, Run, Setting
from helpers.images import photo_names
from helpers.labs.base import Lab, Step
from helpers.labs.controls import Choice, Switch
from helpers.labs.shared import classifier, prepared
from helpers.plots import BLUE, GREY, INK, ORANGE
from helpers.text import Message, _
from helpers.timing import measure

NAIVE = "naive"
ROUNDS = 5
FIRST_LOOK = 2  # rounds, before anything is asked for
CALIBRATION = 8  # photos that set the ranges of int8
FEWER_BITS = ("bf16", "int8")
_SLOW = _("Compiles first, for up to a minute; Cancel waits for it.")
_PLAIN = _("Measure it, or leave it out.")
# by argument: the rung of helpers.bench.rungs, what it is called here, what is said about it, whether it is on
_CHOICES = {
    "no_grad": ("loop, no_grad", _("loop, no_grad"), _PLAIN, True),
    "batch": ("batch, inference_mode", _("batch, inference_mode"), _PLAIN, True),
    "channels": ("+ channels_last", "+ channels_last", _PLAIN, True),
    "fused": ("+ Conv-BN fused", "+ Conv-BN fused", _PLAIN, True),
    "compiled": ("torch.compile", "torch.compile", _SLOW, False),
    "bf16": ("bf16 weights", _("bf16 weights"), _PLAIN, True),
    "onnx": ("ONNX Runtime fp32", "ONNX Runtime", _("Exports first, for some seconds; Cancel waits for it."), False),
    "int8": ("ONNX Runtime int8, QDQ u8s8", "ONNX Runtime int8", _("Exports and quantises first; Cancel waits for it."), False),
}  # fmt: skip
LABELS = {NAIVE: _("naive loop"), **{name: label for name, (_rung, label, _tip, _on) in _CHOICES.items()}}
_RUNG_OF = {NAIVE: "naive loop", **{name: rung for name, (rung, *_rest) in _CHOICES.items()}}
_BUILD = {rung.name: rung.build for rung in RUNGS}


class Bar(NamedTuple):
    """One rung.

    Attributes:
        name: of the rung here.
        ratio: how many times as fast as the naive loop; None when it was not measured.
        error: largest difference of a logit to the naive loop's.
        same: for how many pictures the likeliest category is the same.
        missing: why it cannot run on this machine.
    """

    name: str
    ratio: float | None = None
    error: float = 0.0
    same: int = 0
    missing: str = ""


class Climbed(NamedTuple):
    """The chosen rungs, the naive loop first, and the batch size."""

    bars: list[Bar]
    pictures: int


class Ladder(Lab):
    """Each rung's measured ratio to the naive loop, with its numerical difference."""

    title = _("The ladder: how many times as fast as the naive loop")
    controls = (
        *(Switch(name, label, tip, on) for name, (_rung, label, tip, on) in _CHOICES.items()),
        Choice(
            "pictures",
            _("pictures in the batch"),
            _("How many are answered in one call."),
            tuple((size, str(size)) for size in (1, 4, 8)),
            4,
        ),
    )
    size = (9.0, 3.8)

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="course-lab-")
        self._settings: dict[int, Setting] = {}
        self._runs: dict[tuple[int, str], Run] = {}
        self._missing: dict[str, str] = {}
        self._logits: dict[tuple[int, str], Tensor] = {}
        self._times: dict[int, dict[str, list[float]]] = {}

    @cached_property
    def _photos(self) -> Tensor:
        return torch.stack([prepared(name) for name in photo_names()])

    def compute(self, pictures: int, **rungs: bool) -> Climbed:
        """What has been measured of the chosen rungs; a first look when that is nothing at all."""
        chosen = _chosen(rungs)
        if not self._times:
            for name in chosen:
                self._build(pictures, name)
            for _round in range(FIRST_LOOK):
                for name in chosen:
                    self._time(pictures, name)
        return Climbed([self._bar(pictures, name) for name in chosen], pictures)

    def work(self, pictures: int, **rungs: bool) -> Iterator[Step]:
        """Build what is not built yet, then time all in turns."""
        chosen = _chosen(rungs)
        self._times[pictures] = {}
        total, done = len(chosen) * (1 + ROUNDS), 0
        for name in chosen:
            yield Step(done, total, _("building: {rung}", rung=LABELS[name]))
            self._build(pictures, name)
            done += 1
        for turn in range(ROUNDS):
            for name in chosen:
                self._time(pictures, name)
                done += 1
            yield Step(done, total, _("round {turn} of {rounds}", turn=turn + 1, rounds=ROUNDS))

    def _build(self, pictures: int, name: str) -> None:
        if (pictures, name) in self._runs or name in self._missing:
            return
        if pictures not in self._settings:
            self._settings[pictures] = Setting(
                classifier().model,
                self._photos[:pictures],
                self._photos[-CALIBRATION:],
                torch.get_num_threads(),
                Path(self._folder.name),
            )
        setting = self._settings[pictures]
        try:
            with silence():
                run = _BUILD[_RUNG_OF[name]](setting)
                self._logits[pictures, name] = run(setting.batch).detach()
        except Missing as reason:
            self._missing[name] = str(reason)
        except Exception as error:  # a compiler can fail in any way, and the other rungs still count
            self._missing[name] = type(error).__name__
        else:
            self._runs[pictures, name] = run

    def _time(self, pictures: int, name: str) -> None:
        run = self._runs.get((pictures, name))
        if run is not None:
            seconds = measure(lambda: run(self._settings[pictures].batch), repeat=1, warmup=0)
            self._times.setdefault(pictures, {}).setdefault(name, []).append(seconds)

    def _bar(self, pictures: int, name: str) -> Bar:
        times = self._times.get(pictures, {})
        if name not in times:
            return Bar(name, missing=self._missing.get(name, ""))
        logits, reference = self._logits[pictures, name], self._logits[pictures, NAIVE]
        return Bar(
            name,
            median(times[NAIVE]) / median(times[name]),
            (logits - reference).abs().max().item(),
            int((logits.argmax(1) == reference.argmax(1)).sum()),
        )

    def draw(self, figure: Any, result: Climbed) -> None:
        """A bar for each chosen rung; fewer bits are hatched."""
        axes = figure.subplots()
        widest = max((bar.ratio or 0) for bar in result.bars) or 1
        for place, bar in enumerate(result.bars):
            if bar.ratio is None:
                words = bar.missing or _("not measured yet: press “Measure”")
                axes.text(0.02 * widest, place, str(words), va="center", fontsize=9, color=GREY)
                continue
            low = bar.name in FEWER_BITS
            axes.barh(
                place, bar.ratio, color=ORANGE if low else BLUE, hatch="//" if low else "", edgecolor="white"
            )
            words = _(
                "{ratio:.2f}×, largest difference {error:.0e}, same Top-1 {same} of {pictures}",
                ratio=bar.ratio, error=bar.error, same=bar.same, pictures=result.pictures,
            )  # fmt: skip
            axes.text(bar.ratio + 0.01 * widest, place, str(words), va="center", fontsize=9, color=INK)
        axes.axvline(1, color=INK, linewidth=0.8)
        axes.set_yticks(range(len(result.bars)), [str(LABELS[bar.name]) for bar in result.bars])
        axes.set(xlim=(0, widest * 1.9), ylim=(8.6, -0.6))
        axes.set_xlabel(str(_("times as fast as the naive loop (hatched: fewer bits)")))
        axes.spines[["top", "right"]].set_visible(False)

    def describe(self, result: Climbed) -> Message:
        """Each rung with its ratio and difference."""
        rows = []
        for bar in result.bars[1:]:
            if bar.ratio is None:
                rows.append(
                    _("{rung}: {why}", rung=LABELS[bar.name], why=bar.missing or _("not measured yet"))
                )
            else:
                rows.append(
                    _(
                        "{rung}: {ratio:.2f}×, largest difference {error:.0e}",
                        rung=LABELS[bar.name],
                        ratio=bar.ratio,
                        error=bar.error,
                    )
                )
        return _("Against the naive loop. {rows}.", rows="; ".join(map(str, rows)))


def _chosen(rungs: dict[str, bool]) -> list[str]:
    return [NAIVE, *(name for name in _CHOICES if rungs[name])]
