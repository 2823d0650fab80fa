# %% right="torch.cond, inherited"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        return torch.cond(x.mean() > self.threshold, self.bright, self.dark, (x,))

# %% right="torch.where"
import torch
from torch import nn

class ExportableGate(nn.Module):
    def __init__(self, dark, bright, threshold):
        super().__init__()
        self.dark, self.bright, self.threshold = dark, bright, threshold

    def forward(self, x):
        return torch.where(x.mean() > self.threshold, self.bright(x), self.dark(x))

# %% right="a 0-or-1 weight"
import torch
from torch import nn

class ExportableGate(nn.Module):
    def __init__(self, dark, bright, threshold):
        super().__init__()
        self.dark = dark
        self.bright = bright
        self.register_buffer("threshold", torch.tensor(threshold), persistent=False)

    def forward(self, x):
        take = (x.mean() > self.threshold).float()
        return take * self.bright(x) + (1 - take) * self.dark(x)

# %% right="both computed and stacked, then an index"
import torch
from torch import nn

class ExportableGate(nn.Module):
    def __init__(self, dark, bright, threshold):
        super().__init__()
        self.dark = dark
        self.bright = bright
        self.threshold = threshold

    def forward(self, x):
        both = torch.stack([self.dark(x), self.bright(x)])
        which = (x.mean() > self.threshold).long()
        return both.index_select(0, which.reshape(1)).squeeze(0)

# %% right="cond with functions, the condition turned round"
import torch

class ExportableGate(Gate):
    def take_dark(self, x):
        return self.dark(x)

    def take_bright(self, x):
        return self.bright(x)

    def forward(self, x):
        return torch.cond(
            (x.sum() / x.numel() <= self.threshold).logical_or(x.mean().isnan()),
            self.take_dark,
            self.take_bright,
            (x,),
        )

# %% right="the old class, for plain calls; cond when exporting"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        if torch.compiler.is_exporting():
            return torch.cond(x.mean() > self.threshold, self.bright, self.dark, (x,))
        return super().forward(x)

# %% wrong="still-breaks" earned=2 why="unchanged"
class ExportableGate(Gate):
    pass

# %% wrong="still-breaks" earned=2 why="item first"
class ExportableGate(Gate):
    def forward(self, x):
        mean = x.mean().item()
        return self.bright(x) if mean > self.threshold else self.dark(x)

# %% wrong="still-breaks" earned=2 why="an index of a Python list"
class ExportableGate(Gate):
    def forward(self, x):
        branches = [self.dark, self.bright]
        return branches[int(x.mean() > self.threshold)](x)

# %% wrong="still-breaks" earned=2 why="through numpy"
import numpy as np

class ExportableGate(Gate):
    def forward(self, x):
        return self.bright(x) if np.mean(x.detach().numpy()) > self.threshold else self.dark(x)

# %% wrong="still-breaks" earned=2 why="cond with a Python bool"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        return torch.cond(bool(x.mean() > self.threshold), self.bright, self.dark, (x,))

# %% wrong="frozen-branch" earned=2 why="always bright when exported"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        if torch.compiler.is_exporting():
            return self.bright(x)
        return super().forward(x)

# %% wrong="frozen-branch" earned=2 why="the choice of the call before"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        if torch.compiler.is_exporting():
            return self.dark(x)
        return torch.where(x.mean() > self.threshold, self.bright(x), self.dark(x))

# %% wrong="branches-swapped"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        return torch.cond(x.mean() > self.threshold, self.dark, self.bright, (x,))

# %% wrong="branches-swapped" why="in the constructor"
import torch
from torch import nn

class ExportableGate(nn.Module):
    def __init__(self, bright, dark, threshold):
        super().__init__()
        self.dark, self.bright, self.threshold = dark, bright, threshold

    def forward(self, x):
        return torch.where(x.mean() > self.threshold, self.bright(x), self.dark(x))

# %% wrong="boundary"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        return torch.cond(x.mean() >= self.threshold, self.bright, self.dark, (x,))

# %% wrong="boundary" why="turned round without the equals sign"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        return torch.cond(x.mean() < self.threshold, self.dark, self.bright, (x,))

# %% wrong="each-picture"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        each = x.mean(dim=(1, 2, 3)) > self.threshold
        return torch.where(each[:, None], self.bright(x), self.dark(x))

# %% wrong="mixed" why="both added"
class ExportableGate(Gate):
    def forward(self, x):
        return self.bright(x) + self.dark(x)

# %% wrong="mixed" why="their mean"
class ExportableGate(Gate):
    def forward(self, x):
        return (self.bright(x) + self.dark(x)) / 2

# %% wrong="wrong-values" why="a soft gate"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        take = torch.sigmoid(x.mean() - self.threshold)
        return take * self.bright(x) + (1 - take) * self.dark(x)

# %% wrong="one-branch" why="always bright"
class ExportableGate(Gate):
    def forward(self, x):
        return self.bright(x)

# %% wrong="one-branch" why="threshold of the lesson"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        return torch.where(x.mean() > 0.0, self.bright(x), self.dark(x))

# %% wrong="other-keys" earned=4 why="a list of branches"
import torch
from torch import nn

class ExportableGate(nn.Module):
    def __init__(self, dark, bright, threshold):
        super().__init__()
        self.branches = nn.ModuleList([dark, bright])
        self.threshold = threshold

    def forward(self, x):
        return torch.cond(x.mean() > self.threshold, self.branches[1], self.branches[0], (x,))

# %% wrong="other-keys" earned=4 why="the threshold among the buffers"
import torch
from torch import nn

class ExportableGate(nn.Module):
    def __init__(self, dark, bright, threshold):
        super().__init__()
        self.dark, self.bright = dark, bright
        self.register_buffer("threshold", torch.tensor(threshold))

    def forward(self, x):
        return torch.where(x.mean() > self.threshold, self.bright(x), self.dark(x))

# %% wrong="no-module"
import torch

class ExportableGate:
    def __init__(self, dark, bright, threshold):
        self.dark, self.bright, self.threshold = dark, bright, threshold

    def __call__(self, x):
        return torch.where(x.mean() > self.threshold, self.bright(x), self.dark(x))

# %% wrong="not-a-class" status="failed" why="a function"
def ExportableGate(dark, bright, threshold):
    return Gate(dark, bright, threshold)

# %% wrong="wrong-signature"
import torch

class ExportableGate(Gate):
    def __init__(self, dark, bright):
        super().__init__(dark, bright, 0.0)

# %% wrong="returned-none"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        torch.cond(x.mean() > self.threshold, self.bright, self.dark, (x,))

# %% wrong="raised" status="error" why="operands not in a tuple"
import torch

class ExportableGate(Gate):
    def forward(self, x):
        return torch.cond(x.mean() > self.threshold, self.bright, self.dark, x)
