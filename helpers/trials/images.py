"""Trials of lesson 08: folders of files, and videos as files and as streams of frames."""

from __future__ import annotations

import tempfile
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn

from helpers.trials.preprocessing import Preprocess


class ColourNamer(nn.Module):
    """Names the colour that a picture comes nearest to: float (N, 3, H, W) to logits (N, C).

    ``calls`` lists, for each call, the shape, and whether gradients were on; ``fails`` makes each call raise.
    """

    def __init__(self, colours: torch.Tensor, fails: bool = False) -> None:
        super().__init__()
        # a parameter, so that autograd would record, scaled as Preprocess scales
        self.colours = nn.Parameter((colours / 255 - 0.5) / 0.25)
        self.fails = fails
        self.calls: list[dict[str, Any]] = []
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append({"shape": list(x.shape), "grad_mode": torch.is_grad_enabled()})
        if self.fails:
            raise ModelFailed("not enough memory (raised on purpose)")
        return -2 * torch.cdist(x.mean(dim=(2, 3)), self.colours)


class ModelFailed(RuntimeError):
    """What the model raises on purpose."""


# images-1


def classify_files(
    answer: Callable,
    files: list[tuple[str, bytes]],
    folders: list[tuple[str, str, bytes]],
    colours: torch.Tensor,
    categories: list[str],
    batch_size: int,
    fails: bool = False,
) -> dict[str, Any]:
    """Write the files, and the folders with one file each; call the answer on all: its ``value`` and what was used."""
    model, preprocess = ColourNamer(colours, fails), Preprocess()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, data in files:
            Path(folder, name).write_bytes(data)
        for name, inner, data in folders:
            Path(folder, name).mkdir()
            Path(folder, name, inner).write_bytes(data)
        try:
            value, came_out = answer(folder, model, preprocess, list(categories), batch_size), False
        except Exception:
            if not fails:
                raise
            value, came_out = None, True
    return {"value": value, "got": preprocess.got, "calls": model.calls, "came_out": came_out}


# images-2


def take_frames(answer: Callable, video: bytes, every: int | None, limit: int | None) -> dict[str, Any]:
    """All that ``answer(path, every=…, limit=…)`` gives (None: the argument is left out)."""
    chosen = {name: value for name, value in {"every": every, "limit": limit}.items() if value is not None}
    with _video(video) as path:
        value = answer(path, **chosen)
        lazy = hasattr(type(value), "__next__")
        return {"type": type(value).__name__, "lazy": lazy, "items": list(value) if lazy else value}


def leave_frames(answer: Callable, video: bytes) -> dict[str, Any]:
    """Whether the file is open after each way to leave ``answer(path)``."""
    seen = {}
    with _video(video) as path:
        frames = answer(path)
        if not hasattr(type(frames), "__next__"):
            return {"lazy": False, "opened": True, "left_open": []}
        opened = next(frames, None) is not None
        for _frame in frames:
            pass
        seen["at its end"] = _is_open(path)
        frames = answer(path, limit=2)
        list(frames)
        seen["at the limit"] = _is_open(path)
        frames = answer(path)
        next(frames, None)
        close = getattr(frames, "close", None)
        if close is not None:
            close()
        seen["after close()"] = _is_open(path)
        frames = answer(path)
        try:
            for _frame in frames:
                raise ModelFailed
        except ModelFailed as error:
            error.__traceback__ = None
        del frames
        seen["after an error in the loop"] = _is_open(path)
    return {"lazy": True, "opened": opened, "left_open": [name for name, state in seen.items() if state]}


def hold_frames(answer: Callable, video: bytes, frame_bytes: int) -> dict[str, Any]:
    """How many frames, as arrays or pictures, are in memory when the second one has been taken."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        with _video(video) as path, _pictures_made() as made:
            frames = answer(path)
            if not hasattr(type(frames), "__next__"):
                return {"lazy": False, "held": 0}
            first, second = next(frames, None), next(frames, None)
            traces = tracemalloc.take_snapshot().traces
            arrays = sum(trace.size for trace in traces if trace.size >= frame_bytes) // frame_bytes
            held = max(arrays, sum(picture() is not None for picture in made))
            del first, second, frames
    finally:
        if not running:
            tracemalloc.stop()
    return {"lazy": True, "held": held}


@contextmanager
def _pictures_made() -> Iterator[list[weakref.ref]]:
    """All PIL pictures that are made inside the block, of whose pixels tracemalloc sees nothing."""
    made: list[weakref.ref] = []
    original = Image.Image.__init__

    def note(self: Image.Image, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append(weakref.ref(self))

    Image.Image.__init__ = note
    try:
        yield made
    finally:
        Image.Image.__init__ = original


def refuse_video(answer: Callable, data: bytes | None) -> dict[str, Any]:
    """What happens when the first frame of a file is asked for that is no video; ``data`` is None for no file."""
    with _video(data) as path:
        try:
            frames = list(answer(path))
        except Exception as error:
            return {"raised": [kind.__name__ for kind in type(error).__mro__], "frames": 0}
        return {"raised": [], "frames": len(frames)}


class _video:
    """A path to a file with these bytes, inside a ``with`` block."""

    def __init__(self, data: bytes | None) -> None:
        self.data = data

    def __enter__(self) -> str:
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        path = Path(self.folder.name, "video.mkv")
        if self.data is not None:
            path.write_bytes(self.data)
        return str(path)

    def __exit__(self, *_error) -> None:
        self.folder.cleanup()


def _is_open(path: str) -> bool:
    import psutil

    real = Path(path).resolve()
    return any(Path(file.path).resolve() == real for file in psutil.Process().open_files())


# images-3


def classify_stream(
    answer: Callable, pictures: list[Any], colours: torch.Tensor, batch_size: int
) -> dict[str, Any]:
    """Take all that ``answer(frames, model, preprocess, batch_size)`` gives, and note for each result how far it was.

    ``taken`` is how many frames had been taken when a result came, ``grad`` whether gradients were on in the body of
    the loop, ``alive`` the most frames that were in memory when another one was asked for.
    """
    model, preprocess = ColourNamer(colours), Preprocess()
    notes: dict[str, Any] = {"taken": [], "grad": [], "alive": 0}
    given: list[weakref.ref] = []

    def frames() -> Iterator[Image.Image]:
        for place in range(len(pictures)):
            notes["alive"] = max(notes["alive"], sum(one() is not None for one in given))
            picture = pictures[place].copy()
            given.append(weakref.ref(picture))
            yield picture
            del picture

    results = []
    with torch.enable_grad():
        value = answer(frames(), model, preprocess, batch_size)
        lazy = hasattr(type(value), "__next__")
        iterator = value if lazy else iter(value if isinstance(value, (list, tuple, torch.Tensor)) else ())
        for result in iterator:
            notes["taken"].append(len(given))
            notes["grad"].append(torch.is_grad_enabled())
            results.append(result)
    return {
        **notes,
        "lazy": lazy,
        "type": type(value).__name__,
        "value": results,
        "got": preprocess.got,
        "calls": model.calls,
    }
