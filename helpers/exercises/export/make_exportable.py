"""export-2: a model that chooses its branch by the input's values, written so that it can be exported."""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.exercises.export.shared import BREAKS, CLOSE, logits, outputs, pictures, seed
from helpers.judging import Exercise, Mistake, Part, equal, fail
from helpers.judging.answers import Witness
from helpers.text import Message, _
from helpers.trials import export as trials
from helpers.trials import probes
from helpers.trials.values import Seen

NO_MODULE = Mistake(
    "no-module",
    _("What your class makes is no `nn.Module`, so it cannot be exported. Derive it from one."),
    BREAKS,
)
STILL_BREAKS = Mistake(
    "still-breaks",
    _(
        "The export still fails: somewhere Python decides by a value that exists only when the program runs (`if`, `while`, `assert`, "
        "`range(int(…))`). Leave the choice to an operation on tensors: `torch.cond` or `torch.where`."
    ),
    BREAKS,
)
FROZEN_BRANCH = Mistake(
    "frozen-branch",
    _(
        "The exported program takes one and the same branch for every batch: the choice was made once, while the model was exported."
    ),
    BREAKS,
)
ONE_BRANCH = Mistake(
    "one-branch",
    _(
        "All batches went through the same branch, bright ones and dark ones. Compare the mean with `self.threshold`."
    ),
    BREAKS,
)
SWAPPED = Mistake(
    "branches-swapped",
    _("The branches have changed places: `bright` is for batches whose mean lies above the threshold."),
    BREAKS,
)
BOUNDARY = Mistake(
    "boundary",
    _(
        "A batch whose mean is exactly the threshold went to `bright`. The old class has `>`, and that is not `>=`."
    ),
    BREAKS,
)
EACH_PICTURE = Mistake(
    "each-picture",
    _(
        "You decided for each picture by itself. The old class takes one mean over the whole batch, and all pictures go the same way."
    ),
    BREAKS,
)
MIXED = Mistake(
    "mixed",
    _(
        "You mixed the two branches, or added them. A batch goes through one of them, and only its result counts."
    ),
    BREAKS,
)
OTHER_KEYS = Mistake(
    "other-keys",
    _(
        "The weights of an old gate do not load: `state_dict()` has other keys. Keep the names `dark` and `bright` for the two "
        "branches, and no further parameters or buffers that are saved."
    ),
    BREAKS,
)


class _Gate:
    """The two branches, and what they and the classic mistakes give."""

    def __init__(self, rng: torch.Generator, seeds: list[int]) -> None:
        self.threshold = round(0.2 + 0.4 * float(torch.rand((), generator=rng)), 2)
        self.dark, self.bright = (
            probes.build(probes.recipe("export-branch", number)).eval() for number in seeds
        )

    def batch(self, rng: torch.Generator, count: int, bright: bool) -> Tensor:
        """Pictures whose common mean lies on this side of the threshold, and one picture's on the other."""
        batch = 0.4 * pictures(rng, count)
        side = 1 if bright else -1
        wanted = [side * 0.1] * count
        if count > 1:
            wanted[0], wanted[1] = -side * 0.1, side * 0.3
        means = batch.mean(dim=(1, 2, 3), keepdim=True)
        return batch - means + self.threshold + torch.tensor(wanted).view(-1, 1, 1, 1)

    def boundary(self) -> tuple[float, Tensor]:
        """A threshold and a batch whose mean is exactly that."""
        return 0.5, torch.tensor([0.25, 0.75]).view(2, 1, 1, 1).expand(2, 3, 6, 6).clone()

    def check(
        self, seen: list[dict[str, Seen]], batches: list[Tensor], tried: Message, exported: bool
    ) -> None:
        right, other = [], []
        for batch in batches:
            both = [logits(self.dark, batch), logits(self.bright, batch)]
            bright = bool(batch.mean() > self.threshold)
            right.append(both[bright])
            other.append(both[not bright])
        sides = [bool(batch.mean() > self.threshold) for batch in batches]
        values = [one.get("value") for one in seen]
        took = [
            next((name for name, value in (("right", a), ("other", b)) if _same(found, value)), None)
            for found, a, b in zip(values, right, other, strict=True)
        ]
        right_sides = {side for side, which in zip(sides, took, strict=True) if which == "right"}
        one_branch = None not in took and "other" in took and len(right_sides) == 1
        for batch, one, a, b in zip(batches, seen, right, other, strict=True):
            if "error" in one:
                fail(STILL_BREAKS, tried=tried, observed=_("{error}", error=one["error"]))
            each = torch.where(
                batch.mean(dim=(1, 2, 3), keepdim=True).flatten(1) > self.threshold,
                logits(self.bright, batch),
                logits(self.dark, batch),
            )
            equal(
                one["value"],
                a,
                tried=tried,
                tolerance=CLOSE,
                recognise=[(FROZEN_BRANCH if exported else ONE_BRANCH, one_branch)],
                wrong=[(SWAPPED, b), (EACH_PICTURE, each), (MIXED, a + b), (MIXED, (a + b) / 2)],
            )


def _same(seen: Seen, value: Tensor) -> bool:
    from helpers.judging.compare import same

    return same(seen, value, CLOSE)


def _require_module(seen: dict[str, Seen], tried: Message) -> None:
    if not seen["module"]:
        fail(NO_MODULE, tried=tried, observed=_("an object of type {type}", type=seen["type"]))


def _judge_same(answer: Witness, rng: torch.Generator) -> None:
    seeds = [seed(rng), seed(rng)]
    gate = _Gate(rng, seeds)
    tried = _("called as it is, with bright and with dark batches")
    batches = [gate.batch(rng, 4, True), gate.batch(rng, 4, False), gate.batch(rng, 1, False)]
    inputs = {"seeds": seeds, "example": batches[0], "export": False}
    seen = answer.run(trials.use_gate, threshold=gate.threshold, batches=batches, **inputs)
    _require_module(seen, tried)
    gate.check(outputs(seen["outputs"]), batches, tried, exported=False)

    tried = _("a batch whose mean is exactly the threshold")
    gate.threshold, batch = gate.boundary()
    seen = answer.run(trials.use_gate, threshold=gate.threshold, batches=[batch], **inputs)
    equal(
        outputs(seen["outputs"])[0]["value"],
        logits(gate.dark, batch),
        tried=tried,
        tolerance=CLOSE,
        wrong=[(BOUNDARY, logits(gate.bright, batch))],
    )


def _judge_exported(answer: Witness, rng: torch.Generator) -> None:
    for bright in (True, False):
        seeds = [seed(rng), seed(rng)]
        gate = _Gate(rng, seeds)
        tried = (
            _("exported with a bright batch as the example, with a dynamic batch")
            if bright
            else _("exported with a dark batch as the example, with a dynamic batch")
        )
        batches = [gate.batch(rng, count, side) for count in (3, 1, 7) for side in (bright, not bright)]
        seen = answer.run(
            trials.use_gate,
            seeds=seeds,
            threshold=gate.threshold,
            example=batches[0],
            batches=batches,
            export=True,
        )
        _require_module(seen, tried)
        if "unexportable" in seen:
            fail(STILL_BREAKS, tried=tried, observed=_("{error}", error=seen["unexportable"]))
        gate.check(outputs(seen["outputs"]), batches, tried, exported=True)


def _judge_weights(answer: Witness, rng: torch.Generator) -> None:
    seeds = [seed(rng) for _number in range(4)]
    gate = _Gate(rng, seeds[2:])
    tried = _("weights that an old gate has saved, loaded with `load_state_dict`")
    batches = [gate.batch(rng, 2, True), gate.batch(rng, 2, False)]
    seen = answer.run(trials.load_gate, seeds=seeds, threshold=gate.threshold, batches=batches)
    _require_module(seen, tried)
    if "refused" in seen:
        keys = ", ".join(seen["refused"].items[:4])
        fail(OTHER_KEYS, tried=tried, observed=_("the keys are {keys}, …", keys=keys))
    gate.check(outputs(seen["outputs"]), batches, tried, exported=False)


EXERCISE = Exercise(
    id="export-2",
    title=_("A branch that survives the export"),
    answer="ExportableGate",
    kind="class",
    limit=90,
    parts=(
        Part(_("the same results as before"), 1, _judge_same),
        Part(
            _("exported, it chooses when it runs"), 3, _judge_exported, needs=("the same results as before",)
        ),
        Part(_("old weights load"), 1, _judge_weights, needs=("the same results as before",)),
    ),
    hints=(
        _(
            "Only `forward` has to change: `class ExportableGate(Gate):` keeps the rest. There, no Python `if` may ask for the value of a tensor."
        ),
        _(
            "`torch.cond(condition, if_true, if_false, operands)` is an `if` that becomes part of the program. `condition` is a tensor with one truth value, `operands` the "
            "tuple of tensors that the branches are called with."
        ),
        _("`return torch.cond(x.mean() > self.threshold, self.bright, self.dark, (x,))`"),
    ),
    explanation=_(
        "`torch.cond` writes both branches and the question into the program, and the program asks anew at every call. `torch.where` gives the same numbers, "
        "and computes both branches each time. What cannot be mended is a Python `if` on a value: while the model is exported there are no values. Inheriting from the "
        "old class keeps the names of the parameters, and with them the weights that were saved."
    ),
    mistakes=(
        NO_MODULE,
        STILL_BREAKS,
        FROZEN_BRANCH,
        ONE_BRANCH,
        SWAPPED,
        BOUNDARY,
        EACH_PICTURE,
        MIXED,
        OTHER_KEYS,
    ),
)
