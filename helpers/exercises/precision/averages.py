"""precision-5: the mean of many probabilities, computed so that 16 bits do no harm."""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.exercises.precision.shared import SUMS, integer
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance
from helpers.judging.expect import Recogniser
from helpers.text import Message, _
from helpers.trials import precision as trials
from helpers.trials.values import Seen, TensorSeen

LOW_SOFTMAX = Mistake(
    "low-softmax",
    _(
        "The values are right to two or three digits only: softmax gave its result in the dtype of the logits. Bring the logits to "
        "float32 first: `logits.float().softmax(1)`."
    ),
    SUMS,
)
LOW_SUM = Mistake(
    "low-sum",
    _(
        "The mean is too far off: probabilities were added up in 16 bits, where small ones no longer change a large sum. Keep the "
        "running sum in float32."
    ),
    SUMS,
)
LOW_RESULT = Mistake("low-result", _("The result is in {dtype}. float32 is asked for."), SUMS)
MEAN_OF_LOGITS = Mistake(
    "mean-of-logits",
    _(
        "You took the mean of the logits, then softmax. That is another number: softmax of each row first, then the mean."
    ),
)
EQUAL_BATCHES = Mistake(
    "equal-batches",
    _(
        "Every batch counts the same in your mean, whatever its size. Divide the sum over all rows by the number of all rows."
    ),
)
OVER_ROWS = Mistake(
    "over-rows", _("Softmax went over the rows of a batch. It has to go over the categories, dimension 1.")
)
NAIVE_EXP = Mistake(
    "naive-exp",
    _(
        "There is NaN or 0 where a probability should be: `exp` of a large logit is infinite, in float32 already above 88. Subtract the "
        "largest logit of each row first, or let `softmax` do it."
    ),
    SUMS,
)
CLAMPED = Mistake(
    "clamped",
    _(
        "Large logits were cut off, or divided, before softmax. That changes the probabilities: only subtracting one number from a whole row does not."
    ),
    SUMS,
)
SUM_NOT_MEAN = Mistake("sum-not-mean", _("This is the sum over all rows. Divide it by their number."))
NOT_AVERAGED = Mistake(
    "not-averaged", _("You returned one row a picture. Take the mean over all of them: one value a category.")
)
LAST_ONLY = Mistake("last-only", _("Only one of the batches is in your result."))

CLOSE = Tolerance(rtol=5e-4, atol=1e-7)
"""float32 over hundreds of additions: 1e-5; a probability in bfloat16: 4e-3, in float16 5e-4 and more."""


def _logits(
    rng: torch.Generator, sizes: list[int], classes: int, dtype: torch.dtype, scale: float
) -> list[Tensor]:
    return [(torch.randn(size, classes, generator=rng) * scale).to(dtype) for size in sizes]


def _judge(answer: Witness, batches: list[Tensor], tried: Message) -> None:
    dtype = batches[0].dtype
    rows, sizes = torch.cat(batches), [len(batch) for batch in batches]
    together = rows.double().softmax(1)
    each, right = together.split(sizes), together.mean(0)
    seen = answer.run(trials.average, rows=rows, sizes=sizes)
    value = seen["value"]
    uneven = len(set(sizes)) > 1
    wrong = [
        (MEAN_OF_LOGITS, rows.double().mean(0).softmax(0)),
        *([(EQUAL_BATCHES, torch.stack([one.mean(0) for one in each]).mean(0))] if uneven else []),
        (SUM_NOT_MEAN, together.sum(0)),
        (NOT_AVERAGED, together),
        (LAST_ONLY, each[-1].mean(0)),
        (LAST_ONLY, each[0].mean(0)),
        (LAST_ONLY, each[-1].sum(0) / len(rows)),
        (OVER_ROWS, torch.cat([batch.double().softmax(0) for batch in batches[:3]]).mean(0)),
        (OVER_ROWS, rows.double().softmax(0).mean(0)),
    ]
    low = isinstance(value, TensorSeen) and value.data.dtype == dtype != torch.float32
    require(not low, LOW_RESULT(dtype=str(dtype).removeprefix("torch.")), tried=tried)
    equal(
        value,
        right.float(),
        grad=False,
        tried=tried,
        tolerance=CLOSE,
        wrong=wrong,
        recognise=_by_size(value, right, rows),
    )
    require(bool(seen["kept"]), general.INPUT_CHANGED, tried=tried)


def _by_size(value: Seen, right: Tensor, rows: Tensor) -> list[Recogniser]:
    """Mistakes that show in how far the values are off, and not in exact ones."""
    if (
        not isinstance(value, TensorSeen)
        or value.data.shape != right.shape
        or value.data.dtype != torch.float32
    ):
        return []
    found = value.data.double()
    large = bool(rows.abs().max() > 80)
    missing = not bool(found.isfinite().all()) or abs(found.sum().item() - 1) > 0.1
    rows = rows.double()
    changed = [rows.clamp(-limit, limit) for limit in (10, 20, 50, 80, 88, 100)]
    changed.append(rows / rows.abs().amax(1, keepdim=True))
    cut = any(torch.allclose(found, other.softmax(1).mean(0), rtol=0.02, atol=1e-4) for other in changed)
    off = ((found - right).abs() / right.clamp_min(1e-5)).max().item()
    return [
        (NAIVE_EXP, large and missing),
        (CLAMPED, large and cut),
        (LOW_SUM, len(rows) > 200 and (missing or off < 0.9)),
        (LOW_SOFTMAX, off < 0.02),
    ]


def _judge_mean(answer: Witness, rng: torch.Generator) -> None:
    for dtype in (torch.bfloat16, torch.float16):
        batches = _logits(rng, [6, 6, 6], integer(rng, 8, 12), dtype, 1.5)
        name = str(dtype).removeprefix("torch.")
        _judge(answer, batches, _("3 batches of 6 rows, logits in {dtype}", dtype=name))


def _judge_uneven(answer: Witness, rng: torch.Generator) -> None:
    batches = _logits(rng, [7, integer(rng, 4, 6), 1], 9, torch.bfloat16, 2.0)
    batches[-1][:] = batches[-1].sort(descending=True).values * 2
    _judge(answer, batches, _("batches of different size, the last of one row"))
    _judge(answer, batches[:1], _("one batch only"))


def _judge_large(answer: Witness, rng: torch.Generator) -> None:
    # what softmax sees are differences, and those stay small; float16 has steps of 32 near 60000
    shift = torch.tensor([60000.0, -60000.0, 300.0, 0.0, -90.0, 90.0])[:, None]
    step = torch.where(shift.abs() > 1000, 32.0, 0.5)
    for dtype, tried in [
        (torch.float16, _("float16 logits as large as 60000")),
        (torch.float32, _("float32 logits as large as 60000")),
    ]:
        rows = shift + torch.randint(-3, 3, (6, 6), generator=rng) * step
        rows[:2, 0] = rows[:2, 3] = rows[:2].amax(1)
        _judge(answer, list(rows.to(dtype).split(3)), tried)


def _judge_many(answer: Witness, rng: torch.Generator) -> None:
    for dtype in (torch.bfloat16, torch.float16):
        logits = torch.randn(400, 5, generator=rng) * 0.3 + torch.tensor([3.0, 0, 1, 2, 1])
        tried = _("200 batches of 2 rows, logits in {dtype}", dtype=str(dtype).removeprefix("torch."))
        _judge(answer, list(logits.to(dtype).split(2)), tried)


AVERAGE = Exercise(
    id="precision-5",
    title=_("The mean of many probabilities"),
    answer="mean_probabilities",
    parts=(
        Part(_("right in float32"), 2, _judge_mean),
        Part(_("batches of different size"), 1, _judge_uneven, needs=("right in float32",)),
        Part(_("large logits"), 1, _judge_large, needs=("right in float32",)),
        Part(_("hundreds of batches"), 1, _judge_many, needs=("right in float32",)),
    ),
    hints=(
        _(
            "Where does float32 have to begin? Before softmax: what its result has lost, no later cast brings back."
        ),
        _(
            "Keep two things while you go through the batches: the sum of the probabilities over all rows so far, one float32 value a category, and the number of "
            "rows so far. Divide at the end."
        ),
        _(
            "In the loop: `total = total + logits.float().softmax(1).sum(0)` and `rows += len(logits)`, with `total = 0` and `rows = 0` before it."
        ),
    ),
    explanation=_(
        "`logits.float()` costs nothing beside the model. From there on all is float32: softmax, which subtracts the largest logit by itself so that nothing "
        "overflows; the sum, in which 16 bits would soon stand still; and the mean, which weighs every row the same because the division comes last. "
        "`logits.softmax(1, dtype=torch.float32)` does the cast inside."
    ),
    mistakes=(
        LOW_SOFTMAX,
        LOW_RESULT,
        LOW_SUM,
        MEAN_OF_LOGITS,
        EQUAL_BATCHES,
        OVER_ROWS,
        NAIVE_EXP,
        CLAMPED,
        SUM_NOT_MEAN,
        NOT_AVERAGED,
        LAST_ONLY,
    ),
)
