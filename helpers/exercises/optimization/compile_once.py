"""optimization-4: batches of any size through a compiled model that is compiled once."""

from __future__ import annotations

import math

import torch

from helpers.exercises.optimization.sections import BATCHING, COMPILE, RECOMPILE
from helpers.judging import Exercise, Mistake, Part, equal, require
from helpers.judging import mistakes as general
from helpers.judging.answers import Witness
from helpers.judging.compare import same
from helpers.judging.describe import describe
from helpers.text import Message, _
from helpers.trials import probes
from helpers.trials.optimization import compile_counted
from helpers.trials.probes import recipe
from helpers.trials.values import ListSeen, Seen, TensorSeen

NOT_A_RUNNER = Mistake(
    "not-a-runner", _("The result is of type {type}. Return a function that takes a batch."), COMPILE
)
NOT_COMPILED = Mistake(
    "not-compiled",
    _("Nothing was compiled with the backend that you were given: `torch.compile(model, backend=backend)`."),
    COMPILE,
)
PARTLY = Mistake(
    "partly-compiled",
    _(
        "Some pictures went through the model without the compiled graph. Give all of them to the compiled model."
    ),
    COMPILE,
)
EACH_SIZE = Mistake(
    "each-size",
    _(
        "It was compiled several times, because batches of several sizes came (with dynamic shapes, also because some were views of larger tensors). Fill up every batch to one size in a tensor of its own, so that the compiled graph fits all of them."
    ),
    RECOMPILE,
)
SIZE_ONE = Mistake(
    "size-one",
    _(
        "A batch of one picture was compiled anew: size 1 is always a case of its own, also with dynamic shapes. Fill it up."
    ),
    RECOMPILE,
)
TWO_KINDS = Mistake(
    "two-kinds",
    _(
        "The size was always the same, and still it was compiled again: guards also tell apart a part of a larger tensor (a view) from a whole one, and an ordinary tensor from one made under `inference_mode`. Copy every piece, also a full one, into a new tensor."
    ),
    RECOMPILE,
)
PADDING_LEFT = Mistake(
    "padding-left",
    _(
        "The rows of the filled-up part are still in the result. Return only as many rows as there were pictures."
    ),
    RECOMPILE,
)
ONE_BY_ONE = Mistake(
    "one-by-one",
    _("The compiled model ran more often than needed. Give it `batch_size` pictures at a time."),
    BATCHING,
)
TOO_LARGE = Mistake(
    "too-large",
    _("The compiled model got more than `batch_size` pictures in one run. Cut a large batch into pieces."),
    RECOMPILE,
)
CUT_OFF = Mistake(
    "cut-off",
    _(
        "Pictures beyond the first `batch_size` are missing in the result. Run them too, as batches of their own."
    ),
    RECOMPILE,
)
OVERWRITTEN = Mistake(
    "overwritten",
    _("A result changed when the next batch came. Return memory of its own."),
    RECOMPILE,
)

SHAPE = (
    probes.CHANNELS,
    11,
    13,
)  # no size like that of a batch, which dynamic shapes would take for the same


def _number(rng: torch.Generator, low: int, high: int) -> int:
    return int(torch.randint(low, high, (1,), generator=rng))


def _run(answer: Witness, rng: torch.Generator, counts: list[int], size: int) -> tuple:
    model = recipe("optimization-rows", _number(rng, 0, 10_000), features=math.prod(SHAPE))
    batches = [torch.randn(count, *SHAPE, generator=rng) for count in counts]
    seen = answer.run(compile_counted, model=model, batch_size=size, batches=batches)
    tried = _("batch_size={size}, batches of {counts}", size=size, counts=counts)
    require(
        seen["callable"],
        general.RETURNED_NONE if seen.get("type") == "NoneType" else NOT_A_RUNNER(type=seen.get("type")),
        tried=tried,
    )
    built = probes.build(model).eval()
    with torch.no_grad():
        return seen, [built(batch) for batch in batches], tried


def _case(count: int, size: int) -> Message:
    return _("batch_size={size}, a batch of {n}", size=size, n=count)


def _counts(rng: torch.Generator, size: int) -> list[int]:
    """A full batch comes first: it is the one that need not be filled up, and may be compiled for as a view.

    The order decides how often a wrong answer compiles, so it is always the same; a batch of one comes last.
    """
    return [size, size - 1, 2, 2 * size + _number(rng, 2, 4), 1]


def _judge_values(answer: Witness, rng: torch.Generator) -> None:
    size = _number(rng, 5, 9)
    counts = _counts(rng, size)
    seen, right, tried = _run(answer, rng, counts, size)
    for count, value, later, wanted in zip(
        counts, seen["values"].items, seen["later"].items, right, strict=True
    ):
        case = _case(count, size)
        equal(
            value,
            wanted,
            tried=case,
            grad=False,
            recognise=[
                (PADDING_LEFT, _more_rows(value, wanted)),
                (CUT_OFF, count > size and _beginning(value, wanted)),
            ],
        )
        require(same(later, wanted), OVERWRITTEN, tried=case)
    require(seen["batches_kept"], general.INPUT_CHANGED, tried=tried)


def _more_rows(value: Seen, wanted: torch.Tensor) -> bool:
    """More rows than pictures, with those of the pictures at the beginning."""
    rows = len(wanted)
    return isinstance(value, TensorSeen) and value.data.ndim == 2 and len(value.data) > rows and same(
        TensorSeen(value.data[:rows]), wanted
    )  # fmt: skip


def _beginning(value: Seen, wanted: torch.Tensor) -> bool:
    return isinstance(value, TensorSeen) and value.data.ndim == 2 and 0 < len(value.data) < len(wanted) and same(
        value, wanted[: len(value.data)]
    )  # fmt: skip


def _judge_compiles(answer: Witness, rng: torch.Generator) -> None:
    size = _number(rng, 5, 9)
    counts = _counts(rng, size)
    seen, _right, tried = _run(answer, rng, counts, size)
    graphs = [graph.items for graph in seen["graphs"].items]
    require(bool(graphs), NOT_COMPILED, tried=tried)
    told = {
        "tried": tried,
        "observed": _("compiled {n} times", n=len(graphs)),
        "expected": _("compiled once"),
    }
    for count, rows in zip(counts, seen["rows"].items, strict=True):
        ran = rows.items if isinstance(rows, ListSeen) else []
        require(sum(ran) >= count, PARTLY, tried=_case(count, size), observed=describe(ran))
    for count, rows in zip(counts, seen["rows"].items, strict=True):
        ran, fewest = rows.items, math.ceil(count / size)
        observed = {"tried": _case(count, size), "observed": _("runs with {rows} pictures", rows=ran)}
        require(max(ran) <= size, TOO_LARGE, **observed)
        require(len(ran) <= fewest, ONE_BY_ONE, **observed)
    sizes = [set(graph) for graph in graphs]
    require(len(graphs) == 1 or any(one != {size} for one in sizes), TWO_KINDS, **told)
    require(not (len(graphs) == 2 and sum(one == {1} for one in sizes) == 1), SIZE_ONE, **told)
    require(len(graphs) == 1, EACH_SIZE, **told)


COMPILE_ONCE = Exercise(
    id="optimization-4",
    title=_("Any batch, compiled once"),
    answer="compiled_once",
    limit=30.0,
    parts=(
        Part(_("the logits of each batch"), 2, _judge_values),
        Part(_("compiled once for all batches"), 3, _judge_compiles, needs=("the logits of each batch",)),
    ),
    hints=(
        _(
            "Compile outside of the inner function: `compiled = torch.compile(model, backend=backend)`. Then every call has to have the same shape."
        ),
        _(
            "Cut the batch with `batch.split(batch_size)`. Fill up a piece that is too short, with zeros for instance, run it, and keep the first `len(piece)` rows."
        ),
        _(
            "`full = piece.new_zeros(batch_size, *piece.shape[1:]); full[: len(piece)] = piece; rows.append(compiled(full)[: len(piece)])`, in a loop under `torch.inference_mode()`; at the end `torch.cat(rows)`."
        ),
    ),
    explanation=_(
        "Compiled code holds for the shapes that it was compiled for. Filling up costs some computing for nothing in the last batch, and saves a compilation of many seconds. "
        "Dynamic shapes are the other way: one graph for all sizes, with 1 as the exception. In evaluation mode the rows do not influence each other, so what you fill up with does not matter. Fill up every batch, the full ones too: then all of them are tensors of one kind."
    ),
    mistakes=(
        NOT_A_RUNNER,
        NOT_COMPILED,
        PARTLY,
        EACH_SIZE,
        SIZE_ONE,
        TWO_KINDS,
        PADDING_LEFT,
        ONE_BY_ONE,
        TOO_LARGE,
        CUT_OFF,
        OVERWRITTEN,
    ),
)  # fmt: skip
