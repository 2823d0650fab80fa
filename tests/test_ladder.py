"""The optimisation ladder: a tiny model through the real code, and the right words for given measurements."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from rich.console import Console
from torch import nn
from torchvision.models import resnet18

from helpers.bench import ladder as bench
from helpers.bench import report, rungs
from helpers.bench.ladder import Agreement, Climb, Ladder, Result
from helpers.bench.rungs import RUNGS, Missing, Rung, Setting
from helpers.cli import main
from helpers.models import Classifier, load_classifier

BY_NAME = {rung.name: rung for rung in RUNGS}
BATCH = 3


def tiny() -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=4), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)
    )  # fmt: skip
    model[1].running_mean.fill_(0.1)
    return model.eval()


def tiny_classifier() -> Classifier:
    def prepare(picture):
        small = np.asarray(picture.resize((32, 32)))
        return torch.tensor(small).permute(2, 0, 1).contiguous() / 255

    return Classifier("tiny", tiny(), prepare, [], "", False)


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    torch.manual_seed(1)
    return Setting(tiny(), torch.rand(BATCH, 3, 32, 32), torch.rand(4, 3, 32, 32), 1, tmp_path)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(bench, "SLICE_S", 0.0)


def test_every_rung_gives_the_models_logits(setting):
    """Within what its dtype allows; where something is missing, it says so."""
    reference = setting.model(setting.batch).detach()
    ran = []
    for rung in RUNGS:
        try:
            run = rung.build(setting)
            logits = run(setting.batch)
        except Missing as error:
            assert str(error)
            continue
        ran.append(rung.name)
        assert (logits.dtype, tuple(logits.shape)) == (torch.float32, (BATCH, 10)), rung.name
        allowed = {torch.float32: 1e-5, torch.bfloat16: 0.05, torch.int8: 0.1}[rung.dtype]
        error = (logits - reference).abs().max().item()
        assert error < allowed, rung.name
        assert rung.dtype == torch.float32 or error > 1e-6, f"{rung.name} is in {rung.dtype}, it says"
        assert (run(setting.batch.flip(0)) - reference.flip(0)).abs().max() < allowed, rung.name
    assert {"naive loop", "ONNX Runtime fp32", "ONNX Runtime int8, QDQ u8s8"} <= set(ran)


def test_all_batch_norms_are_folded():
    """Also those of the trained model, which hold an activation."""
    for model in (load_classifier("efficientnet_lite0").model, resnet18().eval()):
        images = torch.rand(2, 3, 64, 64)
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.running_mean.add_(0.01)
        fused = rungs.fuse_conv_bn(model, images[:1])
        with torch.inference_mode():
            assert (fused(images) - model(images)).abs().max() < 1e-3
        assert not [each for each in fused.modules() if isinstance(each, nn.BatchNorm2d)]


def test_rungs_leave_the_model_alone(setting):
    before = {name: value.clone() for name, value in setting.model.state_dict().items()}
    for name in ("+ channels_last", "+ Conv-BN fused", "bf16 weights"):
        if not (name == "bf16 weights" and not rungs.has_bf16()):
            BY_NAME[name].build(setting)(setting.batch)
    for name, value in setting.model.state_dict().items():
        assert (
            torch.equal(value, before[name]) and value.is_contiguous() and value.dtype == before[name].dtype
        )


def test_a_later_result_does_not_overwrite_an_earlier_one(setting):
    for name in ("ONNX Runtime fp32", "OpenVINO fp32"):
        try:
            run = BY_NAME[name].build(setting)
        except Missing:
            continue
        first = run(setting.batch)
        kept = first.clone()
        run(setting.batch + 1)
        assert torch.equal(first, kept), name


def test_what_is_missing_is_a_row(monkeypatch, setting, quick):
    def broken(setting):
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(rungs, "find_compiler", lambda: None)
    monkeypatch.setattr(rungs, "has_bf16", lambda: False)
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if it were not installed
    names = [
        "naive loop",
        "torch.compile",
        "torch.compile, frozen",
        "AOTInductor, frozen",
        "bf16 weights",
        "OpenVINO fp32",
    ]
    wanted = [*map(BY_NAME.get, names), Rung("broken", broken)]
    results = bench.climb("tiny", setting, 1, wanted, lambda words: None).results
    assert [each.missing for each in results] == [
        "", *["no C++ compiler"] * 3, "this processor has no bfloat16 arithmetic",
        "openvino is not installed: pip install 'inference-course[bench]'", "failed: RuntimeError: first line",
    ]  # fmt: skip


def test_rungs_take_turns_and_are_compared_with_the_first(setting, monkeypatch):
    clock, calls = [0.0], []

    def taking(name: str, seconds: float) -> Rung:
        def run(images):
            calls.append(name)
            clock[0] += seconds
            return setting.model(images)

        return Rung(name, lambda setting: run)

    monkeypatch.setattr(bench, "perf_counter", lambda: clock[0])
    results = bench.climb(
        "tiny", setting, 3, [taking("slow", 0.4), taking("fast", 0.02)], lambda words: None
    ).results
    assert [round(each.seconds, 6) for each in results] == [0.4, 0.02]
    assert [round(each.ratio, 6) for each in results] == [1, 20]
    # Twice to warm up and once to see how long it takes; then the fast one is called once unseen, and for 0.05 s.
    assert calls == ["slow"] * 3 + ["fast"] * 3 + (["slow"] + ["fast"] * 4) * 3


def shown(ladder: Ladder) -> str:
    console = Console(width=200)
    with pytest.MonkeyPatch.context() as patch, console.capture() as captured:
        patch.setattr("rich.console.Console", lambda **options: console)
        report.print_ladder(ladder)
    return captured.get()


def measured(**seconds: float) -> Ladder:
    """A ladder of given times; a rung that is not named did not run."""
    results = [Result(rung.name, bench._short(rung.dtype), rung.whose, "not here") for rung in RUNGS]
    for result in results:
        key = result.name.replace(" ", "_").replace(",", "")
        if key in seconds:
            result.missing, result.seconds, result.ratio = "", seconds[key], 1 / seconds[key]
            result.error, result.of_peak = 2e-6, 0.5
    answers = [Agreement(rung.name, rung.whose, "", 96, 96, 12, 12, 0.01) for rung in RUNGS]
    return Ladder(
        2,
        {"fp32": 5e11, "bf16": 1e12, "int8": 2e12},
        ["int8"],
        [Climb("tiny", 16, 10**9, 1.5, results)],
        answers,
    )


def speeds(ladder: Ladder) -> dict[str, tuple[bool | None, str]]:
    return {aim.words.split(",")[2].split(":")[0].strip(): aim for aim in report.judge_aims(ladder)[:3]}


@pytest.mark.parametrize(("ours", "peer", "met"), [(1.03, 1.0, True), (1.0301, 1.0, False), (0.9, 1.0, True)])
def test_fp32_aims_at_the_faster_of_two_peers(ours, peer, met):
    for onnx, openvino in ((2.0, peer), (peer, 2.0)):
        ladder = measured(
            **{"AOTInductor_frozen": ours, "ONNX_Runtime_fp32": onnx, "OpenVINO_fp32": openvino}
        )
        aim = speeds(ladder)["fp32"]
        assert aim.met is (met or onnx == peer), "ONNX Runtime is also a rung of the course"
        if onnx == 2.0:
            assert "AOTInductor, frozen takes" in aim.words and "than OpenVINO fp32 (1.00 s)" in aim.words
            assert ("% more than" in aim.words) == (ours > 1) and "wanted: at most 3% more" in aim.words


@pytest.mark.parametrize(("ours", "met"), [(1.1, True), (1.11, False)])
def test_bf16_aims_at_openvino(ours, met):
    aim = speeds(measured(AOTInductor_bf16_frozen=ours, bf16_weights=3, OpenVINO_bf16=1, OpenVINO_fp32=0.1))[
        "bf16"
    ]
    assert aim.met is met and "AOTInductor bf16, frozen" in aim.words and f"{ours - 1:.1%} more" in aim.words


def test_int8_aims_at_onnx_runtimes_best():
    names = ("ONNX_Runtime_int8_QOperator_u8s8", "ONNX_Runtime_int8_QDQ_u8s8", "ONNX_Runtime_int8_QDQ_s8s8")
    aim = speeds(measured(**dict(zip(names, (1.0, 1.2, 2.0), strict=True))))["int8"]
    assert aim.met is True and "is itself the fastest of" in aim.words
    aim = speeds(measured(**dict(zip(names, (1.0, 1.2, 0.9), strict=True))))["int8"]
    assert aim.met is False and "11.1% more than ONNX Runtime int8, QDQ s8s8" in aim.words


def test_an_aim_without_its_peer_is_not_judged():
    found = speeds(measured(AOTInductor_frozen=1, ONNX_Runtime_fp32=2, bf16_weights=1))
    assert [aim.met for aim in found.values()] == [None] * 3
    assert "OpenVINO fp32: not here" in found["fp32"].words
    assert "no rung of the course ran" in found["int8"].words


def test_top1_is_judged_for_the_rungs_that_were_best():
    ladder = measured(AOTInductor_frozen=1, torch_compile=5, bf16_weights=1, ONNX_Runtime_int8_QDQ_u8s8=1)
    aims = report.judge_aims(ladder)[3:]
    assert [aim.words.split(": ")[0] for aim in aims] == [
        "Top-1, AOTInductor, frozen", "Top-1, bf16 weights", "Top-1, ONNX Runtime int8, QDQ u8s8",
    ]  # fmt: skip
    assert all(aim.met for aim in aims)
    row = next(each for each in ladder.agreements if each.name == "ONNX Runtime int8, QDQ u8s8")
    row.same, row.surest = 95, 0.125
    aim = report.judge_aims(ladder)[-1]
    assert aim.met is False
    assert "same as fp32 on 95 of 96 pictures, of them 12 of 12 whole photos; those that" in aim.words
    assert "changed had a probability of at most 0.12 in fp32; wanted: all" in aim.words


def test_the_table_shows_what_was_measured():
    text = shown(measured(naive_loop=0.5, OpenVINO_fp32=0.25))
    assert "fp32 500, bf16 1000, int8 2000 or more" in text
    rows = {line.split("  ")[1].strip(): line for line in text.splitlines() if line.startswith("  ")}
    assert all(part in rows["naive loop"] for part in ("96 of 96", "12 of 12"))  # the last table's
    first = next(line for line in text.splitlines() if "naive loop" in line)
    assert all(part in first for part in ("500 ms", "2.00×", "2.0e-06", "50% fp32"))
    assert "OpenVINO fp32 (peer)" in text and text.count("not here") > 10
    assert "not judged  tiny, batch 16, fp32" in text


def test_answers_are_compared_on_photos(monkeypatch):
    """A rung that always sees something else agrees nowhere; ranges are set on other photos."""

    def wrong(setting):
        return lambda images: -setting.model(images)

    def ranges(setting):
        assert len(setting.calibration) >= bench.CALIBRATION
        assert not any(torch.equal(one, other) for one in setting.calibration for other in setting.batch)
        return setting.model

    def broken(setting):
        raise RuntimeError("no")

    tried = [Rung("good", ranges), Rung("bad", wrong), Rung("broken", broken)]
    good, bad, none = bench.agree(tiny_classifier(), 1, tried, lambda words: None)
    assert none.missing == "failed: RuntimeError: no"
    assert good.same == good.pictures >= 64 and good.same_photos == good.photos >= 8 and good.error == 0
    assert not good.missing and bad.same == bad.same_photos == 0 and bad.error > 0


def test_the_command_from_end_to_end(monkeypatch, tmp_path: Path, quick):
    """The command itself with a tiny model instead of the real ones, and only quick rungs."""
    some = [BY_NAME[name] for name in ("naive loop", "batch, inference_mode", "ONNX Runtime fp32")]
    steps = []
    monkeypatch.setattr("helpers.roofline.ROUND_S", 0.001)
    monkeypatch.setattr("helpers.roofline.LARGEST", 256)
    monkeypatch.setattr(rungs, "RUNGS", some)
    monkeypatch.setattr(
        bench.run_ladder, "__defaults__", (("resnet18",), (1,), 1, None, some, lambda words: None)
    )
    monkeypatch.setattr(bench, "load_classifier", lambda name: tiny_classifier())
    monkeypatch.setattr("torchvision.models.get_model", lambda name, weights: tiny())
    monkeypatch.setattr(
        "rich.progress.Progress.update", lambda self, task, advance, description: steps.append(description)
    )
    file = tmp_path / "ladder.json"
    arguments = [
        "bench",
        "ladder",
        "--models",
        "resnet18",
        "--batches",
        "1,2",
        "--rounds",
        "2",
        "--threads",
        "1",
    ]
    before = torch.get_num_threads()
    result = CliRunner().invoke(main, [*arguments, "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert torch.get_num_threads() == before
    assert len(steps) == bench.count_steps(1, 2, 2, len(some))
    saved = json.loads(file.read_text())
    assert saved["threads"] == 1 and [climb["batch"] for climb in saved["climbs"]] == [1, 2]
    naive, batch, onnx = saved["climbs"][1]["results"]
    assert saved["climbs"][1]["flops"] == 2 * saved["climbs"][0]["flops"]
    share = saved["climbs"][1]["flops"] / batch["seconds"] / saved["peaks"]["fp32"]
    assert batch["of_peak"] == pytest.approx(share)
    assert naive["ratio"] == 1 and all(0 < each["of_peak"] < 1 for each in (naive, batch, onnx))
    assert batch["error"] < 1e-5 and onnx["error"] < 1e-4
    assert saved["agreements"][2]["same"] == saved["agreements"][2]["pictures"] > 64
    assert "resnet18, batch 2" in result.output and "Aims" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--models", "resnet18,resnet19"], "no resnet19"),
        (["--batches", "1,x"], "whole numbers"),
        (["--batches", "0"], "whole numbers"),
        (["--rounds", "0"], "rounds"),
    ],
)  # fmt: skip
def test_wrong_options_are_told(arguments, words):
    result = CliRunner().invoke(main, ["bench", "ladder", *arguments])
    assert result.exit_code == 2 and words in result.output
