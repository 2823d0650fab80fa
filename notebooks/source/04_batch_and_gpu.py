# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 04 · Batches and devices
#
# One photo is a start. In use there are thousands of them, and a device that should not wait. Two questions decide how
# fast it goes: how many pictures the model gets in one call, and where it runs. This lesson puts the whole path together,
# makes it work for any number of pictures on any device, and measures what that gains. How to measure is part of it: most
# wrong figures come from a clock that was stopped too early.
#
# After this lesson you can
#
# - walk the whole path, image → preprocessing → batch → logits → softmax → Top-k names, and say the shape at each step;
# - predict one picture, a batch, or any number of pictures: uneven, none at all, and always in order;
# - pick the device in one line, and keep model and data together on it;
# - measure latency, throughput and memory so that the figures mean something, and choose a batch size;
# - keep the model fed: workers, pinned memory, `non_blocking`.

# %%
import inspect
import logging
import statistics
import tempfile
import warnings
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter, sleep

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.images import photo, read_image
from helpers.models import load_classifier
from helpers.plots import show_figure, show_images, show_table
from helpers.timing import compare, format_seconds, measure, peak_memory, sweep

# %% [markdown]
# ## The whole path of a picture
#
# The model is EfficientNet-Lite0, trained on ImageNet, which comes with the course. One photo walks through, and at each
# step we look at what it is. Preprocessing is from [lesson 03](03_preprocessing.ipynb), `inference_mode` from
# [lesson 02](02_no_grad.ipynb), and the model is in evaluation mode already ([lesson 01](01_modes.ipynb)).

# %%
classifier = load_classifier("efficientnet_lite0")
model, categories = classifier.model, classifier.categories

coffee = photo("coffee")
image = classifier.preprocess(coffee)
batch = image.unsqueeze(0)
with torch.inference_mode():
    logits = model(batch)
probabilities = logits.softmax(dim=1)
values, places = probabilities.topk(5, dim=1)
names = [categories[place] for place in places[0].tolist()]

rows = [
    ("image", 'photo("coffee")', f"PIL, {coffee.mode}, {coffee.width}×{coffee.height}"),
    ("preprocessed", "preprocess(coffee)", f"{tuple(image.shape)}, {image.dtype}"),
    ("batch", "image.unsqueeze(0)", tuple(batch.shape)),
    ("logits", "model(batch)", f"{tuple(logits.shape)}, from {logits.min():.1f} to {logits.max():.1f}"),
    ("probabilities", "logits.softmax(dim=1)", f"{tuple(probabilities.shape)}, sum {probabilities.sum():.2f}"),
    ("Top-5", "probabilities.topk(5, dim=1)", f"values and places, {tuple(values.shape)} each"),
    ("names", "categories[place]", ", ".join(names)),
]
show_table(rows, ["step", "in code", "what there is"])

# %%
figure, panels = plt.subplots(1, 4, figsize=(11, 2.6), width_ratios=[1.3, 1, 1.4, 1.4], layout="constrained")
panels[0].imshow(coffee)
shown = (image - image.min()) / (image.max() - image.min())
panels[1].imshow(shown.permute(1, 2, 0))
panels[2].plot(logits[0], color="#0072b2", linewidth=0.7)
panels[3].barh(range(5), values[0], color="#0072b2")
panels[3].set_yticks(range(5), names, fontsize=8)
panels[3].invert_yaxis()
titles = ["image", "preprocessed (stretched)", "1000 logits", "Top-5 probabilities"]
for panel, title in zip(panels, titles, strict=True):
    panel.set_title(title, fontsize=10)
for panel in panels[:2]:
    panel.axis("off")
show_figure(figure, "a photo of a cup, the square that the model sees, a curve of 1000 logits with one peak, five bars")

# %% [markdown]
# The largest logit is the largest probability, so for the *class* alone softmax is not needed. For a *confidence* it is:
# a logit by itself says nothing, only its distance to the others does.
#
# A function for one picture meets two shapes: `(3, 224, 224)`, straight from preprocessing, and `(1, 3, 224, 224)`, from
# somebody who has added the batch dimension already. Watch what the usual ways of dealing with that do to a batch of
# three:

# %%
three = torch.stack([image, image.flip(2), image + 1])
for name, tensor in [("(3, 224, 224)", image), ("(1, 3, 224, 224)", batch), ("(3, 3, 224, 224)", three)]:
    added = tensor if tensor.ndim == 4 else tensor.unsqueeze(0)
    print(f"{name:17} after `unsqueeze(0)` where needed: {tuple(added.shape)},  `[0]` of it: {tuple(added[0].shape)}")

with torch.inference_mode():
    both = model(three)
print("squeeze() of logits (3, 1000):", tuple(both.squeeze().shape), "  of (1, 1000):", tuple(both[:1].squeeze().shape))

# %% [markdown]
# `[0]` makes two of three pictures disappear without a word. `squeeze()` gives another number of dimensions for one
# picture than for three. A function for one picture should refuse several.

# %% [markdown]
# Write a function that names what is in one preprocessed picture. It returns a list of `k` pairs `(name, probability)`, the
# likeliest first. The name is a string from `categories`; the probability is an ordinary `float`, from a softmax over all
# `C` categories.
#
# - `image` is a float32 tensor of shape `(3, H, W)` or `(1, 3, H, W)`. A tensor of shape `(N, 3, H, W)` with another number
#   of pictures than one, none included, raises `ValueError`.
# - `k` is 5 unless the caller says otherwise, and at most `C`.
# - The model takes a batch `(N, 3, H, W)` and gives logits `(N, C)`. Run it in evaluation mode and without gradients.
# - Afterwards every part of the model is in the mode **it** had before (they may differ), and nothing else of the model has
#   changed. `image` and `categories` stay as they are.

# %% exercise="batch-1"
def predict_image(model, image, categories, k=5):
    """The k likeliest categories of one preprocessed picture.

    Args:
        model: float32 (N, 3, H, W) to logits (N, C); its parts may be in any mode.
        image: float32 tensor of shape (3, H, W) or (1, 3, H, W).
        categories: list of C names.
        k: how many, from 1 to C.

    Returns:
        List of k tuples (name: str, probability: float), the likeliest first.

    Raises:
        ValueError: when `image` is a batch of another number of pictures than one.
    """
    ### BEGIN SOLUTION
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    if len(batch) != 1:
        raise ValueError(f"One picture is needed, and here are {len(batch)}.")
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            probabilities = model(batch)[0].softmax(dim=0)
    finally:
        for module, training in modes:
            module.training = training
    values, places = probabilities.topk(k)
    return [(categories[place], value) for place, value in zip(places.tolist(), values.tolist())]
    ### END SOLUTION


# %% [markdown]
# ## Many pictures in one call
#
# Eight photos, prepared one by one and stacked to a batch. The model gives one row of logits for each. They are the same
# as if each photo had come alone, up to the order of summation:

# %%
titles = ["coffee", "cat", "rocket", "astronaut", "motorcycle", "clock", "horse", "coins"]
photos = [photo(title).convert("RGB") for title in titles]
pictures = torch.stack([classifier.preprocess(one) for one in photos])
with torch.inference_mode():
    together = model(pictures)
    alone = torch.cat([model(picture.unsqueeze(0)) for picture in pictures])
print("batch ", tuple(pictures.shape))
print("logits", tuple(together.shape))
print("as alone, within 1e-3:", torch.allclose(together, alone, atol=1e-3))

# %% [markdown]
# Now everything goes along `dim=1`, the categories. `max(dim=1)` gives for each row its largest value and the place: here
# the **confidence** and the **class**.

# %%
probabilities = together.softmax(dim=1)
confidences, classes = probabilities.max(dim=1)
print("confidences", confidences.dtype, tuple(confidences.shape), "  classes", classes.dtype, tuple(classes.shape))
found = [f"{categories[place]} {value:.2f}" for place, value in zip(classes.tolist(), confidences.tolist())]
show_images(pictures, titles=found)

# %% [markdown]
# ImageNet has no astronaut and no coins among its 1000 categories, the horse is a drawing, the clock's hands are blurred: the
# model has to answer all the same. Mostly its confidence is low then; that of the clock shows that this is no
# guarantee. A wrong `dim` runs as well, and answers another question:

# %%
print("max(dim=1):     the best category of each picture, shape", tuple(probabilities.max(dim=1).values.shape))
print("max(dim=0):     the best picture of each category, shape", tuple(probabilities.max(dim=0).values.shape))
print("softmax(dim=1): each row adds up to", [f"{value:.1f}" for value in together.softmax(dim=1).sum(dim=1)[:3].tolist()])
print("softmax(dim=0): each row adds up to something else:", bool((together.softmax(dim=0).sum(dim=1) > 2).any()))

# %% [markdown]
# And a batch with nothing in it? A filter that found no picture, a video that is over: sooner or later it comes.

# %%
predict("batch-q1")

# %%
nothing = pictures[:0]
with torch.inference_mode():
    logits = model(nothing)
print("batch ", tuple(nothing.shape), "  logits", tuple(logits.shape))
print("softmax, then max:", tuple(logits.softmax(dim=1).max(dim=1).values.shape))

# %%
reveal("batch-q1")

# %% [markdown]
# Not every model is so kind. Many older ones flatten with `x.view(x.size(0), -1)`, and with no elements `-1` could be
# anything. And an average over no picture is NaN:

# %%
try:
    nothing.view(nothing.size(0), -1)
except RuntimeError as error:
    print("view:", str(error).split(" because")[0])
print("nn.Flatten:", tuple(nn.Flatten()(nothing).shape))
print("mean confidence of no picture:", torch.empty(0).mean().item())

# %% [markdown]
# Write a function that gives the class and the confidence of every picture of a batch. It returns a pair of tensors
# `(classes, confidences)`: int64 of shape `(N,)`, and float32 of shape `(N,)`, the softmax probability of that class over all
# categories. Neither requires gradients.
#
# - The model is an argument. It gets the whole batch in **one** call, in evaluation mode, without gradients.
# - Afterwards every part of it is in the mode that it had before, even when the model raises an error. Nothing else of it
#   changes, and neither does the batch.
# - An empty batch, `(0, 3, H, W)`, gives two empty tensors of these dtypes. Some models fail on it, so do not call the model
#   then.

# %% exercise="batch-2"
def batch_predict(model, batch):
    """Class and confidence of each picture.

    Args:
        model: float32 (N, 3, H, W) to logits float32 (N, C); its parts may be in any mode.
        batch: float32 tensor of shape (N, 3, H, W), N >= 0.

    Returns:
        classes: int64 tensor of shape (N,).
        confidences: float32 tensor of shape (N,), from 0 to 1.
    """
    ### BEGIN SOLUTION
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    finally:
        for module, training in modes:
            module.training = training
    return classes, confidences
    ### END SOLUTION


# %% [markdown]
# ## More pictures than one batch holds
#
# Memory sets a limit to the batch, as we shall measure below. So 7 pictures with room for 3 become batches of 3, 3 and 1.
# Several tools cut, and not all in the same way:

# %%
seven = pictures[:7]
loader = DataLoader(seven, batch_size=3)
ways = {
    "seven[start : start + 3]": [seven[start : start + 3] for start in range(0, 7, 3)],
    "seven.split(3)": seven.split(3),
    "seven.chunk(3)": seven.chunk(3),
    "seven.chunk(4)": seven.chunk(4),
    "DataLoader(seven, batch_size=3)": list(loader),
    "DataLoader(seven, batch_size=3, drop_last=True)": list(DataLoader(seven, batch_size=3, drop_last=True)),
}
show_table([(way, [len(part) for part in parts]) for way, parts in ways.items()], ["", "sizes of the batches"])

# %% [markdown]
# `split` takes the size of a piece, `chunk` the number of pieces. `drop_last=True` is for training, where an odd batch may
# disturb; in inference it throws pictures away: 6 answers for 7. `shuffle=True` belongs to training too, for the
# answers then come in another order than the files:

# %%
torch.manual_seed(0)
numbers = torch.arange(7)
for shuffle in (False, True):
    order = torch.cat(list(DataLoader(numbers, batch_size=3, shuffle=shuffle)))
    print(f"shuffle={shuffle!s:5} order {order.tolist()}")

# %% [markdown]
# A list can be sliced. A **generator** (a video, a camera, files read one after the other) cannot: it has no length, and
# gives each picture once. `list(generator)` would take them all into memory first. `itertools.islice` takes only as many
# as the batch needs (from Python 3.12 on there is `itertools.batched`):

# %%
def camera():
    for number in range(7):
        print(f"picture {number}", end="  ")
        yield pictures[number]


frames = camera()
while chunk := list(islice(frames, 3)):
    print("→ a batch of", len(chunk))

# %% [markdown]
# The last batch is not a case of its own, and when nothing is left the loop ends. Only joining the answers has an edge:

# %%
try:
    torch.cat([])
except (RuntimeError, ValueError) as error:
    print("no batch at all:", error)
print("with an empty tensor in front:", torch.cat([torch.empty(0), torch.ones(2)]).tolist())

# %% [markdown]
# Write a function that predicts any number of pictures in batches. `pictures` is a list or a generator of float32 tensors
# of shape `(3, H, W)`, all of one size; there may be none. Return `(classes, confidences)` as in the exercise before, for
# all pictures, in their order: int64 and float32, shape `(N,)`, without gradients.
#
# - Every call of the model gets `batch_size` pictures; only the last one may get fewer.
# - At no time have you taken more than `batch_size` pictures that the model has not yet seen: a generator may be endless work.
# - No pictures: two empty tensors, and no call of the model.
# - The model is in evaluation mode; run it without gradients and leave it as it is, and the list of pictures too. You may use
#   `batch_predict`.

# %% exercise="batch-3"
def predict_in_batches(model, pictures, batch_size):
    """Class and confidence of each of many pictures.

    Args:
        model: in evaluation mode; float32 (N, 3, H, W) to logits float32 (N, C).
        pictures: list or generator of float32 tensors of shape (3, H, W).
        batch_size: pictures that the model gets at a time, at least 1.

    Returns:
        classes: int64 tensor of shape (N,), in the order of the pictures.
        confidences: float32 tensor of shape (N,).
    """
    ### BEGIN SOLUTION
    classes, confidences = [torch.empty(0, dtype=torch.int64)], [torch.empty(0)]
    iterator = iter(pictures)
    while chunk := list(islice(iterator, batch_size)):
        found, sure = batch_predict(model, torch.stack(chunk))
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes), torch.cat(confidences)
    ### END SOLUTION


# %% [markdown]
# When the check has passed, it serves the camera, three pictures at a time:

# %%
try:
    found, sure = predict_in_batches(model, camera(), 3)
    print("\n" + ", ".join(f"{categories[place]} {value:.2f}" for place, value in zip(found.tolist(), sure.tolist())))
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Model and data on one device
#
# A device is where tensors live and are computed with. PyTorch calls what is not the CPU an *accelerator*: `cuda` (NVIDIA,
# and AMD's ROCm goes by the same name), `mps` (Apple), `xpu` (Intel). One line takes the one that this machine has:

# %%
# NBVAL_IGNORE_OUTPUT
device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
print("this machine computes on", device)
print("without check_available: ", torch.accelerator.current_accelerator())

# %% [markdown]
# `check_available=True` matters: without it you learn what your PyTorch was *built* for, which may be `cuda` on a machine
# without any GPU. The line replaces what older code writes as a chain of questions, `torch.cuda.is_available()`, then
# `torch.backends.mps.is_available()` and so on, and forgets one of them. A fixed name is worse:

# %%
# NBVAL_IGNORE_OUTPUT
try:
    print(".cuda() works here:", torch.zeros(1).cuda().device)
except (AssertionError, RuntimeError) as error:
    print(f".cuda() does not work here: {type(error).__name__}: {str(error).split('.')[0]}")

# %% [markdown]
# Model and data have to be on the **same** device. To see what happens otherwise we need a second one, and every machine
# has one: `meta`. Its tensors have shape and dtype and no values, so that it computes nothing but shapes. The errors are real.

# %%
rows = []
for model_on in ("cpu", "meta"):
    for batch_on in ("cpu", "meta"):
        layer = nn.Linear(4, 2, device=model_on)
        try:
            result = f"works, result on {layer(torch.zeros(1, 4, device=batch_on)).device}"
        except RuntimeError as error:
            result = f"RuntimeError: {str(error).splitlines()[0]}"
        rows.append((model_on, batch_on, result))
show_table(rows, ["model on", "batch on", "model(batch)"])

# %% [markdown]
# The same happens with a mask, a mean, an index: whatever meets in one operation must be in one place. So we move
# things, and here modules and tensors differ:

# %%
predict("batch-q2")

# %%
net, some = nn.Sequential(nn.Flatten(), nn.Linear(12, 5)), torch.randn(2, 3, 2, 2)
elsewhere = torch.device("meta")

net.to(elsewhere)
some.to(elsewhere)
print("the model is on", next(net.parameters()).device)
print("the batch is on", some.device)

some = some.to(elsewhere)
print("after some = some.to(elsewhere):", some.device)
print("moved to where it is already, the same tensor:", some.to(elsewhere) is some)

# %%
reveal("batch-q2")

# %% [markdown]
# The pattern for inference is short. Move the model once, each batch when it comes, and the result back, since NumPy and
# files know only the CPU:

# %%
model.to(device)
with torch.inference_mode():
    logits = model(pictures.to(device)).cpu()
print("logits on", logits.device, "and the same as before:", torch.allclose(logits, together, atol=1e-2))
where = next(model.parameters()).device
model.to("cpu")
print("found from the model itself:", where.type == device.type)

# %% [markdown]
# The last lines show how code that gets a model as an argument learns where its data must go:
# `next(model.parameters()).device`.
#
# What comes out of a data set is seldom one tensor: pictures, labels and names, in tuples and dictionaries, some of it
# no tensor at all. None of these containers has a `.to`:

# %%
Sample = namedtuple("Sample", "picture label")
sample = {"samples": [Sample(torch.zeros(3), torch.tensor(7))], "files": ["cat.png"], "count": 1}
try:
    sample.to(device)
except AttributeError as error:
    print("AttributeError:", error)

# %% [markdown]
# Write a function that brings everything in nested data onto one device. `data` is a tensor, or a list, tuple, named tuple
# or dictionary of such data, nested to any depth, or anything else.
#
# - Tensors come back on `device`, with the same dtype, shape and values. `device` is a `torch.device` or a string.
# - Lists, tuples, named tuples and dictionaries come back with the same type, keys and order, empty ones too.
# - Anything else (strings, numbers, None, NumPy arrays) comes back as it is.
# - What the caller gave stays as it was: no list or dictionary of theirs is changed.

# %% exercise="batch-4"
def to_device(data, device):
    """Nested data, with all its tensors on one device.

    Args:
        data: a tensor, a list, tuple, named tuple or dict of such data, or anything else.
        device: torch.device or string.

    Returns:
        The same data with its tensors on the device.
    """
    ### BEGIN SOLUTION
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data
    ### END SOLUTION


# %%
try:
    print(to_device(sample, elsewhere))
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Measure at the right moment
#
# A CPU returns from a call when the result is there. A GPU does not: Python puts the work into a queue, gets a tensor at once
# whose values are still to come, and goes on. That is good, since Python can prepare the next call meanwhile. It makes every
# simple clock lie.
#
# A thread with a queue behaves in the same way, so here is a pretend device for every machine. It really computes, one
# thing after the other, while Python has gone on. (Its function is decorated: gradients are switched off *in each thread*,
# as [lesson 02](02_no_grad.ipynb) has shown.)

# %%
class PretendDevice:
    """Works off a queue in a thread of its own, as a GPU works off its stream."""

    def __init__(self):
        self.thread = ThreadPoolExecutor(max_workers=1)
        self.last = self.thread.submit(int)

    def run(self, function, *args):
        self.last = self.thread.submit(function, *args)
        return self.last

    def synchronize(self):
        self.last.result()  # waits until the last thing in the queue is done


pretend = PretendDevice()
run_model = torch.inference_mode()(model)
four = pictures[:4]

# %%
predict("batch-q3")

# %%
def clocked(wait_before, wait_after):
    """Median of the times that a clock shows around one call, in seconds."""
    times = []
    for _ in range(5):
        if wait_before:
            pretend.synchronize()
        start = perf_counter()
        pretend.run(run_model, four)
        if wait_after:
            pretend.synchronize()
        times.append(perf_counter() - start)
    pretend.synchronize()
    return statistics.median(times)


clocked(True, True)
truth = clocked(True, True)
too_early = clocked(False, False)
print("clock stopped when the call returns:", format_seconds(too_early))
print("clock stopped after synchronize():  ", format_seconds(truth))
print("the first is less than a tenth of the second:", too_early < truth / 10)

# %%
reveal("batch-q3")

# %%
def noted(done, number):
    start = perf_counter()
    run_model(four)
    done.append((number, start, perf_counter()))


launched, done = [], []
pretend.synchronize()
begin = perf_counter()
for number in range(4):
    start = perf_counter()
    pretend.run(noted, done, number)
    launched.append((number, start, perf_counter()))
returned = perf_counter() - begin
pretend.synchronize()

figure, panel = plt.subplots(figsize=(8, 2), layout="constrained")
for lane, spans, colour, hatch in [("Python", launched, "#d55e00", None), ("device", done, "#0072b2", "//")]:
    for _number, start, end in spans:
        width = max(end - start, truth / 40)  # a launch would be too thin to see
        panel.barh(lane, width * 1e3, left=(start - begin) * 1e3, color=colour, hatch=hatch, edgecolor="white")
panel.axvline(returned * 1e3, color="#1a1a1a", linestyle=":", label="the last call has returned")
panel.set_xlabel("ms")
panel.invert_yaxis()
panel.legend(frameon=False, loc="upper right", fontsize=8)
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "Python hands over four calls at the very beginning; the device works them off one after the other")

# %% [markdown]
# Whatever needs a value has to wait for it: `.item()`, `.tolist()`, `.cpu()`, `.numpy()`, `print(tensor)`. With
# an accelerator `torch.accelerator.synchronize()` waits for all that is queued (`torch.cuda.synchronize()` is the same for
# one kind of device). It raises an error where there is none, so ask first. Here is the truth about your machine:

# %%
# NBVAL_IGNORE_OUTPUT
def synchronize():
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


model.to(device)
on_device = four.to(device)
for _ in range(3):
    run_model(on_device)
synchronize()
start = perf_counter()
run_model(on_device)
returned = perf_counter() - start
synchronize()
finished = perf_counter() - start
model.to("cpu")
print(f"{device}: the call returned after {format_seconds(returned)}, the work was done after {format_seconds(finished)}")

# %% [markdown]
# On a CPU the two are equal; with an accelerator they are not.
#
# **Warm-up.** The first call with a new shape does things that no later one does: it asks for memory, it chooses algorithms,
# on a GPU it loads the kernels. Does the first call stand out on your machine? Five shapes that this notebook has not had:

# %%
figure, panel = plt.subplots(figsize=(7, 2.6), layout="constrained")
for side, marker in zip((97, 103, 109, 121, 127), "osD^v", strict=True):
    odd = torch.randn(1, 3, side, side + 6)
    times = []
    for _ in range(8):
        start = perf_counter()
        run_model(odd)
        times.append((perf_counter() - start) * 1e3)
    panel.plot(range(1, 9), times, marker, linestyle="-", linewidth=0.6, label=f"{side}×{side + 6}")
panel.set(xlabel="call", ylabel="ms", ylim=(0, None))
panel.legend(frameon=False, fontsize=8, ncols=5)
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "the time of eight calls in a row, for five shapes")

# %% [markdown]
# So call a few times with **each shape** before you measure, and forget those calls.
#
# **Median.** Something always disturbs: another program, the clock rate, the garbage collector. Here one call of eleven is
# disturbed, on purpose:

# %%
def eleven_times():
    times = []
    for number in range(11):
        start = perf_counter()
        sleep(0.1 if number == 6 else 0.005)
        times.append(perf_counter() - start)
    return times


times = eleven_times()
print("mean:  ", format_seconds(statistics.mean(times)))
print("median:", format_seconds(statistics.median(times)))
print(f"the mean is {statistics.mean(times) / statistics.median(times):.1f}× the median")

# %% [markdown]
# The mean is the time of a call that never happened. The median is what a usual call takes. (For a service also look at the slow end, the
# time that 99 of 100 calls stay below; it is a figure of its own.)
#
# Two more traps. `time.time()` follows the computer's clock, which may be set back: take `time.perf_counter()`. And
# `torch.utils.benchmark.Timer`, which warms up and synchronises by itself, uses **one** thread unless you say otherwise:

# %%
logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it would tell of a compiler for CUDA
from torch.utils.benchmark import Timer

print("Timer's num_threads by default:", inspect.signature(Timer).parameters["num_threads"].default)

# %% [markdown]
# Write a function that measures a model with batches of several sizes. For each batch of the list, in order, it returns a tuple
# `(pictures, seconds, pictures_per_second)`:
#
# - `pictures`: how many the batch holds, an int;
# - `seconds`: the **median** over `repeat` calls of the time from the call `model(batch)` until the device has *finished*;
# - `pictures_per_second`: pictures divided by seconds.
#
# For each batch the model is first called `warmup` times, untimed, and then exactly `repeat` times (an odd number), and no more. None of
# the untimed work may still run when a timed call begins. Take the time from `clock()`, which tells seconds, and from
# nothing else; wait for the device with `synchronize()`. What the model returns does not matter.

# %% exercise="batch-5"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    """Latency and throughput for each batch.

    Args:
        model: called as model(batch); the device may go on working after the call has returned.
        batches: list of tensors of shape (N, 3, H, W), N >= 1, all of different sizes.
        warmup: untimed calls with each batch, at least 0.
        repeat: timed calls with each batch, an odd number.
        clock: function without arguments that tells seconds.
        synchronize: function without arguments that returns when the device has finished.

    Returns:
        List of tuples (pictures: int, seconds: float, pictures_per_second: float), one for each batch.
    """
    ### BEGIN SOLUTION
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results
    ### END SOLUTION


# %% [markdown]
# When the check has passed, try it on the pretend device, which does work on in the background:

# %%
try:
    for count, seconds, _ in benchmark(partial(pretend.run, run_model), [pictures[:1], four], 1, 3, perf_counter, pretend.synchronize):
        print(f"{count}: {format_seconds(seconds)}")
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Throughput, latency, memory
#
# Now we may believe our clock. **Latency** is the time from the question to the answer; **throughput** is how many pictures
# are done in a second. `sweep` of this course measures both, in turns, as you did above. First pictures of 224 × 224, on
# your device:

# %%
predict("batch-q4")

# %%
model.to(device)
sizes = [1, 2, 4, 8, 16]
large = sweep(run_model, [torch.randn(size, 3, 224, 224, device=device) for size in sizes], repeat=3, warmup=1)
print("a batch of 16 takes longer than a batch of 1:", large[-1].milliseconds > large[0].milliseconds)

# %%
reveal("batch-q4")

# %% [markdown]
# And the same model with small pictures, 64 × 64, where each call has less to compute:

# %%
small = sweep(run_model, [torch.randn(size, 3, 64, 64, device=device) for size in sizes], repeat=5, warmup=1)

# %%
predict("batch-q5")

# %%
cpu_model = torch.inference_mode()(model.to("cpu"))
peaks = [peak_memory(partial(cpu_model, torch.randn(size, 3, 224, 224))) for size in sizes]
weights = sum(tensor.nbytes for tensor in model.state_dict().values())
for size, peak in zip(sizes, peaks, strict=True):
    print(f"peak of a batch of {size:2}: {peak / peaks[0]:.1f}× that of one picture")

# %%
reveal("batch-q5")

# %%
figure, panels = plt.subplots(1, 3, figsize=(10.5, 3), layout="constrained")
for timings, label, colour, style in [(large, "224 × 224", "#0072b2", "o-"), (small, "64 × 64", "#d55e00", "s--")]:
    panels[0].plot(sizes, [one.ratio for one in timings], style, color=colour, label=label)
    panels[1].plot(sizes, [one.milliseconds for one in timings], style, color=colour, label=label)
panels[2].plot(sizes, [peak / 2**20 for peak in peaks], "o-", color="#0072b2", label="layers, 224 × 224")
panels[2].axhline(weights / 2**20, color="#009e73", linestyle=":", label="weights")
for panel, title in zip(panels, ["throughput, as multiples of a batch of 1", "latency of the call (ms)", "memory (MiB)"], strict=True):
    panel.set_title(title, fontsize=10)
    panel.set(xlabel="batch size", xticks=sizes, ylim=(0, None))
    panel.legend(frameon=False, fontsize=8)
    panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "against the batch size: throughput for two sizes of picture, latency, and memory, which is a straight line")

# %% [markdown]
# Read it from left to right. Throughput rises as long as the call itself costs something: overhead is shared by more
# pictures, and more work keeps more of the machine busy. When everything is busy it stays flat, or falls when the
# layers no longer fit into the caches. Small pictures, and large devices, get there later. The bend is
# the **knee**. Beyond it a larger batch gains nothing; it only takes longer to answer, and more memory. The smallest
# batch with nine tenths of the best throughput:

# %%
# NBVAL_IGNORE_OUTPUT
for label, timings in [("224 × 224", large), ("64 × 64", small)]:
    best = max(one.per_second for one in timings)
    knee = next(one for one in timings if one.per_second >= 0.9 * best)
    print(f"{label}: batches of {knee.size}, {knee.per_second:.0f} pictures a second; the best is {best:.0f}")

# %% [markdown]
# **Lab.** The same on your machine now, drawn as it is measured. Press “Measure”; then choose larger pictures and measure again. Which
# way does the knee move? What does it do to the curve when another program works meanwhile?

# %%
lab("batch")

# %% [markdown]
# Which one do you want? Files in a folder: throughput, so take the knee. Somebody waits for one answer: latency, so
# take a batch of 1, or a small one. And note that pictures which come one by one have to *wait until the batch is full*:
# at 20 pictures a second, a batch of 8 begins 0.35 s after its first picture came.
#
# ## CPU or GPU, and how many threads
#
# With a GPU at hand, compare the two for each batch size. On a CPU alone, compare its threads: one operation is cut into pieces
# for several cores, and that pays only as long as the pieces are large enough and the cores free. This cell does whichever
# your machine can. Before you run it: where will the difference be larger, with one picture or with eight?

# %%
# NBVAL_IGNORE_OUTPUT
def with_threads(count):
    def call(batch):
        torch.set_num_threads(count)
        return run_model(batch)

    return call


def there_and_back(batch):
    return run_model(batch.to(device)).cpu()


cores = torch.get_num_threads()
rows = []
for size in (1, 8):
    batch = torch.randn(size, 3, 224, 224)
    if device.type == "cpu":
        versions = {f"{count} of {cores} threads": with_threads(count) for count in sorted({1, max(cores // 2, 1), cores})}
        times = {name: measure(partial(call, batch), repeat=3, warmup=1) for name, call in versions.items()}
    else:
        times = {"cpu": measure(partial(run_model, batch), repeat=3, warmup=1)}
        model.to(device)
        times[str(device)] = measure(partial(run_model, batch.to(device)), repeat=10)
        times[f"{device}, with the way there and back"] = measure(partial(there_and_back, batch), repeat=10)
        model.to("cpu")
    first = next(iter(times.values()))
    rows += [(size, name, format_seconds(time / size), f"{first / time:.2f}×") for name, time in times.items()]
torch.set_num_threads(cores)
show_table(rows, ["batch size", "where", "time for each picture", "times as fast"])

# %% [markdown]
# Keep three things in mind when you read such a table, yours or anybody's. The way to the GPU and back belongs to the time
# if your pictures start on the CPU. A comparison at batch 1 and one at batch 64 are two different comparisons. And several
# processes on one CPU, each with all threads, get in each other's way: give each its share with `torch.set_num_threads`.
#
# ## Feeding the model
#
# Until now the pictures were ready. In practice they are files, and reading, resizing and normalising may take longer than
# the model. Where does the time go on your machine? Eighteen JPEG files, of the size that a camera's preview has:

# %%
folder = Path(tempfile.mkdtemp())
for title in ["coffee", "cat", "rocket"]:
    (folder / title).mkdir()
    enlarged = photo(title).resize((1200, 800))
    for number in range(6):
        enlarged.save(folder / title / f"{number}.jpg", quality=90)

files = ImageFolder(folder, transform=classifier.preprocess, loader=read_image)
print(len(files), "files in", files.classes)
timings = compare(
    {
        "read and preprocess 6 files": lambda: [files[number] for number in range(6)],
        "the model with a batch of 6": lambda: run_model(pictures[:6]),
    },
    repeat=3,
    warmup=1,
)

# %% [markdown]
# A `DataLoader` with `num_workers=2` has two processes that read ahead while the model computes. The order stays that of
# the files, whichever worker is faster. (On macOS and Windows, and on Linux from Python 3.14 on, a worker is a new Python: it can
# import a data set from a module, as `ImageFolder` is, and cannot see a class that you defined in the notebook.)

# %%
def name_all(loader):
    """Predict everything the loader gives; the classes, and the share of the time that we waited for data."""
    found, waiting, begin = [], 0.0, perf_counter()
    batches = iter(loader)
    while True:
        start = perf_counter()
        batch = next(batches, None)
        waiting += perf_counter() - start
        if batch is None:
            return torch.cat(found), waiting / (perf_counter() - begin)
        pictures, _labels = batch
        found.append(run_model(pictures).argmax(dim=1))


loaders = {
    f"{workers} workers": DataLoader(files, batch_size=6, num_workers=workers, persistent_workers=workers > 0)
    for workers in (0, 1, 2)
}
timings = compare({name: partial(name_all, loader) for name, loader in loaders.items()}, repeat=3, warmup=1)
passes = {name: name_all(loader) for name, loader in loaders.items()}
answers = [found.tolist() for found, _waiting in passes.values()]
print("same answers in the same order:", answers[0] == answers[1] == answers[2])

# %%
# NBVAL_IGNORE_OUTPUT
for name, (_found, waiting) in passes.items():
    print(f"{name}: waiting for data {waiting:.0%} of the time")
loaders.clear()  # which ends the workers

# %% [markdown]
# Workers help when cores are free for them: with a GPU that computes, or with more cores than the model uses. On a small CPU
# the model and the workers share the same cores. Starting them takes time too, which `persistent_workers=True`
# spends only once. If the waiting is near zero, more workers gain nothing.
#
# **Pinned memory.** The system may move ordinary memory about, so a GPU copies from it in a detour. *Pinned* memory stays where
# it is. From there a copy may run in the background, if you allow it with `non_blocking=True`:
#
# ```python
# loader = DataLoader(files, batch_size=64, num_workers=4, pin_memory=torch.accelerator.is_available())
# for pictures, labels in loader:
#     logits = model(pictures.to(device, non_blocking=True))
# ```
#
# Without an accelerator there is nothing to pin for. A tensor's `pin_memory()` then raises an error, a loader warns and goes on:

# %%
# NBVAL_IGNORE_OUTPUT
try:
    print("pinned:", torch.zeros(2).pin_memory().is_pinned())
except RuntimeError as error:
    print("pin_memory():", type(error).__name__, "-", str(error).split(".")[0])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    first = next(iter(DataLoader(pictures, batch_size=2, pin_memory=True)))
print("loader: pinned", first.is_pinned(), [str(warning.message) for warning in caught])

# %% [markdown]
# Three rules for `non_blocking`. On the way *to* the device it is safe: what you compute there is queued behind the copy. On the way
# *back* it is not: the CPU would read before the values have come, so `synchronize()` first, or leave it off. And
# `x.pin_memory().to(device, non_blocking=True)` on the spot gains nothing, since pinning is itself a copy for which you wait:
# let the loader do it in the background.
#
# ## Summary
#
# | idea | in code | mistake to avoid |
# |---|---|---|
# | one picture is a batch of one | `image.unsqueeze(0)` | `squeeze()`, and `[0]` on several pictures |
# | class and confidence | `logits.softmax(dim=1).max(dim=1)` | `dim=0`; values come before places |
# | the model is an argument, and goes back as it came | modes of `model.modules()`, `finally:` | `model.train()` at the end |
# | any number of pictures | `islice(iterator, batch_size)`, `split` | `chunk`, `drop_last=True`, `shuffle=True` |
# | no pictures | an empty tensor in front of `torch.cat` | the mean of nothing is NaN |
# | the device | `torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")` | `.cuda()` |
# | moving | `model.to(device)`, `batch = batch.to(device)` | `batch.to(device)` alone |
# | where a model is | `next(model.parameters()).device` | a global `device` |
# | measuring | warm-up, `synchronize`, `perf_counter`, median | the clock stopped too early; the mean |
# | batch size | the knee of the throughput; latency; memory | as large as fits |
# | feeding | `DataLoader(…, num_workers=…, pin_memory=…)`, `non_blocking=True` | `non_blocking` on the way back |
#
# **Read on:** [`torch.accelerator`](https://docs.pytorch.org/docs/stable/accelerator.html) ·
# [CUDA semantics: asynchronous execution](https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution) ·
# [`pin_memory` and `non_blocking`](https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html) ·
# [`torch.utils.data`](https://docs.pytorch.org/docs/stable/data.html) ·
# [meta device](https://docs.pytorch.org/docs/stable/meta.html) ·
# [`torch.utils.benchmark`](https://docs.pytorch.org/docs/stable/benchmark_utils.html)

# %%
progress()
