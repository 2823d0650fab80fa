"""What the server process that forks answer processes has imported: all that lessons import, once, and no judge.

Whatever it holds, its children can read, so nothing here may know an exercise's reference, seed or solution.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

LESSONS_IMPORT = (
    "torch",
    "torchvision.transforms.v2",
    "matplotlib.pyplot",
    "helpers.images",
    "helpers.models",
    "helpers.plots",
    "helpers.timing",
    "helpers.trials.calls",
    "helpers.trials.capstone",
    "helpers.trials.probes",
    "helpers.trials.server",
)

for _name in LESSONS_IMPORT:
    with suppress(ImportError):  # then the answer that needs it says so
        import_module(_name)
