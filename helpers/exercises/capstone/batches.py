"""capstone-2: groups of at most so many, made as they are asked for."""

from __future__ import annotations

import torch

from helpers.exercises.capstone.pictures import integers, shuffled
from helpers.exercises.capstone.sections import BATCHES
from helpers.judging import Exercise, Mistake, Part, equal, fail, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Stopped, Witness
from helpers.judging.describe import describe
from helpers.text import _
from helpers.trials.capstone import batch_list, refuse_size, take_batches
from helpers.trials.runner import Outcome
from helpers.trials.values import ListSeen, plain

LAST_LOST = Mistake(
    "last-lost",
    _(
        "The last items are missing: they do not fill a batch, and are given out all the same, as a smaller one."
    ),
    BATCHES,
)
EMPTY_BATCH = Mistake(
    "empty-batch",
    _("An empty batch came at the end. Where nothing is left, there is no batch: a model cannot run on it."),
    BATCHES,
)
SAME_LIST = Mistake(
    "same-list",
    _(
        "All batches are one list, which was emptied and filled again. Whoever kept the first one finds it changed: make a new list each time."
    ),
    BATCHES,
)
PADDED = Mistake(
    "padded", _("The last batch was filled up with something that was not among the items."), BATCHES
)
EVENLY_SPLIT = Mistake(
    "evenly-split",
    _(
        "The batches are about equally large. All but the last have to be full: it is full batches that are fast."
    ),
    BATCHES,
)
NUMBER_OF_BATCHES = Mistake(
    "number-of-batches",
    _("You made `size` batches. `size` says how many items a batch holds at most."),
    BATCHES,
)
NOT_LAZY = Mistake(
    "not-lazy",
    _(
        "Items were taken that the batch did not need yet. Take `size` items, give them out, and only then take more: the items may be a stream without end."
    ),
    BATCHES,
)
NEEDS_A_LIST = Mistake(
    "needs-a-list",
    _(
        "Your code asked for the length, or for a slice, of the items. An iterator has neither: go through it once, item by item."
    ),
    BATCHES,
)
SIZE_ACCEPTED = Mistake(
    "size-accepted",
    _(
        "A size below 1 makes no batch. Raise `ValueError`, so that the caller hears of it: without that, items get lost or the loop never ends."
    ),
    BATCHES,
)


def _judge_groups(answer: Witness, rng: torch.Generator) -> None:
    size = integers(rng, 3, 6, 1)[0]
    for count in (5 * size + 2, 3 * size, 1, 0):
        tried = _("{count} items from an iterator, size {size}", count=count, size=size)
        first = integers(rng, 1000, 9000, 1)[0]
        items = list(range(first, first + count))
        right = [items[start : start + size] for start in range(0, count, size)]
        record = answer.attempt(take_batches, count=count, size=size, first=first)
        if not isinstance(record, Outcome):
            lacks = record.type == "TypeError" and (
                "len()" in record.message or "subscriptable" in record.message
            )
            require(
                not lacks,
                NEEDS_A_LIST,
                tried=tried,
                observed=_("{type}: {message}", type=record.type, message=record.message),
            )
            raise Stopped(record)
        seen = record.values
        if not seen["iterable"]:
            value = seen["value"]
            fail(
                general.RETURNED_NONE if value is None else general.WRONG_TYPE,
                tried=tried,
                observed=describe(value),
            )
        found = plain(seen["batches"])
        lists = all(isinstance(batch, ListSeen) for batch in seen["batches"].items)
        flat = [item for batch in found for item in batch] if lists else []
        largest = max(map(len, found), default=0) if lists else 0
        equal(
            seen["batches"],
            right,
            tried=tried,
            recognise=[
                (LAST_LOST, found == right[:-1] and count % size > 0),
                (EMPTY_BATCH, [batch for batch in found if batch] == right if lists else False),
                (SAME_LIST, lists and len(found) > 1 and all(batch == found[0] for batch in found)),
                (
                    PADDED,
                    bool(found)
                    and lists
                    and len(found) == len(right)
                    and found[:-1] == right[:-1]
                    and len(found[-1]) == size,
                ),
                (NUMBER_OF_BATCHES, lists and len(found) == size and largest > size),
                (EVENLY_SPLIT, flat == items and len(found) == len(right)),
            ],
        )
    items = shuffled(rng, list(range(20, 27)))
    seen = answer.run(batch_list, items=items, size=3)
    tried = _("a list of {count} items, size {size}", count=7, size=3)
    equal(seen["batches"], [items[:3], items[3:6], items[6:]], tried=tried)
    equal(seen["items"], items, tried=tried, recognise=[(general.INPUT_CHANGED, True)])


def _judge_lazy(answer: Witness, rng: torch.Generator) -> None:
    size = integers(rng, 2, 6, 1)[0]
    tried = _("items without end, size {size}", size=size)
    record = answer.attempt(take_batches, count=0, size=size, ask=3)
    if not isinstance(record, Outcome):
        require(
            "10,000 items" not in record.message,
            NOT_LAZY,
            tried=tried,
            observed=_("items were taken without end"),
        )
        raise Stopped(record)
    if not record.values["iterable"]:
        fail(general.WRONG_TYPE, tried=tried, observed=describe(record.values["value"]))
    taken = plain(record.values["taken"])
    require(
        taken == [size, 2 * size, 3 * size] and record.values["before"] == 0,
        NOT_LAZY,
        tried=tried,
        observed=_(
            "when the first batches came, {taken} items had been taken", taken=", ".join(map(str, taken))
        ),
        expected=_("{taken} items", taken=f"{size}, {2 * size}, {3 * size}"),
    )


def _judge_size(answer: Witness, rng: torch.Generator) -> None:
    for size in (0, -2):
        seen = answer.run(refuse_size, size=size)
        require(
            seen["raised"] == "ValueError",
            SIZE_ACCEPTED,
            tried=_("size {size}", size=size),
            observed=_("{name} came out", name=seen["raised"]) if seen["raised"] else _("no error came out"),
            expected=_("{name} comes out", name="ValueError"),
        )


EXERCISE = Exercise(
    id="capstone-2",
    title=_("Batches from anything that comes one by one"),
    answer="batches",
    parts=(
        Part(_("full batches, the last one smaller"), 1, _judge_groups),
        Part(_("no item is taken too early"), 1, _judge_lazy, needs=("full batches, the last one smaller",)),
        Part(_("a size that makes no sense"), 1, _judge_size, needs=("full batches, the last one smaller",)),
    ),
    hints=(
        _(
            "Write a generator: a function with `yield`. It collects items in a list, and gives the list out when it is full."
        ),
        _(
            "Two things at the end: what is left over is a batch too, and if nothing is left there is none. `if batch: yield batch`."
        ),
        _(
            "`batch = []`, then `for item in items: batch.append(item)`, and when `len(batch) == size`: `yield batch`, then `batch = []`. Or, with `iterator = iter(items)`: `while batch := list(itertools.islice(iterator, size)): yield batch`."
        ),
    ),
    explanation=_(
        "`islice` takes at most `size` items, and an empty list ends the loop, so full, smaller and empty all come from one line. Because nothing is taken early, the first "
        "batch can go to the model while later files are still being read. From Python 3.12 on, `itertools.batched` does the same with tuples. A generator's own lines run only when "
        "the first batch is asked for, so the `ValueError` comes then."
    ),
    mistakes=(
        LAST_LOST,
        EMPTY_BATCH,
        SAME_LIST,
        PADDED,
        EVENLY_SPLIT,
        NUMBER_OF_BATCHES,
        NOT_LAZY,
        NEEDS_A_LIST,
        SIZE_ACCEPTED,
    ),
)
