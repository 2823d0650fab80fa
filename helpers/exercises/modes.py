"""Lesson 01, training and evaluation mode."""

from __future__ import annotations

from typing import Any

import torch

from helpers.judging import (
    Exercise,
    Lesson,
    Mistake,
    Part,
    Prediction,
    equal,
    fail,
    mistakes,
    require,
)
from helpers.judging.answers import Stopped, Witness
from helpers.text import Message, _
from helpers.trials import modes as trials
from helpers.trials import probes
from helpers.trials.runner import Raised
from helpers.trials.values import ListSeen, Seen, TensorSeen, plain, snapshot

SWITCH = _("One switch, many layers")
DROPOUT = _("Dropout: random in training, nothing in evaluation")
BATCH_NORM = _("BatchNorm: two kinds of statistics")
STAYS = _("A part that stays in evaluation mode")
RESTORE = _("The mode it was in")


def _seed(rng: torch.Generator) -> int:
    return int(torch.randint(10_000, (), generator=rng))


def _normal(rng: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=rng)


def _uniform(rng: torch.Generator, low: float, high: float, *shape: int) -> torch.Tensor:
    return low + (high - low) * torch.rand(*shape, generator=rng)


def _apart(rng: torch.Generator, low: float, step: float, count: int) -> torch.Tensor:
    """Values that differ from each other by about a step, in a random order."""
    values = low + step * torch.arange(count) + _uniform(rng, 0, step / 4, count)
    return values[torch.randperm(count, generator=rng)]


def _mode(training: bool) -> Message:
    return _("training mode") if training else _("evaluation mode")


# modes-1: logits in evaluation mode

STAYED_IN_TRAINING = Mistake(
    "stayed-in-training",
    _(
        "The model was still in training mode when you called it: Dropout was random, and BatchNorm used the batch. Call `model.eval()` before."
    ),
    SWITCH,
)
ONLY_ITS_OWN_FLAG = Mistake(
    "only-its-own-flag",
    _(
        "You set the flag of the model itself, and the layers in it stayed in training mode. `model.eval()` sets the flag of every module."
    ),
    SWITCH,
)
GAVE_PROBABILITIES = Mistake(
    "gave-probabilities",
    _("You returned probabilities. What is asked are the logits, as the model gives them."),
)
LEFT_IN_EVALUATION = Mistake(
    "left-in-evaluation",
    _(
        "The model came in training mode and was left in evaluation mode. Whoever trains it goes on without Dropout, and does not notice."
    ),
    RESTORE,
)
LEFT_IN_TRAINING = Mistake(
    "left-in-training",
    _(
        "The model came in evaluation mode and was left in training mode. Remember `model.training` before you switch, and put that back."
    ),
    RESTORE,
)
PUT_BACK_IN_PART = Mistake(
    "put-back-in-part",
    _(
        "Some modules got their mode back and others did not: a flag was set by hand. `model.train(mode)` sets the flag of every module."
    ),
    SWITCH,
)


def _logits_case(answer: Witness, rng: torch.Generator, training: bool) -> tuple[dict[str, Any], Message]:
    model = probes.recipe(seed=_seed(rng))
    batch = _normal(rng, int(torch.randint(3, 6, (), generator=rng)), 3, 6, 6) * 2 + 1
    seen = answer.run(trials.predicting, model=model, batch=batch, training=training)
    seen |= {name: plain(seen[name]) for name in ("calls", "modes", "changed")}
    seen |= {"model": model, "given": batch}
    return seen, _("a model in {mode}, a batch of {n}", mode=_mode(training), n=len(batch))


def _judge_logits(answer: Witness, rng: torch.Generator) -> None:
    for training in (True, False):
        seen, tried = _logits_case(answer, rng, training)
        with torch.no_grad():
            logits = probes.build(seen["model"]).eval()(seen["given"])
        last = seen["calls"][-1] if seen["calls"] else {}
        equal(
            seen["value"],
            logits,
            tried=tried,
            recognise=[
                (mistakes.RETURNED_NONE, seen["value"] is None),
                (STAYED_IN_TRAINING, bool(last.get("training"))),
                (ONLY_ITS_OWN_FLAG, bool(last) and not last["training"] and not last["all_eval"]),
                (mistakes.MODEL_CHANGED, bool(seen["changed"])),
            ],
            wrong=[(GAVE_PROBABILITIES, logits.softmax(dim=1))],
        )
        require(
            not seen["changed"],
            mistakes.MODEL_CHANGED,
            tried=tried,
            observed=_("changed: {names}", names=", ".join(seen["changed"][:3])),
            expected=_("every parameter and buffer as before"),
        )
        equal(seen["batch"], seen["given"], tried=tried, recognise=[(mistakes.INPUT_CHANGED, True)])


def _judge_mode_after(answer: Witness, rng: torch.Generator) -> None:
    for training in (True, False):
        seen, tried = _logits_case(answer, rng, training)
        now = seen["modes"]
        if set(now.values()) == {training}:
            continue
        mistake = PUT_BACK_IN_PART
        if len(set(now.values())) == 1:
            mistake = LEFT_IN_EVALUATION if training else LEFT_IN_TRAINING
        fail(
            mistake,
            tried=tried,
            observed=_(
                "afterwards {n} of {total} modules are in {mode}",
                n=sum(mode != training for mode in now.values()),
                total=len(now),
                mode=_mode(not training),
            ),
            expected=_("all of them in {mode}", mode=_mode(training)),
        )


MODES_1 = Exercise(
    id="modes-1",
    title=_("Logits in evaluation mode"),
    answer="evaluation_logits",
    parts=(
        Part(_("the logits of evaluation mode"), 1, _judge_logits),
        Part(_("the model's mode as it was"), 1, _judge_mode_after, needs=("the logits of evaluation mode",)),
    ),
    hints=(
        _("There are three steps before the end: remember the mode, switch it, call the model."),
        _(
            "`model.training` says in which mode a model is; `model.eval()` switches; `model.train(mode)` takes a bool."
        ),
        _(
            "`training = model.training`, then `model.eval()`, then `logits = model(batch)`, then `model.train(training)`, and return the logits."
        ),
    ),
    explanation=_(
        "`model.train(training)` with the remembered flag serves both cases: `train(False)` is the same as `eval()`. If the model raises in between, its mode is not put back; the last exercise of this lesson mends that."
    ),
    mistakes=(
        STAYED_IN_TRAINING,
        ONLY_ITS_OWN_FLAG,
        GAVE_PROBABILITIES,
        LEFT_IN_EVALUATION,
        LEFT_IN_TRAINING,
        PUT_BACK_IN_PART,
    ),
)

# modes-2: Dropout by hand

USED_DROPOUT = Mistake(
    "used-dropout",
    _("The values are right, and they come from PyTorch's own dropout. Write it with tensor operations."),
)
DROPPED_IN_EVALUATION = Mistake(
    "dropped-in-evaluation",
    _(
        "In evaluation mode some values became zero. There, Dropout returns what it got; look at `training` first."
    ),
    DROPOUT,
)
SCALED_IN_EVALUATION = Mistake(
    "scaled-in-evaluation",
    _(
        "You scaled the values in evaluation mode. PyTorch's Dropout is inverted: it scales in training, so that evaluation has nothing to do."
    ),
    DROPOUT,
)
NOTHING_DROPPED = Mistake(
    "nothing-dropped",
    _("In training mode no value became zero. Each one should, with probability p."),
    DROPOUT,
)
NOT_SCALED = Mistake(
    "not-scaled",
    _("The values that are kept must grow, so that the mean stays the same: divide them by 1 - p."),
    DROPOUT,
)
SCALED_THE_WRONG_WAY = Mistake(
    "scaled-the-wrong-way",
    _("The kept values became smaller: they are multiplied by 1 - p. Divide instead."),
    DROPOUT,
)
SCALED_BY_P = Mistake(
    "scaled-by-p",
    _("The kept values are divided by p. A share of 1 - p is kept, so that is what keeps the mean the same."),
    DROPOUT,
)
KEPT_A_SHARE_OF_P = Mistake(
    "kept-a-share-of-p",
    _(
        "A share of p is kept and the rest dropped. In PyTorch, p is the probability that a value becomes zero."
    ),
    DROPOUT,
)
WHOLE_ROWS = Mistake(
    "whole-rows",
    _(
        "Whole rows or columns are dropped together. Draw one random number for each element, in the shape of `x`."
    ),
    DROPOUT,
)
SAME_EVERY_TIME = Mistake(
    "same-every-time",
    _("Two calls dropped the same elements. Draw new random numbers in each call, and set no seed."),
    DROPOUT,
)


def _no_zeros(rng: torch.Generator, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Values between 0.5 and 2 with either sign, (50, 400), so that a zero is a dropped one."""
    signs = torch.randint(0, 2, (50, 400), generator=rng) * 2 - 1
    return (_uniform(rng, 0.5, 2.0, 50, 400) * signs).to(dtype)


def _is_like(seen: Seen, x: torch.Tensor) -> bool:
    return isinstance(seen, TensorSeen) and not seen.array and seen.data.shape == x.shape


def _not_by_torch(seen: dict[str, Seen], mistake: Mistake, tried: Message) -> None:
    used = plain(seen["used"])
    require(
        not used,
        mistake,
        tried=tried,
        observed=_("a call of {names}", names=", ".join(f"`{name}`" for name in used)),
        expected=_("none"),
    )


def _judge_dropout_off(answer: Witness, rng: torch.Generator) -> None:
    for p in (0.2, 0.7):
        x = _no_zeros(rng)
        tried = _("evaluation mode, p = {p}", p=p)
        seen = answer.run(trials.by_hand, args=[x, p, False], word="dropout")
        value = seen["value"]
        dropped = _is_like(value, x) and bool((value.data == 0).any())
        equal(
            value,
            x,
            tried=tried,
            recognise=[(DROPPED_IN_EVALUATION, dropped)],
            wrong=[(SCALED_IN_EVALUATION, x * (1 - p)), (SCALED_IN_EVALUATION, x / (1 - p))],
        )
        equal(plain(seen["args"])[0], x, tried=tried, recognise=[(mistakes.INPUT_CHANGED, True)])
        _not_by_torch(seen, USED_DROPOUT, tried)


def _judge_dropout_on(answer: Witness, rng: torch.Generator) -> None:
    for p, dtype in ((0.2, torch.float32), (0.7, torch.float64)):
        x = _no_zeros(rng, dtype)
        tried = _("training mode, p = {p}, {dtype}", p=p, dtype=str(dtype).removeprefix("torch."))
        seen = answer.run(trials.by_hand_twice, args=[x, p, True], word="dropout")
        kept = _judge_dropped(seen["value"], x, p, tried)
        kept_again = _judge_dropped(seen["again"], x, p, tried)
        require(
            not torch.equal(kept, kept_again),
            SAME_EVERY_TIME,
            tried=_("training mode, p = {p}, called twice", p=p),
            observed=_("the same zeros twice"),
            expected=_("other zeros in each call"),
        )
        equal(plain(seen["args"])[0], x, tried=tried, recognise=[(mistakes.INPUT_CHANGED, True)])
        _not_by_torch(seen, USED_DROPOUT, tried)


def _judge_dropped(value: Seen, x: torch.Tensor, p: float, tried: Message) -> torch.Tensor:
    """Which elements were kept, once everything about one call is right."""
    if not _is_like(value, x):
        equal(value, x, tried=tried)  # tells which type or shape it should have
    data = value.data
    kept = data != 0
    share = 1 - kept.double().mean().item()

    def scaled(factor: float) -> torch.Tensor:
        return torch.where(kept, x * factor, torch.zeros((), dtype=x.dtype))

    # an equal dtype is part of being right; recognisers below look only at the values
    rows = bool((kept == kept[:, :1]).all() or (kept == kept[:1]).all())
    flipped = abs(share - (1 - p)) < 0.03
    equal(
        value,
        scaled(1 / (1 - p)),
        tried=tried,
        recognise=[
            (NOTHING_DROPPED, share == 0 and data.dtype == x.dtype),
            (KEPT_A_SHARE_OF_P, flipped and data.dtype == x.dtype and not rows),
        ],
        wrong=[
            (NOT_SCALED, scaled(1.0)),
            (SCALED_THE_WRONG_WAY, scaled(1 - p)),
            (SCALED_BY_P, scaled(1 / p)),
        ],
    )
    require(
        abs(share - p) < 0.03 and not rows,
        NOTHING_DROPPED
        if share == 0
        else WHOLE_ROWS
        if rows
        else KEPT_A_SHARE_OF_P
        if flipped
        else mistakes.WRONG_VALUES,
        tried=tried,
        observed=_("whole rows or columns of zeros")
        if rows and share
        else _("{share:.0%} zeros", share=share),
        expected=_("about {share:.0%} zeros, each element for itself", share=p),
    )
    return kept


MODES_2 = Exercise(
    id="modes-2",
    title=_("Dropout by hand"),
    answer="inverted_dropout",
    parts=(
        Part(_("Dropout in evaluation mode"), 1, _judge_dropout_off),
        Part(_("Dropout in training mode"), 2, _judge_dropout_on),
    ),
    hints=(
        _("Two cases. One of them needs no computation at all."),
        _(
            "In training mode: `torch.rand_like(x)` gives one number from 0 to 1 for each element. Compare it with `p` to see which ones are kept."
        ),
        _(
            "`keep = torch.rand_like(x) >= p`, then return `x * keep / (1 - p)`. In evaluation mode return `x`."
        ),
    ),
    explanation=_(
        "A random number from 0 to 1 is at least p with probability 1 - p, so that share is kept. The mean shrinks to 1 - p times what it was, and dividing by 1 - p restores it. That is why evaluation needs no work at all."
    ),
    mistakes=(
        USED_DROPOUT,
        DROPPED_IN_EVALUATION,
        SCALED_IN_EVALUATION,
        NOTHING_DROPPED,
        NOT_SCALED,
        SCALED_THE_WRONG_WAY,
        SCALED_BY_P,
        KEPT_A_SHARE_OF_P,
        WHOLE_ROWS,
        SAME_EVERY_TIME,
    ),
)

# modes-3: BatchNorm by hand

USED_BATCH_NORM = Mistake(
    "used-batch-norm",
    _("The values are right, and they come from PyTorch's own batch_norm. Write it with tensor operations."),
)
ONLY_THE_OUTPUT = Mistake(
    "only-the-output",
    _(
        "You returned the output alone. Return three tensors: the output, the running mean, the running variance."
    ),
)
BATCH_IN_EVALUATION = Mistake(
    "batch-in-evaluation",
    _("You used the batch's own statistics in evaluation mode. There, the running ones count."),
    BATCH_NORM,
)
UPDATED_IN_EVALUATION = Mistake(
    "updated-in-evaluation",
    _(
        "You updated the running statistics in evaluation mode. There, nothing is learned: return them as they came."
    ),
    BATCH_NORM,
)
RUNNING_IN_TRAINING = Mistake(
    "running-in-training",
    _(
        "You normalised with the running statistics in training mode. There, the batch's own statistics count."
    ),
    BATCH_NORM,
)
UPDATED_FIRST = Mistake(
    "updated-first",
    _(
        "You updated the running statistics and normalised with the result. The batch's own statistics normalise it."
    ),
    BATCH_NORM,
)
PER_IMAGE = Mistake(
    "per-image",
    _(
        "Each image got statistics of its own: that is instance normalisation. Take the mean over the batch as well, one number a channel."
    ),
    BATCH_NORM,
)
WHOLE_BATCH = Mistake(
    "whole-batch",
    _("You took one mean over everything. BatchNorm has statistics for each channel: leave dimension 1 out."),
    BATCH_NORM,
)
ALONG_THE_WIDTH = Mistake(
    "along-the-width",
    _(
        "A tensor of shape (C,) lines up with the last dimension, here the width. Give it the shape (1, C, 1, 1) first."
    ),
    BATCH_NORM,
)
NO_SQUARE_ROOT = Mistake(
    "no-square-root",
    _("You divided by the variance. Divide by its square root, `sqrt(var + eps)`."),
    BATCH_NORM,
)
EPS_OUTSIDE = Mistake(
    "eps-outside", _("`eps` belongs under the square root, with the variance: `sqrt(var + eps)`."), BATCH_NORM
)
NO_EPS = Mistake("no-eps", _("`eps` is missing: divide by `sqrt(var + eps)`."), BATCH_NORM)
NO_WEIGHT = Mistake(
    "no-weight",
    _("The normalised values must still be multiplied by `weight`, and `bias` be added."),
    BATCH_NORM,
)
UNBIASED_OUTPUT = Mistake(
    "unbiased-output",
    _("You normalised with the unbiased variance. For the output it is the biased one: `unbiased=False`."),
    BATCH_NORM,
)
BIASED_RUNNING = Mistake(
    "biased-running",
    _(
        "You put the biased variance into the running one. There PyTorch takes the unbiased one, divided by n - 1."
    ),
    BATCH_NORM,
)
MOMENTUM_SWAPPED = Mistake(
    "momentum-swapped",
    _("`momentum` is the share of the new value in PyTorch: `(1 - momentum) * running + momentum * batch`."),
    BATCH_NORM,
)
NOT_UPDATED = Mistake(
    "not-updated",
    _("In training mode the running statistics must move towards those of the batch."),
    BATCH_NORM,
)
REPLACED = Mistake(
    "replaced",
    _(
        "You returned the batch's own statistics. The running ones move only a step of `momentum` towards them."
    ),
    BATCH_NORM,
)

CHANNELS = 4


def _normed(
    x: torch.Tensor,
    mean: torch.Tensor,
    var: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    eps: float,
    shape: tuple[int, ...] = (1, CHANNELS, 1, 1),
) -> torch.Tensor:
    def wide(values: torch.Tensor) -> torch.Tensor:
        return values.reshape(shape) if values.ndim == 1 else values

    return (x - wide(mean)) / (wide(var) + eps).sqrt() * wide(weight) + wide(bias)


class _Case:
    """One input of batch normalisation, with every statistic, right and wrong."""

    def __init__(self, rng: torch.Generator, training: bool) -> None:
        # as wide as there are channels, so that a forgotten reshape is no error but a wrong result
        shape = (3, CHANNELS, 2, CHANNELS)
        centre = _apart(rng, -3, 2, CHANNELS).reshape(1, CHANNELS, 1, 1)
        spread = _apart(rng, 1, 0.5, CHANNELS).reshape(1, CHANNELS, 1, 1)
        images = _apart(rng, -2, 2, 3).reshape(3, 1, 1, 1)
        self.x = centre + images + spread * _normal(rng, *shape).clamp(-2, 2)
        self.mean, self.var = _apart(rng, 1, 1.5, CHANNELS), _apart(rng, 1, 1, CHANNELS)
        self.weight, self.bias = _apart(rng, 1.5, 0.5, CHANNELS), _apart(rng, 1, 1.5, CHANNELS)
        self.training, self.momentum, self.eps = training, 0.3, 0.25
        channel = (0, 2, 3)
        self.own_mean, self.biased = self.x.mean(channel), self.x.var(channel, unbiased=False)
        self.unbiased = self.x.var(channel)
        self.new_mean = self.moved(self.mean, self.own_mean, self.momentum)
        self.new_var = self.moved(self.var, self.unbiased, self.momentum)

    def moved(self, old: torch.Tensor, new: torch.Tensor, share: float) -> torch.Tensor:
        return (1 - share) * old + share * new

    @property
    def args(self) -> list[Any]:
        return [self.x, self.mean, self.var, self.weight, self.bias, self.training, self.momentum, self.eps]

    @property
    def tried(self) -> Message:
        return _(
            "{mode}, x of shape {shape}, momentum = {momentum}, eps = {eps}",
            mode=_mode(self.training),
            shape=tuple(self.x.shape),
            momentum=self.momentum,
            eps=self.eps,
        )

    def output(self, mean: torch.Tensor, var: torch.Tensor, **options: Any) -> torch.Tensor:
        weight, bias = options.pop("weight", self.weight), options.pop("bias", self.bias)
        return _normed(self.x, mean, var, weight, bias, options.pop("eps", self.eps), **options)

    def classic(self, mean: torch.Tensor, var: torch.Tensor) -> list[tuple[Mistake, torch.Tensor]]:
        """What the classic slips make of the right statistics."""
        normal = self.output(mean, var, weight=torch.ones(CHANNELS), bias=torch.zeros(CHANNELS))
        return [
            (NO_WEIGHT, normal),
            (NO_WEIGHT, self.output(mean, var, bias=torch.zeros(CHANNELS))),
            (NO_WEIGHT, self.output(mean, var, weight=torch.ones(CHANNELS))),
            (ALONG_THE_WIDTH, normal * self.weight + self.bias),
            (ALONG_THE_WIDTH, self.output(mean, var, shape=(CHANNELS,))),
            (NO_SQUARE_ROOT, self.output(mean, (var + self.eps) ** 2, eps=0)),
            (NO_SQUARE_ROOT, self.output(mean, var**2, eps=0)),
            (EPS_OUTSIDE, self.output(mean, (var.sqrt() + self.eps) ** 2, eps=0)),
            (NO_EPS, self.output(mean, var, eps=0)),
        ]


def _run_norm(answer: Witness, case: _Case) -> tuple[list[Seen], dict[str, Seen]]:
    """The three tensors that came back, and the rest that was seen."""
    seen = answer.run(trials.by_hand, args=case.args, word="batch_norm")
    value = seen["value"]
    if not isinstance(value, ListSeen) or len(value.items) != 3:
        equal(
            value,
            (case.x, case.mean, case.var),
            tried=case.tried,
            recognise=[(ONLY_THE_OUTPUT, isinstance(value, TensorSeen))],
        )
    return value.items, seen


def _unchanged(case: _Case, seen: dict[str, Seen], names: tuple[str, ...]) -> None:
    order = ("x", "mean", "var", "weight", "bias")
    after = plain(seen["args"])
    for place, name in enumerate(order):
        if name in names:
            equal(
                after[place],
                getattr(case, name),
                tried=case.tried,
                recognise=[(mistakes.INPUT_CHANGED, True)],
            )


def _judge_norm_evaluation(answer: Witness, rng: torch.Generator) -> None:
    case = _Case(rng, training=False)
    (output, mean, var), seen = _run_norm(answer, case)
    equal(
        output,
        case.output(case.mean, case.var),
        tried=case.tried,
        wrong=[
            (BATCH_IN_EVALUATION, case.output(case.own_mean, case.biased)),
            (BATCH_IN_EVALUATION, case.output(case.own_mean, case.unbiased)),
            (UPDATED_IN_EVALUATION, case.output(case.new_mean, case.new_var)),
            *case.classic(case.mean, case.var),
        ],
    )
    for found, expected, new in ((mean, case.mean, case.new_mean), (var, case.var, case.new_var)):
        equal(
            found,
            expected,
            tried=case.tried,
            wrong=[
                (UPDATED_IN_EVALUATION, new),
                (UPDATED_IN_EVALUATION, case.moved(case.var, case.biased, case.momentum)),
            ],
        )
    _unchanged(case, seen, ("x", "mean", "var", "weight", "bias"))
    _not_by_torch(seen, USED_BATCH_NORM, case.tried)


def _judge_norm_output(answer: Witness, rng: torch.Generator) -> None:
    case = _Case(rng, training=True)
    (output, _mean, _var), seen = _run_norm(answer, case)
    image = {"dim": (2, 3), "keepdim": True}
    equal(
        output,
        case.output(case.own_mean, case.biased),
        tried=case.tried,
        wrong=[
            (RUNNING_IN_TRAINING, case.output(case.mean, case.var)),
            (UPDATED_FIRST, case.output(case.new_mean, case.new_var)),
            (UPDATED_FIRST, case.output(case.new_mean, case.moved(case.var, case.biased, case.momentum))),
            (UNBIASED_OUTPUT, case.output(case.own_mean, case.unbiased)),
            (PER_IMAGE, case.output(case.x.mean(**image), case.x.var(**image, unbiased=False))),
            (PER_IMAGE, case.output(case.x.mean(**image), case.x.var(**image))),
            (WHOLE_BATCH, case.output(case.x.mean(), case.x.var(unbiased=False))),
            (WHOLE_BATCH, case.output(case.x.mean(), case.x.var())),
            *case.classic(case.own_mean, case.biased),
        ],
    )
    _unchanged(case, seen, ("x", "weight", "bias"))
    _not_by_torch(seen, USED_BATCH_NORM, case.tried)


def _judge_norm_running(answer: Witness, rng: torch.Generator) -> None:
    case = _Case(rng, training=True)
    (_output, mean, var), seen = _run_norm(answer, case)
    # the input first: what was changed in place cannot be told apart by its values
    _unchanged(case, seen, ("mean", "var"))
    keep = 1 - case.momentum
    equal(
        mean,
        case.new_mean,
        tried=case.tried,
        wrong=[
            (NOT_UPDATED, case.mean),
            (REPLACED, case.own_mean),
            (MOMENTUM_SWAPPED, case.moved(case.mean, case.own_mean, keep)),
            (WHOLE_BATCH, case.moved(case.mean, case.x.mean(), case.momentum)),
        ],
    )
    equal(
        var,
        case.new_var,
        tried=case.tried,
        wrong=[
            (NOT_UPDATED, case.var),
            (REPLACED, case.unbiased),
            (REPLACED, case.biased),
            (MOMENTUM_SWAPPED, case.moved(case.var, case.unbiased, keep)),
            (BIASED_RUNNING, case.moved(case.var, case.biased, case.momentum)),
        ],
    )
    _not_by_torch(seen, USED_BATCH_NORM, case.tried)


MODES_3 = Exercise(
    id="modes-3",
    title=_("BatchNorm by hand"),
    answer="batch_norm",
    parts=(
        Part(_("BatchNorm in evaluation mode"), 1, _judge_norm_evaluation),
        Part(_("the output in training mode"), 1, _judge_norm_output),
        Part(_("the running statistics in training mode"), 2, _judge_norm_running),
    ),
    hints=(
        _(
            "First decide which mean and which variance are used: the running ones, or those of the batch over dimensions 0, 2 and 3. The formula is the same."
        ),
        _(
            "`x.mean((0, 2, 3))` and `x.var((0, 2, 3), unbiased=False)` normalise in training. To line up with dimension 1, a tensor of shape (C,) becomes `tensor.view(1, -1, 1, 1)`."
        ),
        _(
            "New running variance: `(1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)`; the mean alike. Output: `(x - mean) / torch.sqrt(var + eps) * weight + bias`, all four of shape (1, C, 1, 1)."
        ),
    ),
    explanation=_(
        "One formula, two sources of statistics. The output uses the biased variance, because that makes the batch's own variance 1; the running variance collects the unbiased one, because it should estimate the variance of all data. PyTorch's layer writes the new statistics into its buffers; here they are returned."
    ),
    mistakes=(
        USED_BATCH_NORM,
        ONLY_THE_OUTPUT,
        BATCH_IN_EVALUATION,
        UPDATED_IN_EVALUATION,
        RUNNING_IN_TRAINING,
        UPDATED_FIRST,
        PER_IMAGE,
        WHOLE_BATCH,
        ALONG_THE_WIDTH,
        NO_SQUARE_ROOT,
        EPS_OUTSIDE,
        NO_EPS,
        NO_WEIGHT,
        UNBIASED_OUTPUT,
        BIASED_RUNNING,
        MOMENTUM_SWAPPED,
        NOT_UPDATED,
        REPLACED,
    ),
)

# modes-4: BatchNorm that stays in evaluation mode

NORMS_TRAINED = Mistake(
    "norms-trained",
    _(
        "After `train()` the BatchNorm layers are in training mode. `super().train(mode)` switches everything; put them in evaluation mode after it."
    ),
    STAYS,
)
ONLY_GRADIENTS = Mistake(
    "only-gradients",
    _(
        "`requires_grad = False` stops gradients. The running statistics are buffers, learn without gradients, and changed: the mode decides about them."
    ),
    STAYS,
)
GRADIENTS_STOPPED = Mistake(
    "gradients-stopped",
    _(
        "You switched off gradients of some parameters. Here only the mode is asked: leave `requires_grad` as it was."
    ),
    STAYS,
)
ONLY_TWO_DIMENSIONAL = Mistake(
    "only-two-dimensional",
    _(
        "A BatchNorm1d layer is in training mode. There is BatchNorm1d, 2d and 3d, and they have a common base class."
    ),
    STAYS,
)
ONLY_DIRECT_CHILDREN = Mistake(
    "only-direct-children",
    _(
        "A BatchNorm layer deeper inside the model is in training mode. `modules()` goes to every depth, `children()` does not."
    ),
    STAYS,
)
FROZE_EVERYTHING = Mistake(
    "froze-everything",
    _("After `train()` layers that are no BatchNorm are in evaluation mode. Only BatchNorm must stay there."),
    STAYS,
)
MODE_IGNORED = Mistake(
    "mode-ignored",
    _(
        "After `eval()`, which is `train(False)`, some layers are in training mode. Hand `mode` on to `super().train`."
    ),
    STAYS,
)
OWN_FLAG_FORGOTTEN = Mistake(
    "own-flag-forgotten",
    _(
        "The wrapper's own `training` did not follow. `super().train(mode)` sets the wrapper and all that it holds."
    ),
    STAYS,
)
RETURNS_NOTHING = Mistake(
    "returns-nothing",
    _(
        "`train()` and `eval()` must return the wrapper, as those of every module do: people write `model.eval().to(device)`."
    ),
    STAYS,
)
CALLS_ITSELF = Mistake(
    "calls-itself",
    _(
        "Your `train` calls itself without end. `self.eval()` is `self.train(False)`; use `super().train(mode)` and the layers' own `eval()`."
    ),
    STAYS,
)

NORM_1D, NORM_DIRECT = "neck.1", "entry"
NORMS = (NORM_DIRECT, "body.0.1", NORM_1D)


def _run_wrapped(answer: Witness, rng: torch.Generator, steps: list[list[Any]]) -> tuple[dict[str, Any], Any]:
    """What was seen, with the steps as plain values, and the features that frozen BatchNorm gives."""
    seed = _seed(rng)
    batch = _normal(rng, 6, 3, 5, 5) * 2 + 1.5
    record = answer.attempt(trials.wrapping, seed=seed, batch=batch, steps=steps)
    if isinstance(record, Raised):
        require(record.type != "RecursionError", CALLS_ITSELF, tried=_("`train()` and `eval()`"))
        raise Stopped(record)
    seen = {name: plain(value) for name, value in record.values.items()}
    if not seen["module"]:
        fail(mistakes.WRONG_TYPE, tried=_("making a wrapper"), expected=_("an `nn.Module`"))
    reference = trials.parts(seed).eval()
    with torch.no_grad():
        reference(batch)
    return seen, reference.noted["features"]


def _changed_norms(step: dict[str, Any]) -> set[str]:
    return {name.rpartition(".")[0] for name in step["changed"]}


def _norms_stay(seen: dict[str, Any], step: dict[str, Any], features: torch.Tensor, tried: Message) -> None:
    """Require that BatchNorm behaved as in evaluation mode in one call."""
    changed = _changed_norms(step)
    found = step.get("features")
    same = isinstance(found, torch.Tensor) and torch.allclose(found, features, rtol=1e-3, atol=1e-4)
    if not changed and same:
        return
    mistake = mistakes.MODEL_CHANGED if changed else mistakes.WRONG_VALUES
    if changed & set(NORMS):
        mistake = NORMS_TRAINED
        if not seen["gradients_kept"]:
            mistake = ONLY_GRADIENTS
        elif changed == {NORM_1D}:
            mistake = ONLY_TWO_DIMENSIONAL
        elif NORM_DIRECT not in changed:
            mistake = ONLY_DIRECT_CHILDREN
    fail(
        mistake,
        tried=tried,
        observed=_("statistics of {n} BatchNorm layers changed", n=len(changed & set(NORMS)))
        if changed
        else _("other features than with running statistics"),
        expected=_("running statistics used, and unchanged"),
    )


def _others_follow(step: dict[str, Any], training: bool, tried: Message) -> None:
    """Require that everything but BatchNorm was in a mode."""
    modes = {name: mode for name, mode in step.get("modes", {}).items() if name not in NORMS}
    wrong = [name for name, mode in modes.items() if mode != training]
    require(
        not wrong and bool(modes),
        FROZE_EVERYTHING if training else MODE_IGNORED,
        tried=tried,
        observed=_(
            "{n} of {total} other modules are in {mode}",
            n=len(wrong),
            total=len(modes),
            mode=_mode(not training),
        ),
        expected=_("all of them in {mode}", mode=_mode(training)),
    )
    require(
        step["own"] == training,
        OWN_FLAG_FORGOTTEN,
        tried=tried,
        observed=_("the wrapper's `training` is {value}", value=step["own"]),
        expected=_("the wrapper's `training` is {value}", value=training),
    )


def _judge_frozen(answer: Witness, rng: torch.Generator) -> None:
    seen, features = _run_wrapped(answer, rng, [["train"]])
    tried = _("`wrapper.train()`, then a call")
    _norms_stay(seen, seen["steps"][0], features, tried)
    _others_follow(seen["steps"][0], True, tried)
    require(
        seen["gradients_kept"],
        GRADIENTS_STOPPED,
        tried=tried,
        observed=_("`requires_grad` differs from before"),
        expected=_("`requires_grad` as before"),
    )


def _judge_switching(answer: Witness, rng: torch.Generator) -> None:
    steps = [(["eval"], False), (["train"], True), (["train", False], False), (["train", True], True)]
    seen, features = _run_wrapped(answer, rng, [step for step, _training in steps])
    for (step, training), found in zip(steps, seen["steps"], strict=True):
        tried = _("`{call}`, then a call", call=_spelled(step))
        _norms_stay(seen, found, features, tried)
        _others_follow(found, training, tried)


def _judge_returning(answer: Witness, rng: torch.Generator) -> None:
    steps = [["train"], ["eval"]]
    seen, _features = _run_wrapped(answer, rng, steps)
    for step, found in zip(steps, seen["steps"], strict=True):
        require(
            found["returned_itself"],
            RETURNS_NOTHING,
            tried=_("`{call}`", call=_spelled(step)),
            observed=_("it returned {type}", type=found["returned"]),
            expected=_("it returns the wrapper"),
        )


def _spelled(step: list[Any]) -> str:
    return f"wrapper.{step[0]}({', '.join(map(str, step[1:]))})"


FROZEN = "after train(), BatchNorm alone is in evaluation mode"
MODES_4 = Exercise(
    id="modes-4",
    title=_("BatchNorm stays in evaluation mode"),
    answer="FrozenBatchNorm",
    kind="class",
    parts=(
        Part(_("after train(), BatchNorm alone is in evaluation mode"), 2, _judge_frozen),
        Part(_("train() and eval() in turns"), 1, _judge_switching, needs=(FROZEN,)),
        Part(_("train() and eval() return the wrapper"), 1, _judge_returning, needs=(FROZEN,)),
    ),
    hints=(
        _(
            "`eval()` is `train(False)`. So `train` is the one method to write: let it do what it always does, then correct the BatchNorm layers."
        ),
        _(
            "`super().train(mode)` does what it always does. `self.modules()` gives every module at any depth, and `nn.modules.batchnorm._BatchNorm` is the common base class of BatchNorm1d, 2d and 3d."
        ),
        _(
            "`super().train(mode)`; then `for module in self.modules():` and in it `if isinstance(module, nn.modules.batchnorm._BatchNorm): module.eval()`; at the end `return self`."
        ),
    ),
    explanation=_(
        "Every way to switch a mode goes through `train`, so one method is enough. It first lets PyTorch set all flags, then puts BatchNorm back. The flags are set again at each `model.train()`, which is why calling `bn.eval()` once does not last. BatchNorm's weight and bias still learn; `requires_grad` decides about those."
    ),
    mistakes=(
        NORMS_TRAINED,
        ONLY_GRADIENTS,
        GRADIENTS_STOPPED,
        ONLY_TWO_DIMENSIONAL,
        ONLY_DIRECT_CHILDREN,
        FROZE_EVERYTHING,
        MODE_IGNORED,
        OWN_FLAG_FORGOTTEN,
        RETURNS_NOTHING,
        CALLS_ITSELF,
    ),
)

# modes-5: a context manager that restores every module's mode

NO_CONTEXT_MANAGER = Mistake(
    "no-context-manager",
    _(
        "What you return cannot stand in a `with` line. Put `@contextmanager` above a function that yields once, or return an object with `__enter__` and `__exit__`."
    ),
    RESTORE,
)
NOT_IN_EVALUATION = Mistake(
    "not-in-evaluation",
    _("Inside the block the model is not in evaluation mode. Call `model.eval()` before it."),
    RESTORE,
)
OWN_FLAG_IN_BLOCK = Mistake(
    "own-flag-in-block",
    _("Inside the block some modules are in training mode. `model.eval()` sets the flag of every module."),
    SWITCH,
)
GAVE_NO_MODEL = Mistake(
    "gave-no-model", _("`with … as same:` must give the model that was put in. Yield it."), RESTORE
)
LEFT_EVALUATING = Mistake(
    "left-evaluating",
    _("After the block every module is still in evaluation mode. Put back what was there."),
    RESTORE,
)
ALWAYS_TRAINING = Mistake(
    "always-training",
    _("After the block every module is in training mode, and not all of them were. Remember what was there."),
    RESTORE,
)
ONE_MODE_FOR_ALL = Mistake(
    "one-mode-for-all",
    _(
        "You remembered the mode of the model itself and gave it to every part. A frozen part had a mode of its own: remember one flag for each module."
    ),
    RESTORE,
)
CHILDREN_ONLY = Mistake(
    "children-only",
    _(
        "You put back the modes of the direct children, and deeper modules got theirs. `modules()` goes to every depth."
    ),
    RESTORE,
)
LOST_WHEN_NESTED = Mistake(
    "lost-when-nested",
    _(
        "With two blocks inside each other the modes are lost: the inner one overwrote what the outer one remembered. Keep it in a local variable, not on the modules."
    ),
    RESTORE,
)
NOT_AFTER_AN_EXCEPTION = Mistake(
    "not-after-an-exception",
    _("When the block raised, the modes were not put back. Do that in `finally`, which runs in either case."),
    RESTORE,
)
EXCEPTION_SWALLOWED = Mistake(
    "exception-swallowed",
    _(
        "The block raised, and the exception was gone after it. Whoever uses your block must learn of it: use `finally` and no `except`, and let `__exit__` return None."
    ),
    RESTORE,
)


def _mixed_modes(rng: torch.Generator, top: bool) -> dict[str, bool]:
    """A mode for each module: parents and children differ at every depth."""
    names = [name for name, _module in trials.parts(0).named_modules()]
    found = {name: bool(torch.randint(2, (), generator=rng)) for name in names}
    # the direct children in both modes, and under each of them something that differs from it
    return found | {
        "": top,
        "entry": not top,
        "body": top,
        "body.0": not top,
        "body.0.1": top,
        "neck": not top,
        "neck.1": top,
        "head": not top,
        "head.0": top,
    }


def _as_children(modes: dict[str, bool]) -> dict[str, bool]:
    """Each module in the mode of the direct child that holds it."""
    return {name: modes[name.partition(".")[0]] for name in modes}


def _run_block(answer: Witness, trial, tried: Message, **inputs: Any) -> dict[str, Any]:
    seen = answer.run(trial, **inputs)
    if not plain(seen["manager"]):
        mistake = mistakes.RETURNED_NONE if seen["value"] is None else NO_CONTEXT_MANAGER
        fail(mistake, tried=tried, expected=_("a context manager"))
    return {name: plain(value) for name, value in seen.items()}


def _run_in_block(
    answer: Witness, rng: torch.Generator, modes: dict[str, bool], tried: Message, raising: bool = False
) -> dict[str, Any]:
    inputs = {"seed": _seed(rng), "modes": modes, "batch": _normal(rng, 4, 3, 6, 6), "raising": raising}
    return _run_block(answer, trials.in_block, tried, **inputs) | {"given": inputs}


def _count(modes: dict[str, bool]) -> Message:
    return _("{n} of {total} modules in training mode", n=sum(modes.values()), total=len(modes))


def _restored(found: dict[str, bool], modes: dict[str, bool], tried: Message) -> None:
    mistake = mistakes.WRONG_VALUES
    for candidate, predicted in (
        (ONE_MODE_FOR_ALL, dict.fromkeys(modes, modes[""])),
        (LEFT_EVALUATING, dict.fromkeys(modes, False)),
        (ALWAYS_TRAINING, dict.fromkeys(modes, True)),
        (CHILDREN_ONLY, _as_children(modes)),
        (CHILDREN_ONLY, _as_children(modes) | {"": False}),
    ):
        if found == predicted:
            mistake = candidate
            break
    wrong = sorted(name or "model" for name in modes if found.get(name) != modes[name])
    require(
        found == modes,
        mistake,
        tried=tried,
        observed=_("another mode than before: {names}", names=", ".join(wrong[:4])),
        expected=_("each module in the mode that it had"),
    )


def _judge_inside(answer: Witness, rng: torch.Generator) -> None:
    modes = _mixed_modes(rng, top=True)
    tried = _("a model with parts in both modes, inside the block")
    seen = _run_in_block(answer, rng, modes, tried)
    inside = seen["inside"]
    require(
        not any(inside.values()),
        NOT_IN_EVALUATION if inside.get("") else OWN_FLAG_IN_BLOCK,
        tried=tried,
        observed=_count(inside),
        expected=_count(dict.fromkeys(modes, False)),
    )
    require(
        seen["gave"],
        GAVE_NO_MODEL,
        tried=_("`with … as same:`"),
        observed=_("`same` is not the model"),
        expected=_("`same` is the model"),
    )
    # modes are only reported; these values can be had by evaluating alone
    with torch.no_grad():
        logits = trials.parts(seen["given"]["seed"]).eval()(seen["given"]["batch"])
    equal(snapshot(seen["logits"]), logits, tried=tried)


def _judge_restored(answer: Witness, rng: torch.Generator) -> None:
    # a whole model first, then mixed ones: the simpler mistake is told first
    whole = dict.fromkeys(_mixed_modes(rng, top=True), True)
    cases = [
        (whole, _("a model wholly in training mode, after the block")),
        (dict.fromkeys(whole, False), _("a model wholly in evaluation mode, after the block")),
        (
            _mixed_modes(rng, top=True),
            _("a model in training mode with parts in evaluation mode, after the block"),
        ),
        (
            _mixed_modes(rng, top=False),
            _("a model in evaluation mode with parts in training mode, after the block"),
        ),
    ]
    for modes, tried in cases:
        seen = _run_in_block(answer, rng, modes, tried)
        _restored(seen["after"], modes, tried)
    modes, tried = _mixed_modes(rng, top=True), _("two blocks on one model, one inside the other")
    seen = _run_block(answer, trials.in_nested_blocks, tried, seed=_seed(rng), modes=modes)
    for name, expected in (("between", dict.fromkeys(modes, False)), ("after", modes)):
        require(
            seen[name] == expected,
            LOST_WHEN_NESTED,
            tried=tried,
            observed=_count(seen[name]),
            expected=_count(expected),
        )


def _judge_raising(answer: Witness, rng: torch.Generator) -> None:
    modes = _mixed_modes(rng, top=True)
    tried = _("a block that raises")
    seen = _run_in_block(answer, rng, modes, tried, raising=True)
    planned = trials.Planned.__name__
    require(
        seen["ended"] == planned,
        EXCEPTION_SWALLOWED,
        tried=tried,
        observed=_("no exception")
        if seen["ended"] == "nothing"
        else _("another exception, {type}", type=seen["ended"]),
        expected=_("the block's own exception"),
    )
    require(
        seen["after"] == modes,
        NOT_AFTER_AN_EXCEPTION,
        tried=tried,
        observed=_count(seen["after"]),
        expected=_("each module in the mode that it had"),
    )


INSIDE, AFTER = "evaluation mode inside the block", "each module's own mode after it"
MODES_5 = Exercise(
    id="modes-5",
    title=_("A block that restores every mode"),
    answer="evaluation_mode",
    parts=(
        Part(_("evaluation mode inside the block"), 1, _judge_inside),
        Part(_("each module's own mode after it"), 2, _judge_restored, needs=(INSIDE,)),
        Part(_("the same when the block raises"), 1, _judge_raising, needs=(INSIDE, AFTER)),
    ),
    hints=(
        _("`model.training` is one flag among many. Which method gives every module, at every depth?"),
        _(
            "Remember pairs before you switch: `[(module, module.training) for module in model.modules()]`. What must happen in either case stands in `finally`."
        ),
        _(
            "`model.eval()`, then `try:` `yield model`, then `finally:` a loop over the pairs with `module.training = training`. Above the function stands `@contextmanager`."
        ),
    ),
    explanation=_(
        "The flag is set directly, not by `module.train(…)`, because `train` goes down and would set what lies below as well. A list in a local variable belongs to this one block, so blocks can be nested. `finally` runs after a normal end and after an exception, and lets the exception pass on."
    ),
    mistakes=(
        NO_CONTEXT_MANAGER,
        NOT_IN_EVALUATION,
        OWN_FLAG_IN_BLOCK,
        GAVE_NO_MODEL,
        LEFT_EVALUATING,
        ALWAYS_TRAINING,
        ONE_MODE_FOR_ALL,
        CHILDREN_ONLY,
        LOST_WHEN_NESTED,
        NOT_AFTER_AN_EXCEPTION,
        EXCEPTION_SWALLOWED,
    ),
)

LESSON = Lesson(
    name="01_modes",
    word="modes",
    title=_("Training and evaluation mode"),
    exercises=(MODES_1, MODES_2, MODES_3, MODES_4, MODES_5),
    predictions=(
        Prediction(
            id="modes-q1",
            question=_(
                "Dropout with p = 0.9, in training mode, receives a tensor of ones. Which values come out?"
            ),
            options=(_("0 and 1"), _("0 and 0.1"), _("0 and 10"), _("0.9 everywhere")),
            right=2,
            because=_(
                "One value in ten is kept, and each kept one is divided by 1 - 0.9 = 0.1. So the mean stays near 1, and evaluation mode needs no scaling."
            ),
        ),
        Prediction(
            id="modes-q2",
            question=_(
                "A classifier is by mistake in training mode. It sees the same cat photo three times, each time in a batch with three other photos. What happens to its answer for the cat?"
            ),
            options=(
                _("It is the same each time: a photo is judged by itself."),
                _("The probabilities move a little, and the order stays."),
                _("It names other categories each time."),
            ),
            right=2,
            because=_(
                "In training mode BatchNorm takes its mean and variance from the batch, so every photo has a part in the answer for every other. This model has 49 such layers in a row."
            ),
        ),
        Prediction(
            id="modes-q3",
            question=_(
                "ResNet-18 has 122 tensors in its state dict. It is called once in training mode, under `torch.no_grad()`. How many of them change?"
            ),
            options=(_("0: nothing is trained"), _("20"), _("60"), _("122")),
            right=2,
            because=_(
                "Each of the 20 BatchNorm layers has three buffers: running mean, running variance, and a counter of batches. They change in every call in training mode; gradients have no part in it."
            ),
        ),
        Prediction(
            id="modes-q4",
            question=_(
                "`requires_grad_(False)` is called on a BatchNorm layer, which then sees a batch in training mode. Are its running statistics the same afterwards?"
            ),
            options=(_("Yes, the layer is frozen."), _("No, they change."), _("It raises an error.")),
            right=1,
            because=_(
                "Running statistics are buffers and need no gradients to change. Only the mode decides whether they are updated."
            ),
        ),
    ),
)
