"""Waiting for other processes in tests: for a state, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

PATIENCE = 300.0
"""Seconds after which something is believed never to happen, on a machine with much else to do."""


def until(condition: Callable[[], object]) -> None:
    """Wait until it is true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def lives(process: psutil.Process) -> bool:
    """Whether it still runs; what has ended and nobody has waited for does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
