"""precision-3: a copy of a model in low precision, with the original as it was."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from helpers.exercises.precision.autocasting import EVALUATING, LOOSE
from helpers.exercises.precision.shared import HALF, seed
from helpers.judging import Exercise, Mistake, Part, equal, fail, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials import precision as trials
from helpers.trials import probes
from helpers.trials.values import Seen, TensorSeen, plain

ORIGINAL_CAST = Mistake(
    "original-cast",
    _(
        "The model that you were given has changed: `half()`, `bfloat16()` and `to(dtype)` cast a model in place and return "
        "the same object. Copy it first, `copy.deepcopy(model)`, then cast the copy."
    ),
    HALF,
)
NO_MODEL = Mistake(
    "no-model",
    _("You returned an object of type {type}. A model is asked for, an `nn.Module` that can be called."),
)
REFUSES_FLOAT32 = Mistake(
    "refuses-float32",
    _(
        "Your copy refuses a float32 batch: {error} Cast the batch where it enters the model, in a hook or in a small module around it."
    ),
    HALF,
)
LOW_OUT = Mistake(
    "copy-low-out",
    _("The copy's logits come out in {dtype}. Cast them to float32 at the end of the copy."),
    HALF,
)
NOT_LOW = Mistake(
    "not-low",
    _(
        "Inside the copy the layers worked in {found}, not in {dtype}. Cast the weights **and** what goes in: only then is anything "
        "computed in {dtype}."
    ),
    HALF,
)
STATE_INCOMPLETE = Mistake(
    "state-incomplete",
    _(
        "The copy does not hold the same parameters and buffers as the original, in number or shape. Are all of its parts in there, once?"
    ),
    HALF,
)
NORM_CAST = Mistake(
    "norm-cast",
    _(
        "The BatchNorm layers of the copy are in {dtype}. Their statistics and weights are few and delicate: leave them in float32."
    ),
    HALF,
)
NORM_ROUNDED = Mistake(
    "norm-rounded",
    _(
        "The BatchNorm layers of the copy are in float32, but their values were rounded: cast to 16 bits and back, the lost digits do "
        "not return. Leave these layers out of the cast, or load the original's values into them."
    ),
    HALF,
)
ONE_KIND_OF_NORM = Mistake(
    "one-kind-of-norm",
    _(
        "Some BatchNorm layers of the copy are in {dtype}: there are `BatchNorm1d`, `BatchNorm2d` and `BatchNorm3d`."
    ),
    HALF,
)
COUNTER_CAST = Mistake(
    "counter-cast",
    _(
        "An integer buffer of the copy (BatchNorm counts its batches in one) was cast to {found}. Cast floating-point tensors only."
    ),
    HALF,
)
BUFFER_LEFT = Mistake(
    "buffer-left",
    _(
        "A parameter or buffer outside of BatchNorm is still in float32. Where it meets a tensor of 16 bits the result is float32 "
        "again. Buffers are no parameters: `model.to(dtype)` casts both."
    ),
    HALF,
)
SHARED = Mistake(
    "shared",
    _(
        "Copy and original share memory: when tensors of the copy were changed, the original changed as well. `copy.copy` copies "
        "only the outermost object; `copy.deepcopy` copies all of it."
    ),
    HALF,
)
COPY_TRAINS = Mistake(
    "copy-trains",
    _(
        "The copy is not in evaluation mode: {parts}. A deep copy has the modes of its original; call `eval()` on it."
    ),
)
ORIGINAL_MODES = Mistake(
    "original-modes",
    _(
        "The original is in other modes than before, or its parameters' `requires_grad` changed. Call `eval()` on the copy only."
    ),
)


def _batch(rng: torch.Generator) -> Tensor:
    return torch.randn(4, probes.CHANNELS, trials.SIDE, trials.SIDE, generator=rng) * 2


def _run(answer: Witness, rng: torch.Generator, dtype: str) -> tuple[dict[str, Seen], dict, Tensor]:
    recipe, batch = probes.recipe("precision-watched", seed(rng)), _batch(rng)
    seen = answer.run(trials.copy_model, model=recipe, evaluating=EVALUATING, batch=batch, dtype=dtype)
    return seen, recipe, batch


def _wanted(recipe: dict, dtype: torch.dtype) -> nn.Module:
    model = probes.build(recipe).eval()
    for module in model.modules():
        if not isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            for name, tensor in module._parameters.items():
                module._parameters[name] = nn.Parameter(tensor.detach().to(dtype))
            for name, tensor in module._buffers.items():
                module._buffers[name] = tensor.to(dtype)
    return model


def _tried(dtype: str) -> Message:
    return _("dtype={dtype}, a model with BatchNorm1d, BatchNorm2d and a buffer", dtype=dtype)


def _require_module(seen: dict[str, Seen], tried: Message) -> None:
    require(seen["type"] != "NoneType", general.RETURNED_NONE, tried=tried)
    require(bool(seen["is_module"]), NO_MODEL(type=seen["type"]), tried=tried)
    require(bool(seen["original_kept"]) and not seen["is_original"], ORIGINAL_CAST, tried=tried)


def _judge_use(answer: Witness, rng: torch.Generator) -> None:
    for dtype in ("bfloat16", "float16"):
        seen, recipe, batch = _run(answer, rng, dtype)
        tried, kind = _tried(dtype), getattr(torch, dtype)
        _require_module(seen, tried)
        value = seen["value"]
        require(not seen["refused"], REFUSES_FLOAT32(error=_sentence(seen["refused"])), tried=tried)
        worked = sorted({name for call in seen["calls"].items for name in plain(call)["worked_in"]})
        found = ", ".join(worked)
        require(worked == [dtype], NOT_LOW(found=found, dtype=dtype), tried=tried)
        with torch.inference_mode():
            right = _wanted(recipe, kind)(batch.to(kind)).float()
        low = isinstance(value, TensorSeen) and value.data.dtype == kind
        trains = ", ".join(plain(seen["training_parts"])[:3])
        equal(
            value,
            right,
            tried=tried,
            tolerance=LOOSE,
            recognise=[(LOW_OUT(dtype=dtype), low), (COPY_TRAINS(parts=trains), bool(trains))],
        )


def _sentence(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else ""
    return first if first.endswith((".", "!")) else first + "."


def _judge_tensors(answer: Witness, rng: torch.Generator) -> None:
    for dtype in ("float16", "bfloat16"):
        seen, recipe, _batch_used = _run(answer, rng, dtype)
        tried, kind = _tried(dtype), getattr(torch, dtype)
        _require_module(seen, tried)
        original = probes.build(recipe).state_dict()
        tensors = [item.data for item in seen["tensors"].items]
        same = [tensor.shape for tensor in tensors] == [tensor.shape for tensor in original.values()]
        require(
            same,
            STATE_INCOMPLETE,
            tried=tried,
            observed=describe(tensors),
            expected=describe(list(original.values())),
        )
        norms = [name for name in original if name.startswith(("norm.", "hidden.1."))]
        found = dict(zip(original, tensors, strict=True))
        cast = [name for name in norms if found[name].dtype == kind]
        told = {"tried": tried, "expected": _("{name} in {dtype}", name=(cast or norms)[0], dtype="float32")}
        both = {name.partition(".")[0] for name in cast} == {"norm", "hidden"}
        require(not both, NORM_CAST(dtype=dtype), **told)
        require(not cast, ONE_KIND_OF_NORM(dtype=dtype), **told)
        for name, tensor in original.items():
            _require_tensor(name, found[name], tensor, kind, name in norms, tried)


def _require_tensor(
    name: str, found: Tensor, original: Tensor, kind: torch.dtype, norm: bool, tried: Message
) -> None:
    told = {"tried": tried, "observed": _("{name} in {dtype}", name=name, dtype=_short(found.dtype))}
    if not original.is_floating_point():
        require(found.dtype == original.dtype, COUNTER_CAST(found=_short(found.dtype)), **told)
        require(torch.equal(found, original), general.WRONG_VALUES, **told)
    elif norm:
        require(found.dtype == torch.float32, general.WRONG_DTYPE, **told)
        if not torch.equal(found, original):
            rounded = any(
                torch.equal(found, original.to(low).float()) for low in (kind, torch.float16, torch.bfloat16)
            )
            fail(NORM_ROUNDED if rounded else general.WRONG_VALUES, **told)
    else:
        require(found.dtype != torch.float32, BUFFER_LEFT, **told)
        require(found.dtype == kind, general.WRONG_DTYPE, **told)
        require(torch.equal(found, original.to(kind)), general.WRONG_VALUES, **told)


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _require_its_tensors(seen: dict[str, Seen], recipe: dict, tried: Message) -> None:
    """The copy holds what the original holds, in whatever dtype.

    What it shares and its modes are only reported; these tensors can be had by copying alone.
    """
    found = [item.data.double() for item in seen["tensors"].items if isinstance(item, TensorSeen)]
    for name, tensor in probes.build(recipe).state_dict().items():
        near = (
            other.shape == tensor.shape and torch.allclose(other, tensor.double(), rtol=0.01, atol=0.01)
            for other in found
        )
        require(any(near), general.WRONG_VALUES, tried=tried, expected=_("a copy of {name}", name=name))


def _judge_apart(answer: Witness, rng: torch.Generator) -> None:
    seen, recipe, _batch_used = _run(answer, rng, "bfloat16")
    tried = _("each tensor of the copy was changed afterwards")
    _require_module(seen, tried)
    require(not seen["shared"], SHARED, tried=tried)
    _require_its_tensors(seen, recipe, tried)


def _judge_modes(answer: Witness, rng: torch.Generator) -> None:
    seen, recipe, _batch_used = _run(answer, rng, "bfloat16")
    tried = _("a model in training mode, with parts in evaluation mode")
    _require_module(seen, tried)
    parts = ", ".join(plain(seen["training_parts"])[:3])
    require(not parts, COPY_TRAINS(parts=parts), tried=tried)
    require(bool(seen["training_kept"] and seen["requires_grad_kept"]), ORIGINAL_MODES, tried=tried)
    _require_its_tensors(seen, recipe, tried)


COPY = Exercise(
    id="precision-3",
    title=_("A copy in low precision"),
    answer="low_precision_copy",
    parts=(
        Part(_("float32 in and out, low precision in between"), 2, _judge_use),
        Part(_("the dtype of each tensor"), 1, _judge_tensors),
        Part(_("copy and original share nothing"), 1, _judge_apart),
        Part(_("modes of copy and original"), 1, _judge_modes),
    ),
    hints=(
        _(
            "Copy first, then cast the copy: `copy.deepcopy(model)`. What has to be different in the end: dtypes of tensors (with an "
            "exception), the mode, and what happens at the way in and the way out."
        ),
        _(
            "`to(dtype)` on the whole copy casts BatchNorm as well, and `float()` on those layers afterwards does not bring the digits back. Cast "
            "leaf by leaf and leave BatchNorm out, or load the original's values into the copy's BatchNorm layers."
        ),
        _(
            "For the way in and out write a small module that holds the copy, with `return self.model(x.to(self.dtype)).float()` in its "
            "`forward`. Or use hooks: `copy.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))` and "
            "`copy.register_forward_hook(lambda module, args, output: output.float())`."
        ),
        _(
            "After `low = deepcopy(model).eval().to(dtype)`: `for new, old in zip(low.modules(), model.modules())`, and when "
            "`isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))`, then `new.float().load_state_dict(old.state_dict())`."
        ),
    ),
    explanation=_(
        "`deepcopy` gives each tensor memory of its own, so the cast cannot reach the original. BatchNorm holds few numbers, of very different "
        "sizes: variances from nearly 0 to hundreds. In float32 they cost almost no memory and no time, and the layer takes an input of 16 bits "
        "all the same and returns 16 bits. Casting at the way in and out makes the copy a drop-in replacement: preprocessing and "
        "everything behind it stay in float32."
    ),
    mistakes=(
        NO_MODEL,
        ORIGINAL_CAST,
        REFUSES_FLOAT32,
        NOT_LOW,
        LOW_OUT,
        STATE_INCOMPLETE,
        NORM_CAST,
        ONE_KIND_OF_NORM,
        NORM_ROUNDED,
        COUNTER_CAST,
        BUFFER_LEFT,
        SHARED,
        COPY_TRAINS,
        ORIGINAL_MODES,
    ),
)
