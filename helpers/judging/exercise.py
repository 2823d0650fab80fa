"""What an author writes: lessons, exercises, their parts, and the mistakes they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from helpers.judging.answers import Witness
from helpers.text import Message


@dataclass(frozen=True)
class Mistake:
    """A wrong behaviour with a name.

    Args:
        key: its name in reports, in kebab-case.
        says: the sentence the learner reads: what was done, and what to think of.
        section: the heading of the lesson's section that explains it, to the letter; None for none.
    """

    key: str
    says: Message
    section: Message | None = None

    def __call__(self, **values: Any) -> Mistake:
        """The same mistake with the sentence's parameters filled in."""
        return Mistake(self.key, self.says(**values), self.section)


Judge = Callable[[Witness, torch.Generator], None]
"""One part's judge: makes fresh inputs from the generator, runs trials, and returns, or raises Wrong."""


@dataclass(frozen=True)
class Part:
    """One aspect of an exercise with points of its own.

    Args:
        title: what is tried, as the panel says it.
        points: what it earns.
        judge: decides.
        needs: titles (English) of earlier parts without which this one cannot be judged.
    """

    title: Message
    points: int
    judge: Judge
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """One thing for a learner to write.

    Args:
        id: ``<lesson word>-<number>``.
        title: a few words.
        answer: the name that the learner must define.
        kind: "function" or "class".
        limit: seconds of processor time that one trial may take; more than the default only where right answers need it.
        parts: judged in order; their points add up to the exercise's.
        hints: from a nudge to nearly the answer.
        explanation: why the solution is as it is; shown with it.
        mistakes: those that this exercise's judge names (general ones, such as a wrong shape, are known to all).
    """

    id: str
    title: Message
    answer: str
    parts: tuple[Part, ...]
    hints: tuple[Message, ...]
    explanation: Message
    mistakes: tuple[Mistake, ...]
    kind: str = "function"
    limit: float = 10.0

    @property
    def points(self) -> int:
        """All the points there are to earn."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True)
class Prediction:
    """A question that the learner answers before running the cell that shows what happens. No points.

    Args:
        id: ``<lesson word>-q<number>``.
        question: one sentence.
        options: two to four possible outcomes.
        right: the index of what really happens.
        because: why, in one or two sentences.
    """

    id: str
    question: Message
    options: tuple[Message, ...]
    right: int
    because: Message


@dataclass(frozen=True)
class Lesson:
    """A lesson: its name in file names, its word in exercise ids, and what it asks."""

    name: str
    word: str
    title: Message
    exercises: Sequence[Exercise]
    predictions: Sequence[Prediction] = ()
