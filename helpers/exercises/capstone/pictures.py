"""Picture files of every kind for the judges, and files that are none."""

from __future__ import annotations

import io

import torch
from PIL import Image
from torch import Tensor

from helpers.images import ImageError, read_image
from helpers.trials.capstone import File, Preprocess

COLOURS = [(220, 40, 50), (40, 190, 70), (50, 70, 210), (215, 200, 60), (120, 20, 160), (240, 150, 210)]


def integers(rng: torch.Generator, low: int, high: int, count: int) -> list[int]:
    """Whole numbers from low to high - 1."""
    return torch.randint(low, high, (count,), generator=rng).tolist()


def shuffled(rng: torch.Generator, values: list) -> list:
    """The values in another order."""
    return [values[place] for place in torch.randperm(len(values), generator=rng).tolist()]


def picture(rng: torch.Generator, mode: str = "RGB") -> Image.Image:
    """Four colours in four quarters, wider than high: every turn and every mirror image is another picture."""
    width, height = (
        8 * (number + extra) for number, extra in zip(integers(rng, 2, 4, 2), (2, 0), strict=True)
    )
    image = Image.new("RGB", (width, height))
    corners = [(0, 0), (width // 2, 0), (0, height // 2), (width // 2, height // 2)]
    for colour, (left, top) in zip(
        shuffled(rng, COLOURS)[:4], corners, strict=True
    ):  # each over the one before
        level = integers(rng, 60, 101, 1)[0]
        image.paste(tuple(value * level // 100 for value in colour), (left, top, width, height))
    return image.convert(mode)


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    """The picture as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, format=format, **options)
    return file.getvalue()


def grey(rng: torch.Generator) -> bytes:
    """A grey PNG."""
    return encoded(picture(rng, "L"))


def see_through(rng: torch.Generator) -> bytes:
    """A PNG whose middle is opaque; under its transparent rest lie colours."""
    image = picture(rng, "RGBA")
    width, height = image.size
    alpha = Image.new("L", image.size, 0)
    alpha.paste(255, (width // 4, height // 4, 3 * width // 4, 3 * height // 4))
    image.putalpha(alpha)
    return encoded(image)


def palette(rng: torch.Generator) -> bytes:
    """A GIF."""
    return encoded(picture(rng).quantize(8), "GIF")


def cmyk(rng: torch.Generator) -> bytes:
    """A JPEG for print."""
    return encoded(picture(rng, "CMYK"), "JPEG", quality=95)


def turned(rng: torch.Generator) -> bytes:
    """A photo that its EXIF tag turns."""
    exif = Image.Exif()
    exif[0x0112] = shuffled(rng, [3, 6, 8])[0]
    return encoded(picture(rng), "JPEG", quality=95, exif=exif)


def cut_off(rng: torch.Generator) -> bytes:
    """The first two thirds of a PNG whose pixels fill most of it."""
    noise = torch.randint(0, 256, (24, 24, 3), generator=rng, dtype=torch.uint8)
    whole = encoded(Image.fromarray(noise.numpy()))
    return whole[: 2 * len(whole) // 3]


def bad_files(rng: torch.Generator) -> list[File]:
    """A missing file, a folder, an empty file, one cut off, and a text that calls itself a picture."""
    files = [
        ("missing.jpg", "missing"),
        ("folder.png", "folder"),
        ("empty.png", b""),
        ("cut off.png", cut_off(rng)),
        ("text.jpg", b"This is no picture.\n" * 40),
    ]
    return shuffled(rng, files)


def is_picture(file: File) -> bool:
    """Whether the file can be read."""
    if not isinstance(file[1], bytes):
        return False
    try:
        read_image(file[1])
    except ImageError:
        return False
    return True


def prepared(images: list[Image.Image]) -> Tensor:
    """What the trials' preprocessing makes of pictures in mode RGB: float32 (N, 3, 8, 8)."""
    preprocess = Preprocess()
    return torch.stack([preprocess(image) for image in images])


def as_opened(data: bytes) -> Image.Image:
    """The picture as PIL opens it, with ``convert("RGB")`` and nothing else."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def on_black(data: bytes) -> Image.Image:
    """The picture with black where it is transparent."""
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "black"), image).convert("RGB")
