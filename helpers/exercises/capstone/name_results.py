"""capstone-4: rows of logits become named predictions, in the order of the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from helpers.exercises.capstone.pictures import shuffled
from helpers.exercises.capstone.sections import NAMES
from helpers.judging import Exercise, Mistake, Part, Tolerance, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Stopped, Witness
from helpers.judging.compare import same
from helpers.text import Message, _
from helpers.trials.calls import call
from helpers.trials.runner import Outcome
from helpers.trials.values import ListSeen, Opaque, Seen, TensorSeen

LOGITS = Mistake(
    "logits", _("These are logits. Softmax over the categories makes probabilities of them."), NAMES
)
SOFTMAX_OVER_BATCH = Mistake(
    "softmax-over-batch",
    _(
        "Softmax went over the batch: the pictures of a batch compete with each other. It has to go over the categories, `dim=1`."
    ),
    NAMES,
)
RENORMALISED = Mistake(
    "renormalised",
    _(
        "The `k` probabilities add up to 1: softmax saw only the `k` largest logits. Apply it to all of them, then take the largest."
    ),
    NAMES,
)
ASCENDING = Mistake("ascending", _("The likeliest category has to come first."), NAMES)
INDICES = Mistake("indices", _("You gave the numbers of the categories. Look up their names."), NAMES)
TENSOR_INSIDE = Mistake(
    "tensor-inside",
    _("The probabilities are still tensors. `tolist()` makes ordinary floats of them."),
    NAMES,
)
PLACES_IGNORED = Mistake(
    "places-ignored",
    _("Row 0 is not the first picture: row r belongs to `paths[places[r]]`. Threads finish in any order."),
    NAMES,
)
NAMES_SHIFTED = Mistake(
    "names-shifted",
    _(
        "A file that could not be read has moved all names behind it by one: row r of the logits is not file r. This is the mistake that nobody notices."
    ),
    NAMES,
)
BAD_FILES_DROPPED = Mistake(
    "bad-files-dropped",
    _(
        "The files that could not be read are missing. There is one result for each path, with the reason in `error`."
    ),
    NAMES,
)
BAD_FILES_LAST = Mistake(
    "bad-files-last",
    _("The files that could not be read stand at the end. Each result has the place of its path."),
    NAMES,
)
NOTHING_TO_NAME = Mistake(
    "nothing-to-name",
    _("Your code stopped when no file could be read: there are no rows then, and only errors to report."),
    NAMES,
)
ONE_ONLY = Mistake("one-only", _("You gave one category for each file. `k` of them are asked for."), NAMES)

NO_LIST = Mistake(
    "no-list",
    _(
        "For a file that could not be read `top` is an empty list: whoever goes through the results can then loop over it, too."
    ),
    NAMES,
)

ROOM = Tolerance(rtol=1e-3, atol=1e-3)


def rows_of(
    logits: Tensor, categories: list[str], k: int, probabilities: Tensor | None = None
) -> list[list[tuple[str, float]]]:
    """For each row the k likeliest names, each with its value from ``probabilities``, softmax if not given."""
    values = logits.softmax(1) if probabilities is None else probabilities
    return [
        [(categories[place], values[row, place].item()) for place in logits[row].topk(k).indices.tolist()]
        for row in range(len(logits))
    ]


def results(paths: Sequence[str], rows: dict[int, list], errors: dict[int, str]) -> list[tuple]:
    """What is right: for each path its row, or its error."""
    return [
        (path, [], errors[place]) if place in errors else (path, rows[place], None)
        for place, path in enumerate(paths)
    ]


def values_of(seen: Seen) -> list[list[Seen]]:
    """The items of each result; empty when it is none."""
    if not isinstance(seen, ListSeen):
        return []
    return [one.items if isinstance(one, ListSeen) else [] for one in seen.items]


def has_tensors(seen: Seen) -> bool:
    """Whether a probability is a tensor."""
    tops = [items[1] for items in values_of(seen) if len(items) == 3 and isinstance(items[1], ListSeen)]
    pairs = [pair for top in tops for pair in top.items if isinstance(pair, ListSeen)]
    return any(isinstance(item, TensorSeen) for pair in pairs for item in pair.items)


def paths_as_text(seen: Seen) -> Seen:
    """The results with a path object, which is as good, turned into text."""
    if not isinstance(seen, ListSeen):
        return seen
    return ListSeen([_path_as_text(one) for one in seen.items], seen.kind)


def _path_as_text(one: Seen) -> Seen:
    if isinstance(one, ListSeen) and one.items and isinstance(one.items[0], Opaque) and one.items[0].text:
        return ListSeen([one.items[0].text, *one.items[1:]], one.kind)
    return one


Slips = list[tuple[Mistake, list[list[tuple[str, float]]]]]


def slips(logits: Tensor, categories: list[str], k: int) -> Slips:
    """What the classic slips make of the rows."""
    right = rows_of(logits, categories, k)
    top = logits.topk(k)
    few = torch.zeros_like(logits).scatter(1, top.indices, top.values.softmax(1))
    numbers = list(range(logits.shape[1]))
    return [
        (LOGITS, rows_of(logits, categories, k, logits)),
        (SOFTMAX_OVER_BATCH, rows_of(logits, categories, k, logits.softmax(0))),
        (SOFTMAX_OVER_BATCH, rows_of(logits.softmax(0), categories, k, logits.softmax(0))),
        (RENORMALISED, rows_of(logits, categories, k, few)),
        (ASCENDING, [row[::-1] for row in right]),
        (INDICES, rows_of(logits, numbers, k)),
        (ONE_ONLY, [row[:1] for row in right]),
    ]


def apart(logits: Tensor, k: int, gap: float = 0.05) -> Tensor:
    """For each row, whether its k + 1 largest values differ enough to be sure of their order."""
    values = logits.topk(k + 1, dim=1).values
    return (values[:, :-1] - values[:, 1:] > gap).all(1)


def _logits(rng: torch.Generator, rows: int, classes: int) -> Tensor:
    """Rows whose largest values are well apart, with another winner in each row."""
    if rows == 0:
        return torch.zeros(0, classes)
    steps = torch.arange(classes) * -0.7 + 0.3 * torch.rand(rows, classes, generator=rng)
    order = torch.stack([torch.randperm(classes, generator=rng) for _row in range(rows)])
    winners = torch.randperm(classes, generator=rng)[:rows]
    for row, winner in enumerate(winners):
        place = int((order[row] == winner).nonzero())
        order[row, [0, place]] = order[row, [place, 0]]
    return torch.zeros(rows, classes).scatter(1, order, steps) + torch.rand(rows, 1, generator=rng)


def _judge(answer: Witness, rng: torch.Generator, bad: int, good: int, tried: Message) -> None:
    count, classes, k = bad + good, 9, 3
    numbers = shuffled(rng, list(range(100)))
    paths = [f"photo {number}.jpg" for number in numbers[:count]]
    categories = [f"category {number}" for number in numbers[-classes:]]
    errors = dict.fromkeys(sorted(_spread(rng, bad, count)), "")
    errors = {place: f"{paths[place]}: damaged ({number})" for number, place in enumerate(errors)}
    readable = [place for place in range(count) if place not in errors]
    places = readable[1:] + readable[:1] if good < 3 else _mixed(rng, readable)
    logits = _logits(rng, good, classes)
    given = [paths, places, logits, errors, categories, k]
    record = answer.attempt(call, args=given, kwargs={})
    if not isinstance(record, Outcome):
        require(
            good > 0 or record.type in ("NameError", "SystemExit"),
            NOTHING_TO_NAME,
            tried=tried,
            observed=_("{type}: {message}", type=record.type, message=record.message),
            expected=_("only errors"),
        )
        raise Stopped(record)
    seen = paths_as_text(record.values["value"])

    def joined(rows: list, order: list[int]) -> list[tuple]:
        return results(paths, dict(zip(order, rows, strict=True)), errors)

    rows = rows_of(logits, categories, k)
    right = joined(rows, places)
    shifted = [(path, rows[place] if place < good else [], None) for place, path in enumerate(paths)]
    equal(
        seen,
        right,
        tried=tried,
        tolerance=ROOM,
        recognise=[
            (TENSOR_INSIDE, has_tensors(seen)),
            (NO_LIST, any(item[1:2] == [None] for item in values_of(seen))),
            (NAMES_SHIFTED, bad > 0 and good > 0 and _names_shifted(seen, paths, rows, places, readable)),
        ],
        wrong=[
            *(
                [(mistake, joined(slip, places)) for mistake, slip in slips(logits, categories, k)]
                if good
                else []
            ),
            (PLACES_IGNORED, joined(rows, readable)),
            (NAMES_SHIFTED, shifted),
            (BAD_FILES_DROPPED, [one for one in right if one[2] is None]),
            (
                BAD_FILES_DROPPED if bad else PLACES_IGNORED,
                [(paths[place], row, None) for place, row in zip(places, rows, strict=True)],
            ),
            (BAD_FILES_LAST, sorted(right, key=lambda one: one[2] is not None)),
            (BAD_FILES_LAST if bad else PLACES_IGNORED, [right[place] for place in [*places, *errors]]),
        ],
    )
    after = record.values["args"].items
    kept = all(same(one, before) for one, before in zip(after, given, strict=True))
    require(kept, general.INPUT_CHANGED, tried=tried)


def _names_shifted(seen: Seen, paths: list[str], rows: list, places: list[int], readable: list[int]) -> bool:
    """Whether each path stands in its place, and the rows were given out from the first one on, in either order."""
    items = values_of(seen)
    if [item[:1] for item in items] != [[path] for path in paths] or readable == list(range(len(readable))):
        return False
    tops = [item[1] for item in items if len(item) == 3]
    in_order = [rows[places.index(place)] for place in readable]
    return any(
        len(tops) >= len(order) and all(same(top, row, ROOM) for top, row in zip(tops, order, strict=False))
        for order in (rows, in_order)
    )


def _spread(rng: torch.Generator, bad: int, count: int) -> list[int]:
    """Places of bad files: the first always among them, so that every other one is shifted."""
    rest = [*shuffled(rng, list(range(2, count))), 1]
    return [0, *rest][:bad]


def _mixed(rng: torch.Generator, places: list[int]) -> list[int]:
    """The places in another order than they came."""
    order = shuffled(rng, places)
    return order if order != sorted(order) else order[::-1]


def _case(bad: int, good: int, tried: Message) -> Callable[[Witness, torch.Generator], None]:
    return lambda answer, rng: _judge(answer, rng, bad, good, tried)


def _judge_nothing(answer: Witness, rng: torch.Generator) -> None:
    _judge(answer, rng, 3, 0, _("three files that cannot be read"))
    _judge(answer, rng, 0, 0, _("no files at all"))
    _judge(answer, rng, 0, 1, _("one file"))


ALL_READ = "files that were all read, in any order"
EXERCISE = Exercise(
    id="capstone-4",
    title=_("Names in the order of the files"),
    answer="name_results",
    parts=(
        Part(
            _("files that were all read, in any order"),
            2,
            _case(0, 5, _("five files, all read")),
        ),
        Part(
            _("bad files among them"),
            1,
            _case(3, 4, _("seven files, three of which could not be read")),
            needs=(ALL_READ,),
        ),
        Part(_("nothing to name"), 1, _judge_nothing, needs=(ALL_READ,)),
    ),
    hints=(
        _(
            "Make the rows first: for each row of the logits a list of `k` pairs. Then go through the paths, and for each take its row or its error."
        ),
        _(
            "`values, indices = logits.softmax(dim=1).topk(k, dim=1)`; `tolist()` of both gives nested lists. `dict(zip(places, rows))` finds the row of a place."
        ),
        _(
            "`top = dict(zip(places, rows))`, then `[Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]`."
        ),
    ),
    explanation=_(
        "The place travels with each picture from the reading to the end, so nothing depends on who was ready first, and a missing picture moves nobody. Going through the *paths*, and not through "
        "the rows, makes sure that each path gets exactly one result. Shapes (0, C) go through softmax and topk like any other, so no case for “nothing” is needed."
    ),
    mistakes=(
        LOGITS,
        SOFTMAX_OVER_BATCH,
        RENORMALISED,
        ASCENDING,
        INDICES,
        TENSOR_INSIDE,
        PLACES_IGNORED,
        NAMES_SHIFTED,
        BAD_FILES_DROPPED,
        BAD_FILES_LAST,
        NOTHING_TO_NAME,
        ONE_ONLY,
        NO_LIST,
    ),
)
