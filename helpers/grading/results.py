"""What is kept of a class while it is graded, so that a run that was stopped can go on.

Each graded submission is a file of its own, named by all that its report depends on: the notebook's bytes, whose it
is, the terms, and this release of the course. So a file is taken over exactly when it would come out the same, and
what is missing, changed, half written or damaged is graded again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from helpers.grading.collecting import HandedIn
from helpers.grading.grade import Terms
from helpers.grading.release import release
from helpers.grading.reports.files import write_whole
from helpers.grading.reports.record import Graded

SEED_FILE = "seed"


def class_seed(folder: Path) -> int:
    """The secret seed of the class that is graded into a folder: drawn once, so that all have the same inputs.

    Args:
        folder: where it is kept, for its owner alone.
    """
    path = folder / SEED_FILE
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        pass  # none yet, or a damaged one; then everybody is graded with the new one
    seed = secrets.randbits(63)
    write_whole(path, f"{seed}\n".encode(), mode=0o600)
    return seed


class Results:
    """The graded submissions of one class in a folder of their own, each in a file."""

    def __init__(self, folder: Path, terms: Terms) -> None:
        self.folder = folder
        self.terms = terms

    def key(self, handed_in: HandedIn, data: bytes | None) -> str:
        """The name of a submission's result; ``data`` is None where its file could not be read."""
        terms = self.terms
        depends = [
            handed_in.learner,
            str(handed_in.path),
            terms.seed,
            terms.timeout,
            terms.language,
            release(),
        ]
        notebook = sha256(data).hexdigest() if data is not None else None
        return sha256(msgspec.json.encode([notebook, *depends])).hexdigest()[:40]

    def keep(self, key: str, graded: Graded, final: bool = True) -> None:
        """Store a result.

        Raises:
            CannotWrite: as when the disk is full.

        Args:
            key: see :meth:`key`.
            graded: the result.
            final: False where the next run should grade it again, since the fault was not the submission's.
        """
        body = msgspec.json.encode(_Stored(key, final, graded))
        write_whole(self._path(key), sha256(body).hexdigest().encode() + b"\n" + body, mode=0o600)

    def final(self, key: str) -> Graded | None:
        """The result of an earlier run, where there is one that need not be graded again."""
        stored = self._read(key)
        return stored.graded if stored is not None and stored.final else None

    def get(self, key: str) -> Graded:
        """A result.

        Raises:
            LookupError: when it is not there, or damaged.
        """
        stored = self._read(key)
        if stored is None:
            raise LookupError(f"{self._path(key)} was changed or removed meanwhile. Run the command again.")
        return stored.graded

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _read(self, key: str) -> _Stored | None:
        try:
            digest, _newline, body = self._path(key).read_bytes().partition(b"\n")
            if digest == sha256(body).hexdigest().encode():
                stored = msgspec.json.decode(body, type=_Stored)
                return stored if stored.key == key else None
        except (OSError, msgspec.MsgspecError):
            pass
        return None


class _Stored(msgspec.Struct, frozen=True):
    key: str
    final: bool
    graded: Graded


class GradedClass(Sequence[Graded]):
    """The results of a class in the order of its submissions, each read when it is asked for.

    So the memory that a report needs does not grow with the class.
    """

    def __init__(self, results: Results, keys: Sequence[str]) -> None:
        self._results = results
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Graded]:
        return map(self._results.get, self._keys)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return GradedClass(self._results, self._keys[place])
        return self._results.get(self._keys[place])
