# %% right="one formula, two sources"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% right="channels last, then back"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    last = x.permute(0, 2, 3, 1)
    if training:
        flat = last.reshape(-1, last.shape[-1])
        var, mean = torch.var_mean(flat, dim=0, correction=0)
        n = len(flat)
        running_mean = torch.lerp(running_mean, mean, momentum)
        running_var = torch.lerp(running_var, var * n / (n - 1), momentum)
    else:
        mean, var = running_mean, running_var
    y = (last - mean) * torch.rsqrt(var + eps) * weight + bias
    return y.permute(0, 3, 1, 2), running_mean, running_var

# %% right="channel by channel"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    y, means, variances = torch.empty_like(x), running_mean.clone(), running_var.clone()
    for c in range(x.shape[1]):
        values = x[:, c]
        if training:
            mean = values.sum() / values.numel()
            squares = ((values - mean) ** 2).sum()
            var = squares / values.numel()
            means[c] += momentum * (mean - means[c])
            variances[c] += momentum * (squares / (values.numel() - 1) - variances[c])
        else:
            mean, var = running_mean[c], running_var[c]
        y[:, c] = weight[c] * (values - mean) / (var + eps) ** 0.5 + bias[c]
    return [y, means, variances]

# %% right="scale and shift folded"
def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean = x.mean(dim=[0, 2, 3])
        var = (x ** 2).mean(dim=[0, 2, 3]) - mean ** 2
        n = x.numel() / x.shape[1]
        running_mean = running_mean + momentum * (mean - running_mean)
        running_var = running_var + momentum * (var * n / (n - 1) - running_var)
    scale = weight / (var + eps).sqrt()
    shift = bias - mean * scale
    return x * scale[:, None, None] + shift[:, None, None], running_mean, running_var

# %% wrong="used-batch-norm"
import torch.nn.functional as F

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean.clone(), running_var.clone()
    y = F.batch_norm(x, mean, var, weight, bias, training, momentum, eps)
    return y, mean, var

# %% wrong="only-the-output"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias

# %% wrong="batch-in-evaluation" earned=3
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="updated-in-evaluation" earned=2 why="always"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    batch_mean, batch_var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    running_mean = (1 - momentum) * running_mean + momentum * batch_mean
    running_var = (1 - momentum) * running_var + momentum * batch_var
    mean, var = (batch_mean, batch_var) if training else (running_mean, running_var)
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="updated-in-evaluation" earned=3 why="the output is right"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    own_mean, own_var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    mean, var = (own_mean, own_var) if training else (running_mean, running_var)
    new_mean = (1 - momentum) * running_mean + momentum * own_mean
    new_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3))
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, new_mean, new_var

# %% wrong="running-in-training" earned=1 why="one mode only"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    def wide(tensor):
        return tensor.view(1, -1, 1, 1)
    y = (x - wide(running_mean)) / torch.sqrt(wide(running_var) + eps) * wide(weight) + wide(bias)
    return y, running_mean, running_var

# %% wrong="updated-first" earned=3
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="unbiased-output" earned=3
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3))
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="biased-running" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=False)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="momentum-swapped" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="not-updated" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="replaced" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = mean
        running_var = x.var((0, 2, 3))
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="per-image" earned=3
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    def wide(tensor):
        return tensor.view(1, -1, 1, 1)
    if training:
        y = (x - x.mean((2, 3), keepdim=True)) / torch.sqrt(x.var((2, 3), keepdim=True, unbiased=False) + eps)
        running_mean = (1 - momentum) * running_mean + momentum * x.mean((0, 2, 3))
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3))
    else:
        y = (x - wide(running_mean)) / torch.sqrt(wide(running_var) + eps)
    return y * wide(weight) + wide(bias), running_mean, running_var

# %% wrong="whole-batch" earned=1
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    def wide(tensor):
        return tensor.view(1, -1, 1, 1)
    mean, var = wide(running_mean), wide(running_var)
    if training:
        mean, var = x.mean(), x.var(unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var()
    return (x - mean) / torch.sqrt(var + eps) * wide(weight) + wide(bias), running_mean, running_var

# %% wrong="along-the-width" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="along-the-width" earned=2 why="weight and bias alone"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var = mean.view(1, -1, 1, 1), var.view(1, -1, 1, 1)
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="no-square-root" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / (var + eps) * weight + bias, running_mean, running_var

# %% wrong="eps-outside" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / (torch.sqrt(var) + eps) * weight + bias, running_mean, running_var

# %% wrong="no-eps" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var) * weight + bias, running_mean, running_var

# %% wrong="no-weight" earned=2
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps), running_mean, running_var

# %% wrong="no-weight" earned=2 why="no bias"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight, running_mean, running_var

# %% wrong="input-changed" earned=2 why="running statistics in place"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        running_mean.mul_(1 - momentum).add_(momentum * mean)
        running_var.mul_(1 - momentum).add_(momentum * x.var((0, 2, 3)))
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="input-changed" earned=2 why="the input in place"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return x.sub_(mean).div_(torch.sqrt(var + eps)).mul_(weight).add_(bias), running_mean, running_var

# %% wrong="returned-none"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    result = (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="wrong-shape" earned=2 why="flattened"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return ((x - mean) / torch.sqrt(var + eps) * weight + bias).flatten(2), running_mean, running_var

# %% wrong="wrong-dtype" earned=2 why="float64"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x.double() - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var

# %% wrong="raised" earned=1 why="a misspelt name" status="partial"
import torch

def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        running_mean = (1 - momentum) * running_mean + momentum * means
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3), unbiased=True)
    else:
        mean, var = running_mean, running_var
    mean, var, weight, bias = (tensor.view(1, -1, 1, 1) for tensor in (mean, var, weight, bias))
    return (x - mean) / torch.sqrt(var + eps) * weight + bias, running_mean, running_var
