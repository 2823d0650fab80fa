"""What the original course said that is wrong or outdated or left out, what is true now, and where each of its items went."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.reference.places import Place
from helpers.text import Message, _

START, MODES, NO_GRAD, PREPROCESSING = "00_start_here", "01_modes", "02_no_grad", "03_preprocessing"
SUMMARY = "10_summary"

WRONG, OUTDATED, UNSAID = _("wrong"), _("outdated"), _("left out")


@dataclass(frozen=True)
class Change:
    """One statement or call of the original course.

    Args:
        kind: WRONG, OUTDATED or UNSAID.
        said: what it says, or what it does not say.
        now: what is true now.
        place: the cell that shows it.
    """

    kind: Message
    said: Message
    now: Message
    place: Place


@dataclass(frozen=True)
class Item:
    """One thing that the original course has, and the cells that teach it now."""

    name: Message
    places: tuple[Place, ...]


CHANGES = (
    # 01
    Change(
        WRONG,
        _("In evaluation mode Dropout scales its output."),
        _("Scaling is done in training, by 1 / (1 - p). In evaluation Dropout returns the very tensor that it got."),
        Place(MODES, "for p in (0.1, 0.5, 0.9):"),
    ),
    Change(
        WRONG,
        _("Only Dropout and BatchNorm behave differently by mode."),
        _(
            "So do AlphaDropout, RReLU, recurrent and transformer layers with dropout, spectral norm, and InstanceNorm "
            "with running statistics."
        ),
        Place(MODES, '"RReLU (random slope)"'),
    ),
    Change(
        UNSAID,
        _("Nothing on whole models that differ by mode."),
        _("GoogLeNet and Inception return a named tuple in training mode, logits in evaluation mode."),
        Place(MODES, "googlenet = torchvision.models.googlenet("),
    ),
    Change(
        UNSAID,
        _("Nothing on `F.dropout(x)`, which has no mode."),
        _("It drops values whatever the mode of the module around it. Write `F.dropout(x, p, training=self.training)`."),
        Place(MODES, "class Careless(nn.Module):"),
    ),
    Change(
        UNSAID,
        _("Nothing on a batch of one image in training mode."),
        _("BatchNorm raises only where one value a channel is left; with larger images the mistake stays hidden."),
        Place(MODES, "for size in (224, 64, 33, 32):"),
    ),
    Change(
        UNSAID,
        _("Nothing on a forgotten `eval()` under `no_grad`."),
        _("Each call still moves the running statistics, so the model stays changed for everybody who uses it later."),
        Place(NO_GRAD, "for training in (True, False):"),
    ),
    # 02
    Change(
        WRONG,
        _("`no_grad` is there for speed."),
        _("Memory is the sure gain: what a backward pass would need is not kept. Time hardly differs on large models."),
        Place(NO_GRAD, "kept after a batch of {n}"),
    ),
    Change(
        WRONG,
        _("`inference_mode` is simply the faster `no_grad`."),
        _(
            "It can save time where there are many views and changes in place; on a large model there is next to nothing to see."
        ),
        Place(NO_GRAD, 'print("views and changes in place, no parameters")'),
    ),
    Change(
        UNSAID,
        _("Nothing on what `inference_mode` forbids."),
        _(
            "Its results cannot be saved for backward, changed in place or asked for gradients outside of the block; "
            "`enable_grad` inside it brings no gradients back."
        ),
        Place(NO_GRAD, "uses = {"),
    ),
    Change(
        UNSAID,
        _("Nothing on threads and the grad mode."),
        _("The grad mode belongs to a thread: each new one begins with gradients on."),
        Place(NO_GRAD, "def report(place):"),
    ),
    Change(
        UNSAID,
        _("Nothing on how to measure the memory."),
        _("`tracemalloc` sees no tensor's values. Count what autograd keeps, or ask PyTorch's profiler."),
        Place(NO_GRAD, "tracemalloc.start()"),
    ),
    # 03
    Change(
        OUTDATED,
        _("`transforms.ToTensor()`"),
        _("Deprecated in v2. Write `v2.ToImage(), v2.ToDtype(torch.float32, scale=True)`."),
        Place(PREPROCESSING, "v2.ToTensor()"),
    ),
    Change(
        UNSAID,
        _("Nothing on the `scale` of `ToDtype`."),
        _("Without `scale=True` the values stay 0 to 255."),
        Place(PREPROCESSING, '"ToImage, ToDtype(float32)"'),
    ),
    Change(
        WRONG,
        _("The pipeline by hand is the pipeline of the weights."),
        _(
            "Only for some weights. Others resize to 232 and not 256, or with bicubic; take `weights.transforms()`."
        ),
        Place(PREPROCESSING, "by_hand = v2.Compose("),
    ),
    Change(
        UNSAID,
        _("Nothing on pictures that are grey, transparent, or turned by EXIF."),
        _("The weights' transforms raise on the first two; the third is read lying on its side. `read_image` mends all."),
        Place(PREPROCESSING, "preset = models.ResNet18_Weights.IMAGENET1K_V1.transforms()"),
    ),
)  # fmt: skip

ITEMS = (
    Item(
        _("modes and the table of layers"),
        (Place(MODES, 'columns["after eval()"]'), Place(MODES, '"RReLU (random slope)"')),
    ),
    Item(_("the Dropout demonstration"), (Place(MODES, "for p in (0.1, 0.5, 0.9):"),)),
    Item(_("`no_grad` and memory"), (Place(NO_GRAD, "kept after a batch of {n}"),)),
    Item(_("`inference_mode`"), (Place(NO_GRAD, "strict = resnet(one_picture)"),)),
    Item(_("preprocessing by hand and by the weights"), (Place(PREPROCESSING, "by_hand = v2.Compose("),)),
    Item(
        _("a function for Top-5 predictions"),
        (Place(PREPROCESSING, '"""The five likeliest categories of a picture.'),),
    ),
    Item(
        _("the summary table"),
        (Place(SUMMARY, 'find_in_summary("softmax")'),),
    ),
    Item(_("further reading"), (Place(SUMMARY, "## Further reading"),)),
    Item(_("links between the lessons"), (Place(START, "Training** changes a model"),)),
)
