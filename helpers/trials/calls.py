"""Trials that serve any lesson."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def call(answer: Callable, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Call a function: its ``value``, and the arguments as they are afterwards (``args``, ``kwargs``)."""
    value = answer(*args, **kwargs)
    return {"value": value, "args": args, "kwargs": kwargs}


def call_each(answer: Callable, calls: list[list[Any]]) -> dict[str, Any]:
    """Call a function once for each list of arguments: the list of ``values``."""
    return {"values": [answer(*args) for args in calls]}
