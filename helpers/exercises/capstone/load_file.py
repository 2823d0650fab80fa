"""capstone-1: one file to a tensor, or to the reason why not."""

from __future__ import annotations

import torch
from PIL import Image

from helpers.exercises.capstone import pictures
from helpers.exercises.capstone.sections import READING
from helpers.images import read_image
from helpers.judging import Exercise, Mistake, Part, equal, fail, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Stopped, Witness
from helpers.judging.compare import Tolerance, same
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials.capstone import File, load_one
from helpers.trials.runner import Outcome
from helpers.trials.values import ListSeen, Seen, TensorSeen

STOPPED_AT_BAD_FILE = Mistake(
    "stopped-at-bad-file",
    _(
        "A file that cannot be read stopped your code. Catch what reading it raises, and give the reason back."
    ),
    READING,
)
SWALLOWED = Mistake(
    "swallowed",
    _(
        "`preprocess` raised an error, and your code took that for a bad file. Then a bug of the program looks as if all files were broken. Catch only what reading the file raises; `read_image` raises `ImageError`."
    ),
    READING,
)
NO_REASON = Mistake(
    "no-reason",
    _(
        "The reason is missing. For a file that cannot be read, the second item is a text that says why: `str(error)`."
    ),
    READING,
)
ERROR_OBJECT = Mistake(
    "error-object",
    _(
        "The reason is an exception. Make a text of it, `str(error)`: an exception keeps its whole traceback alive."
    ),
    READING,
)
ONLY_THE_TENSOR = Mistake(
    "only-the-tensor",
    _("You returned one thing. Always return two: the tensor and None, or None and the reason."),
    READING,
)
TURNED_ROUND = Mistake(
    "turned-round", _("The pair is turned round: the tensor comes first, then the reason."), READING
)
READ_THE_BROKEN = Mistake(
    "read-the-broken",
    _(
        "A broken file came back as a tensor. `Image.open` reads only the beginning of a file, so it succeeds on one that is cut off; the pixels have to be read inside the `try`, and no grey picture put in their place."
    ),
    READING,
)
BATCH_ADDED = Mistake(
    "batch-added",
    _("The tensor has a batch dimension. Give back what `preprocess` gave; batches come later."),
    READING,
)
NOT_RGB = Mistake(
    "not-rgb",
    _(
        "A picture went to `preprocess` in another mode than RGB. `read_image` gives RGB, whatever the file holds."
    ),
    READING,
)
ALPHA_DROPPED = Mistake(
    "alpha-dropped",
    _(
        '`convert("RGB")` threw the transparency away, and what was invisible is seen. `read_image` puts white there.'
    ),
    READING,
)
NOT_UPRIGHT = Mistake(
    "not-upright",
    _("A photo lies on its side: its EXIF tag says how to turn it, and `Image.open` does not do that."),
    READING,
)
UNPREPARED = Mistake(
    "unprepared", _("`preprocess` was not called. Use the one that the function was given."), READING
)


def _pairs(answer: Witness, files: list[File], tried: Message) -> tuple[list[list[Seen]], list[str]]:
    """What came back for each file, as pairs, and the modes that went to ``preprocess``."""
    record = answer.attempt(load_one, files=files)
    bad = not any(map(pictures.is_picture, files))
    if not isinstance(record, Outcome):
        require(
            not bad or record.type in ("NameError", "TypeError", "AttributeError", "SystemExit"),
            STOPPED_AT_BAD_FILE,
            tried=tried,
            observed=_("{type}: {message}", type=record.type, message=record.message),
            expected=_("None, and the reason as a text"),
        )
        raise Stopped(record)
    pairs = []
    for value in record.values["values"].items:
        told = {"tried": tried, "observed": describe(value), "expected": _("two items")}
        require(value is not None, ONLY_THE_TENSOR if bad else general.RETURNED_NONE, **told)
        require(not isinstance(value, TensorSeen), ONLY_THE_TENSOR, **told)
        require(isinstance(value, ListSeen) and value.kind != "set", general.WRONG_TYPE, **told)
        require(len(value.items) == 2, general.WRONG_LENGTH, **told)
        pairs.append(value.items)
    return pairs, record.values["got"].items


def _judge_pictures(answer: Witness, rng: torch.Generator) -> None:
    kinds = [
        (_("an ordinary photo"), "photo.png", lambda: pictures.encoded(pictures.picture(rng))),
        (_("a grey picture"), "grey.png", lambda: pictures.grey(rng)),
        (_("a picture with a palette"), "palette.gif", lambda: pictures.palette(rng)),
        (_("a CMYK picture"), "print.jpg", lambda: pictures.cmyk(rng)),
        (_("a picture with transparency"), "transparent.png", lambda: pictures.see_through(rng)),
        (_("a photo that its EXIF tag turns"), "phone.jpg", lambda: pictures.turned(rng)),
    ]
    for tried, name, make in kinds:
        data = make()
        pairs, got = _pairs(answer, [(name, data)], tried)
        tensor, reason = pairs[0]
        right = pictures.prepared([read_image(data)])[0]
        opened = pictures.prepared([pictures.as_opened(data)])[0]
        equal(
            tensor,
            right,
            grad=False,
            tried=tried,
            tolerance=Tolerance(rtol=0, atol=0.05),
            recognise=[
                (TURNED_ROUND, isinstance(reason, TensorSeen)),
                (NOT_RGB, any(mode in Image.MODES and mode != "RGB" for mode in got)),
                (UNPREPARED, not got),
                (BATCH_ADDED, same(tensor, right[None], Tolerance(rtol=0, atol=0.05))),
                (NOT_UPRIGHT, name == "phone.jpg" and same(tensor, opened, Tolerance(rtol=0, atol=0.05))),
                (
                    ALPHA_DROPPED,
                    name == "transparent.png" and same(tensor, opened, Tolerance(rtol=0, atol=0.05)),
                ),
            ],
        )
        require(all(mode == "RGB" for mode in got), NOT_RGB, tried=tried)
        equal(reason, None, tried=tried)


def _judge_bad(answer: Witness, rng: torch.Generator) -> None:
    kinds = {
        "missing.jpg": _("a file that is not there"),
        "folder.png": _("a folder"),
        "empty.png": _("an empty file"),
        "cut off.png": _("a file that is cut off"),
        "text.jpg": _("a text whose name ends in .jpg"),
    }
    for file in pictures.bad_files(rng):
        tried = kinds[file[0]]
        pairs, _got = _pairs(answer, [file], tried)
        tensor, reason = pairs[0]
        expected = _("None, and the reason as a text")
        require(
            not isinstance(tensor, TensorSeen),
            READ_THE_BROKEN,
            tried=tried,
            observed=describe(tensor),
            expected=expected,
        )
        if isinstance(tensor, str) and reason is None:
            fail(TURNED_ROUND, tried=tried, observed=describe(tensor), expected=expected)
        equal(tensor, None, tried=tried)
        told = {"tried": tried, "observed": describe(reason), "expected": expected}
        require(reason is not None and reason != "", NO_REASON, **told)
        require(
            not (type(reason).__name__ == "Opaque" and reason.type.endswith(("Error", "Exception"))),
            ERROR_OBJECT,
            **told,
        )
        require(isinstance(reason, str) and reason.strip() != "", general.WRONG_TYPE, **told)
    # whoever takes every file for a bad one has told no bad file from a good one
    photo, tried = pictures.encoded(pictures.picture(rng)), _("an ordinary photo")
    pairs, _got = _pairs(answer, [("photo.png", photo)], tried)
    require(_shows(pairs[0][0], photo), general.WRONG_VALUES, tried=tried, observed=describe(pairs[0][0]))


def _shows(seen: Seen, data: bytes) -> bool:
    """Whether a tensor looks like a picture, however it was prepared."""
    right = pictures.prepared([read_image(data)])[0]
    if not isinstance(seen, TensorSeen) or seen.data.squeeze().dim() != right.dim():
        return False
    pooled = [
        torch.nn.functional.adaptive_avg_pool2d(each.float().squeeze(), 3).flatten()
        for each in (seen.data, right)
    ]
    return bool(torch.corrcoef(torch.stack(pooled))[0, 1] > 0.9)


def _judge_passed_on(answer: Witness, rng: torch.Generator) -> None:
    for name in ("RuntimeError", "ValueError", "OSError"):
        tried = _("a good picture, and a `preprocess` that raises {name}", name=name)
        file = ("photo.png", pictures.encoded(pictures.picture(rng)))
        record = answer.attempt(load_one, files=[file], raises=name)
        if not isinstance(record, Outcome):
            require(
                record.type not in ("RuntimeError", "ValueError", "OSError"),
                SWALLOWED,
                tried=tried,
            )
            raise Stopped(record)
        require(
            record.values["passed_on"] == name,
            SWALLOWED,
            tried=tried,
            observed=_("no error came out")
            if not record.values["passed_on"]
            else _("{name} came out", name=record.values["passed_on"]),
            expected=_("{name} comes out", name=name),
        )


EXERCISE = Exercise(
    id="capstone-1",
    title=_("One file: a tensor, or the reason"),
    answer="load_file",
    parts=(
        Part(_("every kind of picture file"), 1, _judge_pictures),
        Part(_("files that cannot be read"), 1, _judge_bad),
        Part(_("errors that are not the file's"), 1, _judge_passed_on, needs=("every kind of picture file",)),
    ),
    hints=(
        _(
            "`read_image` brings every kind of file into upright RGB, and raises `ImageError` for those that it cannot read."
        ),
        _(
            "Keep the `try` short: only the reading stands in it. What `preprocess` does comes after it, so that its errors pass."
        ),
        _(
            "`try: image = read_image(path)`, `except ImageError as error: return None, str(error)`, and after that `return preprocess(image), None`."
        ),
    ),
    explanation=_(
        "In a folder of a thousand files some are broken, and the other nine hundred and ninety shall not suffer for it: so a bad file becomes a value that the "
        "program goes on with. A bug is something else. If it were caught too, the report would say “1000 files cannot be read”, and nobody would find it. "
        "Hence one line in the `try`, and one kind of error behind `except`."
    ),
    mistakes=(
        STOPPED_AT_BAD_FILE,
        SWALLOWED,
        NO_REASON,
        ERROR_OBJECT,
        ONLY_THE_TENSOR,
        TURNED_ROUND,
        READ_THE_BROKEN,
        BATCH_ADDED,
        NOT_RGB,
        ALPHA_DROPPED,
        NOT_UPRIGHT,
        UNPREPARED,
    ),
)
