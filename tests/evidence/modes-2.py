# %% right="a mask from rand_like"
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    keep = torch.rand_like(x) >= p
    return x * keep / (1 - p)

# %% right="bernoulli"
import torch

def inverted_dropout(x, p, training):
    if training:
        mask = torch.bernoulli(torch.full_like(x, 1 - p))
        return mask * x / (1 - p)
    return x.clone()

# %% right="where"
import torch

def inverted_dropout(x, p, training):
    dropped = torch.rand(x.shape) < p
    return torch.where(dropped, torch.zeros_like(x), x / (1 - p)) if training else x

# %% right="masked_fill on a copy"
import torch

def inverted_dropout(x, p, training):
    result = x.clone()
    if training:
        result.div_(1 - p).masked_fill_(torch.empty_like(x).uniform_() < p, 0)
    return result

# %% right="numpy's random numbers"
import numpy as np
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    keep = torch.from_numpy(np.random.default_rng().random(tuple(x.shape)) > p)
    return (x * keep / (1.0 - p)).to(x.dtype)

# %% wrong="used-dropout"
import torch.nn.functional as F

def inverted_dropout(x, p, training):
    return F.dropout(x, p, training)

# %% wrong="used-dropout" earned=1 why="the module in training"
from torch import nn

def inverted_dropout(x, p, training):
    if not training:
        return x
    return nn.Dropout(p)(x)

# %% wrong="dropped-in-evaluation" earned=2
import torch

def inverted_dropout(x, p, training):
    return x * (torch.rand_like(x) >= p) / (1 - p)

# %% wrong="dropped-in-evaluation" why="F.dropout without training"
import torch.nn.functional as F

def inverted_dropout(x, p, training):
    return F.dropout(x, p)

# %% wrong="scaled-in-evaluation" why="the classic, not inverted dropout"
import torch

def inverted_dropout(x, p, training):
    if training:
        return x * (torch.rand_like(x) >= p)
    return x * (1 - p)

# %% wrong="scaled-in-evaluation" earned=2 why="divided in both modes"
import torch

def inverted_dropout(x, p, training):
    keep = torch.rand_like(x) >= p if training else torch.ones_like(x)
    return x * keep / (1 - p)

# %% wrong="nothing-dropped" earned=1 why="identity"
def inverted_dropout(x, p, training):
    return x

# %% wrong="nothing-dropped" earned=1 why="only scaled"
def inverted_dropout(x, p, training):
    return x / (1 - p) if training else x

# %% wrong="not-scaled" earned=1
import torch

def inverted_dropout(x, p, training):
    return x * (torch.rand_like(x) >= p) if training else x

# %% wrong="scaled-the-wrong-way" earned=1
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) >= p) * (1 - p)

# %% wrong="scaled-by-p" earned=1
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) > p) / p

# %% wrong="kept-a-share-of-p" earned=1
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) < p) / (1 - p)

# %% wrong="kept-a-share-of-p" earned=1 why="and divided by p"
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return x * torch.bernoulli(torch.full_like(x, p)) / p

# %% wrong="whole-rows" earned=1
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return x * (torch.rand(x.shape[0], 1) >= p) / (1 - p)

# %% wrong="whole-rows" earned=1 why="columns"
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return torch.where(torch.rand(x.shape[-1]) >= p, x / (1 - p), torch.zeros_like(x))

# %% wrong="same-every-time" earned=1
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    torch.manual_seed(0)
    return x * (torch.rand_like(x) >= p) / (1 - p)

# %% wrong="input-changed" earned=1
import torch

def inverted_dropout(x, p, training):
    if training:
        x *= torch.rand_like(x) >= p
        x /= 1 - p
    return x

# %% wrong="wrong-dtype" earned=1
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return x.double() * (torch.rand_like(x) >= p) / (1 - p)

# %% wrong="returned-none" earned=2
import torch

def inverted_dropout(x, p, training):
    if training:
        return x * (torch.rand_like(x) >= p) / (1 - p)

# %% wrong="wrong-type" why="value and mask" earned=1
import torch

def inverted_dropout(x, p, training):
    keep = torch.rand_like(x) >= p
    return (x * keep / (1 - p), keep) if training else x

# %% wrong="raised" status="partial" earned=1 why="a Python if on a tensor"
import torch

def inverted_dropout(x, p, training):
    if not training:
        return x
    return x / (1 - p) if torch.rand_like(x) >= p else 0 * x
