"""Files that are there whole or not at all, also after a crash."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file under another name, and give it its own only when all of it lies on the disk.

    Args:
        path: of the file, in a folder that is there.
        data: what it shall hold.
        mode: who may read and write it, as for ``chmod``.

    Raises:
        OSError: as when the disk is full; then what was at this path is there as before.
    """
    number, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
