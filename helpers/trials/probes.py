"""Small real models that judges send as recipes, and that tell what happened to them.

A recipe is a plain dictionary ``{"kind": …, "seed": …, …}``: it goes over by value, and the model is built beside
the answer. Built twice from one recipe, a model has the same weights, so a judge can build its own for reference.

What they tell of themselves (calls, modes) hostile code could forge, the logits it could not: see the package's docstring.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

CHANNELS, CLASSES = 3, 5


class Probe(nn.Module):
    """A small convolutional classifier that notes each call of its ``forward``.

    Input float (N, 3, H, W) with H, W >= 2, output logits float (N, 5). It holds BatchNorm and Dropout, so its
    output depends on its mode; ``calls`` lists, for each call, the shape, dtype, device, mode and grad mode.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(CHANNELS, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(p), nn.Linear(32, CLASSES))
        self.calls: list[dict[str, Any]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append(
            {
                "shape": list(x.shape),
                "dtype": str(x.dtype).removeprefix("torch."),
                "device": x.device.type,
                "training": self.training,
                "all_eval": not any(module.training for module in self.modules()),
                "grad_mode": torch.is_grad_enabled(),
                "inference_mode": torch.is_inference_mode_enabled(),
            }
        )
        return self.head(self.features(x))


def recipe(kind: str = "probe", seed: int = 0, **options: Any) -> dict[str, Any]:
    """A model to be built beside the answer."""
    return {"kind": kind, "seed": seed, **options}


KINDS = {"probe": Probe}


def build(model: dict[str, Any]) -> nn.Module:
    """The model of a recipe, in training mode as PyTorch makes it, with running statistics that are not trivial."""
    options = {key: value for key, value in model.items() if key not in ("kind", "seed")}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(model["seed"])
        built = KINDS[model["kind"]](**options)
        for module in built.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
                module.running_mean.normal_(0, 0.5)
                module.running_var.uniform_(0.5, 2)
    return built


def modes(model: nn.Module) -> dict[str, bool]:
    """Whether each module is in training mode, by its name ("" is the model itself)."""
    return {name: module.training for name, module in model.named_modules()}


def state(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of all parameters and buffers, by name."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def changed(model: nn.Module, before: dict[str, torch.Tensor]) -> list[str]:
    """The names of the parameters and buffers that are no longer what they were."""
    now = state(model)
    names = sorted(now.keys() | before.keys())
    return [
        name
        for name in names
        if name not in now or name not in before or not torch.equal(now[name], before[name])
    ]


def requires_grad(model: nn.Module) -> dict[str, bool]:
    """Which parameters require gradients, by name."""
    return {name: parameter.requires_grad for name, parameter in model.named_parameters()}
