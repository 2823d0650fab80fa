# %% right="fx fuse, deepcopy, eval, channels_last"
import copy
import torch
from torch.fx.experimental.optimization import fuse

def prepare(model):
    return fuse(copy.deepcopy(model).eval()).to(memory_format=torch.channels_last)

# %% right="a walk over the children"
import copy
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

def prepare(model):
    ready = copy.deepcopy(model).eval()
    for parent in list(ready.modules()):
        before = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and before is not None:
                setattr(parent, before[0], fuse_conv_bn_eval(before[1], child))
                setattr(parent, name, nn.Identity())
            before = (name, child) if isinstance(child, nn.Conv2d) else None
    return ready.to(memory_format=torch.channels_last)

# %% right="the formula by hand"
import copy
import torch
from torch import nn

def fused(conv, norm):
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    bias = conv.bias if conv.bias is not None else torch.zeros(conv.out_channels)
    new = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups)
    new.weight.data = conv.weight.data * scale.data.view(-1, 1, 1, 1)
    new.bias.data = ((bias - norm.running_mean) * scale + norm.bias).data
    return new

def prepare(model):
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.Sequential):
            for i in range(len(module) - 1):
                if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                    module[i] = fused(module[i], module[i + 1])
                    module[i + 1] = nn.Identity()
    model = model.to(memory_format=torch.channels_last)
    model.eval()
    return model

# %% right="channels_last first, weights in place"
import copy
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

def prepare(model):
    ready = copy.deepcopy(model).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    for parent in ready.modules():
        children = list(parent.named_children())
        for (_, conv), (name, norm) in zip(children, children[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                weight, bias = fuse_conv_bn_weights(
                    conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
                )
                conv.weight.data = weight.data.contiguous(memory_format=torch.channels_last)
                conv.bias = nn.Parameter(bias.data, requires_grad=False)
                setattr(parent, name, nn.Identity())
    return ready

# %% right="the original's mode is borrowed and put back"
import copy
import torch
from torch.fx.experimental.optimization import fuse

def prepare(model):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        ready = fuse(copy.deepcopy(model))
    finally:
        for module, training in modes.items():
            module.training = training
    return ready.to(memory_format=torch.channels_last)

# %% wrong="not-fused" earned=4
import copy
import torch

def prepare(model):
    return copy.deepcopy(model).eval().to(memory_format=torch.channels_last)

# %% wrong="not-channels-last" earned=5
import copy
from torch.fx.experimental.optimization import fuse

def prepare(model):
    return fuse(copy.deepcopy(model).eval())

# %% wrong="training-left"
import copy
import torch
from torch.fx.experimental.optimization import fuse

def prepare(model):
    ready = fuse(copy.deepcopy(model).eval()).to(memory_format=torch.channels_last)
    return ready.train(model.training)

# %% wrong="raised" status="error" why="fuses in training mode"
import copy
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

def prepare(model):
    ready = copy.deepcopy(model)
    for parent in ready.modules():
        children = list(parent.named_children())
        for (first, conv), (second, norm) in zip(children, children[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, first, fuse_conv_bn_eval(conv, norm))
                setattr(parent, second, nn.Identity())
    return ready.eval().to(memory_format=torch.channels_last)

# %% wrong="mode-not-kept" earned=5
import torch
from torch.fx.experimental.optimization import fuse

def prepare(model):
    model.eval()
    return fuse(model).to(memory_format=torch.channels_last)

# %% wrong="original-converted" earned=5
import copy
import torch
from torch.fx.experimental.optimization import fuse

def prepare(model):
    model = model.to(memory_format=torch.channels_last)
    return fuse(copy.deepcopy(model).eval())

# %% wrong="same-object"
import torch

def prepare(model):
    return model.eval().to(memory_format=torch.channels_last)

# %% wrong="norms-dropped"
import copy
import torch
from torch import nn

def prepare(model):
    ready = copy.deepcopy(model).eval()
    for parent in list(ready.modules()):
        before = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                setattr(parent, name, nn.Identity())
            before = child
    return ready.to(memory_format=torch.channels_last)

# %% wrong="fused-twice"
import copy
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

def prepare(model):
    ready = copy.deepcopy(model).eval()
    for parent in list(ready.modules()):
        children = list(parent.named_children())
        for (first, conv), (_, norm) in zip(children, children[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, first, fuse_conv_bn_eval(conv, norm))
    return ready.to(memory_format=torch.channels_last)

# %% wrong="lone-lost"
import copy
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

def prepare(model):
    ready = copy.deepcopy(model).eval()
    for parent in list(ready.modules()):
        before = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                if before is not None:
                    setattr(parent, before[0], fuse_conv_bn_eval(before[1], child))
                setattr(parent, name, nn.Identity())
            before = (name, child) if isinstance(child, nn.Conv2d) else None
    return ready.to(memory_format=torch.channels_last)

# %% wrong="wrong-values" why="eps forgotten"
import copy
import torch
from torch import nn

def prepare(model):
    ready = copy.deepcopy(model).eval()
    for parent in list(ready.modules()):
        children = list(parent.named_children())
        for (_, conv), (name, norm) in zip(children, children[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                scale = norm.weight / torch.sqrt(norm.running_var)
                bias = 0 if conv.bias is None else conv.bias
                conv.bias = nn.Parameter((bias - norm.running_mean) * scale + norm.bias)
                conv.weight = nn.Parameter(conv.weight * scale[:, None, None, None])
                setattr(parent, name, nn.Identity())
    return ready.to(memory_format=torch.channels_last)

# %% wrong="wrong-values" why="the convolution's own bias forgotten"
import copy
import torch
from torch import nn

def prepare(model):
    ready = copy.deepcopy(model).eval()
    for parent in list(ready.modules()):
        children = list(parent.named_children())
        for (_, conv), (name, norm) in zip(children, children[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                extra = 0.0 if conv.bias is None else 0.5
                conv.bias = nn.Parameter(extra - norm.running_mean * scale + norm.bias)
                conv.weight = nn.Parameter(conv.weight * scale[:, None, None, None])
                setattr(parent, name, nn.Identity())
    return ready.to(memory_format=torch.channels_last)

# %% wrong="original-frozen" earned=5
import copy
import torch
from torch.fx.experimental.optimization import fuse

def prepare(model):
    model.requires_grad_(False)
    return fuse(copy.deepcopy(model).eval()).to(memory_format=torch.channels_last)

# %% wrong="other-dtype"
import copy
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

class Wrapped(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x.to(torch.bfloat16)).float()

def prepare(model):
    return Wrapped(fuse(copy.deepcopy(model).eval()).to(torch.bfloat16, memory_format=torch.channels_last)).eval()

# %% wrong="not-a-model"
import copy
import torch
from torch.fx.experimental.optimization import fuse

def prepare(model):
    ready = fuse(copy.deepcopy(model).eval()).to(memory_format=torch.channels_last)
    return lambda batch: ready(batch)

# %% wrong="returned-none"
from torch.fx.experimental.optimization import fuse

def prepare(model):
    fuse(model.eval())
