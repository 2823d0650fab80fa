"""Judging an answer that can be read in several ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from helpers.grading.program import Reading
from helpers.judging import Status, Verdict


def judge_best(
    readings: Sequence[Reading], judge_one: Callable[[Reading], Verdict | None]
) -> tuple[Verdict, Reading]:
    """Judge readings until one passes; the verdict that earned the most, with the notes of its reading, and that.

    Args:
        readings: the likeliest first; of two that earn the same, the first counts.
        judge_one: judges one, or gives None when there is no time left for it (but never for the first).
    """
    best: tuple[Verdict, Reading] | None = None
    for reading in readings:
        verdict = judge_one(reading)
        if verdict is None:
            break
        if best is None or verdict.earned > best[0].earned:
            best = verdict, reading
        if verdict.status is Status.PASSED:
            break
    verdict, reading = best
    return replace(verdict, notes=(*reading.notes, *verdict.notes)), reading
