"""batch-1: name what is in one preprocessed picture, given in either of two shapes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.exercises.batch.shared import (
    GRADIENTS_KEPT,
    LOGITS,
    MODE_NOT_RESTORED,
    MODEL_FROZEN,
    PATH,
    TRAINING_MODE,
    integers,
    require_good_calls,
    require_model_kept,
)
from helpers.judging import Exercise, Mistake, Part, Tolerance, Witness, equal, mistakes, require
from helpers.text import Message, _
from helpers.trials import batch as trials
from helpers.trials.preprocessing import namer
from helpers.trials.values import ListSeen, Seen, TensorSeen

SOFTMAX_OVER_BATCH = Mistake(
    "softmax-over-batch",
    _("Every probability is 1: softmax went over the batch dimension, where there is only one picture."),
    PATH,
)
RENORMALISED = Mistake(
    "renormalised",
    _(
        "The probabilities that you gave add up to 1: softmax saw only the largest logits. Apply it to all of them, then "
        "take the largest."
    ),
    PATH,
)
ASCENDING = Mistake("ascending", _("The order is turned round: the likeliest comes first."), PATH)
UNSORTED = Mistake(
    "unsorted", _("These are the first `k` categories, not those with the largest probabilities."), PATH
)
PLACES = Mistake(
    "places", _("You gave the places of the categories. Look up their names in `categories`."), PATH
)
PAIRS_TURNED = Mistake("pairs-turned", _("In each pair the name comes first, then the probability."), PATH)
TENSOR_INSIDE = Mistake(
    "tensor-inside",
    _("The probabilities are still tensors: `.tolist()` makes ordinary floats of them."),
    PATH,
)
K_IGNORED = Mistake(
    "k-ignored", _("You always give the same number of pairs. The parameter `k` says how many."), PATH
)
NOT_REFUSED = Mistake(
    "not-refused",
    _(
        "A batch of several pictures went through without an error, as if it were one. Whoever passes it would take the "
        "answer for the answer to all of them: raise ValueError."
    ),
    PATH,
)
WRONG_ERROR = Mistake(
    "wrong-error",
    _("For another number of pictures than one your code raised {type}. What is asked is ValueError."),
    PATH,
)


@dataclass(frozen=True)
class _Named:
    seed: int
    bias: list[float]
    names: list[str]
    image: Tensor
    logits: Tensor


def _named(rng: torch.Generator) -> _Named:
    """A picture and a model whose logits for it are well apart; the winner is neither first nor last."""
    count, height, more = integers(rng, 8, 13, 1)[0], *integers(rng, 4, 8, 2)
    image = torch.randn(3, height, height + more - 2, generator=rng)
    names = [f"category {number}" for number in torch.randperm(90, generator=rng)[:count].tolist()]
    wanted = torch.arange(count) * -0.4 + 0.1 * torch.rand(count, generator=rng) + 2.5
    order = torch.randperm(count - 1, generator=rng)
    wanted = torch.cat([wanted[1:][order], wanted[:1]]).roll(3)
    seed = integers(rng, 0, 2**31 - 1, 1)[0]
    with torch.inference_mode():
        unfitted = namer(seed, [0.0] * count).eval()(image[None])[0]
    return _Named(seed, (wanted - unfitted).tolist(), names, image, wanted)


def _pairs(names: list[str], values: Tensor, places: Tensor) -> list[tuple[str, float]]:
    return [(names[place], values[place].item()) for place in places.tolist()]


def _tensors_inside(seen: Seen) -> bool:
    pairs = seen.items if isinstance(seen, ListSeen) else []
    return bool(pairs) and all(
        isinstance(pair, ListSeen) and any(isinstance(item, TensorSeen) for item in pair.items)
        for pair in pairs
    )


def _all_one(seen: Seen) -> bool:
    pairs = seen.items if isinstance(seen, ListSeen) else []
    return bool(pairs) and all(isinstance(pair, ListSeen) and pair.items[1:] == [1.0] for pair in pairs)


def _run(answer: Witness, named: _Named, k: int | None, batched: bool, training: list[str]):
    return answer.run(
        trials.predict_image,
        seed=named.seed,
        bias=named.bias,
        image=named.image[None] if batched else named.image,
        categories=named.names,
        k=k,
        training=training,
    )


def _check(answer: Witness, rng: torch.Generator, k: int | None, batched: bool, tried: Message) -> None:
    named = _named(rng)
    names, logits = named.names, named.logits
    count = len(names) if k == 0 else k or 5  # 0 stands for all of them
    seen = _run(answer, named, None if k is None else count, batched, [])
    value = seen["value"]
    probabilities, order = logits.softmax(0), logits.argsort(descending=True)
    best = order[:count]
    right = _pairs(names, probabilities, best)
    few = torch.zeros_like(logits).index_copy(0, best, logits[best].softmax(0))
    equal(
        value,
        right,
        tried=tried,
        tolerance=Tolerance(rtol=1e-3, atol=1e-4),
        recognise=[
            (TENSOR_INSIDE, _tensors_inside(value)),
            (SOFTMAX_OVER_BATCH, _all_one(value)),
            (
                K_IGNORED,
                k is not None
                and isinstance(value, ListSeen)
                and len(value.items) in {5, len(names)} - {count},
            ),
        ],
        wrong=[
            (LOGITS, _pairs(names, logits, best)),
            (RENORMALISED, _pairs(names, few, best)),
            (ASCENDING, right[::-1]),
            (ASCENDING, _pairs(names, probabilities, order.flip(0)[:count])),
            (UNSORTED, _pairs(names, probabilities, torch.arange(count))),
            (PLACES, [(int(place), probabilities[place].item()) for place in best]),
            (PAIRS_TURNED, [(value, name) for name, value in right]),
        ],
    )


def _judge_picture(answer: Witness, rng: torch.Generator) -> None:
    _check(answer, rng, None, False, _("a picture of shape (3, H, W)"))
    _check(answer, rng, 1, False, _("a picture of shape (3, H, W), with k=1"))
    _check(answer, rng, 3, False, _("a picture of shape (3, H, W), with k=3"))
    _check(
        answer, rng, 0, False, _("a picture of shape (3, H, W), with k as large as the number of categories")
    )


def _judge_batch_of_one(answer: Witness, rng: torch.Generator) -> None:
    _check(answer, rng, None, True, _("a picture of shape (1, 3, H, W)"))
    _check(answer, rng, 1, True, _("a picture of shape (1, 3, H, W), with k=1"))


def _judge_several(answer: Witness, rng: torch.Generator) -> None:
    for count in (2, 3, 0):
        named = _named(rng)
        images = torch.randn(count, *named.image.shape, generator=rng)
        tried = _("a batch of shape ({count}, 3, H, W)", count=count)
        seen = answer.run(
            trials.predict_several,
            seed=named.seed,
            bias=named.bias,
            images=images,
            categories=named.names,
        )
        expected = _("ValueError")
        require(
            seen["error"] is not None, NOT_REFUSED, tried=tried, observed=_("no error"), expected=expected
        )
        require(
            bool(seen["value_error"]),
            WRONG_ERROR(type=seen["error"]),
            tried=tried,
            observed=Message(str(seen["error"])),
            expected=expected,
        )


def _judge_kept(answer: Witness, rng: torch.Generator) -> None:
    for training, batched, tried in [
        (["", "head", "head.1"], False, _("a model that is partly in training mode, its BatchNorm is not")),
        (["features.1"], True, _("a model in evaluation mode, its BatchNorm in training mode")),
        ([], False, _("a model in evaluation mode")),
    ]:
        named = _named(rng)
        seen = _run(answer, named, None, batched, training)
        require_good_calls(seen["calls"].items, tried)
        require_model_kept(seen, tried)
        require(seen["before"] == seen["after"], MODE_NOT_RESTORED, tried=tried)
        require(not (seen["image_changed"] or seen["names_changed"]), mistakes.INPUT_CHANGED, tried=tried)


_FIRST = "a picture of shape (3, H, W)"

EXERCISE = Exercise(
    id="batch-1",
    title=_("One picture, in either shape"),
    answer="predict_image",
    parts=(
        Part(_("a picture of shape (3, H, W)"), 2, _judge_picture),
        Part(_("a picture of shape (1, 3, H, W)"), 1, _judge_batch_of_one, needs=(_FIRST,)),
        Part(_("another number of pictures is refused"), 1, _judge_several, needs=(_FIRST,)),
        Part(_("model and picture are left as they were"), 1, _judge_kept, needs=(_FIRST,)),
    ),
    hints=(
        _(
            "Bring both shapes into one first: after that, everything is the same. `image.ndim` tells them apart."
        ),
        _(
            "With three dimensions, `image = image.unsqueeze(0)` makes a new tensor of shape (1, 3, H, W). Then "
            "`if len(image) != 1: raise ValueError(...)`. Softmax goes over `dim=1`, and `[0]` takes the only picture."
        ),
        _(
            "`values, places = probabilities.topk(k)`, then `[(categories[i], p) for i, p in zip(places.tolist(), values.tolist())]`. "
            "Note `[(m, m.training) for m in model.modules()]` before `model.eval()`, and set each `m.training` again in `finally`."
        ),
    ),
    explanation=_(
        "`unsqueeze(0)` gives a new view and leaves the caller's tensor alone; `unsqueeze_` would change its shape under the "
        "caller's hands. Taking `[0]` of a batch without looking at its length is how the pictures behind the first get lost "
        "without a word. And `squeeze()` without a dimension removes every dimension of length 1: `[0]` says what is meant."
    ),
    mistakes=(
        LOGITS,
        SOFTMAX_OVER_BATCH,
        RENORMALISED,
        ASCENDING,
        UNSORTED,
        PLACES,
        PAIRS_TURNED,
        TENSOR_INSIDE,
        K_IGNORED,
        NOT_REFUSED,
        WRONG_ERROR,
        TRAINING_MODE,
        GRADIENTS_KEPT,
        MODE_NOT_RESTORED,
        MODEL_FROZEN,
    ),
)
