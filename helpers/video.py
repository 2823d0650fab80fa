"""Videos: one that is made here from the course's photos, frames of any file, and writing what was drawn on them.

:func:`read_frames` holds one frame at a time, whatever the length of the video, and says with one
:class:`VideoError` what is wrong with a file. OpenCV and FFmpeg would write their notes past Python to stderr, from
where they reach the notebook: they are kept quiet.
"""

from __future__ import annotations

import os
import stat
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

from helpers.bars import progress_bar
from helpers.images import MAX_PIXELS, photo, read_image
from helpers.text import _

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when a video is opened for the first time
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

TICKS = 90_000  # a second, in what is written: whole numbers for all usual frame rates
WHOLE = 0.9  # of the promised frames and seconds; the promise of a good file may be a little off


class VideoError(ValueError):
    """A video that cannot be read or written. The message says why, and what to do about it."""

    def __init__(self, message) -> None:
        super().__init__(str(message))


class Frame(NamedTuple):
    """One picture of a video: when it is shown, in seconds from the start, and the picture, upright and RGB."""

    time: float
    image: Image.Image


def read_frames(
    path: str | os.PathLike, every: int = 1, limit: int | None = None, progress: bool = True
) -> Iterator[Frame]:
    """The frames of a video, one by one, each decoded when it is asked for.

    The time of a frame is the one that the file gives, also where the frame rate changes. A rotation that a phone
    has noted is carried out. The file is closed when the iterator ends or is closed.

    Args:
        path: a video file.
        every: 2 gives the first, third, fifth ... frame.
        limit: at most this many frames are given; None for all.
        progress: show a bar when taking the frames lasts longer than a second.

    Raises:
        ValueError: when ``every`` or ``limit`` is less than 1.
        VideoError: when there is no such file, it is no video, or it breaks off. In the last case the frames before
            the break have been given.
    """
    for name, value in (("every", every), ("limit", limit)):
        if value is not None and value < 1:
            raise ValueError(str(_("{name} is {value}. It must be at least 1.", name=name, value=value)))
    return _read(Path(os.fsdecode(path)).expanduser(), every, limit, progress)


def make_video(
    path: str | os.PathLike,
    photos: Sequence[str] = ("coffee", "cat", "rocket"),
    seconds: float = 2.0,
    rate: int = 10,
    size: tuple[int, int] = (320, 240),
) -> Path:
    """Write a video in which a camera moves over photos of the course, as an MP4 file, with OpenCV.

    Args:
        path: where to write it; the name ends with ``.mp4``.
        photos: names that :func:`helpers.images.photo` knows.
        seconds: how long each is seen.
        rate: frames a second.
        size: width and height of a frame.

    Raises:
        VideoError: when it cannot be written.
    """
    count = max(1, round(seconds * rate))
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    with (
        _whole(Path(path)) as part,
        _opencv_writer(cv2.VideoWriter(str(part), codec, rate, size)) as write,
    ):
        for name in photos:
            picture = photo(name)
            for number in range(count):
                view = _view(picture, number / max(1, count - 1), size)
                write(cv2.cvtColor(np.asarray(view), cv2.COLOR_RGB2BGR))
    return Path(path)


def write_video(path: str | os.PathLike, frames: Iterable[tuple[float, Any]]) -> Path:
    """Write a video that browsers can play: H.264, each frame shown at its time. It is written whole or not at all.

    Args:
        path: where; the end of the name decides the format, ``.mp4`` as a rule.
        frames: pairs of a time in seconds, each greater than the one before, and a picture (a PIL picture or a uint8
            array (H, W, 3) in RGB), all of one size. They are taken one by one. Of an odd width or height the last
            column or row is left out, since the codec cannot hold it.

    Raises:
        VideoError: when there is no frame, a size or a time does not fit, or the file cannot be written. A file that
            was there before stays as it was.
    """
    path = Path(path)
    with _whole(path) as part, _encoder(part, path) as encode:
        size, before = None, None
        for time, picture in frames:
            image = read_image(picture)
            if size is not None and image.size != size:
                raise VideoError(
                    _(
                        "A frame is {width}×{height}, and the first one was {first}. All frames of a video have one size: resize it.",
                        width=image.width,
                        height=image.height,
                        first="×".join(map(str, size)),
                    )
                )
            if before is not None and not time > before:
                raise VideoError(
                    _(
                        "The times must grow, and {time:g} s comes after {before:g} s. Sort the frames by time.",
                        time=time,
                        before=before,
                    )
                )
            encode(image, time)
            size, before = image.size, time
        if size is None:
            raise VideoError(_("There is no frame to write. Look at where they come from."))
    return path


@dataclass(frozen=True)
class Clip:
    """A video that a notebook plays, with its description."""

    data: bytes
    words: str

    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        source = b64encode(self.data).decode()
        return f'<video controls loop muted src="data:video/mp4;base64,{source}"></video>'


def show_video(path: str | os.PathLike, words: str) -> None:
    """Play a small MP4 under the cell, and say in words what it shows."""
    from IPython.display import display

    display(Clip(Path(path).read_bytes(), words))


# Reading


def _read(path: Path, every: int, limit: int | None, progress: bool) -> Iterator[Frame]:
    given = 0
    with (
        _opened(path) as container,
        progress_bar(unit=str(_("frames")), shown=progress) as bar,
    ):
        stream = container.streams.video[0]
        bar.total = limit or (stream.frames and -(-stream.frames // every)) or None
        with closing(_decoded(container, stream, path)) as frames:
            for number, frame in enumerate(frames):
                if number % every == 0:
                    yield _upright(frame)
                    bar.update()
                    given += 1
                if given == limit:
                    return


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file, with a video in it that can be decoded; closed afterwards."""
    import av

    name = repr(str(path))
    _look_at(path, name)
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except (av.error.FFmpegError, OSError, ValueError):
        raise VideoError(_without_frames(path, name)) from None
    with container:
        streams = container.streams.video
        if container.format.name.endswith("_pipe") or container.format.name == "image2":
            raise VideoError(_("{name}: a picture, not a video. Read it with read_image.", name=name))
        if not streams and container.streams.audio:
            raise VideoError(_("{name}: sound without pictures.", name=name))
        if not streams or streams[0].codec_context is None or not streams[0].width:
            raise VideoError(_without_frames(path, name))
        if streams[0].width * streams[0].height > MAX_PIXELS:
            raise VideoError(
                _(
                    "{name}: frames of more than {limit} million pixels, too many for the memory here.",
                    name=name,
                    limit=MAX_PIXELS // 1_000_000,
                )
            )
        streams[0].thread_type = "AUTO"
        yield container


def _look_at(path: Path, name: str) -> None:
    """Refuse what FFmpeg would refuse too, with worse words, or wait for."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise VideoError(
                _(
                    "There is no file {name}. Check the spelling; a path that does not begin with / starts in the folder of your notebook.",
                    name=name,
                )
            ) from None
        raise VideoError(
            _("{name} cannot be opened: {why}.", name=name, why=getattr(error, "strerror", None) or error)
        ) from None
    if stat.S_ISDIR(found.st_mode):
        raise VideoError(_("{name} is a folder. Give the path of one video in it.", name=name))
    if not stat.S_ISREG(found.st_mode):
        raise VideoError(_("{name} is not an ordinary file. Give the path of a video.", name=name))
    if not found.st_size:
        raise VideoError(_("{name}: empty, there is no video in it. Fetch or save it again.", name=name))


def _without_frames(path: Path, name: str):
    with path.open("rb") as file:
        mp4 = file.read(12)[4:8] == b"ftyp"
    if mp4:
        return _(
            "{name}: an MP4 file without its index, which comes last: it was cut off. Fetch or save it again.",
            name=name,
        )
    return _("{name}: not a video, or damaged at its start. Fetch or save it again.", name=name)


def _decoded(container, stream, path: Path) -> Iterator[Any]:
    """Each frame as PyAV gives it; at the end an error, when there should have been more."""
    import av

    count, end, failed = 0, 0.0, False
    try:
        for frame in container.decode(stream):
            count += 1
            end = float((frame.time or 0.0) + (frame.duration or 0) * frame.time_base)
            yield frame
    except (av.error.FFmpegError, OSError):
        failed = True
    if not count or failed or _short(container, stream, count, end):
        raise VideoError(
            _(
                "{name}: damaged or cut off, only {count} frames could be decoded. Fetch or save it again.",
                name=repr(str(path)),
                count=count,
            )
        )


def _short(container, stream, count: int, end: float) -> bool:
    """Whether there are fewer frames than promised, or the last goes long before the promised end. FFmpeg itself takes a file that breaks off for one that ends."""
    if stream.frames and count < WHOLE * stream.frames:
        return True  # FFmpeg may have corrected the duration, as for an AVI file that is cut off
    if stream.duration:
        promised = float(stream.duration * stream.time_base)
    elif container.duration and len(container.streams) == 1:
        promised = container.duration / 1e6
    else:
        return False
    return end < WHOLE * promised


def _upright(frame) -> Frame:
    pixels = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4  # against the clock
    return Frame(float(frame.time or 0.0), Image.fromarray(np.ascontiguousarray(np.rot90(pixels, turns))))


# Writing


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside ``path``, which takes its place when the block ends well and vanishes otherwise."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    except OSError as error:
        raise VideoError(
            _("{name} cannot be written: {why}.", name=repr(str(path)), why=error.strerror)
        ) from None
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _opencv_writer(writer) -> Iterator[Any]:
    """Its ``write``, which raises where OpenCV would only leave the frame out."""

    def write(frame: np.ndarray) -> None:
        if not writer.write(frame):
            raise VideoError(_("OpenCV did not take a frame: it has another size or dtype than the video."))

    try:
        if not writer.isOpened():
            raise VideoError(_("OpenCV cannot write this video: it has no such codec, or the size is odd."))
        yield write
    finally:
        writer.release()


@contextmanager
def _encoder(part: Path, path: Path) -> Iterator[Any]:
    """A function that takes a picture and its time. The size is that of the first picture."""
    import av

    name = repr(str(path))
    try:
        container = av.open(str(part), "w")
    except (av.error.FFmpegError, OSError, ValueError):
        raise VideoError(
            _("{name}: no video can be written under this name. Let it end with .mp4.", name=name)
        ) from None
    stream = None

    def encode(image: Image.Image, time: float) -> None:
        nonlocal stream
        even = image.crop((0, 0, image.width // 2 * 2, image.height // 2 * 2))
        if stream is None:
            codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = even.size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, TICKS)
        frame = av.VideoFrame.from_image(even)
        frame.pts, frame.time_base = round(time * TICKS), Fraction(1, TICKS)
        container.mux(stream.encode(frame))

    try:
        with container:
            yield encode
            if stream is not None:
                container.mux(stream.encode(None))
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(
            _("{name} cannot be written: {why}.", name=name, why=getattr(error, "strerror", None) or error)
        ) from None


def _view(picture: Image.Image, way: float, size: tuple[int, int]) -> Image.Image:
    """What the camera sees after this share of its way: it comes nearer, and moves from left to right."""
    width, height = size
    zoom = 1.0 - 0.35 * way
    scale = min(picture.width / width, picture.height / height) * zoom
    # rounding may make it a hair larger than the picture, which Pillow refuses
    seen_width, seen_height = min(width * scale, picture.width), min(height * scale, picture.height)
    left = (picture.width - seen_width) * (0.25 + 0.5 * way)
    top = (picture.height - seen_height) / 2
    return picture.resize(
        size, Image.Resampling.BILINEAR, box=(left, top, left + seen_width, top + seen_height), reducing_gap=2
    )
