"""What answers may use, and what they may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one submission's answers may use. Sizes in bytes, times in seconds."""

    cell: float = 30.0
    """Processor time of one cell, and of all of them."""
    cpu: float = 300.0
    """Processor time of the whole submission, with all the processes that it starts."""
    memory: int = 4 * 2**30
    """Of one process, beyond what it has when it starts."""
    all_memory: int = 6 * 2**30
    """Of all its processes together."""
    disk: int = 512 * 2**20
    """In its own folder, the only one it can write to, and in any one file."""
    files_made: int = 20_000
    """Files and folders in its own folder."""
    open_files: int = 512
    processes: int = 64
    threads: int = 512
    """Of all its processes together; where the kernel does not count root's, the judge counts processes alone."""
    message: int = 64 * 2**20
    """What it answers to one request."""


@dataclass(frozen=True)
class View:
    """What an answer sees of the disk, read-only, beside its own folder."""

    closed: Sequence[str] = ()
    """Folders and files in which it sees nothing."""
    needed: Sequence[str] = ()
    """Folders that it sees although they lie in closed ones: Python and its packages."""
    shut: Sequence[str] = ()
    """Folders and files in which it sees nothing, even where they lie in needed ones."""


LIMITS = Limits()
ALL_SEEN = View()
