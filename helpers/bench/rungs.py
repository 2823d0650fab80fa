"""The rungs of the optimisation ladder: each turns a model into a faster function from pictures to logits.

Every rung takes what the naive loop takes, a float32 batch (N, 3, H, W) in the usual layout, and gives float32 logits,
so whatever it converts on the way counts as its own time.
"""

from __future__ import annotations

import copy
import importlib
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from helpers.roofline import find_compiler

Run = Callable[[Tensor], Tensor]


class Missing(Exception):
    """Something that a rung needs is not on this machine. The message says what."""


@dataclass(frozen=True)
class Setting:
    """What rungs are built for.

    Attributes:
        model: in evaluation mode, float32, on the CPU.
        batch: an example of what will be run: its shape is the only one that a rung must take.
        calibration: pictures like those the model was made for, prepared, to set the ranges of int8.
        threads: how many each rung may use.
        folder: for files that are made on the way. Settings of one model share it.
    """

    model: nn.Module = field(repr=False)
    batch: Tensor = field(repr=False)
    calibration: Tensor = field(repr=False)
    threads: int
    folder: Path

    @cached_property
    def fused(self) -> nn.Module:
        """A copy with batch norms folded into convolutions and weights in channels_last order."""
        return fuse_conv_bn(self.model, self.batch[:1]).to(memory_format=torch.channels_last)

    @cached_property
    def fused_bf16(self) -> nn.Module:
        """The same in bfloat16, for float32 pictures and float32 logits."""
        return _Bfloat16(copy.deepcopy(self.fused).bfloat16())

    @property
    def onnx(self) -> Path:
        """The exported model, for any batch size."""
        path = self.folder / "model.onnx"
        if not path.exists():
            torch.onnx.export(
                self.model,
                (torch.cat([self.batch[:1]] * 2),),  # an example of one picture would fix the batch size at 1
                path,
                input_names=["images"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                external_data=False,
                verbose=False,
            )
        return path

    def int8(self, activation: str, form: str) -> Path:
        """The model quantised by ONNX Runtime.

        Args:
            activation: ``"QUInt8"`` or ``"QInt8"``; weights are signed, with a scale for each channel.
            form: ``"QDQ"`` or ``"QOperator"``.
        """
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        prepared, path = self.folder / "prepared.onnx", self.folder / f"{activation}-{form}.onnx"
        if not prepared.exists():
            quant_pre_process(str(self.onnx), str(prepared), skip_symbolic_shape=True)
        if not path.exists():
            quantize_static(
                str(prepared),
                str(path),
                _Pictures(self.calibration),
                quant_format=QuantFormat[form],
                activation_type=QuantType[activation],
                weight_type=QuantType.QInt8,
                per_channel=True,
                calibrate_method=CalibrationMethod.MinMax,
            )
        return path


class Rung(NamedTuple):
    """One step of the ladder.

    Attributes:
        name: as the table shows it.
        build: makes the function to be timed; raises :class:`Missing` where that cannot be.
        dtype: of the numbers that are multiplied, which says what peak to compare with.
        whose: ``"course"`` for what a learner can use, ``"peer"`` for what is only compared with.
    """

    name: str
    build: Callable[[Setting], Run]
    dtype: torch.dtype = torch.float32
    whose: Literal["course", "peer"] = "course"


class _Bfloat16(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return self.model(images.to(torch.bfloat16, memory_format=torch.channels_last)).float()


class _Pictures:
    """Calibration pictures, one by one, as ONNX Runtime asks for them."""

    def __init__(self, pictures: Tensor) -> None:
        self.left: Iterator[Tensor] = iter(pictures.split(1))

    def get_next(self) -> dict[str, np.ndarray] | None:
        picture = next(self.left, None)
        return None if picture is None else {"images": picture.numpy()}


def fuse_conv_bn(model: nn.Module, example: Tensor) -> nn.Module:
    """A copy of the model with each batch norm folded into the convolution whose output it takes.

    Which those are is seen by running the example: ``torch.fx`` cannot trace the trained model used here.
    """
    model = copy.deepcopy(model)
    made: list[tuple[Tensor, nn.Conv2d]] = []
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []

    def convolved(conv, _inputs, output) -> None:
        made.append((output, conv))

    def normalises(norm, inputs) -> None:
        pairs.extend((conv, norm) for output, conv in made if output is inputs[0])

    hooks = [each.register_forward_hook(convolved) for each in model.modules() if isinstance(each, nn.Conv2d)]
    hooks += [
        each.register_forward_pre_hook(normalises)
        for each in model.modules()
        if isinstance(each, nn.BatchNorm2d)
    ]
    with torch.no_grad():
        model(example)
    for hook in hooks:
        hook.remove()
    names = {module: name for name, module in model.named_modules()}
    for conv, norm in pairs:
        folded = fuse_conv_bn_eval(conv, norm)
        conv.weight, conv.bias = folded.weight, folded.bias
        # timm's batch norms hold the activation that follows them
        rest = nn.Sequential(norm.drop, norm.act) if hasattr(norm, "act") else nn.Identity()
        model.set_submodule(names[norm], rest)
    return model


# What a machine must have


def has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    return any(there is True and "bf16" in name for name, there in torch.cpu.get_capabilities().items())


def _need_bf16() -> None:
    if not has_bf16():
        raise Missing("this processor has no bfloat16 arithmetic")


def _need_compiler() -> None:
    if find_compiler() is None:
        raise Missing("no C++ compiler")


def _openvino():
    try:
        return importlib.import_module("openvino")  # no dependency: the course never needs it
    except ImportError:
        raise Missing("openvino is not installed: pip install 'inference-course[bench]'") from None


# PyTorch


def naive_loop(setting: Setting) -> Run:
    """One picture after the other, and everything kept for a backward pass that never comes."""
    return lambda images: torch.cat([setting.model(image.unsqueeze(0)) for image in images])


def loop_without_gradients(setting: Setting) -> Run:
    """Without the graph."""
    return torch.no_grad()(naive_loop(setting))


def whole_batch(setting: Setting) -> Run:
    """All pictures in one call."""
    return torch.inference_mode()(setting.model)


def channels_last(setting: Setting) -> Run:
    """The layout that convolutions want."""
    model = copy.deepcopy(setting.model).to(memory_format=torch.channels_last)
    return torch.inference_mode()(lambda images: model(images.to(memory_format=torch.channels_last)))


def conv_bn_fused(setting: Setting) -> Run:
    """Batch norms folded into the convolutions before them."""
    model = setting.fused
    return torch.inference_mode()(lambda images: model(images.to(memory_format=torch.channels_last)))


def compiled(setting: Setting) -> Run:
    """torch.compile as it is called everywhere."""
    _need_compiler()
    model = _fresh_compile(setting.fused)
    return torch.inference_mode()(lambda images: model(images.to(memory_format=torch.channels_last)))


def compiled_frozen(setting: Setting) -> Run:
    """With weights as constants, which Inductor then lays out for its convolutions."""
    return _frozen(setting.fused)


def compiled_bf16(setting: Setting) -> Run:
    """The same in bfloat16."""
    _need_bf16()
    return _frozen(setting.fused_bf16)


def aot_inductor(setting: Setting) -> Run:
    """Compiled ahead of time into a package that needs no Python."""
    return _package(setting.fused, setting, "fp32")


def aot_inductor_bf16(setting: Setting) -> Run:
    """The same in bfloat16."""
    _need_bf16()
    return _package(setting.fused_bf16, setting, "bf16")


def bf16(setting: Setting) -> Run:
    """Weights and pictures in bfloat16, uncompiled."""
    _need_bf16()
    return torch.inference_mode()(setting.fused_bf16)


def _fresh_compile(model: nn.Module) -> nn.Module:
    # A copy, because a module that was compiled before would be given the code of that time.
    return torch.compile(copy.deepcopy(model), dynamic=False)


def _frozen(model: nn.Module) -> Run:
    _need_compiler()
    from torch._inductor import config

    fast = _fresh_compile(model)

    @torch.inference_mode()
    def run(images: Tensor) -> Tensor:
        with config.patch(freezing=True):  # it counts at the first call, and must still be on at every other
            return fast(images)

    return run


def _package(model: nn.Module, setting: Setting, name: str) -> Run:
    _need_compiler()
    from torch._inductor import aoti_compile_and_package, aoti_load_package, config

    path = setting.folder / f"{name}-{len(setting.batch)}.pt2"
    with torch.no_grad(), config.patch(freezing=True):
        aoti_compile_and_package(torch.export.export(model, (setting.batch,)), package_path=str(path))
    return torch.inference_mode()(aoti_load_package(str(path)))


# ONNX Runtime and OpenVINO


def onnx_runtime(setting: Setting) -> Run:
    """The exported model, all of ONNX Runtime's own optimisations on."""
    return _session(setting.onnx, setting.threads)


def _quantised(activation: str, form: str) -> Callable[[Setting], Run]:
    return lambda setting: _session(setting.int8(activation, form), setting.threads)


def _session(path: Path, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


def _openvino_in(precision: Literal["f32", "bf16"]) -> Callable[[Setting], Run]:
    def build(setting: Setting) -> Run:
        openvino = _openvino()
        if precision == "bf16":
            _need_bf16()
        core = openvino.Core()
        model = core.read_model(setting.onnx)
        model.reshape(list(setting.batch.shape))
        options = {
            "INFERENCE_PRECISION_HINT": precision,  # its own choice is bf16 where there is bf16
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": setting.threads,
            "NUM_STREAMS": 1,
        }
        request = core.compile_model(model, "CPU", options).create_infer_request()
        return lambda images: torch.from_numpy(request.infer({0: images.numpy()}, share_inputs=True)[0])

    return build


RUNGS = [
    Rung("naive loop", naive_loop),
    Rung("loop, no_grad", loop_without_gradients),
    Rung("batch, inference_mode", whole_batch),
    Rung("+ channels_last", channels_last),
    Rung("+ Conv-BN fused", conv_bn_fused),
    Rung("torch.compile", compiled),
    Rung("torch.compile, frozen", compiled_frozen),
    Rung("AOTInductor, frozen", aot_inductor),
    Rung("bf16 weights", bf16, torch.bfloat16),
    Rung("torch.compile bf16, frozen", compiled_bf16, torch.bfloat16),
    Rung("AOTInductor bf16, frozen", aot_inductor_bf16, torch.bfloat16),
    Rung("ONNX Runtime fp32", onnx_runtime),
    Rung("ONNX Runtime int8, QOperator u8s8", _quantised("QUInt8", "QOperator"), torch.int8),
    Rung("ONNX Runtime int8, QDQ u8s8", _quantised("QUInt8", "QDQ"), torch.int8),
    Rung("ONNX Runtime int8, QDQ s8s8", _quantised("QInt8", "QDQ"), torch.int8, "peer"),
    Rung("OpenVINO fp32", _openvino_in("f32"), whose="peer"),
    Rung("OpenVINO bf16", _openvino_in("bf16"), torch.bfloat16, "peer"),
]


def machine() -> str:
    """One line that says what was measured on what."""
    capabilities = torch.cpu.get_capabilities()
    return f"{capabilities.get('cpu_name') or platform.processor()}, {platform.system()}, torch {torch.__version__}"
