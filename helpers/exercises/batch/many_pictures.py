"""batch-3: any number of pictures, from a list or a generator, in batches."""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.exercises.batch.shared import (
    ENDS,
    GRADIENTS_KEPT,
    LOGITS,
    Case,
    case,
    integers,
    require_model_kept,
)
from helpers.judging import Exercise, Mistake, Part, Witness, equal, mistakes, require
from helpers.text import Message, _
from helpers.trials import batch as trials
from helpers.trials.values import ListSeen, Seen, TensorSeen, plain

LAST_LOST = Mistake(
    "last-lost",
    _(
        "The pictures of the last, smaller batch have no answer: {n} answers for {total} pictures. What is left at the end "
        "is a batch too."
    ),
    ENDS,
)
TOO_MANY = Mistake(
    "too-many",
    _(
        "There are {n} answers for {total} pictures. If you filled up the last batch, drop the answers that belong to no "
        "picture."
    ),
    ENDS,
)
LAST_BATCH_ONLY = Mistake(
    "last-batch-only",
    _("Only the answers of one batch came back. Keep those of every batch, and join them at the end."),
    ENDS,
)
ORDER_CHANGED = Mistake(
    "order-changed",
    _("The answers stand in another order than the pictures, so each belongs to another one."),
    ENDS,
)
TURNED_ROUND = Mistake("turned-round", _("The classes come first, then the confidences."), ENDS)
A_LIST_OF_BATCHES = Mistake(
    "a-list-of-batches",
    _("You returned a list with an entry for each batch. Join them with `torch.cat`: two tensors are asked."),
    ENDS,
)
NO_TENSORS = Mistake("no-tensors", _("Two tensors are asked, not lists or pairs."), ENDS)
ALL_AT_ONCE = Mistake(
    "all-at-once",
    _(
        "All {total} pictures went to the model in one call. `batch_size` says how many it may get at a time: it is the "
        "memory that decides."
    ),
    ENDS,
)
ONE_BY_ONE = Mistake(
    "one-by-one", _("Each picture went to the model alone, whatever `batch_size` was."), ENDS
)
WRONG_SIZES = Mistake(
    "wrong-sizes",
    _(
        "The batches do not have the sizes that are asked: every one has `batch_size` pictures, and only the last may have "
        "fewer. (`chunk` takes a number of pieces, `split` their size.)"
    ),
    ENDS,
)
TAKEN_IN_ADVANCE = Mistake(
    "taken-in-advance",
    _(
        "At one time you had taken {n} pictures from the generator that the model had not yet seen. With a million pictures "
        "the memory would be full: take one batch, predict it, and only then take more."
    ),
    ENDS,
)
CALLED_FOR_NOTHING = Mistake(
    "called-for-nothing", _("There was no picture, and the model was called all the same."), ENDS
)


def _run(answer: Witness, one: Case, size: int, generator: bool = False) -> dict[str, Seen]:
    return answer.run(
        trials.predict_in_batches,
        seed=one.seed,
        classes=one.classes,
        pictures=one.pictures,
        batch_size=size,
        generator=generator,
    )


def _tried(count: int, size: int) -> Message:
    return _("{n} pictures, batch_size={size}", n=count, size=size)


def _check(seen: dict[str, Seen], one: Case, tried: Message, size: int) -> None:
    value, total = seen["value"], len(one.logits)
    confidences, classes = one.logits.softmax(1).max(dim=1)
    last = (total - 1) // size * size
    order = confidences.argsort(descending=True)
    pairs = value.items if isinstance(value, ListSeen) else []
    tensors = [item for item in pairs if isinstance(item, TensorSeen)]
    count = len(tensors[0].data) if tensors and tensors[0].data.dim() == 1 else None
    batches = [
        item for item in pairs if isinstance(item, ListSeen) and any(isinstance(inner, TensorSeen) for inner in item.items)
    ]  # fmt: skip
    equal(
        value,
        (classes, confidences),
        grad=False,
        tried=tried,
        wrong=[
            (LOGITS, (classes, one.logits.max(1).values)),
            (TURNED_ROUND, (confidences, classes)),
            (ORDER_CHANGED, (classes.flip(0), confidences.flip(0))),
            (ORDER_CHANGED, (classes[order], confidences[order])),
            *[
                (LAST_BATCH_ONLY, (classes[part], confidences[part]))
                for part in (slice(last, total), slice(0, size))
                if total > size
            ],
        ],
        recognise=[
            (
                ORDER_CHANGED,
                count == total and len(tensors) == 2 and _same_members(tensors, classes, confidences),
            ),
            (A_LIST_OF_BATCHES, bool(batches)),
            (NO_TENSORS, isinstance(value, ListSeen) and len(tensors) < len(pairs)),
            (LAST_LOST(n=count, total=total), count == total // size * size and count < total),
            (TOO_MANY(n=count, total=total), count is not None and count > total),
        ],
    )
    require(not seen["pictures_changed"], mistakes.INPUT_CHANGED, tried=tried)
    require_model_kept(seen, tried)


def _same_members(tensors: list[TensorSeen], classes: Tensor, confidences: Tensor) -> bool:
    """Whether the answers are those asked for, in some other order."""
    if tensors[0].data.dtype != torch.int64 or tensors[1].requires_grad:
        return False
    if tensors[0].data.shape != classes.shape or tensors[1].data.shape != classes.shape:
        return False
    found = sorted(zip(tensors[1].data.tolist(), tensors[0].data.tolist(), strict=True))
    wanted = sorted(zip(confidences.tolist(), classes.tolist(), strict=True))
    return all(
        abs(one[0] - other[0]) < 1e-4 and one[1] == other[1] for one, other in zip(found, wanted, strict=True)
    )


def _sizes(rng: torch.Generator) -> tuple[int, int]:
    """A number of pictures and a size of batches: two full ones and one so small that equal pieces would differ."""
    size = integers(rng, 5, 8, 1)[0]
    return size * 2 + integers(rng, 2, size - 2, 1)[0], size


def _judge_order(answer: Witness, rng: torch.Generator) -> None:
    count, size = _sizes(rng)
    for number, per_batch in ((count, size), (2 * size, size), (3, size), (4, 1)):
        one = case(rng, number)
        seen = _run(answer, one, per_batch)
        tried = _tried(number, per_batch)
        _check(seen, one, tried, per_batch)
        calls = [plain(call) for call in seen["calls"].items]
        require(all(not call["grad_mode"] for call in calls), GRADIENTS_KEPT, tried=tried)


def _judge_sizes(answer: Witness, rng: torch.Generator) -> None:
    count, size = _sizes(rng)
    for number, per_batch in ((count, size), (2 * size, size), (3, size)):
        one = case(rng, number)
        seen = _run(answer, one, per_batch)
        tried = _tried(number, per_batch)
        found = [plain(call)["shape"][0] for call in seen["calls"].items]
        wanted = [min(per_batch, number - start) for start in range(0, number, per_batch)]
        told = {
            "tried": tried,
            "observed": _("batches of {sizes}", sizes=", ".join(map(str, found))),
            "expected": _("batches of {sizes}", sizes=", ".join(map(str, wanted))),
        }
        require(found == wanted or found != [number], ALL_AT_ONCE(total=number), **told)
        require(found == wanted or found != [1] * number, ONE_BY_ONE, **told)
        require(found == wanted, WRONG_SIZES, **told)


def _judge_generator(answer: Witness, rng: torch.Generator) -> None:
    count, size = _sizes(rng)
    for number in (count, 2 * size):
        one = case(rng, number)
        seen = _run(answer, one, size, generator=True)
        tried = _("a generator of {n} pictures, batch_size={size}", n=number, size=size)
        _check(seen, one, tried, size)
        waiting = seen["waiting"]
        require(
            waiting <= size,
            TAKEN_IN_ADVANCE(n=waiting),
            tried=tried,
            observed=_("up to {n} pictures taken and not yet predicted", n=waiting),
            expected=_("at most {n}", n=size),
        )


def _judge_nothing(answer: Witness, rng: torch.Generator) -> None:
    for generator, tried in ((False, _("an empty list")), (True, _("a generator that gives nothing"))):
        one = case(rng, 2)
        none = Case(one.seed, one.classes, one.pictures[:0], one.logits[:0])
        seen = _run(answer, none, 4, generator)
        require(not seen["calls"].items, CALLED_FOR_NOTHING, tried=tried)
        value = seen["value"]
        equal(
            value,
            (torch.zeros(0, dtype=torch.int64), torch.zeros(0)),
            grad=False,
            tried=tried,
            recognise=[
                (
                    NO_TENSORS,
                    isinstance(value, ListSeen)
                    and not all(isinstance(item, TensorSeen) for item in value.items),
                )
            ],
        )


_FIRST = "every picture, in order"

EXERCISE = Exercise(
    id="batch-3",
    title=_("Any number of pictures, in batches"),
    answer="predict_in_batches",
    parts=(
        Part(_("every picture, in order"), 2, _judge_order),
        Part(_("full batches, a smaller one at the end"), 1, _judge_sizes, needs=(_FIRST,)),
        Part(_("a generator, batch by batch"), 1, _judge_generator, needs=(_FIRST,)),
        Part(_("no picture at all"), 1, _judge_nothing, needs=(_FIRST,)),
    ),
    hints=(
        _(
            "A generator has no length and cannot be sliced. Collect pictures in a list; when it holds `batch_size`, predict "
            "it and begin a new one. What must happen after the loop?"
        ),
        _(
            "`itertools.islice(iterator, batch_size)` takes at most that many; with `iterator = iter(pictures)` before, "
            "`while chunk := list(islice(iterator, batch_size)):` gives one chunk after the other, the smaller last one too, and "
            "ends by itself."
        ),
        _(
            "For each chunk `batch_predict(model, torch.stack(chunk))`, kept in two lists. `torch.cat` refuses an empty list: "
            "begin both with an empty tensor, `torch.empty(0, dtype=torch.int64)` and `torch.empty(0)`."
        ),
    ),
    explanation=_(
        "`islice` takes from the iterator only what one batch needs, so memory depends on `batch_size` and not on the number "
        "of pictures. The last batch is smaller, and no case of its own. Lists that begin with an empty tensor make "
        "the answer for no picture right as well, with the right dtypes."
    ),
    mistakes=(
        LOGITS,
        LAST_LOST,
        TOO_MANY,
        LAST_BATCH_ONLY,
        ORDER_CHANGED,
        TURNED_ROUND,
        A_LIST_OF_BATCHES,
        NO_TENSORS,
        GRADIENTS_KEPT,
        ALL_AT_ONCE,
        ONE_BY_ONE,
        WRONG_SIZES,
        TAKEN_IN_ADVANCE,
        CALLED_FOR_NOTHING,
    ),
)
