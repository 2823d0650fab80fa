# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01 · Training and evaluation mode
#
# A model gives wrong answers, raises no error, and shows no warning: often one line is missing, `model.eval()`. After
# this lesson you can
#
# - say what `train()` and `eval()` switch, and what they do not reach,
# - compute Dropout and BatchNorm by hand in both modes,
# - show how one forgotten `eval()` damages a model for all later calls,
# - keep a part of a model in evaluation mode, and put every mode back as it was.

# %%
import copy

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.transforms.v2.functional import to_image

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.images import photo
from helpers.models import load_classifier
from helpers.plots import show_figure, show_images, show_table

# %% [markdown]
# ## One switch, many layers
#
# Every module has a flag, `training`. `model.train()` sets it to True in the model and in every module inside it,
# `model.eval()` sets it to False; `eval()` is short for `train(False)`. Nothing else happens. Each layer reads
# its own flag when it is called.

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Dropout(0.5)))


def flags(model):
    return [module.training for module in model.modules()]


columns = {"a new model": flags(model)}
columns["after eval()"] = flags(model.eval())
columns["after train()"] = flags(model.train())
model.training = False
columns["after model.training = False"] = flags(model)
names = [f"{name or 'the model'}: {type(module).__name__}" for name, module in model.named_modules()]
show_table(zip(names, *columns.values()), ["training", *columns])

# %% [markdown]
# Three things to see:
#
# - **A new model is in training mode.** That is also so when you load trained weights into it: a state dict holds
#   tensors, and no modes.
# - `eval()` and `train()` go down to every module, at any depth.
# - Setting the flag by hand sets one flag, and the layers inside do not follow.

# %%
resnet = torchvision.models.resnet18()
resnet.eval()
another = torchvision.models.resnet18()
another.load_state_dict(resnet.state_dict())
print("the model whose weights were saved: training =", resnet.training)
print("the model that loaded them:         training =", another.training)

# %% [markdown]
# Both methods return the model, so `model = load().eval()` works. The flag says nothing about gradients: `eval()` does
# not switch them off, and `torch.no_grad()` does not change the mode ([lesson 02](02_no_grad.ipynb)).

# %% [markdown]
# Write a function that gives the `model`'s logits for a `batch` in evaluation mode, whatever mode the model is in when
# it comes. When it returns, the model is back in the mode that it came in. Here you may take it that all parts of
# the model are in one mode, so `model.training` tells the mode of all.
#
# The model's parameters and buffers, and the batch, stay as they are. Gradients may be on or off.

# %% exercise="modes-1"
def evaluation_logits(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """The model's logits in evaluation mode; the model keeps the mode it came in.

    Args:
        model: maps a float tensor (N, 3, H, W) to logits (N, C).
        batch: float tensor (N, 3, H, W).

    Returns:
        Float tensor (N, C).
    """
    ### BEGIN SOLUTION
    training = model.training
    model.eval()
    logits = model(batch)
    model.train(training)
    return logits
    ### END SOLUTION


# %% [markdown]
# ## Dropout: random in training, nothing in evaluation
#
# In training mode Dropout sets each value to zero with probability `p`, by chance and anew in each call. So the
# network cannot rely on any single value.

# %%
predict("modes-q1")

# %%
torch.manual_seed(0)
ones = torch.ones(100_000)
rows = []
for p in (0.1, 0.5, 0.9):
    layer = nn.Dropout(p)
    output = layer(ones)
    values = ", ".join(f"{value:.2f}" for value in output.unique().tolist())
    zeros = f"{(output == 0).float().mean():.0%}"
    rows.append([p, values, zeros, f"{output.mean():.1f}", layer.eval()(ones) is ones])
show_table(rows, ["p", "values in training", "zeros", "mean", "in evaluation: the very same tensor"])

# %%
reveal("modes-q1")

# %% [markdown]
# What is kept is divided by `1 - p`, and that holds the mean. This is called *inverted* Dropout: the scaling is done in
# training, so evaluation has **nothing** left to do. It does not even make a copy; it returns the tensor that it got.
# (Older descriptions scale in evaluation instead. PyTorch does not.)
#
# You can see the mean in a picture. We send a photo through Dropout with p = 0.5 many times and average. One pass loses
# half of the pixels; the average comes back to what evaluation mode gives at once:

# %%
torch.manual_seed(0)
pixels = to_image(photo("cat").resize((300, 200))).float() / 255
layer = nn.Dropout(0.5)
averages = [torch.stack([layer(pixels) for _ in range(n)]).mean(dim=0).clamp(0, 1) for n in (1, 10, 100)]
show_images(
    [*averages, layer.eval()(pixels)],
    titles=["training: 1 pass", "mean of 10 passes", "mean of 100 passes", "evaluation"],
)

# %% [markdown]
# **Lab.** Move `p`, change the mode, and call the layer again. Before each move, say where the blue values will go: how
# many to zero, the others how far to the right? And what must stay where it is?

# %%
lab("dropout")

# %% [markdown]
# `F.dropout` is a function and has no flag. Its parameter `training` is **True unless you say otherwise**, whatever mode
# the module around it is in:

# %%
class Careless(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5)


class Careful(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, training=self.training)


for kind in (Careless, Careful):
    zeros = (kind().eval()(ones) == 0).float().mean()
    print(f"{kind.__name__:9} in evaluation mode: {zeros:.0%} zeros")

# %% [markdown]
# Write Dropout yourself, for both modes, as PyTorch's layer does it. In evaluation mode return values equal to `x`. In
# training mode each element becomes zero with probability `p`, independently and anew in each call, and the others are
# scaled so that the mean stays the same. `p` lies between 0 and 1, both excluded.
#
# Use tensor operations and random numbers; PyTorch's own dropout functions and layers do not count here. Leave `x` as
# it is; shape and dtype of the result are those of `x`.

# %% exercise="modes-2"
def inverted_dropout(x: torch.Tensor, p: float, training: bool) -> torch.Tensor:
    """Dropout with probability p in training mode, the identity in evaluation mode.

    Args:
        x: float tensor of any shape and float dtype.
        p: probability that an element becomes zero, 0 < p < 1.
        training: True for training mode.

    Returns:
        Tensor of the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    if not training:
        return x
    keep = torch.rand_like(x) >= p
    return x * keep / (1 - p)
    ### END SOLUTION


# %% [markdown]
# ## BatchNorm: two kinds of statistics
#
# BatchNorm normalises each channel, then scales and shifts it with a `weight` and a `bias` that are learned:
#
# $$y = \frac{x - \text{mean}}{\sqrt{\text{var} + \text{eps}}} \cdot \text{weight} + \text{bias}$$
#
# The two modes differ in where `mean` and `var` come from:
#
# | | mean and variance | running statistics |
# |---|---|---|
# | training mode | of this batch | move towards those of the batch |
# | evaluation mode | the running ones | stay as they are |
#
# Running statistics are *buffers*: tensors of the state dict that no optimiser moves. The layer itself moves them, by a
# share called `momentum` (0.1 by default): `running = (1 - momentum) * running + momentum * batch`.

# %%
torch.manual_seed(0)
batch = torch.randn(6, 1) * 2 + 10  # 6 examples, 1 channel
layer = nn.BatchNorm1d(1)


def row(name, output):
    mean, std = output.mean().item(), output.std(unbiased=False).item()
    running = layer.running_mean.item(), layer.running_var.item()
    return [name, *(f"{value:.2f}" for value in (mean, std, *running))]


rows = [row("(the batch itself)", batch)]
rows.append(row("training, call 1", layer(batch)))
rows.append(row("training, call 2", layer(batch)))
rows.append(row("evaluation, call 1", layer.eval()(batch)))
rows.append(row("evaluation, call 2", layer(batch)))
show_table(rows, ["call", "output mean", "output std", "running mean", "running var"])

# %% [markdown]
# In training mode the output has mean 0 and standard deviation 1, whatever came in. In evaluation mode it has not: the
# running statistics are still far from this batch, because a new layer starts at mean 0 and variance 1 and has made only
# two steps. After thousands of training steps they describe the training data.
#
# One detail is easy to miss. The output uses the *biased* variance (divided by `n`), the running variance collects the
# *unbiased* one (divided by `n - 1`), where `n` counts the values of a channel:

# %%
layer = nn.BatchNorm1d(1)
layer(batch)
biased, unbiased = batch.var(unbiased=False).item(), batch.var(unbiased=True).item()
print(f"0.9 * 1 + 0.1 * biased variance   = {0.9 + 0.1 * biased:.4f}")
print(f"0.9 * 1 + 0.1 * unbiased variance = {0.9 + 0.1 * unbiased:.4f}")
print(f"running variance after one call   = {layer.running_var.item():.4f}")

# %% [markdown]
# Write BatchNorm for images yourself, for both modes. Return a tuple of three tensors: the output, and the running mean
# and running variance as they are **after** the call. (PyTorch's layer writes these into its buffers. Yours returns
# them, and changes none of the tensors that it receives.)
#
# The formulas are above; statistics are taken for each channel over all images, rows and columns. Use tensor operations;
# PyTorch's own batch_norm functions and layers do not count here.

# %% exercise="modes-3"
def batch_norm(
    x: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Batch normalisation of images.

    Args:
        x: float32 tensor (N, C, H, W).
        running_mean, running_var, weight, bias: float32 tensors (C,).
        training: True for training mode.
        momentum: share of the batch's statistics in the new running ones.
        eps: added to the variance.

    Returns:
        The output (N, C, H, W), the new running mean (C,), the new running variance (C,).
    """
    ### BEGIN SOLUTION
    if training:
        channel = (0, 2, 3)  # all dimensions but the channel's
        mean, var = x.mean(channel), x.var(channel, unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var(channel, unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var
    ### END SOLUTION


# %% [markdown]
# ## A photo's neighbours
#
# Now the model with real weights that comes with this course. It has 49 BatchNorm layers and no active Dropout, so
# nothing is random: what you see is BatchNorm alone.

# %%
predict("modes-q2")

# %%
classifier = load_classifier("efficientnet_lite0")
shots = {
    name: classifier.preprocess(photo(name))
    for name in ("cat", "astronaut", "coffee", "rocket", "brick", "grass", "motorcycle", "galaxies", "retina")
}
neighbours = [("astronaut", "coffee", "rocket"), ("brick", "grass", "motorcycle"), ("galaxies", "grass", "retina")]


def best(logits):
    probability, index = logits.softmax(dim=-1).max(dim=-1)
    return f"{classifier.categories[index]} ({probability:.0%})"


def answer_for_cat(others, training):
    model = copy.deepcopy(classifier.model).train(training)  # a copy: training mode changes a model
    with torch.no_grad():
        return best(model(torch.stack([shots[name] for name in ("cat", *others)]))[0])


rows = [[", ".join(others), *(answer_for_cat(others, training) for training in (False, True))] for others in neighbours]
show_table(rows, ["neighbours of the cat", "evaluation mode", "training mode"])

# %%
reveal("modes-q2")

# %% [markdown]
# In evaluation mode the answer for the cat does not depend on the company. In training mode it changes with it, although
# the weights, the photo and the code are the same. The low probabilities show that nothing fits any more: the statistics
# of four photos are not those the weights were trained with.

# %% [markdown]
# **Lab.** Choose a photo, then swap its neighbours, one after the other, and watch both answers. What happens to a photo
# whose neighbours are three copies of itself?

# %%
lab("modes")

# %% [markdown]
# ## One forgotten eval()
#
# A call in training mode does more than answer wrongly. It writes into the running statistics, and they stay changed.

# %%
predict("modes-q3")

# %%
torch.manual_seed(0)
resnet = torchvision.models.resnet18()  # random weights: only the count matters here
before = {name: tensor.clone() for name, tensor in resnet.state_dict().items()}
with torch.no_grad():
    resnet.train()(torch.randn(4, 3, 64, 64))
after = resnet.state_dict()
changed = [name for name in before if not torch.equal(before[name], after[name])]
kinds = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
count = [[kind, *(sum(name.endswith(kind) for name in names) for names in (before, changed))] for kind in kinds]
show_table([*count, ["all", len(before), len(changed)]], ["tensors", "there", "changed by one call"])

# %%
reveal("modes-q3")

# %% [markdown]
# So a forgotten `eval()` damages the model for everybody who uses it later, with `eval()`. Each call moves the
# statistics a step away from those of the training data and towards those of a few photos. We make that mistake on
# purpose, again and again, and after some of these calls we ask **correctly, in evaluation mode**:

# %%
damaged = copy.deepcopy(classifier.model)
batch = torch.stack([shots[name] for name in ("cat", "coffee", "rocket", "astronaut")])
asked = batch[:3]
calls, curves, rows = [0, 1, 2, 5, 10, 15, 20], [], []
with torch.no_grad():
    right = damaged.eval()(asked).argmax(dim=1)
    for call in range(max(calls) + 1):
        if call in calls:
            logits = damaged.eval()(asked)
            curves.append(logits.softmax(dim=1)[range(3), right].tolist())
            rows.append([call, *map(best, logits)])
        damaged.train()(batch)  # eval() forgotten
show_table(rows, ["forgotten calls before", "cat", "coffee", "rocket"])

# %%
figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
lines = [("#0072b2", "o", "-", "cat"), ("#d55e00", "s", "--", "coffee"), ("#009e73", "^", ":", "rocket")]
for place, (colour, marker, style, name) in enumerate(lines):
    label = f"{name}: {classifier.categories[right[place]]}"
    axes.plot(calls, [curve[place] for curve in curves], color=colour, marker=marker, linestyle=style, label=label)
axes.set(xlabel="calls with a forgotten eval()", ylabel="probability, asked in evaluation mode", ylim=(0, 1), xticks=calls)
axes.set_title("The first answer of an intact model, and how it fades")
axes.legend()
axes.grid(alpha=0.3)
show_figure(figure, "Three falling lines: the more calls in training mode, the less sure the model is of each photo.")

# %% [markdown]
# One such call was enough to give the cat another name. No exception, no warning, and the weights are still the same;
# only a comparison of buffers shows the damage. `torch.no_grad()` and `torch.inference_mode()` do not prevent it.
#
# ## Batch size 1
#
# In training mode BatchNorm needs more than one value in each channel, or there is no variance. With images, height
# and width count as well, so a batch of one image often runs, and the mistake stays hidden:

# %%
resnet.train()
for size in (224, 64, 33, 32):
    try:
        with torch.no_grad():
            resnet(torch.randn(1, 3, size, size))
        print(f"1 image of {size} x {size}: runs, and changes the running statistics")
    except ValueError as error:
        print(f"1 image of {size} x {size}: {error}")

# %% [markdown]
# ResNet-18 makes an image 32 times smaller. At 32 × 32 its last BatchNorm sees one value in each channel, and raises. At
# 33 × 33 it sees 2 × 2 values, and does not. In evaluation mode every one of these sizes works.
#
# ## Which layers differ by mode
#
# Not only Dropout and BatchNorm. For each layer we call it in training mode, then in evaluation mode, and look at two
# things: is the output another, and did the call in training mode change the layer's state?

# %%
images, words = torch.randn(4, 6, 8, 8), torch.randn(4, 7, 6)
layers = {
    "Dropout, AlphaDropout": (nn.Sequential(nn.Dropout(), nn.AlphaDropout()), images),
    "BatchNorm2d": (nn.BatchNorm2d(6), images),
    "BatchNorm2d(track_running_stats=False)": (nn.BatchNorm2d(6, track_running_stats=False), images),
    "InstanceNorm2d": (nn.InstanceNorm2d(6), images),
    "InstanceNorm2d(track_running_stats=True)": (nn.InstanceNorm2d(6, track_running_stats=True), images),
    "LayerNorm, GroupNorm": (nn.Sequential(nn.LayerNorm(8), nn.GroupNorm(2, 6)), images),
    "RReLU (random slope)": (nn.RReLU(), images),
    "LSTM(num_layers=2)": (nn.LSTM(6, 6, num_layers=2), words),
    "LSTM(num_layers=2, dropout=0.5)": (nn.LSTM(6, 6, num_layers=2, dropout=0.5), words),
    "TransformerEncoderLayer(dropout=0.1)": (nn.TransformerEncoderLayer(6, 2, 12, dropout=0.1), words),
    "Linear with spectral_norm": (nn.utils.parametrizations.spectral_norm(nn.Linear(6, 6)), words),
    "Linear, Conv2d, ReLU, …": (nn.Sequential(nn.Conv2d(6, 6, 3), nn.ReLU(), nn.Linear(6, 6)), images),
}


def first(output):  # an LSTM returns a tuple
    return output[0] if isinstance(output, tuple) else output


rows = []
for name, (layer, x) in layers.items():
    before = copy.deepcopy(layer.state_dict())
    in_training = first(layer.train()(x))
    state = any(not torch.equal(before[key], tensor) for key, tensor in layer.state_dict().items())
    other = not torch.allclose(in_training, first(layer.eval()(x)), atol=1e-4)
    rows.append([name, *("yes" if found else "no" for found in (other, state))])
show_table(rows, ["layer", "other output", "state changed"])

# %% [markdown]
# Whole models may differ too. GoogLeNet has extra outputs that only training needs; in training mode it returns not a
# tensor but a named tuple:

# %%
googlenet = torchvision.models.googlenet(weights=None, init_weights=False)
for name, model in (("training", googlenet.train()), ("evaluation", googlenet.eval())):
    with torch.no_grad():
        print(f"{name:10} mode: {type(model(torch.randn(2, 3, 96, 96))).__name__}")

# %% [markdown]
# ## What eval() does not reach
#
# `train()` and `eval()` set the flags of the modules that the model knows **at that moment**. Two kinds are missed: modules
# in a plain Python list, which were never registered, and modules that are put in later.

# %%
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.known = nn.ModuleList([nn.Dropout(0.5)])
        self.hidden = [nn.Dropout(0.5)]  # a plain list: no part of the model for PyTorch


pair = Pair().eval()
print("in a ModuleList:  training =", pair.known[0].training)
print("in a plain list:  training =", pair.hidden[0].training)

resnet.eval()
resnet.fc = nn.Sequential(nn.Dropout(0.5), nn.Linear(512, 10))  # a new head, as for other categories
print("put in afterwards: training =", [name for name, module in resnet.named_modules() if module.training])

# %% [markdown]
# The last line is a good test before any inference: the list of modules that are in training mode should be empty. So
# build the model first, load the weights, and call `eval()` last.
#
# ## A part that stays in evaluation mode
#
# When a trained model is adapted with small batches, their statistics are poor. So one often keeps BatchNorm in
# evaluation mode while everything else trains. This is called *frozen BatchNorm*. Is `requires_grad` the way to it?

# %%
predict("modes-q4")

# %%
layer = nn.BatchNorm1d(2)
layer.requires_grad_(False)
batch = torch.tensor([[1.0, 10.0], [3.0, 20.0]])
print("running mean before:", layer.running_mean.tolist())
layer.train()(batch)
print("running mean after: ", layer.running_mean.tolist())

# %%
reveal("modes-q4")

# %% [markdown]
# The mode decides. But a mode set once does not last: training code calls `model.train()` at the beginning of every epoch,
# and that goes down to every part.

# %%
model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
norm = model[1]
norm.eval()
print("after norm.eval():   the norm's training =", norm.training)
model.train()
print("after model.train(): the norm's training =", norm.training)

# %% [markdown]
# The remedy: a class that has a `train` of its own. Every switch goes through that method, since `eval()` calls
# `train(False)`. (torchvision also has `torchvision.ops.FrozenBatchNorm2d`, a layer to build a model with; it freezes
# weight and bias too.)

# %% [markdown]
# Complete the class. It wraps a model and behaves like it, with one difference: BatchNorm layers (1d, 2d and 3d, at any
# depth) are always in evaluation mode. Everything else, the wrapper itself included, follows `train()`, `train(False)`
# and `eval()` as usual. `train` and `eval` return the wrapper. `requires_grad` stays as it is.

# %% exercise="modes-4"
class FrozenBatchNorm(nn.Module):
    """A model whose BatchNorm layers stay in evaluation mode.

    Args:
        model: any module.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)

    def train(self, mode: bool = True):
        """Set the mode of everything but BatchNorm; returns the wrapper."""
        ### BEGIN SOLUTION
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self
        ### END SOLUTION


# %% [markdown]
# ## The mode it was in
#
# Code that only wants to measure something (a validation in the middle of training, a plot, a test) must leave the model
# as it found it. The usual pair, `eval()` before and `train()` after, fails in two ways:

# %%
model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
names = ["model", "linear", "norm (kept frozen)", "dropout"]
model.train()
model[1].eval()
columns = [flags(model)]


def validate(model, batch):
    model.eval()
    loss = model(batch).square().mean()
    model.train()
    return loss


validate(model, torch.randn(4, 2))
columns.append(flags(model))
model[1].eval()
try:
    validate(model, torch.randn(4, 3))  # a wrong shape: the block raises
except RuntimeError:
    columns.append(flags(model))
show_table(zip(names, *columns), ["training", "before", "after validate()", "after validate() raised"])

# %% [markdown]
# After a normal end the frozen part is in training mode; after an exception the whole model is left in evaluation mode, and
# training would go on without Dropout. A `with` block solves both, when it remembers **one flag for each module** and puts
# them back in `finally`.

# %% [markdown]
# Write `evaluation_mode` so that `with evaluation_mode(model) as same:` works like this:
#
# - inside the block every module of the model is in evaluation mode, and `same` is the model itself;
# - after the block each module has the mode that it had before, also when parts of the model had different modes;
# - the same when the block raises, and the exception goes on to whoever used the block;
# - blocks on one model may stand inside each other.
#
# Gradients are not switched. A function with `@contextmanager` or a class will both do.

# %% exercise="modes-5"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model: nn.Module):
    """A `with` block in which the model is in evaluation mode; afterwards each module has its own mode back.

    Args:
        model: any module; it is also what the block receives.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training
    ### END SOLUTION


# %% [markdown]
# ## Summary
#
# | | training mode, `train()` | evaluation mode, `eval()` |
# |---|---|---|
# | Dropout | zero with probability p, the rest divided by 1 - p | returns its input |
# | BatchNorm normalises with | statistics of the batch | running statistics |
# | running statistics | change in every call, also under `no_grad` | stay |
# | another photo in the batch | changes the answer | changes nothing |
# | batch size 1 | raises when a channel has one value | works |
# | a new model, a new layer | starts here | must be switched |
#
# | if you want | write |
# |---|---|
# | a model ready for inference | build, load the weights, then `model.eval()` last |
# | a test that nothing was missed | `[name for name, m in model.named_modules() if m.training]` is empty |
# | Dropout as a function | `F.dropout(x, p, training=self.training)` |
# | frozen BatchNorm | a `train` of your own that calls `super().train(mode)`, then `eval()` on those layers |
# | the old modes back | remember each module's flag, restore in `finally` |
#
# **Read on:** [`Module.eval`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval) ·
# [`Dropout`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html) ·
# [`BatchNorm2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html) ·
# [`F.dropout`](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html) ·
# [Autograd mechanics: evaluation mode](https://docs.pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval)

# %%
progress()
