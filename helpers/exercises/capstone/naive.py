"""What FastClassifier is measured against: right on ordinary files, and as slow as the usual loop."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from helpers.images import read_image


class NaiveClassifier:
    """One file after the other, one picture a call, with gradients."""

    def __init__(
        self, model: nn.Module, preprocess: Callable, categories: list[str], batch_size: int = 1
    ) -> None:
        self.model = model.eval()
        self.preprocess = preprocess
        self.categories = categories

    def __call__(self, paths: list[str], k: int = 3) -> list[tuple]:
        return [(path, self._top(self.preprocess(read_image(path)), k), None) for path in paths]

    def _top(self, tensor: Tensor, k: int) -> list[tuple[str, float]]:
        values, places = self.model(tensor[None])[0].softmax(0).topk(k)
        return [
            (self.categories[int(place)], float(value)) for value, place in zip(values, places, strict=True)
        ]
