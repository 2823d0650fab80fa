"""The evidence of an exercise: answers known to be right, and answers known to be wrong, each with its mistake.

``tests/evidence/<id>.py`` is a script in percent format. Each cell is one whole answer as a learner would hand it in::

    # %% right="a loop over the modules"
    # %% wrong="scaled-twice"
    # %% wrong="wrong-values" earned=1 why="only the first part is right"
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.paths import EVIDENCE


@dataclass(frozen=True)
class Sample:
    """One answer.

    ``mistake`` is None for a right answer; ``earned`` is the points a wrong one still gets; ``status`` is the
    verdict it must get when that is told.
    """

    exercise: str
    name: str
    code: str
    mistake: str | None = None
    earned: int = 0
    status: str | None = None

    @property
    def right(self) -> bool:
        """Whether it must pass."""
        return self.mistake is None


class EvidenceError(Exception):
    """An evidence file that cannot be used, with what to do."""


def evidence_path(id: str) -> Path:
    """The evidence file of an exercise."""
    return EVIDENCE / f"{id}.py"


def read_evidence(id: str) -> list[Sample]:
    """All answers of one exercise; empty when there is no file.

    Raises:
        EvidenceError: when a cell is neither right nor wrong.
    """
    path = evidence_path(id)
    return _parse(id, path.read_text(encoding="utf-8")) if path.exists() else []


@cache
def _parse(id: str, text: str) -> list[Sample]:
    import jupytext

    samples = []
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        data = cell.metadata
        if ("right" in data) == ("wrong" in data):
            raise EvidenceError(
                f'{evidence_path(id)}: begin each answer with `# %% right="…"` or `# %% wrong="mistake"`.'
            )
        if "right" in data:
            samples.append(Sample(id, f"right: {data['right']}", cell.source))
        else:
            name = f"wrong: {data['wrong']}" + (f" ({data['why']})" if "why" in data else "")
            samples.append(
                Sample(id, name, cell.source, data["wrong"], int(data.get("earned", 0)), data.get("status"))
            )
    names = [sample.name for sample in samples]
    for name in names:
        if names.count(name) > 1:
            raise EvidenceError(
                f'{evidence_path(id)}: two answers are called “{name}”. Add why="…" to tell them apart.'
            )
    return samples
