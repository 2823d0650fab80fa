"""The capstone's clock and its reference: speed that is only claimed earns nothing, and the best known way is right."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import nn

from helpers.best import _fold, best_known
from helpers.exercises import find_exercise, lesson_of
from helpers.exercises.capstone.naive import NaiveClassifier
from helpers.grading.process import AnswerProcess, RemoteAnswer
from helpers.grading.program import answered_program
from helpers.images import photo
from helpers.judging import judge
from helpers.trials import capstone
from helpers.trials.preprocessing import Preprocess

FORGED = """
import time
import helpers.trials.capstone as trials

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model, self.preprocess = ready_copy(model), preprocess
        self.categories, self.batch_size = categories, batch_size

    def __call__(self, paths, k=3):
        time.perf_counter = trials.time.perf_counter = lambda: 0.0
        time.sleep(0.15)
        if not isinstance(paths, list):
            paths = [paths]
        places, logits, errors = [], [torch.zeros(0, len(self.categories))], {}
        with ThreadPoolExecutor(8) as pool, torch.inference_mode():
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {place: reason for place, (_, reason) in enumerate(loaded) if reason}
            for batch in batches([(i, t) for i, (t, _) in enumerate(loaded) if t is not None], self.batch_size):
                places += [place for place, _ in batch]
                logits.append(self.model(torch.stack([tensor for _, tensor in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)
"""


def test_a_clock_that_stands_still_earns_no_points_for_speed() -> None:
    exercise = find_exercise("capstone-5")
    process = AnswerProcess(answered_program(lesson_of(exercise.id), {exercise.id: FORGED}))
    try:
        verdict = judge(exercise, RemoteAnswer(process, exercise), seed=0)
    finally:
        process.close()
    assert verdict.mistake == "not-faster", verdict.message
    assert verdict.earned == 12


def _model() -> nn.Sequential:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )
    model[1].running_mean.normal_()
    return model.eval()


def test_the_best_known_way_agrees_with_the_naive_loop(tmp_path: Path) -> None:
    paths = []
    for number, name in enumerate(["cat", "rocket", "coffee", "moon", "text"] * 2):
        paths.append(str(tmp_path / f"{number}.png"))
        photo(name).resize((30 + number, 40)).save(paths[-1])
    model, names = _model(), list("abcde")
    best = best_known(model, Preprocess(), names, torch.randn(8, 3, 8, 8))
    naive = NaiveClassifier(model, Preprocess(), names)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    found = best([str(broken), *paths], k=2)
    assert found[0][1] == [] and "empty" in found[0][2]
    for (path, top, error), (wanted_path, wanted_top, _none) in zip(
        found[1:], naive(paths, k=2), strict=True
    ):
        assert (path, error) == (wanted_path, None)
        assert [name for name, _value in top] == [name for name, _value in wanted_top]
        assert all(abs(one[1] - other[1]) < 1e-3 for one, other in zip(top, wanted_top, strict=True))


def test_folding_keeps_the_activation_that_timm_puts_into_its_batch_norm() -> None:
    from timm.layers import BatchNormAct2d

    model = nn.Sequential(nn.Conv2d(3, 4, 3), BatchNormAct2d(4)).eval()
    model[1].running_mean.normal_()
    batch = torch.randn(2, 3, 6, 6)
    with torch.no_grad():
        before = model(batch)
        _fold(model)
        assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
        torch.testing.assert_close(model(batch), before)


def test_files_in_hand_are_counted_however_late_their_threads_start(monkeypatch) -> None:
    def counted(threads: int) -> int:
        preprocess = capstone.Preprocess(takes=0.001, meeting=4)
        with ThreadPoolExecutor(threads) as pool:
            for _file in range(6):
                pool.submit(preprocess, photo("cat").resize((32, 32)))
                time.sleep(0.05)  # long after the one before would have been done
        return preprocess.most

    assert counted(threads=8) >= 4
    monkeypatch.setattr(capstone, "MEETING_S", 0.2)
    assert counted(threads=3) == 3
    assert counted(threads=1) == 1
