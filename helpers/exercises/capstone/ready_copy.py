"""capstone-3: a copy of a model, ready for inference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from helpers.exercises.capstone.pictures import integers, shuffled
from helpers.exercises.capstone.sections import READY
from helpers.judging import Exercise, Mistake, Part, equal, fail, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials import probes
from helpers.trials.capstone import make_ready, one_thread
from helpers.trials.values import Seen, plain

NO_COPY = Mistake(
    "no-copy",
    _(
        "You gave back the model itself. Its owner may go on training it: make a copy with `copy.deepcopy`, and change that."
    ),
    READY,
)
SHARED = Mistake(
    "shared",
    _(
        "The copy shares weights or statistics with the model: as soon as one changes, the other does too. `copy.deepcopy` copies them."
    ),
    READY,
)
MODEL_TOUCHED = Mistake(
    "model-touched",
    _(
        "The model that was given is no longer as it was. `eval()`, `requires_grad_()` and `to(memory_format=...)` change a module in place: call them on the copy."
    ),
    READY,
)
STILL_TRAINING = Mistake(
    "still-training", _("Parts of the copy are in training mode. Call `eval()` on it."), READY
)
STILL_LEARNING = Mistake(
    "still-learning",
    _(
        "Parameters of the copy still require gradients. `requires_grad_(False)` on the copy ends that for all of them."
    ),
    READY,
)
NOT_CHANNELS_LAST = Mistake(
    "not-channels-last",
    _(
        "Weights of convolutions are not in the channels-last format. `to(memory_format=torch.channels_last)` on the copy turns all of them; do it after folding, which makes new weights."
    ),
    READY,
)
NORMS_LEFT = Mistake(
    "norms-left",
    _(
        "A BatchNorm right behind a convolution is still calculated. In evaluation mode it is a fixed scale and shift, which the convolution's weights can take over."
    ),
    READY,
)
NORMS_DROPPED = Mistake(
    "norms-dropped",
    _(
        "BatchNorm layers were taken out, and the convolutions in front of them did not take over what they did. Fold first: `torch.nn.utils.fuse_conv_bn_eval(conv, norm)`."
    ),
    READY,
)
OTHERS_DROPPED = Mistake(
    "others-dropped",
    _(
        "A BatchNorm that stands behind no convolution was taken out too. There is no convolution that could take over its scale and shift: leave it."
    ),
    READY,
)
TRAINING_VALUES = Mistake(
    "training-values",
    _(
        "The copy gives other values than the model does in evaluation mode: it was folded or run with the statistics of training mode."
    ),
    READY,
)
BIAS_LOST = Mistake(
    "bias-lost",
    _(
        "The scale went into the weights, and the shift was lost: the folded convolution needs a bias, `beta - mean * scale`, plus the scaled old bias if there was one."
    ),
    READY,
)


def _pairs(module: nn.Module) -> Iterator[tuple[nn.Sequential, int]]:
    """Each container and the place in it of a convolution with a BatchNorm right behind."""
    for container in module.modules():
        if isinstance(container, nn.Sequential):
            for place in range(len(container) - 1):
                if type(container[place]) is nn.Conv2d and type(container[place + 1]) is nn.BatchNorm2d:
                    yield container, place


def _slip(recipe: dict[str, Any], batch: Tensor, change: Callable[[nn.Module], None]) -> Tensor:
    """What the model gives in evaluation mode after a change."""
    model = probes.build(recipe).eval()
    with one_thread(), torch.no_grad():
        change(model)
        return model(batch)


def _drop_folded(model: nn.Module) -> None:
    for container, place in list(_pairs(model)):
        container[place + 1] = nn.Identity()


def _drop_others(model: nn.Module) -> None:
    folded = {id(container[place + 1]) for container, place in _pairs(model)}
    for container in list(model.modules()):
        for name, child in list(container.named_children()):
            if isinstance(child, nn.BatchNorm2d) and id(child) not in folded:
                setattr(container, name, nn.Identity())


def _lose_bias(model: nn.Module) -> None:
    for container, place in _pairs(model):
        norm = container[place + 1]
        norm.running_mean.zero_()
        if norm.affine:
            norm.bias.zero_()


def _case(
    answer: Witness, rng: torch.Generator, first: bool
) -> tuple[dict[str, Seen], Message, dict[str, Any], Tensor]:
    recipe = probes.recipe(
        "capstone-stack", integers(rng, 0, 2**31 - 1, 1)[0], norm_first=first, affine=not first
    )
    names = [name for name, _module in probes.build(recipe).named_modules()]
    evaluating = shuffled(rng, names)[: len(names) // 2] if first else []
    batch = torch.randn(4, 3, 9, 10, generator=rng)
    seen = answer.run(make_ready, model=recipe, evaluating=evaluating, batch=batch)
    tried = (
        _("a model with parts in either mode, a BatchNorm before all convolutions")
        if first
        else _("a model in training mode")
    )
    if not seen["module"]:
        value = seen["value"]
        fail(
            general.RETURNED_NONE if value is None else general.WRONG_TYPE,
            tried=tried,
            observed=describe(value),
            expected=_("an `nn.Module`"),
        )
    return seen, tried, recipe, batch


def _judge_values(answer: Witness, rng: torch.Generator) -> None:
    for first in (False, True):
        seen, tried, recipe, batch = _case(answer, rng, first)
        require(not seen["itself"], NO_COPY, tried=tried)
        model = probes.build(recipe).eval()
        with one_thread(), torch.no_grad():
            right = model(batch)

        def both(model: nn.Module) -> None:
            _drop_others(model)
            _drop_folded(model)

        equal(
            seen["value"],
            right,
            tried=tried,
            tolerance=Tolerance(rtol=1e-3, atol=1e-4),
            wrong=[
                (NORMS_DROPPED, _slip(recipe, batch, _drop_folded)),
                (NORMS_DROPPED, _slip(recipe, batch, both)),
                (OTHERS_DROPPED, _slip(recipe, batch, _drop_others)),
                (BIAS_LOST, _slip(recipe, batch, _lose_bias)),
            ],
            recognise=[(TRAINING_VALUES, bool(plain(seen["training"])))],
        )


def _judge_untouched(answer: Witness, rng: torch.Generator) -> None:
    for first in (False, True):
        seen, tried, _recipe, _batch = _case(answer, rng, first)
        changed = plain(seen["changed"]) or plain(seen["changed_later"])
        words = {
            "state": _("values of parameters or statistics"),
            "modes": _("modes"),
            "grads": _("requires_grad"),
            "formats": _("memory format"),
        }
        require(
            not changed,
            MODEL_TOUCHED,
            tried=tried,
            observed=_("changed: {names}", names=words[changed[0]] if changed else ""),
            expected=_("the model as it was"),
        )
        require(not seen["shared"], SHARED, tried=tried)


def _judge_ready(answer: Witness, rng: torch.Generator) -> None:
    for first in (False, True):
        seen, tried, _recipe, _batch = _case(answer, rng, first)
        training = plain(seen["training"])
        require(
            not training,
            STILL_TRAINING,
            tried=tried,
            observed=_("{n} modules in training mode", n=len(training)),
        )
        require(
            not seen["grads"],
            STILL_LEARNING,
            tried=tried,
            observed=_("{n} parameters require gradients", n=seen["grads"]),
        )
        require(
            not seen["contiguous"],
            NOT_CHANNELS_LAST,
            tried=tried,
            observed=_("{n} weights in another format", n=seen["contiguous"]),
        )


def _judge_folded(answer: Witness, rng: torch.Generator) -> None:
    for first in (False, True):
        seen, tried, recipe, _batch = _case(answer, rng, first)
        model = probes.build(recipe)
        norms = sum(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())
        left = norms - len(list(_pairs(model)))
        require(
            seen["norms"] <= left,
            NORMS_LEFT,
            tried=tried,
            observed=_("{n} BatchNorm layers are calculated in one call", n=seen["norms"]),
            expected=_("{n}, those that stand behind no convolution", n=left),
        )


VALUES = "the values of evaluation mode"
EXERCISE = Exercise(
    id="capstone-3",
    title=_("A copy that is ready for inference"),
    answer="ready_copy",
    parts=(
        Part(_("the values of evaluation mode"), 1, _judge_values),
        Part(_("the model itself is left alone"), 1, _judge_untouched, needs=(VALUES,)),
        Part(_("mode, gradients and memory format of the copy"), 1, _judge_ready, needs=(VALUES,)),
        Part(_("BatchNorm folded into the convolutions"), 1, _judge_folded, needs=(VALUES,)),
    ),
    hints=(
        _(
            "`copy.deepcopy(model)` first; all that follows is done to the copy. `eval()`, `requires_grad_(False)` and `to(memory_format=torch.channels_last)` each are one call."
        ),
        _(
            "For the folding, go through `list(copy.modules())`, and in each `nn.Sequential` look at neighbours: a `Conv2d`, and behind it a `BatchNorm2d`."
        ),
        _(
            "`container[i] = torch.nn.utils.fuse_conv_bn_eval(container[i], container[i + 1])`, then `container[i + 1] = nn.Identity()`. It needs both in evaluation mode. Then set the format."
        ),
    ),
    explanation=_(
        "In evaluation mode BatchNorm multiplies each channel by a fixed number and adds another. A convolution in front of it can do both: the factor goes into its weights, the "
        "rest into its bias. All of this is done once, when the classifier is made; each of the many calls is the faster for it. The copy is what makes it allowed: the caller's "
        "model is as it was. `torch.fx.experimental.optimization.fuse` does the folding for models that it can trace."
    ),
    mistakes=(
        NO_COPY,
        SHARED,
        MODEL_TOUCHED,
        STILL_TRAINING,
        STILL_LEARNING,
        NOT_CHANNELS_LAST,
        NORMS_LEFT,
        NORMS_DROPPED,
        OTHERS_DROPPED,
        TRAINING_VALUES,
        BIAS_LOST,
    ),
)
