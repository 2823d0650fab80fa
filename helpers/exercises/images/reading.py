"""images-2: the frames of a video file, one by one."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise

import torch
from PIL import Image

from helpers.exercises.images.sections import BROKEN, STREAM, TIME, integers
from helpers.judging import Exercise, Mistake, Part, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials.images import hold_frames, leave_frames, refuse_video, take_frames
from helpers.trials.values import ImageSeen, ListSeen, Seen, TensorSeen

NOT_AN_ITERATOR = Mistake(
    "not-an-iterator",
    _(
        "The function returned {type}, so the whole video had to be decoded first. Write `yield` for each frame: that makes it a generator."
    ),
    STREAM,
)
NOT_A_PAIR = Mistake("not-a-pair", _("Yield pairs: `yield time, image`."), TIME)
PAIR_TURNED = Mistake("pair-turned", _("Time comes first, then the picture: `yield time, image`."), TIME)
NOT_A_PICTURE = Mistake(
    "not-a-picture",
    _("OpenCV and PyAV give arrays. Turn each into a PIL picture in mode RGB: `Image.fromarray(array)`."),
    STREAM,
)
BGR = Mistake(
    "bgr",
    _(
        "Red and blue have changed places: OpenCV gives BGR. `cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)` turns it."
    ),
    STREAM,
)
BY_RATE = Mistake(
    "time-from-the-rate",
    _(
        "You computed the time as number of the frame / frame rate. The frames of this video are not evenly spaced: take the time that the file gives for each."
    ),
    TIME,
)
TIME_BEFORE = Mistake(
    "time-of-the-frame-before",
    _(
        "Each frame has the time of the one before. With OpenCV, ask for `CAP_PROP_POS_MSEC` after `read`, not before."
    ),
    TIME,
)
MILLISECONDS = Mistake(
    "milliseconds", _("The times are in milliseconds. Seconds are asked for: divide by 1000."), TIME
)
NUMBERS = Mistake("numbers", _("You gave the number of the frame. Its time, in seconds, is asked for."), TIME)
LIMIT_OF_READ = Mistake(
    "limit-of-frames-read",
    _("`limit` was counted in frames read. It counts the frames that are given."),
    BROKEN,
)
LIMIT_IGNORED = Mistake("limit-ignored", _("More than `limit` frames came."), BROKEN)
ONE_TOO_MANY = Mistake(
    "limit-by-one", _("One frame more or less than `limit` came. Look at where you compare."), BROKEN
)
EVERY_IGNORED = Mistake(
    "every-ignored", _("All frames came, although `every` asks to leave some out."), STREAM
)
EVERY_SHIFTED = Mistake(
    "every-shifted",
    _(
        "The distance is right, but the first frame is missing: frames number 0, every, 2 * every … are asked for."
    ),
    STREAM,
)
BY_COUNT = Mistake(
    "count-trusted",
    _(
        "The number of frames is wrong. `CAP_PROP_FRAME_COUNT` is what the file promises or OpenCV estimates: read until no frame comes."
    ),
    BROKEN,
)
LEFT_OPEN = Mistake(
    "left-open",
    _(
        "The file was still open {when}. Release or close it in `finally`, or open it in a `with` block: that runs on every way out."
    ),
    STREAM,
)
SILENT = Mistake(
    "silent",
    _(
        "{what} gave {frames} frames and no error. OpenCV does not raise: ask `capture.isOpened()`, and raise an error that names the file."
    ),
    BROKEN,
)
WRONG_ERROR = Mistake(
    "wrong-error",
    _(
        "{what} raised {type}. Raise a `ValueError` (`VideoError` is one) or an `OSError` (`FileNotFoundError` is one)."
    ),
    BROKEN,
)
IN_MEMORY = Mistake(
    "video-in-memory",
    _(
        "After two frames were taken, {held} were in memory. Decode a frame when it is asked for, and keep none."
    ),
    STREAM,
)

SIZE = (64, 48)


def video_of(colours: list[tuple[int, int, int]], times: list[int], size: tuple[int, int] = SIZE) -> bytes:
    """A lossless video: frames of these colours, with a mark in a corner, at these times in milliseconds."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "bgr0"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time, colour in zip(times, colours, strict=True):
            frame = av.VideoFrame.from_image(_frame(colour, size)).reformat(format="bgr0")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _frame(colour: tuple[int, int, int], size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, colour)
    image.paste((255, 128, 0), (0, 0, size[0] // 4, size[1] // 4))
    return image


def _colours(rng: torch.Generator, count: int) -> list[tuple[int, int, int]]:
    """Each far from the one before, and red far from blue."""
    first, green, third = (integers(rng, 0, 40, count) for _plane in range(3))
    return [
        (r + 10 + 90 * (i % 2), g + 60 * (i % 3), b + 140 + 70 * (i % 2))
        for i, (r, g, b) in enumerate(zip(first, green, third, strict=True))
    ]


def _times(rng: torch.Generator, count: int) -> list[int]:
    """Milliseconds from 0, unevenly spaced."""
    steps = [40 * step for step in integers(rng, 1, 9, count - 1)]
    times = [0]
    for step in steps:
        times.append(times[-1] + step)
    times[-1] += 700  # and surely uneven
    return times


def _judge_take(
    answer: Witness, rng: torch.Generator, count: int, every: int | None, limit: int | None, tried: Message
) -> None:
    times, colours = _times(rng, count), _colours(rng, count)
    outcome = answer.run(take_frames, video=video_of(colours, times), every=every, limit=limit)
    seen = outcome["items"]
    require(outcome["type"] != "NoneType", general.RETURNED_NONE, tried=tried)
    require(outcome["lazy"], NOT_AN_ITERATOR(type=outcome["type"]), tried=tried)
    items = seen.items
    _require_pairs(items, tried)
    chosen = list(range(count))[:: every or 1][:limit]
    found = [_colour(item.items[1]) for item in items]
    told = {
        "tried": tried,
        "observed": _("{n} frames", n=len(items)),
        "expected": _("{n} frames", n=len(chosen)),
    }
    shown = [_near(one, colours) for one in found]
    if shown != chosen:
        swapped = [_near(one[::-1], colours) for one in found if one is not None]
        require(swapped != chosen, BGR, tried=tried)
        step = every or 1
        read = [place for place in chosen if limit is not None and place < limit]
        require(limit is None or shown != read or read == chosen, LIMIT_OF_READ, **told)
        require(step == 1 or limit is not None or len(found) != count, EVERY_IGNORED, **told)
        require(step == 1 or shown != list(range(count))[:limit], EVERY_IGNORED, **told)
        require(step == 1 or not shown or shown[0] == 0, EVERY_SHIFTED, **told)
        require(limit is None or abs(len(shown) - limit) != 1, ONE_TOO_MANY, **told)
        require(limit is None or len(shown) <= limit, LIMIT_IGNORED, **told)
        require(len(found) == len(chosen) or step > 1 or limit is not None, BY_COUNT, **told)
        require(False, general.WRONG_VALUES, **told)
    _require_times(
        [item.items[0] for item in items], [times[place] for place in chosen], chosen, times, tried
    )


def _require_pairs(items: list[Seen], tried: Message) -> None:
    for item in items:
        told = {"tried": tried, "observed": describe(item), "expected": _("a pair (time, image)")}
        require(
            isinstance(item, ListSeen) and item.kind != "set" and len(item.items) == 2, NOT_A_PAIR, **told
        )
        time, image = item.items
        require(not isinstance(time, (ImageSeen, TensorSeen)) or isinstance(image, (ImageSeen, TensorSeen)), PAIR_TURNED, **told)  # fmt: skip
        told = {"tried": tried, "observed": describe(image), "expected": _("a PIL picture, mode RGB")}
        require(isinstance(image, ImageSeen) and image.mode == "RGB", NOT_A_PICTURE, **told)
        told = {"tried": tried, "observed": describe(time), "expected": _("a time in seconds")}
        require(isinstance(time, (int, float)) and not isinstance(time, bool), general.WRONG_TYPE, **told)


def _require_times(
    found: list, wanted: list[int], places: list[int], times: list[int], tried: Message
) -> None:
    right = [time / 1000 for time in wanted]
    if _alike(found, right):
        return
    worst = max(range(len(found)), key=lambda i: abs(found[i] - right[i]))
    told = {
        "tried": tried,
        "observed": _("frame {n} at {time:.3f} s", n=places[worst], time=found[worst]),
        "expected": _("frame {n} at {time:.3f} s", n=places[worst], time=right[worst]),
    }
    before = [times[max(0, place - 1)] / 1000 for place in places]
    require(not _alike(found, [float(time) for time in wanted]), MILLISECONDS, **told)
    require(not _alike(found, before), TIME_BEFORE, **told)
    require(not _alike(found, [float(place) for place in places]), NUMBERS, **told)
    require(not _alike(found, [float(i) for i in range(len(places))]), NUMBERS, **told)
    ratios = [one / place for one, place in zip(found, places, strict=True) if place]
    even = ratios and max(ratios) - min(ratios) < 1e-3 * max(ratios)
    require(not even, BY_RATE, **told)
    steps = [b - a for a, b in pairwise(found)]
    require(len(steps) < 2 or max(steps) - min(steps) > 1e-6, BY_RATE, **told)
    require(False, general.WRONG_VALUES, **told)


def _alike(one: list, other: list) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= 0.002 for a, b in zip(one, other, strict=True))


def _colour(image: ImageSeen) -> tuple[float, ...] | None:
    if image.pixels.shape != (SIZE[1], SIZE[0], 3):
        return None
    return tuple(image.pixels[SIZE[1] // 3 :, SIZE[0] // 3 :].float().mean((0, 1)).tolist())


def _near(found: tuple[float, ...] | None, colours: list[tuple[int, int, int]]) -> int | None:
    """Which frame has this colour."""
    if found is None:
        return None
    distances = [max(abs(a - b) for a, b in zip(found, colour, strict=True)) for colour in colours]
    best = min(distances)
    return distances.index(best) if best <= 2 else None


def _judge_frames(answer: Witness, rng: torch.Generator) -> None:
    for count in (9, 4):
        tried = _("a video of {count} frames at uneven times", count=count)
        _judge_take(answer, rng, count, None, None, tried)


def _judge_options(answer: Witness, rng: torch.Generator) -> None:
    for count, every, limit in [(10, 3, None), (9, None, 4), (14, 3, 4), (8, 2, 20), (6, 1, 1)]:
        tried = _(
            "a video of {count} frames, every={every}, limit={limit}",
            count=count, every=every or 1, limit=limit,
        )  # fmt: skip
        _judge_take(answer, rng, count, every, limit, tried)


def _judge_refusal(answer: Witness, rng: torch.Generator) -> None:
    files = [
        (_("a file that is not there"), None),
        (_("a text file"), b"this is no video\n" * 40),
        (_("an empty file"), b""),
    ]
    for what, data in files:
        outcome = answer.run(refuse_video, data=data)
        kinds = outcome["raised"].items
        require(bool(kinds), SILENT(what=what, frames=outcome["frames"]), tried=what)
        known = {"ValueError", "OSError"} & set(kinds)
        require(bool(known), WRONG_ERROR(what=what, type=kinds[0] if kinds else ""), tried=what)


def _judge_closed(answer: Witness, rng: torch.Generator) -> None:
    ways = {
        "at its end": _("after the last frame"),
        "at the limit": _("after the limit was reached"),
        "after close()": _("after the loop was left early"),
        "after an error in the loop": _("after an error in the loop"),
    }
    outcome = answer.run(leave_frames, video=video_of(_colours(rng, 6), _times(rng, 6)))
    tried = _("the ways to leave the loop")
    require(outcome["lazy"], NOT_AN_ITERATOR(type=_("something else")), tried=tried)
    left = outcome["left_open"].items
    require(not left, LEFT_OPEN(when=ways[left[0]] if left else ""), tried=tried)


def _judge_memory(answer: Witness, rng: torch.Generator) -> None:
    size, count = (160, 120), 40
    colours, times = _colours(rng, count), [40 * i for i in range(count)]
    outcome = answer.run(hold_frames, video=video_of(colours, times, size), frame_bytes=size[0] * size[1] * 3)
    tried = _("a video of {count} frames", count=count)
    require(outcome["lazy"], NOT_AN_ITERATOR(type=_("something else")), tried=tried)
    require(outcome["held"] <= count // 2, IN_MEMORY(held=outcome["held"]), tried=tried)


EXERCISE = Exercise(
    id="images-2",
    title=_("The frames of a video"),
    answer="frames",
    parts=(
        Part(_("pictures and times"), 2, _judge_frames),
        Part(_("every and limit"), 1, _judge_options, needs=("pictures and times",)),
        Part(_("no video: an error"), 1, _judge_refusal, needs=("pictures and times",)),
        Part(_("closed on every way out"), 1, _judge_closed, needs=("pictures and times",)),
        Part(_("one frame at a time"), 1, _judge_memory, needs=("pictures and times",)),
    ),
    hints=(
        _(
            "A generator: open, ask whether that worked, then in a loop read, and `yield` where the number of the frame asks for it. What must happen on every way out belongs in `finally`."
        ),
        _(
            "With OpenCV: `capture = cv2.VideoCapture(path)`, `capture.isOpened()`, `good, array = capture.read()`, then `capture.get(cv2.CAP_PROP_POS_MSEC) / 1000` for the time. `number % every == 0` chooses."
        ),
        _(
            "Count what you have given, and `return` when that is `limit`. `Image.fromarray(cv2.cvtColor(array, cv2.COLOR_BGR2RGB))` makes the picture. Around it all: `try: … finally: capture.release()`."
        ),
    ),
    explanation=_(
        "OpenCV never raises: a missing file gives a capture that is not opened, and the end of a video, like its break, a `read` that gives False. So the code asks. "
        "The time is the file's own: it is right also where frames are not evenly spaced. `finally` runs when the loop reaches the end, when it is left by `break`, and when its body fails, "
        "since Python closes a generator that nobody needs any more."
    ),
    mistakes=(
        NOT_AN_ITERATOR,
        NOT_A_PAIR,
        PAIR_TURNED,
        NOT_A_PICTURE,
        BGR,
        BY_RATE,
        TIME_BEFORE,
        MILLISECONDS,
        NUMBERS,
        LIMIT_OF_READ,
        LIMIT_IGNORED,
        ONE_TOO_MANY,
        EVERY_IGNORED,
        EVERY_SHIFTED,
        BY_COUNT,
        LEFT_OPEN,
        SILENT,
        WRONG_ERROR,
        IN_MEMORY,
    ),
)
