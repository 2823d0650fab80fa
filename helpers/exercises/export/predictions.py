"""The questions of lesson 06 that are answered before a cell is run."""

from __future__ import annotations

from helpers.judging import Prediction
from helpers.text import _

PREDICTIONS = (
    Prediction(
        id="export-q1",
        question=_(
            "A model is exported with an example of 2 pictures, and nothing is said about sizes. What does the program do with 3 pictures?"
        ),
        options=(
            _("It works: a model takes any batch size, and so does its program."),
            _("It refuses them with an error."),
            _("It gives logits for the first 2 and drops the third."),
        ),
        right=1,
        because=_(
            "Every size of the example becomes a constant of the program, unless you declare it dynamic. The program checks its input when it is called, so you get an error and "
            "not a wrong answer."
        ),
    ),
    Prediction(
        id="export-q2",
        question=_(
            "`torch.jit.trace` gets the gate and a bright batch as its example. What does the traced gate do with a dark batch?"
        ),
        options=(
            _("It raises an error, as `torch.export` did."),
            _("It sends it through the dark branch: the `if` was traced too."),
            _("It sends it through the bright branch, without an error."),
        ),
        right=2,
        because=_(
            "A trace runs the model once and writes down the operations on tensors. The `if` is Python, not an operation, and leaves no mark: only what happened for the example is "
            "written down. A warning says so, once, while the trace is made, and never again."
        ),
    ),
    Prediction(
        id="export-q3",
        question=_(
            "A NumPy array of float64, NumPy's usual dtype, goes into an ONNX Runtime session whose input is float32. What happens?"
        ),
        options=(
            _("It is converted: nothing of importance is lost."),
            _("An error says that the dtype is wrong."),
            _("Its bytes are read as float32, and the logits are nonsense."),
        ),
        right=1,
        because=_(
            "ONNX Runtime converts nothing. The dtype is part of the file's contract, like names and shapes, and is checked at every call. Only values are not checked: a wrong "
            "normalisation passes."
        ),
    ),
    Prediction(
        id="export-q4",
        question=_(
            "The same weights, the same pictures, one CPU: are the logits of ONNX Runtime bit for bit those of PyTorch?"
        ),
        options=(
            _("Yes, or the export was wrong."),
            _("No. They differ by about 1 %, which is the price of another library."),
            _("No. They differ in the last digits of float32, by about a millionth of the largest logit."),
        ),
        right=2,
        because=_(
            "Adding numbers in another order rounds differently, and BatchNorm has been folded into the convolutions before it. That is some 1e-6 here. A difference of 1 % is no rounding: "
            "look for a mistake."
        ),
    ),
)
