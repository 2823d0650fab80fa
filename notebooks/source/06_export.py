# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 06 · Export: from Python to anywhere
#
# So far a model was Python: to use it you need the class that defines it, PyTorch, and an interpreter. An *export*
# turns it into a file that holds the computation itself. Another program can run it, on a server or a phone, written
# in another language.
#
# What is exported is what the model did in one look at it. Whatever you did not say is fixed for ever: the batch size,
# the mode, the branch that was taken. This lesson shows each of these traps, and how to prove that the file gives the
# model's numbers.
#
# After this lesson you can
#
# - export a model with `torch.export` for batches of any size, save it as `.pt2` and load it where its class is unknown;
# - say what breaks an export, and mend a branch that depends on the data with `torch.cond`;
# - recognise TorchScript in existing systems, and know why a trace is dangerous;
# - write an ONNX file with `torch.onnx.export`, check it, and run it with ONNX Runtime;
# - read from a file what it demands of its user: names, dtypes, shapes;
# - measure how well an exported model agrees with the original, and choose where the preprocessing belongs.

# %%
import io
import logging
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import contextmanager, redirect_stderr
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.export import Dim
from torch.export.passes import move_to_device_pass
from torchvision.transforms import v2

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.bars import busy
from helpers.images import photo
from helpers.models import best_device, classify, load_classifier
from helpers.plots import show_figure, show_table
from helpers.timing import compare

# %% [markdown]
# ## A model without its Python
#
# `torch.export.export` runs the model once, with an example that has shapes and dtypes and no values. It writes down
# each operation on tensors. Everything else that Python did meanwhile is gone:

# %%
class Talkative(nn.Module):
    """Three numbers to two, with a remark."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x):
        print("  this is Python speaking")
        return self.linear(x).relu()


torch.manual_seed(0)
talkative = Talkative().eval()
example = torch.randn(2, 3)

print("export:")
program = torch.export.export(talkative, (example,))
print("model:")
expected = talkative(example)
print("program:")
result = program.module()(example)
print("same result:", torch.equal(result, expected))

# %% [markdown]
# `program` is an `ExportedProgram`. It holds the weights and a *graph*: the inputs (parameters first, then your own),
# the operations, the output. `program.module()` makes a module that you can call. Its operations come from a small fixed
# set called ATen, whatever class the model was.

# %%
show_table(
    [(node.op, node.name, str(node.target)) for node in program.graph.nodes], ["kind", "name", "operation"]
)

# %% [markdown]
# A real model gives a longer list of the same kind. This is the classifier that comes with the course:

# %%
classifier = load_classifier("efficientnet_lite0")
two_pictures = torch.randn(2, 3, 224, 224)
program = torch.export.export(classifier.model, (two_pictures,), dynamic_shapes=({0: Dim("batch")},))

operations = Counter(str(node.target) for node in program.graph.nodes if node.op == "call_function")
show_table(operations.most_common(), ["operation", "how often"])

# %% [markdown]
# ## A batch of any size
#
# `dynamic_shapes` in the last cell said that dimension 0 may change. Here is a small model, exported without it:

# %%
class SmallNet(nn.Module):
    """Pictures (N, 3, H, W) to logits (N, 5)."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(8, 5))

    def forward(self, x):
        return self.head(self.features(x))


torch.manual_seed(0)
small = SmallNet().eval()
example = torch.randn(2, 3, 16, 16)
program = torch.export.export(small, (example,))

# %%
predict("export-q1")

# %%
for n in (2, 3):
    try:
        print(n, "pictures:", tuple(program.module()(torch.randn(n, 3, 16, 16)).shape))
    except AssertionError as error:
        print(n, "pictures:", type(error).__name__, "·", error)

# %%
reveal("export-q1")

# %% [markdown]
# `dynamic_shapes` has one entry for each input, here a dictionary from the dimension to a `Dim`. There are three kinds:
#
# - `Dim("batch")` has a name. If the code turns out to need one certain size, the export fails.
# - `Dim.DYNAMIC` is the same without a name.
# - `Dim.AUTO` means: dynamic if you can, else fixed. Then it fails nowhere, and only logs a line.
#
# And there is a trap that has nothing to do with the kind: **a dimension of size 1 in the example is taken for a
# constant**. We try all of it:

# %%
@contextmanager
def quiet():
    """torch writes pages about a failed export to the screen; the error itself is enough for us."""
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


kinds = {
    "nothing said": None,
    'Dim("batch")': ({0: Dim("batch")},),
    "Dim.AUTO": ({0: Dim.AUTO},),
}
sizes = [1, 2, 3, 8]
grid = {}
for count in (2, 1):
    for kind, shapes in kinds.items():
        name = f"example of {count}, {kind}"
        try:
            with quiet():
                exported = torch.export.export(small, (example[:count],), dynamic_shapes=shapes).module()
        except Exception as error:
            grid[name] = ["export fails"] * len(sizes)
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0][:34]}…")
            continue
        grid[name] = []
        for n in sizes:
            try:
                exported(torch.randn(n, 3, 16, 16))
                grid[name].append("works")
            except AssertionError:
                grid[name].append("refused")

looks = {"works": ("#009e73", ""), "refused": ("#d55e00", "//"), "export fails": ("#bbbbbb", "..")}
figure, panel = plt.subplots(figsize=(8, 3.2), layout="constrained")
for row, outcomes in enumerate(grid.values()):
    for column, outcome in enumerate(outcomes):
        colour, hatch = looks[outcome]
        panel.add_patch(
            plt.Rectangle((column, row), 0.94, 0.9, facecolor=colour, hatch=hatch, edgecolor="white")
        )
        panel.text(
            column + 0.47, row + 0.45, outcome, ha="center", va="center", fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
panel.set(xlim=(0, len(sizes)), ylim=(len(grid), 0), xlabel="pictures in the batch that the program is given")
panel.set_xticks([place + 0.47 for place in range(len(sizes))], sizes)
panel.set_yticks([place + 0.45 for place in range(len(grid))], list(grid))
panel.spines[:].set_visible(False)
panel.tick_params(length=0)
show_figure(
    figure,
    "which batches a program takes: "
    + "; ".join(f"{name}: {', '.join(outcomes)}" for name, outcomes in grid.items()),
)

# %% [markdown]
# What works for every size is an example of at least 2 **and** a dimension that was declared. Prefer the named `Dim`:
# where it cannot be dynamic you learn it now, and not from the first user with another batch. Height and width stay
# fixed at 16 in all of these; declare them too if the model can take any.
#
# ## The mode is exported too
#
# The program is what the model did, in the mode in which it stood. `SmallNet` has BatchNorm and Dropout
# ([lesson 01](01_modes.ipynb)). We export it in both modes, and call each program twice with the same batch:

# %%
dynamic = ({0: Dim("batch")},)
for mode in (False, True):
    small.train(mode)
    exported = torch.export.export(small, (example,), dynamic_shapes=dynamic).module()
    small.eval()
    first, second = exported(example), exported(example)
    print(f"exported in {'training' if mode else 'evaluation'} mode")
    print("  two calls give the same:      ", torch.equal(first, second))
    print("  same as the model in eval():  ", torch.allclose(first, small(example)))

try:
    exported.eval()
except NotImplementedError as error:
    print("program.eval():", type(error).__name__, "·", error)

# %% [markdown]
# A program has no mode any more, so it is too late to change it. And `if self.training:` is ordinary Python: it runs
# during the export and is gone. Some models, GoogLeNet for one, give more outputs in training mode; exported in training
# mode, they do so for ever.

# %%
class TwoHeads(SmallNet):
    """Logits; in training mode also those of a second head."""

    def __init__(self):
        super().__init__()
        self.second = nn.Linear(3, 5)

    def forward(self, x):
        logits = super().forward(x)
        if self.training:
            return logits, self.second(x.mean(dim=(2, 3)))
        return logits


two_heads = TwoHeads()
for mode in (False, True):
    exported = torch.export.export(two_heads.train(mode), (example,), dynamic_shapes=dynamic)
    print(f"exported with training={mode}: outputs", exported.graph_signature.user_outputs)

# %% [markdown]
# So: `model.eval()`, then export. If the model belongs to somebody else, put the modes back afterwards, each part's own.
#
# ## Save and load `.pt2`
#
# `torch.export.save` writes a program into one file, which ends in `.pt2` by custom: the graph as text, and the weights.
# `torch.export.load` reads it. Neither needs the class. To see that, another Python, which has never heard of
# `TwoHeads`, gets two files: the program, and the whole model saved the old way, with `torch.save`.

# %%
folder = Path(tempfile.mkdtemp())
two_heads.eval()
program = torch.export.export(two_heads, (example,), dynamic_shapes=dynamic)
torch.export.save(program, folder / "two_heads.pt2")
torch.save(two_heads, folder / "two_heads.pt")
torch.save(example, folder / "example.pt")

elsewhere = """
import torch
try:
    torch.load("two_heads.pt", weights_only=False)
except AttributeError as error:
    print("torch.load:", str(error).split(" on ")[0])
program = torch.export.load("two_heads.pt2").module()
with torch.inference_mode():
    print("torch.export.load:", program(torch.load("example.pt"))[0].numpy().round(3))
"""
done = subprocess.run([sys.executable, "-c", elsewhere], cwd=folder, capture_output=True, text=True, check=False)
print(done.stdout, end="")
with torch.inference_mode():
    print("the model here:   ", two_heads(example)[0].numpy().round(3))

# %% [markdown]
# (Unpickling can run anybody's code, so `torch.load` does it only when told `weights_only=False`. Never do that with a
# file from a stranger.)
#
# The device is a constant of the program as well. There is a pass that moves all of it:

# %%
# NBVAL_IGNORE_OUTPUT
device = best_device()
moved = move_to_device_pass(torch.export.load(folder / "two_heads.pt2"), str(device))
with torch.inference_mode():
    here = moved.module()(example.to(device)).cpu()
    print(f"on {device}: largest difference {(here - two_heads(example)).abs().max():.1e}")

# %% [markdown]
# Write a function that exports `model` and saves the program at `path`, a string that ends in `.pt2`.
#
# - `example` is a float32 batch `(N, 3, H, W)` on the CPU. It may hold **one** picture only.
# - The program, called as `torch.export.load(path).module()(batch)`, must take any number of float32 pictures from 1 on,
#   of this height and width, and give the logits that the model gives in evaluation mode, whatever mode it comes in.
# - The model stays as it was: weights, running statistics, `requires_grad`, and the mode of each of its parts (some may
#   be in training mode and others not). The example does not change either.
#
# What your function returns does not matter.

# %% exercise="export-1"
def save_program(model: nn.Module, example: torch.Tensor, path: str) -> None:
    """Export a model in evaluation mode for batches of any size, into a .pt2 file.

    Args:
        model: float32 (N, 3, H, W) to logits (N, C), in any mode.
        example: float32 tensor of shape (N, 3, H, W), N >= 1.
        path: of the file to write.
    """
    ### BEGIN SOLUTION
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        at_least_two = torch.cat([example, example])
        exported = torch.export.export(model, (at_least_two,), dynamic_shapes=({0: Dim("batch")},))
    finally:
        for part, training in modes.items():
            part.training = training
    torch.export.save(exported, path)
    ### END SOLUTION


# %% [markdown]
# ## What breaks an export, and how to mend it
#
# While a model is exported, its tensors have shapes and dtypes and **no values**. So Python cannot decide by a value.
# This gate sends bright batches through one branch and dark ones through another:

# %%
class Gate(nn.Module):
    """A whole batch goes through one of two branches, by its mean."""

    def __init__(self, dark: nn.Module, bright: nn.Module, threshold: float):
        super().__init__()
        self.dark = dark
        self.bright = bright
        self.threshold = threshold

    def forward(self, x):
        if x.mean() > self.threshold:
            return self.bright(x)
        return self.dark(x)


def why_not(action):
    """The error of an action in one line, or "works"."""
    try:
        with quiet():
            action()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0].split(' (')[0]}"
    return "works"


def branch():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


torch.manual_seed(0)
gate = Gate(branch(), branch(), threshold=0.0).eval()
bright, dark = example.abs(), -example.abs()
print(why_not(lambda: torch.export.export(gate, (bright,), dynamic_shapes=dynamic)))

# %% [markdown]
# “Could not guard on a data-dependent expression”: the `if` asked for a value. Which Python passes, and which does not?

# %%
class Lambda(nn.Module):
    """A function as a module, for trying."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def loop_over_a_value(x):
    for _ in range(int(x.max())):
        x = x / 2
    return x


def loop_over_a_list(x):
    for factor in [1, 2, 3]:
        x = x * factor if factor % 2 else x + factor
    return x


def asserts(x):
    assert x.min() >= 0
    return x.sqrt()


snippets = {
    "x * 2 if x.mean() > 0 else x": lambda x: x * 2 if x.mean() > 0 else x,
    "for _ in range(int(x.max())): …": loop_over_a_value,
    "assert x.min() >= 0": asserts,
    "torch.from_numpy(x.numpy())": lambda x: torch.from_numpy(x.numpy()),
    "x * 2 if len(x) > 4 else x": lambda x: x * 2 if len(x) > 4 else x,
    "x * x.max().item()": lambda x: x * x.max().item(),
    "x[x > 0]": lambda x: x[x > 0],
    "for factor in [1, 2, 3]: …": loop_over_a_list,
    "torch.where(x.mean() > 0, x * 2, x)": lambda x: torch.where(x.mean() > 0, x * 2, x),
}
rows = []
for code, function in snippets.items():
    numbers = torch.rand(3, 4) * 5
    export = partial(torch.export.export, Lambda(function), (numbers,), dynamic_shapes=dynamic)
    rows.append((code, why_not(export)))
show_table(rows, ["in forward", "torch.export"])

# %% [markdown]
# What fails are *decisions* of Python by a value (`if`, `range`, `assert`), and leaving PyTorch (`numpy()`). A value
# that only goes into the next operation passes, and so does Python that has nothing to do with the data: a loop over
# a fixed list is simply written out. A decision by the **size** of a dynamic dimension fails too: the program would
# hold for some sizes only.
#
# The mend for a branch is `torch.cond(condition, if_true, if_false, operands)`: an `if` that becomes part of the graph.
# Both functions get the operands, and both must give tensors of the same shape and dtype. A rectifier as an example:

# %%
class Rectifier(nn.Module):
    """Batches with a positive sum are kept, others become zeros."""

    def forward(self, x):
        return torch.cond(x.sum() > 0, torch.clone, torch.zeros_like, (x,))


class RectifierWhere(nn.Module):
    """The same with torch.where."""

    def forward(self, x):
        return torch.where(x.sum() > 0, x, torch.zeros_like(x))


numbers = torch.rand(2, 3)
for kind in (Rectifier, RectifierWhere):
    exported = torch.export.export(kind(), (numbers,), dynamic_shapes=dynamic)
    results = [exported.module()(sign * numbers).sum() > 0 for sign in (1, -1)]
    names = [node.name for node in exported.graph.nodes if node.op == "call_function"]
    print(f"{kind.__name__:14} positive kept: {bool(results[0])}  negative kept: {bool(results[1])}  {names}")

# %% [markdown]
# `torch.cond` stands in the graph as one operation with two small graphs in it, of which one runs. `torch.where`
# computes both sides and then chooses. That is simpler, and fine where both sides are cheap. How much does it cost
# where they are not?

# %%
class Heavy(nn.Module):
    """Two costly branches."""

    def __init__(self, choose):
        super().__init__()
        self.choose = choose
        self.a, self.b = nn.Conv2d(3, 64, 7), nn.Conv2d(3, 64, 7)

    def forward(self, x):
        if self.choose == "cond":  # a Python value, not a tensor's: no problem
            return torch.cond(x.mean() > 0, self.a, self.b, (x,))
        return torch.where(x.mean() > 0, self.a(x), self.b(x))


large = torch.randn(4, 3, 128, 128)
versions = {}
for choose in ("where", "cond"):
    exported = torch.export.export(Heavy(choose), (large,), dynamic_shapes=dynamic).module()
    versions[f"torch.{choose}"] = torch.inference_mode()(partial(exported, large))
timings = compare(versions, repeat=9)

# %% [markdown]
# Write a class `ExportableGate` that does what `Gate` does and can be exported:
#
# - `ExportableGate(dark, bright, threshold)` makes an `nn.Module`. Called with a batch `(N, 3, H, W)`, it gives
#   what `bright` gives where the mean of the **whole** batch is greater than `threshold`, and what `dark` gives
#   otherwise. The branches are modules that give new tensors of one shape.
# - `torch.export` with a dynamic batch must work on it, whether the example is bright or dark, and the program must
#   choose anew at each call.
# - Weights that a `Gate` has saved must load: `state_dict()` has the keys that it has for `Gate`.

# %% exercise="export-2"
class ExportableGate(nn.Module):
    """A whole batch goes through one of two branches, by its mean; can be exported.

    Args:
        dark: module for batches whose mean is at most the threshold.
        bright: module for batches whose mean is greater.
        threshold: a float.
    """

    def __init__(self, dark: nn.Module, bright: nn.Module, threshold: float):
        super().__init__()
        ### BEGIN SOLUTION
        self.dark = dark
        self.bright = bright
        self.threshold = threshold
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return torch.cond(x.mean() > self.threshold, self.bright, self.dark, (x,))
        ### END SOLUTION


# %% [markdown]
# ## TorchScript, which you will still meet
#
# Before `torch.export` there was TorchScript, and many systems still run its files. **It is deprecated**: write nothing
# new in it. But you should be able to read it, and to know its trap. There were two ways in:
#
# - `torch.jit.trace(model, example)` runs the model with a real example and writes down the operations;
# - `torch.jit.script(model)` compiles the Python code itself, as far as it understands it.

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    traced = torch.jit.trace(gate, bright)
    scripted = torch.jit.script(gate)
    torch.jit.save(scripted, folder / "gate.pt")
    loaded = torch.jit.load(folder / "gate.pt")

seen = dict.fromkeys((warning.category.__name__, str(warning.message).split(". ")[0]) for warning in caught)
show_table(seen, ["warning", "what it says"])

# %%
predict("export-q2")

# %%
with torch.inference_mode():
    for name, batch in [("bright", bright), ("dark", dark)]:
        right = gate(batch)
        for kind, other in [("traced", traced), ("scripted", scripted), ("loaded", loaded)]:
            print(f"{name:7} batch, {kind:9} same as the model: {torch.equal(other(batch), right)}")

# %%
reveal("export-q2")

# %% [markdown]
# The code that each of them holds says it plainly. The trace has no `if`:

# %%
print(traced.code)
print(scripted.code)

# %% [markdown]
# A whole row of batches, from dark to bright. Below the threshold, the trace goes on with the branch of its example:

# %%
levels = torch.linspace(-1, 1, 41)
steps = [torch.full((1, 3, 8, 8), level) for level in levels]
with torch.inference_mode():
    of_model = [gate(step)[0, 0] for step in steps]
    of_trace = [traced(step)[0, 0] for step in steps]

figure, panel = plt.subplots(figsize=(7, 3.2), layout="constrained")
panel.plot(levels, of_model, color="#0072b2", linewidth=5, alpha=0.5, label="model, scripted, loaded")
panel.plot(levels, of_trace, color="#d55e00", linestyle="--", label="traced with a bright example")
panel.axvline(gate.threshold, color="#666666", linewidth=1, linestyle=":")
panel.set(xlabel="brightness of the batch", ylabel="first output")
panel.legend(frameon=False)
panel.spines[["top", "right"]].set_visible(False)
show_figure(
    figure,
    "first output against brightness: above the threshold model and trace are one line, below it they part",
)

# %% [markdown]
# `torch.export` refuses where a trace is silently wrong: that is the most important difference. If you have a
# TorchScript file and the model's code, export the model anew. If you have only the file, `torch.jit.load` still runs
# it.
#
# ## ONNX: one file for every runtime
#
# A `.pt2` file needs PyTorch. **ONNX** is a format of its own, for which there are runtimes in many languages and for
# many chips. `torch.onnx.export` first calls `torch.export`, so all of the above holds, and then translates each
# operation. (It needs the packages `onnx` and `onnxscript`. Without `verbose=False` it reports its steps.)

# %%
path = folder / "classifier.onnx"
with busy("exporting"):
    onnx_program = torch.onnx.export(
        classifier.model,
        (two_pictures,),
        path,
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_shapes=({0: Dim("batch")},),
        verbose=False,
    )
onnx.checker.check_model(path, full_check=True)  # raises when something is wrong with the file

for file in sorted(folder.glob("classifier.*")):
    print(f"{file.name:22} {file.stat().st_size / 2**20:5.1f} MiB")

# %% [markdown]
# Two files: the `.onnx` file holds the graph, the `.onnx.data` file beside it the weights. A single ONNX file cannot
# be larger than 2 GB, hence this *external data*. Move one without the other, and there is nothing to run. The
# checker says so too. For small models `external_data=False` puts everything into one file.

# %%
lonely = folder / "moved"
lonely.mkdir()
(lonely / "classifier.onnx").write_bytes(path.read_bytes())
for name, action in {
    "onnx.checker": lambda: onnx.checker.check_model(lonely / "classifier.onnx"),
    "onnxruntime": lambda: onnxruntime.InferenceSession(lonely / "classifier.onnx"),
}.items():
    print(f"{name}: {why_not(action).replace(str(lonely), '…')[:90]}…")

onnx_program.save(lonely / "complete.onnx", external_data=False)
print(f"complete.onnx {(lonely / 'complete.onnx').stat().st_size / 2**20:.1f} MiB, files: {len(list(lonely.iterdir()))}")
onnx.checker.check_model(lonely / "complete.onnx", full_check=True)

# %% [markdown]
# What is in the file? `onnx.load` reads it. Its operations are ONNX's own, each in a version called *opset*:

# %%
graph = onnx.load(path, load_external_data=False).graph
print("opset", onnx_program.model_proto.opset_import[0].version)
for kind, found in [("input", graph.input[0]), ("output", graph.output[0])]:
    print(f"{kind:6}", found.name, [dim.dim_param or dim.dim_value for dim in found.type.tensor_type.shape.dim])

kinds = Counter(node.op_type for node in graph.node)
torch_counts = [operations["aten.conv2d.default"], operations["aten.batch_norm.default"]]
show_table(
    [
        ("PyTorch", sum(operations.values()), *torch_counts),
        ("ONNX", len(graph.node), kinds["Conv"], kinds["BatchNormalization"]),
    ],
    ["program", "operations", "convolutions", "BatchNorms"],
)

# %% [markdown]
# All BatchNorms are gone: in evaluation mode each is one multiplication and one addition a channel, and the exporter has
# worked them into the weights of the convolution before. So the weights in the file are no longer those of the model.
#
# In older code you will meet `dynamic_axes`, which names dimensions by the names of inputs and outputs, and
# `dynamo=False`, the exporter that was built on TorchScript. **Both are deprecated.** They still work, with warnings:

# %%
old_form = {
    "dynamic_axes": {"dynamic_axes": {"pixels": {0: "batch"}, "logits": {0: "batch"}}, "verbose": False},
    "dynamo=False": {"dynamo": False, "dynamic_axes": {"pixels": {0: "batch"}, "logits": {0: "batch"}}},
    "dynamic_shapes": {"dynamic_shapes": ({0: Dim("batch")},), "verbose": False},
    "nothing": {"verbose": False},
}
rows = []
for name, arguments in old_form.items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.onnx.export(
            small, (example,), folder / f"{name}.onnx", input_names=["pixels"], output_names=["logits"], **arguments
        )
    shape = onnxruntime.InferenceSession(folder / f"{name}.onnx").get_inputs()[0].shape
    told = [f"{warning.category.__name__}: {str(warning.message)[:58]}…" for warning in caught]
    rows.append((name, shape, told[0] if told else "none"))
show_table(rows, ["argument", "shape of the input", "first warning"])

# %% [markdown]
# And the mode? The exporter warns. It makes BatchNorm and Dropout behave as in evaluation mode, but Python's
# `if self.training:` runs as it stands:

# %%
for mode in (False, True):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.onnx.export(
            two_heads.train(mode), (example,), folder / "two.onnx", dynamic_shapes=dynamic, verbose=False
        )
    session = onnxruntime.InferenceSession(folder / "two.onnx")
    results = session.run(None, {session.get_inputs()[0].name: example.numpy()})
    with torch.inference_mode():
        close = np.allclose(results[0], two_heads.eval()(example), atol=1e-5)
    print(f"training={mode}: outputs {len(results)}, the first as in eval(): {close}, warnings {len(caught)}")

# %% [markdown]
# Write a function that exports `model` to ONNX, into the file at `path`, a string that ends in `.onnx`.
#
# - The file has one input called `pixels` and one output called `logits`. It takes any number of pictures from 1
#   on, float32, of the example's height and width.
# - It gives the logits of the model in evaluation mode, whatever mode the model comes in.
# - This one file holds everything: it will be moved elsewhere, without whatever lies beside it.
# - The model and the example stay as they were: weights, running statistics, `requires_grad`, and the mode of each part.
#
# What your function returns does not matter.

# %% exercise="export-3"
def to_onnx(model: nn.Module, example: torch.Tensor, path: str) -> None:
    """Export a model in evaluation mode to one ONNX file, for batches of any size.

    Args:
        model: float32 (N, 3, H, W) to logits (N, C), in any mode.
        example: float32 tensor of shape (N, 3, H, W), N >= 2.
        path: of the file to write.
    """
    ### BEGIN SOLUTION
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        torch.onnx.export(
            model,
            (example,),
            path,
            input_names=["pixels"],
            output_names=["logits"],
            dynamic_shapes=({0: Dim("batch")},),
            external_data=False,
            verbose=False,
        )
    finally:
        for part, training in modes.items():
            part.training = training
    ### END SOLUTION


# %% [markdown]
# ## Run it with ONNX Runtime
#
# A *session* reads the file, optimises the graph and holds it ready. Making one is expensive, so make it once and call
# `run` often. What the file demands is in the session:

# %%
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
for kind, found in [("input", session.get_inputs()[0]), ("output", session.get_outputs()[0])]:
    print(f"{kind:6}", found.name, found.type, found.shape)

# %% [markdown]
# A number in the shape is fixed, a name (`batch`) stands for any number. `run` takes the names of the outputs that
# you want (`None`: all of them), a dictionary with a NumPy array for each input, and gives a list of arrays. The rest
# is as in [lesson 03](03_preprocessing.ipynb):

# %%
photos = [photo(name) for name in ("coffee", "cat", "rocket")]
batch = torch.stack([classifier.preprocess(image) for image in photos])

logits = session.run(None, {"pixels": batch.numpy()})[0]
probabilities = torch.from_numpy(logits).softmax(dim=1)
for row, theirs in zip(probabilities, classify(classifier, batch, k=1)):
    value, place = row.max(dim=0)
    name, probability, _ = theirs[0]
    print(f"ONNX Runtime: {classifier.categories[place]} {value:.2f}   PyTorch: {name} {probability:.2f}")

# %%
predict("export-q3")

# %%
array = batch.numpy()
attempts = {
    "float64": {"pixels": array.astype(np.float64)},
    "uint8": {"pixels": array.astype(np.uint8)},
    "a torch tensor": {"pixels": batch},
    "another name": {"image": array},
    "no batch dimension": {"pixels": array[0]},
    "channels last": {"pixels": array.transpose(0, 2, 3, 1)},
    "192 × 192": {"pixels": array[:, :, :192, :192]},
    "a strided view": {"pixels": array[:, :, ::-1, :]},
    "an empty batch": {"pixels": array[:0]},
}
rows = []
for name, feed in attempts.items():
    try:
        outcome = f"works, logits {session.run(None, feed)[0].shape}"
    except Exception as error:
        lines = str(error).replace("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : ", "").splitlines()
        outcome = f"{type(error).__name__}: {' '.join(line.strip() for line in lines[:2])}"[:110]
    rows.append((name, outcome))
show_table(rows, ["input", "what happens"])

# %%
reveal("export-q3")

# %% [markdown]
# Every wrong dtype, rank, size and name is an error. (An array that is not contiguous is copied for you.) Coming from
# PyTorch, mind that `.numpy()` itself refuses tensors that require gradients, that lie on a GPU, or that are
# bfloat16: `images.detach().cpu().float().numpy()` takes them all.
#
# Files that others exported often have a **fixed batch**: `get_inputs()[0].shape[0]` is a number. Then you must give
# exactly that many pictures: go in portions, fill up the last one, and throw away what belongs to the filling.

# %%
fixed = onnxruntime.InferenceSession(folder / "nothing.onnx")  # exported without dynamic_shapes above
print("shape of the input:", fixed.get_inputs()[0].shape)
print("3 pictures:", why_not(lambda: fixed.run(None, {"pixels": np.zeros((3, 3, 16, 16), np.float32)})))

# %% [markdown]
# Write a class `OnnxModel` that makes an ONNX classifier as easy to use as a model of PyTorch:
#
# - `OnnxModel(path)` reads the file once. When the object is called, the file may be gone.
# - The file has one float32 input of shape (batch, 3, H, W) and one float32 output (batch, C). Their **names** may
#   be any. The first dimension of the input may be any number of pictures, or a fixed number.
# - Calling the object with `images` gives the logits as a float32 torch tensor on the CPU, of shape `(N, C)`, without
#   gradients, in the order of the pictures.
# - `images` is a torch tensor `(N, 3, H, W)` with N ≥ 1, or one picture `(3, H, W)`, for which the result is `(1,
#   C)`. It may be float32, float64, float16 or bfloat16, may require gradients, and may lie in memory in any way.
#   It stays as it is.
# - If the file's batch is fixed, any N must work all the same.

# %% exercise="export-4"
class OnnxModel:
    """An ONNX classifier that is called with tensors.

    Args:
        path: of the .onnx file.
    """

    def __init__(self, path: str):
        ### BEGIN SOLUTION
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.size = self.input.shape[0] if isinstance(self.input.shape[0], int) else None
        ### END SOLUTION

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of shape (N, C)."""
        ### BEGIN SOLUTION
        batch = images.detach().cpu().float()
        if batch.ndim == 3:
            batch = batch.unsqueeze(0)
        return torch.cat([self._run(portion) for portion in batch.split(self.size or len(batch))])

    def _run(self, portion: torch.Tensor) -> torch.Tensor:
        count = len(portion)
        if self.size:
            portion = torch.cat([portion, portion.new_zeros(self.size - count, *portion.shape[1:])])
        return torch.from_numpy(self.session.run(None, {self.input.name: portion.numpy()})[0][:count])
        ### END SOLUTION


# %% [markdown]
# ## What a session can be told
#
# **Providers** are the hardware that ONNX Runtime can use. They are asked in the order of your list. If one is not
# there, you get a warning and the next, at the end the CPU: so look at what you got.

# %%
# NBVAL_IGNORE_OUTPUT
print("installed:", onnxruntime.get_available_providers())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    hopeful = onnxruntime.InferenceSession(path, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
print("asked for CUDA first, got:", hopeful.get_providers())
for warning in caught:
    print("warning:", str(warning.message).split(".")[0])

# %% [markdown]
# (The package `onnxruntime` is for CPUs. For NVIDIA GPUs there is `onnxruntime-gpu`, installed in its place.)
#
# **Graph optimisation** happens when the session is made. There are levels, and the default is all of it:
# `BASIC` removes what is superfluous, `EXTENDED` fuses neighbours into one operation, `LAYOUT` and `ALL` also store
# the tensors in an order that suits this CPU. `optimized_model_filepath` writes the result, so we can look:

# %%
# NBVAL_IGNORE_OUTPUT
LEVELS = ["ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL"]
by_level, runs = {}, {}
one_picture = two_pictures[:1].clone()
feed = {"pixels": one_picture.numpy()}
for level in LEVELS:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    options.log_severity_level = 3  # it warns that such a file suits only this machine
    levelled = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    optimised = onnx.load(folder / "optimised.onnx", load_external_data=False).graph
    by_level[level] = Counter(node.op_type for node in optimised.node)
    runs[level] = partial(levelled.run, None, feed)
timings = compare(runs, repeat=9)

# %%
kinds = sorted(set().union(*by_level.values()), key=lambda kind: (-by_level[LEVELS[0]][kind], kind))
colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999"]
figure, panel = plt.subplots(figsize=(8, 2.8), layout="constrained")
left = np.zeros(len(LEVELS))
for number, kind in enumerate(kinds):
    counts = np.array([by_level[level][kind] for level in LEVELS])
    panel.barh(
        LEVELS, counts, left=left, label=kind, edgecolor="white",
        color=colours[number % len(colours)], hatch=["", "//", "..", "xx"][number % 4],
    )  # fmt: skip
    left += counts
panel.invert_yaxis()
panel.set_xlabel("operations in the graph")
panel.legend(frameon=False, fontsize=8, ncols=1, loc="center left", bbox_to_anchor=(1, 0.5))
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "operations in the graph at each level of optimisation: the highest levels have the fewest")

# %% [markdown]
# The activation functions disappear into the convolutions before them. Is fewer also faster? The table above says
# what it brings on your CPU.
#
# **Threads**: `intra_op_num_threads` is the number of threads that work on one operation. By default it is the number
# of physical cores. Several sessions in one process each have their own threads, so on a busy server one thread a
# session may be better. How does that compare with PyTorch here?

# %%
# NBVAL_IGNORE_OUTPUT
versions = {"PyTorch": torch.inference_mode()(partial(classifier.model, one_picture))}
for threads in (1, 0):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads  # 0 is the default
    threaded = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    versions[f"ONNX Runtime, {threads or 'default'} thread(s)"] = partial(threaded.run, None, feed)
print("threads of PyTorch:", torch.get_num_threads())
timings = compare(versions, repeat=7, warmup=1)

# %% [markdown]
# Where the time goes, and what else can be done about it, is the matter of [lesson 07](07_optimization.ipynb).
#
# ## The same numbers?
#
# An export that runs is not yet right. Compare its logits with the model's: on many inputs, on several batch sizes, and
# against a tolerance that you fixed before you looked. Here it is one ten-thousandth of the largest logit.

# %%
predict("export-q4")

# %%
names = ["coffee", "cat", "rocket", "astronaut", "camera", "coins", "horse", "motorcycle"]
pixels = torch.stack([classifier.preprocess(photo(name)) for name in names])
noise = torch.Generator().manual_seed(0)
inputs = {
    "photos": pixels,
    "dark photos": pixels * 0.3 - 0.6,
    "noise": torch.randn(8, 3, 224, 224, generator=noise),
    "loud noise": 5 * torch.randn(8, 3, 224, 224, generator=noise),
}
rows, errors = [], {}
for name, whole in inputs.items():
    with torch.inference_mode():
        ours = classifier.model(whole)
    scale = ours.abs().max().item()
    for size in (1, 3, 8):
        parts = [session.run(None, {"pixels": part.numpy()})[0] for part in whole.split(size)]
        theirs = torch.from_numpy(np.concatenate(parts))
        errors[name, size] = (theirs - ours).abs().max().item() / scale
    agree = max(errors[name, size] for size in (1, 3, 8)) <= 1e-4
    same_class = (ours.argmax(1) == theirs.argmax(1)).float().mean().item()
    rows.append((name, agree, f"{same_class:.0%}"))
show_table(rows, ["inputs", "within 1e-4 of the largest logit, for batches of 1, 3 and 8", "same first class"])

# %%
figure, panel = plt.subplots(figsize=(8, 3), layout="constrained")
for size, marker, colour, shift in [(1, "o", "#0072b2", -0.2), (3, "s", "#e69f00", 0), (8, "^", "#009e73", 0.2)]:
    found = [max(errors[name, size], 1e-9) for name in inputs]
    rows = [row + shift for row in range(len(inputs))]
    panel.scatter(found, rows, marker=marker, color=colour, s=45, label=f"batches of {size}")
panel.set_yticks(range(len(inputs)), list(inputs))
panel.axvline(1e-4, color="#d55e00", linestyle="--", label="tolerance")
panel.axvline(torch.finfo(torch.float32).eps, color="#666666", linestyle=":", label="float32's last digit")
panel.set(xscale="log", xlim=(3e-9, 1e-3), xlabel="largest difference, as a share of the largest logit")
panel.invert_yaxis()
panel.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "differences of logits for four kinds of input and three batch sizes, all far below the tolerance")

# %%
reveal("export-q4")

# %% [markdown]
# **Lab.** One picture through all three, and the graph of the file below it. Add noise until the answer changes: do the three
# still agree? Forbid ONNX Runtime its optimisations: do the differences grow? And walk through the graph: which operation has
# two inputs, and where do they come from?

# %%
lab("export")

# %% [markdown]
# Two rules for such a comparison. Take the **largest** difference, not a mean: one wrong logit is enough. And look
# out for NaN, which slips through every comparison:

# %%
nan = float("nan")
print("nan > 0.001:     ", nan > 0.001)
print("max(0.1, nan):   ", max(0.1, nan))
print("torch says:      ", torch.tensor([0.1, nan]).max().item(), torch.isfinite(torch.tensor([0.1, nan])).tolist())

# %% [markdown]
# Write a function that compares a model with an ONNX file and returns a report, a dictionary with four entries:
#
# - `"pictures"`: the number of pictures in all batches, an `int`;
# - `"largest"`: the largest absolute difference between two logits, over all pictures and classes, a `float`;
# - `"same_top1"`: the share of all pictures, a `float` from 0 to 1, for which both have the largest logit at the
#   same class;
# - `"agrees"`: a `bool`, True when `largest` is at most `tolerance`.
#
# If any logit of either is not finite, `"largest"` is `float("inf")` and `"agrees"` is False (`"same_top1"` is not
# looked at then).
#
# `batches` is a list of at least one float32 tensor `(N, 3, H, W)`, with N ≥ 1 that may differ; it stays as it is.
# The file has one input and one output of any name, and a dynamic batch. The model counts as it is in **evaluation
# mode**, without gradients, whatever mode it comes in; afterwards it is as it was, with the mode of each part.

# %% exercise="export-5"
def agreement(model: nn.Module, path: str, batches: list[torch.Tensor], tolerance: float) -> dict:
    """Compare the logits of a model and of an ONNX file.

    Args:
        model: float32 (N, 3, H, W) to logits (N, C), in any mode.
        path: of an ONNX file that should do the same.
        batches: float32 tensors of shape (N, 3, H, W).
        tolerance: largest absolute difference that still counts as agreement.

    Returns:
        Dictionary with "pictures", "largest", "same_top1" and "agrees".
    """
    ### BEGIN SOLUTION
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            ours = torch.cat([model(batch) for batch in batches])
    finally:
        for part, training in modes.items():
            part.training = training
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])

    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }
    ### END SOLUTION


# %%
# NBVAL_IGNORE_OUTPUT
try:
    print(agreement(classifier.model, str(path), [pixels, inputs["noise"][:3]], tolerance=1e-3))
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Preprocessing inside or outside the graph
#
# Your file agrees with the model. Then somebody uses it with the preprocessing of most tutorials. The session sees
# nothing wrong with that ([lesson 03](03_preprocessing.ipynb)):

# %%
usual = v2.Compose(
    [
        v2.Resize(256),
        v2.CenterCrop(224),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    ]
)


def name_of(logits):
    value, place = torch.from_numpy(logits).softmax(dim=1)[0].max(dim=0)
    return f"{classifier.categories[place]} {value:.2f}"


coffee = photo("coffee")
for title, preprocess in [("its own preprocessing", classifier.preprocess), ("of most tutorials", usual)]:
    print(f"{title:22}", name_of(session.run(None, {"pixels": preprocess(coffee)[None].numpy()})[0]))

# %% [markdown]
# What is not in the file, each user has to know. But it can be in the file: put the steps into `forward`, and export
# that. Here everything after decoding and cropping goes in. The input is now `uint8`, any square crop of a picture:

# %%
class Complete(nn.Module):
    """uint8 (N, 3, H, W) to logits: resizing and normalisation belong to the model."""

    def __init__(self, model, mean, std):
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(self, pixels):
        x = nn.functional.interpolate(
            pixels.float(), size=(224, 224), mode="bilinear", antialias=True, align_corners=False
        )
        return self.model((x / 255 - self.mean) / self.std)


complete = Complete(classifier.model, [127 / 255] * 3, [128 / 255] * 3).eval()
square = v2.Compose([v2.CenterCrop(min(coffee.size)), v2.ToImage()])(coffee)[None].as_subclass(torch.Tensor)
with busy("exporting"):
    torch.onnx.export(
        complete,
        (square.repeat(2, 1, 1, 1),),
        folder / "complete.onnx",
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_shapes=({0: Dim("batch"), 2: Dim("height"), 3: Dim("width")},),
        verbose=False,
    )
inside = onnxruntime.InferenceSession(folder / "complete.onnx", providers=["CPUExecutionProvider"])
print("input:", inside.get_inputs()[0].type, inside.get_inputs()[0].shape)
rows = []
for side in (400, 300, 224):
    small_square = v2.functional.resize(square, [side, side], antialias=True)
    logits = inside.run(None, {"pixels": small_square.numpy()})[0]
    with torch.inference_mode():
        same = np.allclose(logits, complete(small_square), atol=1e-3)
    rows.append((side, same, name_of(logits)))
show_table(rows, ["side of the picture", "agrees with PyTorch within 1e-3", "first answer"])
print("float32, as before:", why_not(lambda: inside.run(None, {"pixels": two_pictures.numpy()})))

# %% [markdown]
# Nobody can normalise wrongly any more, and normalised floats are now an error. An input in `uint8` is also a quarter
# of the bytes to send. The price: the file is tied to one way of resizing, and that is not quite PIL's. Decoding,
# EXIF and colour modes stay outside in any case. A good rule: **normalisation inside, decoding outside, resizing
# where you can test it.**
#
# ## Summary
#
# | form | in code | who can run it | typical mistake |
# |---|---|---|---|
# | program, `.pt2` | `torch.export.export`, `save`, `load` | PyTorch, without the class | example of one picture; training mode; nothing said of `dynamic_shapes` |
# | TorchScript, `.pt` (deprecated) | `torch.jit.trace`, `torch.jit.script`, `torch.jit.load` | PyTorch, also in C++ | a trace freezes a branch |
# | ONNX, `.onnx` | `torch.onnx.export(…, dynamic_shapes=…)` | ONNX Runtime and many others | the `.data` file left behind; `dynamic_axes` (old form) |
# | session | `onnxruntime.InferenceSession(path, providers=[…])` | | dtype, names, a new session for each call; CUDA asked for, CPU got |
# | comparison | largest difference, several batch sizes | | a mean; NaN; one input only |
#
# One more form, a program compiled ahead of time with AOTInductor, is in [lesson 07](07_optimization.ipynb).
#
# **Read on:** [`torch.export`](https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/export.html) ·
# [`torch.cond`](https://docs.pytorch.org/docs/stable/cond.html) ·
# [`torch.onnx`](https://docs.pytorch.org/docs/stable/onnx.html) · [TorchScript,
# deprecated](https://docs.pytorch.org/docs/stable/jit.html) · [ONNX](https://onnx.ai/onnx/intro/) · [ONNX Runtime in
# Python](https://onnxruntime.ai/docs/get-started/with-python.html) · [graph
# optimisations](https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html)

# %%
progress()
