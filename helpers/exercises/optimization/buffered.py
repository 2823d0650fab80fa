"""optimization-2: lists of pictures through one buffer that is made once."""

from __future__ import annotations

import math

import torch

from helpers.exercises.optimization.sections import BATCHING, BUFFER
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import same
from helpers.text import Message, _
from helpers.trials import probes
from helpers.trials.optimization import read_lists
from helpers.trials.probes import recipe
from helpers.trials.values import DictSeen, ListSeen, Seen, TensorSeen

ONE_BY_ONE = Mistake(
    "one-by-one",
    _("The model got the pictures in more calls than needed. Give it `batch_size` pictures at a time."),
    BATCHING,
)
TOO_LARGE = Mistake(
    "too-large",
    _("The model got more than `batch_size` pictures in one call. Cut the list into pieces."),
    BATCHING,
)
LEFTOVERS = Mistake(
    "leftovers",
    _(
        "The last batch is smaller, and the model still got the full buffer: old pictures were computed once more. Give it only the filled part, `buffer[:n]`."
    ),
    BUFFER,
)
REST_DROPPED = Mistake(
    "rest-dropped",
    _("The pictures that do not fill a whole batch were left out. Run the last, smaller batch too."),
    BUFFER,
)
LAST_BATCH_ONLY = Mistake(
    "last-batch-only",
    _("Only the logits of the last batch were returned. Collect those of every batch."),
    BUFFER,
)
ONLY_A_VIEW = Mistake(
    "only-a-view",
    _(
        "What you returned changed when more pictures came: it was a view of the buffer, into which they were copied. Return a tensor with memory of its own."
    ),
    BUFFER,
)
OVERWRITTEN_WITHIN = Mistake(
    "overwritten-within",
    _(
        "The results of an early batch were overwritten by a later one of the same list: they were views of the buffer. Copy each batch's result before the buffer is filled again."
    ),
    BUFFER,
)
NEW_EACH_TIME = Mistake(
    "new-each-time",
    _(
        "The batches did not lie in the same memory: a new tensor was made for each. Make one buffer when the object is made, and copy the pictures into it."
    ),
    BUFFER,
)
BUFFER_SIZE = Mistake(
    "buffer-size",
    _(
        "The buffer has the wrong size. It has room for exactly `batch_size` pictures, whatever lists will come."
    ),
    BUFFER,
)
GRADIENTS_ON = Mistake(
    "gradients-on",
    _("The model was called with gradients on. Call it under `no_grad` or `inference_mode`."),
    BATCHING,
)
NOT_CALLABLE = Mistake(
    "not-callable",
    _("The object cannot be called with a list. Give the class a method `__call__(self, images)`."),
    BUFFER,
)

SHAPE = (probes.CHANNELS, 3, 4)
FEATURES = math.prod(SHAPE)


def _number(rng: torch.Generator, low: int, high: int) -> int:
    return int(torch.randint(low, high, (1,), generator=rng))


def _lists(rng: torch.Generator, counts: list[int]) -> list[list[torch.Tensor]]:
    return [list(torch.randn(count, *SHAPE, generator=rng).unbind()) for count in counts]


def _run(answer: Witness, rng: torch.Generator, size: int, counts: list[int], view: bool) -> tuple:
    model = recipe("optimization-reader", _number(rng, 0, 10_000), features=FEATURES, view=view)
    lists = _lists(rng, counts)
    inputs = {"model": model, "batch_size": size, "shape": list(SHAPE), "lists": lists}
    record = answer.attempt(read_lists, **inputs)
    if (
        getattr(record, "type", None) == "TypeError"
        and "not callable" in record.message
        and record.line is None
    ):
        require(False, NOT_CALLABLE, tried=_("a list of {n} pictures", n=counts[0]))
    seen = answer.run(read_lists, **inputs)
    built = probes.build(model).eval()
    with torch.no_grad():
        right = [built(torch.stack(images)) for images in lists]
    return seen, right


def _calls(seen: Seen) -> list[list[dict]]:
    return [
        [dict(one.pairs) for one in calls.items if isinstance(one, DictSeen)]
        for calls in seen.items
        if isinstance(calls, ListSeen)
    ]


def _tried(size: int, count: int) -> Message:
    return _("batch_size={size}, a list of {n} pictures", size=size, n=count)


def _judge_batches(answer: Witness, rng: torch.Generator) -> None:
    size = _number(rng, 3, 6)
    # a full batch first, so that there is something left over in the buffer
    counts = [size, size + _number(rng, 1, size), 1, 3 * size - 1]
    seen, right = _run(answer, rng, size, counts, view=False)
    for count, value, wanted, calls in zip(
        counts, seen["at_once"].items, right, _calls(seen["calls"]), strict=True
    ):
        tried = _tried(size, count)
        rows = [call["rows"] for call in calls]
        full, rest = count // size, count % size
        leftovers = rest and rows == [size] * (full + 1)
        equal(
            value,
            wanted,
            tried=tried,
            grad=None if any(call["grad"] for call in calls) else False,
            recognise=[
                (LEFTOVERS, bool(leftovers) and _begins_with(value, wanted)),
                (REST_DROPPED, bool(rest) and full > 0 and same(value, wanted[: full * size])),
                (REST_DROPPED, bool(rest) and full == 0 and not rows),
                (LAST_BATCH_ONLY, same(value, wanted[-(rest or size) :])),
            ],
        )
        require(not leftovers, LEFTOVERS, tried=tried)
        told = {"tried": tried, "observed": _("batches of {rows}", rows=rows)}
        wanted_rows = [size] * full + [rest] * bool(rest)
        told["expected"] = _("batches of {rows}", rows=wanted_rows)
        require(max(rows, default=0) <= size, TOO_LARGE, **told)
        require(len(rows) == len(wanted_rows), ONE_BY_ONE, **told)
        require(sum(rows) == count, general.WRONG_VALUES, **told)
        require(not any(call["grad"] for call in calls), GRADIENTS_ON, tried=tried)
    require(seen["images_kept"], general.INPUT_CHANGED, tried=_tried(size, counts[0]))


def _begins_with(value: Seen, wanted: torch.Tensor) -> bool:
    if not isinstance(value, TensorSeen) or value.data.ndim != 2 or value.data.shape[0] < len(wanted):
        return False
    return same(TensorSeen(value.data[: len(wanted)]), wanted)


def _judge_buffer(answer: Witness, rng: torch.Generator) -> None:
    size = _number(rng, 3, 6)
    counts = [2 * size + 1, size - 1, size]
    seen, _right = _run(answer, rng, size, counts, view=False)
    calls = [call for calls in _calls(seen["calls"]) for call in calls]
    tried = _("batch_size={size}, lists of {counts} pictures", size=size, counts=counts)
    places = len({call["place"] for call in calls})
    require(
        places == 1,
        NEW_EACH_TIME,
        tried=tried,
        observed=_("{n} batches in {places} different places in memory", n=len(calls), places=places),
        expected=_("one place for all"),
    )
    room = size * FEATURES * 4
    require(
        calls[0]["bytes"] == room,
        BUFFER_SIZE,
        tried=tried,
        observed=_("a buffer of {n} bytes", n=calls[0]["bytes"]),
        expected=_("a buffer of {n} bytes", n=room),
    )


def _judge_lasting(answer: Witness, rng: torch.Generator) -> None:
    size = _number(rng, 3, 6)
    counts = [size, size - 1, 2 * size + 1, size]
    seen, right = _run(answer, rng, size, counts, view=True)
    for count, at_once, later, wanted in zip(
        counts, seen["at_once"].items, seen["later"].items, right, strict=True
    ):
        tried = _("a model that returns a part of its input; {case}", case=_tried(size, count))
        # several batches of views, all of which show what the buffer held last
        within = count > size and isinstance(at_once, TensorSeen) and at_once.data.shape == wanted.shape
        equal(at_once, wanted, tried=tried, recognise=[(OVERWRITTEN_WITHIN, within)])
        require(same(later, wanted), ONLY_A_VIEW, tried=tried)


BUFFERED = Exercise(
    id="optimization-2",
    title=_("A buffer made once"),
    answer="BufferedModel",
    kind="class",
    parts=(
        Part(_("batches, the smaller last one too"), 2, _judge_batches),
        Part(_("one buffer for all"), 2, _judge_buffer, needs=("batches, the smaller last one too",)),
        Part(_("results that last"), 2, _judge_lasting, needs=("batches, the smaller last one too",)),
    ),
    hints=(
        _(
            "Make the buffer in `__init__`: `torch.empty(batch_size, *shape)`. In `__call__` go through the list in steps of `batch_size`."
        ),
        _(
            "For each piece of the list: `n = len(piece)`, copy each picture with `self.buffer[i].copy_(image)`, call the model with `self.buffer[:n]` under `inference_mode`, and collect the result."
        ),
        _(
            "`torch.stack(piece, out=self.buffer[: len(piece)])` fills the buffer in one line. Append `model(...).clone()` to a list, and return `torch.cat(list)`."
        ),
    ),
    explanation=_(
        "A slice of the buffer is a view: no memory is copied to cut off the unused rest. For the same reason nothing of the buffer may leave the object: "
        "the next call fills it with other pictures. `clone()` gives each result memory of its own; it is small beside the pictures."
    ),
    mistakes=(
        ONE_BY_ONE,
        TOO_LARGE,
        LEFTOVERS,
        REST_DROPPED,
        LAST_BATCH_ONLY,
        ONLY_A_VIEW,
        OVERWRITTEN_WITHIN,
        NEW_EACH_TIME,
        BUFFER_SIZE,
        GRADIENTS_ON,
        NOT_CALLABLE,
    ),
)
