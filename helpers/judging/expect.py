"""The words a judge uses: ``equal``, ``require`` and ``fail``. No exception means right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from helpers.judging.compare import EXACT_ENOUGH, Tolerance, difference, same
from helpers.judging.exercise import Mistake
from helpers.text import Message
from helpers.trials.values import Seen

Recogniser = tuple[Mistake, bool]
"""A mistake, and whether this is it."""


class Wrong(Exception):
    """The answer is wrong, and this is how."""

    def __init__(
        self, mistake: Mistake, tried: Message, observed: Message | None, expected: Message | None
    ) -> None:
        super().__init__(mistake.key)
        self.mistake, self.tried, self.observed, self.expected = mistake, tried, observed, expected


def equal(
    seen: Seen,
    expected: Any,
    *,
    tried: Message,
    wrong: Iterable[tuple[Mistake, Any]] = (),
    recognise: Iterable[Recogniser] = (),
    tolerance: Tolerance = EXACT_ENOUGH,
    grad: bool | None = None,
    device: str | None = None,
) -> None:
    """Require a value, and name the mistake when it is another.

    Right is decided by ``expected`` alone. Only when there is a difference are the recognisers asked, in their
    order, which classic mistake explains it; the first that fits gives the name, else the difference does.

    Args:
        seen: what the answer gave.
        expected: what is right (see :func:`helpers.judging.compare.difference`).
        tried: the case, in a few words.
        wrong: mistakes, each with the value that it leads to.
        recognise: mistakes, each with whether it was made.
        tolerance: for floating-point values.
        grad: whether tensors must (True), must not (False) or may (None) require gradients.
        device: the device type tensors must be on, None for any.

    Raises:
        Wrong: when it differs.
    """
    found = difference(seen, expected, tolerance=tolerance, grad=grad, device=device)
    if found is None:
        return
    named = [mistake for mistake, made in recognise if made]
    named += [mistake for mistake, value in wrong if same(seen, value, tolerance)]
    raise Wrong(named[0] if named else found.mistake, tried, found.observed, found.expected)


def require(
    right: bool,
    mistake: Mistake,
    *,
    tried: Message,
    observed: Message | None = None,
    expected: Message | None = None,
) -> None:
    """Require a condition, and name the mistake when it does not hold.

    Raises:
        Wrong: when it does not.
    """
    if not right:
        raise Wrong(mistake, tried, observed, expected)


def fail(
    mistake: Mistake, *, tried: Message, observed: Message | None = None, expected: Message | None = None
) -> None:
    """Name a mistake.

    Raises:
        Wrong: always.
    """
    raise Wrong(mistake, tried, observed, expected)
