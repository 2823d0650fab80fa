"""Lab of lesson 05: one number's bits, and one model's answers, in three formats."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cached_property
from statistics import median
from typing import Any, NamedTuple

import torch
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from helpers.labs.base import Lab, Step
from helpers.labs.controls import Choice, photo_choice
from helpers.labs.shared import classifier, course_photo
from helpers.plots import AMBER, BLUE, INK, ORANGE
from helpers.text import Message, _
from helpers.timing import measure

FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
EXPONENT = {"float32": 8, "bfloat16": 8, "float16": 5}
COLORS = {"float32": BLUE, "bfloat16": ORANGE, "float16": AMBER}
HATCHES = {"float32": "", "bfloat16": "", "float16": "//"}
NUMBERS = (torch.pi, 1 / 3, 1.0, 257.0, 2049.0, 65504.0, 65520.0, 1e5, 3.4e38, 1e-5, 1e-8)
VIEWS = 6
ROUNDS = 4
MIB = 2**20


class Bits(NamedTuple):
    """How a format stores a number."""

    text: str
    stored: float


class Answers(NamedTuple):
    """The number and the model in each format.

    Attributes:
        bits: of the number, by format.
        errors: absolute differences of the logits from float32's, by format (the two of 16 bits).
        flips: for how many views the likeliest category is another one.
        weights: bytes of the weights.
        seconds: median time of a call.
    """

    bits: dict[str, Bits]
    errors: dict[str, Tensor]
    flips: dict[str, int]
    weights: dict[str, int]
    seconds: dict[str, float]

    def ratio(self, name: str) -> float:
        """How many times as fast as float32."""
        return self.seconds["float32"] / self.seconds[name]


class Precision(Lab):
    """float32, bfloat16 and float16 side by side."""

    title = _("Three formats: one number, and one model's answers")
    controls = (
        Choice(
            "number",
            _("number"),
            _("Its bits are shown, and the value that is stored."),
            tuple((value, f"{value:.8g}") for value in NUMBERS),
            torch.pi,
        ),
        photo_choice("photo", _("photo"), _("The model is asked about six parts of it."), "cat"),
    )
    size = (9.0, 4.6)

    def __init__(self) -> None:
        self._times: dict[str, list[float]] = {name: [] for name in FORMATS}
        self._logits: dict[str, dict[str, Tensor]] = {}

    @cached_property
    def _models(self) -> dict[str, nn.Module]:
        return {name: copy.deepcopy(classifier().model).to(dtype) for name, dtype in FORMATS.items()}

    def compute(self, number: float, photo: str) -> Answers:
        """The bits anew; a photo's logits when it is asked about for the first time."""
        if photo not in self._logits:
            batch = views(photo)
            self._logits[photo] = {name: self._call(name, batch).float() for name in FORMATS}
        if not self._times["float32"]:
            self._measure_once(views(photo)[:1])
        logits = self._logits[photo]
        exact = logits["float32"]
        low = [name for name in FORMATS if name != "float32"]
        return Answers(
            {name: bits(number, name) for name in FORMATS},
            {name: (logits[name] - exact).abs().flatten() for name in low},
            {name: int((logits[name].argmax(1) != exact.argmax(1)).sum()) for name in FORMATS},
            {name: sum(each.nbytes for each in model.parameters()) for name, model in self._models.items()},
            {name: median(times) for name, times in self._times.items()},
        )

    def work(self, number: float, photo: str) -> Iterator[Step]:
        """Time one picture in all three formats, in turns."""
        self._times = {name: [] for name in FORMATS}
        batch = views(photo)[:1]
        for turn in range(ROUNDS):
            self._measure_once(batch)
            yield Step(turn + 1, ROUNDS, _("one picture in each format"))

    def _measure_once(self, batch: Tensor) -> None:
        for name in FORMATS:
            self._times[name].append(measure(lambda name=name: self._call(name, batch), repeat=1, warmup=1))

    def _call(self, name: str, batch: Tensor) -> Tensor:
        with torch.inference_mode():
            return self._models[name](batch.to(FORMATS[name]))

    def draw(self, figure: Any, result: Answers) -> None:
        """The bits above; below the errors, and what each format costs."""
        grid = figure.add_gridspec(2, 2, height_ratios=[1, 1.25], width_ratios=[1.35, 1])
        _draw_bits(figure.add_subplot(grid[0, :]), result.bits)
        errors = figure.add_subplot(grid[1, 0])
        powers = torch.linspace(-6, 1, 43)  # a logarithmic axis with all its small ticks is slow to draw
        for name, found in result.errors.items():
            share = torch.histogram(found.clamp(1.01e-6, 9.9).log10(), powers).hist / len(found)
            errors.stairs(
                share,
                powers,
                color=COLORS[name],
                fill=True,
                alpha=0.6,
                hatch=HATCHES[name] or None,
                label=name,
            )
        errors.set(xlim=(-6, 1), yticks=[], xticks=range(-6, 2))
        errors.set_xticklabels([f"{10.0**power:g}" for power in range(-6, 2)])
        errors.set_xlabel(str(_("error of a logit, against float32")))
        errors.legend(frameon=False, loc="upper left")
        errors.spines[["top", "right", "left"]].set_visible(False)
        _draw_costs(figure.add_subplot(grid[1, 1]), result)

    def describe(self, result: Answers) -> Message:
        """What is stored, the largest errors, how many answers flip, bytes and speed."""
        stored = ", ".join(f"{name} {found.stored:.8g}" for name, found in result.bits.items())
        costs = "; ".join(
            str(
                _(
                    "{name}: largest error of a logit {error:.3f}, another Top-1 for {flips} of {views} views, {size:.0f} MiB of weights, {ratio:.2f}× as fast",
                    name=name,
                    error=result.errors[name].max().item(),
                    flips=result.flips[name],
                    views=VIEWS,
                    size=result.weights[name] / MIB,
                    ratio=result.ratio(name),
                )
            )
            for name in result.errors
        )
        return _("Stored: {stored}. {costs}.", stored=stored, costs=costs)


def bits(value: float, name: str) -> Bits:
    """The bits of a number in a format, and the number that they mean."""
    tensor = torch.tensor(value, dtype=torch.float64).to(FORMATS[name])
    width = 8 * tensor.itemsize
    whole = tensor.view(torch.int32 if width == 32 else torch.int16).item()
    return Bits(format(whole % 2**width, f"0{width}b"), tensor.item())


def views(name: str) -> Tensor:
    """A photo, parts of it, and it mirrored, as one batch."""
    picture = course_photo(name)
    width, height = picture.size
    boxes = [
        (0, 0, width, height),
        (0, 0, width * 3 // 4, height * 3 // 4),
        (width // 4, 0, width, height * 3 // 4),
        (0, height // 4, width * 3 // 4, height),
        (width // 4, height // 4, width, height),
    ]
    parts = [picture.crop(box) for box in boxes]
    return torch.stack([classifier().preprocess(part) for part in [*parts, picture.transpose(0)]])


def _draw_bits(axes: Any, found: dict[str, Bits]) -> None:
    """One text for each part of each number: a box for each bit would take longer than all the rest."""
    for row, (name, each) in enumerate(found.items()):
        ends = (0, 1, 1 + EXPONENT[name], len(each.text))
        for part, (color, face) in enumerate(((INK, "#dddddd"), (ORANGE, "#fbe3d3"), (BLUE, "#d6e9f5"))):
            start, end = ends[part : part + 2]
            axes.add_patch(
                Rectangle(
                    (start + 0.05, row),
                    end - start - 0.1,
                    0.72,
                    facecolor=face,
                    edgecolor=color,
                    linewidth=1.5,
                )
            )
            spaced = " ".join(each.text[start:end])
            axes.text(
                (start + end) / 2,
                row + 0.4,
                spaced,
                ha="center",
                va="center",
                family="monospace",
                fontsize=10.5,
                color=INK,
            )
            if row == 0:
                label = (_("sign"), _("exponent"), _("fraction"))[part]
                axes.text((start + end) / 2, -0.25, str(label), ha="center", fontsize=9, color=color)
        axes.text(32.6, row + 0.36, f"{each.stored:.8g}", va="center", fontsize=10, color=INK)
    axes.set(xlim=(-0.6, 38.5), ylim=(2.8, -0.8), xticks=[], yticks=[0.36, 1.36, 2.36])
    axes.set_yticklabels(list(found))
    axes.spines[:].set_visible(False)


def _draw_costs(axes: Any, result: Answers) -> None:
    rows = [
        [
            name,
            str(_("{flips} of {views}", flips=result.flips[name], views=VIEWS)),
            f"{result.weights[name] / MIB:.0f} MiB",
            f"{result.ratio(name):.2f}×",
        ]
        for name in FORMATS
    ]
    heads = ["", _("other Top-1"), _("weights"), _("speed")]
    table = axes.table(
        cellText=rows, colLabels=list(map(str, heads)), loc="center", cellLoc="center", edges="horizontal"
    )
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    table.scale(1, 1.7)
    axes.axis("off")
