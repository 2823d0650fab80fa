"""Lab of lesson 03: from a photo to the tensor that the network sees, and what it then says."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from matplotlib.patches import Rectangle
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms import v2

from helpers.labs.base import Lab
from helpers.labs.controls import Choice, Photo, Slider
from helpers.labs.shared import classifier
from helpers.models import Prediction, classify
from helpers.plots import BLUE, INK, draw_bars, draw_picture, in_words
from helpers.text import Message, _

SHOWN = 400  # pixels of the longer side of a photo that is drawn
WAYS = {
    "nearest": v2.InterpolationMode.NEAREST,
    "bilinear": v2.InterpolationMode.BILINEAR,
    "bicubic": v2.InterpolationMode.BICUBIC,
}
OWN = (127 / 255, 128 / 255)
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


class Prepared(NamedTuple):
    """A photo on its way.

    Attributes:
        photo: small, as it came.
        seen: left, top, width and height of the part that is cut out, as shares of the photo; they can lie outside.
        tensor: what goes into the network, (3, H, W).
        top5: what comes out.
    """

    photo: Image.Image
    seen: tuple[float, float, float, float]
    tensor: Tensor
    top5: list[Prediction]


class Preprocessing(Lab):
    """Every step from a photo to the tensor, with its consequences."""

    title = _("From a photo to the tensor that the network sees")
    controls = (
        Photo("photo", _("photo"), _("What is prepared."), "coffee"),
        Slider("resize", _("resize to"), _("Pixels of the shorter side, before the crop."), 32, 448, 8, 256),
        Choice(
            "keep",
            _("shape"),
            _("Scale both sides alike, or make a square of it."),
            ((True, _("keep: shorter side")), (False, _("squash to a square"))),
            True,
        ),
        Slider("crop", _("crop"), _("Side of the square that is cut out of the middle."), 64, 288, 16, 224),
        Choice(
            "interpolation",
            _("interpolation"),
            _("How pixels between pixels are made."),
            tuple((name, name) for name in WAYS),
            "bicubic",
        ),
        Choice(
            "scale",
            _("values"),
            _("What is done to the numbers at the end."),
            (
                ("own", _("normalised as this model was trained")),
                ("imagenet", _("normalised with ImageNet's mean and std")),
                ("unit", _("from 0 to 1, not normalised")),
                ("bytes", _("from 0 to 255")),
            ),
            "own",
        ),
        Choice(
            "channels",
            _("channels"),
            _("The order in which the colours come."),
            (("rgb", "RGB"), ("bgr", "BGR")),
            "rgb",
        ),
    )
    size = (9.0, 3.4)

    def compute(
        self,
        photo: Image.Image,
        resize: int,
        keep: bool,
        crop: int,
        interpolation: str,
        scale: str,
        channels: str,
    ) -> Prepared:
        """The chosen steps with torchvision's transforms, then the bundled classifier."""
        steps = [
            v2.Resize(resize if keep else (resize, resize), interpolation=WAYS[interpolation]),
            v2.CenterCrop(crop),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=scale != "bytes"),
        ]
        if scale == "own":
            steps.append(v2.Normalize([OWN[0]] * 3, [OWN[1]] * 3))
        if scale == "imagenet":
            steps.append(v2.Normalize(*IMAGENET))
        tensor = torch.as_tensor(v2.Compose(steps)(photo))
        if channels == "bgr":
            tensor = tensor.flip(0)
        width, height = _resized(photo.size, resize, keep)
        seen = ((width - crop) / 2 / width, (height - crop) / 2 / height, crop / width, crop / height)
        small = ImageOps.contain(photo, (SHOWN, SHOWN))
        return Prepared(small, seen, tensor, classify(classifier(), tensor, k=5))

    def draw(self, figure: Any, result: Prepared) -> None:
        """The photo with its frame, the tensor, the answer."""
        photo, tensor, answer = figure.subplots(1, 3, width_ratios=[1.25, 1, 1.15])
        draw_picture(photo, result.photo, str(_("the frame is what is cut out")), size=10)
        left, top, width, height = result.seen
        across, down = result.photo.size
        photo.add_patch(
            Rectangle(
                (left * across, top * down), width * across, height * down,
                fill=False, edgecolor=BLUE, linewidth=3, clip_on=False,
            )
        )  # fmt: skip
        draw_picture(tensor, result.tensor, str(_("what the network sees")), size=10)
        values = result.tensor
        tensor.text(
            0.5, -0.04,
            f"(3, {values.shape[1]}, {values.shape[2]})\n"
            f"{values.min():.2f} … {values.max():.2f}, "
            + str(_("mean {mean:.2f}, std {std:.2f}", mean=values.mean().item(), std=values.std().item())),
            ha="center", va="top", transform=tensor.transAxes, fontsize=9, color=INK,
        )  # fmt: skip
        draw_bars(answer, result.top5, size=9)

    def describe(self, result: Prepared) -> Message:
        """The tensor's shape and range, and the answer."""
        values = result.tensor
        return _(
            "The tensor has shape {shape} and values from {low:.2f} to {high:.2f}, mean {mean:.2f}. The network says: {top5}.",
            shape=tuple(values.shape),
            low=values.min().item(),
            high=values.max().item(),
            mean=values.mean().item(),
            top5=in_words(result.top5),
        )


def _resized(size: tuple[int, int], resize: int, keep: bool) -> tuple[float, float]:
    if not keep:
        return resize, resize
    shorter = min(size)
    return size[0] * resize / shorter, size[1] * resize / shorter
