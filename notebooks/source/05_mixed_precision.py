# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 05 · Mixed precision
#
# A float32 number takes 32 bits. With 16 a number takes half the memory, and hardware that is made for it computes
# several times as many of them in the same time. What is lost are digits, or range, and it is you who has to know
# whether that matters.
#
# After this lesson you can
# - say what float32, bfloat16 and float16 keep and lose, and where each overflows,
# - run a model under `torch.autocast`, and say what dtype comes out of which operation,
# - make a low-precision copy of a model without losing the original,
# - find out whether bfloat16 pays on *your* CPU,
# - measure agreement, error and time together, and keep sums and softmax out of trouble.

# %%
import os
import subprocess
import sys
import warnings
from copy import deepcopy

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.images import photo
from helpers.models import best_device, load_classifier
from helpers.plots import show_figure, show_table
from helpers.timing import compare, format_seconds

# %% [markdown]
# The model is the one that is installed with the course: it has real ImageNet weights, so agreement of answers means
# something. The pictures are crops of real photos, five of each: the corners and the middle.

# %%
classifier = load_classifier("efficientnet_lite0")


def crops_of(image, share=0.75):
    """The four corners and the middle, each a square of this share of the shorter side."""
    width, height = image.size
    side = int(min(width, height) * share)
    right, bottom = width - side, height - side
    places = [(0, 0), (right, 0), (0, bottom), (right, bottom), (right // 2, bottom // 2)]
    return [image.crop((x, y, x + side, y + side)) for x, y in places]


photos = ["coffee", "cat", "rocket", "astronaut", "motorcycle"]
crops = [(name, crop) for name in photos for crop in crops_of(photo(name))]
batch = torch.stack([classifier.preprocess(crop) for _, crop in crops])
print(len(crops), "pictures as one batch of shape", tuple(batch.shape), "and dtype", batch.dtype)

# %% [markdown]
# ## Sixteen bits: what is kept, what is lost
#
# A floating-point number is stored as a **sign**, an **exponent** (the power of two: how large?) and a **fraction**
# (which digits?). Two ways to get along with 16 bits:
#
# - **bfloat16** keeps the exponent of float32, all 8 bits, and only 7 bits of the fraction: it is the first half of a
#   float32 number.
# - **float16** keeps 10 bits of the fraction, and has 5 for the exponent.
#
# `view` shows the same memory as another dtype; so we can look at the bits:

# %%
EXPONENT_BITS = {torch.float32: 8, torch.bfloat16: 8, torch.float16: 5}
SHORT = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}


def bits(value, dtype):
    """The bits of a number, as a string of 0 and 1."""
    tensor = torch.tensor(value, dtype=dtype)
    width = 8 * tensor.itemsize
    whole = tensor.view(torch.int32 if width == 32 else torch.int16).item()
    return format(whole % 2**width, f"0{width}b")


rows = []
for dtype, exponent in EXPONENT_BITS.items():
    text = bits(torch.pi, dtype)
    stored = torch.tensor(torch.pi, dtype=dtype).item()
    rows.append((SHORT[dtype], text[0], text[1 : 1 + exponent], text[1 + exponent :], f"{stored:.7f}"))
show_table(rows, ["π as", "sign", "exponent", "fraction", "stored value"])

# %%
figure, panel = plt.subplots(figsize=(9, 2.4), layout="constrained")
parts = [("sign", "#000000", ""), ("exponent", "#d55e00", "//"), ("fraction", "#0072b2", "")]
for row, (dtype, exponent) in enumerate(EXPONENT_BITS.items()):
    for place, bit in enumerate(bits(torch.pi, dtype)):
        _, colour, hatch = parts[0 if place == 0 else 1 if place <= exponent else 2]
        panel.add_patch(
            plt.Rectangle((place, row), 0.9, 0.7, facecolor="white", edgecolor=colour, hatch=hatch, linewidth=2)
        )
        panel.text(
            place + 0.45, row + 0.36, bit, ha="center", va="center", fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}
        )
for name, colour, hatch in parts:
    panel.add_patch(plt.Rectangle((0, 0), 0, 0, facecolor="white", edgecolor=colour, hatch=hatch, label=name))
panel.set(xlim=(-0.3, 32.3), ylim=(2.9, -0.3), xticks=[], yticks=[0.35, 1.35, 2.35], yticklabels=list(SHORT.values()))
panel.legend(loc="lower right", frameon=False, ncols=3)
panel.spines[:].set_visible(False)
show_figure(figure, "The bits of π in three formats: bfloat16 is the first half of float32; float16 has a shorter exponent and a longer fraction.")

# %% [markdown]
# `torch.finfo` tells the limits of a dtype. `eps` is the step from 1 to the next number: how finely digits are kept.

# %%
rows = []
for dtype, name in SHORT.items():
    limits = torch.finfo(dtype)
    smallest = torch.nextafter(torch.zeros((), dtype=dtype), torch.ones((), dtype=dtype)).item()
    rows.append((name, f"{limits.max:.5g}", f"{limits.tiny:.2g}", f"{smallest:.2g}", f"{limits.eps:.2g}"))
show_table(rows, ["dtype", "largest", "smallest normal", "smallest above 0", "step after 1 (eps)"])

# %%
predict("precision-q1")

# %%
rows = []
for value in [1 / 3, 257, 2049, 65504, 65519, 65520, 100_000, 3.4e38, 1e-5, 1e-7, 1e-8]:
    rows.append((f"{value:.7g}", *[f"{torch.tensor(value, dtype=dtype).item():.7g}" for dtype in SHORT]))
show_table(rows, ["number", *SHORT.values()])

# %%
reveal("precision-q1")

# %% [markdown]
# Look at the other rows too:
#
# - bfloat16 cannot even count to 257, float16 not to 2049.
# - 65519 is rounded down to 65504, and 65520 up: to infinity. (3.4e38 is too much for bfloat16, for the same reason.)
# - At the other end float16 becomes coarse, and then 0, where bfloat16 still has all of its digits.
#
# How large are the numbers of a real model? Above: the relative error that rounding can make. Below: how large the
# weights and the BatchNorm variances of our classifier are.

# %%
sizes = torch.logspace(-9, 6, 600)
state = classifier.model.state_dict()
weights = torch.cat([tensor.flatten() for name, tensor in state.items() if name.endswith("weight")]).abs()
variances = torch.cat([tensor for name, tensor in state.items() if name.endswith("running_var")])

figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 4.6), sharex=True, layout="constrained", height_ratios=[1.4, 1])
styles = {torch.float32: ("#000000", ":"), torch.bfloat16: ("#d55e00", "--"), torch.float16: ("#0072b2", "-")}
for dtype, (colour, line) in styles.items():
    here = sizes.to(dtype)
    above = torch.nextafter(here, torch.full_like(here, torch.inf))
    half_step = (above.double() - here.double()) / 2 / here.double()
    half_step[~half_step.isfinite()] = torch.nan  # nothing there but 0, or infinity
    top.plot(sizes, half_step, line, color=colour, label=SHORT[dtype])
top.set(xscale="log", yscale="log", ylabel="largest relative error")
top.legend(frameon=False)
edges = torch.logspace(-9, 6, 61)
bottom.hist(weights, edges, color="#0072b2", label="weights", weights=torch.full_like(weights, 1 / len(weights)))
bottom.hist(
    variances, edges, histtype="step", hatch="//", color="#d55e00", label="BatchNorm variances",
    weights=torch.full_like(variances, 1 / len(variances)),
)
bottom.set(xlabel="size of the number", ylabel="share")
bottom.legend(frameon=False, loc="upper left")
for panel in (top, bottom):
    panel.spines[["top", "right"]].set_visible(False)
show_figure(
    figure,
    "Relative rounding error against the size of the number: flat for float32 and bfloat16; for float16 lower than for bfloat16, "
    "rising below 0.0001 and ending at 65504. Nearly all weights lie between 0.0001 and 1; variances go from there to several hundred.",
)

# %% [markdown]
# Write a function that tells what a cast loses. `values` is a float32 tensor of any shape, `dtype` the one to try, such as
# `torch.float16`. Return a tuple of three ordinary numbers:
#
# 1. how many values **overflow**: finite before, infinite after the cast (an `int`);
# 2. how many values **vanish**: not 0 before, 0 after it (an `int`);
# 3. the **largest relative error** |after − before| / |before| (a `float`, right to 0.1%), over those values that are
#    finite and not 0, both before and after the cast; 0.0 when there are none.
#
# Infinity, NaN and 0 may be among the values, and the tensor may be empty. It must not change.


# %% exercise="precision-1"
def cast_losses(values: torch.Tensor, dtype: torch.dtype) -> tuple[int, int, float]:
    """What a cast to another dtype loses.

    Args:
        values: float32 tensor of any shape.
        dtype: a floating-point dtype.

    Returns:
        How many values overflow, how many vanish, and the largest relative error of the others.
    """
    ### BEGIN SOLUTION
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0
    ### END SOLUTION


# %% [markdown]
# When the check has passed, ask your function about all parameters and statistics of the classifier:

# %%
numbers = torch.cat([tensor.flatten() for tensor in state.values() if tensor.is_floating_point()])
try:
    rows = []
    for dtype in [torch.bfloat16, torch.float16]:
        overflowed, vanished, error = cast_losses(numbers, dtype)
        rows.append((SHORT[dtype], f"{len(numbers):,}", f"{overflowed:,}", f"{vanished:,}", f"{error:.4f}"))
    show_table(rows, ["dtype", "numbers", "overflow", "vanish", "largest relative error"])
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# No weight of this model overflows. Thousands vanish in float16, but they were so small that nobody will miss them. That
# need not be so for what flows *between* the layers.
#
# ## autocast chooses, operation by operation
#
# `torch.autocast` is a block in which PyTorch decides for each operation: matrix products and convolutions, where the
# time goes, run in low precision; some others, where digits are at risk, in float32; most take what they are given.
# The weights stay float32 and are cast on the way in, each time.
#
# `device_type` says on which kind of device: `"cpu"`, `"cuda"`, `"xpu"`, `"mps"`. For any tensor:
# `device_type=tensor.device.type`.

# %%
torch.manual_seed(0)
small = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
).eval()
pictures = torch.randn(2, 3, 16, 16)


def dtypes_of_outputs(model, x):
    """The dtype that comes out of each layer."""
    found = []
    hooks = [
        layer.register_forward_hook(lambda layer, args, output: found.append(SHORT[output.dtype])) for layer in model
    ]
    model(x)
    for hook in hooks:
        hook.remove()
    return found


with torch.inference_mode():
    plain = dtypes_of_outputs(small, pictures)
    with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
        cast = dtypes_of_outputs(small, pictures)
rows = [
    (type(layer).__name__, ", ".join({SHORT[p.dtype] for p in layer.parameters()}), without, within)
    for layer, without, within in zip(small, plain, cast, strict=True)
]
show_table(rows, ["layer", "its weights", "output", "output under autocast"])

# %% [markdown]
# The convolution casts its input and gives bfloat16; the layers behind it follow. Now the real model:

# %%
predict("precision-q2")

# %%
with torch.inference_mode(), torch.autocast(device_type="cpu"):
    logits = classifier.model(batch[:2])
print("logits:", logits.dtype)
print("weights:", next(classifier.model.parameters()).dtype)
try:
    logits.numpy()
except TypeError as error:
    print("logits.numpy():", error)
print("logits.float().numpy():", logits.float().numpy().dtype)

# %%
reveal("precision-q2")

# %% [markdown]
# So the first step after an autocast block is `.float()`: NumPy knows no bfloat16, and softmax wants its digits (see
# below).
#
# Which operations run in what? Ask your own machine. `low` comes out of a matrix product under autocast, `x` is
# float32:

# %%
# NBVAL_IGNORE_OUTPUT
OPERATIONS = {
    "matrix product x @ w": lambda x, low, w: x @ w,
    "linear(x, w)": lambda x, low, w: F.linear(x, w),
    "attention (scaled_dot_product)": lambda x, low, w: F.scaled_dot_product_attention(x, x, x),
    "relu(low)": lambda x, low, w: low.relu(),
    "relu(x)": lambda x, low, w: x.relu(),
    "exp(low)": lambda x, low, w: low.exp(),
    "softmax(low)": lambda x, low, w: low.softmax(1),
    "sum(low)": lambda x, low, w: low.sum(),
    "layer_norm(low)": lambda x, low, w: F.layer_norm(low, (8,)),
    "prod(low)": lambda x, low, w: low.prod(),
    "cdist(low, low)": lambda x, low, w: torch.cdist(low, low),
    "mse_loss(low, low)": lambda x, low, w: F.mse_loss(low, low),
    "cross_entropy(low, …)": lambda x, low, w: F.cross_entropy(low, torch.zeros(8, dtype=torch.long, device=x.device)),
    "low + x": lambda x, low, w: low + x,
    "cat([low, x])": lambda x, low, w: torch.cat([low, x]),
}
device = best_device()
places = [torch.device("cpu")] + ([device] if device.type != "cpu" else [])


def output_dtype(operation, device):
    """What dtype comes out under autocast with the device's own default."""
    x, w = torch.randn(8, 8, device=device), torch.randn(8, 8, device=device)
    with torch.autocast(device_type=device.type):
        try:
            return SHORT[operation(x, x @ w, w).dtype]
        except RuntimeError:  # not every accelerator has every operation
            return "not there"


rows = [(name, *[output_dtype(operation, place) for place in places]) for name, operation in OPERATIONS.items()]
show_table(rows, ["operation", *[f"{place.type}, default {SHORT[torch.get_autocast_dtype(place.type)]}" for place in places]])

# %% [markdown]
# Three groups. **Low precision**: products and convolutions. **float32**: on the CPU mainly losses, distances and products
# of many numbers. **The widest of the inputs**: operations that join tensors, `low + x` or `cat`. Everything else takes its
# input as it comes; that includes softmax, sum and `layer_norm` on the CPU. On CUDA the list for float32 is longer and holds
# them too, since float16 would overflow there; with a GPU in this machine, the table has a second column that shows it.
# The [reference](https://docs.pytorch.org/docs/stable/amp.html#autocast-op-reference) has all lists.
#
# Autocast acts only inside its block. What comes out of it is what it is, and `enabled=False` makes a hole in a block
# for a part that needs float32. In that hole you cast by hand:

# %%
x, w = torch.randn(4, 4), torch.randn(4, 4)
with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
    low = x @ w
    with torch.autocast("cpu", enabled=False):
        print("in the hole, from float32:", (x @ w).dtype)
        try:
            low @ w
        except RuntimeError as error:
            print("in the hole, mixed:", error)
        print("in the hole, cast by hand:", (low.float() @ w).dtype)

# %% [markdown]
# In older code you will find `torch.cuda.amp.autocast`. That is a **deprecated** former name. Today it is
# `torch.autocast("cuda")`, or `torch.amp.autocast("cuda")`, which is the same class:

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    torch.cuda.amp.autocast(enabled=False)
print(f"{caught[0].category.__name__}: {caught[0].message}")
print("torch.autocast is torch.amp.autocast:", torch.autocast is torch.amp.autocast)

# %% [markdown]
# The former name had the device in it, and many scripts still have `"cuda"` in it. For a model that is on another
# device, such a block does nothing:

# %%
# NBVAL_IGNORE_OUTPUT
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with torch.inference_mode(), torch.autocast(device_type="cuda"):
        print("a model on the CPU under autocast for CUDA gives", small(pictures).dtype)
print([str(warning.message) for warning in caught] or "and there was no warning")

# %% [markdown]
# Without a GPU there is at least a warning. With one there is none: the block is on, and this model has no part in it.

# %% [markdown]
# Write a function that gives the logits of a batch, computed under autocast. `model` and `batch` are float32 and on one device,
# whichever it is; `dtype` is `torch.bfloat16` or `torch.float16`.
#
# - While the model runs, autocast is on for the kind of device on which the batch lies, with this `dtype`.
# - The model runs in evaluation mode and without gradients.
# - The logits are returned in float32, on the device of the batch.
# - Everything stays as it was, even when the model raises an error: the mode of each of its parts (they may differ),
#   parameters and their `requires_grad`, the batch, the grad mode, autocast. The error passes on to the caller.


# %% exercise="precision-2"
def autocast_logits(model: nn.Module, batch: torch.Tensor, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    """Logits of a batch, computed under autocast.

    Args:
        model: float32, in any mode; (N, 3, H, W) to logits (N, C).
        batch: float32 (N, 3, H, W), on the model's device.
        dtype: torch.bfloat16 or torch.float16.

    Returns:
        float32 tensor (N, C).
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(device_type=batch.device.type, dtype=dtype):
            return model(batch).float()
    finally:
        for module, training in modes:
            module.training = training
    ### END SOLUTION


# %% [markdown]
# ## What `half()` does to a model
#
# The other way is to cast the weights once: `model.half()` for float16, `model.bfloat16()`, or `model.to(dtype)`. The
# model then takes half the memory, and no weights need to be cast when it runs.

# %%
predict("precision-q3")

# %%
model = deepcopy(small)
weight_before = model[5].weight.detach().clone()
model_half = model.half()
print("model_half is model:", model_half is model)
print("weights of model:", model[5].weight.dtype)
try:
    with torch.inference_mode():
        model(pictures)
except RuntimeError as error:
    print("model(float32 batch):", error)

tensor = torch.ones(2)
print("a tensor: tensor.half() is tensor:", tensor.half() is tensor, "and tensor is still", tensor.dtype)

# %%
reveal("precision-q3")

# %% [markdown]
# The original is gone. `model.float()` makes it float32 again, but the digits do not return:

# %%
model.float()
print("back in float32, same weights as before:", torch.equal(model[5].weight, weight_before))
print(f"largest error of a weight of this layer: {(model[5].weight - weight_before).abs().max():.1e}")

there_and_back = deepcopy(classifier.model).half().float()
pairs = zip(classifier.model.parameters(), there_and_back.parameters(), strict=True)
errors = [(before - after).abs().max().item() for before, after in pairs]
print(f"largest error of a weight of the classifier:  {max(errors):.1e}")
changed = sum((tensor != there_and_back.state_dict()[name]).sum().item() for name, tensor in state.items())
print(f"numbers of the classifier that have changed:  {changed / sum(t.numel() for t in state.values()):.0%}")

# %% [markdown]
# So **copy first, then cast the copy**: `low = deepcopy(model).half()`. (Or load the weights again from their file.)
#
# What a cast does to memory, and to buffers, which are no parameters:

# %%
def megabytes(model):
    return sum(tensor.nbytes for tensor in model.state_dict().values()) / 2**20


low = deepcopy(classifier.model).bfloat16()
print(f"float32: {megabytes(classifier.model):.1f} MiB, bfloat16: {megabytes(low):.1f} MiB")
norm = next(module for module in low.modules() if isinstance(module, nn.BatchNorm2d))
rows = [(name, SHORT.get(tensor.dtype, str(tensor.dtype))) for name, tensor in norm.state_dict().items()]
show_table(rows, ["of a BatchNorm layer in the cast model", "dtype"])

# %% [markdown]
# The running statistics were rounded too; the counter, an integer, was left alone. BatchNorm layers are few numbers of very
# different sizes, as you saw in the picture above. To leave them in float32 costs next to nothing: they accept an input
# of 16 bits, and give one. Does it help?

# %%
# NBVAL_IGNORE_OUTPUT
def norms_kept(model, dtype):
    """A copy in low precision whose BatchNorm layers are those of the original."""
    copy = deepcopy(model).to(dtype)
    for new, old in zip(copy.modules(), model.modules(), strict=True):
        if isinstance(old, nn.BatchNorm2d):
            new.float().load_state_dict(old.state_dict())
    return copy


some = batch[::3]
with torch.inference_mode():
    reference = classifier.model(some)
    rows = []
    for name, copy in {
        "all in bfloat16": low,
        "BatchNorm in float32": norms_kept(classifier.model, torch.bfloat16),
    }.items():
        error = (copy(some.bfloat16()).float() - reference).abs()
        rows.append((name, f"{error.mean():.3f}", f"{error.max():.2f}"))
show_table(rows, ["copy", "mean error of a logit", "largest"])

# %% [markdown]
# Write a function that makes a copy of a model that works in low precision, and can take the original's place: it is
# called with a **float32** batch and gives **float32** logits.
#
# - Return an `nn.Module`. Inside it the layers work in `dtype`, `torch.bfloat16` or `torch.float16`: their outputs have it.
# - Its parameters and buffers are those of the model, in the same order, cast to `dtype`. Exceptions: BatchNorm layers
#   (1d, 2d and 3d) keep float32 and their exact values; integers keep their dtype.
# - It is in evaluation mode, all its parts.
# - The original stays as it is: values, dtypes, modes, `requires_grad`. The two share no memory.
#
# `model` takes a float32 batch `(N, 3, H, W)` and gives logits `(N, C)`. It may be in any mode.


# %% exercise="precision-3"
def low_precision_copy(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of a model that works in low precision, with float32 in and out.

    Args:
        model: float32 (N, 3, H, W) to logits (N, C), in any mode.
        dtype: torch.bfloat16 or torch.float16.

    Returns:
        A new module, in evaluation mode.
    """
    ### BEGIN SOLUTION
    low = deepcopy(model).eval().to(dtype)
    for new, old in zip(low.modules(), model.modules(), strict=True):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            new.float().load_state_dict(old.state_dict())
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low
    ### END SOLUTION


# %% [markdown]
# ## When 16 bits are slower
#
# A processor computes quickly in a format for which it has instructions. For bfloat16 these are AVX512-BF16 and AMX on x86,
# BF16 on ARM; for float16 they are rarer still. `torch.cpu.get_capabilities()` tells what yours has:

# %%
# NBVAL_IGNORE_OUTPUT
capabilities = torch.cpu.get_capabilities()
instructions = {
    "bfloat16": ["avx512_bf16", "amx_bf16", "bf16", "sve_bf16"],
    "float16": ["avx512_fp16", "amx_fp16", "fp16_arith"],
}
print("architecture:", capabilities["architecture"], "  PyTorch's own kernels use:", torch.backends.cpu.get_cpu_capability())
for dtype, flags in instructions.items():
    print(f"{dtype}: ", {flag: capabilities[flag] for flag in flags if flag in capabilities})
if device.type == "cuda":
    print("the GPU has bfloat16 instructions:", torch.cuda.is_bf16_supported(including_emulation=False))

# %%
predict("precision-q4")

# %% [markdown]
# The program below times one convolution in three formats. We run it twice: on this CPU as it is, and with the environment
# variable `ONEDNN_MAX_CPU_ISA=AVX2`. That tells oneDNN, the library behind PyTorch's convolutions, to behave as on an x86 CPU
# of the kind that many laptops have, without bfloat16. (On ARM, or where there is nothing to take away, it changes nothing.)

# %%
PROGRAM = """
from copy import deepcopy
import torch
from helpers.timing import measure

torch.set_num_threads(1)
layer, x = torch.nn.Conv2d(64, 64, 3, padding=1), torch.randn(1, 64, 28, 28)
with torch.inference_mode():
    for dtype in [torch.float32, torch.bfloat16, torch.float16]:
        low, y = deepcopy(layer).to(dtype), x.to(dtype)
        print(measure(lambda: low(y), repeat=9, warmup=2))
"""


def seconds(**environment):
    """Times of the convolution in float32, bfloat16 and float16, in a Python of their own."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return [float(line) for line in run.stdout.split()]


machines = {"this CPU": seconds(), "limited to AVX2": seconds(ONEDNN_MAX_CPU_ISA="AVX2")}
rows = []
for place, dtype in enumerate(SHORT.values()):
    cells = [(format_seconds(times[place]), f"{times[place] / times[0]:.2f}×") for times in machines.values()]
    rows.append((dtype, *cells[0], *cells[1]))
show_table(rows, ["one convolution", "this CPU", "times as long as float32", "limited to AVX2", "times as long as float32"])

# %%
figure, panel = plt.subplots(figsize=(8, 2.4), layout="constrained")
labels = [f"{dtype}, {place}" for place in machines for dtype in ("bfloat16", "float16")]
values = [time / times[0] for times in machines.values() for time in times[1:]]
colours = ["#0072b2" if value < 1 else "#d55e00" for value in values]
hatches = ["" if value < 1 else "//" for value in values]
bars = panel.barh(labels, [value - 1 for value in values], left=1, color=colours, hatch=hatches, edgecolor="white")
panel.axvline(1, color="black", linewidth=1)
for row, value in enumerate(values):
    panel.text(max(value, 1) * 1.08, row, f"{value:.2f}×", va="center")
panel.set(xscale="log", xlim=(min(*values, 1) / 1.5, max(*values, 2) * 3), xlabel="times as long as float32 (hatched: slower)")
panel.invert_yaxis()
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "One convolution: how many times as long as float32 bfloat16 and float16 take, here and on a CPU limited to AVX2.")

# %%
reveal("precision-q4")

# %% [markdown]
# Compare your two columns. No error, no warning: just slow. So on a CPU:
#
# 1. Ask for the flags: they tell whether it *can* pay.
# 2. Measure with your model: that tells whether it *does*.
# 3. Leave float16 to accelerators, unless your measurement says otherwise.
#
# GPUs are another matter: those of recent years have units for both. bfloat16 is the safer of the two, since it overflows
# no earlier than float32.
#
# ## Agreement, error and time, measured together
#
# A faster model that answers something else is no gain; nor is one that agrees in all and takes longer. So measure the
# three together, with the trained model and real photos: random weights tell nothing about answers. (The time is that of three
# pictures; the BatchNorm layers of the copies are in float32.)

# %%
predict("precision-q5")

# %%
# NBVAL_IGNORE_OUTPUT
trained, views = deepcopy(classifier.model).to(device), batch.to(device)


def full(x):
    return trained(x)


def autocast_bfloat16(x):
    with torch.autocast(device_type=x.device.type, dtype=torch.bfloat16):
        return trained(x)


copy_bfloat16 = norms_kept(trained, torch.bfloat16)
copy_float16 = norms_kept(trained, torch.float16)

few = views[::12]  # float16 is slow on most CPUs, so it gets three pictures
with torch.inference_mode():
    reference = full(views)
    results = {
        "autocast, bfloat16": (autocast_bfloat16(views), reference),
        "copy in bfloat16": (copy_bfloat16(views.bfloat16()), reference),
        "copy in float16": (copy_float16(few.half()), full(few)),
    }
    print("on", device)
    timings = compare(
        {
            "float32": lambda: full(few),
            "autocast, bfloat16": lambda: autocast_bfloat16(few),
            "copy in bfloat16": lambda: copy_bfloat16(few.bfloat16()),
            "copy in float16": lambda: copy_float16(few.half()),
        },
        repeat=3,
        warmup=1,
    )

ratio = {timing.name: timing.ratio for timing in timings}
rows = []
for name, (low_logits, expected) in results.items():
    error = (low_logits.float() - expected).abs()
    agree = low_logits.argmax(1) == expected.argmax(1)
    rows.append(
        (name, f"{agree.sum()} of {len(agree)}", f"{error.mean():.4f}", f"{error.max():.3f}", f"{ratio[name]:.2f}×")
    )
show_table(rows, ["against float32", "same Top-1", "mean error of a logit", "largest error", "times as fast"])

# %% [markdown]
# float16 has the smaller errors, because it has the longer fraction, and this model stays within its range. The errors of
# bfloat16 are larger, and where an answer flips, look how far the two best categories were apart. If they are $m$ apart
# before, and no logit is off by more than $e$, then the first place can change only if $e \ge m / 2$: above the line.

# %%
# NBVAL_IGNORE_OUTPUT
low_logits, reference = results["copy in bfloat16"][0].float().cpu(), reference.cpu()
error = (low_logits - reference).abs().amax(1)
best = reference.topk(2).values
margin = best[:, 0] - best[:, 1]
flipped = low_logits.argmax(1) != reference.argmax(1)

figure, panel = plt.subplots(figsize=(7, 3.6), layout="constrained")
line = torch.linspace(0, margin.max().item() * 1.05, 2)
panel.plot(line, line / 2, "--", color="black", linewidth=1, label="error = margin / 2")
panel.scatter(margin[~flipped], error[~flipped], color="#0072b2", marker="o", label="same answer")
panel.scatter(margin[flipped], error[flipped], color="#d55e00", marker="X", s=90, label="another answer")
panel.set(
    xlabel="margin: best logit minus second best, in float32", ylabel="largest error of a logit",
    xlim=(-0.15, None), ylim=(0, error.max().item() * 1.5),
)
panel.legend(frameon=False)
panel.spines[["top", "right"]].set_visible(False)
show_figure(
    figure,
    "Each picture's margin against its largest logit error in bfloat16. An answer can change only above the line, where the margin is small.",
)
categories = classifier.categories
for place in flipped.nonzero().flatten().tolist():
    before, after = reference[place], low_logits[place]
    print(f"{crops[place][0]}: {categories[before.argmax()]} → {categories[after.argmax()]}, margin {margin[place]:.2f}")
print(f"{flipped.sum()} of {len(flipped)} answers changed")
print("could have changed, by the line:", (margin <= 2 * error).sum().item())

# %%
reveal("precision-q5")

# %% [markdown]
# A picture whose answer flips was one where the model had no clear opinion. (Your machine may show none at all, or one more:
# kernels differ in the last digits.) Whether that matters depends on what is done with the answer.
#
# `copy_bfloat16` keeps its weights in 16 bits, so nothing has to be cast when it runs; autocast casts all weights anew at
# every call. If your CPU has bfloat16, compare the two in your table. Layout matters at least as much:
# see [lesson 07](07_optimization.ipynb).

# %% [markdown]
# Write a function that compares a model in low precision with its reference, over many batches. Both are called with the
# same float32 batches as they come. `reference` gives float32 logits, those of `low` may be `float16` or `bfloat16`. Both
# are in evaluation mode. `batches` can be gone through only once, and its batches may differ in size; there is at least
# one picture. Return a dictionary:
#
# - `"agreement"`: the share of all pictures with the same Top-1, a `float` from 0 to 1;
# - `"max_error"`: the largest absolute difference of two logits, subtracted in float32, a `float`;
# - `"changed"`: the positions of the pictures with another Top-1, counted from 0 over **all** batches: a list of `int`, in
#   their order.
#
# The models are called without gradients, and stay as they are. If a logit of `low` is not finite (NaN or infinite), its
# picture counts as changed, and `"max_error"` is `float("inf")`.


# %% exercise="precision-4"
def compare_precision(reference: nn.Module, low: nn.Module, batches) -> dict:
    """What a model in low precision answers differently.

    Args:
        reference: float32 (N, 3, H, W) to float32 logits (N, C), in evaluation mode.
        low: the same, with logits that may be in 16 bits.
        batches: iterable of float32 tensors (N, 3, H, W); N may differ.

    Returns:
        {"agreement": float, "max_error": float, "changed": list of int}
    """
    ### BEGIN SOLUTION
    agreed, seen, changed, max_error = 0, 0, [], 0.0
    with torch.inference_mode():
        for batch in batches:
            right, other = reference(batch).float(), low(batch).float()
            finite = other.isfinite().all(1)
            different = (right.argmax(1) != other.argmax(1)) | ~finite
            changed += [seen + place for place in different.nonzero().flatten().tolist()]
            agreed += (~different).sum().item()
            seen += len(batch)
            error = (right - other).abs().max().item() if finite.all() else float("inf")
            max_error = max(max_error, error)
    return {"agreement": agreed / seen, "max_error": max_error, "changed": changed}
    ### END SOLUTION


# %% [markdown]
# When the checks of this and the exercise before have passed, use both of your functions:

# %%
# NBVAL_IGNORE_OUTPUT
try:
    mine = low_precision_copy(trained, torch.bfloat16)
    found = compare_precision(trained, mine, views[::2].split(5))
    print(f"agreement {found['agreement']:.0%}, largest error {found['max_error']:.2f}")
    print("changed:", [crops[2 * place][0] for place in found["changed"]])
except NotImplementedError:
    print("(solve the exercises first)")

# %% [markdown]
# **Lab.** Choose a number and compare its bits: which format loses digits, and which the number itself? Then choose photos of which
# the model is less sure, until an answer flips. “Measure” times the three formats again.

# %%
lab("precision")

# %% [markdown]
# ## Sums, means and softmax in 16 bits
#
# One rounding is harmless. Trouble comes where many numbers meet in one.

# %%
predict("precision-q6")

# %%
counts = {dtype: [0.0] for dtype in SHORT}
for dtype, totals in counts.items():
    total, one = torch.zeros((), dtype=dtype), torch.ones((), dtype=dtype)
    for _ in range(5000):
        total = total + one
        totals.append(total.item())
    print(f"{SHORT[dtype]:8} 1 added 5000 times: {totals[-1]:g}")

figure, panel = plt.subplots(figsize=(7, 3), layout="constrained")
for dtype, (colour, style) in styles.items():
    panel.plot(counts[dtype], style, color=colour, label=SHORT[dtype])
panel.set(xlabel="additions", ylabel="running total")
panel.legend(frameon=False)
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "A running total of ones: float32 rises to 5000, float16 stands still at 2048, bfloat16 at 256.")

# %%
reveal("precision-q6")

# %% [markdown]
# `torch.sum` is wiser than the loop: inside it adds in float32, and rounds once, at the end. But then the end must fit the
# dtype. `dtype=torch.float32` keeps it there:

# %%
rows = []
for dtype, name in SHORT.items():
    ones = torch.ones(100_000, dtype=dtype)
    rows.append(
        (name, f"{ones.sum().item():g}", f"{ones.sum(dtype=torch.float32).item():g}", f"{ones.mean().item():g}")
    )
show_table(rows, ["100000 ones in", "sum()", "sum(dtype=torch.float32)", "mean()"])

# %% [markdown]
# What is safe inside one operation is not safe between two: `x.square().sum()` overflows in float16 where `x.norm()` does not, and
# a mean over batches that you add up yourself is a loop as above. So hold **running sums in float32**.
#
# Softmax is the classic. Written as the formula says, it needs `exp(x)`, and that soon is more than 65504:

# %%
logits = torch.tensor([12.0, 11.0, 1.0, -6.0])
rows = []
for dtype, name in SHORT.items():
    low = logits.to(dtype)
    by_formula = low.exp() / low.exp().sum()
    shifted = (low - low.max()).exp()
    for way, result in {
        "exp(x) / sum": by_formula,
        "largest subtracted first": shifted / shifted.sum(),
        "torch.softmax": low.softmax(0),
        "softmax(dtype=torch.float32)": low.softmax(0, dtype=torch.float32),
    }.items():
        rows.append((name, way, SHORT[result.dtype], *[f"{value:.3g}" for value in result.tolist()]))
show_table(rows, ["logits in", "softmax", "result in", "p of 12", "p of 11", "p of 1", "p of −6"])

# %% [markdown]
# float32 is only further away from its limit, at `exp(88.7)`. Subtracting the largest logit first changes no probability and
# makes every exponent 0 or less; `torch.softmax` does so in every dtype. What it cannot help is the dtype of its *result*: two
# or three digits, and in float16 the small probabilities are coarse, or 0. Sorting by probability then meets many ties:

# %%
# NBVAL_IGNORE_OUTPUT
with torch.inference_mode():
    logits = classifier.model(batch[:1])[0]
rows = []
for dtype, name in SHORT.items():
    probabilities = logits.to(dtype).softmax(0)
    total = probabilities.sum(dtype=torch.float32).item()
    zeros = (logits * 2).to(dtype).softmax(0).eq(0).sum().item()
    rows.append((name, len(probabilities.unique()), f"{total:.5f}", zeros))
show_table(
    rows, ["softmax of 1000 logits in", "different values among 1000", "their sum", "zeros, with the logits doubled"]
)

# %% [markdown]
# The rule: **logits to float32, then softmax.** On 1000 numbers a picture the cast costs nothing you could measure.

# %% [markdown]
# Average the answers for many crops of a photo, or many frames of a video, and the result is steadier than any single one.
# Write a function for that. `batches` is an iterable of logits, tensors of shape `(n, C)` with any `n` ≥ 1 that may differ from batch to batch;
# all are float32, or all bfloat16, or all float16. You can go through it only once. Return the mean, over all rows of all
# batches, of their probabilities (softmax over the categories).
#
# - The result is a float32 tensor of shape `(C,)`.
# - It is right as float32 is (to 0.05% of each value), whatever the dtype of the logits: for any number of batches,
#   and for logits as large as 60000.
# - Each row counts the same. The given tensors do not change.


# %% exercise="precision-5"
def mean_probabilities(batches) -> torch.Tensor:
    """The mean of the probabilities of all rows.

    Args:
        batches: iterable of logits (n, C) in float32, bfloat16 or float16; n may differ.

    Returns:
        float32 tensor (C,) that adds up to 1.
    """
    ### BEGIN SOLUTION
    total, rows = 0, 0
    for logits in batches:
        total = total + logits.float().softmax(1).sum(0)
        rows += len(logits)
    return total / rows
    ### END SOLUTION


# %% [markdown]
# When the check has passed: one answer for each photo, from its five crops, all in bfloat16 up to the logits.

# %%
# NBVAL_IGNORE_OUTPUT
in_bfloat16 = results["copy in bfloat16"][0].cpu()
try:
    rows = []
    for number, name in enumerate(photos):
        five = slice(5 * number, 5 * number + 5)
        answers = [mean_probabilities(values[five].split(2)) for values in (in_bfloat16, reference)]
        rows.append((name, *[f"{categories[p.argmax()]} {p.max():.2f}" for p in answers]))
    show_table(rows, ["photo, mean of five crops", "bfloat16", "float32"])
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Summary
#
# | idea | in code |
# |---|---|
# | bfloat16: range of float32, 2 to 3 digits; float16: 3 to 4 digits, ends at 65504 | `torch.finfo(dtype)` |
# | low precision where it is safe, weights stay float32 | `with torch.autocast(device_type=batch.device.type, dtype=torch.bfloat16):` |
# | the former name, deprecated | `torch.cuda.amp.autocast()` |
# | a hole for float32 | `torch.autocast("cpu", enabled=False)` |
# | what comes out is low precision | `.float()` before softmax, NumPy, comparing |
# | casting a model works in place | `deepcopy(model).half()`, then the copy |
# | delicate layers stay in float32 | BatchNorm's weights and statistics |
# | can this CPU do it? does it pay? | `torch.cpu.get_capabilities()`; measure |
# | did the answers change? | Top-1 agreement **and** logit error **and** time, trained weights, real photos |
# | running sums, means, softmax | in float32: `sum(dtype=torch.float32)`, `logits.float().softmax(1)` |
#
# **Read on:** [Automatic mixed precision, `torch.amp`](https://docs.pytorch.org/docs/stable/amp.html) ·
# [`torch.finfo`](https://docs.pytorch.org/docs/stable/type_info.html) ·
# [Numerical accuracy](https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html) ·
# [`torch.cpu.get_capabilities`](https://docs.pytorch.org/docs/stable/generated/torch.cpu.get_capabilities.html) ·
# [oneDNN: CPU dispatcher control](https://uxlfoundation.github.io/oneDNN/dev_guide_cpu_dispatcher_control.html)

# %%
progress()
