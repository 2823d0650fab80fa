"""What the original course said that is wrong or outdated or left out, what is true now, and where each of its items went."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.reference.places import (
    BATCH,
    CAPSTONE,
    EXPORT,
    IMAGES,
    MODES,
    NO_GRAD,
    OPTIMIZATION,
    PRECISION,
    PREPROCESSING,
    START,
    SUMMARY,
    Place,
)
from helpers.text import Message, _

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
        _("`no_grad` speeds up inference."),
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
    # 04
    Change(
        OUTDATED,
        _("`time.time()` before and after a call"),
        _("`time.perf_counter()`, several calls after a warm-up, and their median. `time.time()` may be set back."),
        Place(BATCH, "def eleven_times():"),
    ),
    Change(
        UNSAID,
        _("Nothing on the threads of `torch.utils.benchmark.Timer`."),
        _("It uses one thread unless `num_threads` says otherwise, so its times fit to no others."),
        Place(BATCH, "Timer's num_threads by default"),
    ),
    Change(
        UNSAID,
        _("Nothing on a device-neutral question for the device."),
        _(
            "`torch.accelerator.current_accelerator(check_available=True)` names CUDA, MPS or XPU; without the argument "
            "it names one that may not be there."
        ),
        Place(BATCH, 'print("this machine computes on", device)'),
    ),
    Change(
        OUTDATED,
        _("`torch.cuda.synchronize()` around the clock"),
        _(
            "`torch.accelerator.synchronize()` waits for whichever accelerator there is. It raises where there is none, so "
            "ask `torch.accelerator.is_available()` first."
        ),
        Place(BATCH, "def synchronize():\n    if torch.accelerator.is_available():"),
    ),
    Change(
        WRONG,
        _("Batch prediction with a global model"),
        _("The model is an argument, the mode of each of its parts is put back, and an empty batch works."),
        Place(BATCH, '"""Class and confidence of each picture.'),
    ),
    Change(
        UNSAID,
        _("Nothing on `pin_memory` without a GPU."),
        _("A tensor's `pin_memory()` raises there; a `DataLoader` warns and goes on."),
        Place(BATCH, 'print("pinned:", torch.zeros(2).pin_memory().is_pinned())'),
    ),
    # 05
    Change(
        OUTDATED,
        _("`torch.cuda.amp.autocast()`"),
        _('Deprecated: a `FutureWarning` says so. Write `torch.autocast("cuda")`, or the device of your batch.'),
        Place(PRECISION, "    torch.cuda.amp.autocast(enabled=False)"),
    ),
    Change(
        UNSAID,
        _("Nothing on autocast for a device that the model is not on."),
        _("Such a block does nothing for it; only where there is no GPU at all is there a warning."),
        Place(PRECISION, "a model on the CPU under autocast for CUDA gives"),
    ),
    Change(
        WRONG,
        _("Under autocast the output is float16."),
        _("By default it is bfloat16 on the CPU, float16 on CUDA; the weights stay float32."),
        Place(PRECISION, 'print("logits.numpy():", error)'),
    ),
    Change(
        UNSAID,
        _("Nothing on what autocast keeps in float32."),
        _("It depends on the device: on CUDA softmax and sums too. On the CPU softmax, sum and layer_norm take low precision as it comes; losses go to float32."),
        Place(PRECISION, "OPERATIONS = {"),
    ),
    Change(
        WRONG,
        _("float16 speeds up inference."),
        _(
            "On accelerators. On many CPUs it is slower than float32, often by far; bfloat16 is faster only where the "
            "CPU has instructions for it."
        ),
        Place(PRECISION, 'ONEDNN_MAX_CPU_ISA="AVX2"'),
    ),
    Change(
        WRONG,
        _("`model_half = model.half()` makes a second model."),
        _("It changes the model in place and returns the same object. Copy first: `copy.deepcopy(model).half()`."),
        Place(PRECISION, "model_half = model.half()"),
    ),
    Change(
        UNSAID,
        _("Nothing on the way back from `half()`."),
        _("`float()` does not bring the digits back. Only a tensor's `half()` makes a new one and keeps the old."),
        Place(PRECISION, "there_and_back = deepcopy(classifier.model).half().float()"),
    ),
    # 06
    Change(
        OUTDATED,
        _("TorchScript is the format to export to."),
        _("Every call of `torch.jit` warns: deprecated. Use `torch.export`, and `.pt2` files."),
        Place(EXPORT, "traced = torch.jit.trace(gate, bright)"),
    ),
    Change(
        UNSAID,
        _("Nothing on branches in a trace."),
        _("A trace silently keeps the branch of its example, and is wrong for other data; `torch.export` refuses instead."),
        Place(EXPORT, 'for kind, other in [("traced", traced)'),
    ),
    Change(
        OUTDATED,
        _("`dynamic_axes` in `torch.onnx.export`"),
        _("Works with deprecation warnings. Write `dynamic_shapes`; the exporter rests on `torch.export` and needs `onnxscript`."),
        Place(EXPORT, "old_form = {"),
    ),
    Change(
        UNSAID,
        _("Nothing on files beside the ONNX file."),
        _("The weights may lie in an `.onnx.data` file beside it: move both, or write one with `external_data=False`."),
        Place(EXPORT, 'lonely = folder / "moved"'),
    ),
    Change(
        UNSAID,
        _("Nothing on an example of one picture."),
        _("Its batch size is taken for a constant. Give at least two, and say `dynamic_shapes`."),
        Place(EXPORT, '"Dim.AUTO": ({0: Dim.AUTO},),'),
    ),
    Change(
        UNSAID,
        _("Nothing on the mode in which a model is exported."),
        _(
            "`torch.export` keeps the behaviour of the mode it finds, training too. The ONNX exporter turns layers to "
            "evaluation, but an `if self.training:` runs as it stands."
        ),
        Place(EXPORT, "outputs {len(results)}, the first as in eval()"),
    ),
    Change(
        UNSAID,
        _("Nothing on loading a whole model that was saved with `torch.save`."),
        _("`torch.load` refuses it since 2.6 unless told `weights_only=False`, and it needs the class. Export the model."),
        Place(EXPORT, 'torch.export.save(program, folder / "two_heads.pt2")'),
    ),
    # 07
    Change(
        WRONG,
        _("A pre-allocated buffer speeds up inference."),
        _("Beside the model's time there is nothing to see of it. It serves steady memory, pinned copies and CUDA graphs."),
        Place(OPTIMIZATION, "def same_tensor():"),
    ),
    Change(
        WRONG,
        _("The class with the pre-allocated buffer"),
        _("It fails on a list and on more images than the buffer holds, and the next call overwrites a view that it returned."),
        Place(OPTIMIZATION, "first = buffer[:2]  # a view: the same memory"),
    ),
    Change(
        WRONG,
        _("`cudnn.benchmark = False` for fixed sizes"),
        _("Backwards: True searches once for each shape and pays for fixed ones; it costs where shapes change. False is the default."),
        Place(OPTIMIZATION, 'print("cudnn.benchmark is on:"'),
    ),
    Change(
        UNSAID,
        _("Nothing on what `torch.compile` costs."),
        _("The first call compiles, and it has to pay for itself. On CPUs little is gained without freezing."),
        Place(OPTIMIZATION, "def compiled_and_frozen():"),
    ),
    Change(
        UNSAID,
        _("Nothing on when `torch.compile` compiles again."),
        _("New sizes cost a new graph, size 1 has its own, and after 8 graphs it runs uncompiled."),
        Place(OPTIMIZATION, "def compilations(sizes, **options):"),
    ),
    Change(
        UNSAID,
        _("Nothing on the state dict of a compiled model."),
        _("The wrapper's keys begin with `_orig_mod.`. Save the original's, or compile in place with `model.compile()`."),
        Place(OPTIMIZATION, 'print("wrapper: "'),
    ),
    Change(
        UNSAID,
        _("Nothing on what a compiled package checks."),
        _("One of AOTInductor checks no input by default: another layout, size or dtype gives wrong numbers and no error."),
        Place(OPTIMIZATION, '"ordinary layout": batch}.items()'),
    ),
    Change(
        UNSAID,
        _("Nothing on int8 for convolutional networks."),
        _(
            "It is the fastest rung on many CPUs: static, calibrated on real pictures, unsigned activations. Dynamic "
            "quantisation brings nothing there."
        ),
        Place(OPTIMIZATION, "class Crops(CalibrationDataReader):"),
    ),
    # 08
    Change(
        UNSAID,
        _("Nothing on what a server may answer instead of a picture."),
        _("Look at the status, set a timeout and a limit of size; `read_image(url)` does, and says what came."),
        Place(IMAGES, "class Answers(BaseHTTPRequestHandler):"),
    ),
    Change(
        UNSAID,
        _("Nothing on videos that are missing, cut off or empty."),
        _("OpenCV raises no error for any of them: the loop ends as if all were well. Ask `isOpened()`, and count."),
        Place(IMAGES, '(folder / "cut.avi").write_bytes('),
    ),
    Change(
        UNSAID,
        _("Nothing on the frames of a video in batches."),
        _("The same answers but for rounding, and the ratio is measured on your machine."),
        Place(IMAGES, "def frame_by_frame(pictures):"),
    ),
    Change(
        OUTDATED,
        _("Reading pictures and videos with `torchvision.io`"),
        _("`read_video` is gone, and decoding pictures is deprecated. Use PIL for files, OpenCV, PyAV or TorchCodec for video."),
        Place(IMAGES, 'for name in ["read_video", "VideoReader"'),
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
        (
            Place(PREPROCESSING, '"""The five likeliest categories of a picture.'),
            Place(BATCH, '"""The k likeliest categories of one preprocessed picture.'),
        ),
    ),
    Item(_("batch prediction"), (Place(BATCH, '"""Class and confidence of each picture.'),)),
    Item(
        _("moving between devices"),
        (
            Place(BATCH, 'print("this machine computes on", device)'),
            Place(BATCH, "some = some.to(elsewhere)"),
        ),
    ),
    Item(
        _("CPU against GPU, with warm-up and synchronisation"),
        (
            Place(BATCH, "def there_and_back(batch):"),
            Place(BATCH, "for side, marker in zip((97, 103, 109, 121, 127)"),
            Place(BATCH, "too_early = clocked(False, False)"),
        ),
    ),
    Item(
        _("autocast and `half`"),
        (
            Place(PRECISION, "cast = dtypes_of_outputs(small, pictures)"),
            Place(PRECISION, "model_half = model.half()"),
        ),
    ),
    Item(
        _("TorchScript: trace, script, save, load"),
        (Place(EXPORT, "traced = torch.jit.trace(gate, bright)"),),
    ),
    Item(_("ONNX export with a dynamic batch"), (Place(EXPORT, "onnx_program = torch.onnx.export("),)),
    Item(_("ONNX Runtime"), (Place(EXPORT, "found.name, found.type, found.shape"),)),
    Item(
        _("`torch.compile`"),
        (Place(OPTIMIZATION, "def depends_on_value(x):"), Place(OPTIMIZATION, "def compiled_and_frozen():")),
    ),
    Item(
        _("batching against a loop"),
        (
            Place(BATCH, "large = sweep(run_model"),
            Place(OPTIMIZATION, 'climb("one batch", batched)'),
            Place(CAPSTONE, "32 pictures, {size} a call"),
        ),
    ),
    Item(
        _("pre-allocated buffers"),
        (
            Place(OPTIMIZATION, "def same_tensor():"),
            Place(OPTIMIZATION, '"""A model that takes lists of pictures through one buffer.'),
        ),
    ),
    Item(
        _("cuDNN's search for the fastest algorithm"),
        (Place(OPTIMIZATION, 'print("cudnn.benchmark is on:"'),),
    ),
    Item(
        _("a picture from a file"),
        (
            Place(PREPROCESSING, "careful = [read_image(folder / name) for name in names]"),
            Place(IMAGES, 'print("nothing was read:"'),
        ),
    ),
    Item(_("a picture from a URL"), (Place(IMAGES, "class Answers(BaseHTTPRequestHandler):"),)),
    Item(
        _("the frames of a video"),
        (Place(IMAGES, "def opencv_frames(path):"), Place(IMAGES, "def frame_by_frame(pictures):")),
    ),
    Item(_("the summary table"), (Place(SUMMARY, 'find_in_summary("softmax")'),)),
    Item(
        _("the three exercises"),
        (
            Place(PREPROCESSING, '"""The five likeliest categories of a picture.'),
            Place(BATCH, '"""Latency and throughput for each batch.'),
            Place(BATCH, "def there_and_back(batch):"),
            Place(EXPORT, '"""Export a model in evaluation mode to one ONNX file'),
            Place(EXPORT, '"""An ONNX classifier that is called with tensors.'),
        ),
    ),
    Item(_("further reading"), (Place(SUMMARY, "## Further reading"),)),
    Item(_("links between the lessons"), (Place(START, "Training** changes a model"),)),
)
