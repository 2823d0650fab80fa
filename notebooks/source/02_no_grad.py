# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 02 · Inference without gradients
#
# PyTorch is always ready to train. While a model runs, *autograd* writes down every step and keeps what a backward
# pass would need. In inference nobody asks for that backward pass, and you pay for it all the same.
#
# After this lesson you can
#
# - say when autograd records, and measure what it keeps in memory;
# - switch it off with `torch.no_grad()` and `torch.inference_mode()`, and choose between the two;
# - find graphs that stay alive and fill the memory;
# - combine `eval()` with either, and say why one does not replace the other.

# %%
import threading
import tracemalloc
from collections import Counter
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import nn
from torchvision.models import resnet18

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.plots import show_figure, show_table
from helpers.timing import compare, peak_memory, saved_bytes

# %% [markdown]
# The model here is ResNet-18 with random weights. Its answers mean nothing, but memory and time are those of the
# trained one.

# %%
torch.manual_seed(0)
resnet = resnet18().eval()
pictures = torch.randn(8, 3, 224, 224)
one_picture = pictures[:1].clone()
MiB = 2**20

# %% [markdown]
# ## What autograd records
#
# Autograd records an operation when one of its inputs has `requires_grad=True`. The result then requires gradients
# too, and its `grad_fn` is the operation's place in the *graph*: the way back from the result to the inputs.

# %%
weight = torch.tensor([2.0, 3.0], requires_grad=True)
x = torch.tensor([1.0, 4.0])

y = (weight * x).sum()
print("x     ", x.requires_grad)
print("weight", weight.requires_grad)
print("y     ", y.requires_grad, y.grad_fn.name())

y.backward()
print("gradient of y for weight:", weight.grad)

# %% [markdown]
# The picture does not require gradients, but a model's parameters do, so every call of a model is recorded. We follow
# the graph from the logits back to the parameters and count its nodes:

# %%
logits = resnet(one_picture)

nodes, waiting = set(), [logits.grad_fn]
while waiting:
    node = waiting.pop()
    if node is not None and node not in nodes:
        nodes.add(node)
        waiting += [before for before, _ in node.next_functions]

print(sum(parameter.requires_grad for parameter in resnet.parameters()), "parameters require gradients")
print(len(nodes), "nodes in the graph of one call:")
for name, count in sorted(Counter(node.name().split("::")[-1] for node in nodes).items()):
    print(f"{count:4} {name}")

# %% [markdown]
# 62 of these nodes (`AccumulateGrad`) wait to put a gradient into a parameter. The model is in evaluation mode, and
# still all of this happens.
#
# ## Switching it off
#
# Two context managers stop the recording: `torch.no_grad()` and the stricter `torch.inference_mode()`.

# %%
with torch.no_grad():
    quiet = resnet(one_picture)
with torch.inference_mode():
    strict = resnet(one_picture)

rows = [
    (name, result.requires_grad, result.grad_fn is not None, result.is_inference())
    for name, result in [("plain call", logits), ("no_grad", quiet), ("inference_mode", strict)]
]
show_table(rows, ["", "requires_grad", "has a graph", "inference tensor"])
print("same logits:", torch.allclose(logits, quiet), torch.allclose(logits, strict))

# %% [markdown]
# The numbers are the same; only the record is missing. What an *inference tensor* is comes later.
#
# A `with` block remembers the mode that it found and puts it back, even when an error leaves the block. A plain
# `torch.set_grad_enabled(False)` stays in force until somebody switches it back. And `torch.no_grad()` on a line of
# its own does nothing at all:

# %%
def after(action):
    """Whether gradients are on after the action; on again in any case before we go on."""
    with suppress(ValueError):
        action()
    on = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    return on


def block_with_error():
    with torch.no_grad():
        raise ValueError("something went wrong")


def nested_blocks():
    with torch.no_grad():
        with torch.no_grad():
            pass
        print("after the inner of two blocks, gradients are on:", torch.is_grad_enabled())


print("after an error in a block, gradients are on:        ", after(block_with_error))
print("after two nested blocks:                            ", after(nested_blocks))
print("after torch.set_grad_enabled(False):                ", after(lambda: torch.set_grad_enabled(False)))
print("after torch.no_grad() alone on a line:              ", after(torch.no_grad))

# %% [markdown]
# Write a function that takes a `model` in evaluation mode and a `batch` (float32, shape `(N, 3, H, W)`), and returns
# the probabilities: softmax of the model's logits over the categories, a float32 tensor of shape `(N, C)`.
#
# - The result requires no gradients, and autograd must record **nothing** while your function runs, even when the
#   batch itself requires gradients.
# - The model and the batch stay as they were: modes, parameters, `requires_grad`, values.
# - After the call the grad mode is the one that your caller had, whichever that was, even when the model raises an
#   error.

# %% exercise="nograd-1"
def predict_probabilities(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Probabilities of each picture's categories, computed without gradients.

    Args:
        model: in evaluation mode; float32 (N, 3, H, W) to logits float32 (N, C).
        batch: float32 tensor of shape (N, 3, H, W).

    Returns:
        float32 tensor of shape (N, C); each row adds up to 1.
    """
    ### BEGIN SOLUTION
    with torch.inference_mode():
        return model(batch).softmax(dim=1)
    ### END SOLUTION


# %% [markdown]
# ## What the graph keeps
#
# The nodes themselves are small. But to work out gradients, `backward()` will need what went *into* a layer, and
# autograd keeps those tensors until then.

# %%
predict("nograd-q1")

# %% [markdown]
# `saved_bytes` calls a function and adds up what autograd sets aside meanwhile. The weights are in memory anyway and
# are not counted. (`partial(resnet, batch)` is a function that, when called, calls `resnet(batch)`.)

# %%
weights = sum(parameter.nbytes for parameter in resnet.parameters())
print(f"weights                       {weights / MiB:6.1f} MiB")
for n in (1, 2, 8):
    batch = pictures[:n].clone()
    print(f"kept after a batch of {n}       {saved_bytes(partial(resnet, batch)) / MiB:6.1f} MiB")

with torch.no_grad():
    print(f"a batch of 8 under no_grad    {saved_bytes(partial(resnet, pictures)) / MiB:6.1f} MiB")

# %%
reveal("nograd-q1")

# %% [markdown]
# 21 MiB for each picture of the batch. Which layers keep it? We run the first layer alone, then the first two, and so
# on; the differences are what each layer adds.

# %%
stages = dict(resnet.named_children())
kept, so_far = [], []
for name, stage in stages.items():
    so_far += [nn.Flatten(), stage] if name == "fc" else [stage]
    kept.append(saved_bytes(partial(nn.Sequential(*so_far), one_picture)) / MiB - sum(kept))
own_weights = [sum(parameter.nbytes for parameter in stage.parameters()) / MiB for stage in stages.values()]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for panel, values, title, colour, hatch in [
    (left, kept, "kept for backward, one picture (MiB)", "#d55e00", None),
    (right, own_weights, "weights (MiB)", "#0072b2", "///"),
]:
    bars = panel.barh(list(stages), values, color=colour, hatch=hatch, edgecolor="white")
    panel.bar_label(bars, [f"{value:.1f}" for value in values], padding=3)
    panel.set_title(title, fontsize=11)
    panel.set_xlim(0, max(values) * 1.18)
    panel.spines[["top", "right"]].set_visible(False)
left.invert_yaxis()
show_figure(figure, "Bars for each part of the network: the early parts keep the most, the late ones have the most weights.")
print("kept:   ", ", ".join(f"{name} {value:.1f}" for name, value in zip(stages, kept, strict=True)))
print("weights:", ", ".join(f"{name} {value:.1f}" for name, value in zip(stages, own_weights, strict=True)))

# %% [markdown]
# The two charts are nearly mirror images. The weights sit in the last layers, which have many channels. The graph's
# memory goes to the first layers, where the pictures are still large.
#
# Without the graph, a layer's input is freed as soon as the next layer is done. So the *peak* of the memory falls too:
# the most that is in use at one time, beyond the weights and the pictures.

# %%
def plain_call():
    return resnet(pictures)


@torch.no_grad()
def no_grad_call():
    return resnet(pictures)


@torch.inference_mode()
def inference_call():
    return resnet(pictures)


calls = {"plain call": plain_call, "no_grad": no_grad_call, "inference_mode": inference_call}
peaks = [peak_memory(call) / MiB for call in calls.values()]

figure, panel = plt.subplots(figsize=(7, 2.2), layout="constrained")
bars = panel.barh(list(calls), peaks, color=["#d55e00", "#0072b2", "#0072b2"])
panel.bar_label(bars, [f"{peak:.0f} MiB" for peak in peaks], padding=3)
panel.set_title("peak memory of one call, 8 pictures", fontsize=11)
panel.set_xlim(0, max(peaks) * 1.18)
panel.invert_yaxis()
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "Three bars: the plain call needs several times the memory of the other two, which are alike.")
for name, peak in zip(calls, peaks, strict=True):
    print(f"{name}: the plain call's peak is {peaks[0] / peak:.1f}× this one")

# %% [markdown]
# **Lab.** First make the bars grow: more pictures, larger ones. Then make them vanish, in as many ways as you can find. Which
# of them still leave a graph? And what does an input that requires gradients bring back in a frozen model?

# %%
lab("nograd")

# %% [markdown]
# Measure with the right tool: Python's own `tracemalloc` sees Python's objects, and tensors keep their values
# elsewhere.

# %%
tracemalloc.start()
kept_by_torch = saved_bytes(partial(resnet, one_picture))
_, seen_by_python = tracemalloc.get_traced_memory()
tracemalloc.stop()
print(f"kept by autograd:          {kept_by_torch / MiB:.1f} MiB")
print("tracemalloc saw 1% of it: ", seen_by_python > kept_by_torch / 100)

# %% [markdown]
# A third way to have no graph: no tensor in the whole call requires gradients. So a fully *frozen* model records
# nothing. It takes a single input that requires gradients to bring nearly everything back.

# %%
frozen = deepcopy(resnet).requires_grad_(False)
watched = one_picture.clone().requires_grad_()
print(f"frozen model, plain picture:                     {saved_bytes(partial(frozen, one_picture)) / MiB:5.1f} MiB")
print(f"frozen model, picture that requires gradients:   {saved_bytes(partial(frozen, watched)) / MiB:5.1f} MiB")

# %% [markdown]
# ## How far the switch reaches
#
# Both switches are also decorators, as you have just seen. That reads well when a whole function is inference:
# `@torch.no_grad()` or `@torch.inference_mode()`.
#
# A switch holds for **everything that runs while the block is open**, in functions far away too. Now think of a
# generator, which stops in its middle and goes on later:

# %%
predict("nograd-q2")

# %%
def block_inside():
    with torch.no_grad():
        yield 1
        yield 2


@torch.no_grad()
def decorated():
    yield 1
    yield 2


for generator in (block_inside, decorated):
    for _ in generator():
        print(f"{generator.__name__:13} gradients are on in the loop's body: {torch.is_grad_enabled()}")
print("after the loops:", torch.is_grad_enabled())

# %%
reveal("nograd-q2")

# %% [markdown]
# The other way round, a block around a loop reaches into the iterator, which computes each item only when the loop
# asks for it:

# %%
def outputs():
    for picture in torch.randn(2, 2):
        yield weight * picture


print("plain loop:            ", [output.requires_grad for output in outputs()])
with torch.no_grad():
    print("block around the loop: ", [output.requires_grad for output in outputs()])

# %% [markdown]
# And it reaches no other thread. Each thread begins with gradients on, whatever the thread that started it has chosen:

# %%
def report(place):
    print(f"{place:14} gradients on: {torch.is_grad_enabled()!s:5}  inference mode: {torch.is_inference_mode_enabled()}")


with torch.inference_mode():
    report("this thread")
    thread = threading.Thread(target=report, args=("another thread",))
    thread.start()
    thread.join()

# %% [markdown]
# A server that answers requests in worker threads must switch inside the function that the worker runs. A decorator
# on that function does just this.
#
# ## Graphs that stay alive
#
# A graph lives as long as somebody holds its result. The classic leak holds it by accident: a running total of losses.

# %%
small = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Flatten()
)
batch = torch.randn(4, 3, 64, 64)


def total_of_tensors(steps):
    total = 0
    for _ in range(steps):
        total = total + small(batch).square().mean()  # a tensor with a graph: it holds all graphs before
    return total.item()


def total_of_numbers(steps):
    total = 0
    for _ in range(steps):
        total = total + small(batch).square().mean().item()  # a number
    return total


steps = [1, 2, 4, 8, 16]
with_tensors = [peak_memory(partial(total_of_tensors, n)) / MiB for n in steps]
with_numbers = [peak_memory(partial(total_of_numbers, n)) / MiB for n in steps]

figure, panel = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
panel.plot(steps, with_tensors, "o-", color="#d55e00", label="total + loss")
panel.plot(steps, with_numbers, "s--", color="#0072b2", label="total + loss.item()")
panel.set(xlabel="steps of the loop", ylabel="peak memory (MiB)", xticks=steps, ylim=(0, None))
panel.legend(frameon=False)
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "Peak memory against steps: adding tensors is a rising line, adding numbers a level one.")
print("adding tensors: the peak grows with every step:", with_tensors == sorted(set(with_tensors)))
print(f"adding numbers: 16 steps need {with_numbers[-1] / with_numbers[1]:.1f}× the peak of 2 steps")

# %% [markdown]
# Three ways to the value without the graph:
#
# - `loss.item()`: a Python number, for tensors of one element;
# - `loss.detach()`: a tensor on the *same memory*, outside the graph;
# - computing it under `no_grad` in the first place. Only this one avoids that the graph is built.

# %%
result = weight * x
loose = result.detach()
print("requires gradients:", loose.requires_grad, "  same memory:", loose.data_ptr() == result.data_ptr())

loose.zero_()
print("after loose.zero_(), result is", result.tolist())
try:
    (weight * x).numpy()
except RuntimeError as error:
    print("numpy():", str(error).split(".")[0])
print("detach().numpy():", (weight * x).detach().numpy())

# %% [markdown]
# Write a function that takes an iterator of pairs `(loss, n)` and returns the mean loss over **all pictures**, as a
# Python float. `loss` is the mean loss of a batch of `n` pictures, a float32 tensor of shape `()` with a graph; the
# last batch may be smaller. There is at least one pair, and you can go through the iterator only once.
#
# A training loop stands behind this iterator. So there are three conditions:
#
# - When you ask for the next pair, at most one graph may still be alive: that of the loss you had last.
# - Each loss is computed at the moment you ask for it, **with** gradients. That must stay so: the training loop needs
#   them.
# - You do not call `backward()`; the training loop does.

# %% exercise="nograd-2"
def mean_loss(results) -> float:
    """The mean loss over all pictures, without keeping graphs alive.

    Args:
        results: iterator of pairs (loss, n): a float32 tensor of shape () that requires gradients, and an int.

    Returns:
        A Python float.
    """
    ### BEGIN SOLUTION
    total, count = 0.0, 0
    for loss, n in results:
        total += loss.item() * n
        count += n
    return total / count
    ### END SOLUTION


# %% [markdown]
# ## Counting for yourself
#
# `saved_bytes` is no magic. `torch.autograd.graph.saved_tensors_hooks(pack, unpack)` calls `pack` with each tensor that
# autograd is about to keep, and keeps what `pack` returns. `unpack` gets that back when `backward()` needs it.

# %%
layers = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 1))
addresses = {}


def pack(tensor):
    place = addresses.setdefault(tensor.untyped_storage().data_ptr(), f"memory {len(addresses) + 1}")
    print(f"{place}: {tuple(tensor.shape)!s:7} {tensor.untyped_storage().nbytes():3} bytes, {type(tensor).__name__}")
    return tensor


with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
    output = layers(torch.randn(2, 6))
last_weight = layers[2].weight.untyped_storage().data_ptr()
print("the weight of the last layer lies in", addresses[last_weight])

# %% [markdown]
# Four calls of `pack`, but only three pieces of memory: the ReLU and the layer after it keep the same tensor. One of
# the three is a weight, which is in memory anyway. It comes as a transposed *view*, a plain tensor that shares its
# **storage** with the parameter. The storage's `data_ptr()` tells what is the same memory.

# %% [markdown]
# Write a function that calls `model(batch)` and returns two integers: how many **pieces of memory** autograd keeps
# for a backward pass of that call, and how many **bytes** they take together.
#
# - Count each piece once, however many layers keep it.
# - Leave out the memory of the model's parameters. Everything else counts, the batch as well if a layer keeps it.
# - Leave the mode of the model, its parameters and the grad mode as they are. Inside `no_grad`, and for frozen layers,
#   autograd keeps less or nothing: tell what it really keeps.
#
# (You may take it that each kept tensor fills its whole storage.)

# %% exercise="nograd-3"
def kept_for_backward(model: nn.Module, batch: torch.Tensor) -> tuple[int, int]:
    """What autograd keeps for the backward pass of one call.

    Args:
        model: any module; float32 (N, F) to a tensor.
        batch: float32 tensor of shape (N, F).

    Returns:
        The number of pieces of memory, and their bytes.
    """
    ### BEGIN SOLUTION
    known = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values())
    ### END SOLUTION


# %% [markdown]
# ## What inference mode forbids
#
# Under `no_grad` PyTorch still prepares every new tensor for a later life with gradients: it counts the changes made
# in place, and it tracks views. `inference_mode` leaves that out. Its results are *inference tensors*, and some things
# can never be done with them outside.

# %%
def twos(switch):
    with switch():
        return torch.ones(2) * 2


uses = {
    "compute with it: tensor + 1": lambda tensor: tensor + 1,
    "let autograd keep it: weight * tensor": lambda tensor: weight * tensor,
    "change it in place: tensor.add_(1)": lambda tensor: tensor.add_(1),
    "ask it for gradients: tensor.requires_grad_()": lambda tensor: tensor.requires_grad_(),
    "clone it first: weight * tensor.clone()": lambda tensor: weight * tensor.clone(),
}
rows, messages = [], []
for use, action in uses.items():
    outcome = []
    for switch in (torch.no_grad, torch.inference_mode):
        try:
            action(twos(switch))
            outcome.append("works")
        except RuntimeError as error:
            outcome.append("RuntimeError")
            messages.append(str(error).split(".")[0])
    rows.append([use, *outcome])
show_table(rows, ["outside of the block", "made under no_grad", "made in inference mode"])
print(*messages, sep="\n")

# %% [markdown]
# One of these errors has a sharp edge:

# %%
predict("nograd-q3")

# %%
tensor = twos(torch.inference_mode)
try:
    tensor.add_(1)
except RuntimeError as error:
    print("RuntimeError:", str(error).split(".")[0])
print("and now it holds", tensor.tolist())

# %%
reveal("nograd-q3")

# %% [markdown]
# Inside `no_grad`, `enable_grad` brings gradients back. Inside `inference_mode` it does not, although
# `torch.is_grad_enabled()` then says True:

# %%
for switch in (torch.no_grad, torch.inference_mode):
    with switch(), torch.enable_grad():
        print(f"{switch.__name__:15} is_grad_enabled: {torch.is_grad_enabled()}  result requires gradients: {(weight * x).requires_grad}")

# %% [markdown]
# So which one, when?
#
# | what you do | choose |
# |---|---|
# | predict, and the results leave PyTorch: probabilities, names, files, a web answer | `inference_mode` |
# | evaluate between two epochs of training, and keep only numbers | `inference_mode` |
# | compute features that a trainable layer gets as its input | `no_grad` |
# | change weights by hand, or keep an average of them | `no_grad` |
# | results go to code that you do not know | `no_grad` |
# | parts of the block need gradients after all (a picture of what the model looks at, say) | `no_grad` with `enable_grad` inside |
#
# A rule of thumb: take `inference_mode`; when one of its errors comes up, take `no_grad` for that part.

# %% [markdown]
# A frozen `backbone` turns pictures into features, and a new `head` is to be trained on them. Write a function that
# returns the logits `head(backbone(batch))`, float32 of shape `(N, C)`, such that
#
# - a backward pass from these logits gives gradients to the head's parameters, and none to the backbone's;
# - autograd records **nothing** inside the backbone, not even for a moment.
#
# All parameters require gradients and must do so afterwards; both modules stay in the modes that they are in. Your
# function is called with gradients on.

# %% exercise="nograd-4"
def head_logits(backbone: nn.Module, head: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Logits from which only the head can learn.

    Args:
        backbone: in evaluation mode; float32 (N, 3, H, W) to features float32 (N, F).
        head: features float32 (N, F) to logits float32 (N, C).
        batch: float32 tensor of shape (N, 3, H, W).

    Returns:
        float32 tensor of shape (N, C) that requires gradients.
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        features = backbone(batch)
    return head(features)
    ### END SOLUTION


# %% [markdown]
# ## And the time?
#
# To write a graph takes time too, a little for each operation. How much of the whole that is depends on how large the
# operations are. Look at your own machine:

# %%
def versions(function):
    """The same function with gradients, and under both switches, which are decorators here."""
    return {
        "with gradients": function,
        "no_grad": torch.no_grad()(function),
        "inference_mode": torch.inference_mode()(function),
    }


print("ResNet-18, one picture: few large operations")
timings = compare(versions(partial(resnet, one_picture)), repeat=5, warmup=1)

# %%
tiny = nn.Sequential(*[nn.Linear(8, 8) if place % 2 == 0 else nn.ReLU() for place in range(60)])
one_row = torch.randn(1, 8)

print("60 tiny layers: many small operations")
timings = compare(versions(partial(tiny, one_row)), repeat=100)

# %%
def scale_rows():
    """Change a tensor row by row: each row is a view, changed in place."""
    table = torch.ones(200, 4)
    for row in table:
        row[1:].mul_(2).add_(1)


print("views and changes in place, no parameters")
timings = compare(versions(scale_rows), repeat=30)

# %% [markdown]
# Compare your three tables. For a large model on a CPU, memory is the sure gain; the time may hardly differ, and the
# next run of the cell may even turn the order round. The smaller the operations, the more the overhead counts. The
# third table shows views and changes in place, whose bookkeeping only `inference_mode` leaves out.
#
# ## `eval()` and `no_grad` are independent
#
# Two switches that are often mixed up. `model.eval()` tells Dropout and BatchNorm how to behave
# ([lesson 01](01_modes.ipynb)). `no_grad` and `inference_mode` tell autograd not to record. Neither does the work of
# the other.

# %%
predict("nograd-q4")

# %%
small_pictures = torch.randn(4, 3, 64, 64)
rows = []
for training in (True, False):
    for grad in (True, False):
        model = deepcopy(resnet).train(training)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        with torch.set_grad_enabled(grad):
            kept = saved_bytes(partial(model, small_pictures))
        changed = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
        rows.append(
            [
                "train()" if training else "eval()",
                "on" if grad else "off (no_grad)",
                f"{kept / MiB:.1f} MiB",
                f"{len(changed)} of {len(before)}",
                ", ".join(sorted({name.split(".")[-1] for name in changed})) or "none",
            ]
        )
show_table(rows, ["model", "gradients", "kept for backward", "tensors changed by the call", "which"])

# %%
reveal("nograd-q4")

# %% [markdown]
# | | gradients on | gradients off |
# |---|---|---|
# | **`train()`** | training | forgotten `eval()`: answers depend on the neighbours in the batch, and the model changes |
# | **`eval()`** | right answers, memory wasted (or wanted: gradients for the picture) | **inference** |
#
# The model is right for inference in the last field only. The last exercise makes it one step.

# %% [markdown]
# Write `inference(model)`, which can be used in both ways:
#
# ```python
# with inference(model):          @inference(model)
#     logits = model(batch)       def answer(batch): ...
# ```
#
# - Inside, every module of the model is in evaluation mode and `torch.inference_mode()` is on.
# - Afterwards each module is in the mode that **it** had before the block (they may differ), and the grad mode is as
#   before. The model's parameters and their `requires_grad` are untouched.
# - The same after an exception in the block, and the exception passes on to the caller.
# - As a decorator it does this at **each call** of the function, which keeps its arguments and its result.
# - Nothing is switched before the block is entered, or the decorated function called.
#
# What `with inference(model) as …` gives is up to you. You may write a class instead of the generator function; then
# take `@contextmanager` away.

# %% exercise="nograd-5"
@contextmanager
def inference(model: nn.Module):
    """Evaluation mode and inference mode in a block, or in a function; all modes put back afterwards.

    Args:
        model: any module; its parts may be in different modes.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, training in modes:
            module.training = training
    ### END SOLUTION


# %% [markdown]
# When the check has passed, your switch serves here. The model is in training mode, its first BatchNorm is not:

# %%
model = deepcopy(resnet).train()
model.bn1.eval()
try:
    with inference(model):
        logits = model(small_pictures)
        print("inside:  training parts:", sum(module.training for module in model.modules()), end=", ")
        print("logits require gradients:", logits.requires_grad)
    print("after:   model.training:", model.training, "  model.bn1.training:", model.bn1.training)
except (NotImplementedError, TypeError, AttributeError):
    print("(solve the exercise first)")

# %% [markdown]
# ## Summary
#
# | idea | in code |
# |---|---|
# | what autograd records: operations on anything with | `requires_grad=True` |
# | what it keeps, in bytes | `saved_tensors_hooks(pack, unpack)` |
# | no recording; results are ordinary tensors | `with torch.no_grad():` |
# | no recording, no bookkeeping; results stay outside of autograd | `with torch.inference_mode():` |
# | a whole function, a generator too | `@torch.no_grad()`, `@torch.inference_mode()` |
# | the value without its graph | `loss.item()`, `tensor.detach()` |
# | an inference tensor made ordinary | `tensor.clone()` outside of the block |
# | recording that depends on a flag | `with torch.set_grad_enabled(flag):` |
# | how layers behave: another switch | `model.eval()` |
# | the mode holds in its block and its thread | switch inside the worker's function |
#
# **Read on:** [Autograd mechanics: locally disabling gradient
# computation](https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation) ·
# [`torch.no_grad`](https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html) ·
# [`torch.autograd.grad_mode.inference_mode`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html) ·
# [Hooks for saved tensors](https://docs.pytorch.org/tutorials/intermediate/autograd_saved_tensors_hooks_tutorial.html)

# %%
progress()
