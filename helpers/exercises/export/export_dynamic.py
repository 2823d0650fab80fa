"""export-1: a program in a ``.pt2`` file that takes batches of any size, in evaluation mode."""

from __future__ import annotations

import torch

from helpers.exercises.export.shared import (
    ANY_SIZE,
    BATCH_LIMITED,
    CLOSE,
    FIXED_BATCH,
    GAVE_PROBABILITIES,
    MODE_NOT_RESTORED,
    MODEL_FROZEN,
    NO_FILE,
    SAVE,
    TRAINING_EXPORTED,
    logits,
    outputs,
    pictures,
    require_untouched,
    seed,
)
from helpers.judging import Exercise, Mistake, Part, equal, fail, require
from helpers.judging.answers import Stopped, Witness
from helpers.text import Message, _
from helpers.trials import export as trials
from helpers.trials import probes
from helpers.trials.runner import Raised
from helpers.trials.values import Seen

NO_PROGRAM = Mistake(
    "no-program",
    _(
        "There is a file at `path`, but `torch.export.load` cannot read it. Save what `torch.export.export` returned "
        "with `torch.export.save`."
    ),
    SAVE,
)
ONE_IS_FIXED = Mistake(
    "one-is-fixed",
    _(
        "The example was one picture, and a dimension of size 1 is taken for a constant: the export fails, or its file takes only one "
        "picture. Make an example of at least two, out of the one that you were given."
    ),
    ANY_SIZE,
)

OTHER_INPUT = Mistake(
    "other-input",
    _(
        "The program fails with a float32 batch of the example's own size. Export the model as it is, for such a batch."
    ),
    SAVE,
)

CONSTRAINT_ERRORS = ("UserError", "ValueError", "ConstraintViolationError")
"""What torch.export raises when a dimension that was declared dynamic turns out to be constant."""


def _judge_outputs(
    seen: dict[str, Seen], model: torch.nn.Module, example: torch.Tensor, batches: list, tried: Message
) -> None:
    require(bool(seen["exists"]), NO_FILE, tried=tried)
    if "unreadable" in seen:
        fail(NO_PROGRAM, tried=tried, observed=_("{error}", error=seen["unreadable"]))
    found = outputs(seen["outputs"])
    refused = [len(batch) for batch, one in zip(batches, found, strict=True) if "error" in one]
    taken = [len(batch) for batch, one in zip(batches, found, strict=True) if "error" not in one]
    for batch, one in zip(batches, found, strict=True):
        if "error" in one and "Guard failed" not in one["error"]:
            fail(OTHER_INPUT, tried=tried, observed=_("{error}", error=one["error"]))
        if "error" in one:
            one_size = len(set(taken)) <= 1
            fixed = ONE_IS_FIXED if len(example) == 1 else FIXED_BATCH
            fail(
                fixed if one_size else BATCH_LIMITED,
                tried=tried,
                observed=_("batches of {sizes} are refused: {error}", sizes=refused, error=one["error"]),
                expected=_("any number of pictures from 1 on"),
            )
        right = logits(model, batch)
        require(bool(one["steady"]), TRAINING_EXPORTED, tried=tried, observed=_("two calls, two results"))
        equal(
            one["value"], right, tried=tried, tolerance=CLOSE, wrong=[(GAVE_PROBABILITIES, right.softmax(1))]
        )


def _program(
    answer: Witness, rng: torch.Generator, count: int, training: list[str], tried: Message
) -> dict[str, Seen]:
    model = probes.recipe("export-plain", seed(rng))
    example = pictures(rng, count)
    batches = [pictures(rng, size) for size in (count, 1, 2, 5, 130)]
    inputs = {"model": model, "training": training, "example": example, "batches": batches}
    record = answer.attempt(trials.program_file, **inputs)
    if isinstance(record, Raised):
        if count == 1 and record.type in CONSTRAINT_ERRORS:
            fail(
                ONE_IS_FIXED,
                tried=tried,
                observed=_("{type}: {message}", type=record.type, message=record.message),
            )
        raise Stopped(record)
    _judge_outputs(record.values, probes.build(model).eval(), example, batches, tried)
    return record.values


def _judge_any_size(answer: Witness, rng: torch.Generator) -> None:
    _program(answer, rng, 3, [], _("an example of {n} pictures", n=3))


def _judge_one(answer: Witness, rng: torch.Generator) -> None:
    _program(answer, rng, 1, [], _("an example of one picture"))


def _judge_training(answer: Witness, rng: torch.Generator) -> None:
    training = ["", "features", "features.1", "head", "head.2"]
    _program(answer, rng, 3, training, _("a model that comes in training mode"))


def _judge_left(answer: Witness, rng: torch.Generator) -> None:
    tried = _("a model of which a part is in training mode")
    require_untouched(_program(answer, rng, 3, ["", "head", "head.2"], tried), tried)


EXERCISE = Exercise(
    id="export-1",
    title=_("A program for any batch"),
    answer="save_program",
    limit=60,
    parts=(
        Part(_("batches of any size"), 2, _judge_any_size),
        Part(_("one picture as the example"), 1, _judge_one, needs=("batches of any size",)),
        Part(_("evaluation mode in the file"), 1, _judge_training, needs=("batches of any size",)),
        Part(
            _("the model is left as it was"),
            1,
            _judge_left,
            needs=("batches of any size", "evaluation mode in the file"),
        ),
    ),
    hints=(
        _(
            "Three steps: evaluation mode, `torch.export.export`, `torch.export.save(program, path)`. `dynamic_shapes` says which dimension may change."
        ),
        _(
            '`dynamic_shapes=({0: Dim("batch")},)` for the one input. An example of one picture would make that dimension a constant: '
            "`torch.cat([example, example])` is a batch of two or more."
        ),
        _(
            "For the modes: `modes = {part: part.training for part in model.modules()}` before `model.eval()`, and in `finally:` "
            "`for part, training in modes.items(): part.training = training`."
        ),
    ),
    explanation=_(
        "The example decides what is constant: everything about it that you do not declare dynamic, the mode of the model, and a "
        "batch of one in any case. Doubling the example costs nothing, since its values do not matter. The model belongs to the "
        "caller, so each of its parts gets its own mode back: `model.train()` would also wake parts that were in evaluation mode."
    ),
    mistakes=(
        NO_FILE,
        NO_PROGRAM,
        OTHER_INPUT,
        FIXED_BATCH,
        BATCH_LIMITED,
        ONE_IS_FIXED,
        TRAINING_EXPORTED,
        GAVE_PROBABILITIES,
        MODE_NOT_RESTORED,
        MODEL_FROZEN,
    ),
)
