"""Writing files whole or not at all, under names that every system allows."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path

LONGEST_NAME = 120
"""Bytes of a file's name without its ending; most systems allow 255 in all."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class CannotWrite(Exception):
    """A report that could not be written; the message names the file and says why."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"Cannot write {path}: {error.strerror or error}. No half-written file was left; an older one is as it was."
        )


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file under another name first, which then takes its place. Its folder is made if need be.

    Args:
        path: of the file.
        data: what it shall hold.
        mode: who may read and write it, less what the user's umask takes away.

    Raises:
        CannotWrite: when the file or its folder cannot be written, or the disk is full.
    """
    temporary = _temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # some file systems tell only now that they are full
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CannotWrite(path, error) from None


def check_writable(path: Path) -> None:
    """Find out before the work is done whether a file could be written. Makes its folder, and no file.

    Raises:
        CannotWrite: when it could not.
    """
    temporary = _temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        temporary.unlink()
    except OSError as error:
        raise CannotWrite(path, error) from None


def _temporary(path: Path) -> Path:
    """A name of this process's own beside the file, so that two runs do not write to the same one."""
    return path.with_name(f".{os.getpid()}-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}.tmp")


class FileNames:
    """A file name for each person's name, another one for each, on systems that take upper and lower case as one too.

    A name that must be changed for that gets a part that depends on nothing but the name, so that one learner's
    page keeps its name whoever else is in the class.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, person: str) -> str:
        """The file name, without an ending."""
        plain = re.sub(r"[^\w. -]+", "_", person).strip("._ ")
        short = plain.encode()[:LONGEST_NAME].decode(errors="ignore")
        if short != person or _RESERVED.fullmatch(short) or self._folded(short) in self._taken:
            digest = hashlib.sha256(person.encode("utf-8", "backslashreplace")).hexdigest()[:10]
            short = f"{short or 'learner'}-{digest}"
        self._taken.add(self._folded(short))
        return short

    @staticmethod
    def _folded(name: str) -> str:
        return unicodedata.normalize("NFKC", name).casefold()
