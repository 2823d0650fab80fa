"""Lesson 02, inference without gradients: what autograd records, what that costs, and the ways to switch it off."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from helpers.judging import Exercise, Lesson, Mistake, Part, Prediction, equal, fail, mistakes, require
from helpers.judging.answers import Stopped, Witness
from helpers.text import Message, _
from helpers.trials import nograd as trials
from helpers.trials import probes
from helpers.trials.runner import Raised
from helpers.trials.values import ListSeen, Seen, TensorSeen, plain, snapshot

SWITCH = _("Switching it off")
KEEPS = _("What the graph keeps")
REACH = _("How far the switch reaches")
ALIVE = _("Graphs that stay alive")
COUNTING = _("Counting for yourself")
FORBIDS = _("What inference mode forbids")
INDEPENDENT = _("`eval()` and `no_grad` are independent")

# Side effects that several exercises forbid

FROZE_MODEL = Mistake(
    "froze-model",
    _(
        "After your code ran, parameters of the model no longer require gradients, or now do. Whoever trains the "
        "model next finds it changed: switch the recording off around the call, and leave the parameters alone."
    ),
    SWITCH,
)
CHANGED_MODE = Mistake(
    "changed-mode",
    _(
        "Your code switched the model between training and evaluation mode. That is another switch, and nobody "
        "asked for it here."
    ),
    INDEPENDENT,
)


def _require_untouched(seen: dict[str, Seen], tried: Message) -> None:
    """Nothing but the result is left of the call: modes, parameters, flags and input are as before."""
    require(bool(seen["modes_kept"]), mistakes.GRAD_MODE_CHANGED, tried=tried)
    require(bool(seen["training_kept"]), CHANGED_MODE, tried=tried)
    require(bool(seen["requires_grad_kept"]), FROZE_MODEL, tried=tried)
    changed = ", ".join(plain(seen["changed"]))
    require(
        not changed,
        mistakes.MODEL_CHANGED,
        tried=tried,
        observed=_("changed: {names}", names=changed),
        expected=_("nothing changed"),
    )
    require(not seen["batch_changed"], mistakes.INPUT_CHANGED, tried=tried)


# nograd-1

GAVE_LOGITS = Mistake(
    "gave-logits", _("You returned the logits. Turn each row into probabilities with softmax."), None
)
SOFTMAX_OVER_BATCH = Mistake(
    "softmax-over-batch",
    _(
        "Your columns add up to 1, and the rows should. Dimension 0 counts the pictures, dimension 1 the categories."
    ),
    None,
)
GRAPH_WAS_BUILT = Mistake(
    "graph-was-built",
    _(
        "The result requires no gradient, but while the model ran autograd recorded everything, and kept {n} "
        "tensors. `detach()` at the end comes too late: switch the recording off before the model is called."
    ),
    SWITCH,
)
TURNED_ON = Mistake(
    "turned-on",
    _(
        "Whoever called your function had gradients off, and afterwards they were on. Do not set a fixed mode at the "
        "end: a `with` block puts back the mode that it found."
    ),
    SWITCH,
)
LEFT_OFF_AFTER_ERROR = Mistake(
    "left-off-after-error",
    _(
        "The model raised an error, and afterwards gradients stayed off: the line that puts them back was never "
        "reached. A `with` block puts them back even then."
    ),
    SWITCH,
)


def _judge_probabilities(answer: Witness, rng: torch.Generator) -> None:
    model = probes.recipe(seed=_seed(rng))
    reference = probes.build(model).eval()
    for tracked in (False, True):
        batch = torch.randn(3, 3, trials.SIDE, trials.SIDE, generator=rng) * 3
        with torch.no_grad():
            logits = reference(batch)
        seen = answer.run(trials.predict, model=model, batch=batch.requires_grad_(tracked))
        tried = (
            _("3 pictures; the batch itself requires gradients")
            if tracked
            else _("3 pictures, and a model in evaluation mode")
        )
        equal(
            seen["value"],
            logits.softmax(1),
            grad=False,
            tried=tried,
            wrong=[(GAVE_LOGITS, logits), (SOFTMAX_OVER_BATCH, logits.softmax(0))],
        )
        require(
            seen["saved"] == 0,
            GRAPH_WAS_BUILT(n=seen["saved"]),
            tried=tried,
            observed=_("autograd kept {n} tensors", n=seen["saved"]),
            expected=_("none"),
        )
        _require_untouched(seen, tried)


def _judge_callers_mode(answer: Witness, rng: torch.Generator) -> None:
    model = probes.recipe(seed=_seed(rng))
    batch = torch.randn(2, 3, trials.SIDE, trials.SIDE, generator=rng)
    callers = [
        (_("called inside `torch.no_grad()`"), {"grad": False}),
        (_("called inside `torch.inference_mode()`"), {"inference": True}),
    ]
    for tried, modes in callers:
        seen = answer.run(trials.predict, model=model, batch=batch, **modes)
        require(
            bool(seen["modes_kept"]),
            TURNED_ON if seen["grad_after"] else mistakes.GRAD_MODE_CHANGED,
            tried=tried,
            observed=_("gradients on afterwards: {on}", on=seen["grad_after"]),
            expected=_("gradients off, as before"),
        )
    four_channels = torch.randn(2, 4, trials.SIDE, trials.SIDE, generator=rng)
    seen = answer.run(trials.predict_and_fail, model=model, batch=four_channels)
    require(
        bool(seen["modes_kept"]),
        LEFT_OFF_AFTER_ERROR,
        tried=_("a batch with 4 channels, which the model refuses with an error"),
        observed=_("gradients off afterwards"),
        expected=_("gradients on, as before"),
    )


PROBABILITIES = Exercise(
    id="nograd-1",
    title=_("Probabilities without a graph"),
    answer="predict_probabilities",
    parts=(
        Part(_("right probabilities, nothing recorded"), 2, _judge_probabilities),
        Part(
            _("the caller's grad mode is put back"),
            1,
            _judge_callers_mode,
            needs=("right probabilities, nothing recorded",),
        ),
    ),
    hints=(
        _("The model must run while the recording is off. Which two context managers switch it off?"),
        _(
            "Put the call into a block: `with torch.inference_mode():`. The block also takes care of the mode afterwards, "
            "whatever it was and whatever happens inside."
        ),
        _("Inside the block: `return model(batch).softmax(dim=1)`. That is all."),
    ),
    explanation=_(
        "A `with` block remembers the mode it found and puts it back when it is left, by `return` and by an error too. "
        "`torch.no_grad()` is just as right here; both can also stand above the function as a decorator. `detach()` on "
        "the result gives the same numbers, but only after autograd has recorded and kept everything."
    ),
    mistakes=(
        GAVE_LOGITS,
        SOFTMAX_OVER_BATCH,
        GRAPH_WAS_BUILT,
        TURNED_ON,
        LEFT_OFF_AFTER_ERROR,
        FROZE_MODEL,
        CHANGED_MODE,
    ),
)

# nograd-2

RESULT_KEEPS_GRAPH = Mistake(
    "result-keeps-graph",
    _(
        "You returned a tensor that requires gradients: behind it hang the graphs of all losses, joined by your sum. "
        "Take the number out of each loss before you add it."
    ),
    ALIVE,
)
GAVE_TENSOR = Mistake(
    "gave-tensor", _("You returned a tensor. What is asked is a Python float: `.item()` takes it out."), ALIVE
)
UNWEIGHTED = Mistake(
    "unweighted",
    _(
        "You gave every batch the same weight. The last batch has fewer pictures: multiply each loss by its number of "
        "pictures, and divide by the number of all pictures."
    ),
    None,
)
GAVE_SUM = Mistake(
    "gave-sum",
    _("You returned the sum over all pictures. Divide it by the number of pictures to get the mean."),
    None,
)
DIVIDED_BY_BATCHES = Mistake(
    "divided-by-batches",
    _(
        "You added up the losses of all pictures and divided by the number of batches. Divide by the number of pictures."
    ),
    None,
)
LAST_ONLY = Mistake("last-only", _("You returned the loss of the last batch alone."), None)
GRAPHS_KEPT = Mistake(
    "graphs-kept",
    _(
        "The mean is right, but the graphs of earlier losses stay in memory while you go on: your list or your sum "
        "holds on to tensors with a graph. Keep numbers, or detached tensors."
    ),
    ALIVE,
)
ITERATOR_SWITCHED_OFF = Mistake(
    "iterator-switched-off",
    _(
        "Your `with` block, or decorator, is around the whole loop, so the losses themselves were computed without "
        "gradients: the iterator computes each one when you ask for it. The training loop could learn nothing from them."
    ),
    REACH,
)
CALLED_BACKWARD = Mistake(
    "called-backward",
    _(
        "Your code called `backward()`. The parameters have gradients now that nobody asked for. Just do not hold on to "
        "the loss, and its graph goes by itself."
    ),
    ALIVE,
)


def _losses(rng: torch.Generator) -> tuple[list[float], list[int]]:
    """Losses and sizes whose wrong means are far from the right one: the last batch is small and its loss large."""
    count = int(torch.randint(4, 7, (), generator=rng))
    size = int(torch.randint(6, 12, (), generator=rng))
    losses = [round(value, 3) for value in (torch.rand(count, generator=rng) + 0.5).tolist()]
    losses[-1] = round(losses[-1] + 6, 3)
    return losses, [size] * (count - 1) + [int(torch.randint(1, 4, (), generator=rng))]


def _judge_mean(answer: Witness, rng: torch.Generator) -> None:
    losses, sizes = _losses(rng)
    total = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
    seen = answer.run(trials.take_losses, losses=losses, sizes=sizes)
    value = seen["value"]
    tried = _("{n} batches with {sizes} pictures", n=len(losses), sizes=", ".join(map(str, sizes)))
    equal(
        value,
        total / sum(sizes),
        tried=tried,
        recognise=[
            (RESULT_KEEPS_GRAPH, isinstance(value, TensorSeen) and value.requires_grad),
            (GAVE_TENSOR, isinstance(value, TensorSeen)),
        ],
        wrong=[
            (UNWEIGHTED, sum(losses) / len(losses)),
            (GAVE_SUM, total),
            (DIVIDED_BY_BATCHES, total / len(losses)),
            (LAST_ONLY, losses[-1]),
        ],
    )
    require(bool(seen["modes_kept"]), mistakes.GRAD_MODE_CHANGED, tried=tried)


def _judge_graphs(answer: Witness, rng: torch.Generator) -> None:
    losses, sizes = _losses(rng)
    seen = answer.run(trials.take_losses, losses=losses, sizes=sizes)
    tried = _("{n} losses, each computed when you ask for it", n=len(losses))
    require(
        all(plain(seen["recorded"])),
        ITERATOR_SWITCHED_OFF,
        tried=tried,
        observed=_(
            "{n} of {total} losses without a graph",
            n=plain(seen["recorded"]).count(False),
            total=len(losses),
        ),
        expected=_("all losses with a graph"),
    )
    require(not seen["backward"], CALLED_BACKWARD, tried=tried)
    most = max([*plain(seen["alive"]), seen["left"]])
    require(
        most <= 1,
        GRAPHS_KEPT,
        tried=tried,
        observed=_("up to {n} graphs of earlier losses alive at a time", n=most),
        expected=_("at most 1, that of the loss just taken"),
    )
    require(bool(seen["modes_kept"]), mistakes.GRAD_MODE_CHANGED, tried=tried)


MEAN_LOSS = Exercise(
    id="nograd-2",
    title=_("A mean that keeps no graphs"),
    answer="mean_loss",
    parts=(
        Part(_("the mean over all pictures"), 1, _judge_mean),
        Part(_("no graph stays alive"), 2, _judge_graphs, needs=("the mean over all pictures",)),
    ),
    hints=(
        _(
            "You need two running numbers: the sum of the losses of all pictures, and the number of pictures. What must "
            "not go into the sum is a tensor with a graph."
        ),
        _("`loss.item()` is the plain Python number in a tensor of one element. It has no graph."),
        _(
            "In a plain `for loss, n in results:` add `loss.item() * n` to `total` and `n` to `count`. Return "
            "`total / count`."
        ),
    ),
    explanation=_(
        "A sum of tensors that require gradients is itself a tensor with a graph, and that graph holds all the others. "
        "`item()` (or `detach()`) takes the value and leaves the graph, which is freed as soon as nobody holds the loss. "
        "The batches are weighted because the last one is usually smaller."
    ),
    mistakes=(
        RESULT_KEEPS_GRAPH,
        GAVE_TENSOR,
        UNWEIGHTED,
        GAVE_SUM,
        DIVIDED_BY_BATCHES,
        LAST_ONLY,
        GRAPHS_KEPT,
        ITERATOR_SWITCHED_OFF,
        CALLED_BACKWARD,
    ),
)

# nograd-3

COUNTED_EVERY_CALL = Mistake(
    "counted-every-call",
    _(
        "You counted every call of the pack hook. The same memory is often packed twice (a ReLU and the layer after it "
        "keep the same tensor), and the weights are packed too."
    ),
    COUNTING,
)
COUNTED_TWICE = Mistake(
    "counted-twice",
    _(
        "You counted a piece of memory twice: a ReLU and the layer after it keep the same tensor. Remember the storages "
        "that you have seen, by their `data_ptr()`."
    ),
    COUNTING,
)
COUNTED_PARAMETERS = Mistake(
    "counted-parameters",
    _(
        "You counted the weights, which are in memory anyway. A layer packs a transposed view of its weight, which is no "
        "`nn.Parameter`: compare storages, not types."
    ),
    COUNTING,
)
PARAMETERS_ONLY = Mistake(
    "parameters-only",
    _("You counted the parameters. What is asked is what one call keeps beside them."),
    KEEPS,
)
GAVE_ELEMENTS = Mistake(
    "gave-elements",
    _("You counted elements. A float32 element takes 4 bytes: `nbytes` of the storage gives bytes."),
    COUNTING,
)
SWAPPED = Mistake("swapped", _("The order is the other way round: pieces first, then bytes."), None)
SWITCHED_ON = Mistake(
    "switched-on",
    _(
        "Your function was called inside `no_grad`, where nothing is kept, and it counted something: it switched "
        "gradients on by itself. Leave the mode to the caller."
    ),
    SWITCH,
)
IGNORED_REQUIRES_GRAD = Mistake(
    "ignored-requires-grad",
    _(
        "Parameters that require no gradient make autograd keep less, and you counted as if all of them did. Ask "
        "autograd itself, with hooks, instead of working out what it should keep."
    ),
    COUNTING,
)


def _packed(model: nn.Module, batch: torch.Tensor) -> list[tuple[int, int, int, bool]]:
    """Of each call of the pack hook: address and bytes of the storage, elements, whether it is a parameter's."""
    parameters = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    found = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        address = storage.data_ptr()
        found.append((address, storage.nbytes(), tensor.numel(), address in parameters))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = model(batch)
    del result  # held until here: a freed address could be given to another piece
    return found


def _counted(found: list, once: bool, parameters: bool, elements: bool = False) -> tuple[int, int]:
    """Pieces and bytes (or elements), each storage once or as often as it was packed."""
    chosen = [each for each in found if parameters or not each[3]]
    if once:
        chosen = list({each[0]: each for each in chosen}.values())
    return len(chosen), sum(each[2] if elements else each[1] for each in chosen)


def _count_case(
    answer: Witness,
    rng: torch.Generator,
    tried: Message,
    frozen: tuple[int, ...] = (),
    training: bool = False,
    grad: bool = True,
) -> None:
    # sizes apart from each other, so that no two ways of counting agree
    sizes = [int(torch.randint(low, low + 4, (), generator=rng)) for low in (20, 11, 31, 5)]
    model = probes.recipe("nograd-layers", seed=_seed(rng), sizes=sizes)
    batch = torch.randn(int(torch.randint(2, 6, (), generator=rng)), sizes[0], generator=rng)
    reference = probes.build(model).train(training)
    with torch.enable_grad():
        unfrozen = _packed(reference, batch)
    for place in frozen:
        reference[place].requires_grad_(False)
    with torch.set_grad_enabled(grad):
        found = _packed(reference, batch)
        in_evaluation = _packed(reference.eval(), batch)
    seen = answer.run(
        trials.count_kept,
        model=model,
        batch=batch,
        frozen=list(frozen),
        training=training,
        grad=grad,
    )
    right = _counted(found, once=True, parameters=False)
    parameters = list(reference.parameters())
    value = seen["value"]
    items = value.items if isinstance(value, ListSeen) else []
    counted = len(items) == 2 and all(isinstance(item, int) for item in items)
    equal(
        value,
        right,
        tried=tried,
        recognise=[
            (CHANGED_MODE, not seen["training_kept"]),
            (SWITCHED_ON, not grad and counted and items[1] > 0),
        ],
        wrong=[
            *([(IGNORED_REQUIRES_GRAD, _counted(unfrozen, True, False))] if frozen else []),
            *([(CHANGED_MODE, _counted(in_evaluation, True, False))] if training else []),
            (SWAPPED, right[::-1]),
            (COUNTED_EVERY_CALL, _counted(found, False, True)),
            (COUNTED_TWICE, _counted(found, False, False)),
            (COUNTED_TWICE, (right[0], _counted(found, False, False)[1])),
            (COUNTED_PARAMETERS, _counted(found, True, True)),
            (GAVE_ELEMENTS, _counted(found, True, False, elements=True)),
            (PARAMETERS_ONLY, (len(parameters), sum(parameter.nbytes for parameter in parameters))),
        ],
    )
    _require_untouched(seen, tried)


def _judge_count(answer: Witness, rng: torch.Generator) -> None:
    for _case in range(2):
        _count_case(answer, rng, _("three linear layers in evaluation mode, all trainable"))


def _judge_count_settings(answer: Witness, rng: torch.Generator) -> None:
    _count_case(answer, rng, _("the first layer frozen (`requires_grad=False`)"), frozen=(0,))
    _count_case(answer, rng, _("all layers frozen"), frozen=(0, 2, 4))
    _count_case(answer, rng, _("called inside `torch.no_grad()`"), grad=False)
    _count_case(answer, rng, _("a model in training mode, with Dropout"), training=True)


COUNT = Exercise(
    id="nograd-3",
    title=_("Count what autograd keeps"),
    answer="kept_for_backward",
    parts=(
        Part(_("pieces and bytes"), 2, _judge_count),
        Part(
            _("frozen layers, no_grad, training mode"), 1, _judge_count_settings, needs=("pieces and bytes",)
        ),
    ),
    hints=(
        _(
            "Do not work out what each layer keeps: let autograd tell you. The pack hook is called with each tensor that "
            "it keeps."
        ),
        _(
            "In the hook, look at `tensor.untyped_storage()`: its `data_ptr()` says which piece of memory it is, its "
            "`nbytes()` how large. A dictionary from the one to the other counts each piece once."
        ),
        _(
            "First collect `known = {p.untyped_storage().data_ptr() for p in model.parameters()}`. In `pack`, enter the "
            "storage into the dictionary unless its address is in `known`, and `return tensor`. After "
            "`with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor): model(batch)` return "
            "`len(found), sum(found.values())`."
        ),
    ),
    explanation=_(
        "`saved_tensors_hooks` calls your function for each tensor that autograd keeps, so nothing has to be guessed: "
        "frozen layers, `no_grad` and Dropout come out right by themselves. Storages, not tensors, are what takes memory: "
        "two tensors may share one, and a view of a weight shares the weight's."
    ),
    mistakes=(
        COUNTED_EVERY_CALL,
        COUNTED_TWICE,
        COUNTED_PARAMETERS,
        PARAMETERS_ONLY,
        GAVE_ELEMENTS,
        SWAPPED,
        SWITCHED_ON,
        IGNORED_REQUIRES_GRAD,
        CHANGED_MODE,
        FROZE_MODEL,
    ),
)

# nograd-4

BACKBONE_GETS_GRADIENTS = Mistake(
    "backbone-gets-gradients",
    _(
        "The backbone's parameters get gradients from your logits. They are not to be trained: let the graph begin at "
        "the features."
    ),
    FORBIDS,
)
HEAD_CUT_OFF = Mistake(
    "head-cut-off",
    _(
        "Your logits require no gradient, so the head cannot learn. The head was called while the recording was off, or "
        "its result was detached: switch it off for the backbone alone."
    ),
    FORBIDS,
)
INFERENCE_FEATURES = Mistake(
    "inference-features",
    _(
        "The features were made in inference mode, and the head has to keep its input for backward: that is what "
        "inference mode forbids. Use `no_grad` for the backbone, or give the head a `clone()` of the features."
    ),
    FORBIDS,
)
RECORDED_THEN_DETACHED = Mistake(
    "recorded-then-detached",
    _(
        "The gradients are right, but autograd recorded the whole backbone before `detach()` threw that away. For a "
        "moment all of it was in memory: switch the recording off while the backbone runs."
    ),
    ALIVE,
)
GAVE_FEATURES = Mistake(
    "gave-features", _("You returned the features. Give them to the head, and return its logits."), None
)


def _run_head(answer: Witness, rng: torch.Generator, tried: Message) -> tuple[dict[str, Seen], Any]:
    model = probes.recipe("nograd-pair", seed=_seed(rng))
    batch = torch.randn(4, 3, trials.SIDE, trials.SIDE, generator=rng)
    record = answer.attempt(trials.head_logits, model=model, batch=batch)
    if isinstance(record, Raised):
        if "nference tensors cannot be saved" in record.message:
            fail(
                INFERENCE_FEATURES,
                tried=tried,
                observed=_("{type}: {message}", type=record.type, message=record.message),
                expected=_("logits that the head can learn from"),
            )
        raise Stopped(record)
    pair = probes.build(model)
    pair.backbone.eval()
    with torch.no_grad():
        features = pair.backbone(batch)
    with torch.enable_grad():
        logits = pair.head(features)
        gradients = torch.autograd.grad(logits.square().sum(), list(pair.head.parameters()))
    reference = {
        "features": features,
        "logits": logits.detach(),
        "gradients": dict(zip(("head.weight", "head.bias"), gradients, strict=True)),
    }
    return record.values, reference


def _judge_head(answer: Witness, rng: torch.Generator) -> None:
    tried = _("4 pictures; then gradients of the logits, as a training step takes them")
    seen, reference = _run_head(answer, rng, tried)
    value = seen["value"]
    equal(
        value,
        reference["logits"],
        grad=True,
        tried=tried,
        wrong=[(GAVE_FEATURES, reference["features"])],
        recognise=[
            (
                HEAD_CUT_OFF,
                isinstance(value, TensorSeen)
                and not value.requires_grad
                and value.data.shape == reference["logits"].shape,
            )
        ],
    )
    gradients = plain(seen["gradients"])
    stray = [name for name in gradients if name not in reference["gradients"]]
    require(
        not stray,
        BACKBONE_GETS_GRADIENTS,
        tried=tried,
        observed=_("gradients for {names}", names=", ".join(stray)),
        expected=_("gradients for {names}", names="head.weight, head.bias"),
    )
    require(
        gradients.keys() == reference["gradients"].keys()
        and all(
            torch.allclose(gradients[name], wanted, rtol=1e-3, atol=1e-4)
            for name, wanted in reference["gradients"].items()
        ),
        HEAD_CUT_OFF,
        tried=tried,
        observed=_("gradients for {names}", names=", ".join(gradients) or "–"),
        expected=_("gradients for {names}", names="head.weight, head.bias"),
    )
    _require_untouched(seen, tried)


def _judge_backbone(answer: Witness, rng: torch.Generator) -> None:
    tried = _("4 pictures; does autograd record the backbone's call?")
    seen, _reference = _run_head(answer, rng, tried)
    require(
        not any(plain(seen["recorded"])),
        RECORDED_THEN_DETACHED,
        tried=tried,
        observed=_("the backbone's features required gradients"),
        expected=_("features without a graph from the start"),
    )
    _require_untouched(seen, tried)


HEAD = Exercise(
    id="nograd-4",
    title=_("A frozen backbone, a head that learns"),
    answer="head_logits",
    parts=(
        Part(_("only the head gets gradients"), 2, _judge_head),
        Part(
            _("the backbone is never recorded"), 1, _judge_backbone, needs=("only the head gets gradients",)
        ),
    ),
    hints=(
        _("Two calls, two modes: which of the two models must autograd watch, and which must it not?"),
        _(
            "Only the backbone's call goes into the block. `inference_mode` is the wrong one here: the head has to keep "
            "its input for backward."
        ),
        _("`with torch.no_grad(): features = backbone(batch)`, and after the block `return head(features)`."),
    ),
    explanation=_(
        "Under `no_grad` the backbone leaves no graph, and its features are ordinary tensors: the head may keep them and "
        "be trained on them. Inference tensors may not be kept, unless they are cloned. `backbone(batch).detach()` gives "
        "the same gradients, but pays for the backbone's whole graph first."
    ),
    mistakes=(
        BACKBONE_GETS_GRADIENTS,
        HEAD_CUT_OFF,
        INFERENCE_FEATURES,
        RECORDED_THEN_DETACHED,
        GAVE_FEATURES,
        FROZE_MODEL,
        CHANGED_MODE,
    ),
)

# nograd-5

NO_CONTEXT_MANAGER = Mistake(
    "no-context-manager",
    _(
        "`inference(model)` cannot be used in a `with` statement: it gave an object of type {type}. A generator function "
        "needs `@contextmanager` above it; a class needs `__enter__` and `__exit__`."
    ),
    REACH,
)
TOO_EARLY = Mistake(
    "too-early",
    _(
        "Just making `inference(model)` already switched something. Switch when the block is entered, not before."
    ),
    REACH,
)
NO_EVAL = Mistake(
    "no-eval",
    _(
        "Inside the block, parts of the model are still in training mode. Inference mode is about gradients alone: "
        "`model.eval()` is a switch of its own."
    ),
    INDEPENDENT,
)
USED_NO_GRAD = Mistake(
    "used-no-grad",
    _(
        "Inside the block gradients are off, but inference mode is not on. What is asked is `torch.inference_mode()`."
    ),
    SWITCH,
)
GRADIENTS_ON = Mistake(
    "gradients-on",
    _(
        "Inside the block autograd still records: `eval()` does not touch it. Enter `torch.inference_mode()` as well."
    ),
    INDEPENDENT,
)
MODES_NOT_RESTORED = Mistake(
    "modes-not-restored",
    _(
        "After the block, not every module is in the mode that it had before. A part may have a mode of its own (a "
        "frozen BatchNorm, say): remember the mode of each of `model.modules()`."
    ),
    INDEPENDENT,
)
NOT_AFTER_EXCEPTION = Mistake(
    "not-after-exception",
    _(
        "An exception left the block, and your clean-up did not run. Put it into `finally:`, or into `__exit__`."
    ),
    SWITCH,
)
SWALLOWED = Mistake(
    "swallowed",
    _(
        "An exception was raised in the block, and your context manager made it disappear: the caller would go on with "
        "no result. Clean up, and let it pass."
    ),
    SWITCH,
)
NO_DECORATOR = Mistake(
    "no-decorator",
    _(
        "As a decorator, `inference(model)` gave something that cannot be called ({type}). What `@contextmanager` makes "
        "can be a decorator; a class gets it from `contextlib.ContextDecorator`."
    ),
    REACH,
)
LOST_RESULT = Mistake(
    "lost-result",
    _(
        "The decorated function no longer gives its result, or does not get its arguments. A wrapper takes "
        "`*args, **kwargs`, passes them on, and returns what comes back."
    ),
    REACH,
)
MODES_OF_DECORATION = Mistake(
    "modes-of-decoration",
    _(
        "The modes that you put back are those from when the function was decorated. They may have changed since: look at "
        "them each time a call begins."
    ),
    REACH,
)

_BATCHNORM, _HEAD, _DROPOUT = "features.1", "head", "head.1"
_EVERYTHING = list(probes.modes(probes.build(probes.recipe())))
_CASES = (
    (_("a model in training mode, its BatchNorm in evaluation mode"), [_BATCHNORM]),
    (
        _("a model in evaluation mode, its Dropout in training mode"),
        [name for name in _EVERYTHING if name != _DROPOUT],
    ),
)


def _use_block(
    answer: Witness, rng: torch.Generator, tried: Message, evaluating: list[str], **options: bool
) -> dict[str, Any]:
    model, batch = probes.recipe(seed=_seed(rng)), torch.randn(2, 3, trials.SIDE, trials.SIDE, generator=rng)
    seen = answer.run(trials.use_block, model=model, evaluating=evaluating, batch=batch, **options)
    found = {name: plain(value) for name, value in seen.items()}
    require(found["manager"], NO_CONTEXT_MANAGER(type=found["type"]), tried=tried)
    with torch.no_grad():
        found["expected"] = probes.build(model).eval()(batch)
    return found


def _require_modes(found: dict[str, bool], before: dict[str, bool], mistake: Mistake, tried: Message) -> None:
    names = [name or "model" for name in before if found[name] != before[name]]
    require(
        not names,
        mistake,
        tried=tried,
        observed=_("in another mode than before: {names}", names=", ".join(names)),
        expected=_("every module in the mode that it had before"),
    )


def _require_inference(modes: dict[str, bool], state: dict[str, bool], tried: Message) -> None:
    training = [name or "model" for name, mode in modes.items() if mode]
    observed = _(
        "grad mode on: {grad}; inference mode on: {inference}",
        grad=state["grad"],
        inference=state["inference"],
    )
    require(
        state["inference"],
        GRADIENTS_ON if state["grad"] else USED_NO_GRAD,
        tried=tried,
        observed=observed,
        expected=_("inference mode on"),
    )
    require(
        not training,
        NO_EVAL,
        tried=tried,
        observed=_("in training mode: {names}", names=", ".join(training)),
        expected=_("every module in evaluation mode"),
    )


def _judge_inside(answer: Witness, rng: torch.Generator) -> None:
    for tried, evaluating in _CASES:
        found = _use_block(answer, rng, tried, evaluating)
        early = found["made"] != found["before"] or found["modes_when_made"] != {
            "grad": True,
            "inference": False,
        }
        require(not early, TOO_EARLY, tried=tried)
        _require_inference(found["inside"], found["modes_inside"], tried)
        # modes are only reported; these values can be had by evaluating alone
        equal(snapshot(found["logits"]), found["expected"], tried=tried)


def _judge_after(answer: Witness, rng: torch.Generator) -> None:
    for tried, evaluating in _CASES:
        found = _use_block(answer, rng, tried, evaluating)
        require(found["modes_kept"], mistakes.GRAD_MODE_CHANGED, tried=tried)
        _require_modes(found["after"], found["before"], MODES_NOT_RESTORED, tried)
        require(found["requires_grad_kept"], FROZE_MODEL, tried=tried)
        require(not found["changed"], mistakes.MODEL_CHANGED, tried=tried)
    tried = _("used inside `torch.no_grad()`")
    found = _use_block(answer, rng, tried, [], grad=False)
    require(found["modes_kept"], mistakes.GRAD_MODE_CHANGED, tried=tried)


def _judge_exception(answer: Witness, rng: torch.Generator) -> None:
    tried = _("an exception is raised inside the block")
    found = _use_block(answer, rng, tried, [_BATCHNORM], fails=True)
    require(
        found["passed_on"],
        SWALLOWED,
        tried=tried,
        observed=_("no exception after the block"),
        expected=_("the exception passes on"),
    )
    require(found["modes_kept"], NOT_AFTER_EXCEPTION, tried=tried)
    _require_modes(found["after"], found["before"], NOT_AFTER_EXCEPTION, tried)


def _judge_decorator(answer: Witness, rng: torch.Generator) -> None:
    tried = _("a function decorated with `@inference(model)`, called twice")
    numbers = [int(number) for number in torch.randint(2, 1000, (2,), generator=rng)]
    seen = answer.run(
        trials.use_decorator,
        model=probes.recipe(seed=_seed(rng)),
        evaluating=[[_BATCHNORM], [_HEAD]],
        numbers=numbers,
    )
    found = {name: plain(value) for name, value in seen.items()}
    require(found["callable"], NO_DECORATOR(type=found["type"]), tried=tried)
    equal(
        seen["values"],
        [[number, number + 1] for number in numbers],
        tried=tried,
        recognise=[(LOST_RESULT, True)],
    )
    for inside in found["inside"]:
        _require_inference(inside["modes"], inside, tried)
    require(found["modes_kept"], mistakes.GRAD_MODE_CHANGED, tried=tried)
    first, second = found["after"]
    _require_modes(first, found["before"][0], MODES_NOT_RESTORED, tried)
    stale = second == found["before"][0]
    _require_modes(second, found["before"][1], MODES_OF_DECORATION if stale else MODES_NOT_RESTORED, tried)


CONTEXT = Exercise(
    id="nograd-5",
    title=_("One switch for both"),
    answer="inference",
    parts=(
        Part(_("inside the block"), 1, _judge_inside),
        Part(_("after the block"), 2, _judge_after, needs=("inside the block",)),
        Part(_("after an exception"), 1, _judge_exception, needs=("inside the block", "after the block")),
        Part(_("as a decorator"), 1, _judge_decorator, needs=("inside the block",)),
    ),
    hints=(
        _(
            "`@contextmanager` turns a generator function into something for `with`, and for `@` too: what stands before "
            "`yield` runs when the block begins, what stands after it when the block ends."
        ),
        _(
            "Before: remember `[(module, module.training) for module in model.modules()]`, then `model.eval()`. After: "
            "give each module its own mode back. `yield` itself stands inside `with torch.inference_mode():`."
        ),
        _(
            "For exceptions: `try:` around the `with` block that yields, and in `finally:` the loop "
            "`for module, mode in before: module.training = mode`."
        ),
    ),
    explanation=_(
        "Setting `module.training` puts back one module alone; `model.train(mode)` would overwrite the modes of all its "
        "parts. `finally` runs when the block ends, by whatever way. A manager made by `@contextmanager` is made anew for "
        "each call of a function that it decorates, so it sees the modes of that moment."
    ),
    mistakes=(
        NO_CONTEXT_MANAGER,
        TOO_EARLY,
        NO_EVAL,
        USED_NO_GRAD,
        GRADIENTS_ON,
        MODES_NOT_RESTORED,
        NOT_AFTER_EXCEPTION,
        SWALLOWED,
        NO_DECORATOR,
        LOST_RESULT,
        MODES_OF_DECORATION,
        FROZE_MODEL,
    ),
)


def _seed(rng: torch.Generator) -> int:
    return int(torch.randint(2**31, (), generator=rng))


LESSON = Lesson(
    name="02_no_grad",
    word="nograd",
    title=_("Inference without gradients"),
    exercises=(PROBABILITIES, MEAN_LOSS, COUNT, HEAD, CONTEXT),
    predictions=(
        Prediction(
            id="nograd-q1",
            question=_(
                "ResNet-18's weights take 45 MiB. How much more does autograd keep after one call on 8 pictures of "
                "224 × 224, when nobody has asked for a gradient yet?"
            ),
            options=(
                _("Nothing: it begins when `backward()` is called."),
                _("About 5 MiB: the pictures."),
                _("About 45 MiB: a copy of the weights."),
                _("About 170 MiB: what the layers worked out."),
            ),
            right=3,
            because=_(
                "`backward()` will need what went into each layer, so autograd keeps it from the first call on, just in "
                "case. The large pictures in the first layers take the most."
            ),
        ),
        Prediction(
            id="nograd-q2",
            question=_(
                "A generator has `with torch.no_grad():` around its `yield`. Are gradients on in the body of the `for` loop "
                "that uses it?"
            ),
            options=(
                _("Yes: the block is inside the generator only."),
                _("No: the block is still open while the loop's body runs."),
                _("It raises an error: a block must not contain `yield`."),
            ),
            right=1,
            because=_(
                "At `yield` the generator stops in the middle of its block, so nothing has put the mode back. As a decorator, "
                "`@torch.no_grad()` knows generators and switches back at each `yield`."
            ),
        ),
        Prediction(
            id="nograd-q3",
            question=_(
                "A tensor of twos was made in inference mode. Outside, `add_(1)` is called on it. What happens?"
            ),
            options=(
                _("It becomes threes, without a complaint."),
                _("An error, and it still holds twos."),
                _("An error, and it holds threes."),
                _("No error, and it still holds twos."),
            ),
            right=2,
            because=_(
                "Changing an inference tensor outside is forbidden, but PyTorch finds out after the sum has been written. Do "
                "not catch this error and go on."
            ),
        ),
        Prediction(
            id="nograd-q4",
            question=_(
                "A ResNet-18 in training mode is called once under `torch.no_grad()`. Is the model the same afterwards?"
            ),
            options=(
                _("Yes: without gradients nothing can change."),
                _("No: its running statistics have changed."),
                _("No: its weights have changed."),
                _("It raises an error: training mode needs gradients."),
            ),
            right=1,
            because=_(
                "BatchNorm in training mode updates its running statistics in each call; no gradient is involved. `no_grad` "
                "and `eval()` are independent: for inference you need both."
            ),
        ),
    ),
)
