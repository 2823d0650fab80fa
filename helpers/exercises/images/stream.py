"""images-3: a stream of frames through a model, a batch at a time."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from helpers.exercises.images.sections import BATCHES, COLOURS, STREAM, colours, integers
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.text import Message, _
from helpers.trials.images import ColourNamer, classify_stream
from helpers.trials.preprocessing import Preprocess
from helpers.trials.values import Seen, TensorSeen

NOT_AN_ITERATOR = Mistake(
    "not-an-iterator",
    _(
        "The function returned {type}: nothing comes before the video has ended, and from a camera nothing ever. Use `yield`."
    ),
    BATCHES,
)
PREPROCESS_UNUSED = Mistake(
    "preprocess-unused", _("`preprocess` was not called for every frame. The model needs it."), BATCHES
)
LAST_LOST = Mistake(
    "last-batch-lost",
    _("The last frames are missing. After the loop there may be some left that do not fill a batch."),
    BATCHES,
)
PADDED = Mistake(
    "padded",
    _("There are more results than frames: the last batch was filled up. Let it be smaller."),
    BATCHES,
)
BATCH_YIELDED = Mistake(
    "batch-yielded",
    _("You gave a whole batch at once, of shape (N, C). One frame, one result of shape (C,): `yield from`."),
    BATCHES,
)
LOGITS = Mistake("logits", _("These are logits. Probabilities come from softmax."), BATCHES)
SOFTMAX_OVER_BATCH = Mistake(
    "softmax-over-batch",
    _(
        "Softmax went over the frames of a batch. Take `dim=1`, the categories: each frame's probabilities add up to 1."
    ),
    BATCHES,
)
OVERWRITTEN = Mistake(
    "overwritten",
    _(
        "When the next batch came, the results that were given before had changed: they are views of one buffer that is used again. Give tensors of their own."
    ),
    BATCHES,
)
ONE_BY_ONE = Mistake(
    "one-by-one",
    _("The model got the frames one by one. Collect `batch_size` of them for one call."),
    BATCHES,
)
TOO_MANY = Mistake("batch-too-large", _("The model got more than `batch_size` frames at once."), BATCHES)
NOT_FULL = Mistake(
    "not-full", _("A batch that was not the last one was not full. Only the last may be smaller."), BATCHES
)
EMPTY_BATCH = Mistake(
    "empty-batch", _("The model was called with no frame. Ask whether anything is left."), BATCHES
)
TOOK_ALL = Mistake(
    "took-all-first",
    _(
        "{taken} frames had been taken when the first result came, with batches of {size}. Give the results of a batch before you take the next frame."
    ),
    STREAM,
)
KEPT = Mistake(
    "frames-kept",
    _(
        "{alive} frames were in memory at one time, with batches of {size}. Empty the list when its batch is done."
    ),
    STREAM,
)
GRADIENTS_KEPT = Mistake(
    "gradients-kept",
    _("Gradients were on while the model ran. Call it in `torch.inference_mode()`."),
    BATCHES,
)
GRAD_LEAKS = Mistake(
    "switch-leaks",
    _(
        "In the body of the caller's loop gradients were off: a `yield` inside the `with` block leaves it open. Close the block before you `yield` (lesson 02)."
    ),
    BATCHES,
)


def _pictures(rng: torch.Generator, table: Tensor, count: int) -> list[Image.Image]:
    """Pictures of one colour each, between two of the table."""
    found = []
    for place, other in zip(*(integers(rng, 0, len(COLOURS), count) for _ends in range(2)), strict=True):
        colour = 0.7 * table[place] + 0.3 * table[other]
        width, height = integers(rng, 8, 20, 2)
        pixels = colour.round().to(torch.uint8).expand(height, width, 3).contiguous()
        found.append(Image.fromarray(pixels.numpy()))
    return found


def _outcome(answer: Witness, rng: torch.Generator, count: int, size: int) -> tuple[dict[str, Seen], Tensor]:
    """What the answer did, and the right logits."""
    table = colours(rng)
    pictures = _pictures(rng, table, count)
    outcome = answer.run(classify_stream, pictures=pictures, colours=table, batch_size=size)
    if not pictures:
        return outcome, torch.empty(0, len(table))
    with torch.no_grad():
        logits = ColourNamer(table)(torch.stack([Preprocess()(picture) for picture in pictures]))
    return outcome, logits


def _judge_values(answer: Witness, rng: torch.Generator) -> None:
    for count, size in [(11, 4), (8, 4), (3, 5), (0, 3)]:
        tried = _("{count} frames, batch_size={size}", count=count, size=size)
        outcome, logits = _outcome(answer, rng, count, size)
        require(outcome["type"] != "NoneType", general.RETURNED_NONE, tried=tried)
        require(outcome["lazy"], NOT_AN_ITERATOR(type=outcome["type"]), tried=tried)
        items = outcome["value"].items
        probabilities = logits.softmax(dim=1)
        right = list(probabilities)
        parts = logits.split(size) if count else []
        # what one buffer of results would hold in the end, at the place of each row
        last = (count - 1) // size * size
        lasting = [
            probabilities[last + row % size - (size if last + row % size >= count else 0)]
            for row in range(count)
        ]
        numbered = len(items)
        shapes = [tuple(item.data.shape) for item in items if isinstance(item, TensorSeen)]
        full = count // size * size
        equal(
            outcome["value"],
            right,
            grad=None,
            tried=tried,
            recognise=[
                (PREPROCESS_UNUSED, bool(count) and len(outcome["got"].items) < min(count, max(1, full))),
                (BATCH_YIELDED, bool(shapes) and all(len(shape) == 2 for shape in shapes) and numbered < max(2, count)),
                (LAST_LOST, count > 0 and numbered == full < count),
                (PADDED, numbered > count),
            ],
            wrong=[
                (LOGITS, list(logits)),
                (SOFTMAX_OVER_BATCH, [row for part in parts for row in part.softmax(dim=0)]),
                (OVERWRITTEN, lasting),
            ],
        )  # fmt: skip
        require(all(not item.requires_grad for item in items), general.NEEDS_GRAD, tried=tried)


def _judge_batches(answer: Witness, rng: torch.Generator) -> None:
    for count, size in [(11, 4), (9, 3), (2, 6)]:
        tried = _("{count} frames, batch_size={size}", count=count, size=size)
        outcome, _logits = _outcome(answer, rng, count, size)
        sizes = _sizes(outcome)
        told = _told(tried, sizes, count, size)
        require(0 not in sizes, EMPTY_BATCH, **told)
        require(max(sizes, default=0) <= size, TOO_MANY, **told)
        require(max(sizes, default=0) > 1, ONE_BY_ONE, **told)
        require(all(one == size for one in sizes[:-1]) and sum(sizes) == count, NOT_FULL, **told)
    outcome, _logits = _outcome(answer, rng, 0, 3)
    require(not _sizes(outcome), EMPTY_BATCH, tried=_("a video without frames"))


def _sizes(outcome: dict[str, Seen]) -> list[int]:
    return [dict(call.pairs)["shape"].items[0] for call in outcome["calls"].items]


def _told(tried: Message, sizes: list[int], count: int, size: int) -> dict[str, Message]:
    wanted = [size] * (count // size) + ([count % size] if count % size else [])
    return {
        "tried": tried,
        "observed": _("batches of {sizes}", sizes=", ".join(map(str, sizes))),
        "expected": _("batches of {sizes}", sizes=", ".join(map(str, wanted))),
    }


def _judge_stream(answer: Witness, rng: torch.Generator) -> None:
    for count, size in [(30, 4), (20, 2)]:
        tried = _("{count} frames, batch_size={size}", count=count, size=size)
        outcome, _logits = _outcome(answer, rng, count, size)
        taken = outcome["taken"].items
        late = [one for place, one in enumerate(taken) if one > (place // size + 1) * size]
        require(not late, TOOK_ALL(taken=taken[0] if taken else 0, size=size), tried=tried)
        require(outcome["alive"] <= 2 * size + 2, KEPT(alive=outcome["alive"], size=size), tried=tried)


def _judge_gradients(answer: Witness, rng: torch.Generator) -> None:
    tried = _("7 frames, batch_size=3")
    outcome, _logits = _outcome(answer, rng, 7, 3)
    on = any(dict(call.pairs)["grad_mode"] for call in outcome["calls"].items)
    require(not on, GRADIENTS_KEPT, tried=tried)
    require(all(outcome["grad"].items), GRAD_LEAKS, tried=tried)


VALUES = "one result a frame, in order"

EXERCISE = Exercise(
    id="images-3",
    title=_("A video through a model, in batches"),
    answer="classify_video",
    parts=(
        Part(_("one result a frame, in order"), 2, _judge_values),
        Part(_("full batches"), 1, _judge_batches, needs=(VALUES,)),
        Part(_("never more than a batch is held"), 1, _judge_stream, needs=(VALUES,)),
        Part(_("gradients off for the model, and only for it"), 1, _judge_gradients, needs=(VALUES,)),
    ),
    hints=(
        _(
            "Collect preprocessed frames in a list. When it holds `batch_size` of them, run the model, give the results one by one, and begin a new list. After the loop, look at what is left."
        ),
        _(
            "`while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:` takes up to `batch_size` frames, and ends when none is left. (`islice` is in `itertools`.)"
        ),
        _(
            "In the loop: `with torch.inference_mode(): probabilities = model(torch.stack(batch)).softmax(dim=1)`, and outside of that block `yield from probabilities`."
        ),
    ),
    explanation=_(
        "The list never holds more than a batch, so the memory does not depend on the length of the video, and results come while the video still runs. "
        "The last list may be shorter: it is a batch like any other. The `with` block ends before the `yield`: a generator that waits inside of it would leave the switch set "
        "for whoever takes the results."
    ),
    mistakes=(
        NOT_AN_ITERATOR,
        PREPROCESS_UNUSED,
        LAST_LOST,
        PADDED,
        BATCH_YIELDED,
        LOGITS,
        SOFTMAX_OVER_BATCH,
        OVERWRITTEN,
        ONE_BY_ONE,
        TOO_MANY,
        NOT_FULL,
        EMPTY_BATCH,
        TOOK_ALL,
        KEPT,
        GRADIENTS_KEPT,
        GRAD_LEAKS,
    ),
)
