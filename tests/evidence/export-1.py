# %% right="the example doubled, modes put back one by one"
import torch

def save_program(model, example, path):
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        program = torch.export.export(
            model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
        )
    finally:
        for part, training in modes.items():
            part.training = training
    torch.export.save(program, path)

# %% right="a copy of the model, a random example, DYNAMIC"
import copy
import torch

def save_program(model, example, path):
    copied = copy.deepcopy(model).eval()
    random = torch.randn(2, *example.shape[1:])
    shapes = {"x": {0: torch.export.Dim.DYNAMIC}}
    torch.export.save(torch.export.export(copied, (random,), dynamic_shapes=shapes), path)

# %% right="the course's own context manager, AUTO, repeat"
import torch
from helpers.models import evaluating

def save_program(model, example, path):
    with evaluating(model), torch.no_grad():
        program = torch.export.export(
            model, (example.repeat(3, 1, 1, 1),), dynamic_shapes=[{0: torch.export.Dim.AUTO}]
        )
    torch.export.save(program, path)
    return program

# %% right="expand, a second picture only where there is one, strict"
import torch
from torch.export import Dim, export, save

def save_program(model, example, path):
    if len(example) == 1:
        example = example.expand(2, -1, -1, -1)
    state = [m.training for m in model.modules()]
    for m in model.modules():
        m.training = False
    program = export(model, (example,), dynamic_shapes=(({0: Dim("n", min=1)},)), strict=True)
    for m, training in zip(model.modules(), state):
        m.training = training
    save(program, path)

# %% right="height and width dynamic as well"
import copy
import torch
from torch.export import Dim

def save_program(model, example, path):
    model = copy.deepcopy(model)
    model.eval()
    batch = torch.zeros(2, 3, 12, 10)
    shapes = ({0: Dim("batch"), 2: Dim("height"), 3: Dim("width")},)
    torch.export.save(torch.export.export(model, (batch,), dynamic_shapes=shapes), path)

# %% right="saved through an open file, a wrapper around the model"
import copy
import torch
from torch import nn

class Wrapped(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)

def save_program(model, example, path):
    wrapped = Wrapped(copy.deepcopy(model)).eval()
    example = torch.cat([example] * 2)
    program = torch.export.export(wrapped, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    with open(path, "wb") as file:
        torch.export.save(program, file)

# %% wrong="fixed-batch"
import copy
import torch

def save_program(model, example, path):
    program = torch.export.export(copy.deepcopy(model).eval(), (torch.cat([example]),))
    torch.export.save(program, path)

# %% wrong="fixed-batch" why="an example of one instead of the given one"
import copy
import torch

def save_program(model, example, path):
    program = torch.export.export(
        copy.deepcopy(model).eval(), (example[:1],), dynamic_shapes=({0: torch.export.Dim.AUTO},)
    )
    torch.export.save(program, path)

# %% wrong="one-is-fixed" earned=4
import copy
import torch

def save_program(model, example, path):
    model = copy.deepcopy(model).eval()
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, path)

# %% wrong="one-is-fixed" earned=4 why="AUTO, and no error"
import copy
import torch

def save_program(model, example, path):
    model = copy.deepcopy(model).eval()
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim.AUTO},))
    torch.export.save(program, path)

# %% wrong="one-is-fixed" earned=4 why="DYNAMIC"
import copy
import torch

def save_program(model, example, path):
    model = copy.deepcopy(model).eval()
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.export.save(program, path)

# %% wrong="batch-limited" why="max"
import copy
import torch

def save_program(model, example, path):
    model = copy.deepcopy(model).eval()
    batch = torch.export.Dim("batch", max=64)
    program = torch.export.export(model, (torch.cat([example, example]),), dynamic_shapes=({0: batch},))
    torch.export.save(program, path)

# %% wrong="training-exported" earned=3 why="eval forgotten"
import torch

def save_program(model, example, path):
    program = torch.export.export(
        model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(program, path)

# %% wrong="training-exported" earned=3 why="only the outermost module"
import copy
import torch

def save_program(model, example, path):
    model = copy.deepcopy(model)
    model.training = False
    program = torch.export.export(
        model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(program, path)

# %% wrong="training-exported" why="training mode on purpose"
import copy
import torch

def save_program(model, example, path):
    model = copy.deepcopy(model).train()
    program = torch.export.export(
        model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(program, path)

# %% wrong="mode-not-restored" earned=4 why="left in evaluation mode"
import torch

def save_program(model, example, path):
    model.eval()
    program = torch.export.export(
        model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(program, path)

# %% wrong="mode-not-restored" earned=4 why="train() for all parts"
import torch

def save_program(model, example, path):
    was = model.training
    model.eval()
    program = torch.export.export(
        model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    model.train(was)
    torch.export.save(program, path)

# %% wrong="model-frozen" earned=4 why="parameters frozen, which an export does not need"
import torch
from helpers.models import evaluating

def save_program(model, example, path):
    model.requires_grad_(False)
    with evaluating(model):
        program = torch.export.export(
            model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
        )
    torch.export.save(program, path)

# %% wrong="no-program" why="torch.save of the model"
import torch

def save_program(model, example, path):
    torch.save(model, path)

# %% wrong="no-program" why="the weights"
import torch

def save_program(model, example, path):
    torch.save(model.state_dict(), path)

# %% wrong="no-program" why="TorchScript"
import copy
import torch

def save_program(model, example, path):
    torch.jit.save(torch.jit.trace(copy.deepcopy(model).eval(), example), path)

# %% wrong="no-file" why="never saved"
import copy
import torch

def save_program(model, example, path):
    return torch.export.export(
        copy.deepcopy(model).eval(),
        (torch.cat([example, example]),),
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )

# %% wrong="no-file" why="another name"
import copy
import torch

def save_program(model, example, path):
    program = torch.export.export(
        copy.deepcopy(model).eval(),
        (torch.cat([example, example]),),
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    torch.export.save(program, path.replace(".pt2", "_exported.pt2"))

# %% wrong="other-input" why="float16"
import copy
import torch

def save_program(model, example, path):
    model = copy.deepcopy(model).eval().half()
    example = torch.cat([example, example]).half()
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, path)

# %% wrong="other-input" why="the batch with a name"
import copy
import torch

def save_program(model, example, path):
    program = torch.export.export(
        copy.deepcopy(model).eval(),
        (),
        {"x": torch.cat([example, example])},
        dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
    )
    torch.export.save(program, path)

# %% wrong="gave-probabilities"
import copy
import torch
from torch import nn

def save_program(model, example, path):
    model = nn.Sequential(copy.deepcopy(model), nn.Softmax(dim=1)).eval()
    program = torch.export.export(
        model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(program, path)

# %% wrong="model-changed" earned=4 why="running statistics: a call in training mode afterwards"
import torch

def save_program(model, example, path):
    modes = {part: part.training for part in model.modules()}
    model.eval()
    program = torch.export.export(
        model, (torch.cat([example, example]),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(program, path)
    model.train()
    model(torch.cat([example, example]))
    for part, training in modes.items():
        part.training = training

# %% wrong="raised" status="error" why="the example is not in a tuple"
import copy
import torch

def save_program(model, example, path):
    program = torch.export.export(copy.deepcopy(model).eval(), example)
    torch.export.save(program, path)

# %% wrong="not-started" status="not_started"
def save_program(model, example, path):
    raise NotImplementedError
