"""Writing an export: into a folder without touching what is not ours, or as one archive, written whole or not at all."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

import msgspec

from helpers.paths import ROOT

MANIFEST = ".course-export.json"
"""Names the files that an export wrote, so that the next one replaces exactly those."""
EPOCH = (2026, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the same course gives the same bytes."""

Files = Mapping[str, bytes]
"""What to write: paths with forward slashes, below the export's folder."""


class ExportError(Exception):
    """An export that cannot be written; the message says why and what to do."""


def write_folder(folder: Path, target: str, files: Files, force: bool, alone: bool = True) -> None:
    """Write an export into a folder, which is made if need be.

    With ``force``, files of an earlier export of the same kind that are no longer part of it are removed. Nothing
    else is: a file that is not ours is overwritten only where ours has the same name.

    Args:
        folder: where to.
        target: the kind of export, such as "handout".
        files: what to write.
        force: write although the folder holds something already.
        alone: without ``force``, whether the folder must be empty; else only our own files must not be there.

    Raises:
        ExportError: when the folder is in use, cannot be written, or is the course's own.
    """
    if ROOT.resolve().is_relative_to(folder.resolve()):
        raise ExportError(f"{folder} holds the course itself. Choose a folder of its own.")
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is a file. Choose a folder.")
    try:
        _refuse_what_is_there(folder, files, force, alone)
        for name in _written_before(folder, target) - set(files):
            with suppress(FileNotFoundError):
                _inside(folder, name).unlink()
        for name, data in files.items():
            path = _inside(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, data)
        known = _manifests(folder) | {target: sorted(files)}
        _write_whole(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(known)))
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error}.") from None


def write_file(path: Path, data: bytes, force: bool) -> None:
    """Write an export that is one file.

    Raises:
        ExportError: when it exists already and ``force`` is not given, or cannot be written.
    """
    if path.is_dir():
        raise ExportError(f"{path} is a folder. Give the name of a file.")
    if path.exists() and not force:
        raise ExportError(f"{path} is there already. Choose another name, or replace it with --force.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, data)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error}.") from None


def archive(files: Files, executable: frozenset[str] = frozenset()) -> bytes:
    """A zip file; those named in ``executable`` may be run after unpacking."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zip:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | (0o755 if name in executable else 0o644)) << 16
            zip.writestr(entry, data)
    return buffer.getvalue()


def _refuse_what_is_there(folder: Path, files: Files, force: bool, alone: bool) -> None:
    if force or not folder.is_dir():
        return
    there = list(folder.iterdir()) if alone else [folder / name for name in files if (folder / name).exists()]
    if there:
        what = f"{folder} is not empty" if alone else f"{there[0]} is there already"
        raise ExportError(f"{what}. Choose another folder, or write into this one with --force.")


def _manifests(folder: Path) -> dict[str, list[str]]:
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=dict[str, list[str]])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}


def _written_before(folder: Path, target: str) -> set[str]:
    return set(_manifests(folder).get(target, []))


def _inside(folder: Path, name: str) -> Path:
    """A path below the folder; what an edited manifest names outside of it is refused."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ExportError(f"{folder / MANIFEST} names a file outside its folder: {name}. Delete that file.")
    return folder / path


def _write_whole(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
