# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 11 · What changed
#
# This course grew out of an older one. Here stands each statement and each call of the original that is wrong or
# outdated, and what it left out; what is true now; and the cell that shows it. At the end stands where each item of
# the original has its place today. There are no exercises here.
#
# - **wrong**: it was never so, or not in general.
# - **outdated**: it was right, and has been replaced.
# - **left out**: nothing was said, and one falls into it.
#
# ## Calls of yesterday, on your machine
#
# The calls that were replaced do not all fail. Some warn, some are gone, and some stay silent. What each does in the
# versions that you have:

# %%
import warnings

import torch
import torchvision
from torch import nn
from torchvision.transforms import v2

from helpers import next_unsolved, progress
from helpers.plots import show_table
from helpers.reference import find_change

layer, example = nn.Linear(2, 2).eval(), torch.randn(3, 2)
old_calls = {
    "torch.jit.trace(model, example)": lambda: torch.jit.trace(layer, example),
    "torch.jit.script(model)": lambda: torch.jit.script(layer),
    "torch.cuda.amp.autocast()": lambda: torch.cuda.amp.autocast(enabled=False),
    "v2.ToTensor()": v2.ToTensor,
    "torchvision.io.read_video(path)": lambda: torchvision.io.read_video,
    "model.half()": lambda: nn.Linear(2, 2).half(),
}
rows = []
for call, run in old_calls.items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            run()
            outcome = caught[0].category.__name__ if caught else "runs, and says nothing"
        except AttributeError:
            outcome = "is gone"
    rows.append([call, outcome])
show_table(rows, ["call", "today"])

# %% [markdown]
# ## Look something up
#
# As on the [summary sheet](10_summary.ipynb): any part of a word, in English or Chinese. `find_change("outdated")` shows
# all of one kind, `find_change()` everything.

# %%
find_change("dropout")

# %% [markdown] page="changes"

# %% [markdown]
# ## Where everything went
#
# Each item of the original course, and the cells that teach it now. A test of this course
# (`tests/test_coverage.py`) fails when one of these cells is gone.

# %% [markdown] page="items"

# %%
progress()
