"""What several exercises of lesson 06 need: section headings, common mistakes, inputs, small ONNX files."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from helpers.judging import Mistake, mistakes, require
from helpers.judging.compare import Tolerance
from helpers.text import Message, _
from helpers.trials.values import ListSeen, Seen, plain

ANY_SIZE = _("A batch of any size")
MODE = _("The mode is exported too")
SAVE = _("Save and load `.pt2`")
BREAKS = _("What breaks an export, and how to mend it")
ONNX = _("ONNX: one file for every runtime")
RUNTIME = _("Run it with ONNX Runtime")
SAME_NUMBERS = _("The same numbers?")

CLOSE = Tolerance(rtol=1e-3, atol=1e-4)
"""Another library adds up in another order, and a fused BatchNorm rounds once less."""

NO_FILE = Mistake(
    "no-file", _("After your function ran, there was no file at `path`. Write it just there."), SAVE
)
TRAINING_EXPORTED = Mistake(
    "training-exported",
    _(
        "The file behaves as the model does in training mode. Switch the model to evaluation mode before you export "
        "it, with all its parts: `model.eval()`."
    ),
    MODE,
)
MODE_NOT_RESTORED = Mistake(
    "mode-not-restored",
    _(
        "The model is not in the mode in which it came. Note the mode of each of its parts before you switch, and put "
        "each back. (Or export a copy.)"
    ),
    MODE,
)
MODEL_FROZEN = Mistake(
    "model-frozen",
    _(
        "Which parameters require gradients is no longer as before, so the model cannot be trained further as it was. "
        "An export needs no such change."
    ),
    None,
)
FIXED_BATCH = Mistake(
    "fixed-batch",
    _(
        "The file takes only batches of the example's size. Say that dimension 0 is dynamic, with `dynamic_shapes`, "
        "and make sure that the example holds at least two pictures."
    ),
    ANY_SIZE,
)
BATCH_LIMITED = Mistake(
    "batch-limited",
    _("The file takes some batch sizes and refuses others. Give the dimension no `min` and no `max`."),
    ANY_SIZE,
)
GAVE_PROBABILITIES = Mistake(
    "gave-probabilities", _("These are probabilities. The model's own output, the logits, is asked."), None
)


def integer(rng: torch.Generator, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high - 1``."""
    return int(torch.randint(low, high, (), generator=rng))


def seed(rng: torch.Generator) -> int:
    """A seed for a model's recipe."""
    return integer(rng, 0, 2**31 - 1)


def pictures(rng: torch.Generator, count: int, side: int = 6) -> Tensor:
    """A batch of ``count`` normalised pictures."""
    return torch.randn(count, 3, side, side, generator=rng)


def require_untouched(seen: dict[str, Seen], tried: Message) -> None:
    """The model and the tensors that were given are as before the call."""
    require(bool(seen["modes_kept"]), MODE_NOT_RESTORED, tried=tried)
    require(bool(seen["requires_grad_kept"]), MODEL_FROZEN, tried=tried)
    changed = ", ".join(plain(seen["changed"]))
    require(not changed, mistakes.MODEL_CHANGED, tried=tried, observed=_("changed: {names}", names=changed))
    require(bool(seen["batches_kept"]), mistakes.INPUT_CHANGED, tried=tried)


def outputs(seen: Seen) -> list[dict[str, Seen]]:
    """For each batch what a trial saw of its output: ``value`` and ``steady``, or ``error``."""
    return [dict(one.pairs) for one in seen.items] if isinstance(seen, ListSeen) else []


def logits(model: nn.Module, batch: Tensor) -> Tensor:
    """What the model gives, outside any graph."""
    with torch.no_grad():
        return model(batch)


def onnx_classifier(
    layers: dict[str, Tensor],
    names: tuple[str, str],
    batch: int | str,
    extra: list[Any] | None = None,
    constants: dict[str, Tensor] | None = None,
) -> bytes:
    """An ONNX file made without an exporter: convolution, ReLU, mean over the picture, linear layer.

    Args:
        layers: ``conv.weight``, ``conv.bias``, ``linear.weight``, ``linear.bias``, as PyTorch has them, for a 3 × 3
            convolution with padding 1.
        names: of the input and of the output.
        batch: a number, for a file that takes only such batches, or a name.
        extra: nodes that turn ``plain`` into the output; without them ``plain`` is the output.
        constants: tensors that these nodes use, by name.
    """
    from onnx import TensorProto, helper, numpy_helper

    given, wanted = names
    nodes = [
        helper.make_node("Conv", [given, "conv.weight", "conv.bias"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Gemm", ["d", "linear.weight", "linear.bias"], ["plain"], transB=1),
        *(extra or [helper.make_node("Identity", ["plain"], [wanted])]),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info(given, TensorProto.FLOAT, [batch, 3, "height", "width"])],
        [helper.make_tensor_value_info(wanted, TensorProto.FLOAT, [batch, layers["linear.bias"].numel()])],
        [
            numpy_helper.from_array(tensor.detach().numpy(), name)
            for name, tensor in (layers | (constants or {})).items()
        ],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
