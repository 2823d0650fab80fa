"""What a handout allows: a copy of the course that a teacher gives out, without sources and solutions.

A handout has a file ``handout.json`` in its folder, with the stubs that ``reset`` brings back and the time from
which ``solution`` is open. The solutions are not in it: the teacher gives them out later, as ``solutions.json``,
which is put beside it. Where there is no ``handout.json``, both come from the lessons' sources.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from helpers.authoring.source import solution_of, stub_of
from helpers.exercises import lesson_of
from helpers.paths import ROOT
from helpers.text import Message, _

HANDOUT, SOLUTIONS = "handout.json", "solutions.json"


class Handout(msgspec.Struct, frozen=True):
    """A teacher's setting: ``solutions_from`` is when solutions open (with its time zone), None for never."""

    solutions_from: datetime | None
    stubs: dict[str, str]


class Solutions(msgspec.Struct, frozen=True):
    """The solutions that a teacher gives out, by exercise."""

    solutions: dict[str, str]


class Damaged(Exception):
    """One of the two files cannot be read; ``says`` tells which, and what to do."""

    def __init__(self, says: Message) -> None:
        super().__init__(str(says))
        self.says = says


def handout(folder: Path = ROOT) -> Handout | None:
    """The setting of the teacher whose handout this is; None in a copy of the course that is no handout.

    Raises:
        Damaged: when the file is there and cannot be read.
    """
    return _read(folder / HANDOUT, Handout)


def stub(id: str, folder: Path = ROOT) -> str | None:
    """The stub of an exercise, or None when this copy of the course has none.

    Raises:
        Damaged: see :func:`handout`.
    """
    given = handout(folder)
    return stub_of(lesson_of(id).name, id) if given is None else given.stubs.get(id)


def solution(id: str, folder: Path = ROOT) -> str | None:
    """The solution of an exercise, or None when this copy of the course has none.

    Raises:
        Damaged: see :func:`handout`.
    """
    if handout(folder) is None:
        return solution_of(lesson_of(id).name, id)
    given = _read(folder / SOLUTIONS, Solutions)
    return None if given is None else given.solutions.get(id)


def why_closed(folder: Path = ROOT) -> Message | None:
    """Why no solution can be shown in this copy, or None when solutions are open to a learner who tried."""
    try:
        given = handout(folder)
    except Damaged as error:
        return error.says
    if given is None:
        return None
    there = (folder / SOLUTIONS).exists()
    opens = given.solutions_from
    if opens is None:
        return None if there else _("Your teacher keeps the solutions closed.")
    when = opens.isoformat(sep=" ", timespec="minutes")
    if opens > datetime.now(UTC):
        return _("Your teacher opens the solutions on {when}.", when=when)
    if not there:
        return _(
            "The solutions have been open since {when}. They come as a file of their own: ask your teacher for "
            "{file}, and put it in the folder {folder}.",
            when=when,
            file=SOLUTIONS,
            folder=folder,
        )
    return None


def _read(path: Path, kind: type) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise Damaged(
            _("{file} is damaged: ask your teacher for it again. ({error})", file=path, error=error)
        ) from None
