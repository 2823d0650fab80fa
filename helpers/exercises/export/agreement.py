"""export-5: how far an ONNX file and its model are apart, on many batches."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from helpers.exercises.export.shared import (
    MODE_NOT_RESTORED,
    MODEL_FROZEN,
    SAME_NUMBERS,
    logits,
    onnx_classifier,
    pictures,
    require_untouched,
    seed,
)
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging.answers import Witness
from helpers.judging.compare import Tolerance, same
from helpers.text import Message, _
from helpers.trials import export as trials
from helpers.trials import probes
from helpers.trials.values import DictSeen, Seen, TensorSeen

SIGN_FORGOTTEN = Mistake(
    "sign-forgotten",
    _(
        "`largest` is the largest of the signed differences: one that is far below zero does not count. Take absolute values."
    ),
    SAME_NUMBERS,
)
MEAN_TAKEN = Mistake(
    "mean-taken",
    _("`largest` is a mean of the differences. One bad logit among many good ones disappears in a mean."),
    SAME_NUMBERS,
)
ONE_BATCH = Mistake(
    "one-batch",
    _("`largest` comes from one batch only. Go through all of them and keep the largest."),
    SAME_NUMBERS,
)
MEAN_OF_SHARES = Mistake(
    "mean-of-shares",
    _(
        "`same_top1` is the mean of the batches' shares, so a picture in a small batch counts for more. Count the pictures of all batches."
    ),
    SAME_NUMBERS,
)
COUNT_GIVEN = Mistake(
    "count-given", _("`same_top1` is a count. Divide it by the number of all pictures."), SAME_NUMBERS
)
PERCENT = Mistake("percent", _("`same_top1` is in percent. A share lies between 0 and 1."), SAME_NUMBERS)
BATCHES_COUNTED = Mistake(
    "batches-counted", _("`pictures` is the number of batches. Count the pictures in them."), SAME_NUMBERS
)
OTHER_AGREES = Mistake(
    "other-agrees",
    _(
        "`agrees` does not follow from `largest` and `tolerance`. It is True when `largest` is at most `tolerance`, and only then."
    ),
    SAME_NUMBERS,
)
TENSOR_INSIDE = Mistake(
    "tensor-inside",
    _(
        "There are tensors or arrays in the report. `.item()`, `float(…)` and `bool(…)` make ordinary Python values of them."
    ),
    SAME_NUMBERS,
)
NAN_AGREES = Mistake(
    "nan-agrees",
    _(
        "One of the two gave NaN, and the report does not show it: every comparison with NaN is False, and Python's `max` passes over it. Ask with "
        "`torch.isfinite` first."
    ),
    SAME_NUMBERS,
)
PROBABILITIES_COMPARED = Mistake(
    "probabilities-compared",
    _("You compared probabilities. Softmax makes differences small: compare the logits."),
    SAME_NUMBERS,
)
TRAINING_MODE = Mistake(
    "training-mode",
    _(
        "The model ran in training mode, and the file is compared with something that it never was. Call `model.eval()` before, and put the modes back after."
    ),
    SAME_NUMBERS,
)
GRADIENTS_KEPT = Mistake(
    "gradients-kept",
    _("The model ran with gradients on. Call it in `torch.inference_mode()` or `torch.no_grad()`."),
    SAME_NUMBERS,
)

NAMES = ("image", "score")
NEAR = Tolerance(rtol=1e-3, atol=2e-5)


def _batch_norm_folded(model: nn.Module) -> dict[str, Tensor]:
    """The model's layers for :func:`onnx_classifier`, with BatchNorm folded into the convolution."""
    conv, norm = model.features[0], model.features[1]
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    return {
        "conv.weight": conv.weight * factor.view(-1, 1, 1, 1),
        "conv.bias": (conv.bias - norm.running_mean) * factor + norm.bias,
        "linear.weight": model.head[3].weight,
        "linear.bias": model.head[3].bias,
    }


def _file(
    model: nn.Module,
    shift: Tensor | None = None,
    invalid_below: float | None = None,
    hides_nan: bool = False,
) -> bytes:
    """The model as ONNX, right or with one fault.

    With ``shift`` (C,) the logits of each picture move by that, times the picture's mean if it is positive. With
    ``invalid_below`` those of pictures with a lower mean are NaN. With ``hides_nan`` 0 stands for every NaN.
    """
    from onnx import helper

    mean = [
        helper.make_node("GlobalAveragePool", ["image"], ["m"]),
        helper.make_node("Flatten", ["m"], ["n"]),
        helper.make_node("ReduceMean", ["n"], ["mean"], axes=[1], keepdims=1),
    ]
    nodes: list[Any] | None = None
    constants: dict[str, Tensor] = {}
    if shift is not None:
        nodes = [
            *mean,
            helper.make_node("Relu", ["mean"], ["positive"]),
            helper.make_node("Mul", ["positive", "shift"], ["by"]),
            helper.make_node("Add", ["plain", "by"], ["score"]),
        ]
        constants = {"shift": shift[None]}
    elif invalid_below is not None:
        nodes = [
            *mean,
            helper.make_node("Sub", ["mean", "limit"], ["above"]),
            helper.make_node("Sqrt", ["above"], ["root"]),
            helper.make_node("Mul", ["root", "zero"], ["by"]),
            helper.make_node("Add", ["plain", "by"], ["score"]),
        ]
        constants = {"limit": torch.tensor([[invalid_below]]), "zero": torch.zeros(1, 1)}
    elif hides_nan:
        nodes = [
            helper.make_node("IsNaN", ["plain"], ["missing"]),
            helper.make_node("Where", ["missing", "zero", "plain"], ["score"]),
        ]
        constants = {"zero": torch.zeros(1, 1)}
    return onnx_classifier(_batch_norm_folded(model), NAMES, "batch", nodes, constants)


def _with_means(batch: Tensor, means: list[float]) -> Tensor:
    """The pictures, moved so that they have these means."""
    own = batch.mean(dim=(1, 2, 3), keepdim=True)
    return batch - own + torch.tensor(means).view(-1, 1, 1, 1)


def _get(value: Seen, key: str) -> Seen:
    return dict(value.pairs).get(key) if isinstance(value, DictSeen) else None


def _judge_report(
    seen: dict[str, Seen],
    ours: list[Tensor],
    theirs: list[Tensor],
    tolerance: float,
    tried: Message,
    first: list[tuple[Mistake, bool]] | None = None,
) -> None:
    """Judge a report on these two lists of logits; ``first`` are recognisers that come before all others."""
    value = seen["value"]
    differences = [b - a for a, b in zip(ours, theirs, strict=True)]
    everything = torch.cat(differences)
    finite = bool(torch.isfinite(everything).all())
    largest = everything.abs().max().item() if finite else math.inf
    shares = [(a.argmax(1) == b.argmax(1)).float().mean().item() for a, b in zip(ours, theirs, strict=True)]
    same_class = int((torch.cat(ours).argmax(1) == torch.cat(theirs).argmax(1)).sum())
    count = len(everything)
    softmaxed = [(b.softmax(1) - a.softmax(1)).abs().max().item() for a, b in zip(ours, theirs, strict=True)]
    right = {
        "pictures": count,
        "largest": largest,
        "same_top1": same_class / count,
        "agrees": finite and largest <= tolerance,
    }
    if not finite:  # which class a row of NaN belongs to is nobody's question
        right.pop("same_top1")
        if isinstance(value, DictSeen):
            value = DictSeen([(key, item) for key, item in value.pairs if key != "same_top1"])
    one = _get(value, "largest")
    share = _get(value, "same_top1")

    def is_one_of(found: Seen, candidates: list[float]) -> bool:
        return any(same(found, float(number), NEAR) for number in candidates)

    means = [everything.abs().mean().item(), *[d.abs().mean().item() for d in differences]]
    means.append(sum(means[1:]) / len(differences))
    means += [
        everything.mean().item(),
        everything.square().mean().item(),
        everything.square().mean().sqrt().item(),
    ]
    off = not is_one_of(one, [largest])
    off_share = finite and not is_one_of(share, [same_class / count])
    equal(
        value,
        right,
        tried=tried,
        tolerance=NEAR,
        recognise=[
            *(first or []),
            (
                TENSOR_INSIDE,
                isinstance(value, DictSeen)
                and any(isinstance(item, TensorSeen) for _key, item in value.pairs),
            ),
            (BATCHES_COUNTED, _get(value, "pictures") == len(ours)),
            (SIGN_FORGOTTEN, off and is_one_of(one, [everything.max().item(), -everything.min().item()])),
            (ONE_BATCH, off and is_one_of(one, [d.abs().max().item() for d in differences])),
            (MEAN_TAKEN, off and is_one_of(one, means)),
            (PROBABILITIES_COMPARED, off and is_one_of(one, [max(softmaxed)])),
            (MEAN_OF_SHARES, off_share and is_one_of(share, [sum(shares) / len(shares)])),
            (COUNT_GIVEN, off_share and share == same_class),
            (PERCENT, off_share and is_one_of(share, [100 * same_class / count])),
            (OTHER_AGREES, not off and not off_share and isinstance(_get(value, "agrees"), bool)),
        ],
    )


def _moved(model: nn.Module, batch: Tensor, shift: Tensor) -> Tensor:
    return logits(model, batch) + batch.mean(dim=(1, 2, 3)).relu()[:, None] * shift


def _judge_numbers(answer: Witness, rng: torch.Generator) -> None:
    recipe = probes.recipe("export-plain", seed(rng))
    model = probes.build(recipe).eval()

    # 1. nothing but rounding between the two
    batches = [pictures(rng, size) for size in (4, 1, 2)]
    tried = _("a file that was exported well, batches of 4, 1 and 2")
    seen = answer.run(
        trials.report, model=recipe, training=[], file=_file(model), batches=batches, tolerance=1e-3
    )
    ours = [logits(model, batch) for batch in batches]
    _judge_report(seen, ours, ours, 1e-3, tried)

    # 2. the second batch is the worst, and the difference there negative; its winner loses
    batches = [
        _with_means(pictures(rng, 4), [-1, 0.02, -1, 0.03]),
        _with_means(pictures(rng, 3), [-1, -1, 1]),
        _with_means(pictures(rng, 1), [0.04]),
    ]
    shift = torch.full((5,), 0.1)
    worst = logits(model, batches[1])[2]
    shift[worst.argmax()] = -(worst.max() - worst.min()).item() - 1
    ours = [logits(model, batch) for batch in batches]
    theirs = [_moved(model, batch, shift) for batch in batches]
    tried = _("a file whose logits are off for one picture in the second batch")
    for tolerance in (0.05, 1000.0):
        seen = answer.run(
            trials.report,
            model=recipe,
            training=[],
            file=_file(model, shift),
            batches=batches,
            tolerance=tolerance,
        )
        _judge_report(seen, ours, theirs, tolerance, tried)


def _judge_nan(answer: Witness, rng: torch.Generator) -> None:
    recipe = probes.recipe("export-plain", seed(rng))
    model = probes.build(recipe).eval()
    good, bad = _with_means(pictures(rng, 2), [1, 1]), _with_means(pictures(rng, 3), [1, -1, 1])
    broken = pictures(rng, 2)
    broken[1, 0, 2, 3] = math.nan
    cases = [
        (_("a file that gives NaN for one picture of the first batch"), [bad, good], {"invalid_below": 0.0}),
        (_("a file that gives NaN for one picture of the last batch"), [good, bad], {"invalid_below": 0.0}),
        (
            _("a picture for which the model gives NaN and the file does not"),
            [broken, good],
            {"hides_nan": True},
        ),
    ]
    for tried, batches, fault in cases:
        seen = answer.run(
            trials.report,
            model=recipe,
            training=[],
            file=_file(model, **fault),
            batches=batches,
            tolerance=1e-3,
        )
        ours = [logits(model, batch) for batch in batches]
        theirs = [
            one + (batch.mean(dim=(1, 2, 3)).sqrt() * 0)[:, None]
            for one, batch in zip(ours, batches, strict=True)
        ]
        largest, agrees = _get(seen["value"], "largest"), _get(seen["value"], "agrees")
        hidden = isinstance(largest, float) and largest != math.inf
        _judge_report(seen, ours, theirs, 1e-3, tried, first=[(NAN_AGREES, hidden or agrees is True)])


def _judge_mode(answer: Witness, rng: torch.Generator) -> None:
    recipe = probes.recipe("export-plain", seed(rng))
    model = probes.build(recipe).eval()
    batches = [pictures(rng, size) for size in (6, 3)]
    tried = _("a model that comes in training mode, but for one part")
    seen = answer.run(
        trials.report,
        model=recipe,
        training=["", "features", "features.1", "head"],
        file=_file(model),
        batches=batches,
        tolerance=1e-3,
    )
    ours = [logits(model, batch) for batch in batches]
    largest = _get(seen["value"], "largest")
    _judge_report(
        seen, ours, ours, 1e-3, tried, first=[(TRAINING_MODE, isinstance(largest, float) and largest > 1e-2)]
    )
    require(not seen["recorded"], GRADIENTS_KEPT, tried=tried)
    require_untouched(seen, tried)


EXERCISE = Exercise(
    id="export-5",
    title=_("How far are they apart?"),
    answer="agreement",
    limit=30,
    parts=(
        Part(_("the numbers of the report"), 3, _judge_numbers),
        Part(_("NaN is noticed"), 1, _judge_nan, needs=("the numbers of the report",)),
        Part(
            _("evaluation mode, no gradients, the model left as it was"),
            1,
            _judge_mode,
            needs=("the numbers of the report",),
        ),
    ),
    hints=(
        _(
            "Get both lists of logits first: for each batch the model's, and those of an ONNX Runtime session (`OnnxModel` of the exercise before will do). `torch.cat` makes one tensor of each list."
        ),
        _(
            "With `ours` and `theirs` of shape (all pictures, C): `(ours - theirs).abs().max().item()`, and `(ours.argmax(1) == theirs.argmax(1)).float().mean().item()`."
        ),
        _(
            'For NaN: `finite = bool(torch.isfinite(ours - theirs).all())`, then `largest = … if finite else float("inf")`. `largest <= tolerance` is then False by itself.'
        ),
    ),
    explanation=_(
        "The largest difference, and not a mean: one wrong logit is enough for a wrong answer. Many inputs and several batch sizes, because a file may be right for the example and wrong "
        "beside it. And a check that NaN can pass is no check: `nan > tolerance` is False, so `not nan > tolerance` says that all is well."
    ),
    mistakes=(
        SIGN_FORGOTTEN,
        MEAN_TAKEN,
        ONE_BATCH,
        MEAN_OF_SHARES,
        COUNT_GIVEN,
        PERCENT,
        BATCHES_COUNTED,
        OTHER_AGREES,
        TENSOR_INSIDE,
        NAN_AGREES,
        PROBABILITIES_COMPARED,
        TRAINING_MODE,
        GRADIENTS_KEPT,
        MODE_NOT_RESTORED,
        MODEL_FROZEN,
    ),
)
