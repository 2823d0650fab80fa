# %% right="super, then the layers"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

# %% right="three types, flag by flag"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for name, module in self.named_modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
                module.training = False
        return self

# %% right="apply"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        def stay(module):
            if "BatchNorm" in type(module).__name__ and module is not self:
                module.training = False
        return super().train(mode).apply(stay)

# %% right="the layers refuse by themselves"
import torch
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
                module.train = lambda mode=True, module=module: module
        self.inner = model

    def forward(self, x):
        return self.inner(x)

# %% right="just before each call"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        for module in self.model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self.model(x)

# %% right="a mode for each module, by recursion"
from torch import nn

def set_mode(module, mode):
    module.training = mode and not isinstance(module, nn.modules.batchnorm._BatchNorm)
    for child in module.children():
        set_mode(child, mode)

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        set_mode(self, mode)
        return self

    def eval(self):
        return self.train(False)

# %% wrong="norms-trained" why="once, in the constructor"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()

    def forward(self, x):
        return self.model(x)

# %% wrong="norms-trained" why="before super"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return super().train(mode)

# %% wrong="only-gradients"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.requires_grad_(False)
        return self

# %% wrong="gradients-stopped" why="both"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
                module.requires_grad_(False)
        return self

# %% wrong="only-two-dimensional"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

# %% wrong="only-direct-children"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.model.children():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

# %% wrong="froze-everything" why="the whole model"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        self.model.eval()
        return self

# %% wrong="froze-everything" why="Dropout too"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.Dropout)):
                module.eval()
        return self

# %% wrong="mode-ignored" earned=3
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train()
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

# %% wrong="own-flag-forgotten" earned=3
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        self.model.train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

# %% wrong="returns-nothing" earned=3
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()

# %% wrong="calls-itself"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        self.train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

# %% wrong="wrong-type" why="no module"
class FrozenBatchNorm:
    def __init__(self, model):
        self.model = model

    def __call__(self, x):
        return self.model(x)

# %% wrong="not-a-class"
from torch import nn

def FrozenBatchNorm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    return model

# %% wrong="raised" status="error" why="super().__init__ forgotten"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

# %% wrong="raised" status="error" why="a misspelt method"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.evaluate()
        return self

# %% wrong="model-changed" why="the weights set to one"
from torch import nn

class FrozenBatchNorm(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.train()

    def forward(self, x):
        return self.model(x)

    def train(self, mode=True):
        super().train(mode)
        return self

    def forward(self, x):
        self.model.head[1].weight.data.fill_(1)
        self.model.eval()
        return self.model(x)
