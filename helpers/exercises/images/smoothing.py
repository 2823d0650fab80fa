"""images-4: a moving average over time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from helpers.exercises.images.sections import SMOOTH, integers
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import same
from helpers.text import _
from helpers.trials.calls import call

ZEROS_AT_EDGES = Mistake(
    "zeros-at-the-edges",
    _(
        "At the beginning and the end the probabilities no longer add up to 1: you divided by `window`, and fewer rows are there. Divide by as many as there are."
    ),
    SMOOTH,
)
ROWS_MISSING = Mistake(
    "rows-missing", _("Rows are missing: every frame has a result, also the first and the last ones."), SMOOTH
)
EDGES_REPEATED = Mistake(
    "edges-repeated",
    _(
        "At the edges the first and last row were counted several times. Average only the frames that there are."
    ),
    SMOOTH,
)
EDGES_KEPT = Mistake(
    "edges-kept",
    _("The rows at the edges were left as they were. Average them too, over the neighbours that there are."),
    SMOOTH,
)
ONLY_BEFORE = Mistake(
    "only-before",
    _(
        "You averaged over the frames before only, so every change comes late. Half of the window lies after the frame."
    ),
    SMOOTH,
)
ONLY_AFTER = Mistake(
    "only-after",
    _("You averaged over the frames after only. Half of the window lies before the frame."),
    SMOOTH,
)
WINDOW_AS_HALF = Mistake(
    "window-as-half",
    _("The window is too wide: you took `window` frames on each side. On each side there are `window // 2`."),
    SMOOTH,
)
ONE_SHORT = Mistake(
    "one-short",
    _("The window lacks its last row: a slice ends before its second number. Add 1."),
    SMOOTH,
)
OVER_CATEGORIES = Mistake(
    "over-categories",
    _("You averaged over the categories. Time runs down the rows: dimension 0."),
    SMOOTH,
)
FED_BACK = Mistake(
    "fed-back",
    _(
        "Rows that were smoothed already went into later ones. Read from the given tensor, write to a new one."
    ),
    SMOOTH,
)
ALL_FRAMES = Mistake(
    "all-frames", _("Every row is the mean of all frames. Take only those in the window."), SMOOTH
)
DECIDED_FIRST = Mistake(
    "decided-first",
    _(
        "You made each frame decide for one category before averaging: how sure it was is lost. Average the probabilities."
    ),
    SMOOTH,
)
UNCHANGED = Mistake("not-smoothed", _("The rows are as they were given."), SMOOTH)


def _average(rows: Tensor, before: int, after: int) -> Tensor:
    return torch.stack(
        [rows[max(0, i - before) : max(0, i + after + 1)].mean(dim=0) for i in range(len(rows))]
    )


def _fed_back(rows: Tensor, half: int) -> Tensor:
    result = rows.clone()
    for i in range(len(rows)):
        result[i] = result[max(0, i - half) : i + half + 1].mean(dim=0)
    return result


def _padded(rows: Tensor, half: int, mode: str) -> Tensor:
    padded = functional.pad(rows.T[None], (half, half), mode=mode)[0].T if len(rows) else rows
    return torch.stack([padded[i : i + 2 * half + 1].mean(dim=0) for i in range(len(rows))])


def _judge(answer: Witness, rng: torch.Generator, sizes: list[tuple[int, int, int]]) -> None:
    for count, classes, window in sizes:
        rows = torch.randn(count, classes, generator=rng).mul(2).softmax(dim=1)
        half = window // 2
        outcome = answer.run(call, args=[rows, window], kwargs={})
        tried = _("{count} frames of {classes} categories, window={window}", count=count, classes=classes, window=window)  # fmt: skip
        right = _average(rows, half, half) if count else rows
        wrong = []
        if count and window > 1:
            kept = right.clone()
            edges = [i for i in range(count) if i < half or i >= count - half]
            kept[edges] = rows[edges]
            decided = torch.zeros_like(rows).scatter_(1, rows.argmax(1, keepdim=True), 1.0)
            valid = right[half : count - half]
            wrong = [
                (UNCHANGED, rows),
                (ZEROS_AT_EDGES, _padded(rows, half, "constant")),
                (EDGES_REPEATED, _padded(rows, half, "replicate")),
                (EDGES_KEPT, kept),
                (ONLY_BEFORE, _average(rows, window - 1, 0)),
                (ONLY_BEFORE, _average(rows, half, 0)),
                (ONLY_AFTER, _average(rows, 0, window - 1)),
                (ONLY_AFTER, _average(rows, 0, half)),
                (WINDOW_AS_HALF, _average(rows, window, window)),
                (ONE_SHORT, _average(rows, half, half - 1)),
                (OVER_CATEGORIES, _average(rows.T, half, half).T),
                (FED_BACK, _fed_back(rows, half)),
                (ALL_FRAMES, rows.mean(dim=0, keepdim=True).expand_as(rows)),
                (DECIDED_FIRST, _average(decided, half, half)),
                *([(ROWS_MISSING, valid)] if count > window else []),
            ]
        equal(outcome["value"], right, grad=False, tried=tried, wrong=wrong)
        require(same(outcome["args"].items[0], rows), general.INPUT_CHANGED, tried=tried)


def _judge_long(answer: Witness, rng: torch.Generator) -> None:
    more = integers(rng, 0, 4, 1)[0]
    _judge(answer, rng, [(11 + more, 4, 5), (9 + more, 3, 3), (6, 3, 1)])


def _judge_short(answer: Witness, rng: torch.Generator) -> None:
    _judge(answer, rng, [(3, 4, 9), (1, 3, 5), (2, 3, 3), (0, 3, 5)])


EXERCISE = Exercise(
    id="images-4",
    title=_("Smooth over time"),
    answer="smooth",
    parts=(
        Part(_("a long video"), 2, _judge_long),
        Part(_("fewer frames than the window, and none"), 1, _judge_short, needs=("a long video",)),
    ),
    hints=(
        _(
            "For frame `i` the window goes from `i - window // 2` to `i + window // 2`. At the edges it is cut."
        ),
        _(
            "`probabilities[start:stop]` are some rows, `.mean(dim=0)` is their mean. A slice may reach beyond the end, but must not begin below 0: `max(0, …)`."
        ),
        _(
            "`rows = [probabilities[max(0, i - half) : i + half + 1].mean(dim=0) for i in range(len(probabilities))]`, then `torch.stack(rows)`. Of an empty list `stack` makes nothing: give back a copy when there are no frames."
        ),
    ),
    explanation=_(
        "Each row becomes the mean of its neighbours in time, so a frame that disagrees with all around it is outvoted. The mean of rows that add up to 1 adds up to 1 too, if it is divided by the "
        "number of rows that are really there: fewer at the edges. A slice that ends beyond the last row simply ends there; one that began at -2 would begin near the end, hence `max(0, …)`."
    ),
    mistakes=(
        ZEROS_AT_EDGES,
        ROWS_MISSING,
        EDGES_REPEATED,
        EDGES_KEPT,
        ONLY_BEFORE,
        ONLY_AFTER,
        WINDOW_AS_HALF,
        ONE_SHORT,
        OVER_CATEGORIES,
        FED_BACK,
        ALL_FRAMES,
        DECIDED_FIRST,
        UNCHANGED,
    ),
)
