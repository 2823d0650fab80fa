"""precision-1: what a cast to another dtype loses."""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.exercises.precision.shared import BITS, integer
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials import precision as trials
from helpers.trials.values import ListSeen, Seen, TensorSeen

TENSORS_INSIDE = Mistake(
    "tensors-inside",
    _("The tuple holds tensors. `.item()` makes ordinary numbers of them, `int` and `float`."),
)
NOT_THREE = Mistake(
    "not-three", _("Three numbers are asked for, as a tuple: overflowed, vanished, largest relative error.")
)
BY_LARGEST = Mistake(
    "by-largest",
    _(
        "You compared with the largest number of the dtype. A value just above it is rounded down to it and stays "
        "finite: cast the values, then look which have become infinite."
    ),
    BITS,
)
BY_SMALLEST = Mistake(
    "by-smallest",
    _(
        "You compared with `finfo(...).tiny`, the smallest *normal* number. Below it there are smaller ones, with fewer "
        "digits: cast the values, then look which have become 0."
    ),
    BITS,
)
INFINITE_BEFORE = Mistake(
    "infinite-before",
    _("You counted values that were infinite, or NaN, before the cast. Those have not been lost by it."),
    BITS,
)
ZERO_BEFORE = Mistake(
    "zero-before", _("You counted zeros that were 0 before the cast. Those have not been lost by it."), BITS
)
POSITIVE_ONLY = Mistake(
    "positive-only", _("You looked at positive values only. Negative ones overflow and vanish as well."), BITS
)
ALWAYS_FLOAT16 = Mistake(
    "always-float16",
    _("You always cast to float16. The function is told which dtype to try, and each has another range."),
    BITS,
)
ABSOLUTE = Mistake(
    "absolute",
    _(
        "This is the largest absolute error. Divide each error by the size of its own value, then take the largest."
    ),
    BITS,
)
AVERAGE_ERROR = Mistake(
    "average-error", _("This is the mean relative error. The largest is asked for."), BITS
)
LOST_INCLUDED = Mistake(
    "lost-included",
    _(
        "Values that overflowed, vanished, or were 0, infinite or NaN before are in your relative error, so it is 1, "
        "infinite or NaN. Take only values that are finite and not 0, before and after the cast."
    ),
    BITS,
)
ROUNDED_BOTH = Mistake(
    "rounded-both",
    _(
        "Your error is 0: both sides were rounded before you compared them. Bring the cast values back to float32, "
        "and subtract there."
    ),
    BITS,
)

HALF_LIMIT = 65504.0


def _mixed(rng: torch.Generator) -> Tensor:
    """float32 (6, 7) for float16: ordinary, too large, too small, and just inside of either limit, of both signs."""
    ordinary = torch.rand(20, generator=rng) * 20 + 0.01
    too_large = HALF_LIMIT * (1.5 + torch.rand(integer(rng, 3, 6), generator=rng))
    too_small = 1e-9 * (1 + torch.rand(integer(rng, 3, 6), generator=rng))
    just_inside = torch.full((integer(rng, 2, 4),), HALF_LIMIT + 8)  # rounded down to the largest
    subnormal = 2e-7 * (1 + torch.rand(integer(rng, 2, 4), generator=rng))
    values = torch.cat([too_large, too_small, just_inside, subnormal, ordinary, ordinary])[:42]
    signs = torch.where(torch.rand(42, generator=rng) < 0.5, -1.0, 1.0)
    signs[: len(too_large)] = torch.tensor([-1.0, 1.0, 1.0, -1.0, 1.0])[: len(too_large)]
    signs[len(too_large) : len(too_large) + len(too_small)] = torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0])[
        : len(too_small)
    ]
    return (values * signs)[torch.randperm(42, generator=rng)].reshape(6, 7)


def _with_specials(values: Tensor, rng: torch.Generator) -> Tensor:
    """The same with zeros, infinities and NaN added: 5 zeros, 3 infinities, 2 NaN."""
    specials = torch.tensor([0.0, -0.0, 0, 0, 0, torch.inf, -torch.inf, torch.inf, torch.nan, torch.nan])
    both = torch.cat([values.reshape(-1), specials])
    return both[torch.randperm(len(both), generator=rng)]


def _counts(values: Tensor, dtype: torch.dtype) -> tuple[int, int]:
    after = values.to(dtype)
    overflowed = values.isfinite() & after.isinf()
    vanished = (values != 0) & (after == 0)
    return int(overflowed.sum()), int(vanished.sum())


def _errors(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Relative errors of all values that are finite and not 0 before and after."""
    after = values.to(dtype).double()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    before = values.double()[kept]
    return (after[kept] - before).abs() / before.abs()


def _numbers(answer: Witness, values: Tensor, dtype: str, tried: Message) -> list[Seen]:
    """The three numbers that the answer gave."""
    seen = answer.run(trials.cast, values=values, dtype=dtype)
    value = seen["value"]
    told = {"tried": tried, "observed": describe(value), "expected": _("a tuple (int, int, float)")}
    require(value is not None, general.RETURNED_NONE, **told)
    require(isinstance(value, ListSeen) and value.kind != "set" and len(value.items) == 3, NOT_THREE, **told)
    require(not any(isinstance(item, TensorSeen) for item in value.items), TENSORS_INSIDE, **told)
    require(bool(seen["kept"]), general.INPUT_CHANGED, tried=tried)
    return value.items


def _require_counts(answer: Witness, values: Tensor, dtype: str, tried: Message) -> None:
    kind = getattr(torch, dtype)
    found = _numbers(answer, values, dtype, tried)[:2]
    overflowed, vanished = right = _counts(values, kind)
    limits = torch.finfo(kind)
    by_largest = int((values.isfinite() & (values.abs() > limits.max)).sum())
    by_smallest = int(((values != 0) & (values.abs() < limits.tiny)).sum())
    after = values.to(kind)
    positive = (
        int((values.isfinite() & (after == torch.inf)).sum()),
        int(((values > 0) & (after == 0)).sum()),
    )
    infinite = [
        int(after.isinf().sum()),
        int((~after.isfinite()).sum()),
        overflowed + int(values.isnan().sum()),
    ]
    zeros = int((after == 0).sum())
    half = _counts(values, torch.float16)
    equal(
        found,
        list(right),
        tried=tried,
        recognise=[
            (ALWAYS_FLOAT16, kind is not torch.float16 and half != right and found == list(half)),
            (INFINITE_BEFORE, found[0] != overflowed and found[0] in infinite),
            (BY_LARGEST, found[0] != overflowed and found[0] == by_largest),
            (POSITIVE_ONLY, found[0] != overflowed and found[0] == positive[0]),
            (BY_SMALLEST, found[1] != vanished and found[1] == by_smallest),
            (POSITIVE_ONLY, found[1] != vanished and found[1] == positive[1]),
            (ZERO_BEFORE, found[1] != vanished and found[1] == zeros),
        ],
    )


def _judge_counts(answer: Witness, rng: torch.Generator) -> None:
    for _round in range(2):
        values = _mixed(rng)
        _require_counts(answer, values, "float16", _("42 values, some very large or very small, to float16"))


def _judge_special(answer: Witness, rng: torch.Generator) -> None:
    values = _mixed(rng)
    specials = _with_specials(values, rng)
    _require_counts(answer, specials, "float16", _("with 0, infinity and NaN among them, to float16"))
    wide = specials.clone()
    wide[specials.abs() == HALF_LIMIT + 8] = torch.finfo(torch.float32).max
    wide[(specials.abs() < 1e-6) & (specials > 0)] = 1e-42
    _require_counts(answer, wide, "bfloat16", _("such values, to bfloat16"))
    _require_counts(answer, specials, "float32", _("such values, to float32, which they are already"))


def _judge_error(answer: Witness, rng: torch.Generator) -> None:
    plain = torch.rand(30, generator=rng) * 50 + 1
    small = torch.cat([plain, torch.rand(4, generator=rng) * 1e-7 + 1e-7])
    cases = [
        (
            plain * torch.where(torch.rand(30, generator=rng) < 0.5, -1, 1),
            "bfloat16",
            _("ordinary values, to bfloat16"),
        ),
        (small, "float16", _("ordinary and very small values, to float16")),
        (
            _with_specials(_mixed(rng), rng),
            "float16",
            _("values that overflow or vanish among them, to float16"),
        ),
        (plain, "float32", _("values that fit exactly")),
        (torch.zeros(0), "float16", _("an empty tensor")),
    ]
    for values, dtype, tried in cases:
        kind = getattr(torch, dtype)
        errors = _errors(values, kind)
        right = errors.max().item() if len(errors) else 0.0
        found = _numbers(answer, values, dtype, tried)[2]
        number = isinstance(found, (int, float)) and not isinstance(found, bool)
        after = values.to(kind).double()
        finite = (after - values.double()).abs()
        finite = finite[finite.isfinite()]
        absolute = finite.max().item() if len(finite) else 0.0
        equal(
            found,
            right,
            tried=tried,
            tolerance=Tolerance(rtol=2e-3, atol=1e-9),
            recognise=[
                (ROUNDED_BOTH, number and found == 0 and right > 0),
                (ABSOLUTE, number and found > 0 and abs(found - absolute) < 1e-3 * absolute),
                (
                    AVERAGE_ERROR,
                    number and len(errors) > 0 and abs(found - errors.mean().item()) < 1e-2 * right,
                ),
                (ALWAYS_FLOAT16, number and _near(found, _errors(values, torch.float16))),
                (LOST_INCLUDED, number and (found != found or found in (1.0, torch.inf))),
            ],
        )


def _near(found: float, errors: Tensor) -> bool:
    return len(errors) > 0 and abs(found - errors.max().item()) < 1e-3 * errors.max().item()


LOSSES = Exercise(
    id="precision-1",
    title=_("What a cast loses"),
    answer="cast_losses",
    parts=(
        Part(_("how many overflow, how many vanish"), 2, _judge_counts),
        Part(
            _("special values, and other dtypes"),
            1,
            _judge_special,
            needs=("how many overflow, how many vanish",),
        ),
        Part(_("the largest relative error"), 1, _judge_error),
    ),
    hints=(
        _("Do not compute with limits: cast, `after = values.to(dtype)`, and compare before and after."),
        _(
            "`torch.isfinite` and `torch.isinf` tell what has overflowed: finite before **and** infinite after. The same "
            "for what has vanished: not 0 before and 0 after. `.sum().item()` counts."
        ),
        _(
            "For the error take the values that are finite and not 0 on both sides: `kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)`. "
            "Bring `after` back with `.float()` before you subtract. Mind that `kept` may be empty: then `max()` raises."
        ),
        _(
            "`error = ((after.float() - values).abs() / values.abs())[kept]`, then "
            "`error.max().item() if error.numel() else 0.0`."
        ),
    ),
    explanation=_(
        "The cast itself knows best what it does to a value: it rounds to the nearest number of the dtype, so 65512 becomes 65504 "
        "in float16 and not infinity, and 1e-7 becomes a subnormal number and not 0. Comparing before with after needs no limits "
        "at all and serves every dtype. The comparison happens in float32: in float16 the difference would itself be rounded."
    ),
    mistakes=(
        NOT_THREE,
        TENSORS_INSIDE,
        ALWAYS_FLOAT16,
        BY_LARGEST,
        POSITIVE_ONLY,
        INFINITE_BEFORE,
        BY_SMALLEST,
        ZERO_BEFORE,
        ROUNDED_BOTH,
        ABSOLUTE,
        AVERAGE_ERROR,
        LOST_INCLUDED,
    ),
)
