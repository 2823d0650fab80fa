"""The summary sheet's entries, in the order of the lessons: what there is, when to use it, what goes wrong, and where it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.reference.places import Place
from helpers.text import Message, _

START, MODES, NO_GRAD, PREPROCESSING = "00_start_here", "01_modes", "02_no_grad", "03_preprocessing"


@dataclass(frozen=True)
class Entry:
    """One line of the sheet.

    Args:
        concept: a few words.
        call: the code, the same in every language, in backticks.
        when: when to use it.
        mistake: what to avoid, and what happens if not.
        place: the cell that shows it.
    """

    concept: Message
    call: str
    when: Message
    mistake: Message
    place: Place


ENTRIES = (
    # 00
    Entry(
        _("a model with its preprocessing and category names"),
        "`load_classifier()`",
        _("To begin: the three belong together, and come together."),
        _("Taking one of them from elsewhere: other names, or other numbers for the pixels, and no error."),
        Place(START, "classifier = load_classifier()"),
    ),
    Entry(
        _("inference changes nothing"),
        "`model.state_dict()`",
        _("To test it: compare every tensor before and after a call."),
        _("Keeping the state dict without `clone()`: it holds the tensors themselves, and changes with them."),
        Place(START, "tensors are the same after inference"),
    ),
    Entry(
        _("logits: one number a category"),
        "`logits = model(batch)`",
        _("To rank categories: the larger, the likelier."),
        _("Reading them as probabilities: they may be negative, and do not add up to 1."),
        Place(START, "logits = classifier.model(batch)[0]"),
    ),
    Entry(
        _("the name of the winner"),
        "`categories[logits.argmax()]`",
        _("To name the likeliest category of one picture."),
        _("Computing softmax for it: that keeps the order, so it changes no winner."),
        Place(START, "categories: list of C strings, in the order of the logits."),
    ),
    Entry(
        _("doubt: a low highest probability"),
        "`probabilities.max()`",
        _("To find pictures that a person should look at."),
        _("Expecting “I do not know”: a classifier always names one of its categories."),
        Place(START, "show_top5(astronaut, classify(classifier, astronaut))"),
    ),
    # 01
    Entry(
        _("evaluation mode"),
        "`model.eval()`",
        _("Before every inference, last: build the model, load the weights, then switch."),
        _("Forgetting it: no error, random or wrong answers, and a model that stays changed."),
        Place(MODES, 'columns["after eval()"]'),
    ),
    Entry(
        _("the mode is a flag of each module"),
        "`[n for n, m in model.named_modules() if m.training]`",
        _("To test that nothing was missed: the list is empty."),
        _("`model.training = False`: sets one flag, and the layers inside keep theirs."),
        Place(MODES, 'columns["after model.training = False"]'),
    ),
    Entry(
        _("weights hold no mode"),
        "`model.load_state_dict(…)`",
        _("To load trained weights; then call `eval()`."),
        _("Believing that loaded weights bring their mode along: a new model is in training mode."),
        Place(MODES, "the model that loaded them"),
    ),
    Entry(
        _("Dropout"),
        "`nn.Dropout(p)`",
        _("To train: zero with probability p, the rest divided by 1 - p. In evaluation it does nothing."),
        _("Scaling the output in evaluation: PyTorch has done it in training."),
        Place(MODES, "for p in (0.1, 0.5, 0.9):"),
    ),
    Entry(
        _("Dropout as a function"),
        "`F.dropout(x, p, training=self.training)`",
        _("In a `forward` of your own."),
        _("Leaving out `training`: it is True unless you say otherwise, in evaluation mode too."),
        Place(MODES, "class Careless(nn.Module):"),
    ),
    Entry(
        _("BatchNorm"),
        "`nn.BatchNorm2d(channels)`",
        _("It normalises with the batch in training, with the running statistics in evaluation."),
        _("Calling it in training mode: a picture's answer then depends on its neighbours in the batch."),
        Place(MODES, "def answer_for_cat(others, training):"),
    ),
    Entry(
        _("running statistics"),
        "`layer.running_mean`, `layer.running_var`",
        _("They are buffers, part of the state dict; every call in training mode moves them, by `momentum`."),
        _("Mixing up two variances: the output uses the biased one, the running one collects the unbiased."),
        Place(MODES, "running variance after one call"),
    ),
    Entry(
        _("a forgotten `eval()`"),
        "`model.train()(batch)`",
        _("Never for inference: each such call damages the model for all later ones."),
        _("Trusting `no_grad` or `inference_mode` to prevent it: the statistics change all the same."),
        Place(MODES, "damaged.train()(batch)  # eval() forgotten"),
    ),
    Entry(
        _("batch size 1"),
        "`model.eval()(picture.unsqueeze(0))`",
        _("Any size of batch, in evaluation mode."),
        _("Taking it for safe in training mode: it raises only where one value a channel is left."),
        Place(MODES, "for size in (224, 64, 33, 32):"),
    ),
    Entry(
        _("layers that differ by mode"),
        "`nn.AlphaDropout`, `nn.RReLU`, `nn.LSTM(…, dropout=p)`, `nn.InstanceNorm2d(C, track_running_stats=True)`, …",
        _("To know where a mode matters: also RReLU, spectral norm, and recurrent layers with dropout."),
        _("Thinking of Dropout and BatchNorm alone."),
        Place(MODES, '"RReLU (random slope)"'),
    ),
    Entry(
        _("models that differ by mode"),
        "`torchvision.models.googlenet()`",
        _("In evaluation mode it returns logits, in training mode a named tuple."),
        _("Unpacking what comes as if it were always a tensor."),
        Place(MODES, "googlenet = torchvision.models.googlenet("),
    ),
    Entry(
        _("what `eval()` does not reach"),
        "`nn.ModuleList([…])`",
        _("For modules in a list: so they are part of the model."),
        _("A plain list, or a layer put in after `eval()`: it stays in training mode."),
        Place(MODES, "class Pair(nn.Module):"),
    ),
    Entry(
        _("frozen parameters are not a frozen mode"),
        "`layer.requires_grad_(False)`",
        _("To keep weights from learning."),
        _("Taking it for frozen BatchNorm: running statistics are no parameters and still move."),
        Place(MODES, "layer.requires_grad_(False)"),
    ),
    Entry(
        _("frozen BatchNorm"),
        "`def train(self, mode=True): super().train(mode); norm.eval()`",
        _("To adapt a model with small batches: a `train` of your own puts these layers back."),
        _("`norm.eval()` once: the next `model.train()` undoes it."),
        Place(MODES, "the norm's training ="),
    ),
    Entry(
        _("the modes put back"),
        "`[(m, m.training) for m in model.modules()]`",
        _("Around a validation or a test: remember each module's flag, restore it in `finally`."),
        _("`eval()` before and `train()` after: parts that were frozen thaw, and an exception skips it."),
        Place(MODES, "def validate(model, batch):"),
    ),
    # 02
    Entry(
        _("the graph that autograd records"),
        "`tensor.requires_grad`, `tensor.grad_fn`",
        _("To see whether a result has a graph behind it."),
        _("Thinking that a picture without gradients records none: the parameters require them."),
        Place(NO_GRAD, "y.requires_grad, y.grad_fn.name()"),
    ),
    Entry(
        _("no recording"),
        "`with torch.no_grad():`",
        _("When a result goes on to code that may need gradients: features for a layer that learns, say."),
        _("`torch.no_grad()` alone on a line: it does nothing, and nothing complains."),
        Place(NO_GRAD, "after torch.no_grad() alone on a line"),
    ),
    Entry(
        _("no recording and no bookkeeping"),
        "`with torch.inference_mode():`",
        _("For prediction: the results leave PyTorch, as names, numbers or files."),
        _("Using its results in training: they cannot be saved for backward. `clone()` them outside."),
        Place(NO_GRAD, "predict, and the results leave PyTorch"),
    ),
    Entry(
        _("recording by a flag"),
        "`with torch.set_grad_enabled(flag):`",
        _("Where one piece of code serves training and evaluation."),
        _("As a plain call: it stays in force until somebody switches it back."),
        Place(NO_GRAD, "after torch.set_grad_enabled(False)"),
    ),
    Entry(
        _("what a graph keeps in memory"),
        "`torch.autograd.graph.saved_tensors_hooks(pack, unpack)`",
        _("To count it; `helpers.timing.saved_bytes(fn)` does so."),
        _("Counting a piece of memory twice: compare `untyped_storage().data_ptr()`."),
        Place(NO_GRAD, "with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):\n    output ="),
    ),
    Entry(
        _("memory: the sure gain of `no_grad`"),
        "`helpers.timing.saved_bytes(fn)`",
        _("To see what each picture of the batch costs while gradients are on."),
        _("Expecting speed above all: on a large model the time may hardly differ."),
        Place(NO_GRAD, "kept after a batch of {n}"),
    ),
    Entry(
        _("peak memory"),
        "`helpers.timing.peak_memory(fn)`",
        _("To know what a call needs at its worst moment."),
        _("`tracemalloc`: it sees Python's objects, and no tensor's values."),
        Place(NO_GRAD, "tracemalloc.start()"),
    ),
    Entry(
        _("a frozen model"),
        "`model.requires_grad_(False)`",
        _("Another way to have no graph."),
        _("An input that requires gradients: it brings nearly everything back."),
        Place(NO_GRAD, "frozen = deepcopy(resnet).requires_grad_(False)"),
    ),
    Entry(
        _("a whole function"),
        "`@torch.no_grad()`, `@torch.inference_mode()`",
        _("When everything in the function is inference; on generators too."),
        _("A `with` block that yields: it reaches into the loop of whoever uses the generator."),
        Place(NO_GRAD, "def block_inside():"),
    ),
    Entry(
        _("threads"),
        "`@torch.inference_mode()`",
        _("In a server: on the function that the worker runs."),
        _("Switching in the main thread: each thread begins with gradients on."),
        Place(NO_GRAD, "def report(place):"),
    ),
    Entry(
        _("a number without its graph"),
        "`loss.item()`",
        _("For running totals and logs."),
        _("Adding up tensors: every graph stays alive, and the memory grows with each step."),
        Place(NO_GRAD, "def total_of_tensors(steps):"),
    ),
    Entry(
        _("a tensor without its graph"),
        "`tensor.detach()`",
        _("To give values to NumPy or a plot."),
        _("Changing it in place: it shares its memory with the original."),
        Place(NO_GRAD, "loose = result.detach()"),
    ),
    Entry(
        _("inference tensors"),
        "`tensor.is_inference()`, `tensor.clone()`",
        _("To find where an error of inference mode comes from; a clone made outside is an ordinary tensor."),
        _("Changing one in place outside: it raises, and has changed the value already."),
        Place(NO_GRAD, "tensor = twos(torch.inference_mode)\n"),
    ),
    Entry(
        _("gradients back inside a block"),
        "`with torch.no_grad(), torch.enable_grad():`",
        _("When a part needs them after all, inside `no_grad`."),
        _("Inside `inference_mode`: `is_grad_enabled()` says True, and nothing is recorded."),
        Place(NO_GRAD, "with switch(), torch.enable_grad():"),
    ),
    Entry(
        _("`eval()` and `no_grad` are two switches"),
        "`model.eval()` · `torch.inference_mode()`",
        _("For inference, both: one is for the layers, the other for autograd."),
        _("Taking one for the other."),
        Place(NO_GRAD, "for training in (True, False):"),
    ),
    Entry(
        _("versions compared fairly"),
        "`helpers.timing.compare({name: fn, …})`",
        _("To compare times: warmed up, in turns, medians."),
        _("One call of each with `time.time()`: the first pays for memory, caches and compilation."),
        Place(NO_GRAD, "ResNet-18, one picture: few large operations"),
    ),
    # 03
    Entry(
        _("HWC and CHW"),
        "`array.permute(2, 0, 1)`",
        _("From arrays (height, width, channels) to what a model takes (channels, height, width)."),
        _("`reshape` in its place: the right shape, and scrambled pixels."),
        Place(PREPROCESSING, "array = np.array(coffee)"),
    ),
    Entry(
        _("a picture as numbers from 0 to 1"),
        "`v2.ToImage()`, `v2.ToDtype(torch.float32, scale=True)`",
        _("After resizing and cropping, before normalising."),
        _("Without `scale=True` the values stay 0 to 255; without `ToImage` nothing happens at all."),
        Place(PREPROCESSING, '"ToImage, ToDtype(float32)"'),
    ),
    Entry(
        _("normalisation"),
        "`v2.Normalize(mean, std)`",
        _("Last before the model, with the numbers that belong to the weights."),
        _("ImageNet's mean and std for every model: no error, only worse answers."),
        Place(PREPROCESSING, "mixed_up = v2.functional.normalize(pixels, IMAGENET_MEAN, IMAGENET_STD)"),
    ),
    Entry(
        _("one number a channel"),
        "`torch.tensor(mean).view(3, 1, 1)`",
        _("To normalise by hand: broadcasting compares shapes from the right."),
        _("Shape (3,): it meets the width."),
        Place(PREPROCESSING, "for shape in [(3,), (3, 1, 1)]:"),
    ),
    Entry(
        _("resize and crop"),
        "`v2.Resize(256)`, `v2.CenterCrop(224)`",
        _("To bring the shorter side to a length and cut out the middle."),
        _("`Resize((256, 256))`: it squashes the picture."),
        Place(PREPROCESSING, 'for title, image in [("resize 256, crop 224", cropped)'),
    ),
    Entry(
        _("the preprocessing that belongs to the weights"),
        "`weights.transforms()`",
        _("Always, where torchvision has the weights; it needs no download."),
        _("The usual steps written by hand: other weights resize to another size, or with bicubic."),
        Place(PREPROCESSING, "by_hand = v2.Compose("),
    ),
    Entry(
        _("antialias"),
        "`v2.functional.resize(x, size, antialias=True)`",
        _("Whenever a tensor is made smaller; it is the default of v2."),
        _("Without it, pixels are left out, the more the smaller the result; PIL averages them."),
        Place(PREPROCESSING, "for antialias in [True, False]:"),
    ),
    Entry(
        _("wrong input that raises nothing"),
        "`x.min()`, `x.max()`, `x.mean()`, `x.std()`",
        _("Print them once for every new pipeline: mean near 0, standard deviation near 1."),
        _("Looking at the plot alone: it stretches values, and hides mistakes of scale."),
        Place(PREPROCESSING, 'rows.append((name, f"{x.min():.2f}"'),
    ),
    Entry(
        _("BGR"),
        "`tensor.flip(0)`, `array[..., ::-1]`",
        _("For frames and pictures that OpenCV reads."),
        _("Forgetting it: shape, dtype and statistics are as they should be, the answer is not."),
        Place(PREPROCESSING, 'titles=["RGB", "BGR, as OpenCV reads it"]'),
    ),
    Entry(
        _("any picture file"),
        "`helpers.images.read_image(path)`",
        _("For files from outside: grey, palette, CMYK, transparent, turned by EXIF."),
        _("`Image.open(path).convert(\"RGB\")`: leaves photos on their side, and shows what was transparent."),
        Place(PREPROCESSING, "careful = [read_image(folder / name) for name in names]"),
    ),
    Entry(
        _("the batch dimension"),
        "`x.unsqueeze(0)`, `torch.stack(list)`",
        _("One picture is a batch of one; several are stacked along a new dimension."),
        _("`torch.cat`: it joins along the channels."),
        Place(PREPROCESSING, 'print("torch.cat:'),
    ),
    Entry(
        _("softmax and Top-k"),
        "`logits.softmax(dim=1).topk(5)`",
        _("For probabilities and the likeliest names, over the dimension of the categories."),
        _("`dim=0`: compares the pictures of the batch; with one picture every probability is 1."),
        Place(PREPROCESSING, "for dim in [0, 1]:"),
    ),
    Entry(
        _("prediction of one picture, all together"),
        "`top5(image, model, preprocess, categories)`",
        _("Read, preprocess, batch, evaluation mode, no gradients, softmax, names."),
        _("Leaving the model in another mode than it came in."),
        Place(PREPROCESSING, '"""The five likeliest categories of a picture.'),
    ),
)  # fmt: skip
