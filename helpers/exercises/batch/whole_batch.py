"""batch-2: the class and the confidence of every picture of a batch."""

from __future__ import annotations

import torch

from helpers.exercises.batch.shared import (
    GRADIENTS_KEPT,
    LOGITS,
    MANY,
    MODE_NOT_RESTORED,
    MODEL_FROZEN,
    PATH,
    TRAINING_MODE,
    case,
    require_good_calls,
    require_model_kept,
)
from helpers.judging import Exercise, Mistake, Part, Witness, equal, mistakes, require
from helpers.text import Message, _
from helpers.trials import batch as trials
from helpers.trials.runner import Outcome
from helpers.trials.values import ListSeen, Seen, TensorSeen

SOFTMAX_OVER_BATCH = Mistake(
    "softmax-over-batch",
    _(
        "Softmax went over the batch dimension: the pictures share one probability among them. It has to go over the "
        "categories, `dim=1`."
    ),
    PATH,
)
BEST_PICTURE = Mistake(
    "best-picture",
    _(
        "You looked for the best picture of each category, along dimension 0. What is asked is the best category of each "
        "picture, along `dim=1`."
    ),
    MANY,
)
TURNED_ROUND = Mistake(
    "turned-round",
    _("The classes come first, then the confidences. `max` gives them the other way round: values, indices."),
    MANY,
)
NO_TENSORS = Mistake(
    "no-tensors",
    _("You returned lists or pairs. What is asked is two tensors, one value for each picture."),
    MANY,
)
SQUEEZED = Mistake(
    "squeezed",
    _(
        "With a batch of one picture the dimension of the batch is gone. `squeeze()` without a dimension removes every "
        "dimension of length 1: shape (1,) is asked."
    ),
    MANY,
)
ONE_BY_ONE = Mistake(
    "one-by-one",
    _("The model was called {n} times. Give it the whole batch in one call: that is what a batch is for."),
    MANY,
)
NOT_AFTER_ERROR = Mistake(
    "not-after-error",
    _(
        "The model raised an error, and afterwards its parts were not in the modes that they had before. Put them back in "
        "`finally:`, which runs even then."
    ),
    MANY,
)
CALLED_FOR_NOTHING = Mistake(
    "called-for-nothing",
    _(
        "The model was called with an empty batch. Many models work with that, and others fail, as this one does: return "
        "before you call it."
    ),
    MANY,
)

PARTLY = ["", "head", "head.1"]


def _two(seen: Seen) -> bool:
    return isinstance(seen, ListSeen) and len(seen.items) == 2


def _lists(seen: Seen) -> bool:
    return isinstance(seen, ListSeen) and not all(isinstance(item, TensorSeen) for item in seen.items)


def _judge_values(answer: Witness, rng: torch.Generator) -> None:
    for count in (5, 1):
        one = case(rng, count)
        logits = one.logits
        probabilities = logits.softmax(1)
        confidences, classes = probabilities.max(dim=1)
        seen = answer.run(
            trials.batch_predict, seed=one.seed, classes=one.classes, batch=one.pictures, training=[]
        )
        value = seen["value"]
        over_batch = logits.softmax(0)
        tried = _("a batch of {n} pictures", n=count) if count > 1 else _("a batch of one picture")
        equal(
            value,
            (classes, confidences),
            grad=False,
            tried=tried,
            recognise=[
                (
                    SQUEEZED,
                    count == 1
                    and _two(value)
                    and any(isinstance(item, TensorSeen) and item.data.dim() == 0 for item in value.items),
                ),
                (NO_TENSORS, _lists(value)),
            ],
            wrong=[
                (LOGITS, (classes, logits.max(1).values)),
                (SOFTMAX_OVER_BATCH, tuple(reversed(over_batch.max(1)))),
                (SOFTMAX_OVER_BATCH, (classes, over_batch[torch.arange(count), classes])),
                (BEST_PICTURE, tuple(reversed(probabilities.max(0)))),
                (BEST_PICTURE, tuple(reversed(over_batch.max(0)))),
                (BEST_PICTURE, (logits.argmax(0), probabilities.max(0).values)),
                (TURNED_ROUND, (confidences, classes)),
            ],
        )
        require(not seen["batch_changed"], mistakes.INPUT_CHANGED, tried=tried)
        require_model_kept(seen, tried)


def _judge_call(answer: Witness, rng: torch.Generator) -> None:
    tried = _("4 pictures, and a model that is partly in training mode")
    one = case(rng, 4)
    seen = answer.run(
        trials.batch_predict, seed=one.seed, classes=one.classes, batch=one.pictures, training=PARTLY
    )
    calls = seen["calls"].items
    require_good_calls(calls, tried)
    require(
        len(calls) == 1,
        ONE_BY_ONE(n=len(calls)),
        tried=tried,
        observed=_("{n} calls", n=len(calls)),
        expected=_("1 call with all pictures"),
    )


def _judge_modes(answer: Witness, rng: torch.Generator) -> None:
    cases: list[tuple[Message, list[str]]] = [
        (_("a model that is partly in training mode"), PARTLY),
        (_("a model in evaluation mode, its BatchNorm in training mode"), ["features.1"]),
        (_("a model in evaluation mode"), []),
    ]
    for tried, training in cases:
        one = case(rng, 3)
        seen = answer.run(
            trials.batch_predict, seed=one.seed, classes=one.classes, batch=one.pictures, training=training
        )
        require_model_kept(seen, tried)
        require(seen["before"] == seen["after"], MODE_NOT_RESTORED, tried=tried)
    four_channels = torch.randn(2, 4, 5, 5, generator=rng)
    record = answer.attempt(
        trials.batch_predict_raising,
        seed=one.seed,
        classes=one.classes,
        batch=four_channels,
        training=PARTLY,
    )
    if isinstance(record, Outcome):  # else it was refused before the model saw it
        require(
            record.values["before"] == record.values["after"],
            NOT_AFTER_ERROR,
            tried=_("a batch with 4 channels, which the model refuses with an error"),
        )


def _judge_nothing(answer: Witness, rng: torch.Generator) -> None:
    tried = _("an empty batch, of shape (0, 3, H, W)")
    one = case(rng, 2)
    seen = answer.run(
        trials.batch_predict_raising,
        seed=one.seed,
        classes=one.classes,
        batch=one.pictures[:0],
        training=PARTLY,
    )
    require(
        seen["calls"] == 0,
        CALLED_FOR_NOTHING,
        tried=tried,
        observed=_("the model was called, and raised {type}", type=seen["error"])
        if seen["error"]
        else _("the model was called"),
        expected=_("no call"),
    )
    equal(
        seen["value"],
        (torch.zeros(0, dtype=torch.int64), torch.zeros(0)),
        grad=False,
        tried=tried,
        recognise=[(NO_TENSORS, seen["value"] is not None and _lists(seen["value"]))],
    )
    require(seen["before"] == seen["after"], MODE_NOT_RESTORED, tried=tried)


_FIRST = "classes and confidences"

EXERCISE = Exercise(
    id="batch-2",
    title=_("Classes and confidences of a batch"),
    answer="batch_predict",
    parts=(
        Part(_("classes and confidences"), 2, _judge_values),
        Part(_("one call, in evaluation mode, without gradients"), 1, _judge_call, needs=(_FIRST,)),
        Part(_("the model's modes are put back"), 1, _judge_modes, needs=(_FIRST,)),
        Part(_("an empty batch"), 1, _judge_nothing, needs=(_FIRST,)),
    ),
    hints=(
        _(
            "One call of the model gives logits of shape (N, C). Softmax and the maximum both go along the categories, "
            "`dim=1`; nothing here needs a loop over pictures."
        ),
        _(
            "`confidences, classes = model(batch).softmax(dim=1).max(dim=1)` gives both at once. `max` gives the values "
            "first: mind the order that is asked for."
        ),
        _(
            "Before anything else: `if len(batch) == 0: return torch.empty(0, dtype=torch.int64), torch.empty(0)`. Around the "
            "call: `modes = [(m, m.training) for m in model.modules()]`, `model.eval()`, `try:` … `finally:` set each "
            "`m.training` again."
        ),
    ),
    explanation=_(
        "`max(dim=1)` gives the largest value of each row and its place: confidence and class. Because the model is an "
        "argument, the function works with any model, and because the model is the caller's, it goes back as it came, part "
        "by part: `model.train(training)` would also switch a BatchNorm that was frozen on purpose."
    ),
    mistakes=(
        LOGITS,
        SOFTMAX_OVER_BATCH,
        BEST_PICTURE,
        TURNED_ROUND,
        NO_TENSORS,
        SQUEEZED,
        ONE_BY_ONE,
        TRAINING_MODE,
        GRADIENTS_KEPT,
        MODE_NOT_RESTORED,
        NOT_AFTER_ERROR,
        MODEL_FROZEN,
        CALLED_FOR_NOTHING,
    ),
)
