# %% right="external_data=False, modes one by one"
import torch

def to_onnx(model, example, path):
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        torch.onnx.export(
            model, (example,), path, input_names=["pixels"], output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},), external_data=False, verbose=False,
        )
    finally:
        for part, training in modes.items():
            part.training = training

# %% right="a copy; the program saved by itself; a name instead of a Dim"
import copy
import torch

def to_onnx(model, example, path):
    program = torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({0: "batch"},),
    )
    program.save(path, external_data=False)

# %% right="through torch.export"
import torch
from helpers.models import evaluating

def to_onnx(model, example, path):
    with evaluating(model):
        program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.onnx.export(
        program, (), path, input_names=["pixels"], output_names=["logits"], external_data=False, verbose=False
    )

# %% right="the deprecated exporter, still right"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, dynamo=False, input_names=["pixels"],
        output_names=["logits"], dynamic_axes={"pixels": {0: "batch"}, "logits": {0: "batch"}},
    )

# %% right="dynamic_axes; weights drawn in with onnx"
import copy
import onnx
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, input_names=["pixels"], output_names=["logits"],
        dynamic_axes={"pixels": {0: "batch"}}, verbose=False,
    )
    onnx.save_model(onnx.load(path), path, save_as_external_data=False)

# %% wrong="fixed-batch"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, input_names=["pixels"], output_names=["logits"],
        external_data=False, verbose=False,
    )

# %% wrong="fixed-batch" why="the height was declared, not the batch"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({2: torch.export.Dim("height")},), external_data=False, verbose=False,
    )

# %% wrong="other-names"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, dynamic_shapes=({0: "batch"},), external_data=False,
        verbose=False,
    )

# %% wrong="other-names" why="only the input is named"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, input_names=["pixels"], dynamic_shapes=({0: "batch"},),
        external_data=False, verbose=False,
    )

# %% wrong="names-swapped"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, input_names=["logits"], output_names=["pixels"],
        dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
    )

# %% wrong="second-output" earned=4 why="eval forgotten"
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        model, (example,), path, input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
    )

# %% wrong="mode-not-restored" earned=4
import torch

def to_onnx(model, example, path):
    model.eval()
    torch.onnx.export(
        model, (example,), path, input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
    )

# %% wrong="mode-not-restored" earned=4 why="train() for all"
import torch

def to_onnx(model, example, path):
    was = model.training
    torch.onnx.export(
        model.eval(), (example,), path, input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
    )
    model.train(was)

# %% wrong="model-frozen" earned=4
import torch
from helpers.models import evaluating

def to_onnx(model, example, path):
    with evaluating(model):
        torch.onnx.export(
            model.requires_grad_(False), (example,), path, input_names=["pixels"], output_names=["logits"],
            dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
        )

# %% wrong="data-left-behind" earned=4 why="the default"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), path, input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({0: "batch"},), verbose=False,
    )

# %% wrong="no-onnx" why="a torch program"
import copy
import torch

def to_onnx(model, example, path):
    program = torch.export.export(
        copy.deepcopy(model).eval(), (example,), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    with open(path, "wb") as file:
        torch.export.save(program, file)

# %% wrong="no-onnx" why="the weights"
import torch

def to_onnx(model, example, path):
    torch.save(model.state_dict(), path)

# %% wrong="no-file" why="the program is only returned"
import copy
import torch

def to_onnx(model, example, path):
    return torch.onnx.export(
        copy.deepcopy(model).eval(), (example,), input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({0: "batch"},), verbose=False,
    )

# %% wrong="wrong-dtype" why="float16"
import copy
import torch

def to_onnx(model, example, path):
    torch.onnx.export(
        copy.deepcopy(model).eval().half(), (example.half(),), path, input_names=["pixels"],
        output_names=["logits"], dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
    )

# %% wrong="gave-probabilities"
import copy
import torch
from torch import nn

def to_onnx(model, example, path):
    whole = nn.Sequential(copy.deepcopy(model), nn.Softmax(dim=1)).eval()
    torch.onnx.export(
        whole, (example,), path, input_names=["pixels"], output_names=["logits"],
        dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
    )

# %% wrong="not-started" status="not_started"
def to_onnx(model, example, path):
    raise NotImplementedError
