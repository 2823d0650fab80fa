"""What the server process that forks answer processes has imported: all that lessons import, once, and no judge.

Whatever it holds, its children can read, so nothing here may know an exercise's reference, seed or solution.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

LESSONS_IMPORT = (
    "torch",
    "torch.fx.experimental.optimization",
    "torch.utils.data",
    "torchvision.datasets",
    "torchvision.models",
    "torchvision.transforms.v2",
    "torch.export",
    "torch._dynamo",
    "torch.onnx._internal.exporter._core",
    "torch.onnx._internal.exporter._torchlib.ops",
    "functorch.compile",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "matplotlib.pyplot",
    "cv2",
    "av",
    "helpers.images",
    "helpers.models",
    "helpers.plots",
    "helpers.timing",
    "helpers.video",
    "helpers.trials.calls",
    "helpers.trials.capstone",
    "helpers.trials.probes",
    "helpers.trials.server",
)

for _name in LESSONS_IMPORT:
    with suppress(ImportError):  # then the answer that needs it says so
        import_module(_name)
