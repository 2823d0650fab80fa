# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 10 · Summary sheet
#
# The whole course on one page: each concept, the call for it, when to use it, the mistake to avoid, and the cell that
# shows it. There are no exercises here. The links in the last column open the lesson at that very cell.
#
# ## Look something up
#
# Change the words and run the cell. Any part of a word will do, in English or Chinese, and a typing error is forgiven.
# `find_in_summary()` without words shows everything.

# %%
from helpers import next_unsolved, progress
from helpers.reference import find_in_summary

find_in_summary("softmax")

# %% [markdown]
# Several words narrow the search down: only lines that hold all of them are shown.

# %%
find_in_summary("batchnorm train")

# %% [markdown] page="summary"

# %% [markdown]
# ## Further reading
#
# | about | documentation |
# |---|---|
# | PyTorch | [contents](https://docs.pytorch.org/docs/stable/index.html) · [autograd mechanics, modes and gradients](https://docs.pytorch.org/docs/stable/notes/autograd.html) · [`torch.amp`, mixed precision](https://docs.pytorch.org/docs/stable/amp.html) · [`torch.utils.benchmark`](https://docs.pytorch.org/docs/stable/benchmark_utils.html) |
# | models and pictures | [torchvision](https://docs.pytorch.org/vision/stable/index.html) · [models and pre-trained weights](https://docs.pytorch.org/vision/stable/models.html) · [transforms v2](https://docs.pytorch.org/vision/stable/transforms.html) |
# | compiling | [`torch.compile` and `torch.compiler`](https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/torch.compiler.html) · [AOTInductor](https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/torch.compiler_aot_inductor.html) |
# | exporting: TorchScript → `torch.export` | [`torch.export`](https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/export.html) · [its API](https://docs.pytorch.org/docs/stable/export/api_reference.html) · [tutorial](https://docs.pytorch.org/tutorials/intermediate/torch_export_tutorial.html) · [TorchScript, deprecated](https://docs.pytorch.org/docs/stable/jit.html), for systems that still have it |
# | ONNX | [the format](https://onnx.ai/onnx/) · [`onnx.checker`](https://onnx.ai/onnx/api/checker.html) · [`torch.onnx`, PyTorch's exporter](https://docs.pytorch.org/docs/stable/onnx.html) |
# | ONNX Runtime | [documentation](https://onnxruntime.ai/docs/) · [Python API](https://onnxruntime.ai/docs/api/python/api_summary.html) · [execution providers](https://onnxruntime.ai/docs/execution-providers/) · [quantisation](https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html) |
# | video | [TorchCodec](https://meta-pytorch.org/torchcodec/stable/) · [PyAV](https://pyav.basswood-io.com/docs/stable/) · [OpenCV](https://docs.opencv.org/) |
#
# Addresses as of November 2026. Those with `stable` in them lead to the newest release.
# What has become of older ones is in [What changed](11_what_changed.ipynb).

# %%
progress()
