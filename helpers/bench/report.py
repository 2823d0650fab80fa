"""The ladder in words: tables, and which aims are met."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import NamedTuple

from helpers.bench.ladder import Climb, Ladder, Result
from helpers.bench.rungs import machine
from helpers.timing import format_seconds

FP32_MARGIN = 1.03  # how many times the peer's time the course's best rung may take
BF16_MARGIN = 1.10
ORT_INT8 = "ONNX Runtime int8"


class Aim(NamedTuple):
    """An aim, and what became of it; ``met`` is None where it could not be judged."""

    met: bool | None
    words: str


def judge_aims(ladder: Ladder) -> list[Aim]:
    """Each aim for each model and batch size, and for each rung that was best somewhere its answers on photos."""
    aims, winners = [], []
    for climb in ladder.climbs:
        for dtype, peers, margin in (
            ("fp32", ("ONNX Runtime fp32", "OpenVINO fp32"), FP32_MARGIN),
            ("bf16", ("OpenVINO bf16",), BF16_MARGIN),
            ("int8", tuple(each.name for each in climb.results if each.name.startswith(ORT_INT8)), 1.0),
        ):
            aims.append(_speed_aim(climb, dtype, peers, margin))
            best = _fastest(
                [each for each in climb.results if each.whose == "course" and each.dtype == dtype]
            )
            if best and best.name not in winners:
                winners.append(best.name)
    return aims + [_answers_aim(ladder, name) for name in winners]


def _speed_aim(climb: Climb, dtype: str, peers: tuple[str, ...], margin: float) -> Aim:
    where = f"{climb.model}, batch {climb.batch}, {dtype}"
    ours = _fastest([each for each in climb.results if each.whose == "course" and each.dtype == dtype])
    rivals = [each for each in climb.results if each.name in peers]
    absent = [f"{each.name}: {each.missing}" for each in rivals if each.missing]
    rival = _fastest(rivals)
    if ours is None:
        return Aim(None, f"{where}: no rung of the course ran.")
    if rival is None or absent:
        return Aim(None, f"{where}: nothing to compare with ({'; '.join(absent) or 'not measured'}).")
    wanted = f"at most {margin - 1:.0%} more" if margin > 1 else "no more"
    took = ours.seconds / rival.seconds
    compared = (
        f"{ours.name} takes {format_seconds(ours.seconds)}, {abs(took - 1):.1%} {'more' if took > 1 else 'less'} than "
        f"{rival.name} ({format_seconds(rival.seconds)})"
        if ours is not rival
        else f"{ours.name} takes {format_seconds(ours.seconds)} and is itself the fastest of "
        + " and ".join(f"{each.name} ({format_seconds(each.seconds)})" for each in rivals)
    )
    return Aim(took <= margin, f"{where}: {compared}; wanted: {wanted}.")


def _answers_aim(ladder: Ladder, name: str) -> Aim:
    row = next((each for each in ladder.agreements if each.name == name), None)
    if row is None or row.missing:
        return Aim(None, f"Top-1, {name}: {row.missing if row else 'not measured'}.")
    changed = (
        f"; those that changed had a probability of at most {row.surest:.2f} in fp32" if row.surest else ""
    )
    return Aim(
        row.same == row.pictures,
        f"Top-1, {name}: same as fp32 on {row.same} of {row.pictures} pictures, of them "
        f"{row.same_photos} of {row.photos} whole photos{changed}; wanted: all.",
    )


def _fastest(results: list[Result]) -> Result | None:
    return min((each for each in results if not each.missing), key=lambda each: each.seconds, default=None)


def print_ladder(ladder: Ladder) -> None:
    """Tables of times and of answers, and then the aims."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{machine()}, {ladder.threads} threads", markup=False)
    peaks = ", ".join(
        f"{name} {flops / 1e9:.0f}{' or more' if name in ladder.bounds else ''}"
        for name, flops in ladder.peaks.items()
    )
    console.print(f"peak, in thousand million operations a second (a multiply-add is two): {peaks}")
    for climb in ladder.climbs:
        console.print(
            _table(
                f"{climb.model}, batch {climb.batch} (logits spread by {climb.spread:.2g}; random weights)",
                ["rung", "median time", "times as fast", "logits differ by", "of the peak"],
                [
                    (each.name, each.whose, each.missing)
                    if each.missing
                    else (
                        each.name,
                        each.whose,
                        format_seconds(each.seconds),
                        f"{each.ratio:.2f}×",
                        f"{each.error:.1e}",
                        f"{each.of_peak:.0%} {each.dtype}",
                    )
                    for each in climb.results
                ],
            )
        )
    console.print(
        _table(
            "trained EfficientNet-Lite0 on photos and parts of them",
            ["rung", "same Top-1", "on whole photos", "logits differ by"],
            [
                (each.name, each.whose, each.missing)
                if each.missing
                else (
                    each.name,
                    each.whose,
                    f"{each.same} of {each.pictures}",
                    f"{each.same_photos} of {each.photos}",
                    f"{each.error:.1e}",
                )
                for each in ladder.agreements
            ],
        )
    )
    console.print("Aims")
    for aim in judge_aims(ladder):
        word = {True: "met       ", False: "MISSED    ", None: "not judged"}[aim.met]
        console.print(f"  {word}  {aim.words}", markup=False, soft_wrap=True)


def _table(title: str, headings: list[str], rows: list[tuple[str, ...]]):
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    for name, whose, *cells in rows:
        table.add_row(Text(f"{name} (peer)" if whose == "peer" else name), *map(Text, cells))
    return table


def as_json(ladder: Ladder) -> str:
    """Everything that was measured, and the aims."""
    aims = [aim._asdict() for aim in judge_aims(ladder)]
    return json.dumps({"machine": machine(), **asdict(ladder), "aims": aims}, indent=2)
