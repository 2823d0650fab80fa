"""precision-2: logits under autocast."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from helpers.exercises.precision.shared import AUTOCASTING, HALF, LEFT_TRAINING, RECORDED, seed
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance
from helpers.text import Message, _
from helpers.trials import precision as trials
from helpers.trials import probes
from helpers.trials.values import Seen, TensorSeen, plain

NOT_CALLED = Mistake("not-called", _("The model was never called."))
NO_AUTOCAST = Mistake(
    "no-autocast",
    _(
        "While the model ran, autocast was off for the device of the batch ({device}). The call must stand inside the "
        "block, and the block's `device_type` must be that of the batch."
    ),
    AUTOCASTING,
)
OTHER_DTYPE = Mistake(
    "other-dtype",
    _("Autocast worked in {found}, and {dtype} was asked for: pass the argument `dtype` on."),
    AUTOCASTING,
)
LOW_OUT = Mistake(
    "low-out",
    _(
        "The logits came out in {dtype}, as autocast leaves them. Whoever uses them next wants float32: `.float()` at the end."
    ),
    AUTOCASTING,
)
CAST_MODEL = Mistake(
    "cast-model",
    _(
        "The model's weights are no longer what they were: `half()`, `bfloat16()` and `to(dtype)` change a model in place, and "
        "casting back does not bring the lost digits back. Autocast needs no such cast."
    ),
    HALF,
)
GAVE_PROBABILITIES = Mistake(
    "gave-probabilities", _("You returned probabilities. The logits are asked for, without softmax.")
)
MODES_CHANGED = Mistake(
    "modes-changed",
    _(
        "Some part of the model is in another mode than it came in. Note the mode of each part, `model.train()` sets them "
        "all alike (lesson 01)."
    ),
)
MODES_CHANGED_BY_ERROR = Mistake(
    "modes-changed-by-error",
    _(
        "The model raised an error, and afterwards not everything was as before: modes, gradients or autocast. Put it back "
        "in `finally`, and switch with `with` blocks."
    ),
)
ERROR_SWALLOWED = Mistake(
    "error-swallowed",
    _("The model raised an error, and your function kept it to itself. Let it pass on to the caller."),
)
FROZEN = Mistake(
    "frozen",
    _(
        "The model's parameters no longer require gradients, so it cannot be trained any more. Switch gradients off around "
        "the call, not in the model."
    ),
)
AUTOCAST_LEFT_ON = Mistake(
    "autocast-left-on",
    _(
        "After your function, autocast is still on, or set to another dtype: everything that runs later would lose digits. Use it in a "
        "`with` block, which puts it back."
    ),
    AUTOCASTING,
)
CPU_ONLY = Mistake(
    "cpu-only",
    _(
        "The batch was on the device {device}, and you switched on autocast for the CPU. There it does nothing for this model: take "
        "`batch.device.type`."
    ),
    AUTOCASTING,
)

LOOSE = Tolerance(rtol=0.05, atol=0.1)
"""For values of 16 bits: kernels may sum in another order."""

EVALUATING = ["norm", "hidden", "hidden.3"]
"""Parts that are in evaluation mode while the rest trains."""


def _batch(rng: torch.Generator, channels: int = 3) -> Tensor:
    return torch.randn(4, channels, trials.SIDE, trials.SIDE, generator=rng) * 2


def _calls(seen: dict[str, Seen]) -> list[dict]:
    return [plain(call) for call in seen["calls"].items]


def _reference(recipe: dict, batch: Tensor, dtype: str) -> Tensor:
    model: nn.Module = probes.build(recipe).eval()
    with trials.fenced(), torch.inference_mode(), torch.autocast("cpu", dtype=getattr(torch, dtype)):
        return model(batch).float()


def _tried(dtype: str) -> Message:
    return _("dtype={dtype}, 4 pictures on the CPU", dtype=dtype)


def _judge_logits(answer: Witness, rng: torch.Generator) -> None:
    for dtype in ("bfloat16", "float16"):
        recipe, batch, tried = probes.recipe("precision-watched", seed(rng)), _batch(rng), _tried(dtype)
        everything = [name for name, _module in probes.build(recipe).named_modules()]
        seen = answer.run(trials.autocast, model=recipe, evaluating=everything, batch=batch, dtype=dtype)
        value, calls = seen["value"], _calls(seen)
        require(value is not None, general.RETURNED_NONE, tried=tried)
        require(bool(calls), NOT_CALLED, tried=tried)
        require(bool(seen["state_kept"]), CAST_MODEL, tried=tried)
        require(all(call["autocast"] for call in calls), NO_AUTOCAST(device="cpu"), tried=tried)
        other = [call["autocast_dtype"] for call in calls if call["autocast_dtype"] != dtype]
        require(not other, OTHER_DTYPE(found=", ".join(other[:1]), dtype=dtype), tried=tried)
        right = _reference(recipe, batch, dtype)
        low = isinstance(value, TensorSeen) and value.data.dtype == getattr(torch, dtype)
        equal(
            value,
            right,
            device="cpu",
            tried=tried,
            tolerance=LOOSE,
            recognise=[(LOW_OUT(dtype=dtype), low)],
            wrong=[(GAVE_PROBABILITIES, right.softmax(1)), (GAVE_PROBABILITIES, right.log_softmax(1))],
        )
        require(bool(seen["batch_kept"]), general.INPUT_CHANGED, tried=tried)


def _judge_modes(answer: Witness, rng: torch.Generator) -> None:
    recipe, batch = probes.recipe("precision-watched", seed(rng)), _batch(rng)
    tried = _("a model in training mode, with parts in evaluation mode")
    seen = answer.run(trials.autocast, model=recipe, evaluating=EVALUATING, batch=batch, dtype="bfloat16")
    calls = _calls(seen)
    require(all(call["all_eval"] for call in calls), LEFT_TRAINING, tried=tried)
    graph = isinstance(seen["value"], TensorSeen) and seen["value"].requires_grad
    require(not graph and not any(call["recorded"] for call in calls), RECORDED, tried=tried)


def _judge_kept(answer: Witness, rng: torch.Generator) -> None:
    recipe, batch = probes.recipe("precision-watched", seed(rng)), _batch(rng)
    tried = _("a model in training mode, with parts in evaluation mode")
    seen = answer.run(trials.autocast, model=recipe, evaluating=EVALUATING, batch=batch, dtype="float16")
    require(bool(seen["autocast_kept"]), AUTOCAST_LEFT_ON, tried=tried)
    require(bool(seen["grad_kept"]), general.GRAD_MODE_CHANGED, tried=tried)
    require(bool(seen["training_kept"]), MODES_CHANGED, tried=tried)
    require(bool(seen["requires_grad_kept"]), FROZEN, tried=tried)
    require(bool(seen["state_kept"]), general.MODEL_CHANGED, tried=tried)
    require(bool(seen["batch_kept"]), general.INPUT_CHANGED, tried=tried)
    tried = _("a batch with 4 channels, which the model refuses with an error")
    wrong = _batch(rng, channels=4)
    seen = answer.run(trials.autocast, model=recipe, evaluating=EVALUATING, batch=wrong, dtype="bfloat16")
    require(bool(seen["raised"]), ERROR_SWALLOWED, tried=tried)
    kept = seen["autocast_kept"] and seen["grad_kept"] and seen["training_kept"]
    require(bool(kept and seen["requires_grad_kept"]), MODES_CHANGED_BY_ERROR, tried=tried)


def _judge_elsewhere(answer: Witness, rng: torch.Generator) -> None:
    seen = answer.run(trials.autocast_elsewhere, dtype="bfloat16")
    on_cpu = any(call["autocast"] for call in _calls(seen))
    device = seen["device"]
    tried = _("model and batch on the device {device}, which holds shapes only", device=device)
    require(not on_cpu, CPU_ONLY(device=device), tried=tried)


FIRST = "autocast inside, float32 out"

AUTOCAST = Exercise(
    id="precision-2",
    title=_("Logits under autocast"),
    answer="autocast_logits",
    parts=(
        Part(_("autocast inside, float32 out"), 2, _judge_logits),
        Part(_("the device of the batch"), 1, _judge_elsewhere, needs=(FIRST,)),
        Part(_("evaluation mode, no gradients"), 1, _judge_modes, needs=(FIRST,)),
        Part(_("everything is left as it was"), 1, _judge_kept, needs=(FIRST,)),
    ),
    hints=(
        _(
            "Two `with` blocks around one call of the model: one switches autocast on, the other gradients off. What comes out is in "
            "low precision: one more step is needed."
        ),
        _(
            "`torch.autocast(device_type=batch.device.type, dtype=dtype)` fits every device. For the modes: a list of pairs "
            "`(module, module.training)` of `model.modules()`, then `model.eval()`, and put back in `finally`."
        ),
        _(
            "`with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):`, and inside `return model(batch).float()`."
        ),
    ),
    explanation=_(
        "Autocast casts what goes into each operation and leaves the model alone, so there is nothing to undo. It is switched on for a "
        "kind of device: for another one than the batch's it has no effect and says little or nothing. The logits come out of a last linear layer, in low "
        "precision; `float()` costs nothing and keeps softmax, sums and NumPy out of trouble."
    ),
    mistakes=(
        NOT_CALLED,
        NO_AUTOCAST,
        OTHER_DTYPE,
        LOW_OUT,
        CAST_MODEL,
        GAVE_PROBABILITIES,
        LEFT_TRAINING,
        RECORDED,
        MODES_CHANGED,
        MODES_CHANGED_BY_ERROR,
        ERROR_SWALLOWED,
        FROZEN,
        AUTOCAST_LEFT_ON,
        CPU_ONLY,
    ),
)
