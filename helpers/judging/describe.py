"""Saying in a few words what a value is."""

from __future__ import annotations

from typing import Any

import torch

from helpers.text import Message, _
from helpers.trials.values import BytesSeen, DictSeen, ImageSeen, ListSeen, Opaque, Seen, TensorSeen, snapshot

FEW = 6
"""Tensors and lists of at most this many items are shown whole."""


def describe(value: Any) -> Message:
    """A short description of a copy, or of a value of our own: type, shape, dtype, and values if they are few."""
    seen: Seen = snapshot(value)
    match seen:
        case None:
            return _("None")
        case TensorSeen():
            return _tensor(seen)
        case ListSeen(items=items, kind=kind):
            if len(items) <= FEW and all(isinstance(item, (bool, int, float, str)) for item in items):
                shown = ", ".join(_scalar(item) for item in items)
                return _("{kind} [{items}]", kind=kind, items=shown)
            return _("{kind} of {n} items", kind=kind, n=len(items))
        case DictSeen(pairs=pairs):
            keys = ", ".join(
                _scalar(key) for key, _item in pairs[:FEW] if isinstance(key, (bool, int, float, str))
            )
            return _("dict of {n} items with the keys {keys}", n=len(pairs), keys=keys)
        case ImageSeen(mode=mode, pixels=pixels):
            return _(
                "a PIL image, mode {mode}, {width}×{height}",
                mode=mode,
                width=pixels.shape[1],
                height=pixels.shape[0],
            )
        case Opaque(type=kind, text=text):
            return (
                Message(text)
                if text and kind in ("dtype", "device")
                else _("an object of type {type}", type=kind)
            )
        case BytesSeen(data=data):
            return _("{n} bytes", n=len(data))
        case _:
            return _("{value} ({type})", value=_scalar(seen), type=type(seen).__name__)


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…'"


def _tensor(seen: TensorSeen) -> Message:
    data = seen.data
    dtype = str(data.dtype).removeprefix("torch.")
    shape = "(" + ", ".join(map(str, data.shape)) + ("," if data.dim() == 1 else "") + ")"
    noun = _("NumPy array") if seen.array else _("tensor")
    if data.numel() == 0 or data.dtype.is_complex:
        return _("{dtype} {noun} of shape {shape}", dtype=dtype, noun=noun, shape=shape)
    if data.numel() <= FEW:
        shown = ", ".join(_scalar(item) for item in data.reshape(-1).tolist())
        return _(
            "{dtype} {noun} of shape {shape}: {values}", dtype=dtype, noun=noun, shape=shape, values=shown
        )
    low, high = torch.aminmax(data.to(torch.float64))
    return _(
        "{dtype} {noun} of shape {shape}, values from {low} to {high}",
        dtype=dtype, noun=noun, shape=shape, low=_scalar(low.item()), high=_scalar(high.item()),
    )  # fmt: skip
