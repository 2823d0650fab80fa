"""Plain copies of what an answer received, returned or left behind.

A copy holds no object of the learner's: taking one runs none of their code (no ``__repr__``, ``__eq__`` or tensor
subclass), and it can be sent to another process as msgpack, which unlike pickle cannot carry code.
"""

from __future__ import annotations

import math
import pathlib
from typing import Any, Union

import msgspec
import numpy as np
import torch

MAX_DEPTH = 8
MAX_ITEMS = 10_000
MAX_TEXT = 200_000
MAX_TENSOR_BYTES = 256 * 2**20


class Sent(msgspec.Struct, frozen=True, tag_field="is_a"):
    """Anything that goes from one process to the other."""


class TensorSeen(Sent, tag="tensor"):
    """A tensor or array: its values on the CPU, outside any graph, and the state that it had."""

    data: torch.Tensor
    device: str = "cpu"
    requires_grad: bool = False
    inference: bool = False
    array: bool = False
    """True for a numpy array."""


class ListSeen(Sent, tag="list"):
    """A list, or with ``kind`` "tuple" or "set" one of those."""

    items: list[Seen]
    kind: str = "list"


class DictSeen(Sent, tag="dict"):
    """A dictionary, as pairs in its order."""

    pairs: list[tuple[Seen, Seen]]


class ImageSeen(Sent, tag="image"):
    """A PIL image: its mode and its pixels, uint8 of shape (H, W) or (H, W, C)."""

    mode: str
    pixels: torch.Tensor


class BytesSeen(Sent, tag="bytes"):
    """A bytes object."""

    data: bytes


class Opaque(Sent, tag="opaque"):
    """Any other object: the name of its type, and for a few harmless types its text."""

    type: str
    text: str = ""


Seen = Union[None, bool, int, float, str, BytesSeen, TensorSeen, ListSeen, DictSeen, ImageSeen, Opaque]  # noqa: UP007


def snapshot(value: Any, depth: int = 0) -> Seen:
    """A plain copy of a value; what cannot be copied becomes :class:`Opaque`."""
    kind = type(value)  # and never isinstance, which may ask the object itself
    if value is None or kind is bool or kind is float:
        return value
    if issubclass(kind, Sent):
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**64 else Opaque("int", "beyond 64 bits")
    if issubclass(kind, str):
        return str.__str__(value)[:MAX_TEXT]
    if kind is bytes:
        return BytesSeen(value)
    if issubclass(kind, torch.Tensor):
        return _tensor(value)
    if issubclass(kind, np.ndarray):
        return _array(value)
    if issubclass(kind, np.generic):
        return snapshot(value.item(), depth)
    if issubclass(kind, (torch.dtype, torch.device, pathlib.PurePath)):
        return Opaque(kind.__name__, str(value))
    if depth >= MAX_DEPTH:
        return Opaque(kind.__name__, "nested too deeply")
    if issubclass(kind, (list, tuple, set, frozenset)):
        return _sequence(value, kind, depth)
    if issubclass(kind, dict):
        pairs = list(dict.items(value))[:MAX_ITEMS]
        return DictSeen([(snapshot(key, depth + 1), snapshot(item, depth + 1)) for key, item in pairs])
    return _image(value) or Opaque(kind.__name__)


def _tensor(value: torch.Tensor) -> Seen:
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        if value.layout != torch.strided:
            return Opaque("Tensor", str(value.layout))
        if value.is_meta or value.is_quantized or value.numel() * value.element_size() > MAX_TENSOR_BYTES:
            return Opaque("Tensor", f"{value.dtype} {tuple(value.shape)}")
        data = value.detach().cpu().as_subclass(torch.Tensor).clone(memory_format=torch.contiguous_format)
        return TensorSeen(
            data, device=value.device.type, requires_grad=value.requires_grad, inference=value.is_inference()
        )


def _array(value: np.ndarray) -> Seen:
    if value.dtype.kind not in "biuf" or value.nbytes > MAX_TENSOR_BYTES:
        return Opaque("ndarray", str(value.dtype))
    try:
        return TensorSeen(torch.from_numpy(np.array(value, order="C", subok=False)), array=True)
    except TypeError:
        return Opaque("ndarray", str(value.dtype))


def _sequence(value: Any, kind: type, depth: int) -> Seen:
    base = next(base for base in (list, tuple, set, frozenset) if issubclass(kind, base))
    items = [item for item, _ in zip(base.__iter__(value), range(MAX_ITEMS), strict=False)]
    name = {list: "list", tuple: "tuple"}.get(base, "set")
    return ListSeen([snapshot(item, depth + 1) for item in items], kind=name)


def _image(value: Any) -> ImageSeen | None:
    from PIL import Image

    if not issubclass(type(value), Image.Image):
        return None
    pixels = np.array(Image.Image.convert(value, value.mode), dtype=np.uint8)
    return ImageSeen(value.mode, torch.from_numpy(pixels))


def plain(seen: Seen) -> Any:
    """A fresh ordinary Python value from a copy: tensors, arrays, lists, dictionaries, images."""
    match seen:
        case TensorSeen(array=True):
            return seen.data.clone().numpy()
        case TensorSeen():
            return seen.data.clone().requires_grad_(seen.requires_grad)
        case ListSeen():
            kind = {"tuple": tuple, "set": set}.get(seen.kind, list)
            return kind(plain(item) for item in seen.items)
        case DictSeen():
            return {plain(key): plain(item) for key, item in seen.pairs}
        case BytesSeen():
            return seen.data
        case ImageSeen():
            from PIL import Image

            return Image.fromarray(seen.pixels.numpy().copy(), mode=None if seen.mode == "P" else seen.mode)
        case _:
            return seen


def _encode_tensor(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        raw = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        return [str(value.dtype).removeprefix("torch."), list(value.shape), raw]
    raise NotImplementedError(f"cannot send {type(value)}")


def _decode_tensor(kind: type, value: Any) -> Any:
    try:
        name, shape, raw = value
        dtype = getattr(torch, name)
        if name.startswith("q") or math.prod(shape) * dtype.itemsize != len(
            raw
        ):  # before it is made, of that size
            raise ValueError
        if not raw:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(dtype).reshape(shape)
    except (AttributeError, TypeError, ValueError, OverflowError, RuntimeError):
        raise ValueError("no tensor") from None


def encode(message: msgspec.Struct) -> bytes:
    """A message made of copies, as msgpack."""
    return msgspec.msgpack.encode(message, enc_hook=_encode_tensor)


def decode(data: bytes, kind: Any) -> Any:
    """The message again.

    Raises:
        msgspec.MsgspecError, RecursionError: when the bytes are no such message (a hostile sender may send anything).
    """
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_decode_tensor)
