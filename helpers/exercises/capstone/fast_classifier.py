"""capstone-5: the whole of it. First whether it is right, then how fast, in this order.

Speed earns nothing by itself. Each part about it waits for all that makes an answer right, and looks at the results
and at the model's calls of the very rounds that it measures. The clock is the judge's, outside of the process in
which the answer runs, and so is the naive loop that it is compared with. What is slow in these rounds is slow by a
fixed time, a call of the model or the preparing of a picture, so the ratio hardly depends on the machine: right
answers reach 4 to 8, answers without the idea reach 1, and the threshold lies between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from helpers.exercises.capstone import pictures
from helpers.exercises.capstone.load_file import (
    ALPHA_DROPPED,
    NO_REASON,
    NOT_RGB,
    NOT_UPRIGHT,
    STOPPED_AT_BAD_FILE,
)
from helpers.exercises.capstone.naive import NaiveClassifier
from helpers.exercises.capstone.name_results import (
    BAD_FILES_DROPPED,
    BAD_FILES_LAST,
    LOGITS,
    NAMES_SHIFTED,
    ROOM,
    SOFTMAX_OVER_BATCH,
    TENSOR_INSIDE,
    apart,
    has_tensors,
    paths_as_text,
    results,
    rows_of,
    slips,
    values_of,
)
from helpers.exercises.capstone.sections import BATCHES, CAPSTONE, NAMES, READY, THREADS
from helpers.images import read_image
from helpers.judging import Exercise, Mistake, Part, equal, fail, require
from helpers.judging import mistakes as general
from helpers.judging.answers import LocalAnswer, Stopped, Witness
from helpers.judging.compare import same
from helpers.text import Message, _
from helpers.trials import probes
from helpers.trials.capstone import File, classify, one_thread, prepare, take_round
from helpers.trials.runner import Outcome, Raised
from helpers.trials.values import ListSeen, Seen, plain

FOUR_AT_A_TIME = 4
CALL_TAKES, READING_TAKES = 0.006, 0.010
"""Seconds that a call of the model takes at least, and that preparing a picture does, in the rounds that are measured."""
CALLS_RATIO, READING_RATIO = 2.5, 2.0
ROUNDS = 3

LAST_BATCH_LOST = Mistake(
    "last-batch-lost",
    _("The last files have no result: they do not fill a batch, and have to be classified all the same."),
    BATCHES,
)
ORDER_CHANGED = Mistake(
    "order-changed",
    _("The results stand in another order than the paths. Then every name goes to the wrong file."),
    NAMES,
)
REMEMBERED = Mistake(
    "remembered",
    _(
        "The second call gave results of the first one, or those too. Files change between calls under the same name: keep nothing from call to call but the model."
    ),
    CAPSTONE,
)
EMPTY_LIST = Mistake(
    "empty-list",
    _(
        "An empty list of paths stopped your code. It has an answer: an empty list. `torch.cat` and `torch.stack` refuse to work on nothing."
    ),
    CAPSTONE,
)
LETTERS = Mistake(
    "letters",
    _(
        "A single path was taken for a list: a string is a sequence of letters, and a `Path` is none at all. Put a single path into a list first."
    ),
    CAPSTONE,
)
TRAINING_MODE = Mistake(
    "training-mode",
    _(
        "The model ran in training mode: Dropout and BatchNorm make its answers depend on chance and on the neighbours."
    ),
    READY,
)
GRADIENTS_KEPT = Mistake(
    "gradients-kept",
    _(
        "The model ran with gradients on. Put the call inside `torch.inference_mode()`; in a thread it has to be switched on there, each thread has its own."
    ),
    THREADS,
)
MODES_CHANGED = Mistake(
    "modes-changed",
    _(
        "Parts of the caller's model are in another mode than before. Work with a copy, or put every part's mode back."
    ),
    READY,
)
MODEL_FROZEN = Mistake(
    "model-frozen",
    _(
        "Parameters of the caller's model no longer require gradients, so it cannot be trained any more. Freeze a copy."
    ),
    READY,
)
FORMAT_CHANGED = Mistake(
    "format-changed",
    _(
        "The caller's model has another memory format than before: `to(memory_format=...)` changes a module in place. Turn a copy."
    ),
    READY,
)
FAILURE_HIDDEN = Mistake(
    "failure-hidden",
    _(
        "The model raised an error, and it did not reach the caller. Only files that cannot be read become results; anything else is a bug and must be heard of."
    ),
    CAPSTONE,
)
ONE_BY_ONE = Mistake(
    "one-by-one",
    _(
        "The model is called once for each picture, as in the naive loop. Give it up to `batch_size` pictures a call."
    ),
    BATCHES,
)
SMALL_BATCHES = Mistake(
    "small-batches",
    _(
        "The model is called more often than needed. Fill each batch up to `batch_size`; only the last one may be smaller."
    ),
    BATCHES,
)
BATCH_TOO_LARGE = Mistake(
    "batch-too-large",
    _("The model got more than `batch_size` pictures at once. The limit is there because memory has one."),
    BATCHES,
)
NOT_CALLED = Mistake(
    "not-called",
    _(
        "The model saw fewer pictures than there were files. Each file has to go through the model in each call, and through PyTorch, or its calls cannot be counted here."
    ),
    CAPSTONE,
)
IN_TURN = Mistake(
    "in-turn",
    _(
        "The files are prepared one after the other: while one waits for the disk, all wait. Let a `ThreadPoolExecutor` prepare several at a time."
    ),
    THREADS,
)
FEW_THREADS = Mistake(
    "few-threads",
    _(
        "Fewer than four files were in hand at a time. Reading waits more than it calculates, so it is worth more threads than there are cores."
    ),
    THREADS,
)
NOT_FASTER = Mistake(
    "not-faster",
    _(
        "The calls are as few as they should be, and it still takes too long. What is done once should be done in `__init__`: the copy, its folding, anything that is not about these files."
    ),
    CAPSTONE,
)
READING_NOT_FASTER = Mistake(
    "reading-not-faster",
    _(
        "Four files are in hand at times, and it still takes too long. The threads should go on reading while others wait, for as long as there are files."
    ),
    THREADS,
)


@dataclass(frozen=True)
class _Model:
    """A model's recipe, its categories, and what it is right to say about a picture."""

    recipe: dict[str, Any]
    categories: list[str]
    reference: torch.nn.Module

    def logits(self, images: list[Image.Image]) -> Tensor:
        """Of pictures in mode RGB, in evaluation mode."""
        if not images:
            return torch.zeros(0, len(self.categories))
        with one_thread(), torch.no_grad():
            return self.reference(pictures.prepared(images))


def _model(rng: torch.Generator) -> _Model:
    count = pictures.integers(rng, 8, 12, 1)[0]
    recipe = probes.recipe("capstone-noting", pictures.integers(rng, 0, 2**31 - 1, 1)[0], classes=count)
    names = [f"category {number}" for number in pictures.shuffled(rng, list(range(100)))[:count]]
    return _Model(recipe, names, probes.build(recipe).eval())


def _clear(
    rng: torch.Generator,
    model: _Model,
    make: Callable[[torch.Generator], bytes],
    k: int,
    count: int = 1,
    others: tuple[Callable, ...] = (),
) -> list[bytes]:
    """Files whose k likeliest names are beyond doubt, and differ from what ``others`` would read in them."""
    found: list[bytes] = []
    for _try in range(20):
        made = [make(rng) for _number in range(2 * count + 4)]
        logits = [model.logits([read(data) for data in made]) for read in (read_image, *others)]
        clear = apart(logits[0], k)
        for other in logits[1:]:
            clear &= (other.softmax(1) - logits[0].softmax(1)).abs().amax(1) > 0.05
        found += [data for data, right in zip(made, clear.tolist(), strict=True) if right]
        if len(found) >= count:
            return found[:count]
    raise RuntimeError("no pictures that this model can tell apart")


def _photo(rng: torch.Generator) -> bytes:
    return pictures.encoded(pictures.picture(rng))


def _photos(
    rng: torch.Generator, model: _Model, count: int, k: int, names: list[str] | None = None
) -> list[File]:
    """Ordinary files, in an order that is not that of their names."""
    names = names or [f"{number:02}.png" for number in pictures.shuffled(rng, list(range(60)))[:count]]
    return list(zip(names, _clear(rng, model, _photo, k, count), strict=True))


@dataclass(frozen=True)
class _Round:
    """What one call should give, and what it gave."""

    seen: Seen
    paths: list[str]
    files: list[File]
    calls: list[dict[str, Any]]


def _attempt(
    answer: Witness, model: _Model, rounds: list[list[File]], k: int, **options: Any
) -> Outcome | Raised:
    """Let the answer classify the files of each round; unless told otherwise with a model in evaluation mode."""
    inputs = {
        "evaluating": [name for name, _one in model.reference.named_modules()],
        "batch_size": 3,
        **options,
    }
    return answer.attempt(
        classify, model=model.recipe, categories=model.categories, k=k, rounds=rounds, **inputs
    )


def _run(
    answer: Witness, model: _Model, rounds: list[list[File]], k: int, **options: Any
) -> tuple[list[_Round], dict[str, Seen]]:
    seen = _values(_attempt(answer, model, rounds, k, **options))
    return _rounds(seen, rounds), seen


def _values(
    record: Outcome | Raised, raised: Mistake | None = None, **told: Message | None
) -> dict[str, Seen]:
    """What was seen; where the answer raised, it made this mistake, unless it is a slip of the pen."""
    if isinstance(record, Outcome):
        return record.values
    if raised is not None and record.type not in ("NameError", "SystemExit"):
        fail(raised, observed=_("{type}: {message}", type=record.type, message=record.message), **told)
    raise Stopped(record)


def _rounds(seen: dict[str, Seen], rounds: list[list[File]]) -> list[_Round]:
    columns = [seen["results"].items, plain(seen["paths"]), rounds, plain(seen["calls"])]
    return [_Round(paths_as_text(found), *rest) for found, *rest in zip(*columns, strict=True)]


def _judge_round(
    one: _Round,
    model: _Model,
    k: int,
    tried: Message,
    recognise: Sequence[tuple[Mistake, bool]] = (),
) -> None:
    """Require the right results of one call, in which every bad file has some reason."""
    right, logits = _right(one, model, k, read_image)
    readable = [place for place, item in enumerate(right) if item[2] is None]
    bad = len(readable) < len(right)
    good = [right[place] for place in readable]
    rows = [item[1] for item in good]

    def joined(some_rows: list) -> list[tuple]:
        return results(one.paths, dict(zip(readable, some_rows, strict=True)), _reasons(one, right))

    last = [item[0] for item in sorted(right, key=lambda item: item[2] is not None)]
    lists = values_of(one.seen)
    own = len(lists) == len(right) and sorted(str(item[:1]) for item in lists) == sorted(
        str([path]) for path in one.paths
    )
    equal(
        one.seen,
        right,
        tried=tried,
        tolerance=ROOM,
        recognise=[
            *recognise,
            (general.RETURNED_NONE, one.seen is None),
            (TENSOR_INSIDE, has_tensors(one.seen)),
            (TRAINING_MODE, bool(one.calls) and all(call["training"] for call in one.calls)),
            (BAD_FILES_DROPPED, bad and same(one.seen, good, ROOM)),
            (BAD_FILES_DROPPED, bad and len(lists) == len(good)),
            (BAD_FILES_LAST, bad and own and [items[0] for items in lists] == last),
            (NAMES_SHIFTED, bad and bool(good) and _shifted(one, rows, readable)),
            (
                LAST_BATCH_LOST,
                not bad and 0 < len(lists) < len(right) and same(one.seen, right[: len(lists)], ROOM),
            ),
            (ORDER_CHANGED, own and _permuted(lists, right)),
            (ORDER_CHANGED, not bad and _rows_permuted(lists, rows)),
        ],
        wrong=[(mistake, joined(slip)) for mistake, slip in slips(logits, model.categories, k)]
        if good
        else [],
    )


def _right(one: _Round, model: _Model, k: int, read: Callable) -> tuple[list[tuple], Tensor]:
    """The right results, in which a bad file's reason is the one that was given, if it is a text at all."""
    readable = [place for place, file in enumerate(one.files) if pictures.is_picture(file)]
    logits = model.logits([read(one.files[place][1]) for place in readable])
    rows = dict(zip(readable, rows_of(logits, model.categories, k), strict=True))
    right = []
    lists = values_of(one.seen)
    for place, path in enumerate(one.paths):
        reason = lists[place][2] if place < len(lists) and len(lists[place]) == 3 else None
        said = reason if isinstance(reason, str) and reason.strip() else "a reason"
        right.append((path, rows[place], None) if place in rows else (path, [], said))
    return right, logits


def _reasons(one: _Round, right: list[tuple]) -> dict[int, str]:
    return {place: item[2] for place, item in enumerate(right) if item[2] is not None}


def _shifted(one: _Round, rows: list, readable: list[int]) -> bool:
    """Whether each path stands in its place, and the rows were given out from the first one on."""
    lists = values_of(one.seen)
    return (
        readable != list(range(len(readable)))
        and [items[:1] for items in lists] == [[path] for path in one.paths]
        and all(same(items[1], row, ROOM) for items, row in zip(lists, rows, strict=False) if len(items) == 3)
    )


def _permuted(lists: list[list[Seen]], right: list[tuple]) -> bool:
    """Whether these are the right results, in another order."""
    return _matched([ListSeen(items) for items in lists], list(right))


def _rows_permuted(lists: list[list[Seen]], rows: list) -> bool:
    """Whether each path stands in its place, and the names in those of others."""
    return _matched([items[1] for items in lists if len(items) == 3], list(rows))


def _matched(found: list[Seen], expected: list) -> bool:
    if len(found) != len(expected):
        return False
    for item in found:
        place = next((number for number, value in enumerate(expected) if same(item, value, ROOM)), None)
        if place is None:
            return False
        del expected[place]
    return True


# the parts -----------------------------------------------------------------------------------------------------


def _judge_names(answer: Witness, rng: torch.Generator) -> None:
    model, k = _model(rng), 3
    first = _photos(rng, model, 8, k)
    again = _photos(rng, model, 5, k, [name for name, _data in first[:5]])
    rounds, seen = _run(answer, model, [first, again], k)
    _judge_round(rounds[0], model, k, _("eight files, batch_size 3, k=3"))
    items = rounds[1].seen.items if isinstance(rounds[1].seen, ListSeen) else []
    old = rounds[0].seen.items
    told_again = items != [] and (len(items) >= len(old) or _same_items(items, old[: len(items)]))
    _judge_round(
        rounds[1],
        model,
        k,
        _("a second call: five of the files, with other pictures in them"),
        recognise=[(REMEMBERED, told_again)],
    )
    require(bool(seen["paths_kept"]), general.INPUT_CHANGED, tried=_("the list of paths"))


def _same_items(items: list[Seen], old: list[Seen]) -> bool:
    """Whether two lists of results are equal."""
    return all(same(one, plain(other), ROOM) for one, other in zip(items, old, strict=True))


def _judge_few(answer: Witness, rng: torch.Generator) -> None:
    model, k = _model(rng), 2
    tried = _("an empty list of paths")
    seen = _values(_attempt(answer, model, [[]], k), EMPTY_LIST, tried=tried, expected=_("an empty list"))
    equal(seen["results"].items[0], [], tried=tried)
    rounds, _seen = _run(answer, model, [_photos(rng, model, 1, k)], k, batch_size=4)
    _judge_round(rounds[0], model, k, _("a list of one path"))
    for form, tried in (
        ("text", _("one path, a string, in place of a list")),
        ("path", _("one path, a `Path`, in place of a list")),
    ):
        files = _photos(rng, model, 1, k)
        record = _attempt(answer, model, [files], k, form=form, single=True)
        one = _rounds(_values(record, LETTERS, tried=tried, expected=_("a list of one result")), [files])[0]
        _judge_round(
            one, model, k, tried, recognise=[(LETTERS, len(values_of(one.seen)) == len(one.paths[0]))]
        )


def _judge_kinds(answer: Witness, rng: torch.Generator) -> None:
    model, k = _model(rng), 2
    opened, black = pictures.as_opened, pictures.on_black
    kinds = [
        ("grey.png", pictures.grey, ()),
        ("transparent.png", pictures.see_through, (opened, black)),
        ("phone.jpg", pictures.turned, (opened,)),
        ("palette.gif", pictures.palette, ()),
        ("print.jpg", pictures.cmyk, ()),
        ("plain.jpg", lambda rng: pictures.encoded(pictures.picture(rng), "JPEG", quality=95), ()),
    ]
    files = [(name, _clear(rng, model, make, k, others=others)[0]) for name, make, others in kinds]
    for file in pictures.shuffled(rng, files):
        rounds, seen = _run(answer, model, [[file]], k, form="path")
        got = plain(seen["got"])
        plainly = _right(rounds[0], model, k, opened)[0]
        _judge_round(
            rounds[0],
            model,
            k,
            _("the file {name}", name=file[0]),
            recognise=[
                (NOT_RGB, any(mode in Image.MODES and mode != "RGB" for mode in got)),
                (NOT_UPRIGHT, file[0] == "phone.jpg" and same(rounds[0].seen, plainly, ROOM)),
                (ALPHA_DROPPED, file[0] == "transparent.png" and same(rounds[0].seen, plainly, ROOM)),
            ],
        )
        require(all(mode == "RGB" for mode in got), NOT_RGB, tried=_("the file {name}", name=file[0]))


def _judge_bad(answer: Witness, rng: torch.Generator) -> None:
    model, k = _model(rng), 2
    good, bad = _photos(rng, model, 5, k), pictures.bad_files(rng)
    mixed = [bad[0], *pictures.shuffled(rng, [*bad[1:], *good])]
    cases = [
        (_("ten files, five of which cannot be read"), mixed),
        (_("two files, neither of which can be read"), bad[:2]),
    ]
    for tried, files in cases:
        record = _attempt(answer, model, [files], k, batch_size=2)
        seen = _values(record, STOPPED_AT_BAD_FILE, tried=tried, expected=_("a result for each path"))
        one = _rounds(seen, [files])[0]
        _judge_round(one, model, k, tried, recognise=[(NO_REASON, _unsaid(one, model, k))])


def _unsaid(one: _Round, model: _Model, k: int) -> bool:
    """Whether all is right but the reasons, of which one or more are missing."""
    lists = values_of(one.seen)
    right, _logits = _right(one, model, k, read_image)
    return (
        len(lists) == len(right)
        and all(same(items[:2], list(item[:2]), ROOM) for items, item in zip(lists, right, strict=True))
        and any(items[2:] in ([None], [""]) for items, item in zip(lists, right, strict=True) if item[2])
    )


def _judge_model_kept(answer: Witness, rng: torch.Generator) -> None:
    model, k = _model(rng), 2
    names = [name for name, _one in model.reference.named_modules()]
    cases = [
        (_("a model in training mode"), [], True),
        (
            _("a model with parts in either mode, called where gradients are off"),
            ["", "layers.3", "layers.0.1"],
            False,
        ),
        (
            _("a model with parts in either mode"),
            [name for name in names if name not in ("layers.0", "layers.3")],
            True,
        ),
    ]
    for tried, evaluating, grad in cases:
        rounds, seen = _run(answer, model, [_photos(rng, model, 4, k)], k, evaluating=evaluating, grad=grad)
        _require_values(rounds[0], model, k, tried)
        require(not any(call["grad"] for call in rounds[0].calls), GRADIENTS_KEPT, tried=tried)
        _require_kept(seen, tried)
    tried = _("a model in training mode that raises an error")
    _none, seen = _run(answer, model, [_photos(rng, model, 4, k)], k, evaluating=[], fails=True)
    require(bool(plain(seen["calls"])[0]), NOT_CALLED, tried=tried)
    require(bool(seen["failed"]), FAILURE_HIDDEN, tried=tried, observed=_("no error came out"))
    _require_kept(seen, tried)


def _require_values(one: _Round, model: _Model, k: int, tried: Message) -> None:
    """The right results, or the wrong mode: the part before has seen all else."""
    right, _logits = _right(one, model, k, read_image)
    equal(one.seen, right, tried=tried, tolerance=ROOM, recognise=[(TRAINING_MODE, True)])


def _require_kept(seen: dict[str, Seen], tried: Message) -> None:
    changed = plain(seen["changed_when_made"]) + plain(seen["changed"])
    named = {
        "state": general.MODEL_CHANGED,
        "modes": MODES_CHANGED,
        "grads": MODEL_FROZEN,
        "formats": FORMAT_CHANGED,
    }
    for name, mistake in named.items():
        require(name not in changed, mistake, tried=tried)
    require(bool(seen["modes_kept"]), general.GRAD_MODE_CHANGED, tried=tried)


def _require_calls(calls: list[dict[str, Any]], files: int, batch_size: int, tried: Message) -> None:
    sizes = [call["size"] for call in calls]
    needed = math.ceil(files / batch_size)
    told = {
        "tried": tried,
        "observed": _("calls with {sizes} pictures", sizes=", ".join(map(str, sizes[:12])) or 0),
        "expected": _("{needed} calls", needed=needed),
    }
    require(max(sizes, default=0) <= batch_size, BATCH_TOO_LARGE, **told)
    require(sum(sizes) >= files, NOT_CALLED, **told)
    require(files == 1 or max(sizes) > 1, ONE_BY_ONE, **told)
    require(len(sizes) <= needed, SMALL_BATCHES, **told)


def _judge_full_batches(answer: Witness, rng: torch.Generator) -> None:
    model = _model(rng)
    for size, count in ((4, 11), (16, 7)):
        rounds, _seen = _run(answer, model, [_photos(rng, model, count, 1)], 1, batch_size=size)
        tried = _("{count} files, batch_size {size}", count=count, size=size)
        _judge_round(rounds[0], model, 1, tried)
        _require_calls(rounds[0].calls, count, size, tried)


@dataclass(frozen=True)
class _Laps:
    """Rounds of one classifier: seconds each took by the judge's clock, most files in hand at one time."""

    times: list[float]
    most: int


def _race(
    answers: dict[str, Witness],
    rng: torch.Generator,
    count: int,
    size: int,
    tried: Message,
    meeting: int = 1,
    **slow: float,
) -> dict[str, _Laps]:
    """Let the answer, and what else there is, take turns, each time with new files, and measure from outside."""
    model = _model(rng)
    for name, witness in answers.items():
        witness.run(
            prepare,
            name=name,
            model=model.recipe,
            categories=model.categories,
            batch_size=size,
            files=_photos(rng, model, count, 1),
            reading_takes=slow.get("reading_takes", 0.0),
            meeting=meeting,
        )
    laps = {name: _Laps([], 0) for name in answers}
    for _number in range(ROUNDS):
        files = _photos(rng, model, count, 1)
        for name, witness in answers.items():
            start = perf_counter()
            seen = witness.run(take_round, name=name, files=files, call_takes=slow.get("call_takes", 0.0))
            laps[name].times.append(perf_counter() - start)
            laps[name] = _Laps(laps[name].times, max(laps[name].most, seen["most"]))
            one = _Round(paths_as_text(seen["results"]), plain(seen["paths"]), files, plain(seen["calls"]))
            if name == "answer":
                _judge_round(one, model, 1, tried)
                _require_calls(one.calls, count, size, tried)
    return laps


def _ratio(
    answer: Witness, rng: torch.Generator, count: int, size: int, tried: Message, **slow: float
) -> float:
    """How many times as fast as the naive loop the answer is; the loop runs here, out of the answer's reach."""
    both = {"naive": Witness(LocalAnswer(NaiveClassifier)), "answer": answer}
    laps = _race(both, rng, count, size, tried, **slow)
    return median(laps["naive"].times) / median(laps["answer"].times)


def _judge_calls_race(answer: Witness, rng: torch.Generator) -> None:
    tried = _("24 files, batch_size 12, and a model each of whose calls takes {time} at least", time="6 ms")
    ratio = _ratio(answer, rng, 24, 12, tried, call_takes=CALL_TAKES)
    _require_ratio(ratio, CALLS_RATIO, NOT_FASTER, tried)


READING_TRIED = _("16 files, batch_size 8, each of which takes {time} to prepare", time="10 ms")


def _judge_four(answer: Witness, rng: torch.Generator) -> None:
    laps = _race({"answer": answer}, rng, 16, 8, READING_TRIED, FOUR_AT_A_TIME, reading_takes=READING_TAKES)
    most = laps["answer"].most
    told = {
        "tried": READING_TRIED,
        "observed": _("{n} files in hand at one time", n=most),
        "expected": _("{n} files in hand at one time", n=FOUR_AT_A_TIME),
    }
    require(most > 1, IN_TURN, **told)
    require(most >= FOUR_AT_A_TIME, FEW_THREADS, **told)


def _judge_reading_race(answer: Witness, rng: torch.Generator) -> None:
    ratio = _ratio(answer, rng, 16, 8, READING_TRIED, reading_takes=READING_TAKES)
    _require_ratio(ratio, READING_RATIO, READING_NOT_FASTER, READING_TRIED)


def _require_ratio(ratio: float, wanted: float, mistake: Mistake, tried: Message) -> None:
    require(
        ratio >= wanted,
        mistake,
        tried=tried,
        observed=_("{ratio}× as fast as the naive loop", ratio=f"{ratio:.1f}"),
        expected=_("{ratio}× as fast at least", ratio=f"{wanted:g}"),
    )


ORDER = "named predictions, in the order of the files"
RIGHT = (
    ORDER,
    "no file, one file, a single path",
    "every kind of picture file",
    "files that cannot be read",
    "the caller's model and the modes as they were",
)
FULL, FOUR = "full batches, and none larger", "four files in hand at a time"

EXERCISE = Exercise(
    id="capstone-5",
    title=_("FastClassifier"),
    answer="FastClassifier",
    kind="class",
    limit=20.0,
    parts=(
        Part(_("named predictions, in the order of the files"), 3, _judge_names),
        Part(_("no file, one file, a single path"), 1, _judge_few, needs=(ORDER,)),
        Part(_("every kind of picture file"), 2, _judge_kinds, needs=(ORDER,)),
        Part(_("files that cannot be read"), 2, _judge_bad, needs=(ORDER,)),
        Part(_("the caller's model and the modes as they were"), 2, _judge_model_kept, needs=(ORDER,)),
        Part(_("full batches, and none larger"), 1, _judge_full_batches, needs=(ORDER,)),
        Part(
            _("faster than the naive loop where calls are slow"), 2, _judge_calls_race, needs=(*RIGHT, FULL)
        ),
        Part(_("four files in hand at a time"), 1, _judge_four, needs=(ORDER, FULL)),
        Part(
            _("faster than the naive loop where reading is slow"),
            2,
            _judge_reading_race,
            needs=(*RIGHT, FULL, FOUR),
        ),
    ),
    hints=(
        _(
            "All the pieces are there: `ready_copy` in `__init__`; in `__call__` `load_file` for each path, `batches`, one call of the model for each batch, `name_results` at the end. First make it right without threads, then put `load_file` into a pool."
        ),
        _(
            "`pool.map(function, paths)` calls the function in several threads and gives the results in the order of the paths, one by one as they are ready. `enumerate` around it gives each its place. A generator that notes the bad ones in a dictionary and yields `(place, tensor)` for the good ones feeds `batches`."
        ),
        _(
            "For each batch: `places, tensors = zip(*batch)`, then `model(torch.stack(tensors))`, inside `torch.inference_mode()`. Collect the logits in a list that begins with `torch.zeros(0, len(categories))`, so that `torch.cat` works when there was no batch at all."
        ),
        _(
            "`if isinstance(paths, (str, os.PathLike)): paths = [paths]`. `with ThreadPoolExecutor(8) as pool, torch.inference_mode():` stands around the loop `for batch in batches(self._readable(pool.map(self._load, paths), errors), self.batch_size)`."
        ),
    ),
    explanation=_(
        "Each piece does one thing: reading makes a value of every bad file, the place travels along, batches are full, the model is a copy that is ready, and names are given out at the end. The threads "
        "read ahead while the model works, and `pool.map` keeps the order. The model is called in the thread that has `inference_mode` on; the threads only read. What is kept "
        "from call to call is the model alone, so a classifier can be used again, and by several callers at once."
    ),
    mistakes=(
        LAST_BATCH_LOST,
        ORDER_CHANGED,
        REMEMBERED,
        LOGITS,
        SOFTMAX_OVER_BATCH,
        TENSOR_INSIDE,
        EMPTY_LIST,
        LETTERS,
        NOT_RGB,
        NOT_UPRIGHT,
        ALPHA_DROPPED,
        STOPPED_AT_BAD_FILE,
        NO_REASON,
        NAMES_SHIFTED,
        BAD_FILES_DROPPED,
        BAD_FILES_LAST,
        TRAINING_MODE,
        GRADIENTS_KEPT,
        MODES_CHANGED,
        MODEL_FROZEN,
        FORMAT_CHANGED,
        FAILURE_HIDDEN,
        ONE_BY_ONE,
        SMALL_BATCHES,
        BATCH_TOO_LARGE,
        NOT_CALLED,
        IN_TURN,
        FEW_THREADS,
        NOT_FASTER,
        READING_NOT_FASTER,
    ),
)
