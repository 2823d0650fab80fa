"""Trials of lesson 06: a model exported by the answer is opened with the real library and run on fresh batches."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from helpers.trials import probes

SIDE = 6
"""Pictures for the models here have this height and width."""


class Plain(nn.Module):
    """Float (N, 3, H, W) to logits (N, 5). BatchNorm and Dropout make them depend on the mode."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(16, probes.CLASSES)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x))


class WithSecondHead(Plain):
    """As GoogLeNet does, it gives a second output in training mode: logits of a head used only there."""

    def __init__(self) -> None:
        super().__init__()
        self.second = nn.Linear(3, probes.CLASSES)

    def forward(self, x: torch.Tensor) -> Any:
        logits = super().forward(x)
        return (logits, self.second(x.mean(dim=(2, 3)))) if self.training else logits


class Branch(nn.Sequential):
    """Float (N, 3, H, W) to (N, 4)."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


probes.KINDS |= {"export-plain": Plain, "export-second-head": WithSecondHead, "export-branch": Branch}


@contextmanager
def _quiet() -> Iterator[None]:
    """PyTorch logs pages while an export fails; the error itself is all that is told."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _watched(model: nn.Module, batches: list[torch.Tensor]) -> Iterator[dict[str, Any]]:
    """A dictionary that, after the block, tells whether the model and the batches are as they were before."""
    state, needs, modes = probes.state(model), probes.requires_grad(model), probes.modes(model)
    copies = [batch.detach().clone() for batch in batches]
    seen: dict[str, Any] = {}
    with _quiet():
        yield seen
    seen["changed"] = probes.changed(model, state)
    seen["requires_grad_kept"] = probes.requires_grad(model) == needs
    seen["modes_kept"] = probes.modes(model) == modes
    pairs = zip(batches, copies, strict=True)
    seen["batches_kept"] = all(torch.equal(batch.detach(), copy) for batch, copy in pairs)


def _built(model: dict[str, Any], training: list[str]) -> nn.Module:
    """The model in evaluation mode, but for the modules of these names."""
    built = probes.build(model)
    for name, module in built.named_modules():
        module.training = name in training
    return built


def _error(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:300]


def _outputs(run: Callable[[torch.Tensor], Any], batches: list[torch.Tensor]) -> list[dict[str, Any]]:
    """For each batch the ``value``, whether a second call gave the same (``steady``), or the ``error``."""
    seen = []
    for batch in batches:
        try:
            with torch.no_grad():
                first, second = run(batch), run(batch)
        except Exception as error:  # whatever a program refuses a batch with
            seen.append({"error": _error(error)})
            continue
        both = isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor)
        seen.append({"value": first, "steady": not both or torch.equal(first, second)})
    return seen


def program_file(
    answer: Callable,
    model: dict[str, Any],
    training: list[str],
    example: torch.Tensor,
    batches: list[torch.Tensor],
) -> dict[str, Any]:
    """Call ``answer(model, example, path)``, load the ``.pt2`` file with :mod:`torch.export` and run it."""
    built = _built(model, training)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = str(Path(folder, "model.pt2"))
        with _watched(built, [example]) as seen:
            seen["returned"] = answer(built, example, path)
        seen["exists"] = Path(path).is_file()
        if seen["exists"]:
            with _quiet():
                try:
                    program = torch.export.load(path).module()
                except Exception as error:
                    seen["unreadable"] = _error(error)
                else:
                    seen["outputs"] = _outputs(program, batches)
    return seen


def use_gate(
    answer: Callable,
    seeds: list[int],
    threshold: float,
    example: torch.Tensor,
    batches: list[torch.Tensor],
    export: bool,
) -> dict[str, Any]:
    """Make ``answer(dark, bright, threshold)``, call it as it is, or export it and call what came out."""
    dark, bright = (probes.build(probes.recipe("export-branch", seed)).eval() for seed in seeds)
    gate = answer(dark, bright, threshold)
    seen: dict[str, Any] = {"module": isinstance(gate, nn.Module), "type": type(gate).__name__}
    if not seen["module"]:
        return seen
    if not export:
        with torch.no_grad():
            return seen | {"outputs": [{"value": gate(batch), "steady": True} for batch in batches]}
    with _quiet():
        try:
            with torch.no_grad():
                program = torch.export.export(
                    gate.eval(), (example,), dynamic_shapes=({0: torch.export.Dim("batch")},)
                )
        except Exception as error:
            return seen | {"unexportable": _error(error)}
        return seen | {"outputs": _outputs(program.module(), batches)}


def load_gate(
    answer: Callable, seeds: list[int], threshold: float, batches: list[torch.Tensor]
) -> dict[str, Any]:
    """Make ``answer(dark, bright, threshold)`` and load weights that a plain gate with other branches has saved."""
    dark, bright = (probes.build(probes.recipe("export-branch", seed)).eval() for seed in seeds[:2])
    saved = {}
    for name, seed in zip(("dark", "bright"), seeds[2:], strict=True):
        weights = probes.state(probes.build(probes.recipe("export-branch", seed)))
        saved |= {f"{name}.{key}": tensor for key, tensor in weights.items()}
    gate = answer(dark, bright, threshold)
    if not isinstance(gate, nn.Module):
        return {"module": False, "type": type(gate).__name__}
    try:
        gate.load_state_dict(saved)
    except RuntimeError:
        return {"module": True, "refused": sorted(gate.state_dict())}
    with torch.no_grad():
        return {"module": True, "outputs": [{"value": gate(batch), "steady": True} for batch in batches]}


def onnx_file(
    answer: Callable,
    model: dict[str, Any],
    training: list[str],
    example: torch.Tensor,
    batches: list[torch.Tensor],
    alone: bool = False,
) -> dict[str, Any]:
    """Call ``answer(model, example, path)``, check the ONNX file and run it with ONNX Runtime.

    With ``alone`` the file, and nothing that lies beside it, is moved to another folder first.
    """
    import onnx

    built = _built(model, training)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as elsewhere,
    ):
        path = str(Path(folder, "model.onnx"))
        with _watched(built, [example]) as seen:
            seen["returned"] = answer(built, example, path)
        seen["exists"] = Path(path).is_file()
        if not seen["exists"]:
            return seen
        if alone:
            path = shutil.move(path, elsewhere)
        try:
            session = _session(path)
            onnx.checker.check_model(path, full_check=True)
        except Exception as error:
            return seen | {"unreadable": _error(error)}
        seen["inputs"] = [[found.name, found.type, list(found.shape)] for found in session.get_inputs()]
        seen["outputs_named"] = [found.name for found in session.get_outputs()]
        if len(seen["inputs"]) == 1:
            name = session.get_inputs()[0].name

            def run(batch: torch.Tensor) -> torch.Tensor:
                return torch.from_numpy(session.run(None, {name: batch.numpy()})[0])

            seen["outputs"] = _outputs(run, batches)
        return seen


def _session(path: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def use_onnx_model(
    answer: Callable, file: bytes, calls: list[torch.Tensor], layouts: list[str]
) -> dict[str, Any]:
    """Make ``answer(path)`` from this file, take the file away, and call the object once for each tensor.

    A layout is "plain", "channels_last", "flipped" (a strided view), "tracked" (requires gradients).
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, "classifier.onnx")
        path.write_bytes(file)
        made = answer(str(path))
        path.unlink()
        values = []
        kept = True
        for tensor, layout in zip(calls, layouts, strict=True):
            given = _laid_out(tensor, layout)
            values.append(made(given))
            kept &= torch.equal(given.detach(), tensor) and given.dtype == tensor.dtype
        return {"values": values, "kept": kept}


def _laid_out(tensor: torch.Tensor, layout: str) -> torch.Tensor:
    """The same values, differently laid out in memory."""
    if layout == "channels_last":
        return tensor.contiguous(memory_format=torch.channels_last)
    if layout == "flipped":
        return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)
    return tensor.clone().requires_grad_(layout == "tracked")


def report(
    answer: Callable,
    model: dict[str, Any],
    training: list[str],
    file: bytes,
    batches: list[torch.Tensor],
    tolerance: float,
) -> dict[str, Any]:
    """Call ``answer(model, path, batches, tolerance)``: the ``value``, whether autograd recorded, what changed."""
    built = _built(model, training)
    recorded = []
    built.head.register_forward_hook(lambda module, args, output: recorded.append(output.requires_grad))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, "classifier.onnx")
        path.write_bytes(file)
        given = list(batches)
        with _watched(built, batches) as seen:
            seen["value"] = answer(built, str(path), given, tolerance)
        seen["batches_kept"] = seen["batches_kept"] and [id(b) for b in given] == [id(b) for b in batches]
    return seen | {"recorded": any(recorded)}
