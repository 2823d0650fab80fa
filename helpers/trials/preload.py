"""What the server process that forks answer processes has imported: all that lessons import, once, and no judge.

Whatever it holds, its children can read, so nothing here may know an exercise's reference, seed or solution. Only
that server imports this module.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path

MADV_COLLAPSE = 25
LARGE_PAGE = 2 * 2**20

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


@contextmanager
def silence() -> Iterator[None]:
    """Nothing of what a block prints, warns of or logs."""
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def rehearse_export() -> None:
    """Export a small model once, so that no child pays for what torch imports and looks up at a first export."""
    import torch
    from tqdm import tqdm

    model = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU()).eval()
    example, any_batch = torch.zeros(2, 3, 8, 8), ({0: torch.export.Dim("batch")},)
    interval, tqdm.monitor_interval = tqdm.monitor_interval, 0  # no thread in a process that forks
    try:
        with tempfile.TemporaryDirectory() as folder, silence():
            torch.onnx.export(model, (example,), Path(folder, "model.onnx"), dynamic_shapes=any_batch)
    finally:
        tqdm.monitor_interval = interval


def gather_in_large_pages() -> None:
    """Move what this process has allocated into large pages, where Linux can (6.1 and newer).

    A fork copies a table with an entry for each page: without this, that is most of what starting an answer takes.
    """
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, rights, *_others, name = f"{line} -".split()[:6]
        if rights != "rw-p" or name not in ("-", "[heap]"):  # shared, or a file's
            continue
        start, end = (int(address, 16) for address in addresses.split("-"))
        start, end = -(-start // LARGE_PAGE) * LARGE_PAGE, end // LARGE_PAGE * LARGE_PAGE
        if start < end:
            libc.madvise(start, end - start, MADV_COLLAPSE)


for _name in LESSONS_IMPORT:
    with suppress(ImportError):  # then the answer that needs it says so
        import_module(_name)
with suppress(Exception):  # then the first export takes its time, and says what it lacks
    rehearse_export()
gc.collect()
gc.freeze()  # a child's collector then leaves all this alone, and the memory stays shared
with suppress(OSError, AttributeError):
    gather_in_large_pages()
atexit.register(os._exit, 0)  # there is nothing to put in order, and taking all this apart takes a second
