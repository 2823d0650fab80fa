"""Measuring: counts and bytes are exact, times only plausible."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import time
import weakref

import pytest
import torch
from torch import nn

from helpers.timing import compare, format_seconds, measure, peak_memory, saved_bytes, sweep


def test_measure_gives_seconds():
    assert 0.005 <= measure(lambda: time.sleep(0.005), repeat=5, warmup=0) < 0.1


def test_measure_is_a_median_after_the_warm_up():
    waits = iter([0.3, 0.3, 0.01, 0.01, 0.4])  # two to warm up, and one that was disturbed
    assert 0.01 <= measure(lambda: time.sleep(next(waits)), repeat=3, warmup=2) < 0.1
    assert next(waits, None) is None


@pytest.mark.parametrize("repeat", [0, -1])
def test_at_least_one_call_is_timed(repeat):
    with pytest.raises(ValueError, match="at least 1"):
        measure(int, repeat=repeat)
    with pytest.raises(ValueError, match="at least one function"):
        compare({})


def test_versions_take_turns(capsys):
    calls = []
    compare({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repeat=3, warmup=1)
    assert "".join(calls) == "ab" + "ababab"


def test_compare_shows_a_table_whose_shape_depends_on_no_number(capsys):
    def shown(slow: float) -> str:
        timings = compare({"slow": lambda: time.sleep(slow), "fast": lambda: None}, repeat=3, warmup=0)
        assert [one.name for one in timings] == ["slow", "fast"]
        assert timings[0].ratio == 1 and timings[1].ratio > 10
        assert timings[0].milliseconds >= slow * 1e3
        out = capsys.readouterr().out
        out = re.sub(r"\d+(\.\d+)? (ms|µs|s)", "TIME", out)
        return re.sub(r"\d+(\.\d+)?×", "RATIO", out)

    expected = "version | median time | times as fast\nslow | TIME | RATIO\nfast | TIME | RATIO\n"
    assert shown(0.001) == shown(0.15) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 µs"), (1.5e-6, "1.50 µs"), (9.996e-6, "10.0 µs"), (999.4e-6, "999 µs"), (999.6e-6, "1.00 ms"),
        (0.0123, "12.3 ms"), (0.09996, "100 ms"), (0.9996, "1.00 s"), (1.234, "1.23 s"), (75, "75.0 s"), (4000, "4000 s"),
    ],
)  # fmt: skip
def test_times_have_three_digits_and_a_unit(seconds, text):
    assert format_seconds(seconds) == text
    assert re.fullmatch(r"\d+(\.\d+)? (ms|µs|s)", text)


def test_saved_bytes_counts_each_storage_once_and_no_parameter():
    linear, x = nn.Linear(8, 16), torch.randn(4, 8)
    assert saved_bytes(lambda: linear(x)) == x.nbytes
    assert saved_bytes(lambda: (linear(x), linear(x), linear(x[:2]))) == x.nbytes, "one input, three times"
    hidden = 4 * 16 * 4
    assert saved_bytes(lambda: linear(x).relu()) == x.nbytes + hidden
    assert saved_bytes(lambda: torch.mul(linear.weight.t(), linear.weight.t())) == 0, "views of parameters"
    assert saved_bytes(lambda: linear(x).exp().relu().sum()) == x.nbytes + 2 * hidden


def test_saved_bytes_survives_results_that_are_thrown_away():
    """A freed address given to the next tensor must not look like the same storage."""
    x = torch.randn(1000, requires_grad=True)

    def loop():
        for _step in range(10):
            x.exp().sum()

    assert saved_bytes(loop) == 10 * 4000


def test_saved_bytes_leaves_nothing_in_memory():
    results = []

    def keep_its_own_output():
        result = torch.ones(3, requires_grad=True).exp()
        results.append(weakref.ref(result))

    gc.disable()
    try:
        saved_bytes(keep_its_own_output)
        assert results[0]() is None
    finally:
        gc.enable()


def test_what_was_saved_still_serves():
    x = torch.ones(3, requires_grad=True)
    assert saved_bytes(lambda: x.exp().sum().backward()) > 0
    assert torch.equal(x.grad, x.exp())


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_without_gradients_nothing_is_saved(context):
    linear, x = nn.Linear(8, 16), torch.randn(4, 8)
    with context():
        assert saved_bytes(lambda: linear(x).relu()) == 0


def test_peak_memory_is_the_most_at_one_time():
    megabyte = 2**18  # float32 values

    def two_at_a_time():
        a = torch.empty(megabyte)
        b = torch.empty(megabyte)
        del a, b
        torch.empty(megabyte)

    assert peak_memory(two_at_a_time) == 2 * 2**20
    assert peak_memory(lambda: None) == 0
    kept = torch.empty(megabyte)
    assert peak_memory(lambda: kept.mean().item()) < 1000, "what was there before does not count"


def test_peak_memory_sees_what_autograd_keeps():
    layers = nn.Sequential(*[nn.Sigmoid() for _layer in range(10)])
    x = torch.randn(2**18, requires_grad=True)
    with torch.no_grad():
        frugal = peak_memory(lambda: layers(x))
    assert frugal == 2 * 2**20 and peak_memory(lambda: layers(x)) == 10 * 2**20


def test_peak_memory_elsewhere():
    with pytest.raises(ValueError, match="not on meta"):
        peak_memory(int, "meta")
    if torch.cuda.is_available():
        assert peak_memory(lambda: torch.empty(2**20, device="cuda"), "cuda") == 2**22


def test_the_profiler_writes_nothing_into_the_notebook():
    code = "import torch; from helpers.timing import peak_memory as p; p(lambda: torch.ones(9)); p(lambda: torch.ones(9))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_sweep_tells_latency_and_throughput_of_each_size(capsys):
    def work(batch):
        time.sleep(0.02 + 0.002 * len(batch))

    timings = sweep(work, [[0], [0] * 10, [0] * 20], repeat=3, warmup=1)
    assert [one.size for one in timings] == [1, 10, 20]
    for one in timings:
        assert one.milliseconds >= 20 + 2 * one.size
        assert one.per_second == pytest.approx(one.size / one.milliseconds * 1e3)
        assert one.ratio == pytest.approx(one.per_second / timings[0].per_second)
    assert timings[0].ratio == 1 and timings[2].ratio > timings[1].ratio > 2
    out = re.sub(r"\d+(\.\d+)? (ms|µs|s)\b", "TIME", capsys.readouterr().out)
    rows = re.sub(r"\d+(\.\d+)?×", "RATIO", out).splitlines()
    assert rows == [
        "batch size | latency: the whole call | time for each picture | throughput",
        *[f"{size} | TIME | TIME | RATIO" for size in (1, 10, 20)],
    ]


def test_a_sweep_warms_up_with_every_batch_and_takes_turns(capsys):
    calls = []
    sweep(calls.append, ["a", "bb"], repeat=2, warmup=2)
    assert calls == ["a", "a", "bb", "bb", "a", "bb", "a", "bb"]


@pytest.mark.parametrize("batches", [[], [[]], [[1], []]])
def test_a_sweep_needs_pictures(batches):
    with pytest.raises(ValueError, match="nothing to time"):
        sweep(len, batches)
