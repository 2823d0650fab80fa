"""What the journal amounts to: per exercise and in all."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from helpers.learning.store import Event

OPEN = ("not_started", "missing", "uncheckable")
"""Outcomes of a check that are no try."""


@dataclass
class Standing:
    """One learner's standing in one exercise. A pass is never lost, whatever is checked later."""

    passed: bool = False
    earned: int = 0
    tries: int = 0
    hints: int = 0
    solution_seen: bool = False
    passed_unaided: bool = False
    """Passed before the solution was shown."""
    mistakes: list[str] = field(default_factory=list)
    prediction: int | None = None


def standings(events: list[Event]) -> dict[str, Standing]:
    """The standing in every exercise and prediction that the journal names."""
    found: dict[str, Standing] = {}
    for event in events:
        with suppress(TypeError, ValueError):  # an event edited by hand costs itself alone
            _apply(found.setdefault(event["exercise"], Standing()), event)
    return found


def _apply(standing: Standing, event: dict[str, Any]) -> None:
    match event["event"]:
        case "check":
            if event.get("status") not in OPEN:
                standing.tries += 1
            standing.earned = max(standing.earned, int(event.get("earned", 0)))
            if event.get("status") == "passed":
                standing.passed_unaided |= not standing.passed and not standing.solution_seen
                standing.passed = True
            elif (
                event.get("mistake")
                and event.get("status") not in OPEN
                and event["mistake"] not in standing.mistakes
            ):
                standing.mistakes.append(event["mistake"])
        case "hint":
            standing.hints = max(standing.hints, int(event.get("level", 1)))
        case "solution":
            standing.solution_seen = True
        case "predict" if standing.prediction is None:
            standing.prediction = event.get("choice")
