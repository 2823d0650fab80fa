"""precision-4: what a model in low precision answers differently."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from helpers.exercises.precision.shared import RECORDED, SUMS, TOGETHER, integer
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance, same
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials import precision as trials
from helpers.trials.values import DictSeen, ListSeen, Seen, TensorSeen

TENSORS_INSIDE = Mistake(
    "tensors-in-dict",
    _(
        "A value of the dictionary is a tensor, or a list with tensors. `.item()` and `.tolist()` make ordinary numbers of them."
    ),
)
MEAN_OF_BATCHES = Mistake(
    "mean-of-batches",
    _(
        "You took the mean over the batches. The last one is smaller, so its pictures count too much: count all pictures."
    ),
    TOGETHER,
)
PERCENT = Mistake(
    "percent",
    _("The agreement is a share between 0 and 1, not percent and not a number of pictures."),
    TOGETHER,
)
DISAGREEMENT = Mistake(
    "disagreement", _("This is the share of the pictures that differ. The share that agrees is asked for.")
)
WITHIN_BATCH = Mistake(
    "within-batch",
    _(
        "The positions start again with every batch. Count on over all batches, so that they name the pictures."
    ),
    TOGETHER,
)
LAST_BATCH = Mistake("last-batch", _("Only one of the batches is in your result. Gather over all of them."))
FIVE_BEST = Mistake(
    "five-best",
    _("You compared more than the first answer. Top-1 agreement looks at the largest logit only."),
)
LOW_SUBTRACTION = Mistake(
    "low-subtraction",
    _(
        "You rounded the reference to low precision, or subtracted in it: that hides a part of the error. Bring the low logits to "
        "float32, then subtract."
    ),
    TOGETHER,
)
SIGNED = Mistake(
    "signed",
    _("You took the largest difference with its sign. Errors downwards count too: take `abs()` first."),
)
MEAN_ERROR = Mistake("mean-error", _("This is the mean error. The largest one is asked for."))
OF_PROBABILITIES = Mistake(
    "of-probabilities",
    _(
        "You compared probabilities. Softmax makes differences look small; the error of the logits is asked for."
    ),
    TOGETHER,
)
RELATIVE = Mistake(
    "relative", _("This is a relative error. The largest absolute difference of two logits is asked for.")
)
NAN_HIDDEN = Mistake(
    "nan-hidden",
    _(
        "Logits of the low model were NaN or infinite, and your largest error does not say so. Comparisons with NaN are always false, so `max` may "
        'pass over it: ask `isfinite()`, and then the error is `float("inf")`.'
    ),
    SUMS,
)
NAN_AGREES = Mistake(
    "nan-agrees",
    _(
        "A picture whose low logits hold NaN or infinity counts as agreeing. `argmax` finds a place even there; such a picture "
        "must count as changed."
    ),
    SUMS,
)
MODEL_GOT_LOW = Mistake(
    "model-got-low",
    _("A model was given a batch in {dtype}. Both take the float32 batches as they are."),
    TOGETHER,
)

KEYS = ("agreement", "max_error", "changed")
CLASSES = 7


@dataclass(frozen=True)
class _Case:
    """Logits of both models for all pictures, and the sizes of the batches."""

    reference: Tensor
    low: Tensor
    sizes: list[int]
    noise: Tensor

    @property
    def changed(self) -> list[int]:
        low = self.low.float()
        different = low.argmax(1) != self.reference.argmax(1)
        return (different | ~low.isfinite().all(1)).nonzero().flatten().tolist()


def _case(rng: torch.Generator, dtype: torch.dtype) -> _Case:
    """Three batches, the last one smaller; some pictures in each change their Top-1, and more their second."""
    size = integer(rng, 5, 8)
    sizes = [size, size, integer(rng, 2, 4)]
    n = sum(sizes)
    reference = torch.rand(n, CLASSES, generator=rng) * 40 + 20  # far from 0, so that rounding shows
    top = torch.randint(0, CLASSES, (n,), generator=rng)
    reference[torch.arange(n), top] = 90 + torch.rand(n, generator=rng) * 9
    error = (torch.rand(n, CLASSES, generator=rng) - 0.6) * 2
    low = (reference + error).to(dtype)
    flipped = [1, 3, size + 2, 2 * size + 1]
    for place in flipped:
        other = (int(top[place]) + 1 + integer(rng, 0, CLASSES - 1)) % CLASSES
        if other == int(top[place]):
            other = (other + 1) % CLASSES
        reference[place, other] = reference[place, top[place]] - 0.25
        low[place, other] = (reference[place, top[place]] + 1.5).to(dtype)
    low[0, int(reference[0].argmin())] -= 8  # the largest error, downwards
    return _Case(reference, low, sizes, torch.rand(n, 3, 4, 4, generator=rng))


def _run(answer: Witness, case: _Case, tried: Message) -> tuple[dict, dict[str, Seen]]:
    """What the answer gave, by key, and all that was seen."""
    seen = answer.run(
        trials.compare, reference=case.reference, low=case.low, sizes=case.sizes, noise=case.noise
    )
    value = seen["value"]
    expected = _("a dict with the keys {keys}", keys=", ".join(KEYS))
    told = {"tried": tried, "observed": describe(value), "expected": expected}
    require(value is not None, general.RETURNED_NONE, **told)
    require(isinstance(value, DictSeen), general.WRONG_TYPE, **told)
    keys = [key for key, _item in value.pairs]
    require(len(keys) == len(KEYS) and set(keys) == set(KEYS), general.WRONG_KEYS, **told)
    found = dict(value.pairs)
    tensors = any(
        isinstance(item, TensorSeen)
        or (isinstance(item, ListSeen) and any(isinstance(each, TensorSeen) for each in item.items))
        for item in found.values()
    )
    require(not tensors, TENSORS_INSIDE, **told)
    low = [name for name in seen["got"].items if name != "float32"]
    require(not low, MODEL_GOT_LOW(dtype=", ".join(low)), tried=tried)
    return found, seen


def _agreeing(case: _Case) -> list[Tensor]:
    same = torch.ones(len(case.reference))
    same[case.changed] = 0
    return list(same.split(case.sizes))


def _of_one_batch(case: _Case) -> list[float]:
    """Agreement as it comes out when only one of the batches is looked at."""
    batches = _agreeing(case)
    return [
        batches[-1].mean().item(),
        batches[0].mean().item(),
        batches[-1].sum().item() / len(case.reference),
    ]


def _five(case: _Case) -> float:
    """The share of pictures with the same five best."""
    same_five = case.reference.topk(5).indices == case.low.float().topk(5).indices
    return same_five.all(1).float().mean().item()


def _tried(dtype: torch.dtype, sizes: list[int]) -> Message:
    return _(
        "batches of {sizes} pictures, low logits in {dtype}",
        sizes=", ".join(map(str, sizes)),
        dtype=str(dtype).removeprefix("torch."),
    )


def _judge_agreement(answer: Witness, rng: torch.Generator) -> None:
    for dtype in (torch.bfloat16, torch.float16):
        case = _case(rng, dtype)
        while any(abs(_five(case) - share) < 1e-3 for share in _of_one_batch(case)):
            case = _case(rng, dtype)  # in which these two mistakes lead to two results
        tried = _tried(dtype, case.sizes)
        found, _seen = _run(answer, case, tried)
        changed, n = case.changed, len(case.reference)
        right = 1 - len(changed) / n
        batches = _agreeing(case)
        near = Tolerance(rtol=1e-5, atol=1e-6)
        equal(
            found["agreement"],
            right,
            tried=tried,
            tolerance=near,
            wrong=[
                (MEAN_OF_BATCHES, sum(batch.mean().item() for batch in batches) / len(batches)),
                (PERCENT, right * 100),
                (PERCENT, float(n - len(changed))),
                (DISAGREEMENT, 1 - right),
                *[(LAST_BATCH, share) for share in _of_one_batch(case)],
                (FIVE_BEST, _five(case)),
            ],
        )
        places = [(batch == 0).nonzero().flatten().tolist() for batch in batches]
        equal(
            found["changed"],
            changed,
            tried=tried,
            wrong=[
                (WITHIN_BATCH, [place for part in places for place in part]),
                (LAST_BATCH, places[-1]),
                (LAST_BATCH, places[0]),
                (LAST_BATCH, [place + sum(case.sizes[:-1]) for place in places[-1]]),
            ],
        )


def _judge_error(answer: Witness, rng: torch.Generator) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        case = _case(rng, dtype)
        tried = _tried(dtype, case.sizes)
        found, _seen = _run(answer, case, tried)
        low = case.low.float()
        difference = low - case.reference
        softened = (low.softmax(1) - case.reference.softmax(1)).abs().max().item()
        last = difference.abs()[-case.sizes[-1] :]
        rounded = [
            (case.reference.to(dtype) - case.low).abs().max().float().item(),
            (case.reference.to(dtype).float() - low).abs().max().item(),
            (case.reference - low).to(dtype).abs().max().float().item(),
        ]
        of_batches = [part.abs().max().item() for part in difference.split(case.sizes)]
        equal(
            found["max_error"],
            difference.abs().max().item(),
            tried=tried,
            tolerance=Tolerance(rtol=1e-5, atol=1e-5),
            wrong=[
                *[(LOW_SUBTRACTION, value) for value in rounded],
                (SIGNED, difference.max().item()),
                (MEAN_ERROR, difference.abs().mean().item()),
                (MEAN_OF_BATCHES, sum(of_batches) / len(of_batches)),
                (OF_PROBABILITIES, softened),
                (RELATIVE, (difference.abs() / case.reference.abs()).max().item()),
                (LAST_BATCH, last.max().item()),
            ],
        )


def _judge_gradients(answer: Witness, rng: torch.Generator) -> None:
    case = _case(rng, torch.bfloat16)
    case = replace(case, sizes=[len(case.reference)])
    tried = _("models whose parameters require gradients, called with gradients on")
    found, seen = _run(answer, case, tried)
    require(not any(seen["recorded"].items), RECORDED, tried=tried)
    require(bool(seen["kept"]), general.MODEL_CHANGED, tried=tried)
    # this much is only reported; one figure that is right shows that something was compared, however badly
    error = (case.low.float() - case.reference).abs().max().item()
    right = {
        "agreement": 1 - len(case.changed) / len(case.reference),
        "changed": case.changed,
        "max_error": error,
    }
    known = [same(found[name], value, Tolerance(rtol=1e-5, atol=1e-5)) for name, value in right.items()]
    require(any(known), general.WRONG_VALUES, tried=tried)


def _judge_not_finite(answer: Witness, rng: torch.Generator) -> None:
    plain = _case(rng, torch.float16)
    wholly = torch.full((CLASSES,), torch.nan)
    for place, row, tried in [
        (sum(plain.sizes) - 1, wholly, _("low logits that are NaN, in the last picture")),
        (0, wholly, _("low logits that are NaN, in the first picture")),
        (2, None, _("one infinite logit, of the right category")),
    ]:
        case = _Case(plain.reference.clone(), plain.low.clone(), plain.sizes, plain.noise)
        if row is None:
            case.low[place, case.reference[place].argmax()] = torch.inf
        else:
            case.low[place] = row.to(torch.float16)
            case.reference[place, 0] = 150.0  # argmax of a row of NaN is 0
        found, _seen = _run(answer, case, tried)
        error = found["max_error"]
        hidden = not (isinstance(error, float) and math.isinf(error) and error > 0)
        told = {"tried": tried, "observed": describe(error), "expected": _("inf")}
        require(not hidden, NAN_HIDDEN, **told)
        agrees = isinstance(found["changed"], ListSeen) and place not in found["changed"].items
        equal(found["changed"], case.changed, tried=tried, recognise=[(NAN_AGREES, agrees)])
        share = 1 - len(case.changed) / len(case.reference)
        equal(found["agreement"], share, tried=tried, recognise=[(NAN_AGREES, True)])


COMPARE = Exercise(
    id="precision-4",
    title=_("Compare two models"),
    answer="compare_precision",
    parts=(
        Part(_("agreement, and which pictures changed"), 2, _judge_agreement),
        Part(_("the largest error, in float32"), 1, _judge_error),
        Part(_("no gradients recorded"), 1, _judge_gradients),
        Part(
            _("logits that are not finite"),
            1,
            _judge_not_finite,
            needs=("agreement, and which pictures changed",),
        ),
    ),
    hints=(
        _(
            "Walk through the batches once. For each: logits of both models, those of the low one brought to float32. What do you have to carry from batch to "
            "batch? Three things, and the number of pictures so far."
        ),
        _(
            "`different = low.argmax(1) != reference.argmax(1)`; a row that is not finite in all places is different too: "
            "`| ~low.isfinite().all(1)`. `different.nonzero().flatten().tolist()` gives places within the batch: add the number of pictures before it."
        ),
        _(
            "It is simplest to gather the logits of all batches with `torch.cat` first, in float32, inside `torch.inference_mode()`, and to compare at the "
            'end. For the error: `(low - reference).abs().max().item()` when all are finite, else `float("inf")`.'
        ),
    ),
    explanation=_(
        "Three numbers, because each hides something. The agreement says what users would notice, but is coarse. The largest error is fine, but says nothing about "
        "whether it changed an answer. The list of changed pictures lets you look. The subtraction happens in float32: in 16 bits it would be rounded as coarsely as "
        "what it is to measure. And NaN must not pass silently: an overflow in float16 shows up just there."
    ),
    mistakes=(
        TENSORS_INSIDE,
        MODEL_GOT_LOW,
        MEAN_OF_BATCHES,
        PERCENT,
        DISAGREEMENT,
        WITHIN_BATCH,
        LAST_BATCH,
        FIVE_BEST,
        LOW_SUBTRACTION,
        SIGNED,
        MEAN_ERROR,
        OF_PROBABILITIES,
        RELATIVE,
        RECORDED,
        NAN_HIDDEN,
        NAN_AGREES,
    ),
)
