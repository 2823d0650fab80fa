# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 03 · From any picture to a batch
#
# A model never sees a picture. It sees a tensor, and it was trained on tensors that were made in one exact way. Make
# yours in another way, and most often nothing fails: the answers only get worse, or become nonsense with a name.
#
# After this lesson you can
# - turn a picture into the tensor that a model was trained on, by hand and with `weights.transforms()`,
# - say why two such pipelines give different pixels, and measure by how much,
# - recognise the usual mistakes: wrong normalisation, BGR, 0 to 255, channels last,
# - turn any picture file into a batch, and name what is in it: a true Top-5.

# %%
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from torchvision import models
from torchvision.transforms import v2

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.images import photo, photo_path, read_image
from helpers.models import classify, load_classifier
from helpers.plots import show_figure, show_images, show_table, show_top5

# %% [markdown]
# ## A picture is numbers in some order
#
# PIL reads a photo as rows of pixels, each with three whole numbers from 0 to 255: red, green, blue. As an array that
# is **HWC**: height, width, channels. PyTorch's vision models want **CHW** and `float32`.

# %%
coffee = photo("coffee")
array = np.array(coffee)
print("PIL:  ", coffee.mode, "picture, width and height", coffee.size)
print("NumPy:", array.dtype, "array of shape", array.shape)
print("the pixel in the middle:", array[200, 300].tolist(), "of red, green, blue")

# %% [markdown]
# Note the two orders: PIL says (width, height), arrays and tensors say (height, width).
#
# torchvision does the conversion in two steps, and its names say what they do: `v2.ToImage()` turns a PIL picture into
# a tensor, `v2.ToDtype(torch.float32, scale=True)` makes it `float32` **and** scales 0…255 to 0…1. Look what happens
# when a piece is missing:

# %%
steps = {
    "ToImage": v2.ToImage(),
    "ToImage, ToDtype(float32)": v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32)]),
    "ToImage, ToDtype(float32, scale=True)": v2.Compose(
        [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    ),
    "ToDtype(float32, scale=True)": v2.ToDtype(torch.float32, scale=True),
}
rows = []
for name, step in steps.items():
    result = step(coffee)
    if isinstance(result, torch.Tensor):
        rows.append((name, str(result.dtype), tuple(result.shape), f"{result.min():g} to {result.max():g}"))
    else:
        rows.append((name, "still a PIL picture", "", ""))
show_table(rows, ["steps", "dtype", "shape", "values"])

# %% [markdown]
# Without `scale=True` the values stay at 0 to 255. Without `ToImage` nothing happens at all, and nothing complains.
#
# Older code has `ToTensor()` in this place. In v2 it is deprecated:

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    v2.ToTensor()
print(str(caught[0].message).split(". ")[0])

# %% [markdown]
# Write a function that turns a PIL picture in mode RGB, of any size, into a tensor: `float32`, shape `(3, H, W)`, values
# from 0 to 1 (0 becomes 0, 255 becomes 1), red first. The result has no batch dimension. Try it without torchvision:
# you will read such code often.


# %% exercise="preprocessing-1"
def to_tensor(image):
    """An RGB picture as numbers.

    Args:
        image: PIL picture, mode RGB.

    Returns:
        float32 tensor of shape (3, H, W), values from 0 to 1.
    """
    ### BEGIN SOLUTION
    pixels = torch.from_numpy(np.array(image))
    return pixels.permute(2, 0, 1).to(torch.float32) / 255
    ### END SOLUTION


# %% [markdown]
# ## Normalise with the model's own numbers
#
# The last step before the model is $(x - \text{mean}) / \text{std}$ for each channel. The numbers belong to the weights:
# they were chosen for training, and have to be the same ever after. Most models of torchvision use those of ImageNet.
# The small model that comes with this course, EfficientNet-Lite0, uses others. What does it cost to mix them up?

# %%
IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
MEAN, STD = [127 / 255] * 3, [128 / 255] * 3  # those of EfficientNet-Lite0

classifier = load_classifier("efficientnet_lite0")
to_pixels = v2.Compose(
    [
        v2.Resize(256, interpolation=v2.InterpolationMode.BICUBIC),
        v2.CenterCrop(224),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
    ]
)
pixels = to_pixels(coffee)
right = v2.functional.normalize(pixels, MEAN, STD)
mixed_up = v2.functional.normalize(pixels, IMAGENET_MEAN, IMAGENET_STD)

show_top5(coffee, classify(classifier, right), title="its own mean and std")
show_top5(coffee, classify(classifier, mixed_up), title="ImageNet's mean and std")

# %% [markdown]
# The same photo, the same weights, no error: and the model is much less sure. That is what a preprocessing mistake
# looks like in practice. You find it only when you look for it.
#
# With `normalize` on tensors, the three means have to meet the axis of the channels. Broadcasting compares shapes from
# the **right**:

# %%
for shape in [(3,), (3, 1, 1)]:
    try:
        result = pixels - torch.tensor(MEAN).view(shape)
        print(f"(3, 224, 224) - {shape}: works, shape {tuple(result.shape)}")
    except RuntimeError as error:
        print(f"(3, 224, 224) - {shape}: {error}")

# %% [markdown]
# Write a function that normalises each channel: subtract its mean, then divide by its standard deviation. `images` is one
# picture of shape `(3, H, W)` or a batch `(N, 3, H, W)`, `float32`; `mean` and `std` are two lists of three floats. Return a
# new `float32` tensor of the same shape. The tensor that was given must not change.


# %% exercise="preprocessing-2"
def normalize(images, mean, std):
    """(x - mean) / std, channel by channel.

    Args:
        images: float32 tensor of shape (3, H, W) or (N, 3, H, W).
        mean: list of three floats, one a channel.
        std: list of three floats, one a channel.

    Returns:
        float32 tensor of the same shape.
    """
    ### BEGIN SOLUTION
    mean = torch.tensor(mean).view(3, 1, 1)
    std = torch.tensor(std).view(3, 1, 1)
    return (images - mean) / std
    ### END SOLUTION


# %% [markdown]
# ## Resize and crop
#
# Photos have any size, a batch has one. The usual way: scale the picture until its **shorter** side has a certain
# length (256), then cut out the **middle** (224 × 224). The blue frame is what the model gets to see:

# %%
cat = photo("cat")
scale = 256 / min(cat.size)
side = 224 / scale
left, top = (cat.width - side) / 2, (cat.height - side) / 2
squashed = cat.resize((224, 224), Image.Resampling.BICUBIC)
cropped = v2.Compose([v2.Resize(256, interpolation=v2.InterpolationMode.BICUBIC), v2.CenterCrop(224)])(cat)

figure, panels = plt.subplots(1, 3, figsize=(9, 3), width_ratios=[1.5, 1, 1], layout="constrained")
panels[0].add_patch(plt.Rectangle((left, top), side, side, fill=False, edgecolor="#0072b2", linewidth=3))
versions = {"photo": cat, "resize 256, crop 224": cropped, "resize (224, 224)": squashed}
for panel, (title, image) in zip(panels, versions.items(), strict=True):
    panel.imshow(image)
    panel.set(title=title, xticks=[], yticks=[])
show_figure(figure, "A photo with its middle square framed; that square cut out; the whole photo squeezed into a square.")

# %% [markdown]
# `v2.Resize(256)` scales the shorter side. `v2.Resize((256, 256))` is something else: it squashes. The model still
# gives an answer, and here it is another one:

# %%
for title, image in [("resize 256, crop 224", cropped), ("resize (224, 224)", squashed)]:
    tensor = v2.functional.to_dtype(v2.functional.to_image(image), torch.float32, scale=True)
    tensor = v2.functional.normalize(tensor, MEAN, STD)
    first, second = classify(classifier, tensor, k=2)
    print(f"{title:22} {first.category} {first.probability:.2f}, {second.category} {second.probability:.2f}")

# %% [markdown]
# Write a function that takes a PIL picture in mode RGB and two whole numbers, `resize` and `crop`, with `crop` not larger
# than `resize`. Scale the picture with one factor for both sides, so that its shorter side is `resize` long; a smaller
# picture grows. Then cut out the square in the middle, `crop` long on each side. Return a PIL picture in mode RGB, and
# leave the one that was given as it is.
#
# Any interpolation will do, and halves may be rounded up or down.


# %% exercise="preprocessing-3"
def resize_and_crop(image, resize, crop):
    """The middle of a picture, after its shorter side was brought to a given length.

    Args:
        image: PIL picture, mode RGB, of any size.
        resize: length of the shorter side after resizing.
        crop: side of the square that is cut out, at most ``resize``.

    Returns:
        PIL picture, mode RGB, size (crop, crop).
    """
    ### BEGIN SOLUTION
    scale = resize / min(image.size)
    width, height = round(image.width * scale), round(image.height * scale)
    left, top = (width - crop) // 2, (height - crop) // 2
    return image.resize((width, height)).crop((left, top, left + crop, top + crop))
    ### END SOLUTION


# %% [markdown]
# When the check has passed, look at it with pictures of your own, wide and tall:

# %%
try:
    middles = [resize_and_crop(photo(name), 256, 224) for name in ["cat", "rocket", "motorcycle"]]
    show_images(middles, titles=["cat", "rocket", "motorcycle"])
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## The weights know their preprocessing
#
# In torchvision each set of weights carries its preprocessing: `weights.transforms()`. That works without the weights
# file, so it needs no download. The code that you find in most tutorials writes the steps by hand instead.

# %%
predict("preprocessing-q1")

# %%
by_hand = v2.Compose(
    [
        v2.Resize(256),
        v2.CenterCrop(224),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mean=IMAGENET_MEAN, std=IMAGENET_STD),
    ]
)
rows = []
for weights in [
    models.ResNet18_Weights.IMAGENET1K_V1,
    models.ResNet50_Weights.IMAGENET1K_V1,
    models.ResNet50_Weights.IMAGENET1K_V2,
    models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1,
    models.EfficientNet_B0_Weights.IMAGENET1K_V1,
    models.EfficientNet_B3_Weights.IMAGENET1K_V1,
    models.ViT_B_16_Weights.IMAGENET1K_SWAG_LINEAR_V1,
]:
    preset = weights.transforms()
    same_mean = preset.mean == IMAGENET_MEAN and preset.std == IMAGENET_STD
    result, manual = preset(coffee), by_hand(coffee)
    same_shape = result.shape == manual.shape
    difference = f"{(result - manual).abs().max():.1f}" if same_shape else "another shape"
    rows.append(
        (
            str(weights).replace("_Weights.", ", "),
            f"{preset.resize_size[0]} → {preset.crop_size[0]}",
            preset.interpolation.value,
            same_mean,
            difference,
        )
    )
show_table(
    rows,
    ["weights", "resize → crop", "interpolation", "ImageNet's mean and std", "largest difference to by hand"],
)

# %%
reveal("preprocessing-q1")

# %% [markdown]
# A normalised picture has values from about -2 to 2.6, so a difference of 4 is the way from black to white: at an edge,
# where a slightly larger picture puts another pixel. The rule: **take `weights.transforms()`, and write the steps by hand
# only to learn, or where torchvision is missing** (then measure the difference as above).
#
# One more reason for different pixels is *how* a picture is made smaller. With **antialias** each new pixel is an average
# over all the old ones it covers; without it, over its nearest neighbours only. PIL does the first (with all filters but
# `NEAREST`). For tensors `antialias=True` is the default of v2 today, and was not always.

# %%
large = v2.functional.to_dtype(v2.functional.to_image(coffee), torch.float32)  # values 0 to 255
reference = v2.functional.to_dtype(v2.functional.to_image(v2.functional.resize(coffee, [256])), torch.float32)
rows = []
for antialias in [True, False]:
    resized = v2.functional.resize(large, [256], antialias=antialias)
    difference = (resized - reference).abs()
    rows.append((f"tensor, antialias={antialias}", f"{difference.max():.0f}", f"{difference.mean():.1f}"))
show_table(rows, ["compared with PIL's resize", "largest difference, of 255", "mean difference"])

# %% [markdown]
# The rounding of PIL is less than one grey level. Leaving out the average is another matter, and the more so the more
# a picture shrinks:

# %%
astronaut = v2.functional.to_image(photo("astronaut"))
smaller = [v2.functional.resize(astronaut, [48], antialias=antialias) for antialias in [True, False]]
show_images(smaller, titles=["512 → 48, antialias", "512 → 48, without"])

# %% [markdown]
# ## Wrong input, and the model says nothing
#
# Some mistakes stop the program. These are the harmless ones:

# %%
attempts = {
    "channels last (HWC)": right.permute(1, 2, 0).unsqueeze(0),
    "no batch dimension": right,
}
for name, batch in attempts.items():
    try:
        with torch.inference_mode():
            classifier.model(batch)
        print(f"{name}: no error")
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")

# %% [markdown]
# (This model pads the picture before it looks at the channels, hence the odd size in the message.)
#
# All other mistakes have a legal shape and dtype. Right is “espresso” with a probability of 0.95.

# %%
predict("preprocessing-q2")


# %%
def normalised(x, mean=MEAN, std=STD):
    return v2.functional.normalize(x, mean, std)


whole = v2.functional.to_dtype(v2.functional.to_image(coffee), torch.float32, scale=True)
inputs = {
    "right": normalised(pixels),
    "negative": -normalised(pixels),
    "squashed": normalised(v2.functional.resize(whole, [224, 224])),
    "BGR": normalised(pixels.flip(0)),
    "not normalised": pixels,
    "ImageNet's mean and std": normalised(pixels, IMAGENET_MEAN, IMAGENET_STD),
    "normalised twice": normalised(normalised(pixels)),
    "height and width swapped": normalised(pixels).transpose(1, 2),
    "0 to 255, normalised": normalised(pixels * 255),
    "HWC, reshaped to CHW": normalised(pixels).permute(1, 2, 0).reshape(3, 224, 224),
    "divided by 255 twice": normalised(pixels / 255),
}
answers = {name: classify(classifier, tensor, k=1000) for name, tensor in inputs.items()}
espresso = {
    name: next(found.probability for found in answer if found.category == "espresso")
    for name, answer in answers.items()
}
rows = [(name, f"{espresso[name]:.2f}", answers[name][0].category) for name in inputs]
show_table(rows, ["input", "“espresso”", "first answer"])

# %%
first = [answers[name][0].category for name in inputs]
figure, panel = plt.subplots(figsize=(9, 4), layout="constrained")
colours = ["#0072b2" if category == "espresso" else "#d55e00" for category in first]
hatches = ["" if category == "espresso" else "//" for category in first]
bars = panel.barh(
    list(inputs), [answers[name][0].probability for name in inputs], color=colours, hatch=hatches
)
panel.bar_label(bars, first, padding=4)
panel.set(xlim=(0, 1.2), xlabel="probability of the first answer (hatched: a wrong one)")
panel.invert_yaxis()
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "A bar for each way to prepare the photo: how sure the model is of its first answer, and which it is.")

# %%
reveal("preprocessing-q2")

# %% [markdown]
# A mistake that leaves the coffee an espresso is no smaller mistake: it waits for a harder photo. The rocket with red and
# blue exchanged:

# %%
rocket = to_pixels(photo("rocket"))
for name, tensor in [("RGB", rocket), ("BGR", rocket.flip(0))]:
    found = classify(classifier, normalised(tensor), k=1)[0]
    print(f"{name}: {found.category} {found.probability:.2f}")
show_images([rocket, rocket.flip(0)], titles=["RGB", "BGR, as OpenCV reads it"])

# %% [markdown]
# Looking at the tensor does not always help. A plot that stretches the values from black to white, as plots of
# normalised tensors do, hides mistakes of scale:

# %%
scales = [
    "right",
    "ImageNet's mean and std",
    "normalised twice",
    "0 to 255, normalised",
    "divided by 255 twice",
]
show_images(
    [inputs[name] for name in scales],
    titles=["right", "ImageNet's", "twice", "0 to 255", "255 twice"],
    columns=5,
)

# %% [markdown]
# Numbers do not lie: print them once for every new pipeline. A normalised photo has a mean not far from 0, a standard
# deviation not far from 1, and its values between about -3 and 3.

# %%
rows = []
for name in scales:
    x = inputs[name]
    rows.append((name, f"{x.min():.2f}", f"{x.max():.2f}", f"{x.mean():.2f}", f"{x.std():.2f}"))
show_table(rows, ["input", "smallest", "largest", "mean", "standard deviation"])

# %% [markdown]
# Divided by 255 twice, the picture is an almost even black to the model: the standard deviation is 0.00, and every photo
# gets the same answer:

# %%
for name in ["coffee", "cat", "rocket"]:
    found = classify(classifier, normalised(to_pixels(photo(name)) / 255), k=1)[0]
    print(f"{name}: {found.category} {found.probability:.2f}")

# %% [markdown]
# BGR, or height and width swapped, leave even these numbers as they are. For those, look at the picture.

# %% [markdown]
# **Lab.** Every step of this lesson, on any photo, also on one of yours. Change one thing at a time, and watch the tensor, its
# numbers and the answer. Which step can go wrong without your noticing it in the picture? How small may the photo be made
# before the espresso is gone?

# %%
lab("preprocessing")

# %% [markdown]
# ## Any file to a batch
#
# A picture file is not always RGB. Here is the coffee in six files, as they come from cameras, web pages and
# printers:

# %%
folder = Path(tempfile.mkdtemp())
coffee.save(folder / "plain.png")
coffee.convert("L").save(folder / "grey.png")
seen = Image.radial_gradient("L").resize(coffee.size).point(lambda value: 255 if value < 150 else 0)
# under the transparent parts any colour may lie
see_through = Image.composite(coffee, Image.new("RGB", coffee.size, "magenta"), seen)
see_through.putalpha(seen)
see_through.save(folder / "transparent.png")
coffee.quantize(64).save(folder / "palette.gif")
coffee.convert("CMYK").save(folder / "print.jpg", quality=95)
exif = Image.Exif()
exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees before showing
coffee.transpose(Image.Transpose.ROTATE_90).save(folder / "phone.jpg", quality=95, exif=exif)
names = ["plain.png", "grey.png", "transparent.png", "palette.gif", "print.jpg", "phone.jpg"]
print([f"{name}: {Image.open(folder / name).mode}" for name in names])

# %%
predict("preprocessing-q3")

# %%
preset = models.ResNet18_Weights.IMAGENET1K_V1.transforms()
rows = []
for name in names:
    opened = Image.open(folder / name)
    try:
        result = f"shape {tuple(preset(opened).shape)}"
    except RuntimeError as error:
        result = f"{type(error).__name__}: {error}"
    rows.append((name, opened.mode, opened.size, result))
show_table(rows, ["file", "mode", "width, height", "weights.transforms() gives"])

# %%
reveal("preprocessing-q3")

# %% [markdown]
# Only RGB passes; and of the two that pass, one is wrong: the phone's photo lies on its side, because PIL's `open` does
# not carry out the rotation that the EXIF tag asks for. And `convert("RGB")`, the cure that is found everywhere, throws
# transparency away: what was hidden under it appears.
#
# `read_image` of this course does all of it: upright, transparent parts on white, RGB.

# %%
naive = [Image.open(folder / name).convert("RGB") for name in names]
careful = [read_image(folder / name) for name in names]
tensors = [classifier.preprocess(image) for image in careful]
found = classify(classifier, [classifier.preprocess(image) for image in naive] + tensors, k=1)
titles = [f"{one[0].category} {one[0].probability:.2f}" for one in found]
show_images(naive + careful, titles=titles, columns=6)

# %% [markdown]
# Above: `Image.open(…).convert("RGB")`. Below: `read_image(…)`. The model is less sure of a cup that lies on its side.
#
# What is left is the **batch dimension**. A model takes many pictures at once, as `(N, 3, H, W)`, and one picture is a
# batch of one: `unsqueeze(0)`. For several, `torch.stack` adds the new dimension in front. (`torch.cat` joins along one
# that is there already.)

# %%
print("one picture:   ", tuple(tensors[0].shape))
print("unsqueeze(0):  ", tuple(tensors[0].unsqueeze(0).shape))
print("torch.stack:   ", tuple(torch.stack(tensors).shape))
print("torch.cat:     ", tuple(torch.cat(tensors).shape), " (channels of six pictures in a row)")

# %% [markdown]
# Write a function that turns any picture files into one batch. `paths` is a list of one or more paths. The files may be
# grey, have a palette, be CMYK or transparent, or be turned by their EXIF tag. For each, make an upright picture in mode RGB
# with white where it is transparent, and give it to `preprocess`, which turns such a PIL picture into a `float32` tensor of
# shape `(3, H, W)`. Return all of them as one tensor of shape `(N, 3, H, W)`, in the order of the paths. The list of paths
# must not change. You may use `read_image`.


# %% exercise="preprocessing-4"
def to_batch(paths, preprocess):
    """Picture files of any kind as one batch.

    Args:
        paths: list of N paths (strings), N >= 1.
        preprocess: function that turns an upright RGB PIL picture into a float32 tensor of shape (3, H, W).

    Returns:
        float32 tensor of shape (N, 3, H, W).
    """
    ### BEGIN SOLUTION
    return torch.stack([preprocess(read_image(path)) for path in paths])
    ### END SOLUTION


# %%
try:
    batch = to_batch([str(folder / name) for name in names], classifier.preprocess)
    show_images(batch, titles=names, columns=6)
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Name what is in a picture file
#
# Now everything comes together: read, preprocess, batch dimension, evaluation mode ([lesson 01](01_modes.ipynb)), no
# gradients ([lesson 02](02_no_grad.ipynb)), softmax, names. Logits have the shape `(N, categories)`, so softmax has to go
# over the last dimension: over the first one, with one picture, it would make every probability 1.

# %%
with torch.inference_mode():
    logits = classifier.model(classifier.preprocess(coffee).unsqueeze(0))
for dim in [0, 1]:
    probabilities = logits.softmax(dim=dim)
    print(f"softmax(dim={dim}): largest {probabilities.max():.2f}, sum {probabilities.sum():.0f}")
values, places = logits.softmax(dim=1)[0].topk(3)
print("topk(3):", [f"{value:.3f}" for value in values.tolist()], "at", places.tolist())

# %% [markdown]
# Write a function that gives the Top-5 of one picture: a list of five pairs `(name, probability)`, the likeliest first. The
# name is a string of `categories`, the probability an ordinary `float` between 0 and 1.
#
# - `image` is the path of a picture file or a PIL picture, in any mode: bring it into RGB (`read_image` takes both). Then
#   use `preprocess`, as in the exercise before.
# - `model` takes a batch `(N, 3, H, W)` and gives logits `(N, C)`, `categories` has the `C` names.
# - Run the model in evaluation mode and without gradients, whatever mode it comes in.
# - Leave it as it was: its mode, its weights and statistics, its `requires_grad`.


# %% exercise="preprocessing-5"
def top5(image, model, preprocess, categories):
    """The five likeliest categories of a picture.

    Args:
        image: path of a picture file (string), or PIL picture in any mode.
        model: float32 (N, 3, H, W) to logits (N, C), in any mode.
        preprocess: function that turns an upright RGB PIL picture into a float32 tensor of shape (3, H, W).
        categories: list of C >= 5 names.

    Returns:
        List of five tuples (name: str, probability: float), the likeliest first.
    """
    ### BEGIN SOLUTION
    batch = preprocess(read_image(image)).unsqueeze(0)
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            probabilities = model(batch)[0].softmax(dim=0)
    finally:
        model.train(training)
    values, places = probabilities.topk(5)
    return [(categories[place], value) for place, value in zip(places.tolist(), values.tolist(), strict=True)]
    ### END SOLUTION


# %% [markdown]
# When the check has passed, name a picture of your own: put its path or its web address in place of
# `photo_path("coffee")`. This uses a pretrained ResNet-18 where its weights are on this machine or can be fetched, and the
# bundled model otherwise. Note that `top5` need not know which: the preprocessing comes with the weights.

# %%
# NBVAL_IGNORE_OUTPUT
picture = photo_path("coffee")
resnet = load_classifier("resnet18")
print(resnet.source)
try:
    for name, probability in top5(picture, resnet.model, resnet.preprocess, resnet.categories):
        print(f"{probability:6.1%}  {name}")
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Summary
#
# | step | in code | typical mistake | how you notice |
# |---|---|---|---|
# | read | `read_image(path)` | grey, RGBA, EXIF | an error; a photo on its side |
# | resize, crop | `v2.Resize(256)`, `v2.CenterCrop(224)` | `Resize((256, 256))` squashes; 232 or bicubic wanted | look at the picture; compare with `weights.transforms()` |
# | to a tensor | `v2.ToImage()` | HWC, BGR | an error, or wrong colours |
# | to numbers from 0 to 1 | `v2.ToDtype(torch.float32, scale=True)` | 0 to 255, or divided twice | largest value; standard deviation |
# | normalise | `v2.Normalize(mean, std)` | numbers of another model | only by comparing answers |
# | all of it | `weights.transforms()` | | |
# | batch | `unsqueeze(0)`, `torch.stack` | `torch.cat`, no batch dimension | the shape |
#
# **Read on:** [torchvision: transforms v2](https://docs.pytorch.org/vision/stable/transforms.html) ·
# [models and pre-trained weights](https://docs.pytorch.org/vision/stable/models.html) ·
# [broadcasting](https://docs.pytorch.org/docs/stable/notes/broadcasting.html) ·
# [`torch.stack`](https://docs.pytorch.org/docs/stable/generated/torch.stack.html)

# %%
progress()
