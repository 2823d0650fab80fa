"""export-3: an ONNX file with given names, a dynamic batch and its weights inside."""

from __future__ import annotations

import torch

from helpers.exercises.export.shared import (
    CLOSE,
    FIXED_BATCH,
    GAVE_PROBABILITIES,
    MODE,
    MODE_NOT_RESTORED,
    MODEL_FROZEN,
    NO_FILE,
    ONNX,
    logits,
    outputs,
    pictures,
    require_untouched,
    seed,
)
from helpers.judging import Exercise, Mistake, Part, equal, fail, mistakes, require
from helpers.judging.answers import Witness
from helpers.text import Message, _
from helpers.trials import export as trials
from helpers.trials import probes
from helpers.trials.values import Seen, plain

NO_ONNX = Mistake(
    "no-onnx",
    _(
        "There is a file at `path`, but it is no ONNX model. `torch.onnx.export(model, (example,), path, …)` writes one."
    ),
    ONNX,
)
OTHER_NAMES = Mistake(
    "other-names",
    _(
        "Input and output have other names than `pixels` and `logits`. Give `input_names` and `output_names` to the exporter."
    ),
    ONNX,
)
NAMES_SWAPPED = Mistake(
    "names-swapped", _("The names have changed places: the input is `pixels`, the output `logits`."), ONNX
)
SECOND_OUTPUT = Mistake(
    "second-output",
    _(
        "The file has a second output, which this model gives in training mode only. The exporter runs the model's own Python in the mode in which it finds it: "
        "call `model.eval()` first."
    ),
    MODE,
)
DATA_LEFT_BEHIND = Mistake(
    "data-left-behind",
    _(
        "The weights lie in a second file beside the first, and were left behind when the `.onnx` file was moved. `external_data=False` puts them inside."
    ),
    ONNX,
)

TRAINING = ["", "features", "features.1", "head", "head.2", "second"]


def _onnx(
    answer: Witness, rng: torch.Generator, training: list[str], alone: bool, tried: Message
) -> dict[str, Seen]:
    model = probes.recipe("export-second-head", seed(rng))
    example = pictures(rng, 3)
    batches = [pictures(rng, size) for size in (3, 1, 2, 5, 40)]
    seen = answer.run(
        trials.onnx_file, model=model, training=training, example=example, batches=batches, alone=alone
    )
    _judge_file(seen, probes.build(model).eval(), batches, tried)
    return seen


def _judge_file(
    seen: dict[str, Seen], model: torch.nn.Module, batches: list[torch.Tensor], tried: Message
) -> None:
    require(bool(seen["exists"]), NO_FILE, tried=tried)
    if "unreadable" in seen:
        error = seen["unreadable"]
        missing = "external data" in error.lower() or "should be stored in" in error
        fail(DATA_LEFT_BEHIND if missing else NO_ONNX, tried=tried, observed=_("{error}", error=error))
    inputs, given = plain(seen["inputs"]), plain(seen["outputs_named"])
    taken = [name for name, _type, _shape in inputs]
    observed = _("inputs {inputs}, outputs {outputs}", inputs=", ".join(taken), outputs=", ".join(given))
    expected = _("inputs {inputs}, outputs {outputs}", inputs="pixels", outputs="logits")
    if (taken, given) != (["pixels"], ["logits"]):
        swapped = taken == ["logits"] and given == ["pixels"]
        mistake = SECOND_OUTPUT if len(given) == 2 else NAMES_SWAPPED if swapped else OTHER_NAMES
        fail(mistake, tried=tried, observed=observed, expected=expected)
    kind = inputs[0][1]
    require(kind == "tensor(float)", mistakes.WRONG_DTYPE, tried=tried, observed=_("{error}", error=kind))
    found = outputs(seen["outputs"])
    refused = [len(batch) for batch, one in zip(batches, found, strict=True) if "error" in one]
    for batch, one in zip(batches, found, strict=True):
        if "error" in one:
            fail(
                FIXED_BATCH,
                tried=tried,
                observed=_("batches of {sizes} are refused: {error}", sizes=refused, error=one["error"]),
                expected=_("any number of pictures from 1 on"),
            )
        right = logits(model, batch)
        equal(
            one["value"], right, tried=tried, tolerance=CLOSE, wrong=[(GAVE_PROBABILITIES, right.softmax(1))]
        )


def _judge_values(answer: Witness, rng: torch.Generator) -> None:
    _onnx(answer, rng, [], False, _("a model in evaluation mode, batches of many sizes"))


def _judge_alone(answer: Witness, rng: torch.Generator) -> None:
    _onnx(answer, rng, [], True, _("the `.onnx` file alone, in another folder"))


def _judge_mode(answer: Witness, rng: torch.Generator) -> None:
    tried = _("a model that comes in training mode, but for one part")
    training = [name for name in TRAINING if name != "features.1"]
    require_untouched(_onnx(answer, rng, training, False, tried), tried)


EXERCISE = Exercise(
    id="export-3",
    title=_("One ONNX file, complete"),
    answer="to_onnx",
    limit=90,
    parts=(
        Part(_("names, values, any batch"), 3, _judge_values),
        Part(_("one file holds everything"), 1, _judge_alone, needs=("names, values, any batch",)),
        Part(
            _("evaluation mode, and the model left as it was"),
            1,
            _judge_mode,
            needs=("names, values, any batch",),
        ),
    ),
    hints=(
        _(
            "One call of `torch.onnx.export` does it. It has arguments for the names, for the dynamic dimension and for where the weights go."
        ),
        _(
            'The arguments are `input_names=["pixels"]`, `output_names=["logits"]`, `dynamic_shapes=({0: Dim("batch")},)` and `external_data=False`; `verbose=False` keeps it quiet.'
        ),
        _(
            "Around it, as in the exercise before: note each part's mode, `model.eval()`, export in `try:`, put the modes back in `finally:`."
        ),
    ),
    explanation=_(
        "Names are what the user of the file has to type, so choose them. Weights beside the file are needed above 2 GB, a limit of the format; below it, one "
        "file cannot lose the other. The exporter makes BatchNorm and Dropout behave as in evaluation mode in any case, but Python code such as `if self.training:` runs as the model "
        "stands: so `eval()` is not optional."
    ),
    mistakes=(
        NO_FILE,
        NO_ONNX,
        OTHER_NAMES,
        NAMES_SWAPPED,
        SECOND_OUTPUT,
        FIXED_BATCH,
        DATA_LEFT_BEHIND,
        GAVE_PROBABILITIES,
        MODE_NOT_RESTORED,
        MODEL_FROZEN,
    ),
)
