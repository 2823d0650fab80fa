"""The optimisation ladder: every rung measured against the same naive loop, in the same run.

Speed is measured on models with random weights, which take the same time as trained ones. What bf16 and int8 do to
the answers is measured on the bundled trained model, on real photos.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from torch import Tensor

from helpers.bench.rungs import RUNGS, Missing, Run, Rung, Setting
from helpers.images import photo, photo_names
from helpers.models import BUNDLED, Classifier, load_classifier
from helpers.roofline import count_flops, find_peak

SLICE_S = 0.05  # a rung's turn lasts at least so long: fast ones are then called several times
CALIBRATION = 16  # pictures that set the ranges of int8
AGREEMENT_BATCH = 16
DTYPES = (torch.float32, torch.bfloat16, torch.int8)

Notice = Callable[[str], None]


@dataclass
class Result:
    """What one rung did in one setting.

    Attributes:
        name, dtype, whose: the rung's.
        missing: why it could not run; empty when it ran.
        seconds: median time of the whole batch.
        ratio: how many times as fast as the naive loop.
        error: largest difference of a logit to the float32 reference.
        of_peak: share of the machine's measured peak in the rung's dtype that was spent on needed arithmetic.
    """

    name: str
    dtype: str
    whose: str
    missing: str = ""
    seconds: float = 0.0
    ratio: float = 0.0
    error: float = 0.0
    of_peak: float = 0.0


@dataclass
class Climb:
    """The ladder of one model at one batch size.

    Attributes:
        model, batch: what and how many at a time.
        flops: operations that a batch needs.
        spread: standard deviation of the logits, to compare errors with.
    """

    model: str
    batch: int
    flops: int
    spread: float
    results: list[Result]


@dataclass
class Agreement:
    """What one rung answered on the photos, compared with float32 in eager mode.

    Attributes:
        same, pictures: how many have the same likeliest category, and of how many.
        same_photos, photos: likewise for whole photos alone.
        surest: highest probability that float32 gave to an answer that is now another one.
        error: largest difference of a logit.
    """

    name: str
    whose: str
    missing: str = ""
    same: int = 0
    pictures: int = 0
    same_photos: int = 0
    photos: int = 0
    surest: float = 0.0
    error: float = 0.0


@dataclass
class Ladder:
    """A whole run. Peaks are in operations a second; a bound is one that the machine can surely exceed."""

    threads: int
    peaks: dict[str, float] = field(default_factory=dict)
    bounds: list[str] = field(default_factory=list)
    climbs: list[Climb] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)


def run_ladder(
    models: Sequence[str] = ("resnet18", "resnet50"),
    batches: Sequence[int] = (1, 16),
    rounds: int = 9,
    threads: int | None = None,
    rungs: Sequence[Rung] = RUNGS,
    notice: Notice = lambda step: None,
) -> Ladder:
    """Climb the ladder with each model at each batch size, then look at the answers on photos.

    Args:
        models: torchvision's classification models, by name.
        batches: batch sizes.
        rounds: turns of each rung; between two turns all others have theirs.
        threads: for every rung; as many as torch uses by default.
        rungs: the first of them is what the others are compared with.
        notice: called with a few words before each step; :func:`count_steps` says how often.
    """
    from torchvision.models import get_model

    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    ladder = Ladder(torch.get_num_threads())
    try:
        with silence():
            _measure_peaks(ladder, notice)
            classifier = load_classifier(BUNDLED)
            seen, asked, _whole = _pictures(classifier)
            for name in models:
                torch.manual_seed(0)
                model = get_model(name, weights=None).eval()
                with TemporaryDirectory(prefix="course-ladder-") as folder:
                    for size in batches:
                        batch = asked[torch.arange(size) % len(asked)]
                        setting = Setting(model, batch, seen, ladder.threads, Path(folder))
                        ladder.climbs.append(climb(name, setting, rounds, rungs, notice))
            ladder.agreements = agree(classifier, ladder.threads, rungs, notice)
            _measure_peaks(ladder, notice)
    finally:
        torch.set_num_threads(before)
    _compare_with_peaks(ladder)
    return ladder


def count_steps(models: int, batches: int, rounds: int, rungs: int) -> int:
    """How often :func:`run_ladder` calls ``notice``."""
    return 2 * len(DTYPES) + models * batches * (rungs + rounds) + rungs


def climb(name: str, setting: Setting, rounds: int, rungs: Sequence[Rung], notice: Notice) -> Climb:
    """Build all rungs, look at their logits, then time them in turns."""
    with torch.inference_mode():
        reference = setting.model(setting.batch)
    results = [Result(rung.name, _short(rung.dtype), rung.whose) for rung in rungs]
    ready: list[tuple[Result, Run, int]] = []
    for rung, result in zip(rungs, results, strict=True):
        notice(f"{name}, batch {len(setting.batch)}: building {rung.name}")
        try:
            run = rung.build(setting)
            for _warm in range(2):
                logits = run(setting.batch).detach()  # attached, they keep all that a backward pass needs
            result.error = (logits - reference).abs().max().item()
            calls = ceil(SLICE_S / _seconds(run, setting.batch, 1)[0])
            ready.append((result, run, max(1, calls)))
        except Exception as error:  # a compiler can fail in any way, and the other rungs still count
            result.missing = _why(error)
    times: dict[str, list[float]] = {result.name: [] for result, _run, _calls in ready}
    for turn in range(rounds):
        notice(f"{name}, batch {len(setting.batch)}: round {turn + 1} of {rounds}")
        for result, run, calls in ready:
            if calls > 1:
                run(setting.batch)  # the one before left its own data in the caches
            times[result.name] += _seconds(run, setting.batch, calls)
    for result, _run, _calls in ready:
        result.seconds = median(times[result.name])
        result.ratio = median(times[rungs[0].name]) / result.seconds
    flops = count_flops(setting.model, setting.batch)
    return Climb(name, len(setting.batch), flops, reference.std().item(), results)


def agree(classifier: Classifier, threads: int, rungs: Sequence[Rung], notice: Notice) -> list[Agreement]:
    """The rungs' answers on photos. Ranges of int8 are set on other photos than those that are asked about."""
    seen, asked, whole = _pictures(classifier)
    with torch.inference_mode():
        reference = torch.cat([classifier.model(part) for part in asked.split(AGREEMENT_BATCH)])
    sure = reference.softmax(dim=1).amax(dim=1)
    found = []
    with TemporaryDirectory(prefix="course-ladder-") as folder:
        setting = Setting(classifier.model, asked[:AGREEMENT_BATCH], seen, threads, Path(folder))
        for rung in rungs:
            notice(f"photos: {rung.name}")
            row = Agreement(rung.name, rung.whose, pictures=len(asked), photos=int(whole.sum()))
            found.append(row)
            try:
                run = rung.build(setting)
                logits = torch.cat([run(part).detach() for part in asked.split(AGREEMENT_BATCH)])
            except Exception as error:  # as in climb
                row.missing = _why(error)
                continue
            same = logits.argmax(dim=1) == reference.argmax(dim=1)
            row.surest = (sure * ~same).max().item()
            row.same, row.same_photos = int(same.sum()), int((same & whole).sum())
            row.error = (logits - reference).abs().max().item()
    return found


def _pictures(classifier: Classifier) -> tuple[Tensor, Tensor, Tensor]:
    """Prepared pictures to set ranges with, others to ask about, and which of those are whole photos.

    Each photo gives itself and parts of it; every third photo is for the ranges.
    """
    seen, asked, whole = [], [], []
    for number, name in enumerate(photo_names()):
        parts = [classifier.preprocess(part) for part in _parts(photo(name))]
        if number % 3 == 2:
            seen += parts
        else:
            asked += parts
            whole += [True] + [False] * (len(parts) - 1)
    full = len(asked) // AGREEMENT_BATCH * AGREEMENT_BATCH  # compiled rungs take batches of one size
    return (
        torch.stack(seen[:: len(seen) // CALIBRATION]),
        torch.stack(asked[:full]),
        torch.tensor(whole[:full]),
    )


def _parts(picture) -> Iterator:
    yield picture
    yield picture.transpose(0)  # mirrored
    width, height = picture.size
    wide, high = round(width * 0.75), round(height * 0.75)
    for left, top in ((0, 0), (width - wide, 0), (0, height - high), (width - wide, height - high)):
        yield picture.crop((left, top, left + wide, top + high))
    yield picture.crop((width // 8, height // 8, width - width // 8, height - height // 8))
    yield picture.rotate(10, expand=False)


def _seconds(run: Run, batch: Tensor, calls: int) -> list[float]:
    found = []
    for _call in range(calls):
        start = perf_counter()
        run(batch)
        found.append(perf_counter() - start)
    return found


def _measure_peaks(ladder: Ladder, notice: Notice) -> None:
    """Before and after, the better one kept: whatever else the machine does can only lower it."""
    for dtype in DTYPES:
        name = _short(dtype)
        notice(f"peak of the machine in {name}")
        peak = find_peak(dtype, "cpu")
        if peak.flops > ladder.peaks.get(name, 0.0):
            ladder.peaks[name] = peak.flops
            ladder.bounds = [each for each in ladder.bounds if each != name] + [name] * peak.is_bound


def _compare_with_peaks(ladder: Ladder) -> None:
    for each in ladder.climbs:
        for result in each.results:
            if not result.missing:
                result.of_peak = each.flops / result.seconds / ladder.peaks[result.dtype]


def _short(dtype: torch.dtype) -> str:
    return {torch.float32: "fp32", torch.bfloat16: "bf16"}.get(dtype, str(dtype).removeprefix("torch."))


def _why(error: Exception) -> str:
    if isinstance(error, Missing):
        return str(error)
    lines = str(error).strip().splitlines()
    return f"failed: {type(error).__name__}: {lines[0] if lines else ''}"[:160]


@contextmanager
def silence() -> Iterator[None]:
    """Without the notes that exporters and compilers write about themselves."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
