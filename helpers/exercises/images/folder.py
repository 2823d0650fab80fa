"""images-1: everything that lies in a folder, named or reported."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from helpers.exercises.images.sections import BATCHES, FOLDER, colours, integers, shuffled
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Stopped, Witness
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials.images import classify_files
from helpers.trials.runner import Raised
from helpers.trials.values import DictSeen, ListSeen, Seen

NOT_A_PAIR = Mistake("not-a-pair", _("Return two dictionaries: `return found, problems`."), FOLDER)
STOPPED = Mistake(
    "stopped-at-a-bad-file",
    _(
        "One bad file ended everything, with {type}: {message}. Catch the error for each file by itself, and go on with the next."
    ),
    FOLDER,
)
NOT_REPORTED = Mistake(
    "not-reported",
    _(
        "A file that cannot be read is missing from `problems`. Whoever reads the result must learn of every file that was left out."
    ),
    FOLDER,
)
NAMED_ALL_THE_SAME = Mistake(
    "bad-file-among-the-found",
    _("A file that cannot be read stands in `found`. Only what the model has named belongs there."),
    FOLDER,
)
NO_REASON = Mistake(
    "no-reason",
    _("A problem needs a reason that a person can read: a string that is not empty, such as `str(error)`."),
    FOLDER,
)
BY_SUFFIX = Mistake(
    "by-suffix",
    _(
        "You chose the files by the end of their names. It says little: a picture may be called photo.JPG or scan, so try every file."
    ),
    FOLDER,
)
FULL_PATHS = Mistake(
    "full-paths", _("The keys are paths. Use the name of the file alone: `path.name`."), FOLDER
)
UNSORTED = Mistake(
    "unsorted",
    _(
        "The keys are not in alphabetical order. A folder gives its files in any order, another on each machine: use `sorted`."
    ),
    FOLDER,
)
NAMES_SHIFTED = Mistake(
    "names-shifted",
    _(
        "The names went to the wrong files. Where a bad file is left out, all after it move up by one: keep each file's name beside its tensor."
    ),
    FOLDER,
)
LAST_LOST = Mistake(
    "last-batch-lost", _("The last pictures are missing: a last batch that is not full counts too."), BATCHES
)
SUBFOLDERS = Mistake(
    "subfolder-not-left-out",
    _("A subfolder, or what lies in it, is in the result. Take only files: `path.is_file()`."),
    FOLDER,
)
PLACES = Mistake("places", _("`found` holds numbers. The name of class number i is `categories[i]`."), FOLDER)
ONE_BY_ONE = Mistake(
    "one-by-one",
    _("The model was given the pictures one by one. Collect up to `batch_size` of them for one call."),
    BATCHES,
)
TOO_MANY = Mistake(
    "batch-too-large",
    _(
        "The model was given more than `batch_size` pictures at once: with a large folder the memory runs out."
    ),
    BATCHES,
)
EMPTY_BATCH = Mistake(
    "empty-batch",
    _(
        "Where no picture can be read there is nothing to give to the model: do not call it, and stack nothing."
    ),
    BATCHES,
)
NOT_RGB = Mistake(
    "not-rgb",
    _("`preprocess` was given something else than an RGB picture. `read_image` makes one of any file."),
    FOLDER,
)
PREPROCESS_UNUSED = Mistake(
    "preprocess-unused",
    _("`preprocess` was never called. Use the one that the function was given: each model has its own."),
    FOLDER,
)
GRADIENTS_KEPT = Mistake(
    "gradients-kept",
    _("Gradients were on while the model ran. Call it in `torch.inference_mode()`."),
    BATCHES,
)
MODEL_ERROR_HIDDEN = Mistake(
    "model-error-hidden",
    _(
        "The model itself failed, and it was taken for bad files. Keep in `try` only what reads a file; any other error has to come out."
    ),
    FOLDER,
)

WORDS = ["apple", "bridge", "cloud", "door", "engine", "forest", "glass", "harbour", "island", "kite", "lamp"]


def _picture(colour: Tensor, rng: torch.Generator) -> Image.Image:
    """Nearly one colour."""
    width, height = integers(rng, 12, 30, 2)
    noise = torch.randint(-8, 9, (height, width, 3), generator=rng)
    return Image.fromarray((colour + noise).clamp(0, 255).to(torch.uint8).numpy())


def _file(image: Image.Image, format: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format=format, **options)
    return file.getvalue()


def _good(rng: torch.Generator, table: Tensor, count: int) -> tuple[list[tuple[str, bytes]], dict[str, int]]:
    """Files with pictures of many kinds, in any order, and which colour is in each."""
    kinds = [
        (".png", lambda image: _file(image, "PNG")),
        (".JPG", lambda image: _file(image, "JPEG", quality=95)),
        ("", lambda image: _file(image, "PNG")),
        (".txt", lambda image: _file(image.convert("RGBA"), "PNG")),
        (".gif", lambda image: _file(image.quantize(32), "GIF")),
        (".jpeg", lambda image: _file(image.convert("CMYK"), "JPEG", quality=95)),
        (".bmp", lambda image: _file(image, "BMP")),
    ]
    names = sorted(shuffled(rng, WORDS)[:count])
    wanted = [place % len(table) for place in shuffled(rng, list(range(count)))]
    # the last two are ordinary, so that a lost batch can be told from a choice by suffix
    ordinary = [kinds[-1], kinds[0]]
    kinds = [*shuffled(rng, (kinds * 2)[: max(0, count - 2)]), *ordinary][:count]
    files = [
        (name + suffix, write(_picture(table[place], rng)))
        for name, place, (suffix, write) in zip(names, wanted, kinds, strict=True)
    ]
    return files, {name: place for (name, _data), place in zip(files, wanted, strict=True)}


def _bad(rng: torch.Generator, table: Tensor) -> list[tuple[str, bytes]]:
    """Files that cannot be read, each in its own way."""
    noise = Image.fromarray(np.frombuffer(torch.randint(0, 256, (4800,), generator=rng).to(torch.uint8).numpy().tobytes(), np.uint8).reshape(40, 40, 3))  # fmt: skip
    png, jpeg = _file(noise, "PNG"), _file(noise, "JPEG", quality=95)
    return [
        ("bread.txt", b"milk, bread, apples\n" * 5),
        ("coin.jpg", b"<!doctype html><html><body>404</body></html>"),
        ("dust.png", b""),
        ("fern.png", png[: len(png) // 2]),
        ("grape.jpg", jpeg[: len(jpeg) // 2]),
    ]


def _found(seen: Seen) -> tuple[dict, dict] | None:
    """The two dictionaries, as far as they are ones."""
    if not isinstance(seen, ListSeen) or seen.kind == "set" or len(seen.items) != 2:
        return None
    if not all(isinstance(item, DictSeen) for item in seen.items):
        return None
    found, problems = (
        {key if isinstance(key, str) else getattr(key, "text", repr(key)): value for key, value in item.pairs}
        for item in seen.items
    )
    return found, problems


def _judge(answer: Witness, rng: torch.Generator, goods: int, with_bad: bool, batch_size: int, tried: Message) -> None:  # fmt: skip
    table = colours(rng)
    categories = [
        f"{word} {number}" for word, number in zip(WORDS, shuffled(rng, list(range(6))), strict=False)
    ]
    files, places = _good(rng, table, goods)
    bad = _bad(rng, table) if with_bad else []
    everything = shuffled(rng, [*files, *bad])
    inside = _file(_picture(table[0], rng), "PNG")
    folders = [("album.png", "inner.png", inside)] if with_bad else []
    record = answer.attempt(
        classify_files,
        files=everything,
        folders=folders,
        colours=table,
        categories=categories,
        batch_size=batch_size,
    )
    if isinstance(record, Raised):
        _judge_raised(record, goods, bad, tried)
    outcome = record.values
    seen, calls = outcome["value"], [dict(call.pairs) for call in outcome["calls"].items]
    require(seen is not None, general.RETURNED_NONE, tried=tried)
    pair = _found(seen)
    require(
        pair is not None, NOT_A_PAIR, tried=tried, observed=describe(seen), expected=_("two dictionaries")
    )
    found, problems = pair
    right = {name: categories[places[name]] for name in sorted(places)}
    told = {
        "tried": tried,
        "observed": _("found: {names}", names=", ".join(map(str, found))),
        "expected": _("found: {names}", names=", ".join(right)),
    }
    keys = [str(key) for key in (*found, *problems)]
    bad_names = sorted(name for name, _data in bad)
    odd = [mode for mode in outcome["got"].items if mode != "RGB"]
    sizes = [call["shape"].items[0] for call in calls]
    require(not any("/" in key or "\\" in key for key in keys), FULL_PATHS, tried=tried)
    require(not odd, NOT_RGB, tried=tried)
    require(not any("album" in key or "inner" in key for key in keys), SUBFOLDERS, tried=tried)
    require(not any(name in found for name in bad_names), NAMED_ALL_THE_SAME, **told)
    require(not any(isinstance(value, int) for value in found.values()), PLACES, tried=tried)
    _require_all(found, right, told)
    lost = [name for name in bad_names if name not in problems]
    told = {
        "tried": tried,
        "observed": _("problems: {names}", names=", ".join(map(str, problems))),
        "expected": _("problems: {names}", names=", ".join(bad_names)),
    }
    require(lost != ["bread.txt"], BY_SUFFIX, **told)
    require(not lost, NOT_REPORTED, **told)
    reasons = all(isinstance(reason, str) and reason.strip() for reason in problems.values())
    require(reasons, NO_REASON, tried=tried)
    require(not right or bool(outcome["got"].items), PREPROCESS_UNUSED, tried=tried)
    differ = [name for name in right if found[name] != right[name]]
    if differ:
        shifted = sorted(map(str, found.values())) == sorted(right.values()) or set(
            map(str, found.values())
        ) <= set(right.values())
        require(not shifted, NAMES_SHIFTED, tried=tried, observed=describe(found[differ[0]]), expected=describe(right[differ[0]]))  # fmt: skip
    equal(seen.items[0], right, tried=tried)
    require(sorted(problems) == bad_names, general.WRONG_KEYS, **told)
    require(list(found) == list(right) and list(problems) == bad_names, UNSORTED, tried=tried)
    require(not sizes or max(sizes) <= batch_size, TOO_MANY, tried=tried)
    require(0 not in sizes and (goods or not sizes), EMPTY_BATCH, tried=tried)
    require(goods < 2 or len(sizes) < goods, ONE_BY_ONE, tried=tried)
    require(not any(call["grad_mode"] for call in calls), GRADIENTS_KEPT, tried=tried)


def _require_all(found: dict, right: dict, told: dict) -> None:
    """Name why some readable pictures are not among the found."""
    missing = [name for name in right if name not in found]
    if not missing:
        return
    tail = list(right)[-len(missing) :]  # never one of an odd suffix: see _good
    require(missing != tail or len(missing) == len(right), LAST_LOST, **told)
    left_out, taken = ({Path(name).suffix for name in names} for names in (missing, found))
    require(bool(left_out & taken), BY_SUFFIX, **told)
    require(False, general.WRONG_KEYS, **told)


def _judge_raised(record: Raised, goods: int, bad: list, tried: Message) -> None:
    require(bool(goods), EMPTY_BATCH, tried=tried, observed=_("{type}: {message}", type=record.type, message=record.message))  # fmt: skip
    require(not bad, STOPPED(type=record.type, message=record.message), tried=tried)
    raise Stopped(record)


def _judge_names(answer: Witness, rng: torch.Generator) -> None:
    tried = _("7 pictures of many kinds, batch_size=3")
    _judge(answer, rng, 7, False, 3, tried)
    _judge(answer, rng, 4, False, 2, _("4 pictures, batch_size=2"))
    _judge(answer, rng, 0, False, 2, _("an empty folder"))


def _judge_bad(answer: Witness, rng: torch.Generator) -> None:
    _judge(answer, rng, 8, True, 3, _("8 pictures, 5 files that cannot be read, a subfolder"))
    _judge(answer, rng, 0, True, 3, _("5 files that cannot be read, a subfolder"))


def _judge_model_error(answer: Witness, rng: torch.Generator) -> None:
    table = colours(rng)
    files, _places = _good(rng, table, 4)
    outcome = answer.run(
        classify_files,
        files=files + _bad(rng, table)[:1],
        folders=[],
        colours=table,
        categories=WORDS[:6],
        batch_size=2,
        fails=True,
    )
    require(outcome["came_out"], MODEL_ERROR_HIDDEN, tried=_("a model that runs out of memory"))


EXERCISE = Exercise(
    id="images-1",
    title=_("A folder, whatever lies in it"),
    answer="classify_folder",
    parts=(
        Part(_("pictures of many kinds, in batches"), 2, _judge_names),
        Part(_("bad files are reported, the rest goes on"), 3, _judge_bad),
        Part(
            _("an error of the model comes out"),
            1,
            _judge_model_error,
            needs=("pictures of many kinds, in batches",),
        ),
    ),
    hints=(
        _(
            "Two steps for each file: reading, which may fail and then goes into `problems`, and classifying, which waits until a batch is full."
        ),
        _(
            "`for path in sorted(Path(folder).iterdir())`, and leave out what is not `path.is_file()`. Around `read_image(path)` alone stands `try … except ImageError as error: problems[path.name] = str(error)`."
        ),
        _(
            "Collect `names` and `tensors` side by side. Then, for `start in range(0, len(names), batch_size)`, stack `tensors[start : start + batch_size]`, call the model, and give each of these names its category."
        ),
        _(
            "`places = model(torch.stack(part)).argmax(dim=1).tolist()` gives the numbers of the categories. Where `names` is empty, the loop over `range` does not run, and nothing is stacked."
        ),
    ),
    explanation=_(
        "A bad file is nothing exceptional among thousands, so its error is caught where it arises: around reading, for one file at a time. "
        "Everything else stays outside of the `try`: a model that runs out of memory must not look like a folder full of damaged photos. The tensors "
        "and their names grow side by side, so that no name can move to another picture."
    ),
    mistakes=(
        NOT_A_PAIR,
        STOPPED,
        NOT_REPORTED,
        NAMED_ALL_THE_SAME,
        NO_REASON,
        BY_SUFFIX,
        FULL_PATHS,
        UNSORTED,
        NAMES_SHIFTED,
        LAST_LOST,
        SUBFOLDERS,
        PLACES,
        ONE_BY_ONE,
        TOO_MANY,
        EMPTY_BATCH,
        NOT_RGB,
        PREPROCESS_UNUSED,
        GRADIENTS_KEPT,
        MODEL_ERROR_HIDDEN,
    ),
)
