"""Counting operations is exact; a peak can only be checked for what it must exceed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from helpers import roofline
from helpers.roofline import Peak, count_flops, find_peak, measured_peak

needs_compiler = pytest.mark.skipif(not roofline.find_compiler(), reason="no C++ compiler here")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(roofline, "ROUND_S", 0.003)
    monkeypatch.setattr(roofline, "LARGEST", 512)


def test_a_multiply_add_counts_two():
    assert count_flops(nn.Linear(10, 20), torch.zeros(3, 10)) == 2 * 3 * 10 * 20
    conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    assert count_flops(conv, torch.zeros(2, 3, 16, 16)) == 2 * (2 * 16 * 16 * 8) * (3 * 3 * 3)


def test_resnet18_needs_what_its_paper_says():
    one = count_flops(resnet18(), torch.zeros(1, 3, 224, 224))
    assert one == 2 * 1_814_073_344  # 1.8 billion multiply-adds
    assert count_flops(resnet18(), torch.zeros(3, 3, 224, 224)) == 3 * one


def test_counting_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)).train()
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    count_flops(model, torch.ones(2, 3, 8, 8))
    assert [module.training for module in model.modules()] == [True, True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_no_multiplication_is_faster_than_the_peak():
    peak = find_peak(torch.float32, "cpu")
    assert isinstance(peak, Peak) and str(peak.how)
    a = torch.ones(256, 256)
    # Half, because others may have had the processor while the peak was measured.
    assert peak.flops > 0.5 * 2 * 256**3 / roofline._fastest(torch.mm, a)
    assert 1e8 < measured_peak(device="cpu") < 1e15


@needs_compiler
def test_the_program_measures_what_its_instructions_do():
    """Twice the numbers in a register are twice the operations; a wrong count would be off by a factor."""
    single = [roofline._registers_only(torch.float32) for _try in range(3)]
    double = [roofline._registers_only(torch.float64) for _try in range(3)]
    assert 1.3 < max(single) / max(double) < 3
    if torch.cpu.get_capabilities().get("avx512_bf16"):
        assert 1.2 < roofline._registers_only(torch.bfloat16) / max(single) < 6
    if torch.cpu.get_capabilities().get("avx512_vnni"):
        assert 2 < roofline._registers_only(torch.int8) / max(single) < 16


@needs_compiler
def test_it_runs_on_the_threads_in_force(monkeypatch):
    asked, output, before = [], roofline._output, torch.get_num_threads()
    monkeypatch.setattr(roofline, "_output", lambda command: asked.append(command[2]) or output(command))
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            roofline._registers_only(torch.float32)
    finally:
        torch.set_num_threads(before)
    assert [each for each in asked if each.isdecimal()] == ["1", "1", "3", "3"]  # the kernel, and AMX


def test_without_a_compiler_it_says_that_it_is_a_lower_bound(monkeypatch):
    monkeypatch.setattr(roofline, "find_compiler", lambda: None)
    peak = find_peak(torch.float32, "cpu")
    assert peak.is_bound and peak.flops > 0
    assert "lower bound" in str(peak.how)


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler", "cat"])
def test_a_compiler_that_does_not_work_is_none(monkeypatch, compiler):
    monkeypatch.setattr(roofline, "find_compiler", lambda: compiler)
    assert roofline._registers_only(torch.float32) == 0
    assert find_peak(torch.float32, "cpu").is_bound


@needs_compiler
def test_a_crash_of_the_program_ends_nothing_else(monkeypatch, tmp_path: Path):
    source = tmp_path / "crash.cpp"
    source.write_text("#include <csignal>\nint main() { std::raise(SIGILL); }\n")
    roofline._program.cache_clear()
    monkeypatch.setattr(roofline, "SOURCE", source)
    try:
        assert roofline._registers_only(torch.float32) == 0
        assert find_peak(torch.float32, "cpu").is_bound
    finally:
        roofline._program.cache_clear()


@needs_compiler
def test_an_unknown_kernel_is_no_figure():
    program = roofline._program(roofline.find_compiler())
    assert subprocess.run([program, "float128", "1", "0.001"], check=False).returncode == 2
    assert roofline._registers_only(torch.complex64) == 0


def test_the_better_figure_counts(monkeypatch):
    monkeypatch.setattr(roofline, "_registers_only", lambda dtype: 3e9)
    monkeypatch.setattr(roofline, "_best_multiplication", lambda dtype, device: 2e9)
    assert find_peak(torch.float32, "cpu")[::2] == (3e9, False)
    monkeypatch.setattr(roofline, "_best_multiplication", lambda dtype, device: 4e9)
    assert find_peak(torch.float32, "cpu")[::2] == (4e9, True)


def test_what_a_device_cannot_multiply_is_said():
    with pytest.raises(ValueError, match="cpu cannot multiply matrices of bool"):
        measured_peak(torch.bool, "cpu")


@pytest.mark.skipif(not torch.accelerator.is_available(), reason="no accelerator here")
def test_the_accelerator_comes_first():
    peak = find_peak()
    assert peak.is_bound and peak.flops > find_peak(device="cpu").flops
