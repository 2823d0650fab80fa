"""Comparing what came back with what was expected: the first difference, always looked for in one order.

type → length and keys → shape → dtype → device → grad state → values
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from helpers.judging import mistakes
from helpers.judging.describe import describe
from helpers.judging.exercise import Mistake
from helpers.text import Message, _
from helpers.trials.values import DictSeen, ListSeen, Seen, TensorSeen, snapshot


@dataclass(frozen=True)
class Difference:
    """The first difference: its general name, what was observed, what was expected."""

    mistake: Mistake
    observed: Message
    expected: Message


@dataclass(frozen=True)
class Tolerance:
    """How far floating-point values may be apart: ``|a - b| <= atol + rtol * |b|``.

    The default leaves room for another order of summation in float32, and for nothing else.
    """

    rtol: float = 1e-4
    atol: float = 1e-5


EXACT_ENOUGH = Tolerance()


def difference(
    seen: Seen,
    expected: Any,
    *,
    tolerance: Tolerance = EXACT_ENOUGH,
    grad: bool | None = None,
    device: str | None = None,
) -> Difference | None:
    """The first difference between a copy and an expected value, or None.

    Args:
        seen: what the answer gave.
        expected: None, a number, a string, a tensor, an array, or a list, tuple or dict of these. A list and a
            tuple count as the same; a float is also matched by an int, an int by nothing else.
        tolerance: for floating-point values; integers and strings are compared exactly.
        grad: True or False when tensors must, or must not, require gradients; None when either will do.
        device: the device type that tensors must be on; None for any.
    """
    seen = snapshot(seen)
    if isinstance(expected, (torch.Tensor, np.ndarray)):
        return _tensor(seen, expected, tolerance, grad, device)
    options = {"tolerance": tolerance, "grad": grad, "device": device}
    if isinstance(expected, (list, tuple)):
        return _sequence(seen, expected, options)
    if isinstance(expected, dict):
        return _dict(seen, expected, options)
    return _plain(seen, expected, tolerance)


def same(seen: Seen, expected: Any, tolerance: Tolerance = EXACT_ENOUGH) -> bool:
    """Whether a copy has the values of an expected one; dtypes may differ. For recognising a classic mistake."""
    if isinstance(expected, torch.Tensor) and isinstance(seen, TensorSeen):
        wider = torch.promote_types(seen.data.dtype, expected.dtype)
        seen, expected = TensorSeen(seen.data.to(wider)), expected.to(wider)
    return difference(seen, expected, tolerance=tolerance) is None


def _wrong_type(seen: Seen, expected: Any) -> Difference:
    mistake = mistakes.RETURNED_NONE if seen is None else mistakes.WRONG_TYPE
    return Difference(mistake, describe(seen), describe(expected))


def _tensor(
    seen: Seen,
    expected: torch.Tensor | np.ndarray,
    tolerance: Tolerance,
    grad: bool | None,
    device: str | None,
) -> Difference | None:
    array = isinstance(expected, np.ndarray)
    if not isinstance(seen, TensorSeen) or seen.array != array:
        return _wrong_type(seen, expected)
    wanted = torch.from_numpy(expected) if array else expected.detach()
    if seen.data.shape != wanted.shape:
        return Difference(mistakes.WRONG_SHAPE, describe(seen), describe(expected))
    if seen.data.dtype != wanted.dtype:
        return Difference(mistakes.WRONG_DTYPE, describe(seen), describe(expected))
    if device is not None and seen.device != device:
        return Difference(
            mistakes.WRONG_DEVICE,
            _("a tensor on {device}", device=seen.device),
            _("a tensor on {device}", device=device),
        )
    if grad is not None and seen.requires_grad != grad:
        told = [_("requires_grad={grad}", grad=state) for state in (seen.requires_grad, grad)]
        return Difference(mistakes.NEEDS_GRAD if seen.requires_grad else mistakes.LACKS_GRAD, *told)
    return _values(seen, wanted, tolerance)


def _values(seen: TensorSeen, wanted: torch.Tensor, tolerance: Tolerance) -> Difference | None:
    data = seen.data
    if not data.is_floating_point():
        if torch.equal(data, wanted):
            return None
        return Difference(mistakes.WRONG_VALUES, *_worst(data, wanted, (data != wanted).to(torch.float64)))
    data, wanted = data.to(torch.float64), wanted.to(torch.float64)
    if data.isnan().any() and not wanted.isnan().any():
        return Difference(
            mistakes.HAS_NAN,
            _("{n} of {total} values are NaN", n=int(data.isnan().sum()), total=data.numel()),
            _("no NaN"),
        )
    if torch.allclose(data, wanted, rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True):
        return None
    return Difference(
        mistakes.WRONG_VALUES, *_worst(data, wanted, (data - wanted).abs().nan_to_num(nan=torch.inf))
    )


def _worst(data: torch.Tensor, wanted: torch.Tensor, distance: torch.Tensor) -> tuple[Message, Message]:
    if data.numel() <= 6:
        return describe(data), describe(wanted)
    index = torch.unravel_index(distance.argmax(), distance.shape)
    place = "[" + ", ".join(str(int(i)) for i in index) + "]"
    found = _("{value:.5g} at {place}", value=data[index].item(), place=place)
    return found, _("{value:.5g} there", value=wanted[index].item())


def _sequence(seen: Seen, expected: list | tuple, options: dict[str, Any]) -> Difference | None:
    if not isinstance(seen, ListSeen) or seen.kind == "set":
        return _wrong_type(seen, expected)
    if len(seen.items) != len(expected):
        return Difference(mistakes.WRONG_LENGTH, describe(seen), describe(expected))
    for number, (item, wanted) in enumerate(zip(seen.items, expected, strict=True)):
        found = difference(item, wanted, **options)
        if found is not None:
            return Difference(
                found.mistake,
                _("item {number}: {observed}", number=number, observed=found.observed),
                _("item {number}: {observed}", number=number, observed=found.expected),
            )
    return None


def _dict(seen: Seen, expected: dict, options: dict[str, Any]) -> Difference | None:
    if not isinstance(seen, DictSeen):
        return _wrong_type(seen, expected)
    found = {key: item for key, item in seen.pairs if isinstance(key, (str, int, float, bool))}
    if len(seen.pairs) != len(expected) or found.keys() != expected.keys():
        return Difference(mistakes.WRONG_KEYS, describe(seen), describe(expected))
    for key, wanted in expected.items():
        inner = difference(found[key], wanted, **options)
        if inner is not None:
            return Difference(
                inner.mistake,
                _("under {key!r}: {observed}", key=key, observed=inner.observed),
                _("under {key!r}: {observed}", key=key, observed=inner.expected),
            )
    return None


def _plain(seen: Seen, expected: Any, tolerance: Tolerance) -> Difference | None:
    allowed = (float, int) if type(expected) is float else (type(expected),)
    if type(seen) not in allowed:
        return _wrong_type(seen, expected)
    if isinstance(expected, float):
        if seen != seen and expected == expected:
            return Difference(mistakes.HAS_NAN, describe(seen), describe(expected))
        equal = abs(seen - expected) <= tolerance.atol + tolerance.rtol * abs(expected) or seen == expected
    else:
        equal = seen == expected
    return None if equal else Difference(mistakes.WRONG_VALUES, describe(seen), describe(expected))
