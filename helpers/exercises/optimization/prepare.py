"""optimization-3: a copy of a model that is ready for inference: evaluation mode, channels_last, BatchNorms fused."""

from __future__ import annotations

import torch
from torch import nn

from helpers.exercises.optimization.sections import FUSION, LAYOUT
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance, same
from helpers.text import _
from helpers.trials import probes
from helpers.trials.optimization import prepare
from helpers.trials.probes import recipe
from helpers.trials.values import Seen

NOT_A_MODEL = Mistake(
    "not-a-model", _("The result is of type {type}. Return a model, an `nn.Module`."), FUSION
)
SAME_OBJECT = Mistake(
    "same-object",
    _("You returned the model itself. Work on a copy: `copy.deepcopy(model)`."),
    FUSION,
)
TRAINING_LEFT = Mistake(
    "training-left",
    _("Parts of what you returned are in training mode: {names}. Put the copy into evaluation mode."),
    FUSION,
)
NOT_LAST = Mistake(
    "not-channels-last",
    _(
        "The weights of a convolution are not in channels_last: `.to(memory_format=torch.channels_last)` for the whole model."
    ),
    LAYOUT,
)
NOT_FUSED = Mistake(
    "not-fused",
    _("BatchNorms that follow a convolution are still computed. Put each into its convolution."),
    FUSION,
)
LONE_LOST = Mistake(
    "lone-lost",
    _(
        "The BatchNorm that follows no convolution is gone. It has to stay, since there is nothing to fuse it with."
    ),
    FUSION,
)
FUSED_TWICE = Mistake(
    "fused-twice",
    _(
        "The values are as if each BatchNorm were applied twice: it is in the convolution, and still behind it."
    ),
    FUSION,
)
NORMS_DROPPED = Mistake(
    "norms-dropped",
    _("The BatchNorms were taken out, and not put into the convolutions. That is another model."),
    FUSION,
)
MODE_NOT_KEPT = Mistake(
    "mode-not-kept",
    _("The model that you were given is in another mode than before. Call `eval()` on the copy."),
    FUSION,
)
ORIGINAL_CONVERTED = Mistake(
    "original-converted",
    _(
        "The model that you were given has another memory format now: `model.to(...)` changes a module in place. Copy it first."
    ),
    LAYOUT,
)
ORIGINAL_FROZEN = Mistake(
    "original-frozen",
    _("Parameters of the model that you were given no longer require gradients. Leave it as it is."),
    FUSION,
)
OTHER_DTYPE = Mistake("other-dtype", _("The weights have another dtype. They stay float32 here."), FUSION)

LONE = 1
TOLERANCE = Tolerance(rtol=1e-3, atol=1e-4)


def _number(rng: torch.Generator, low: int, high: int) -> int:
    return int(torch.randint(low, high, (1,), generator=rng))


def _run(answer: Witness, rng: torch.Generator, training: bool) -> tuple:
    model = recipe("optimization-blocks", _number(rng, 0, 10_000), width=_number(rng, 2, 5) * 2)
    batch = torch.randn(3, probes.CHANNELS, 6, 5, generator=rng)
    seen = answer.run(prepare, model=model, batch=batch, training=training)
    tried = _("a model in training mode") if training else _("a model in evaluation mode")
    require(not seen["none"], general.RETURNED_NONE, tried=tried)
    require(seen["module"], NOT_A_MODEL(type=seen["type"]), tried=tried)
    require(not seen["same"], SAME_OBJECT, tried=tried)
    return seen, model, batch, tried


def _without_norms(model: dict, lone: bool) -> nn.Module:
    built = probes.build(model).eval()
    for module in list(built.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d) and (module is not built.after) != lone:
                setattr(module, name, nn.Identity())
    return built


def _twice(model: dict) -> nn.Module:
    built = probes.build(model).eval()
    for module in list(built.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d) and module is not built.after:
                setattr(module, name, nn.Sequential(child, child))
    return built


def _judge_values(answer: Witness, rng: torch.Generator) -> None:
    for training in (False, True):
        seen, model, batch, tried = _run(answer, rng, training)
        left = seen["training_left"].items
        require(not left, TRAINING_LEFT(names=", ".join(left[:3])), tried=tried)
        built = probes.build(model).eval()
        with torch.no_grad():
            right = built(batch)
            dropped, lone = _without_norms(model, False)(batch), _without_norms(model, True)(batch)
            twice = _twice(model)(batch)
        dtypes = {dict(one.pairs)["dtype"] for one in seen["convolutions"].items}
        require(dtypes <= {"torch.float32"}, OTHER_DTYPE, tried=tried)
        equal(
            seen["logits"],
            right,
            tried=tried,
            tolerance=TOLERANCE,
            wrong=[(NORMS_DROPPED, dropped), (LONE_LOST, lone), (FUSED_TWICE, twice)],
        )


def _judge_kernels(answer: Witness, rng: torch.Generator) -> None:
    seen, _model, _batch, tried = _run(answer, rng, bool(_number(rng, 0, 2)))
    require(
        seen["norms"] <= LONE,
        NOT_FUSED,
        tried=tried,
        observed=_("{n} BatchNorms in one call", n=seen["norms"]),
        expected=_("{n} BatchNorms in one call", n=LONE),
    )
    require(seen["norms"] == LONE, LONE_LOST, tried=tried)


def _judge_layout(answer: Witness, rng: torch.Generator) -> None:
    seen, _model, _batch, tried = _run(answer, rng, bool(_number(rng, 0, 2)))
    last = [dict(one.pairs)["weights_last"] for one in seen["convolutions"].items]
    require(
        bool(last) and all(last),
        NOT_LAST,
        tried=tried,
        observed=_("{n} of {total} convolutions in channels_last", n=sum(last), total=len(last)),
        expected=_("all of them"),
    )


def _judge_original(answer: Witness, rng: torch.Generator) -> None:
    for training in (True, False):
        seen, _model, _batch, tried = _run(answer, rng, training)
        before, after = (dict(seen[when].pairs) for when in ("before", "after"))
        require(before["modes"] == after["modes"], MODE_NOT_KEPT, tried=tried)
        require(_same_state(before["state"], after["state"]), general.MODEL_CHANGED, tried=tried)
        require(before["grads"] == after["grads"], ORIGINAL_FROZEN, tried=tried)
        require(before["last"] == after["last"], ORIGINAL_CONVERTED, tried=tried)


def _same_state(before: Seen, after: Seen) -> bool:
    one, other = dict(before.pairs), dict(after.pairs)
    return one.keys() == other.keys() and all(same(one[name], other[name].data) for name in one)


PREPARE = Exercise(
    id="optimization-3",
    title=_("A model made ready"),
    answer="prepare",
    parts=(
        Part(_("the same logits, in evaluation mode"), 2, _judge_values),
        Part(
            _("no BatchNorm behind a convolution"), 2, _judge_kernels,
            needs=("the same logits, in evaluation mode",),
        ),
        Part(_("channels_last"), 1, _judge_layout, needs=("the same logits, in evaluation mode",)),
        Part(_("the original is untouched"), 1, _judge_original, needs=("the same logits, in evaluation mode",)),
    ),
    hints=(
        _(
            "Begin with `copy.deepcopy(model).eval()`: everything after that happens to the copy. Fusing needs evaluation mode."
        ),
        _(
            "`fuse` of `torch.fx.experimental.optimization` does all the pairs. By hand: go through `parent.named_children()` of each module, remember the last one, and when a `BatchNorm2d` follows a `Conv2d` use `fuse_conv_bn_eval` and `setattr`."
        ),
        _("`return fuse(copy.deepcopy(model).eval()).to(memory_format=torch.channels_last)`"),
    ),
    explanation=_(
        "Evaluation mode comes first, since only then BatchNorm is a fixed multiplication and addition that a convolution can take over. `to(memory_format=…)` "
        "and `eval()` change a module in place, so the copy has to be made before them. A BatchNorm behind something else than a convolution stays."
    ),
    mistakes=(
        NOT_A_MODEL,
        SAME_OBJECT,
        TRAINING_LEFT,
        NOT_LAST,
        NOT_FUSED,
        LONE_LOST,
        FUSED_TWICE,
        NORMS_DROPPED,
        MODE_NOT_KEPT,
        ORIGINAL_CONVERTED,
        ORIGINAL_FROZEN,
        OTHER_DTYPE,
    ),
)  # fmt: skip
