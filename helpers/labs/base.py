"""What a lab is: controls, a computation, a picture, words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from helpers.labs.controls import Control
from helpers.text import Message


class Step(NamedTuple):
    """One step of long work is done: how many are, of how many, and what comes next."""

    done: int
    total: int
    next: Message


class Lab(ABC):
    """One lab. It knows no widgets: each method can be called with plain values.

    Attributes:
        title: one line above the picture.
        controls: what a learner moves. Their values are the keyword arguments of :meth:`compute`.
        size: of the picture, in inches at 100 dots each. It never changes, so nothing on the page moves.
    """

    title: ClassVar[Message]
    controls: ClassVar[tuple[Control, ...]]
    size: ClassVar[tuple[float, float]] = (9.0, 3.6)

    @abstractmethod
    def compute(self, **values: Any) -> Any:
        """Everything that the picture shows, from the values of the controls.

        It runs at each move of a control, so it should be done within 100 ms or so; longer work goes into
        :meth:`work`, and then this gives what has been found so far.

        Raises:
            ValueError: when the values do not go together; the learner reads the message.
        """

    @abstractmethod
    def draw(self, figure: Any, result: Any) -> None:
        """Fill an empty figure with what :meth:`compute` gave."""

    @abstractmethod
    def describe(self, result: Any) -> Message:
        """The same in words, for those who do not see the picture.

        Numbers that were measured are written as :mod:`helpers.timing` writes them, so that two runs of a notebook
        can be compared.
        """

    def work(self, **values: Any) -> Iterator[Step]:
        """Work that takes long, step by step; a step should last less than a second.

        After each step the picture is drawn anew from what :meth:`compute` then gives. The generator is closed when
        the learner cancels; what was found until then should stay.
        """
        raise NotImplementedError

    @classmethod
    def works(cls) -> bool:
        """Whether this lab has long work, which a button starts."""
        return cls.work is not Lab.work
