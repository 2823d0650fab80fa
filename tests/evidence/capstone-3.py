# %% right="neighbours in each container"
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for place in range(len(container) - 1):
                conv, norm = container[place], container[place + 1]
                if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    container[place] = fuse_conv_bn_eval(conv, norm)
                    container[place + 1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last).eval()

# %% right="torch.fx"
import copy
import torch
import torch.fx.experimental.optimization as optimization

def ready_copy(model):
    ready = optimization.fuse(copy.deepcopy(model).eval())
    return ready.requires_grad_(False).to(memory_format=torch.channels_last).eval()

# %% right="folded by hand, a recursive walk"
import copy
import torch
from torch import nn

def fold(conv, norm):
    scale = torch.rsqrt(norm.running_var + norm.eps)
    beta = -norm.running_mean * scale
    if norm.affine:
        scale, beta = scale * norm.weight, beta * norm.weight + norm.bias
    bias = conv.bias if conv.bias is not None else torch.zeros(conv.out_channels)
    conv.weight = nn.Parameter(conv.weight * scale.view(-1, 1, 1, 1))
    conv.bias = nn.Parameter(bias * scale + beta)
    return conv

def walk(module):
    if isinstance(module, nn.Sequential):
        layers = []
        for layer in module:
            if layers and type(layers[-1]) is nn.Conv2d and type(layer) is nn.BatchNorm2d:
                layers[-1] = fold(layers[-1], layer)
            else:
                layers.append(walk(layer))
        return nn.Sequential(*layers)
    for name, child in module.named_children():
        setattr(module, name, walk(child))
    return module

@torch.no_grad()
def ready_copy(model):
    ready = walk(copy.deepcopy(model))
    for parameter in ready.parameters():
        parameter.requires_grad_(False)
    return ready.eval().to(memory_format=torch.channels_last)

# %% right="a scripted and frozen copy (deprecated, and still right)"
import copy
import torch

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return torch.jit.freeze(torch.jit.script(ready))

# %% right="a wrapper that calls the folded copy"
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_weights

class Ready(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner
    def forward(self, x):
        return self.inner(x.contiguous(memory_format=torch.channels_last))

def ready_copy(model):
    inner = copy.deepcopy(model)
    inner.eval()
    for module in [m for m in inner.modules() if isinstance(m, nn.Sequential)]:
        names = list(module._modules)
        for first, second in zip(names, names[1:]):
            conv, norm = module._modules[first], module._modules[second]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                conv.weight, conv.bias = fuse_conv_bn_weights(
                    conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
                )
                module._modules[second] = nn.Identity()
    wrapper = Ready(inner).eval()
    wrapper.requires_grad_(False)
    return wrapper.to(memory_format=torch.channels_last)

# %% wrong="no-copy"
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    model.eval().requires_grad_(False)
    for container in list(model.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return model.to(memory_format=torch.channels_last)

# %% wrong="shared" earned=3
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval()
    ready.requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    ready.to(memory_format=torch.channels_last)
    for mine, theirs in zip(
        [m for m in ready.modules() if isinstance(m, nn.Linear)], [m for m in model.modules() if isinstance(m, nn.Linear)]
    ):
        mine.weight.data = theirs.weight.data
    return ready

# %% wrong="model-touched" earned=3
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model.eval()).requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last)

# %% wrong="model-touched" earned=3 why="requires_grad of the original"
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval()
    model.requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last).requires_grad_(False)

# %% wrong="model-touched" earned=3 why="its mode put back for all alike"
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    training = model.training
    model.eval()
    ready = copy.deepcopy(model).requires_grad_(False)
    model.train(training)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last)

# %% wrong="still-training" earned=3
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    ready.training = True
    return ready.to(memory_format=torch.channels_last)

# %% wrong="training-values"
import copy
import torch

def ready_copy(model):
    return copy.deepcopy(model).requires_grad_(False).to(memory_format=torch.channels_last)

# %% wrong="still-learning" earned=3
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval()
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last)

# %% wrong="not-channels-last" earned=3
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return ready

# %% wrong="norms-left" earned=3
import copy
import torch

def ready_copy(model):
    return copy.deepcopy(model).eval().requires_grad_(False).to(memory_format=torch.channels_last)

# %% wrong="norms-left" earned=3 why="only one level"
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    for container in ready.children():
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last)

# %% wrong="norms-dropped"
import copy
import torch
from torch import nn

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    for container in list(ready.modules()):
        for name, child in list(container.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(container, name, nn.Identity())
    return ready.to(memory_format=torch.channels_last)

# %% wrong="others-dropped"
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            before = None
            for i in range(len(container)):
                if isinstance(container[i], nn.BatchNorm2d):
                    if isinstance(before, nn.Conv2d):
                        container[i - 1] = fuse_conv_bn_eval(before, container[i])
                    container[i] = nn.Identity()
                before = container[i]
    return ready.to(memory_format=torch.channels_last)

# %% wrong="bias-lost"
import copy
import torch
from torch import nn

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                conv, norm = container[i], container[i + 1]
                if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    scale = torch.rsqrt(norm.running_var + norm.eps)
                    if norm.affine:
                        scale = scale * norm.weight
                    conv.weight.mul_(scale.view(-1, 1, 1, 1))
                    if conv.bias is not None:
                        conv.bias.mul_(scale)
                    container[i + 1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last)

# %% wrong="raised" why="folded in training mode" status="error"
import copy
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

def ready_copy(model):
    ready = copy.deepcopy(model)
    for container in list(ready.modules()):
        if isinstance(container, nn.Sequential):
            for i in range(len(container) - 1):
                if isinstance(container[i], nn.Conv2d) and isinstance(container[i + 1], nn.BatchNorm2d):
                    container[i] = fuse_conv_bn_eval(container[i], container[i + 1])
                    container[i + 1] = nn.Identity()
    return ready.eval().requires_grad_(False).to(memory_format=torch.channels_last)

# %% wrong="returned-none"
import copy
import torch

def ready_copy(model):
    copy.deepcopy(model).eval().requires_grad_(False).to(memory_format=torch.channels_last)

# %% wrong="wrong-type"
import copy

def ready_copy(model):
    return copy.deepcopy(model).eval().state_dict()

# %% wrong="wrong-values" why="half precision in between"
import copy
import torch

def ready_copy(model):
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    return ready.to(torch.bfloat16).float().to(memory_format=torch.channels_last)
