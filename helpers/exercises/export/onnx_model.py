"""export-4: a class that uses any ONNX classifier: names, dtype, one picture, a fixed batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.exercises.export.shared import (
    CLOSE,
    GAVE_PROBABILITIES,
    RUNTIME,
    integer,
    onnx_classifier,
    pictures,
)
from helpers.judging import Exercise, Mistake, Part, equal, fail, mistakes, require
from helpers.judging.answers import Stopped, Witness
from helpers.text import Message, _
from helpers.trials import export as trials
from helpers.trials.runner import Raised
from helpers.trials.values import ListSeen, Seen, TensorSeen

NAMES_GUESSED = Mistake(
    "names-guessed",
    _(
        "ONNX Runtime knows no input or output of the name that you gave. Ask the session: `session.get_inputs()[0].name`. For the outputs, `None` means all of them."
    ),
    RUNTIME,
)
NO_BATCH = Mistake(
    "no-batch",
    _("A single picture reached ONNX Runtime without a batch dimension, and was refused. Add one in front."),
    RUNTIME,
)
NOT_FLOAT32 = Mistake(
    "not-float32",
    _(
        "ONNX Runtime was given another dtype than float32. It converts nothing by itself: do that before, with `.float()`."
    ),
    RUNTIME,
)
NUMPY_REFUSED = Mistake(
    "numpy-refused",
    _(
        "`numpy()` refused the tensor: NumPy has no bfloat16 and no gradients. First `.detach()` and `.float()`, then `.numpy()`."
    ),
    RUNTIME,
)
A_TENSOR_GIVEN = Mistake(
    "a-tensor-given",
    _("ONNX Runtime was given a torch tensor. It takes NumPy arrays: `.numpy()`."),
    RUNTIME,
)
FILE_READ_AGAIN = Mistake(
    "file-read-again",
    _(
        "The file was read when the object was called: it was gone by then. Make the session in `__init__`, once; it is the expensive part."
    ),
    RUNTIME,
)
AN_ARRAY = Mistake(
    "an-array", _("You returned a NumPy array. A tensor is asked: `torch.from_numpy(…)`."), RUNTIME
)
A_LIST = Mistake(
    "a-list", _("You returned what `run` returns, a list with all outputs. Take the first of them."), RUNTIME
)
BATCH_DROPPED = Mistake(
    "batch-dropped",
    _("For one picture the result has shape (C,). It, too, is a batch: (1, C) is asked."),
    RUNTIME,
)
FIXED_IGNORED = Mistake(
    "fixed-ignored",
    _(
        "This file takes only batches of {size}, and you gave another number. Look at `session.get_inputs()[0].shape[0]`: where it is a number, give portions of this size."
    ),
    RUNTIME,
)
FILLING_LEFT = Mistake(
    "filling-left",
    _(
        "The result has rows for pictures that nobody gave: drop what belongs to the filling of the last portion."
    ),
    RUNTIME,
)
LAST_DROPPED = Mistake(
    "last-dropped",
    _("The last portion, which is not full, is missing from the result. Fill it up, with zeros for example."),
    RUNTIME,
)
FIRST_ONLY = Mistake(
    "first-only", _("Only the first portion is in the result. Go on until all are done."), RUNTIME
)


class _File:
    """An ONNX file with random weights and names, and what it gives."""

    def __init__(self, rng: torch.Generator, batch: int | str) -> None:
        channels, classes = integer(rng, 5, 9), integer(rng, 6, 10)
        self.layers = {
            "conv.weight": torch.randn(channels, 3, 3, 3, generator=rng),
            "conv.bias": torch.randn(channels, generator=rng),
            "linear.weight": torch.randn(classes, channels, generator=rng),
            "linear.bias": torch.randn(classes, generator=rng),
        }
        names = f"in_{integer(rng, 10, 99)}", f"out_{integer(rng, 10, 99)}"
        self.batch = batch
        self.bytes = onnx_classifier(self.layers, names, batch)

    def logits(self, batch: Tensor) -> Tensor:
        x = F.conv2d(batch, self.layers["conv.weight"], self.layers["conv.bias"], padding=1).relu()
        return F.linear(x.mean(dim=(2, 3)), self.layers["linear.weight"], self.layers["linear.bias"])


def _judge_calls(
    answer: Witness, file: _File, calls: list[Tensor], layouts: list[str], tried: list[Message]
) -> None:
    record = answer.attempt(trials.use_onnx_model, file=file.bytes, calls=calls, layouts=layouts)
    whole = _("a file with input and output names of its own")
    if isinstance(record, Raised):
        mistake = _refused(record, file)
        if mistake is None:
            raise Stopped(record)
        first = record.message.strip().splitlines()[0] if record.message.strip() else ""
        fail(mistake, tried=whole, observed=_("{type}: {message}", type=record.type, message=first))
    seen = record.values
    for given, value, case in zip(calls, seen["values"].items, tried, strict=True):
        batch = given if given.ndim == 4 else given[None]
        right = file.logits(batch.float())
        _judge_value(value, right, file, case)
    require(bool(seen["kept"]), mistakes.INPUT_CHANGED, tried=whole)


def _judge_value(value: Seen, right: Tensor, file: _File, tried: Message) -> None:
    rows = value.data.shape[0] if isinstance(value, TensorSeen) and value.data.ndim else 0
    step = file.batch if isinstance(file.batch, int) else 0
    full = len(right) // step * step if step else 0
    equal(
        value,
        right,
        tried=tried,
        tolerance=CLOSE,
        grad=False,
        device="cpu",
        recognise=[
            (AN_ARRAY, isinstance(value, TensorSeen) and value.array),
            (A_LIST, isinstance(value, ListSeen)),
            (BATCH_DROPPED, len(right) == 1 and isinstance(value, TensorSeen) and value.data.ndim == 1),
            (FILLING_LEFT, bool(step) and rows > len(right) and rows % step == 0),
            (LAST_DROPPED, bool(step) and step < len(right) and rows == full),
            (LAST_DROPPED, bool(step) and step > len(right) and rows == 0),
            (FIRST_ONLY, bool(step) and rows == step < full),
        ],
        wrong=[(GAVE_PROBABILITIES, right.softmax(1))],
    )


def _refused(record: Raised, file: _File) -> Mistake | None:
    """The mistake behind an error of ONNX Runtime's or NumPy's, None when it is some other error."""
    text = record.message
    if "but got BFloat16" in text or "BFloat16" in text or "requires grad" in text:
        return NUMPY_REFUSED
    if "Required inputs" in text or "Invalid input name" in text or "Invalid output name" in text:
        return NAMES_GUESSED
    if "Invalid rank" in text:
        return NO_BATCH
    if "Unexpected input data type" in text:
        return NOT_FLOAT32
    if "list of dictionaries or a single numpy array" in text:
        return A_TENSOR_GIVEN
    if "NO_SUCHFILE" in text or (record.type == "FileNotFoundError"):
        return FILE_READ_AGAIN
    if "index: 0" in text and isinstance(file.batch, int):
        return FIXED_IGNORED(size=file.batch)
    return None


def _judge_batches(answer: Witness, rng: torch.Generator) -> None:
    calls = [pictures(rng, 3), pictures(rng, 1)[0], pictures(rng, 1), pictures(rng, 6, side=9)]
    tried = [
        _("a batch of {n}", n=3),
        _("one picture of shape (3, H, W)"),
        _("a batch of {n}", n=1),
        _("a batch of {n}", n=6),
    ]
    _judge_calls(answer, _File(rng, "batch"), calls, ["plain"] * len(calls), tried)


def _judge_dtypes(answer: Witness, rng: torch.Generator) -> None:
    calls = [
        pictures(rng, 2).double(),
        pictures(rng, 2),
        pictures(rng, 2),
        pictures(rng, 2),
        pictures(rng, 2).half(),
        pictures(rng, 2).bfloat16(),
    ]
    layouts = ["plain", "channels_last", "flipped", "tracked", "plain", "tracked"]
    tried = [
        _("a float64 batch"),
        _("a batch in channels_last layout"),
        _("a batch that is a strided view"),
        _("a batch that requires gradients"),
        _("a float16 batch"),
        _("a bfloat16 batch that requires gradients"),
    ]
    _judge_calls(answer, _File(rng, "batch"), calls, layouts, tried)


def _judge_fixed(answer: Witness, rng: torch.Generator) -> None:
    for size in (4, 3, 1):
        counts = [4, 1, 3, 12, 6, 13]  # 12 before 6: to tell the first portion only from the last one dropped
        calls = [*[pictures(rng, count) for count in counts], pictures(rng, 1)[0]]
        tried = [
            *[
                _("{n} pictures, and a file that takes only batches of {size}", n=n, size=size)
                for n in counts
            ],
            _("one picture of shape (3, H, W), and a file that takes only batches of {size}", size=size),
        ]
        _judge_calls(answer, _File(rng, size), calls, ["plain"] * len(calls), tried)


EXERCISE = Exercise(
    id="export-4",
    title=_("Any ONNX classifier in a class"),
    answer="OnnxModel",
    kind="class",
    limit=30,
    parts=(
        Part(_("a batch, one picture"), 2, _judge_batches),
        Part(_("other dtypes and layouts"), 1, _judge_dtypes, needs=("a batch, one picture",)),
        Part(_("a file with a fixed batch"), 2, _judge_fixed, needs=("a batch, one picture",)),
    ),
    hints=(
        _(
            "In `__init__` make the session and note `self.input = session.get_inputs()[0]`: it has a `name` and a `shape`, whose first entry is a number or a name."
        ),
        _(
            "In `__call__`: `batch = images.detach().cpu().float()`, with a dimension added in front where `batch.ndim == 3`. Then "
            "`self.session.run(None, {self.input.name: batch.numpy()})[0]` is the array of logits."
        ),
        _(
            "For a fixed batch of `size`: go through `batch.split(size)`, fill a short portion with `torch.cat([portion, portion.new_zeros(size - n, *portion.shape[1:])])`, "
            "keep `[:n]` of each result, and `torch.cat` them all."
        ),
    ),
    explanation=_(
        "All that a file demands of its user stands in the file: names, dtypes, shapes. A class that asks the session works with files it has never seen. ONNX Runtime "
        "converts nothing and guesses nothing, which is good: every mistake is an error. The filling of a short portion changes no other row, because in evaluation mode the "
        "pictures of a batch do not influence each other."
    ),
    mistakes=(
        NAMES_GUESSED,
        NO_BATCH,
        NOT_FLOAT32,
        NUMPY_REFUSED,
        A_TENSOR_GIVEN,
        FILE_READ_AGAIN,
        AN_ARRAY,
        A_LIST,
        BATCH_DROPPED,
        GAVE_PROBABILITIES,
        FIXED_IGNORED,
        FILLING_LEFT,
        LAST_DROPPED,
        FIRST_ONLY,
    ),
)
