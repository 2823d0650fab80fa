"""Lab of lesson 06: one picture through PyTorch, the exported program and ONNX Runtime."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import onnx
import torch
from matplotlib.patches import Rectangle
from PIL import Image
from torch import Tensor, nn

from helpers.bench.ladder import silence
from helpers.labs.base import Lab
from helpers.labs.controls import Photo, Slider, Switch
from helpers.labs.shared import classifier
from helpers.models import Prediction, top_predictions
from helpers.plots import AMBER, BLUE, GREEN, GREY, INK, ORANGE
from helpers.text import Message, _

SHOWN_NODES = 9
LOWEST = -10  # power of ten at the left end of the differences
TOLERANCE = 1e-4  # of the largest logit, as in the lesson
NAMES = {
    "pytorch": "PyTorch",
    "program": "torch.export",
    "onnx": "ONNX Runtime",
}
PAIRS = (("program", "pytorch"), ("onnx", "pytorch"), ("onnx", "program"))


class Node(NamedTuple):
    """One operation of the ONNX graph: where its inputs come from, by number, and what it is called."""

    number: int
    kind: str
    detail: str
    sources: tuple[int, ...]


class Exported(NamedTuple):
    """The classifier in its three forms, and the graph of the last one."""

    program: nn.Module
    file: bytes
    nodes: tuple[Node, ...]


class Compared(NamedTuple):
    """One picture's logits in each form, the first answer of each, and a piece of the graph."""

    logits: dict[str, Tensor]
    first: dict[str, Prediction]
    nodes: tuple[Node, ...]
    count: int

    def difference(self, one: str, other: str) -> Tensor:
        """Absolute differences of the logits of two forms."""
        return (self.logits[one] - self.logits[other]).abs()

    @property
    def tolerance(self) -> float:
        """The largest difference that the lesson accepts."""
        return TOLERANCE * self.logits["pytorch"].abs().max().item()


class Forms(Lab):
    """The same picture through three forms of one model."""

    title = _("One picture through three forms of the model")
    controls = (
        Photo("photo", _("photo"), _("What all three are asked about."), "coffee"),
        Slider("noise", _("noise"), _("Added to the prepared picture; 1 is about as much as the picture itself."), 0.0, 4.0, 0.1, 0.0),
        Switch("optimised", _("ONNX Runtime optimises"), _("Off: the operations run as they stand in the file."), True),
        Slider("node", _("graph from operation"), _("The first of the operations that are drawn."), 0, 85, 1, 0),
    )  # fmt: skip
    size = (9.0, 4.8)

    def compute(self, photo: Image.Image, noise: float, optimised: bool, node: int) -> Compared:
        """Ask all three, and take a piece of the graph."""
        made = exported()
        pixels = classifier().preprocess(photo)[None]
        pixels = pixels + noise * torch.randn(pixels.shape, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            logits = {
                "pytorch": classifier().model(pixels)[0],
                "program": made.program(pixels)[0],
                "onnx": torch.from_numpy(session(optimised).run(None, {"pixels": pixels.numpy()})[0])[0],
            }
        first = {
            name: top_predictions(row[None], classifier().categories, 1)[0][0] for name, row in logits.items()
        }
        start = min(node, len(made.nodes) - SHOWN_NODES)
        return Compared(logits, first, made.nodes[start : start + SHOWN_NODES], len(made.nodes))

    def draw(self, figure: Any, result: Compared) -> None:
        """Differences on a logarithmic scale, the answers, and a piece of the graph."""
        grid = figure.add_gridspec(2, 2, height_ratios=[1.5, 1], width_ratios=[1.6, 1])
        _draw_differences(figure.add_subplot(grid[0, 0]), result)
        answers = figure.add_subplot(grid[0, 1])
        answers.axis("off")
        for row, (name, found) in enumerate(result.first.items()):
            answers.text(0, 0.85 - 0.34 * row, NAMES[name], fontsize=10, color=GREY, va="top")
            answers.text(
                0,
                0.74 - 0.34 * row,
                f"{found.category}  {found.probability:.6f}",
                fontsize=11,
                color=INK,
                va="top",
            )
        _draw_graph(figure.add_subplot(grid[1, :]), result)

    def describe(self, result: Compared) -> Message:
        """The answers, and how far apart the logits are at most."""
        limit = result.tolerance
        worst = max(result.difference(*pair).max().item() for pair in PAIRS)
        same = len({found.index for found in result.first.values()}) == 1
        return _(
            "{names}: {answer}. The largest difference of two logits is {verdict} the tolerance. Drawn below: operations {first} to {last} of {count} in the ONNX file: {kinds}.",
            names=", ".join(NAMES.values()),
            answer=_("all say {category}", category=result.first["pytorch"].category) if same else _("they do not agree"),
            verdict=_("below") if worst <= limit else _("above"),
            first=result.nodes[0].number,
            last=result.nodes[-1].number,
            count=result.count,
            kinds=", ".join(node.kind for node in result.nodes),
        )  # fmt: skip


@cache
def exported() -> Exported:
    """The classifier, exported once. It takes some seconds, most of them for the ONNX file."""
    model = classifier().model
    example = torch.zeros(2, 3, 224, 224)
    with silence():
        program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        file = torch.onnx.export(program, input_names=["pixels"], output_names=["logits"], verbose=False)
    proto = file.model_proto
    return Exported(program.module(), proto.SerializeToString(), tuple(_nodes(proto.graph)))


@cache
def session(optimised: bool) -> Any:
    """ONNX Runtime with the exported file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(exported().file, options, providers=["CPUExecutionProvider"])


def _nodes(graph: onnx.GraphProto):
    shapes = {each.name: tuple(each.dims) for each in graph.initializer}
    made_by: dict[str, int] = {}
    for number, node in enumerate(graph.node):
        sources = tuple(made_by[name] for name in node.input if name in made_by)
        weight = next((shapes[name] for name in node.input if len(shapes.get(name, ())) in (2, 4)), ())
        detail = ""
        if len(weight) == 4:
            groups = next((each.i for each in node.attribute if each.name == "group"), 1)
            detail = f"{weight[2]}×{weight[3]}, {weight[1] * groups}→{weight[0]}"
        yield Node(number, node.op_type, detail, sources)
        made_by |= dict.fromkeys(node.output, number)


def _draw_differences(axes: Any, result: Compared) -> None:
    powers = torch.linspace(LOWEST, 0, 61)
    for row, (pair, color) in enumerate(zip(PAIRS, (GREEN, BLUE, AMBER), strict=True)):
        found = result.difference(*pair)
        apart = found[found > 0].clamp(min=1.01 * 10.0**LOWEST, max=0.99)
        share = torch.histogram(apart.log10(), powers).hist / len(found)
        axes.stairs(2.4 * share - row, powers, baseline=-row, fill=True, color=color)
        axes.axhline(-row, color=GREY, linewidth=0.6)
        equal = (found == 0).float().mean().item()
        axes.text(
            LOWEST + 0.1, 0.5 - row,
            str(_("{one} – {other}\nexactly equal: {equal:.0%}", one=NAMES[pair[0]], other=NAMES[pair[1]], equal=equal)),
            fontsize=9, color=INK, va="center",
        )  # fmt: skip
    tolerance = torch.tensor(result.tolerance).log10().item()
    axes.axvline(tolerance, color=ORANGE, linestyle="--")
    axes.text(tolerance + 0.1, 0.85, str(_("tolerance")), color=ORANGE, fontsize=9, va="top")
    axes.set(xlim=(LOWEST, 0), ylim=(-2.1, 1), yticks=[], xticks=range(LOWEST, 1, 2))
    axes.set_xticklabels([f"{10.0**power:g}" for power in range(LOWEST, 1, 2)])
    axes.set_xlabel(str(_("difference of a logit")))
    axes.spines[["top", "right", "left"]].set_visible(False)


def _draw_graph(axes: Any, result: Compared) -> None:
    first = result.nodes[0].number
    for place, node in enumerate(result.nodes):
        busy = node.kind in ("Conv", "Gemm")
        axes.add_patch(
            Rectangle((place + 0.08, 0), 0.84, 0.6, facecolor="#d6e9f5" if busy else "white", edgecolor=BLUE)
        )
        axes.text(place + 0.5, 0.38, node.kind, ha="center", va="center", fontsize=9, color=INK)
        axes.text(place + 0.5, 0.16, node.detail, ha="center", va="center", fontsize=7, color=INK)
        axes.text(place + 0.5, -0.12, str(node.number), ha="center", va="center", fontsize=8, color=GREY)
        for source in node.sources:
            start = max(source - first, -1) + 0.92
            if node.number - source == 1:
                axes.plot([start, place + 0.08], [0.3, 0.3], color=GREY, linewidth=1.5)
            else:  # past the operations between
                axes.plot(
                    [start - 0.2, start - 0.2, place + 0.3, place + 0.3],
                    [0.6, 0.9, 0.9, 0.6],
                    color=ORANGE,
                    linewidth=1.5,
                )
    axes.set(xlim=(-0.05, SHOWN_NODES + 0.05), ylim=(-0.25, 1.0))
    axes.axis("off")
