"""The lesson's questions before running a cell."""

from __future__ import annotations

from helpers.judging import Prediction
from helpers.text import _

PREDICTIONS = (
    Prediction(
        id="precision-q1",
        question=_("float16 and bfloat16 both have 16 bits. What becomes of the number 100000 in each?"),
        options=(
            _("It is 100000 in both."),
            _("float16: infinity. bfloat16: a number nearby."),
            _("float16: 65504, its largest number. bfloat16: exactly 100000."),
            _("Infinity in both."),
        ),
        right=1,
        because=_(
            "float16 spends 5 bits on the exponent and ends at 65504; what lies beyond becomes infinity, it is not cut off. bfloat16 has the 8 exponent bits of "
            "float32 and so its range, but only 7 bits for the digits: 99840 is the nearest that it has."
        ),
    ),
    Prediction(
        id="precision-q2",
        question=_(
            'The model\'s weights are float32, the batch is float32. What dtype do the logits have under `torch.autocast(device_type="cpu")`?'
        ),
        options=(
            _("float32: autocast casts the result back."),
            _("bfloat16."),
            _("float16, as everywhere with autocast."),
        ),
        right=1,
        because=_(
            "The last layer is a linear one, which autocast runs in low precision, and nobody casts its result back. On the CPU low precision means bfloat16 unless you "
            "ask for another; on CUDA it means float16."
        ),
    ),
    Prediction(
        id="precision-q3",
        question=_("After `model_half = model.half()`, what does `model(batch)` do with a float32 batch?"),
        options=(
            _("What it did before: `model_half` is another model."),
            _("It works, and casts the batch to float16."),
            _("It raises an error: `model` itself is float16 now."),
        ),
        right=2,
        because=_(
            "For a module, `half()` works in place and returns the same object. Layers do not cast their input: weights in float16 and a batch in float32 do not go together. For "
            "a tensor it is different: `tensor.half()` gives a new one."
        ),
    ),
    Prediction(
        id="precision-q4",
        question=_(
            "A CPU has no instructions for bfloat16. What happens when a model runs there in bfloat16?"
        ),
        options=(
            _("An error says that this CPU cannot do it."),
            _("It runs, as fast as in float32."),
            _("It runs, and faster than float32: half the bytes have to be moved."),
            _("It runs, and slower than float32."),
        ),
        right=3,
        because=_(
            "PyTorch then has to convert to float32 and back around the arithmetic, or takes general code that nobody tuned. The result is right, and nothing warns you."
        ),
    ),
    Prediction(
        id="precision-q5",
        question=_("In bfloat16 some pictures get another first answer. Which ones?"),
        options=(
            _("Those whose logits have the largest errors."),
            _("Those whose two best categories were nearly level before."),
            _("Those that the model was very sure of."),
        ),
        right=1,
        because=_(
            "The order of the two best can only change when they are closer than the errors of both together. A sure answer has a large lead, and the error of 16 bits cannot close it."
        ),
    ),
    Prediction(
        id="precision-q6",
        question=_("You add 1 to a bfloat16 number, 5000 times, starting at 0. What do you get?"),
        options=(_("5000"), _("4992, the nearest that bfloat16 has"), _("256"), _("infinity")),
        right=2,
        because=_(
            "Between 256 and 512 the numbers of bfloat16 are 2 apart. 256 + 1 lies in the middle and is rounded to the even neighbour, which is 256 again: the sum stands still."
        ),
    ),
)
