# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 07 · Optimisation: one rung at a time
#
# “Make it faster” is a ladder. Each rung is a change of a few lines, each costs something, and each may give much,
# little or nothing on *your* machine. So we climb it one rung at a time. Every rung is measured against the same
# naive loop, in the same run, and we look at what it does to the logits.
#
# After this lesson you can
#
# - read a profiler trace, and say where the time goes;
# - batch, reuse a buffer, change the memory layout, fuse BatchNorm into convolutions;
# - say what `torch.compile` compiles, when it compiles again, and after how many pictures it has paid for itself;
# - go to fewer bits, bfloat16 and int8, and check what that does to the answers;
# - say how far from the limit of the machine you are, and so when to stop.

# %%
import copy
import json
import logging
import math
import os
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models import resnet18
from torchvision.transforms import v2

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.bars import busy
from helpers.images import PHOTOS, photo
from helpers.models import load_classifier
from helpers.plots import show_figure, show_table
from helpers.timing import compare, format_seconds, measure

# %% [markdown]
# ## Measure first
#
# The model is the bundled EfficientNet-Lite0 with its real weights, so that a difference in the logits means
# something. The batch is eight real photos. All of the ladder is climbed on the CPU, since two of its rungs (ONNX
# Runtime and int8) are compared there; what is different on a GPU stands in a section of its own.
#
# This is where many programs begin: one picture after the other, and nobody has thought of gradients.

# %%
classifier = load_classifier("efficientnet_lite0")
model = classifier.model  # in evaluation mode
names = list(PHOTOS)
photos = torch.stack([classifier.preprocess(photo(name)) for name in names])
batch = photos[:8].clone()


def naive():
    return torch.cat([model(picture.unsqueeze(0)) for picture in batch])


reference = naive().detach()
print("batch:", tuple(batch.shape), " logits:", tuple(reference.shape))

# %% [markdown]
# For each rung we ask three things. How many times as fast as the naive loop is it? How far are its logits from the
# naive ones? And are the names still the same? `climb` measures the two in turns, so that a machine that becomes
# slower for a while slows down both, and remembers the rung for the big picture at the end.

# %%
ladder = {"naive loop": naive}
differences = {"naive loop": 0.0}


def climb(name, run):
    """Measure a rung against the naive loop, and compare the logits."""
    compare({"naive loop": naive, name: run}, repeat=5, warmup=1)
    logits = torch.as_tensor(run()).float()
    difference = (logits - reference).abs().max().item()
    same_names = (logits.argmax(1) == reference.argmax(1)).sum().item()
    shown = "less than 0.001" if difference < 1e-3 else f"{difference:.1g}"
    print(f"largest difference of a logit: {shown}; same first name for {same_names} of {len(batch)} photos")
    ladder[name], differences[name] = run, difference


# %% [markdown]
# ## Where the time goes
#
# Before you change anything, look. `torch.profiler` notes every operator that runs, when it begins and how long it
# takes. `record_function` adds a name of your own.

# %%
# NBVAL_IGNORE_OUTPUT
from torch.profiler import ProfilerActivity, profile, record_function

with torch.inference_mode():
    model(batch)
    with profile(activities=[ProfilerActivity.CPU]) as profiler, record_function("the whole model"):
        model(batch)

by_operator = sorted(profiler.key_averages(), key=lambda row: row.cpu_time_total, reverse=True)
rows = [
    (row.key, row.count, format_seconds(row.cpu_time_total / 1e6), format_seconds(row.self_cpu_time_total / 1e6))
    for row in by_operator[:10]
]
show_table(rows, ["operator", "calls", "time, all in all", "of its own"])

# %% [markdown]
# Two columns of time. “All in all” counts an operator with everything that it calls: `aten::conv2d` calls
# `aten::convolution`, which calls the one that works. So the same microseconds stand in several rows. Time **of its
# own** (*self time*) leaves out the inner calls: these numbers add up, and they are the ones to read. The time of its
# own of “the whole model” is what Python needs between the operators.
#
# The trace itself is a JSON file, which you can open in [Perfetto](https://ui.perfetto.dev) or in the browser at
# `chrome://tracing`. It is a list of events:

# %%
# NBVAL_IGNORE_OUTPUT
folder = Path(tempfile.mkdtemp())
profiler.export_chrome_trace(str(folder / "trace.json"))
events = json.loads((folder / "trace.json").read_text())["traceEvents"]
print(len(events), "events")
for event in events[:6]:
    print({key: event.get(key) for key in ("ph", "cat", "name", "tid", "ts", "dur")})

# %% [markdown]
# An event with `"ph": "X"` is an interval: it begins at `ts` and takes `dur` microseconds, on thread `tid`. Operators
# have `"cat": "cpu_op"`; what you named yourself, and the profiler's own bar, have another. An operator that is called
# by another one lies inside its interval, on the same thread.
#
# Let us draw the first part of it:

# %%
operators = [event for event in events if event.get("ph") == "X" and event.get("cat") == "cpu_op"]
start = min(event["ts"] for event in operators)
stop = start + 0.12 * (max(event["ts"] + event["dur"] for event in operators) - start)
figure, panel = plt.subplots(figsize=(9, 2.6), layout="constrained")
open_events = []
for event in sorted(operators, key=lambda event: (event["ts"], -event["dur"])):
    while open_events and open_events[-1]["ts"] + open_events[-1]["dur"] <= event["ts"]:
        open_events.pop()
    if event["ts"] < stop:
        kind = "conv" if "conv" in event["name"] else "norm" if "norm" in event["name"] else "other"
        colour, hatch = {"conv": ("#0072b2", ""), "norm": ("#d55e00", "//"), "other": ("#999999", "..")}[kind]
        panel.barh(
            len(open_events), event["dur"] / 1e3, left=(event["ts"] - start) / 1e3, height=0.85,
            color=colour, hatch=hatch, edgecolor="white", linewidth=0.5,
        )  # fmt: skip
    open_events.append(event)
for kind, colour, hatch in [("convolutions", "#0072b2", ""), ("BatchNorm", "#d55e00", "//"), ("others", "#999999", "..")]:
    panel.barh(0, 0, color=colour, hatch=hatch, edgecolor="white", label=kind)
panel.set(xlabel="time (ms)", ylabel="depth of calls", yticks=[], xlim=(0, (stop - start) / 1e3))
panel.invert_yaxis()
panel.legend(frameon=False, ncols=3, loc="lower right")
show_figure(figure, "The first operators of a call as bars over time; each lies below the one that called it.")

# %% [markdown]
# Write a function that finds the **hottest operator** in such a list of events: the name with the most time of its own,
# summed over all its calls and threads, and its share of the time of their own of all operators together.
#
# - Take only events with `"ph": "X"` and `"cat": "cpu_op"`. Others may lack `dur` and `cat`. At least one is there.
# - The time of its own of an event is its `dur` minus the `dur` of the events that lie *directly* inside it on the same
#   `tid`. Events on one thread lie inside each other or apart, they never overlap by half. Two events never have the same
#   interval.
# - The events come in any order. The list must not change.
#
# Return the pair `(name, share)`: a string, and a float from 0 to 1.


# %% exercise="optimization-1"
def hottest(events):
    """The operator with the most time of its own.

    Args:
        events: list of dictionaries, the `traceEvents` of a trace.

    Returns:
        Its name, and its share of the time of their own of all operators.
    """
    ### BEGIN SOLUTION
    operators = [event for event in events if event.get("ph") == "X" and event.get("cat") == "cpu_op"]
    operators.sort(key=lambda event: (event["tid"], event["ts"], -event["dur"]))
    times, open_events = {}, []
    for event in operators:
        while open_events and not _inside(event, open_events[-1]):
            open_events.pop()
        if open_events:
            times[open_events[-1]["name"]] -= event["dur"]
        times[event["name"]] = times.get(event["name"], 0) + event["dur"]
        open_events.append(event)
    name = max(times, key=times.get)
    return name, times[name] / sum(times.values())


def _inside(event, other):
    return event["tid"] == other["tid"] and event["ts"] < other["ts"] + other["dur"]
    ### END SOLUTION


# %%
# NBVAL_IGNORE_OUTPUT
try:
    name, share = hottest(events)
    print(f"{name}: {share:.0%} of all the operators' own time")
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# Convolutions work most, on every machine. But BatchNorm and the activation also have to read and write every value of
# every picture, and compute next to nothing. Remember them.
#
# ## No gradients, and many at a time
#
# The first rung is [lesson 02](02_no_grad.ipynb): without gradients nothing is recorded, and nothing kept.

# %%
@torch.inference_mode()
def no_gradients():
    return torch.cat([model(picture.unsqueeze(0)) for picture in batch])


climb("no gradients", no_gradients)


# %% [markdown]
# The second is [lesson 04](04_batch_and_gpu.ipynb): all photos in one call. On a GPU this is the largest step of all.
# On a CPU it depends. There is less overhead, but the tensors between the layers are eight times as large, and may no
# longer fit into the caches. Does it pay on yours?

# %%
@torch.inference_mode()
def batched():
    return model(batch)


climb("one batch", batched)

# %% [markdown]
# ## A buffer made once
#
# A common piece of advice: do not make a new input tensor for each batch, make one once, and copy the pictures into it.

# %%
predict("optimization-q1")

# %%
pictures = list(batch)
buffer = torch.empty_like(batch)


@torch.inference_mode()
def new_tensor():
    return model(torch.stack(pictures))


@torch.inference_mode()
def same_tensor():
    torch.stack(pictures, out=buffer)
    return model(buffer)


compare({"a new tensor": new_tensor, "one buffer": same_tensor}, repeat=5, warmup=1)
_ = compare({"only making it: new": lambda: torch.stack(pictures), "one buffer ": lambda: torch.stack(pictures, out=buffer)})

# %%
reveal("optimization-q1")

# %% [markdown]
# So a buffer is no rung of this ladder. It is good for something else. Memory use stays the same, whatever comes in. With a
# GPU a *pinned* buffer is what lets the copy run beside the computing ([lesson 04](04_batch_and_gpu.ipynb)). And CUDA
# graphs need an input that always lies at the same address.
#
# It also has two traps. The last batch is smaller, and the rest of the buffer still holds old pictures. And what comes out
# of the buffer as a *view* belongs to the buffer:

# %%
buffer[:2] = batch[:2]
first = buffer[:2]  # a view: the same memory
before = first.sum().item()
buffer[:2] = batch[4:6]  # the next batch comes
print("still the same values:", first.sum().item() == before)

# %% [markdown]
# Write a class `BufferedModel(model, batch_size, shape)` whose objects are called with a list of one or more pictures,
# `float32` tensors of the given `shape` (three numbers: channels, height, width), and return the logits as one `float32`
# tensor `(N, C)`, in the order of the pictures. `model` is in evaluation mode and takes batches `(n, *shape)`.
#
# - Make **one** buffer of exactly `batch_size` pictures when the object is made. Every batch that the model gets is a part
#   of this buffer, in every call.
# - The model gets `batch_size` pictures at a time, and in the last batch of a list those that are left: no picture twice,
#   none left out, no others.
# - No gradients. The list and its pictures stay as they are.
# - What you return keeps its values, whatever is called later. Some models return a part of their input: then, too.


# %% exercise="optimization-2"
class BufferedModel:
    """A model that takes lists of pictures through one buffer.

    Args:
        model: in evaluation mode; float32 (n, *shape) to logits float32 (n, C).
        batch_size: the most pictures the model gets at a time.
        shape: (channels, height, width) of a picture.
    """

    def __init__(self, model, batch_size, shape):
        ### BEGIN SOLUTION
        self.model = model
        self.buffer = torch.empty(batch_size, *shape)
        ### END SOLUTION

    def __call__(self, images):
        """Logits, float32 (N, C), of a list of N >= 1 pictures."""
        ### BEGIN SOLUTION
        batch_size = len(self.buffer)
        results = []
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                piece = images[start : start + batch_size]
                filled = self.buffer[: len(piece)]
                torch.stack(piece, out=filled)
                results.append(self.model(filled).clone())
            return torch.cat(results)
        ### END SOLUTION


# %% [markdown]
# ## Channels last
#
# A batch has the shape (N, C, H, W). In memory the last axis comes first: all values of one channel lie side by side.
# A convolution combines all channels of a pixel, and for that it is better to have the *channels* side by side. This
# layout is called **channels_last**. The shape does not change, only the strides do: how far it is in memory to the next
# value along each axis.

# %%
small = torch.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)
last = small.to(memory_format=torch.channels_last)
show_table(
    [
        ("contiguous", tuple(small.shape), small.stride(), small.flatten().tolist()[:8]),
        ("channels_last", tuple(last.shape), last.stride(), last.permute(0, 2, 3, 1).flatten().tolist()[:8]),
    ],
    ["layout", "shape", "strides", "the first values in memory"],
)
print("equal:", torch.equal(small, last), " is_contiguous:", last.is_contiguous(), last.is_contiguous(memory_format=torch.channels_last))

# %% [markdown]
# Convert the model once and each batch as it comes. `model.to(...)` changes a module **in place**, hence the copy. What
# comes out of a convolution keeps the layout, so it runs through the whole model.

# %%
model_last = copy.deepcopy(model).to(memory_format=torch.channels_last)
batch_last = batch.to(memory_format=torch.channels_last)


@torch.inference_mode()
def channels_last():
    return model_last(batch_last)


climb("channels_last", channels_last)

# %% [markdown]
# ## Convolution and BatchNorm in one
#
# In evaluation mode BatchNorm is $\gamma\,(y - \mu) / \sqrt{\sigma^2 + \varepsilon} + \beta$ for each channel: one
# multiplication and one addition with fixed numbers ([lesson 01](01_modes.ipynb)). The convolution before it is linear. So
# its weights and its bias can take over both, and BatchNorm is gone:
#
# $$w' = w \cdot s \qquad b' = (b - \mu)\, s + \beta \qquad s = \gamma / \sqrt{\sigma^2 + \varepsilon}$$

# %%
conv = nn.Conv2d(3, 4, 3, bias=False).eval()
norm = nn.BatchNorm2d(4).eval()
norm.running_mean.uniform_(-1, 1)
norm.running_var.uniform_(0.5, 2)
x = torch.randn(2, 3, 8, 8)

with torch.no_grad():
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    by_hand = nn.functional.conv2d(x, conv.weight * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale)
    fused = fuse_conv_bn_eval(conv, norm)  # PyTorch's own, a new convolution
    right = norm(conv(x))
print("by hand:          ", torch.allclose(by_hand, right, atol=1e-5))
print("fuse_conv_bn_eval:", torch.allclose(fused(x), right, atol=1e-5))

# %% [markdown]
# In training mode this is impossible: there BatchNorm uses the batch's own statistics. PyTorch refuses:

# %%
try:
    fuse_conv_bn_eval(conv, norm.train())
except AssertionError as error:
    print("AssertionError:", str(error) or "(without a message)")

# %% [markdown]
# For a whole model `torch.fx.experimental.optimization.fuse` does it: it traces the model into a graph, finds the pairs, and
# gives a new module. ResNet-18 (random weights) has 20 of them:

# %%
resnet = resnet18().eval()
fused_resnet = fuse(resnet)


def count(module, kind):
    return sum(isinstance(part, kind) for part in module.modules())


print("before:", count(resnet, nn.Conv2d), "convolutions,", count(resnet, nn.BatchNorm2d), "BatchNorms")
print("after: ", count(fused_resnet, nn.Conv2d), "convolutions,", count(fused_resnet, nn.BatchNorm2d), "BatchNorms")

# %% [markdown]
# Write a function that makes a model ready: it returns **a new module**, and leaves the one that it is given as it is.
#
# - The new one is in evaluation mode, every BatchNorm and Dropout in it too. Its weights are float32, those of convolutions in
#   channels_last.
# - Each `BatchNorm2d` that comes right behind a `Conv2d` is put into that convolution and is no longer computed. In the
#   models here such a pair stands side by side in an `nn.Sequential`. A BatchNorm behind something else stays.
# - Its logits are those of the original in evaluation mode, but for rounding.
# - The original may be in training mode. Its modes, weights, memory format and `requires_grad` stay as they are.


# %% exercise="optimization-3"
def prepare(model):
    """A copy of a model for inference: evaluation mode, channels_last, BatchNorms fused.

    Args:
        model: float32 (N, 3, H, W) to logits float32 (N, C), in any mode.

    Returns:
        A new nn.Module.
    """
    ### BEGIN SOLUTION
    return fuse(copy.deepcopy(model).eval()).to(memory_format=torch.channels_last)
    ### END SOLUTION


# %% [markdown]
# EfficientNet-Lite0, as timm builds it, cannot be traced by `fuse`, because it decides about padding by looking at shapes
# ([lesson 06](06_export.ipynb) shows such models). Then it is done by hand: go through the children of every module, and
# join each pair. One thing is special here. timm's BatchNorm has the activation inside it, and that has to stay.

# %%
def fuse_by_hand(model):
    ready = copy.deepcopy(model).eval()
    for parent in list(ready.modules()):
        before = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and before is not None:
                setattr(parent, before[0], fuse_conv_bn_eval(before[1], child))
                setattr(parent, name, getattr(child, "act", nn.Identity()))
            before = (name, child) if isinstance(child, nn.Conv2d) else None
    return ready


ready = fuse_by_hand(model).to(memory_format=torch.channels_last)
print("BatchNorms:", count(model, nn.BatchNorm2d), "before,", count(ready, nn.BatchNorm2d), "after")


@torch.inference_mode()
def fused_model():
    return ready(batch_last)


climb("BatchNorm fused", fused_model)

# %% [markdown]
# What has changed in the profile? The same operators, before and after, as shares of the batch's time before:

# %%
def own_times(run):
    """Milliseconds of their own, by kind of operator."""
    run()
    found = []
    for _ in range(5):
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            run()
        times = dict.fromkeys(["convolutions", "BatchNorm", "activation", "others"], 0.0)
        for row in profiler.key_averages():
            kinds = {"conv": "convolutions", "norm": "BatchNorm", "clamp": "activation", "hardtanh": "activation"}
            kind = next((kinds[part] for part in kinds if part in row.key), "others")
            times[kind] += row.self_cpu_time_total / 1e3
        found.append(times)
    return min(found, key=lambda times: sum(times.values()))  # the least disturbed one


stages = {"one batch": batched, "channels_last": channels_last, "BatchNorm fused": fused_model}
measured = {name: own_times(run) for name, run in stages.items()}
whole = sum(measured["one batch"].values())

figure, panel = plt.subplots(figsize=(8, 2.4), layout="constrained")
left = [0.0] * len(measured)
styles = {"convolutions": ("#0072b2", ""), "BatchNorm": ("#d55e00", "//"), "activation": ("#e69f00", "xx"), "others": ("#999999", "..")}
for kind, (colour, hatch) in styles.items():
    values = [times[kind] / whole for times in measured.values()]
    panel.barh(list(measured), values, left=left, color=colour, hatch=hatch, edgecolor="white", label=kind)
    left = [one + other for one, other in zip(left, values, strict=True)]
panel.set(xlabel="time of their own (1 is the whole of the first bar)")
panel.invert_yaxis()
panel.spines[["top", "right"]].set_visible(False)
panel.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
show_figure(figure, "Three stacked bars: with the last change BatchNorm disappears from the time of a call.")

# %% [markdown]
# ## torch.compile
#
# `torch.compile(model)` watches a call, turns what happens into a graph, and writes and compiles new code for it: C++ on a
# CPU, Triton on a GPU. Several operators that touch each value once become a single loop. The call looks as before.
#
# What can go into one graph? Everything that happens to tensors, as long as Python need not know a *value*. Where it must, the
# graph **breaks**: one part is compiled, Python takes over, and the next part is compiled by itself.

# %%
import torch._dynamo


def smooth(x):
    return (x * 2 + 1).relu().mean()


def depends_on_value(x):
    y = x * 2
    if y.sum() > 0:  # Python has to know the number
        y = y + 1
    return y.relu().mean()


for function in (smooth, depends_on_value):
    found = torch._dynamo.explain(function)(torch.randn(8))
    print(f"{function.__name__}: {found.graph_count} graph(s), {found.graph_break_count} break(s)")
try:
    torch.compile(depends_on_value, backend="eager", fullgraph=True)(torch.randn(8))
except torch._dynamo.exc.Unsupported as error:
    print("fullgraph=True:", str(error).splitlines()[0])

# %% [markdown]
# A break is no error, but each costs time and hides what lies on both sides from each other. `fullgraph=True` makes it an
# error. The same `if` stopped `torch.export` in [lesson 06](06_export.ipynb); there is the mend, too.
#
# ## When it compiles again
#
# A compiled graph holds for what it was made for. Along with it come **guards**: conditions on shapes, dtypes, the grad
# mode and more, which are tested at every call. When none of the graphs fits, it is compiled again. Even a view of a larger
# tensor and a tensor of its own can be two different inputs, and so can an ordinary tensor and one made under `inference_mode`.

# %%
predict("optimization-q2")

# %% [markdown]
# We need not wait for a compiler to count. A `backend` is a function that gets the graph and returns something to call in its
# place. Ours counts, and returns the graph as it is.

# %%
def compilations(sizes, **options):
    """For each batch size in turn: does it compile?"""
    torch._dynamo.reset()  # forget all that was compiled before
    count = 0

    def backend(graph, example_inputs):
        nonlocal count
        count += 1
        return graph.forward

    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5)).eval()
    compiled = torch.compile(net, backend=backend, **options)
    happened = []
    with torch.inference_mode():
        for size in sizes:
            before = count
            compiled(torch.randn(size, 3, 8, 8))
            happened.append("compiles" if count > before else "–")
    return [*happened, count]


sizes = [4, 4, 5, 6, 1, 7]
show_table(
    [
        ("the defaults", *compilations(sizes)),
        ("dynamic=True", *compilations(sizes, dynamic=True)),
        ("dynamic=False", *compilations(sizes, dynamic=False)),
    ],
    ["", *[f"batch of {size}" for size in sizes], "graphs"],
)

# %%
reveal("optimization-q2")

# %% [markdown]
# With `dynamic=True` the first graph is for any size already. With `dynamic=False` every size gets its own, which may be
# the fastest code when there are few sizes. And there is an end to it: after 8 graphs of one function PyTorch gives up,
# warns once, and from then on runs new sizes **uncompiled**:

# %%
torch._logging.set_logs(dynamo=logging.ERROR)  # the warning, which we know now
sizes = range(1, 13)
show_table([("dynamic=False", *compilations(sizes, dynamic=False))], ["", *sizes, "graphs"])
torch._logging.set_logs()

# %% [markdown]
# So with sizes that vary you have a choice: dynamic shapes, or the same shape for every call. The second means to fill up
# smaller batches with anything, and to drop those rows of the result. In evaluation mode each picture's logits depend on that
# picture alone, so this is exact.
#
# Write a function `compiled_once(model, batch_size, backend)`. It returns a function `run(batch)` for float32 batches of
# any N ≥ 1 pictures `(N, 3, H, W)`, with H and W always the same, that returns the logits `(N, C)` in their order.
#
# - Every picture goes through `model` compiled with `torch.compile(..., backend=backend)`.
# - Whatever sizes come, in whatever order, the backend is called **once**: a batch of 1 is among them, and so are batches
#   larger than `batch_size` (which is at least 2). Mind the guards: what you hand over has to be made in the same way each time.
# - The compiled code gets at most `batch_size` pictures at a time, and runs as seldom as that allows: ⌈N / batch_size⌉ times.
# - `model` is in evaluation mode. The result requires no gradients and keeps its values when `run` is called again. The
#   batch stays as it is.


# %% exercise="optimization-4"
def compiled_once(model, batch_size, backend):
    """A compiled model for batches of any size, compiled once.

    Args:
        model: in evaluation mode; float32 (N, 3, H, W) to logits float32 (N, C).
        batch_size: the most pictures at a time, at least 2.
        backend: for `torch.compile`.

    Returns:
        A function: batch float32 (N, 3, H, W) to logits float32 (N, C).
    """
    ### BEGIN SOLUTION
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            full = piece.new_zeros(batch_size, *piece.shape[1:])
            full[: len(piece)] = piece
            rows.append(compiled(full)[: len(piece)])
        return torch.cat(rows)

    return run
    ### END SOLUTION


# %% [markdown]
# ## When compiling pays
#
# Now for real. Compiled code is kept in a folder, so a second start is faster than the first. To see the true price we begin
# with an empty one. The first call compiles.
#
# On CPUs one switch matters, and it is off: **freezing**. It treats the weights as constants, and brings them into the layout
# that the fastest kernels want. It has to be on during that first call, which compiles, and it needs `no_grad` or
# `inference_mode`. (Handing it to `torch.compile` in `options` has no effect in this version: look into a profile before you
# believe in a switch.)

# %%
# NBVAL_IGNORE_OUTPUT
import torch._inductor.config as inductor

torch._dynamo.reset()
os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder / "compiled")
logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # tells of a missing GPU


def first_call(run):
    """Seconds of a call that compiles; None where there is no C++ compiler."""
    try:
        with busy("compiling"):
            return measure(run, repeat=1, warmup=0)
    except Exception as error:
        print(f"Nothing could be compiled here ({type(error).__name__}): torch.compile needs a C++ compiler, as g++ or clang.")
        print("Install one to see this rung. The rest of the lesson goes on without it.")
        return None


# a function of its own: PyTorch keeps graphs with the code of a function, so modules of one class would share them
@torch.compile
def frozen_graph(images):
    return ready(images)


@torch.inference_mode()
def compiled_and_frozen():
    with inductor.patch(freezing=True):
        return frozen_graph(batch_last)


compile_seconds = first_call(compiled_and_frozen)
if compile_seconds is not None:
    print("the first call:", format_seconds(compile_seconds))
    climb("torch.compile, frozen", compiled_and_frozen)

# %% [markdown]
# And as it is written most often, without freezing. (Its compile time is not the true price: parts of the folder's content are
# used again.)

# %%
# NBVAL_IGNORE_OUTPUT
@torch.compile
def plain_graph(images):
    return ready(images)


@torch.inference_mode()
def compiled_default():
    return plain_graph(batch_last)


if compile_seconds is not None and first_call(compiled_default) is not None:
    climb("torch.compile", compiled_default)
    for run in (compiled_default, compiled_and_frozen):
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            run()
        print(f"{run.__name__:20}", sorted({row.key for row in profiler.key_averages() if "conv" in row.key}))

# %% [markdown]
# The names of the operators tell whether a graph is frozen: `mkldnn::_convolution_pointwise` is a convolution with packed
# weights and the activation inside it. (On other processors the names differ.)
#
# Compiling is paid once, and the saving comes with each batch. Compare with the best rung *before*, not with the naive loop:
# fusing by hand took no time at all.
#
# Write a function `pays_after(compile_seconds, before, after, batch_size)`: how many pictures do you have to run until compiling
# has paid for itself? `before` and `after` are the seconds of a whole batch of `batch_size` pictures, `compile_seconds` is
# above 0. It pays as soon as the compiled way, compile time included, takes no longer than the other way. Count in whole
# batches, but return the number of **pictures**, an `int`. Return `None` when it never pays.


# %% exercise="optimization-5"
def pays_after(compile_seconds, before, after, batch_size):
    """After how many pictures compiling has paid.

    Args:
        compile_seconds: time to compile, above 0.
        before: seconds of a batch, not compiled.
        after: seconds of a batch, compiled.
        batch_size: pictures in a batch.

    Returns:
        The smallest number of pictures in whole batches, or None for never.
    """
    ### BEGIN SOLUTION
    saved = before - after
    if saved <= 0:
        return None
    return math.ceil(compile_seconds / saved) * batch_size
    ### END SOLUTION


# %%
# NBVAL_IGNORE_OUTPUT
try:
    if compile_seconds is None:
        print("(nothing was compiled here)")
    else:
        before, after = (measure(run, repeat=7) for run in (fused_model, compiled_and_frozen))
        pictures_needed = pays_after(compile_seconds, before, after, len(batch))
        print(f"a batch: {format_seconds(before)} before, {format_seconds(after)} after; compiling: {format_seconds(compile_seconds)}")
        print("compiling pays after", "no number of" if pictures_needed is None else f"{pictures_needed:,}", "pictures")
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# Other ways to write it: `model.compile()` compiles in place, so that the object and its `state_dict` stay the same. What
# `torch.compile(model)` returns is a wrapper, and its keys begin with `_orig_mod.`: save the original's.

# %%
print("wrapper: ", next(iter(torch.compile(resnet).state_dict())))
print("original:", next(iter(resnet.state_dict())))

# %% [markdown]
# ## Fewer bits: bfloat16
#
# [Lesson 05](05_mixed_precision.ipynb) tells what bfloat16 can and cannot hold. Half the bytes have to be moved, and where the
# processor has instructions for it, it computes twice as much at a time. Where it has none, this can be *slower* than
# float32. So it is a question to your machine. Here the weights themselves become bfloat16, in a copy.

# %%
# NBVAL_IGNORE_OUTPUT
ready_bf16 = copy.deepcopy(ready).to(torch.bfloat16)
batch_bf16 = batch_last.to(torch.bfloat16)


@torch.inference_mode()
def bfloat16():
    return ready_bf16(batch_bf16).float()


print("the processor has instructions for bfloat16:", torch.ops.mkldnn._is_mkldnn_bf16_supported())
climb("bfloat16", bfloat16)

# %% [markdown]
# The names stay, the logits move. On which photos does that matter? Where the first and the second name are close. We come back
# to that with int8, where it is the same question.
#
# ## ONNX Runtime
#
# [Lesson 06](06_export.ipynb) exports the model and runs it without PyTorch. ONNX Runtime does its own fusing, picks its own
# layouts and kernels, and starts in no time, since nothing is compiled. We export the *original*: it fuses BatchNorm itself.

# %%
# NBVAL_IGNORE_OUTPUT
import onnxruntime

for noisy in ("torch.onnx", "onnxscript", "onnx_ir", "root"):
    logging.getLogger(noisy).setLevel(logging.ERROR)
with busy("exporting"), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch.onnx.export(
        model,
        (batch[:2],),
        folder / "float.onnx",
        input_names=["images"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        external_data=False,
        verbose=False,
    )


def session_of(name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()  # the same number as PyTorch
    return onnxruntime.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])


def onnx_logits(session, images):
    return torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


float_session = session_of("float.onnx")


def onnx_runtime():
    return onnx_logits(float_session, batch)


climb("ONNX Runtime", onnx_runtime)

# %% [markdown]
# ## int8: 256 steps
#
# The last step in bits: whole numbers of 8 bits. A float becomes a step on a ruler with 256 marks,
#
# $$q = \mathrm{round}(x / \mathrm{scale}) + \mathrm{zero\ point},$$
#
# cut off at 0 and 255. And $(q - \mathrm{zero\ point}) \cdot \mathrm{scale}$ is the float again, but for half a step. Convolutions then multiply whole
# numbers, four times as many at a time as floats, where the processor has the instructions.
#
# Where do scale and zero point come from? For weights from the weights. For what flows between the layers, someone has to
# look: run some real inputs, and note the smallest and the largest value at each place. That is **calibration**, and a model
# that was calibrated once is quantised **statically**. What lies outside of the range later is cut off.

# %%
features = torch.linspace(-2.0, 6.0, 9)
low, high = -1.0, 5.0  # the range that was seen in calibration
scale = (high - low) / 255
zero_point = round(-low / scale)
steps = (features / scale + zero_point).round().clamp(0, 255)
back = (steps - zero_point) * scale
show_table(
    [(f"{x:.2f}", int(q), f"{y:.3f}") for x, q, y in zip(features, steps, back, strict=True)],
    ["value", "step", "and back"],
)
print(f"scale {scale:.4f}, zero point {zero_point}")

# %% [markdown]
# Write a function `to_uint8(values, low, high)` that turns floats into unsigned bytes. `values` is a float32 tensor of any
# shape, `low` and `high` are the calibrated range, two floats with `low <= high`. Return three things: the steps as a
# `uint8` tensor of the same shape, the scale as a `float`, the zero point as an `int`.
#
# - 0 must be exactly one of the steps. If the range does not hold 0, widen it on one side until it does.
# - Step 0 stands for the (widened) `low`, step 255 for `high`: so the scale is their distance divided by 255. If both are 0, the
#   scale is 1.
# - The zero point is the step of the value 0. Round to the nearest step; when two are equally near, either will do.
# - Values outside the range become 0 or 255. The tensor that is given must not change.


# %% exercise="optimization-6"
def to_uint8(values, low, high):
    """Floats as steps from 0 to 255.

    Args:
        values: float32 tensor.
        low: smallest value of the calibrated range.
        high: largest value of the calibrated range, not below `low`.

    Returns:
        uint8 tensor of the same shape, scale (float), zero point (int).
    """
    ### BEGIN SOLUTION
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 if high > low else 1.0
    zero_point = round(-low / scale)
    steps = (values / scale).round() + zero_point
    return steps.clamp(0, 255).to(torch.uint8), scale, zero_point
    ### END SOLUTION


# %% [markdown]
# ONNX Runtime's `quantize_static` does this for the whole model. It asks a `CalibrationDataReader` for one input after the other.
# We calibrate on crops of the real photos, and will *check* on crops that it has not seen.

# %%
# NBVAL_IGNORE_OUTPUT
from onnxruntime.quantization import (
    CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static,
)  # fmt: skip
from onnxruntime.quantization.shape_inference import quant_pre_process

normalise = v2.Normalize([127 / 255] * 3, [128 / 255] * 3)
crops_of = v2.Compose(
    [
        v2.RandomResizedCrop(224, scale=(0.5, 1.0), interpolation=v2.InterpolationMode.BICUBIC),
        v2.RandomHorizontalFlip(),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        normalise,
    ]
)
torch.manual_seed(0)
calibration = torch.stack([crops_of(photo(name)) for name in names for _ in range(2)])
unseen = torch.stack([crops_of(photo(name)) for name in names for _ in range(2)])


class Crops(CalibrationDataReader):
    """Gives the calibration pictures, a few at a time, and then None."""

    def __init__(self):
        self.pieces = iter(calibration.split(4))

    def get_next(self):
        piece = next(self.pieces, None)
        return None if piece is None else {"images": piece.numpy()}


quant_pre_process(folder / "float.onnx", folder / "prepared.onnx", skip_symbolic_shape=True)
for name, form, activations, per_channel in [
    ("int8.onnx", QuantFormat.QOperator, QuantType.QUInt8, True),
    ("qdq.onnx", QuantFormat.QDQ, QuantType.QUInt8, True),
    ("signed.onnx", QuantFormat.QOperator, QuantType.QInt8, True),
    ("one_scale.onnx", QuantFormat.QOperator, QuantType.QUInt8, False),
]:
    with busy("quantising"):
        quantize_static(
            folder / "prepared.onnx",
            folder / name,
            Crops(),
            quant_format=form,
            activation_type=activations,
            weight_type=QuantType.QInt8,
            per_channel=per_channel,
        )
int8_session = session_of("int8.onnx")


def int8():
    return onnx_logits(int8_session, batch)


climb("int8", int8)
for name in ("float.onnx", "int8.onnx"):
    print(f"{name:10} {(folder / name).stat().st_size / 1e6:4.1f} MB")

# %% [markdown]
# A quantised file comes in two forms. **QOperator** files hold the integer operators themselves. **QDQ** files still hold the float
# operators, with *quantise* and *dequantise* around them: other runtimes and accelerators read that form best, and ONNX Runtime joins
# them into integer kernels where it finds a pattern that it knows. Weights are signed in both, and what flows between the layers is
# **unsigned**: that combination has the fast instructions on x86 processors. Which form is faster on yours, and are signed activations
# slower?

# %%
# NBVAL_IGNORE_OUTPUT
qdq_session, signed_session = session_of("qdq.onnx"), session_of("signed.onnx")
_ = compare(
    {
        "QOperator, unsigned activations": int8,
        "QDQ, unsigned activations": lambda: onnx_logits(qdq_session, batch),
        "QOperator, signed activations": lambda: onnx_logits(signed_session, batch),
    },
    repeat=5,
)

# %% [markdown]
# Fast is not enough. A quantised model is another model, so check it on pictures that calibration has not seen:

# %%
predict("optimization-q4")

# %%
# NBVAL_IGNORE_OUTPUT
one_scale_session = session_of("one_scale.onnx")
with torch.inference_mode():
    truth = model(unseen)
    answers = {
        "bfloat16": ready_bf16(unseen.to(torch.bfloat16, memory_format=torch.channels_last)).float(),
        "int8, a scale for each channel": onnx_logits(int8_session, unseen),
        "int8, one scale for a whole layer": onnx_logits(one_scale_session, unseen),
    }
sure = truth.softmax(1).max(1).values > 0.5
rows = []
for name, logits in answers.items():
    agrees = logits.argmax(1) == truth.argmax(1)
    error = (logits - truth).abs().mean()
    rows.append((name, f"{error:.3f}", f"{agrees.float().mean():.0%}", f"{agrees[sure].float().mean():.0%}"))
show_table(rows, ["", "mean error of a logit", "same first name, unseen crops", "where the float model is above 0.5"])

# %%
reveal("optimization-q4")

# %% [markdown]
# Many of these crops show nothing that ImageNet has a name for, and there the float model is not sure itself: a small error
# decides between two names that are both guesses. Where it is sure, the name should stay. Photo by photo:

# %%
# NBVAL_IGNORE_OUTPUT
with torch.inference_mode():
    float_probabilities = model(photos).softmax(1)
int8_probabilities = onnx_logits(int8_session, photos).softmax(1)
rows = []
for name, one, other in zip(names, float_probabilities, int8_probabilities, strict=True):
    (p, i), (q, j) = one.max(0), other.max(0)
    mark = "" if i == j else "← another name"
    rows.append((name, f"{classifier.categories[i]} {p:.2f}", f"{classifier.categories[j]} {q:.2f}", mark))
show_table(rows, ["photo", "float32", "int8", ""])

# %% [markdown]
# *Dynamic* quantisation (`quantize_dynamic`) needs no calibration: it finds the ranges anew at every call. It is made for
# models of large matrix products, such as language models. Does it bring anything for these convolutions?

# %%
# NBVAL_IGNORE_OUTPUT
quantize_dynamic(folder / "prepared.onnx", folder / "dynamic.onnx", weight_type=QuantType.QUInt8)
dynamic_session = session_of("dynamic.onnx")
_ = compare(
    {"float32": onnx_runtime, "int8, static": int8, "int8, dynamic": lambda: onnx_logits(dynamic_session, batch)},
    repeat=5, warmup=1,
)  # fmt: skip

# %% [markdown]
# ## AOTInductor
#
# `torch.compile` compiles while the program runs. **AOTInductor** takes what `torch.export` gave
# ([lesson 06](06_export.ipynb)) and compiles it *ahead of time* into one file. Another program, also one in C++, loads that and
# has nothing to compile: the first call is as fast as the others.

# %%
# NBVAL_IGNORE_OUTPUT
package = None


def build_package():
    exported = torch.export.export(ready, (batch_last,))
    with inductor.patch(freezing=True):
        torch._inductor.aoti_compile_and_package(exported, package_path=str(folder / "model.pt2"))


if compile_seconds is not None:
    with torch.no_grad():
        seconds = first_call(build_package)
    if seconds is not None:
        package = torch._inductor.aoti_load_package(str(folder / "model.pt2"))
        size = (folder / "model.pt2").stat().st_size / 1e6
        print(f"built in {format_seconds(seconds)}, a file of {size:.0f} MB, weights and code")


@torch.inference_mode()
def ahead_of_time():
    return package(batch_last)


if package is None:
    print("(no package: there is no C++ compiler)")
else:
    climb("AOTInductor", ahead_of_time)

# %% [markdown]
# But nobody looks at what you hand in:

# %%
predict("optimization-q3")

# %%
# NBVAL_IGNORE_OUTPUT
if package is None:
    print("(no package here; where there is one, the ordinary layout gives wrong logits, and no error)")
else:
    with torch.inference_mode():
        for layout, images in {"channels_last": batch_last, "ordinary layout": batch}.items():
            logits = package(images)
            agree = (logits.argmax(1) == reference.argmax(1)).sum().item()
            print(f"{layout:16} same first name for {agree} of {len(batch)} photos, largest difference {(logits - reference).abs().max():.1g}")

# %%
reveal("optimization-q3")

# %% [markdown]
# A smaller picture or another dtype is as bad, since then it even reads memory that is not the picture's. So put a function
# around a package that checks dtype, shape and layout, or that makes them right: `images.contiguous(memory_format=…)`. The
# environment variable `AOTI_RUNTIME_CHECK_INPUTS=1`, set before the program starts, switches such checks on: use it in tests.
#
# ## The whole ladder
#
# Once more, now all rungs in turns, in one run:

# %%
# NBVAL_IGNORE_OUTPUT
timings = compare(ladder, repeat=7, warmup=1)
seconds_of = {one.name: one.milliseconds / 1e3 for one in timings}

figure, panel = plt.subplots(figsize=(8.5, 4), layout="constrained")
fewer_bits = ("bfloat16", "int8")
for one in timings:
    low = one.name in fewer_bits
    bar = panel.barh(one.name, one.ratio, color="#d55e00" if low else "#0072b2", hatch="//" if low else "", edgecolor="white")
    panel.bar_label(bar, [f"{one.ratio:.1f}×,  error {differences[one.name]:.0e}"], padding=4, fontsize=9)
panel.axvline(1, color="#1a1a1a", linewidth=0.8)
panel.set(xlabel="times as fast as the naive loop (hatched: fewer bits)", xlim=(0, max(one.ratio for one in timings) * 1.35))
panel.invert_yaxis()
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "A bar for each rung of the ladder: how many times as fast as the naive loop it is, and its largest error.")

# %% [markdown]
# **Lab.** Choose the rungs and the batch size, and press “Measure”: the bars grow while it measures. Which rung gains nothing with
# a single picture, and much with eight? Which one would you take if no digit may change?

# %%
lab("optimization")

# %% [markdown]
# Read the ladder from the top, and ask of each rung what it costs. The first four are a few lines, exact but for rounding, and need nothing
# installed. Compiling costs time at every cold start, or a file for each kind of machine. ONNX Runtime costs an export. bfloat16
# and int8 cost accuracy, and the work to check it. Often the right place to stop is not the top.
#
# ## How far from the limit
#
# How much is left? The model's work is fixed: count its multiplications and additions (a *multiply-add* counts two), and compare
# with what the processor can do at most. `count_flops` and `measured_peak` are helpers of this course: the first counts, the second
# measures a loop that does nothing but multiply-adds, on the threads in use.

# %%
# NBVAL_IGNORE_OUTPUT
from helpers.roofline import count_flops, measured_peak

flops = count_flops(model, batch)
peak = measured_peak(torch.float32)
print(f"{flops / len(batch) / 1e9:.2f} billion operations for a photo")
rows = [(name, f"{flops / seconds / 1e9:.0f}", f"{flops / seconds / peak:.0%}") for name, seconds in seconds_of.items()]
print(f"this machine's peak in float32, on {torch.get_num_threads()} thread(s): {peak / 1e9:.0f} billion operations a second")
show_table(rows, ["rung", "billion operations a second", "of the float32 peak"])

# %% [markdown]
# Far from 100 %, even at the top? Computing is only one limit. The values also have to come from memory and go back. An operation
# with much computing for each byte is held up by the first, one with little by the second. The number that decides is the
# **arithmetic intensity**: operations for each byte moved. Drawn over it, the limit looks like a roof, hence *roofline*.

# %%
# NBVAL_IGNORE_OUTPUT
source = torch.randn(16 * 2**20)
target = torch.empty_like(source)
bandwidth = 2 * source.nbytes / measure(lambda: target.copy_(source), repeat=7)  # read and written

layers = {
    "1×1, 96 → 24 channels": (nn.Conv2d(96, 24, 1, bias=False), (8, 96, 56, 56)),
    "3×3 depthwise, 96 channels": (nn.Conv2d(96, 96, 3, padding=1, groups=96, bias=False), (8, 96, 112, 112)),
    "3×3, 64 → 64 channels": (nn.Conv2d(64, 64, 3, padding=1, bias=False), (8, 64, 56, 56)),
    "ReLU6": (nn.ReLU6(), (8, 96, 112, 112)),
}
points = {}
with torch.inference_mode():
    for name, (layer, shape) in layers.items():
        layer.eval().to(memory_format=torch.channels_last)
        images = torch.randn(shape).to(memory_format=torch.channels_last)
        result = layer(images)
        work = images.numel() if name == "ReLU6" else count_flops(layer, images)  # a comparison for each value
        moved = images.nbytes + result.nbytes + sum(weight.nbytes for weight in layer.parameters())
        points[name] = (work / moved, work / measure(lambda layer=layer, images=images: layer(images), repeat=7))

figure, panel = plt.subplots(figsize=(8, 4), layout="constrained")
intensities = [0.05 * 1.2**step for step in range(60)]
panel.plot(intensities, [min(peak, one * bandwidth) / 1e9 for one in intensities], color="#1a1a1a", label="the roof: memory, then computing")
for (name, (intensity, rate)), marker in zip(points.items(), "osD^", strict=True):
    panel.plot(intensity, rate / 1e9, marker, markersize=9, color="#0072b2" if "×" in name else "#d55e00")
    panel.annotate(name, (intensity, rate / 1e9), xytext=(8, -12), textcoords="offset points", fontsize=9)
panel.margins(0.08)
panel.set(xscale="log", yscale="log", xlabel="operations for each byte moved", ylabel="billion operations a second")
panel.spines[["top", "right"]].set_visible(False)
panel.legend(frameon=False, loc="lower right")
show_figure(figure, "A roofline: a sloping line that turns level, and four layers below or near it.")

# %% [markdown]
# Left under the slope, memory decides: ReLU, BatchNorm, depthwise convolutions. There it helps to move less: fuse, or use fewer
# bytes for each value. (A point may lie above the slope when its values are still in a cache.) Right under the level part, computing
# decides: there only better kernels or fewer bits help. EfficientNet has much on the left; ResNet-50 lies on the right, and
# its best float32 rungs come close to the roof. When a rung is near it, stop: **beyond layout and fusing, only fewer bits
# move the bar**.
#
# ## Threads
#
# PyTorch spreads one operator over several threads, as a rule one for each core. More is not always better. Do two threads halve the
# time on your machine?

# %%
# NBVAL_IGNORE_OUTPUT
all_threads = torch.get_num_threads()
counts = sorted({1, 2, all_threads} & set(range(1, all_threads + 1)))


def with_threads(number):
    def run():
        torch.set_num_threads(number)
        return fused_model()

    return run


try:
    compare({f"{number} thread(s)": with_threads(number) for number in counts}, repeat=5)
finally:
    torch.set_num_threads(all_threads)

# %% [markdown]
# - A server that answers many requests at a time is often best off with one thread each and several processes. Many
#   processes with all threads each get in each other's way.
# - ONNX Runtime has threads of its own: `intra_op_num_threads`, as in `session_of` above. Give both libraries the same number before
#   you compare them.
# - `torch.utils.benchmark.Timer` uses **one** thread unless you say `num_threads=`: its times then do not fit to any others.
#
# ## On a GPU
#
# Rungs that are small here are large there: batching (a GPU with one picture is mostly idle), half precision (its Tensor Cores want
# float16 or bfloat16, with channels_last), `torch.compile` (with `mode="reduce-overhead"` it records CUDA graphs). And there is one
# switch more: `torch.backends.cudnn.benchmark`. For one convolution cuDNN knows several algorithms. With the switch on, it tries
# them the first time that it meets a shape, and from then on takes the fastest for that shape. So it **helps where shapes stay the
# same**, and costs time where they change all the time, since each new shape is a new search. It is off by default. One also reads it
# the other way round, “set it to False for fixed sizes”: that is wrong.

# %%
# NBVAL_IGNORE_OUTPUT
print("cudnn.benchmark is on:", torch.backends.cudnn.benchmark)
if torch.cuda.is_available():
    on_gpu = copy.deepcopy(ready).cuda()
    fixed = [batch_last.cuda()] * 6
    changing = [fixed[0][:, :, :side, :side].contiguous(memory_format=torch.channels_last) for side in range(160, 220, 10)]

    @torch.inference_mode()
    def run_all(images):
        for one in images:
            on_gpu(one)

    for name, images in {"fixed shape": fixed, "changing shapes": changing}.items():
        for benchmark in (False, True):
            torch.backends.cudnn.benchmark = benchmark
            first = measure(lambda images=images: run_all(images), repeat=1, warmup=0)
            later = measure(lambda images=images: run_all(images), repeat=7)
            print(f"{name:16} benchmark={benchmark!s:5}  first time {format_seconds(first)}, later {format_seconds(later)}")
    torch.backends.cudnn.benchmark = False
else:
    print("No NVIDIA GPU here. With one, this cell times six batches of one shape and six of different shapes, with the switch off and")
    print("on: the first time, in which the search for each new shape happens, and later, when every shape is known.")

# %% [markdown]
# ## Summary
#
# | rung | in code | costs | watch out for |
# |---|---|---|---|
# | look first | `torch.profiler.profile` | nothing | read the time *of its own* |
# | no gradients | `inference_mode` | nothing | |
# | batch | `model(batch)` | latency | uneven last batch |
# | buffer | `torch.stack(…, out=buffer[:n])` | care | old rows, views; hardly any time saved |
# | layout | `.to(memory_format=torch.channels_last)` | nothing | changes a module in place; input too |
# | fusing | `fuse`, `fuse_conv_bn_eval` | nothing | only in evaluation mode |
# | compile | `torch.compile(model)` | compile time | graph breaks, new shapes, freezing is off |
# | bfloat16 | `.to(torch.bfloat16)` | accuracy | slower where the hardware lacks it |
# | ONNX Runtime | `InferenceSession` | an export | number of threads |
# | int8 | `quantize_static` | accuracy, calibration | one scale a channel; check on unseen pictures |
# | AOTInductor | `aoti_compile_and_package` | a file for each kind of machine | it checks no input |
# | cuDNN's search | `torch.backends.cudnn.benchmark = True` | a search for each shape | only for fixed shapes |
# | stop | `count_flops`, roofline | | near the roof only fewer bits help |
#
# **Read on:** [torch.compile](https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/torch.compiler.html) ·
# [recompilations](https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/compile/programming_model.recompilation.html) ·
# [AOTInductor](https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/torch.compiler_aot_inductor.html) ·
# [profiler](https://docs.pytorch.org/docs/stable/profiler.html) ·
# [channels last](https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html) ·
# [quantisation in ONNX Runtime](https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html) ·
# [`cudnn.benchmark`](https://docs.pytorch.org/docs/stable/backends.html#torch.backends.cudnn.torch.backends.cudnn.benchmark)

# %%
progress()
