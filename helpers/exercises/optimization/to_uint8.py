"""optimization-6: floats as unsigned bytes, with a scale and a zero point from a calibrated range."""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.exercises.optimization.sections import INT8
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import same
from helpers.text import _
from helpers.trials.calls import call
from helpers.trials.values import ListSeen, Seen, TensorSeen

ZERO_OUTSIDE = Mistake(
    "zero-outside",
    _(
        "The range does not hold 0, and was taken as it is. Widen it to include 0 first: 0 must be one of the 256 steps, since padding and ReLU make exact zeros."
    ),
    INT8,
)
BY_256 = Mistake(
    "by-256",
    _("You divided the range by 256. 256 values have 255 steps between them."),
    INT8,
)
SIGNED = Mistake(
    "signed",
    _(
        "The values go from -128 to 127. Here they are unsigned, from 0 to 255; the zero point moves with them."
    ),
    INT8,
)
SYMMETRIC = Mistake(
    "symmetric",
    _(
        "You scaled by the largest absolute value, as one does for weights. Here the whole range from `low` to `high` is spread over 0 to 255."
    ),
    INT8,
)
OWN_RANGE = Mistake(
    "own-range",
    _(
        "You took the smallest and the largest of these values. Use `low` and `high`: they were calibrated once, and are the same for every input."
    ),
    INT8,
)
WRAPPED = Mistake(
    "wrapped",
    _(
        "Values outside the range came out at the other end: a byte wraps around. Clamp to 0 and 255 before you convert."
    ),
    INT8,
)
TRUNCATED = Mistake(
    "truncated",
    _("Converting to integers cuts off what is behind the point. Round to the nearest first."),
    INT8,
)
NO_ZERO_POINT = Mistake(
    "no-zero-point",
    _("The zero point was not added: everything below 0 is lost."),
    INT8,
)
ZERO_POINT_SIGN = Mistake(
    "zero-point-sign",
    _("The zero point is the step at which 0 lies: -low / scale, rounded. It is never negative here."),
    INT8,
)
EMPTY_RANGE = Mistake(
    "empty-range",
    _("For a range that is only 0 the scale has to be 1: dividing by 0 gives no number."),
    INT8,
)
BACK_TO_FLOAT = Mistake(
    "back-to-float",
    _("These are floats again. Return the bytes themselves, as a uint8 tensor."),
    INT8,
)


def _parameters(low: float, high: float, steps: int = 255, widen: bool = True) -> tuple[float, int]:
    if widen:
        low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / steps if high > low else 1.0
    return scale, round(-low / scale)


def _bytes(values: Tensor, scale: float, zero: int, rounded: bool = True) -> Tensor:
    steps = values.double() / scale + zero
    return (steps.round() if rounded else steps.trunc()).clamp(0, 255).to(torch.uint8)


def _values(rng: torch.Generator, low: float, high: float, beyond: float) -> Tensor:
    """float32 (3, 7) in the range and beyond by a share of it, none of them half way between two steps."""
    scale, _zero = _parameters(low, high)
    span = max(high, 0.0) - min(low, 0.0)
    values = min(low, 0.0) - beyond * span + torch.rand(3, 7, generator=rng) * span * (1 + 2 * beyond)
    if beyond:
        values[0, :2] = torch.tensor([min(low, 0.0) - 0.4 * span, max(high, 0.0) + 0.4 * span])
    steps = values.double() / scale
    off = steps - steps.floor()
    # at 0.3 or 0.7 of a step neither the way of rounding nor the order of adding matters
    return ((steps.floor() + torch.where(off < 0.5, 0.3, 0.7)) * scale).float()


def _range(rng: torch.Generator, kind: str) -> tuple[float, float]:
    one, other = (0.5 + 3 * torch.rand(2, generator=rng)).tolist()
    low, high = {
        "around": (-one, other + 1.0),
        "above": (one, one + 2.0 + other),
        "below": (-one - 2.0 - other, -one),
        "relu": (0.0, other + 1.0),
    }[kind]
    # the zero point must not lie half way between two steps
    scale, _zero = _parameters(low, high)
    low_wide = min(low, 0.0)
    places = -low_wide / scale
    if abs(places - int(places) - 0.5) < 0.05:
        return _range(rng, kind)
    return low, high


def _around(answer: Witness, rng: torch.Generator) -> None:
    for kind in ("around", "relu"):
        low, high = _range(rng, kind)
        _judge(answer, _values(rng, low, high, 0.0), low, high)


def _outside(answer: Witness, rng: torch.Generator) -> None:
    for kind in ("around", "relu"):
        low, high = _range(rng, kind)
        _judge(answer, _values(rng, low, high, 0.2), low, high)


def _without_zero(answer: Witness, rng: torch.Generator) -> None:
    for kind in ("above", "below"):
        low, high = _range(rng, kind)
        _judge(answer, _values(rng, low, high, 0.0), low, high)
    _judge(answer, torch.zeros(2, 3), 0.0, 0.0)


def _judge(answer: Witness, values: Tensor, low: float, high: float) -> None:
    tried = _("values of shape {shape}, range {low:.3f} to {high:.3f}", shape=tuple(values.shape), low=low, high=high)  # fmt: skip
    scale, zero = _parameters(low, high)
    right = (_bytes(values, scale, zero), scale, zero)
    record = answer.attempt(call, args=[values, low, high], kwargs={})
    if low == high == 0.0 and getattr(record, "type", None) in (
        "ZeroDivisionError",
        "ValueError",
        "OverflowError",
    ):
        require(False, EMPTY_RANGE, tried=tried)
    outcome = answer.run(call, args=[values, low, high], kwargs={})
    seen = outcome["value"]
    equal(seen, right, tried=tried, recognise=_recognised(seen, values, low, high, right))
    require(same(outcome["args"], [values, low, high]), general.INPUT_CHANGED, tried=tried)


def _recognised(seen: Seen, values: Tensor, low: float, high: float, right: tuple):
    _right, scale, zero = right
    if not (isinstance(seen, ListSeen) and len(seen.items) == 3):
        return []
    data, given_scale, given_zero = seen.items
    data = data.data if isinstance(data, TensorSeen) else None
    numbers = all(isinstance(one, (int, float)) for one in (given_scale, given_zero))
    if data is None or not numbers or data.shape != values.shape:
        return []
    parameters = (float(given_scale), int(given_zero) if given_zero == given_zero else 0)

    def uses(wrong: tuple[float, int]) -> bool:
        return same(parameters[0], float(wrong[0])) and parameters[1] == wrong[1]

    def scales(wrong: float) -> bool:
        return same(parameters[0], float(wrong)) and not same(scale, float(wrong))

    low_wide, high_wide = min(low, 0.0), max(high, 0.0)
    most = max(abs(low), abs(high)) or 1.0
    own = float(values.min()), float(values.max())
    wrapped = (values.double() / scale).round() + zero
    right_parameters = uses((scale, zero))
    wide = data.to(torch.float64)
    return [
        (EMPTY_RANGE, low == high == 0.0 and not right_parameters),
        (BACK_TO_FLOAT, right_parameters and data.is_floating_point() and bool((wide != wide.round()).any())),
        (ZERO_OUTSIDE, low * high > 0 and scales((high - low) / 255)),
        (BY_256, scales((high_wide - low_wide) / 256)),
        (SYMMETRIC, any(scales(k * most / n) for k, n in ((1, 127), (1, 128), (2, 255), (1, 255)))),
        (OWN_RANGE, scales(_parameters(*own)[0]) or scales((own[1] - own[0]) / 255)),
        (SIGNED, same(parameters[0], scale) and parameters[1] == zero - 128),
        (ZERO_POINT_SIGN, same(parameters[0], scale) and parameters[1] == -zero != zero),
        (TRUNCATED, right_parameters and bool((wide == _bytes(values, scale, zero, rounded=False)).all())),
        (TRUNCATED, right_parameters and bool((wide == ((values.double() / scale).trunc() + zero).clamp(0, 255)).all())),
        (NO_ZERO_POINT, right_parameters and zero > 0 and bool((wide == _bytes(values, scale, 0)).all())),
        (WRAPPED, right_parameters and bool((wrapped.clamp(0, 255) != wrapped).any()) and _same_inside(wide, wrapped)),
    ]  # fmt: skip


def _same_inside(data: Tensor, steps: Tensor) -> bool:
    """Whether only steps below 0 and above 255 differ."""
    inside = (steps >= 0) & (steps <= 255)
    return bool((data[inside] == steps[inside]).all())


TO_UINT8 = Exercise(
    id="optimization-6",
    title=_("Floats as bytes"),
    answer="to_uint8",
    parts=(
        Part(_("values inside the range"), 2, _around),
        Part(_("values outside the range"), 1, _outside),
        Part(_("ranges without 0, and only 0"), 2, _without_zero),
    ),
    hints=(
        _(
            "Three steps: widen the range so that it holds 0; work out the scale and the zero point; then turn the values into steps, round, clamp, convert."
        ),
        _(
            "`scale = (high - low) / 255`, or 1.0 when both are 0. The zero point is the step at which 0 lies: `round(-low / scale)`."
        ),
        _("`(values / scale + zero_point).round().clamp(0, 255).to(torch.uint8)`"),
    ),
    explanation=_(
        "A byte knows 256 steps. The scale is the size of one, the zero point the place of 0, which has to be exact: a padded border and the output of a ReLU "
        "are full of zeros, and an error there would be everywhere. What lies outside of the calibrated range is cut off: so calibrate on inputs like those to come."
    ),
    mistakes=(
        ZERO_OUTSIDE,
        BY_256,
        SIGNED,
        SYMMETRIC,
        OWN_RANGE,
        WRAPPED,
        TRUNCATED,
        NO_ZERO_POINT,
        ZERO_POINT_SIGN,
        EMPTY_RANGE,
        BACK_TO_FLOAT,
    ),
)
