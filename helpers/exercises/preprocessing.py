"""Lesson 03, preprocessing: from a PIL picture, or any picture file, to the batch that a model was trained on."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from helpers.images import read_image
from helpers.judging import Exercise, Lesson, Mistake, Part, Prediction, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance, same
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials.calls import call
from helpers.trials.preprocessing import Preprocess, batch_of_files, name_picture, namer
from helpers.trials.values import DictSeen, ImageSeen, ListSeen, Seen, TensorSeen

NUMBERS = _("A picture is numbers in some order")
NORMALISE = _("Normalise with the model's own numbers")
GEOMETRY = _("Resize and crop")
WRONG_INPUT = _("Wrong input, and the model says nothing")
ANY_FILE = _("Any file to a batch")
NAMING = _("Name what is in a picture file")


def _integers(rng: torch.Generator, low: int, high: int, count: int) -> list[int]:
    return torch.randint(low, high, (count,), generator=rng).tolist()


def _shuffled(rng: torch.Generator, values: list) -> list:
    return [values[place] for place in torch.randperm(len(values), generator=rng).tolist()]


# preprocessing-1: to_tensor

CHANNELS_LAST = Mistake(
    "channels-last",
    _(
        "The channels are the last axis, as PIL and NumPy have them: (H, W, 3). A model wants them first: permute the axes."
    ),
    NUMBERS,
)
NOT_SCALED = Mistake(
    "not-scaled", _("The values still go from 0 to 255. Scale them to the range from 0 to 1."), NUMBERS
)
CHANNELS_REVERSED = Mistake(
    "channels-reversed",
    _(
        "Red and blue have changed places: this is BGR, the order of OpenCV. A PIL picture in mode RGB has red first."
    ),
    WRONG_INPUT,
)
SIDES_SWAPPED = Mistake(
    "sides-swapped",
    _(
        "Height and width have changed places: the picture is mirrored at its diagonal. Only the channel axis has to move."
    ),
    NUMBERS,
)
RESHAPED = Mistake(
    "reshaped",
    _(
        "The shape is right, the pixels are scrambled: `reshape` and `view` keep the order in memory. To move an axis use `permute`."
    ),
    NUMBERS,
)
MINUS_ONE_TO_ONE = Mistake(
    "minus-one-to-one",
    _("The values go from -1 to 1. Here the range from 0 to 1 is asked; shifting comes with normalisation."),
    NUMBERS,
)
BY_MAXIMUM = Mistake(
    "by-maximum",
    _(
        "You scaled by the values of this picture, so a dark picture becomes a bright one. Always divide by 255, the largest value that a pixel can have."
    ),
    NUMBERS,
)
BY_256 = Mistake(
    "by-256",
    _("You divided by 256. The largest value of a pixel is 255, and it has to become exactly 1."),
    NUMBERS,
)
INTEGER_DIVISION = Mistake(
    "integer-division",
    _(
        "All values are 0: `//`, or a conversion back to integers after dividing, cuts off everything behind the point."
    ),
    NUMBERS,
)
EXTRA_BATCH = Mistake(
    "extra-batch",
    _("The result has a batch dimension that was not asked for. Leave it off here."),
    ANY_FILE,
)


def _picture(rng: torch.Generator, wide: bool) -> Tensor:
    """uint8 (H, W, 3), H and W differ, neither black nor white, each channel in a range of its own."""
    height, extra = _integers(rng, 4, 9, 2)
    size = (height, height + extra) if wide else (height + extra, height)
    levels = torch.randint(0, 40, (*size, 3), generator=rng)
    pixels = levels + torch.tensor(_shuffled(rng, [20, 80, 160]))
    pixels[0, 0] = pixels[0, 0] - 15  # a corner that is darker than all others
    return pixels.to(torch.uint8)


def _judge_to_tensor(answer: Witness, rng: torch.Generator) -> None:
    for wide in (True, False):
        pixels = _picture(rng, wide)
        height, width, _channels = pixels.shape
        image = Image.fromarray(pixels.numpy())
        seen = answer.run(call, args=[image], kwargs={})["value"]
        right = pixels.permute(2, 0, 1).to(torch.float32) / 255
        raw = pixels.to(torch.float32)
        low, high = right.min(), right.max()
        equal(
            seen,
            right,
            grad=False,
            tried=_("a picture {width} wide and {height} high", width=width, height=height),
            tolerance=Tolerance(rtol=0, atol=1e-5),
            wrong=[
                (CHANNELS_LAST, raw / 255),
                (CHANNELS_LAST, raw),
                (CHANNELS_LAST, raw.flip(2) / 255),
                (NOT_SCALED, right * 255),
                (CHANNELS_REVERSED, right.flip(0)),
                (CHANNELS_REVERSED, right.flip(0) * 255),
                (SIDES_SWAPPED, right.transpose(1, 2)),
                (SIDES_SWAPPED, right.transpose(1, 2) * 255),
                (RESHAPED, raw.reshape(3, height, width) / 255),
                (RESHAPED, raw.reshape(3, height, width)),
                (MINUS_ONE_TO_ONE, right * 2 - 1),
                (BY_MAXIMUM, right / high),
                (BY_MAXIMUM, (right - low) / (high - low)),
                (BY_256, right * (255 / 256)),
                (INTEGER_DIVISION, torch.zeros_like(right)),
                (EXTRA_BATCH, right[None]),
                (EXTRA_BATCH, right[None] * 255),
            ],
        )


# preprocessing-2: normalize

STD_FORGOTTEN = Mistake(
    "std-forgotten", _("You subtracted the mean, and did not divide by the standard deviation."), NORMALISE
)
MEAN_FORGOTTEN = Mistake(
    "mean-forgotten", _("You divided by the standard deviation, and did not subtract the mean."), NORMALISE
)
SCALED_FIRST = Mistake(
    "scaled-first",
    _(
        "You divided before you subtracted: x / std - mean. Subtract the mean first, then divide the difference; mind the brackets."
    ),
    NORMALISE,
)
SWAPPED = Mistake("swapped", _("Mean and standard deviation have changed places."), NORMALISE)
VARIANCE = Mistake(
    "variance", _("You divided by the square of `std`. It is the standard deviation already."), NORMALISE
)
UNDONE = Mistake(
    "undone",
    _("You multiplied by `std` and added the mean: that undoes a normalisation."),
    NORMALISE,
)
DIVIDED_AGAIN = Mistake(
    "divided-again",
    _(
        "The pictures came with values from 0 to 1, and you divided them by 255 once more: to the model all of them are an almost even black."
    ),
    WRONG_INPUT,
)
WRONG_AXIS = Mistake(
    "wrong-axis",
    _(
        "The numbers were applied along another axis than the channels: broadcasting starts from the last axis. Give them the shape (3, 1, 1)."
    ),
    NORMALISE,
)
ONE_FOR_ALL = Mistake(
    "one-for-all",
    _("One mean and one standard deviation were used for all channels. Each channel has its own."),
    NORMALISE,
)
OWN_STATISTICS = Mistake(
    "own-statistics",
    _(
        "You normalised with mean and standard deviation of these pictures. Use the ones that were given: they belong to the model, and are the same for every picture."
    ),
    NORMALISE,
)
IMAGENET_CONSTANTS = Mistake(
    "imagenet-constants",
    _("You used the numbers of ImageNet. Use those that the function was given: other models have others."),
    NORMALISE,
)

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def _judge_normalize(answer: Witness, rng: torch.Generator, sizes: list[tuple[int, ...]]) -> None:
    for size in sizes:
        given = torch.rand(size, generator=rng)
        mean = _shuffled(rng, [0.31, 0.52, 0.66])
        std = _shuffled(rng, [0.17, 0.24, 0.35])
        m, s = (torch.tensor(values).view(3, 1, 1) for values in (mean, std))
        i, j = (torch.tensor(values).view(3, 1, 1) for values in IMAGENET)
        right = (given - m) / s
        elsewhere = [(1, 3), (3, 1), (3, 1, 1, 1)]  # shapes that broadcast along the width, height or batch
        wrong_axis = [
            (given - m.view(shape)) / s.view(shape)
            for shape in elsewhere
            if torch.broadcast_shapes(size, size) == _broadcast(size, shape)
        ]
        within = list(range(len(size)))
        averages = [within, within[-2:], [*within[:-3], *within[-2:]], within[-3:]]
        own = [
            (given - given.mean(dim=axes, keepdim=True))
            / given.std(dim=axes, keepdim=True, correction=correction)
            for axes in averages
            for correction in (0, 1)
        ]
        seen = answer.run(call, args=[given, mean, std], kwargs={})
        after = seen["args"]
        tried = _("a tensor of shape {size}", size=size)
        equal(
            seen["value"],
            right,
            grad=False,
            tried=tried,
            wrong=[
                (STD_FORGOTTEN, given - m),
                (MEAN_FORGOTTEN, given / s),
                (SCALED_FIRST, given / s - m),
                (SCALED_FIRST, given - m / s),
                (SWAPPED, (given - s) / m),
                (VARIANCE, (given - m) / s**2),
                (UNDONE, given * s + m),
                (UNDONE, (given - m) * s),
                (DIVIDED_AGAIN, (given / 255 - m) / s),
                *[(WRONG_AXIS, value) for value in wrong_axis],
                (ONE_FOR_ALL, (given - m[0]) / s[0]),
                (ONE_FOR_ALL, (given - m.mean()) / s.mean()),
                *[(OWN_STATISTICS, value) for value in own],
                (IMAGENET_CONSTANTS, (given - i) / j),
                (EXTRA_BATCH, right[None]),
            ],
        )
        unchanged = isinstance(after, ListSeen) and all(
            same(one, before) for one, before in zip(after.items, [given, mean, std], strict=False)
        )
        require(unchanged, general.INPUT_CHANGED, tried=tried)


def _broadcast(*sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return torch.broadcast_shapes(*sizes)
    except RuntimeError:
        return None


# preprocessing-3: resize_and_crop

SQUASHED = Mistake(
    "squashed",
    _(
        "The picture is squashed: width and height were scaled by different factors. Scale both by the same one, then crop."
    ),
    GEOMETRY,
)
LONGER_SIDE = Mistake(
    "longer-side",
    _(
        "You made the longer side as long as `resize`, so the shorter one may be too short for the crop. Take the shorter side, whether it is the width or the height."
    ),
    GEOMETRY,
)
CORNER_CROP = Mistake(
    "corner-crop",
    _(
        "You cropped at a corner or along an edge. Crop in the middle: what is cut off at the left and the right is the same, and so is what is cut off at the top and the bottom."
    ),
    GEOMETRY,
)
NOT_RESIZED = Mistake(
    "not-resized",
    _("The picture was cropped and not resized. Resize it first, also when it is small."),
    GEOMETRY,
)
NOT_CROPPED = Mistake("not-cropped", _("The picture was resized and not cropped."), GEOMETRY)
RESIZED_TO_CROP = Mistake(
    "resized-to-crop",
    _(
        "You made the shorter side as long as `crop`, so more of the picture is seen than asked for. It has to become `resize` long; the crop then takes its middle."
    ),
    GEOMETRY,
)
SIZE_SWAPPED = Mistake(
    "size-swapped",
    _(
        "The picture is stretched: width and height of the new size have changed places. PIL says (width, height), a tensor has (height, width)."
    ),
    GEOMETRY,
)

LOW, SPAN = 30.0, 190.0


def _ramps(width: int, height: int) -> Image.Image:
    """Red grows with x, green with y: each colour tells which place it came from."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0] = np.round(LOW + SPAN * np.arange(width) / (width - 1))
    pixels[..., 1] = np.round(LOW + SPAN * np.arange(height) / (height - 1))[:, None]
    pixels[..., 2] = 128
    return Image.fromarray(pixels)


def _shown(
    source: tuple[int, int], size: tuple[float, float], crop: int, corner: bool = False
) -> list[np.ndarray]:
    """What red (crop,) and green (crop,) are after resizing to ``size`` and cropping; 0 where there is no picture."""
    lines = []
    for length, new in zip(source, size, strict=True):
        offset = 0.0 if corner else (new - crop) / 2
        resized = np.arange(crop) + 0.5 + offset
        place = np.clip(resized * (length / new) - 0.5, 0, length - 1)
        value = LOW + SPAN * place / (length - 1)
        lines.append(np.where((resized > 0) & (resized < new), value, 0.0))
    return lines


def _agreement(pixels: Tensor, lines: list[np.ndarray], rooms: list[float]) -> float:
    """Share of the pixels whose red and green are as expected, give or take."""
    found = pixels.numpy().astype(np.float64)
    there = (lines[0] > 0)[None, :] & (lines[1] > 0)[:, None]
    red = np.abs(found[..., 0] - lines[0][None, :] * there) <= rooms[0]
    green = np.abs(found[..., 1] - lines[1][:, None] * there) <= rooms[1]
    return float((red & green).mean())


def _judge_geometry(sizes: Callable[[torch.Generator], tuple[int, int]]) -> Callable:
    def judge(answer: Witness, rng: torch.Generator) -> None:
        for odd in (0, 1):
            width, height = sizes(rng)
            resize = 60 + 2 * _integers(rng, 0, 4, 1)[0]
            crop = resize - 20 - odd
            _judge_one_geometry(answer, (width, height), resize, crop)

    return judge


def _judge_one_geometry(answer: Witness, source: tuple[int, int], resize: int, crop: int) -> None:
    width, height = source
    tried = _(
        "a picture {width} wide and {height} high, resize={resize}, crop={crop}",
        width=width, height=height, resize=resize, crop=crop,
    )  # fmt: skip
    image = _ramps(width, height)
    outcome = answer.run(call, args=[image, resize, crop], kwargs={})
    seen = outcome["value"]
    expected = _("a PIL image, mode RGB, {crop}×{crop}", crop=crop)
    told = {"tried": tried, "observed": describe(seen), "expected": expected}
    require(seen is not None, general.RETURNED_NONE, **told)
    require(isinstance(seen, ImageSeen) and seen.mode == "RGB", general.WRONG_TYPE, **told)
    scale = resize / min(source)
    right_size = (width * scale, height * scale)
    found = (seen.pixels.shape[1], seen.pixels.shape[0])
    if found != (crop, crop):
        near = all(abs(one - other) <= 1 for one, other in zip(found, right_size, strict=True))
        require(not near, NOT_CROPPED, **told)
        require(found != source, NOT_CROPPED, **told)
        require(False, general.WRONG_SHAPE, **told)
    # rounding a length or an offset either way moves pixels by at most 1.5 of the resized ones, any filter by less
    rooms = [2.0 / scale * SPAN / (length - 1) + 2 for length in source]
    if _agreement(seen.pixels, _shown(source, right_size, crop), rooms) < 0.98:
        small = resize / max(source)
        fit, pad = crop / min(source), crop / max(source)
        wrong = [
            (SQUASHED, (crop, crop), False),
            (SQUASHED, (resize, resize), False),
            (SQUASHED, (resize, resize), True),
            (RESIZED_TO_CROP, (width * fit, height * fit), False),
            (RESIZED_TO_CROP, (width * fit, height * fit), True),
            (LONGER_SIDE, (width * small, height * small), False),
            (LONGER_SIDE, (width * small, height * small), True),
            (LONGER_SIDE, (width * pad, height * pad), False),
            (SIZE_SWAPPED, (right_size[1], right_size[0]), False),
            (SIZE_SWAPPED, (right_size[1], right_size[0]), True),
            (NOT_RESIZED, source, False),
            (NOT_RESIZED, source, True),
            (CORNER_CROP, right_size, True),
        ]
        explained = [
            _agreement(seen.pixels, _shown(source, size, crop, corner), rooms)
            for _mistake, size, corner in wrong
        ]
        best = max(explained)
        require(best <= 0.85, wrong[explained.index(best)][0], tried=tried)
        require(not _off_centre(seen.pixels, source, right_size, crop, rooms), CORNER_CROP, tried=tried)
        require(False, general.WRONG_VALUES, tried=tried)
    after = outcome["args"].items[0]
    kept = (
        isinstance(after, ImageSeen)
        and after.mode == "RGB"
        and np.array_equal(after.pixels.numpy(), np.asarray(image))
    )
    require(kept, general.INPUT_CHANGED, tried=tried)


def _off_centre(
    pixels: Tensor, source: tuple[int, int], size: tuple[float, float], crop: int, rooms: list[float]
) -> bool:
    """Whether the scale is right and only the place of the crop is wrong, in one direction or both."""
    found = pixels.numpy().astype(np.float64)
    lines = _shown(source, size, crop)
    for line, seen, room in zip(lines, (found[..., 0].mean(0), found[..., 1].mean(1)), rooms, strict=True):
        shifted = seen - line
        if np.abs(shifted - np.median(shifted)).max() > room:
            return False
    return True


def _wide(rng: torch.Generator) -> tuple[int, int]:
    height, extra = _integers(rng, 0, 12, 2)
    return 195 + 2 * extra + height, 120 + height


def _tall(rng: torch.Generator) -> tuple[int, int]:
    return _wide(rng)[::-1]


def _small(rng: torch.Generator) -> tuple[int, int]:
    height, width = _integers(rng, 20, 24, 1)[0], _integers(rng, 34, 39, 1)[0]
    return width, height


# preprocessing-4: to_batch

NOT_RGB = Mistake(
    "not-rgb",
    _(
        "A picture went to `preprocess` in another mode than RGB: grey, with a palette, CMYK or with transparency. Turn it into RGB first."
    ),
    ANY_FILE,
)
NOT_A_PICTURE = Mistake(
    "not-a-picture",
    _(
        "`preprocess` was given something that is no PIL picture. Read the file first, and call it for each picture."
    ),
    ANY_FILE,
)
PREPROCESS_UNUSED = Mistake(
    "preprocess-unused",
    _("`preprocess` was never called. Use the one that the function was given: each model has its own."),
    ANY_FILE,
)
A_LIST = Mistake(
    "a-list",
    _("You returned a list of tensors. A batch is one tensor: stack them along a new first dimension."),
    ANY_FILE,
)
JOINED = Mistake(
    "joined",
    _(
        "`torch.cat` joined the pictures along the channels. `torch.stack` puts them behind each other along a new dimension."
    ),
    ANY_FILE,
)
BATCH_OF_BATCHES = Mistake(
    "batch-of-batches",
    _(
        "There is one dimension too many: `unsqueeze(0)` adds a batch dimension, and `torch.stack` another. Use one."
    ),
    ANY_FILE,
)
NO_BATCH = Mistake(
    "no-batch",
    _("There is no batch dimension. One picture, too, is a batch: its shape is (1, 3, H, W)."),
    ANY_FILE,
)
ORDER_CHANGED = Mistake(
    "order-changed",
    _("The pictures stand in another order than their paths. Then every name goes to the wrong picture."),
    ANY_FILE,
)
ALPHA_DROPPED = Mistake(
    "alpha-dropped",
    _(
        '`convert("RGB")` threw the transparency away, and what was invisible is seen. Put the picture on white, or let `read_image` do it.'
    ),
    ANY_FILE,
)
BLACK_BACKGROUND = Mistake(
    "black-background", _("Transparent parts have become black. White was asked for."), ANY_FILE
)
NOT_UPRIGHT = Mistake(
    "not-upright",
    _(
        "A photo lies on its side: its EXIF tag says how to turn it, and `Image.open` does not do that. Use `read_image`, or `ImageOps.exif_transpose`."
    ),
    ANY_FILE,
)


def _quadrants(rng: torch.Generator, size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """A picture of four colours far from each other, also in grey: every turn and mirror image differs."""
    colours = _shuffled(rng, [(220, 40, 50), (40, 190, 70), (50, 70, 210), (215, 200, 60)])
    image = Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    corners = [(0, 0), (half[0], 0), (0, half[1]), half]
    for colour, (left, top) in zip(colours, corners, strict=True):  # each over the one before
        image.paste(colour, (left, top, *size))
    return image.convert(mode)


def _file(image: Image.Image, format: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format=format, **options)
    return file.getvalue()


def _see_through(rng: torch.Generator, size: tuple[int, int]) -> Image.Image:
    """RGBA, the middle opaque; under the transparent rest lie colours."""
    image = _quadrants(rng, size, "RGBA")
    alpha = Image.new("L", size, 0)
    alpha.paste(255, (size[0] // 4, size[1] // 4, 3 * size[0] // 4, 3 * size[1] // 4))
    image.putalpha(alpha)
    return image


def _size(rng: torch.Generator) -> tuple[int, int]:
    width, height = _integers(rng, 3, 6, 2)
    return 8 * (width + 3), 8 * height


def _batch(images: list[Image.Image]) -> Tensor:
    return torch.stack([Preprocess()(image) for image in images])


def _different(rng: torch.Generator, count: int) -> list[Image.Image]:
    """RGB pictures that differ once they are prepared: two of a kind would hide a wrong order."""
    pictures: list[Image.Image] = []
    while len(pictures) < count:
        picture = _quadrants(rng, _size(rng))
        if all(_batch([picture, other]).diff(dim=0).abs().max() > 0.5 for other in pictures):
            pictures.append(picture)
    return pictures


def _judge_batch(answer: Witness, files: list[tuple[str, bytes]], tried: Message, wrong: Callable) -> None:
    """Judge one call; ``wrong`` gives, from the files opened as they are, further mistakes with their values."""
    outcome = answer.run(batch_of_files, files=files)
    seen, got = outcome["value"], outcome["got"].items
    right = _batch([read_image(data) for _name, data in files])
    opened = [Image.open(io.BytesIO(data)) for _name, data in files]
    order = sorted(range(len(files)), key=lambda place: files[place][0])
    odd_modes = sorted({mode for mode in got if mode != "RGB"})
    listed = isinstance(seen, ListSeen) and bool(seen.items)
    equal(
        seen,
        right,
        grad=False,
        tried=tried,
        tolerance=Tolerance(rtol=0, atol=0.05),
        recognise=[
            (PREPROCESS_UNUSED, seen is not None and not got),
            (NOT_A_PICTURE, any(mode not in Image.MODES and ";" not in mode for mode in odd_modes)),
            (NOT_RGB, bool(odd_modes)),
            (A_LIST, listed and all(isinstance(item, TensorSeen) for item in seen.items)),
        ],
        wrong=[
            (NO_BATCH, right[0]),
            (JOINED, right.flatten(0, 1)),
            (BATCH_OF_BATCHES, right[:, None]),
            (BATCH_OF_BATCHES, right[None]),
            (ORDER_CHANGED, right[order]),
            (ORDER_CHANGED, right.flip(0)),
            *wrong(opened),
        ],
    )
    require(not odd_modes, NOT_RGB, tried=tried)
    require(outcome["given"] == outcome["paths"], general.INPUT_CHANGED, tried=tried)


def _judge_colour_and_grey(answer: Witness, rng: torch.Generator) -> None:
    files = [
        ("third.png", _file(_quadrants(rng, _size(rng)), "PNG")),
        ("first.png", _file(_quadrants(rng, _size(rng), "L"), "PNG")),
        ("second.jpg", _file(_quadrants(rng, _size(rng)), "JPEG", quality=95)),
        ("fourth.jpg", _file(_quadrants(rng, _size(rng), "L"), "JPEG", quality=95)),
    ]
    _judge_batch(answer, files, _("two files in RGB and two grey ones"), lambda opened: [])
    _judge_batch(answer, files[2:3], _("one file only"), lambda opened: [])


def _judge_odd_modes(answer: Witness, rng: torch.Generator) -> None:
    first, last = _different(rng, 2)
    files = [
        ("cmyk.jpg", _file(first.convert("CMYK"), "JPEG", quality=95)),
        ("transparent.png", _file(_see_through(rng, _size(rng)), "PNG")),
        ("palette.gif", _file(last.quantize(8), "GIF")),
    ]

    def wrong(opened: list[Image.Image]) -> list:
        black = []
        for image in opened:
            rgba = image.convert("RGBA")
            black.append(Image.alpha_composite(Image.new("RGBA", image.size, "black"), rgba).convert("RGB"))
        return [
            (ALPHA_DROPPED, _batch([image.convert("RGB") for image in opened])),
            (BLACK_BACKGROUND, _batch(black)),
        ]

    _judge_batch(answer, files, _("a CMYK file, one with transparency, and one with a palette"), wrong)


def _judge_exif(answer: Witness, rng: torch.Generator) -> None:
    pictures = _different(rng, 3)
    files = []
    orientations = _shuffled(rng, [(3, 180), (6, 90), (8, 270)])
    for name, picture, (tag, turn) in zip(("b.jpg", "c.jpg", "a.jpg"), pictures, orientations, strict=True):
        exif = Image.Exif()
        exif[0x0112] = tag
        stored = picture.rotate(turn, expand=True)  # which the tag undoes
        files.append((name, _file(stored, "JPEG", quality=95, exif=exif)))
    tried = _("photos with an EXIF tag that says how to turn them")
    _judge_batch(
        answer,
        files,
        tried,
        lambda opened: [(NOT_UPRIGHT, _batch([image.convert("RGB") for image in opened]))],
    )


# preprocessing-5: top5

LOGITS = Mistake("logits", _("These are logits. Turn them into probabilities with softmax first."), NAMING)
SOFTMAX_OVER_BATCH = Mistake(
    "softmax-over-batch",
    _(
        "Every probability is 1: softmax went over the batch dimension, where there is only one picture. It has to go over the categories."
    ),
    NAMING,
)
PERCENT = Mistake("percent", _("These are percent. A probability lies between 0 and 1."), NAMING)
RENORMALISED = Mistake(
    "renormalised",
    _(
        "The five probabilities add up to 1: softmax saw only the five largest logits. Apply it to all of them, then take the five largest."
    ),
    NAMING,
)
ASCENDING = Mistake(
    "ascending", _("The order is turned round: the likeliest category has to come first."), NAMING
)
LEAST_LIKELY = Mistake("least-likely", _("These are the five least likely categories."), NAMING)
UNSORTED = Mistake(
    "unsorted", _("These are the first five categories, not the five with the largest probabilities."), NAMING
)
PLACES = Mistake(
    "places", _("You gave the places of the categories. Look up their names in `categories`."), NAMING
)
PAIRS_TURNED = Mistake(
    "pairs-turned", _("Each pair is turned round: the name comes first, then the probability."), NAMING
)
TENSOR_INSIDE = Mistake(
    "tensor-inside",
    _("The probabilities are still tensors. `.item()` or `.tolist()` makes ordinary floats of them."),
    NAMING,
)
TWO_LISTS = Mistake(
    "two-lists", _("You returned names and probabilities apart. `zip` makes pairs of them."), NAMING
)
A_DICT = Mistake("a-dict", _("You returned a dictionary. A list of five pairs is asked for."), NAMING)
TRAINING_MODE = Mistake(
    "training-mode",
    _(
        "The model ran in training mode: Dropout and BatchNorm make its answer depend on chance. Call `model.eval()` before."
    ),
    NAMING,
)
GRADIENTS_KEPT = Mistake(
    "gradients-kept",
    _(
        "The model ran with gradients on and kept its whole graph. Call it inside `torch.no_grad()` or `torch.inference_mode()`."
    ),
    NAMING,
)
MODE_NOT_RESTORED = Mistake(
    "mode-not-restored",
    _(
        "The model was in training mode when it came, and is in another mode now. Put back the mode that it had."
    ),
    NAMING,
)
MODEL_FROZEN = Mistake(
    "model-frozen",
    _(
        "The model's parameters no longer require gradients, so it cannot be trained any more. Switch gradients off around the call, not in the model."
    ),
    NAMING,
)


@dataclass(frozen=True)
class _Named:
    """A model's recipe, names, and its logits for one picture."""

    seed: int
    bias: list[float]
    names: list[str]
    logits: Tensor


def _named(rng: torch.Generator, image: Image.Image) -> _Named:
    """A model whose logits for this picture are well apart: only its last bias is fitted to that."""
    count = _integers(rng, 8, 13, 1)[0]
    names = [f"category {number}" for number in torch.randperm(90, generator=rng)[:count].tolist()]
    wanted = torch.arange(count) * -0.4 + 0.1 * torch.rand(count, generator=rng) + 2.5
    order = torch.randperm(count - 1, generator=rng)
    wanted = torch.cat([wanted[1:][order], wanted[:1]]).roll(2)  # the winner is the second
    seed = _integers(rng, 0, 2**31 - 1, 1)[0]
    with torch.inference_mode():
        plain = namer(seed, [0.0] * count).eval()(Preprocess()(image)[None])[0]
    bias = (wanted - plain).tolist()
    return _Named(seed, bias, names, wanted)


def _pairs(names: list[str], values: Tensor, places: Tensor) -> list[tuple[str, float]]:
    return [(names[place], values[place].item()) for place in places.tolist()]


def _floats_in_tensors(seen: Seen) -> bool:
    pairs = seen.items if isinstance(seen, ListSeen) else []
    return bool(pairs) and all(
        isinstance(pair, ListSeen)
        and any(isinstance(item, TensorSeen) and item.data.numel() == 1 for item in pair.items)
        for pair in pairs
    )


def _all_one(seen: Seen) -> bool:
    pairs = seen.items if isinstance(seen, ListSeen) else []
    return bool(pairs) and all(isinstance(pair, ListSeen) and pair.items[1:] == [1.0] for pair in pairs)


def _judge_names(answer: Witness, rng: torch.Generator) -> None:
    cases = [
        (_("a PIL picture"), "RGB", False),
        (_("the path of a picture file"), "RGB", True),
        (_("the path of a grey picture file"), "L", True),
    ]
    for tried, mode, as_file in cases:
        image = _quadrants(rng, _size(rng), mode)
        case = _named(rng, image)
        names, logits = case.names, case.logits
        outcome = answer.run(
            name_picture,
            picture=_file(image, "PNG") if as_file else image,
            seed=case.seed,
            bias=case.bias,
            categories=names,
            training=False,
        )
        seen, got = outcome["value"], outcome["got"].items
        probabilities = logits.softmax(0)
        order = logits.argsort(descending=True)
        best = order[:5]
        right = _pairs(names, probabilities, best)
        few = torch.zeros_like(logits).index_copy(0, best, logits[best].softmax(0))
        places = [(int(place), probabilities[place].item()) for place in best]
        first = torch.arange(5)
        columns = [[name for name, _value in right], [value for _name, value in right]]
        equal(
            seen,
            right,
            tried=tried,
            tolerance=Tolerance(rtol=1e-3, atol=1e-4),
            recognise=[
                (PREPROCESS_UNUSED, seen is not None and not got),
                (NOT_A_PICTURE, any(kind not in Image.MODES for kind in got)),
                (NOT_RGB, any(kind != "RGB" for kind in got)),
                (A_DICT, isinstance(seen, DictSeen)),
                (TENSOR_INSIDE, _floats_in_tensors(seen)),
                (SOFTMAX_OVER_BATCH, _all_one(seen)),
            ],
            wrong=[
                (LOGITS, _pairs(names, logits, best)),
                (PERCENT, _pairs(names, probabilities * 100, best)),
                (RENORMALISED, _pairs(names, few, best)),
                (ASCENDING, right[::-1]),
                (LEAST_LIKELY, _pairs(names, probabilities, order.flip(0)[:5])),
                (LEAST_LIKELY, _pairs(names, probabilities, order[-5:])),
                (UNSORTED, _pairs(names, probabilities, first)),
                (PLACES, places),
                (PAIRS_TURNED, [(value, name) for name, value in right]),
                (TWO_LISTS, columns),
            ],
        )
        require(all(kind == "RGB" for kind in got), NOT_RGB, tried=tried)


def _training_outcome(answer: Witness, rng: torch.Generator) -> dict[str, Seen]:
    image = _quadrants(rng, _size(rng))
    case = _named(rng, image)
    return answer.run(
        name_picture, picture=image, seed=case.seed, bias=case.bias, categories=case.names, training=True
    )


def _judge_modes(answer: Witness, rng: torch.Generator) -> None:
    tried = _("a model that comes in training mode")
    calls = [dict(seen.pairs) for seen in _training_outcome(answer, rng)["calls"].items]
    require(all(one["all_eval"] for one in calls), TRAINING_MODE, tried=tried)
    require(not any(one["grad_mode"] for one in calls), GRADIENTS_KEPT, tried=tried)


def _judge_model_kept(answer: Witness, rng: torch.Generator) -> None:
    tried = _("a model that comes in training mode")
    outcome = _training_outcome(answer, rng)
    before, after = (dict(outcome[when].pairs) for when in ("before", "after"))
    require(_same_state(before["state"], after["state"]), general.MODEL_CHANGED, tried=tried)
    require(before["grads"] == after["grads"], MODEL_FROZEN, tried=tried)
    require(before["modes"] == after["modes"], MODE_NOT_RESTORED, tried=tried)


def _same_state(before: Seen, after: Seen) -> bool:
    one, other = dict(before.pairs), dict(after.pairs)
    return one.keys() == other.keys() and all(
        one[name].data.dtype == other[name].data.dtype and torch.equal(one[name].data, other[name].data)
        for name in one
    )


LESSON = Lesson(
    name="03_preprocessing",
    word="preprocessing",
    title=_("From any picture to a batch"),
    exercises=(
        Exercise(
            id="preprocessing-1",
            title=_("A picture becomes a tensor"),
            answer="to_tensor",
            parts=(Part(_("shape, dtype and values"), 2, _judge_to_tensor),),
            hints=(
                _(
                    "`np.array(image)` gives the numbers: uint8, shape (H, W, 3). Three things are still different from what is asked: the order of the axes, the dtype, the range."
                ),
                _(
                    "`torch.from_numpy(...)` makes a tensor, `permute(2, 0, 1)` brings the last axis to the front and leaves the other two in their order."
                ),
                _("`torch.from_numpy(np.array(image)).permute(2, 0, 1).to(torch.float32) / 255`"),
            ),
            explanation=_(
                "PIL stores a picture row by row with the three colours of a pixel side by side: (H, W, 3), 0 to 255. PyTorch's models "
                "want each colour as a plane of its own: (3, H, W), and float32. The number to divide by is 255 for every picture, "
                "however dark it is: otherwise the same grey would mean something else in each picture."
            ),
            mistakes=(
                CHANNELS_LAST,
                NOT_SCALED,
                CHANNELS_REVERSED,
                SIDES_SWAPPED,
                RESHAPED,
                MINUS_ONE_TO_ONE,
                BY_MAXIMUM,
                BY_256,
                INTEGER_DIVISION,
                EXTRA_BATCH,
            ),
        ),
        Exercise(
            id="preprocessing-2",
            title=_("Normalise each channel"),
            answer="normalize",
            parts=(
                Part(
                    _("one picture"),
                    2,
                    lambda answer, rng: _judge_normalize(answer, rng, [(3, 3, 3), (3, 4, 6)]),
                ),
                Part(
                    _("a batch of pictures"),
                    1,
                    lambda answer, rng: _judge_normalize(answer, rng, [(3, 3, 5, 4), (2, 3, 4, 5)]),
                ),
            ),
            hints=(
                _(
                    "The formula is (x - mean) / std, with another mean and std for each channel. The difficulty is only to let them meet the right axis."
                ),
                _(
                    "Broadcasting compares shapes from the right: the shape (3, 1, 1) fits (3, H, W), and also (N, 3, H, W)."
                ),
                _("`mean = torch.tensor(mean).view(3, 1, 1)`, the same for `std`, then the formula."),
            ),
            explanation=_(
                "With the shape (3, 1, 1) each number is repeated over the height and the width of its channel, and over the batch if there "
                "is one. A plain tensor of shape (3,) would meet the width instead: an error for most pictures, and a silent mistake for one "
                "that is 3 wide. The formula makes new tensors; `sub_` and `div_` would change the caller's pictures."
            ),
            mistakes=(
                STD_FORGOTTEN,
                MEAN_FORGOTTEN,
                SCALED_FIRST,
                SWAPPED,
                VARIANCE,
                UNDONE,
                DIVIDED_AGAIN,
                WRONG_AXIS,
                ONE_FOR_ALL,
                OWN_STATISTICS,
                IMAGENET_CONSTANTS,
                EXTRA_BATCH,
            ),
        ),
        Exercise(
            id="preprocessing-3",
            title=_("Resize the shorter side, crop the middle"),
            answer="resize_and_crop",
            parts=(
                Part(_("a wide picture"), 1, _judge_geometry(_wide)),
                Part(_("a tall picture"), 1, _judge_geometry(_tall)),
                Part(_("a small picture, which grows"), 1, _judge_geometry(_small)),
            ),
            hints=(
                _(
                    "One factor serves both sides: `resize / min(image.size)`. Multiply width and height by it and round."
                ),
                _(
                    "`image.resize((new_width, new_height))` gives a new picture. Half of what is too much in each direction is where the crop begins: `(new_width - crop) // 2`."
                ),
                _(
                    "`left, top = (new_width - crop) // 2, (new_height - crop) // 2`, then `resized.crop((left, top, left + crop, top + crop))`."
                ),
            ),
            explanation=_(
                "Scaling both sides by one factor keeps the shapes of things; the crop then makes every picture the same size. The price is what "
                "lies at the ends of the longer side: the model never sees it. Rounding may be done either way, it moves the result by less than "
                "two pixels."
            ),
            mistakes=(
                SQUASHED,
                LONGER_SIDE,
                CORNER_CROP,
                NOT_RESIZED,
                NOT_CROPPED,
                RESIZED_TO_CROP,
                SIZE_SWAPPED,
            ),
        ),
        Exercise(
            id="preprocessing-4",
            title=_("Any files to one batch"),
            answer="to_batch",
            parts=(
                Part(_("colour and grey pictures"), 2, _judge_colour_and_grey),
                Part(_("CMYK, transparency and palette"), 1, _judge_odd_modes),
                Part(_("photos turned by their EXIF tag"), 1, _judge_exif),
            ),
            hints=(
                _(
                    "For each path: read the file, make it upright and RGB, preprocess it. Then make one tensor of all."
                ),
                _(
                    "`read_image(path)` does all of the reading: it turns the picture as its EXIF tag says, puts it on white and gives mode RGB."
                ),
                _("`torch.stack([preprocess(read_image(path)) for path in paths])`"),
            ),
            explanation=_(
                "A file may hold a picture in many forms, a preset takes one: upright RGB. Bring every picture into that form first, then "
                "preprocess, then stack: `torch.stack` adds the batch dimension in front, where the model expects it, and needs all tensors to have one "
                "shape, which the crop took care of."
            ),
            mistakes=(
                NOT_RGB,
                NOT_A_PICTURE,
                PREPROCESS_UNUSED,
                A_LIST,
                NO_BATCH,
                JOINED,
                BATCH_OF_BATCHES,
                ORDER_CHANGED,
                ALPHA_DROPPED,
                BLACK_BACKGROUND,
                NOT_UPRIGHT,
            ),
        ),
        Exercise(
            id="preprocessing-5",
            title=_("The Top-5 of a picture file"),
            answer="top5",
            parts=(
                Part(_("names and probabilities"), 2, _judge_names),
                Part(_("evaluation mode, no gradients"), 1, _judge_modes, needs=("names and probabilities",)),
                Part(
                    _("the model is left as it was"), 1, _judge_model_kept, needs=("names and probabilities",)
                ),
            ),
            hints=(
                _(
                    "Five steps: read the picture, preprocess it, add the batch dimension, call the model, turn the logits into probabilities. Lessons 01 and 02 say how to call it."
                ),
                _(
                    "`model(batch)[0].softmax(dim=0)` gives the probabilities of the one picture, `.topk(5)` the five largest and their places. Note `model.training` before you call `model.eval()`, and put it back with `model.train(...)`."
                ),
                _(
                    "`values, places = probabilities.topk(5)`, then `[(categories[i], p) for i, p in zip(places.tolist(), values.tolist())]`. The call stands inside `with torch.inference_mode():`."
                ),
            ),
            explanation=_(
                "This is inference in full: the picture as the model expects it, the batch dimension, evaluation mode, no gradients, softmax over the "
                "categories, names. The model belongs to the caller, who may be in the middle of training it: so its mode is put back, and "
                "`try` with `finally` does that even when the call fails."
            ),
            mistakes=(
                PREPROCESS_UNUSED,
                NOT_A_PICTURE,
                NOT_RGB,
                LOGITS,
                SOFTMAX_OVER_BATCH,
                PERCENT,
                RENORMALISED,
                ASCENDING,
                LEAST_LIKELY,
                UNSORTED,
                PLACES,
                PAIRS_TURNED,
                TENSOR_INSIDE,
                TWO_LISTS,
                A_DICT,
                TRAINING_MODE,
                GRADIENTS_KEPT,
                MODE_NOT_RESTORED,
                MODEL_FROZEN,
            ),
        ),
    ),
    predictions=(
        Prediction(
            id="preprocessing-q1",
            question=_(
                "Most tutorials resize to 256, crop 224 and use ImageNet's mean and standard deviation. Is that what the weights of ResNet-50 want?"
            ),
            options=(
                _("Yes: it is the same for all ImageNet weights of torchvision."),
                _("It depends on the version of the weights: V1 yes, V2 no."),
                _("No: every model has a mean and a standard deviation of its own."),
            ),
            right=1,
            because=_(
                "Mean and standard deviation are the same for both, but V2 was trained later, with another recipe: it resizes to 232. The architecture does not "
                "decide about the preprocessing, the weights do."
            ),
        ),
        Prediction(
            id="preprocessing-q2",
            question=_(
                "Which of these mistakes does the model survive best: on the coffee it stays surest of “espresso”?"
            ),
            options=(
                _("Red and blue exchanged (BGR)."),
                _("Divided by 255 twice."),
                _("Every normalised value multiplied by -1, a negative."),
                _("Left at 0 to 255, and normalised then."),
            ),
            right=2,
            because=_(
                "In a negative all edges and shapes stay where they were. Divided by 255 twice, every picture is the same, almost even black; at 0 to 255 "
                "the values are far outside of all that the model has seen. How wrong an input looks to you says little about what the model makes of it."
            ),
        ),
        Prediction(
            id="preprocessing-q3",
            question=_(
                "A PNG with a transparent background, opened with PIL, goes to `weights.transforms()`. What happens?"
            ),
            options=(
                _("Transparent parts become white."),
                _("The fourth channel is dropped."),
                _("It raises an error."),
            ),
            right=2,
            because=_(
                "The preset normalises with three means, and this picture has four channels. An error is the good case: it happens before "
                'the model gives a wrong answer. `convert("RGB")` would silently show what was hidden under the transparency.'
            ),
        ),
    ),
)
