"""Trials of lesson 07: which kernels a prepared model runs, what a buffer is used for, how often something compiles."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from helpers.trials import probes

CONVOLUTIONS = {"conv2d", "convolution", "_convolution", "mkldnn_convolution", "cudnn_convolution"}
LASTS = torch.channels_last


class Blocks(nn.Module):
    """Float (N, 3, H, W) to logits (N, 5): three convolutions with a BatchNorm right behind, and one BatchNorm alone."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(probes.CHANNELS, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width, eps=0.1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip
        self.after = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(width), nn.Dropout(0.3))
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * width, probes.CLASSES)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        return self.head(self.after(x + self.body(x)))


class Reader(nn.Module):
    """Float (N, 3, H, W) to (N, 5), each row from its own picture; with ``view`` it is a part of the input itself.

    It notes each call, and holds the memory of every batch, so that no other batch can get the same by chance.
    """

    def __init__(self, features: int, view: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(features, probes.CLASSES)
        self.view = view
        self.calls: list[dict[str, Any]] = []
        self.storages: list[torch.UntypedStorage] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        storage = x.untyped_storage()
        places = [one.data_ptr() for one in self.storages]
        if storage.data_ptr() not in places:
            self.storages.append(storage)
            places.append(storage.data_ptr())
        self.calls.append(
            {
                "rows": x.shape[0],
                "place": places.index(storage.data_ptr()),
                "bytes": storage.nbytes(),
                "grad": torch.is_grad_enabled() and not torch.is_inference_mode_enabled(),
            }
        )
        return x.flatten(1)[:, : probes.CLASSES] if self.view else self.linear(x.flatten(1))


class Rows(nn.Module):
    """Float (N, 3, H, W) to (N, 5), each row from its own picture. Every instance compiles anew."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(probes.CHANNELS, 4, 1)
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(features // probes.CHANNELS * 4, probes.CLASSES)
        # Dynamo keeps what it compiled with the code of a function, for all objects that share it
        own = types.FunctionType(_rows.__code__.replace(), globals())
        self.forward = types.MethodType(own, self)


def _rows(self: Rows, x: torch.Tensor) -> torch.Tensor:
    return self.linear(torch.relu(self.norm(self.conv(x))).flatten(1))


probes.KINDS |= {"optimization-blocks": Blocks, "optimization-reader": Reader, "optimization-rows": Rows}


class _Kernels(TorchDispatchMode):
    """Counts BatchNorms, and notes for each convolution the layout of its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = 0
        self.convolutions: list[dict[str, Any]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if "batch_norm" in name:
            self.norms += 1
        elif name in CONVOLUTIONS:
            self.convolutions.append(
                {"weights_last": args[1].is_contiguous(memory_format=LASTS), "dtype": str(args[1].dtype)}
            )
        return func(*args, **(kwargs or {}))


def _whole(model: nn.Module) -> dict[str, Any]:
    """All that must stay as it was when a model is not to be touched."""
    return {
        "state": probes.state(model),
        "modes": probes.modes(model),
        "grads": probes.requires_grad(model),
        "last": {name: p.is_contiguous(memory_format=LASTS) for name, p in model.named_parameters() if p.ndim == 4},
    }  # fmt: skip


def prepare(answer: Callable, model: dict[str, Any], batch: torch.Tensor, training: bool) -> dict[str, Any]:
    """Call ``answer(model)`` and run what it gives on a batch in channels_last: its logits, modes and kernels."""
    built = probes.build(model).train(training)
    before = _whole(built)
    value = answer(built)
    seen: dict[str, Any] = {"module": isinstance(value, nn.Module), "type": type(value).__name__}
    seen |= {"none": value is None, "same": value is built, "before": before, "after": _whole(built)}
    if not seen["module"] or seen["same"]:
        return seen
    kernels = _Kernels()
    minding = (
        nn.modules.batchnorm._BatchNorm,
        nn.modules.dropout._DropoutNd,
    )  # to all others the mode is nothing
    training_left = [
        type(module).__name__
        for module in value.modules()
        if module.training and (module is value or isinstance(module, minding))
    ]
    with torch.inference_mode(), kernels:
        logits = value(batch.to(memory_format=LASTS))
    seen |= {"logits": logits, "training_left": training_left, "norms": kernels.norms}
    return seen | {"convolutions": kernels.convolutions, "after": _whole(built)}


def read_lists(
    answer: Callable,
    model: dict[str, Any],
    batch_size: int,
    shape: list[int],
    lists: list[list[torch.Tensor]],
) -> dict[str, Any]:
    """Make ``answer(model, batch_size, shape)`` and call it with each list of pictures.

    ``at_once`` are the results when they came, ``later`` the same results after all calls.
    """
    built = probes.build(model).eval()
    originals = [[image.clone() for image in images] for images in lists]
    runner = answer(built, batch_size, tuple(shape))
    results, at_once, calls = [], [], []
    for images in lists:
        built.calls.clear()
        result = runner(images)
        results.append(result)
        at_once.append(result.clone() if isinstance(result, torch.Tensor) else result)
        calls.append(list(built.calls))
    kept = all(
        len(images) == len(before) and all(map(torch.equal, images, before))
        for images, before in zip(lists, originals, strict=True)
    )
    return {"at_once": at_once, "later": results, "calls": calls, "images_kept": kept}


def compile_counted(
    answer: Callable, model: dict[str, Any], batch_size: int, batches: list[torch.Tensor]
) -> dict[str, Any]:
    """Call ``run = answer(model, batch_size, backend)``, then ``run`` with each batch.

    ``graphs`` lists, for each time that the backend was asked to compile, how many pictures that graph's runs had;
    ``rows`` does so for each batch.
    """
    import torch._dynamo  # a second, which only this trial needs

    built = probes.build(model).eval()
    graphs, rows, lists = [], [], []

    def backend(graph: torch.fx.GraphModule, example_inputs: list[Any]) -> Callable:
        own: list[int] = []
        graphs.append(own)

        def run(*inputs: Any) -> Any:
            for one in inputs:
                if isinstance(one, torch.Tensor) and one.ndim == 4 and not isinstance(one, nn.Parameter):
                    rows.append(one.shape[0])
                    own.append(one.shape[0])
            return graph(*inputs)

        return run

    originals = [batch.clone() for batch in batches]
    values, at_once = [], []
    # a check may be run many times in one process, and each time compiles anew
    with torch._dynamo.config.patch(recompile_limit=10_000, accumulated_recompile_limit=100_000):
        run = answer(built, batch_size, backend)
        if not callable(run):
            return {"callable": False, "type": type(run).__name__}
        for batch in batches:
            rows.clear()
            value = run(batch)
            values.append(value)
            at_once.append(value.clone() if isinstance(value, torch.Tensor) else value)
            lists.append(list(rows))
    return {
        "callable": True,
        "values": at_once,
        "later": values,
        "graphs": graphs,
        "rows": lists,
        "batches_kept": all(map(torch.equal, batches, originals)),
    }
