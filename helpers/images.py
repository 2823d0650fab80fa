"""Pictures: photos that come with the course, and any picture of the learner's own.

Whatever a picture comes from (a file, an address, bytes, an array) and however it is stored (rotated by its
EXIF tag, grey, transparent, CMYK, 16 bits deep, animated), :func:`read_image` gives an upright RGB picture or
one :class:`ImageError` that says what is wrong and what to do.
"""

from __future__ import annotations

import difflib
import io
import os
import stat
import threading
import time
import warnings
from contextlib import closing
from importlib import resources
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urljoin, urlsplit

import numpy as np
from PIL import Image, ImageOps

from helpers.bars import progress_bar
from helpers.text import _

MAX_BYTES = 100_000_000  # of a file or a download
MAX_PIXELS = 120_000_000  # 360 MB once decoded to RGB; the largest phone cameras stay below
TIMEOUT_S = 10.0  # a server's longest silence
DEADLINE_S = 60.0  # a whole download, however lively the server
MAX_REDIRECTS = 5
HEADERS = {"User-Agent": "inference-course/0.1 (a learner's notebook)"}  # some sites refuse requests' own

# What a browser shows or a camera writes. Pillow knows more, some of which run other programs (EPS).
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO")

PHOTOS = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cat": "chelsea.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "galaxies": "hubble_deep_field.jpg",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "horse": "horse.png",
    "moon": "moon.png",
    "motorcycle": "motorcycle_left.png",
    "page": "page.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "text": "text.png",
}


class ImageError(ValueError):
    """A picture that cannot be read. The message says why, and what to do about it."""

    def __init__(self, message) -> None:
        super().__init__(str(message))


def photo_names() -> list[str]:
    """Names that :func:`photo` knows: the photos that really lie in the installed scikit-image."""
    return [name for name, file in PHOTOS.items() if (_photo_folder() / file).is_file()]


def photo_path(name: str) -> Path:
    """File of a photo that comes with the course.

    Raises:
        ImageError: when there is no photo of this name.
    """
    names = photo_names()
    if name not in names:
        raise ImageError(
            _("There is no photo called {name!r}. Choose one of: {names}.", name=name, names=", ".join(names))
        )
    return _photo_folder() / PHOTOS[name]


def photo(name: str) -> Image.Image:
    """A photo that comes with the course, as an RGB picture. Nothing is downloaded.

    Raises:
        ImageError: when there is no photo of this name.
    """
    return read_image(photo_path(name))


def read_image(source) -> Image.Image:
    """Read a picture from wherever it is, upright and in RGB.

    A rotation in the EXIF tag is carried out, transparent parts become white, grey becomes three equal
    channels, 16 bits are scaled to 8, and of an animation the first frame is taken.

    Args:
        source: a path; an ``http`` or ``https`` address; the bytes of a picture file; a file opened in binary
            mode; a PIL picture; or a uint8 array of shape (H, W), (H, W, 3) for RGB or (H, W, 4) for RGBA.

    Returns:
        A new PIL picture in mode ``RGB``. The source stays as it was.

    Raises:
        ImageError: with what was wrong and what to do.
    """
    try:
        return _read(source)
    except ImageError as error:
        # The message says it all: a learner need not scroll past how we came to it.
        raise error.with_traceback(None) from None


def _read(source) -> Image.Image:
    if isinstance(source, Image.Image):
        return _upright_rgb(source, _("this picture"))
    if isinstance(source, np.ndarray):
        return _upright_rgb(_from_array(source), _("this array"))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _decode(bytes(source), _("these bytes"))
    if isinstance(source, str) and "://" in source:
        return _decode(_download(source), _shortened(source))
    if isinstance(source, (str, os.PathLike)):
        return _decode(_read_file(source), _shortened(os.fspath(source)))
    if hasattr(source, "read"):
        return _decode(_read_stream(source), _("this file"))
    raise ImageError(
        _(
            "A picture cannot be read from a {kind}. Give a path, an http address, bytes, an open file, "
            "a PIL picture or a uint8 array of shape (H, W, 3).",
            kind=type(source).__name__,
        )
    )


def _photo_folder() -> Path:
    # scikit-image imports its parts lazily, so asking for its folder loads next to nothing.
    return Path(str(resources.files("skimage"))) / "data"


def _shortened(name) -> str:
    name = os.fsdecode(name)
    return repr(name if len(name) <= 100 else name[:97] + "...")


# From a source to bytes


def _read_file(source: str | os.PathLike) -> bytes:
    name = _shortened(os.fspath(source))
    path = Path(os.fsdecode(source)).expanduser()
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ImageError(_("{name} is a folder. Give the path of one picture in it.", name=name))
        if not stat.S_ISREG(mode):  # a pipe or a device would never end
            raise ImageError(_("{name} is not an ordinary file. Give the path of a picture.", name=name))
        with path.open("rb") as file:
            return _read_stream(file)
    except FileNotFoundError:
        raise ImageError(_missing(path, name)) from None
    except PermissionError:
        raise ImageError(
            _("{name} may not be read: its permissions do not let you. Change them, or copy it.", name=name)
        ) from None
    except ImageError:
        raise
    except (OSError, ValueError) as error:  # a name too long, a zero byte in it, a broken disk
        raise ImageError(_("{name} cannot be opened: {why}.", name=name, why=_why(error))) from None


def _missing(path: Path, name: str):
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, beside, n=1)
    if close:
        return _("There is no file {name}. Did you mean {close!r}?", name=name, close=close[0])
    return _(
        "There is no file {name}. Check the spelling; a path that does not begin with / starts in the "
        "folder of your notebook.",
        name=name,
    )


def _read_stream(file) -> bytes:
    try:
        data = file.read(MAX_BYTES + 1)
    except ImageError:
        raise
    except Exception as error:  # whatever a learner's file object does
        raise ImageError(_("This file cannot be read: {why}.", why=_why(error))) from None
    if not isinstance(data, bytes):
        raise ImageError(_('This file is open in text mode. Open it with open(path, "rb").'))
    if len(data) > MAX_BYTES:
        raise ImageError(_too_many_bytes())
    return data


def _too_many_bytes():
    return _(
        "This file is larger than {limit} MB, too large for a picture here. Give a smaller copy.",
        limit=MAX_BYTES // 1_000_000,
    )


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


# From an address to bytes


def _download(url: str) -> bytes:
    """Bytes behind an address.

    The talking is done in a thread, because a server can hold a caller up where no timeout of a socket
    reaches: with a slow name look-up, or with one byte of a header every few seconds.
    """
    arrived: SimpleQueue = SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_talk, args=(url, arrived.put, stop), daemon=True).start()
    end = time.monotonic() + DEADLINE_S
    data = bytearray()
    try:
        with progress_bar(unit="B", scale=True) as bar:
            while (item := _next(arrived, end, url)) is not None:
                if isinstance(item, ImageError):
                    raise item
                if isinstance(item, int):
                    bar.total = item
                    continue
                data += item
                bar.update(len(item))
                if len(data) > MAX_BYTES:
                    raise ImageError(_too_many_bytes())
    finally:
        stop.set()
    return bytes(data)


def _next(arrived: SimpleQueue, end: float, url: str):
    try:
        return arrived.get(timeout=max(0.0, end - time.monotonic()))
    except Empty:
        raise ImageError(
            _(
                "{url} was not there after {limit} seconds, so the download was stopped. Try again later, or "
                "download the picture with a browser and give its path.",
                url=_shortened(url),
                limit=f"{DEADLINE_S:g}",
            )
        ) from None


def _talk(url: str, put, stop: threading.Event) -> None:
    """Put what arrives: the length when it is known, pieces of the body, and None or an ImageError at the end."""
    import requests
    import urllib3

    try:
        with closing(_open_url(url)) as response:
            length = response.headers.get("Content-Length", "")
            if length.isdecimal():
                put(int(length))
                if int(length) > MAX_BYTES:
                    raise ImageError(_too_many_bytes())
            # read1 gives what is there; read would wait for a whole piece, however slowly it drips.
            while not stop.is_set() and (piece := response.raw.read1(2**16, decode_content=True)):
                put(piece)
        put(None)
    except ImageError as error:
        put(error)
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        put(ImageError(_("{url} did not answer in time. Try again later.", url=_shortened(url))))
    except requests.exceptions.SSLError:
        put(
            ImageError(
                _(
                    "{url}: no secure connection. Its certificate is not trusted, or it does not speak https.",
                    url=_shortened(url),
                )
            )
        )
    except (requests.ConnectionError, urllib3.exceptions.NewConnectionError):
        put(
            ImageError(_("{url} cannot be reached. Check the address and your network.", url=_shortened(url)))
        )
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema):
        put(ImageError(_("{url} is not a usable address. Check it.", url=_shortened(url))))
    except urllib3.exceptions.ProtocolError:
        put(ImageError(_("{url} broke off before its end. Try again.", url=_shortened(url))))
    except Exception as error:  # a thread's error would reach nobody
        put(ImageError(_("{url} cannot be read: {why}.", url=_shortened(url), why=_why(error))))


def _open_url(url: str):
    """The answer to a GET, its body still unread. Every redirect is looked at before it is followed."""
    import requests

    for _hop in range(MAX_REDIRECTS + 1):
        if urlsplit(url).scheme.lower() not in ("http", "https"):
            raise ImageError(
                _(
                    "{url} is not an http or https address. Give such an address, or a path.",
                    url=_shortened(url),
                )
            )
        response = requests.get(url, stream=True, timeout=TIMEOUT_S, allow_redirects=False, headers=HEADERS)
        target = requests.Session().get_redirect_target(response)
        if target is None:
            return _answered(response, url)
        response.close()
        url = urljoin(url, target)
    raise ImageError(
        _(
            "{url} only leads on to other addresses. Open it in a browser and copy the last one.",
            url=_shortened(url),
        )
    )


def _answered(response, url: str):
    if response.status_code == 200:
        return response
    response.close()
    name, code = _shortened(url), response.status_code
    if code in (401, 403):
        raise ImageError(
            _("{url}: the server refuses it ({code}). It may ask for a login.", url=name, code=code)
        )
    if code in (404, 410):
        raise ImageError(_("{url}: no such page ({code}). Check the address.", url=name, code=code))
    raise ImageError(_("{url}: the server answered {code}. Try again later.", url=name, code=code))


# From bytes to pixels


def _decode(data: bytes, name) -> Image.Image:
    if not data:
        raise ImageError(_("{name}: empty, there is no picture in it. Fetch or save it again.", name=name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own pixel limit comes next
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise ImageError(_too_many_pixels(name)) from None
    except Exception:  # Pillow's parsers raise many kinds of error on odd bytes
        raise ImageError(_not_a_picture(data, name)) from None
    with image:
        return _upright_rgb(image, name)


def _too_many_pixels(name):
    return _(
        "{name}: more than {limit} million pixels, too many for the memory here. Give a smaller copy.",
        name=name,
        limit=MAX_PIXELS // 1_000_000,
    )


def _not_a_picture(data: bytes, name):
    start = data[:512].lstrip().lower()
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return _("{name}: a HEIC photo, which cannot be read here. Export it as JPEG.", name=name)
    if b"<svg" in start:
        return _("{name}: an SVG drawing, which has no pixels. Export it as PNG.", name=name)
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return _(
            "{name}: a web page, not a picture. In a browser, right-click the picture and copy its own address.",
            name=name,
        )
    if start.startswith(b"%pdf"):
        return _("{name}: a PDF document, not a picture. Save the picture as PNG or JPEG.", name=name)
    return _(
        "{name}: not a picture, or a damaged one. Pictures are read as PNG, JPEG, GIF, WebP, BMP, TIFF or AVIF.",
        name=name,
    )


def _from_array(array: np.ndarray) -> Image.Image:
    if array.dtype != np.uint8:
        raise ImageError(
            _(
                "The array holds {dtype}, a picture needs uint8. For values from 0 to 1: "
                "(array * 255).round().astype('uint8').",
                dtype=array.dtype,
            )
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    channels_last = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if not channels_last or not array.size:
        raise ImageError(
            _(
                "The array has shape {shape}, a picture needs (H, W), (H, W, 3) or (H, W, 4), none of them 0. "
                "For channels first: array.transpose(1, 2, 0).",
                shape=array.shape,
            )
        )
    return Image.fromarray(np.ascontiguousarray(array))


def _upright_rgb(image: Image.Image, name) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:  # known from the header: nothing is decoded yet
        raise ImageError(_too_many_pixels(name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
    except (
        Exception
    ):  # a codec's OSError, SyntaxError, struct.error, ...: all say that bytes are missing or wrong
        raise ImageError(
            _("{name}: damaged or cut off, it cannot be decoded. Fetch or save it again.", name=name)
        ) from None
    try:
        rgb = _to_rgb(_upright(image))
    except ImageError:
        raise
    except Exception:
        raise ImageError(
            _(
                "{name}: its colours ({mode}) cannot be turned into RGB. Save it as an ordinary PNG or JPEG.",
                name=name,
                mode=image.mode,
            )
        ) from None
    rgb.info = {}  # a colour profile or a tag left behind would no longer fit the pixels
    return rgb


def _upright(image: Image.Image) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ImageOps.exif_transpose(image)
    except Exception:  # a broken tag is no reason to lose the picture
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_deep_grey(np.asarray(image.convert("I")), top=65535)
    if image.mode == "F":
        return _from_deep_grey(np.asarray(image), top=1.0)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _from_deep_grey(values: np.ndarray, top: float) -> Image.Image:
    """Grey levels from 0 to ``top`` as RGB: scaled, since cutting at 255 would leave a white picture."""
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > top:
        raise ImageError(
            _("The grey levels do not lie between 0 and {top:g}. Scale them and save as 8 bits.", top=top)
        )
    grey = np.round(values * (255 / top)).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
