"""optimization-5: after how many pictures compiling has paid for itself."""

from __future__ import annotations

import math

import torch

from helpers.exercises.optimization.sections import PAYS
from helpers.judging import Exercise, Mistake, Part, equal
from helpers.judging.answers import Witness
from helpers.text import _
from helpers.trials.calls import call

BATCHES_NOT_PICTURES = Mistake(
    "batches-not-pictures",
    _(
        "You counted batches. Pictures are asked: a batch has `batch_size` of them, and the times are those of a whole batch."
    ),
    PAYS,
)
PART_OF_A_BATCH = Mistake(
    "part-of-a-batch",
    _("The result is no whole number of batches. Round the batches up first, then multiply by `batch_size`."),
    PAYS,
)
ROUNDED_DOWN = Mistake(
    "rounded-down",
    _("One batch too few: there compiling has not paid yet. Round up."),
    PAYS,
)
ONE_TOO_MANY = Mistake(
    "one-too-many",
    _("One batch too many: it pays as soon as both ways take the same time, compile time included."),
    PAYS,
)
NEVER_PAYS = Mistake(
    "never-pays",
    _("Where a compiled batch is not faster, compiling never pays: return None."),
    PAYS,
)
AFTER_ONLY = Mistake(
    "after-only",
    _(
        "You divided the compile time by the time of a batch. What pays it back is the time saved: before minus after."
    ),
    PAYS,
)


def _drawn(rng: torch.Generator, low: int, high: int) -> int:
    return int(torch.randint(low, high, (1,), generator=rng))


def _pays(answer: Witness, rng: torch.Generator) -> None:
    for exact in (False, True, False):
        # sixty-fourths: sums and quotients of these are exact in floating point
        saved, after, size = _drawn(rng, 3, 9), _drawn(rng, 11, 40), _drawn(rng, 3, 17)
        batches = _drawn(rng, 100, 300)
        seconds = (saved * batches - (0 if exact else _drawn(rng, 1, saved))) / 64
        before, after = (after + saved) / 64, after / 64
        ratio = seconds / (before - after)
        right = math.ceil(ratio) * size
        seen = answer.run(call, args=[seconds, before, after, size], kwargs={})["value"]
        equal(
            seen,
            right,
            tried=_(
                "compiling {seconds:g} s, a batch of {size} in {before:g} s before and {after:g} s after",
                seconds=seconds,
                size=size,
                before=before,
                after=after,
            ),
            wrong=[
                (BATCHES_NOT_PICTURES, math.ceil(ratio)),
                (BATCHES_NOT_PICTURES, math.ceil(ratio / size)),
                (AFTER_ONLY, math.ceil(seconds / after) * size),
                (AFTER_ONLY, math.ceil(seconds / before) * size),
                (ONE_TOO_MANY, right + size),
                (PART_OF_A_BATCH, math.ceil(ratio * size)),
                (PART_OF_A_BATCH, math.floor(ratio * size)),
                (PART_OF_A_BATCH, round(ratio * size)),
                *([] if exact else [(PART_OF_A_BATCH, float(ratio * size))]),
                (ROUNDED_DOWN, right - size),
            ],
        )


def _never(answer: Witness, rng: torch.Generator) -> None:
    for lost in (0, _drawn(rng, 1, 9)):
        seconds, before, size = _drawn(rng, 5, 30), _drawn(rng, 11, 40) / 64, _drawn(rng, 3, 17)
        after = before + lost / 64
        tried = _(
            "compiling {seconds:g} s, a batch in {before:g} s before and {after:g} s after",
            seconds=seconds,
            before=before,
            after=after,
        )
        record = answer.attempt(call, args=[float(seconds), before, after, size], kwargs={})
        raised = getattr(record, "type", None) in ("ZeroDivisionError", "OverflowError", "ValueError")
        seen = (
            0.0
            if raised
            else answer.run(call, args=[float(seconds), before, after, size], kwargs={})["value"]
        )
        equal(seen, None, tried=tried, recognise=[(NEVER_PAYS, isinstance(seen, (int, float)))])


PAYS_AFTER = Exercise(
    id="optimization-5",
    title=_("After how many pictures it pays"),
    answer="pays_after",
    parts=(
        Part(_("compiled batches are faster"), 1, _pays),
        Part(_("compiled batches are not faster"), 1, _never),
    ),
    hints=(
        _(
            "Each batch saves `before - after` seconds. How many batches does it take to save as much as compiling cost?"
        ),
        _("`math.ceil(compile_seconds / (before - after)) * batch_size`, and None when nothing is saved."),
    ),
    explanation=_(
        "Compile time is paid once, the saving comes with every batch. A service that runs for weeks has it back at once; a script that names "
        "a hundred photos never does. So measure both before you decide, with an empty cache, as it is on the machine where the program starts."
    ),
    mistakes=(
        BATCHES_NOT_PICTURES,
        PART_OF_A_BATCH,
        ROUNDED_DOWN,
        ONE_TOO_MANY,
        NEVER_PAYS,
        AFTER_ONLY,
    ),
)
