# %% right="round and clamp"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    steps = (values / scale).round() + zero_point
    return steps.clamp(0, 255).to(torch.uint8), scale, zero_point

# %% right="torch's own quantised tensors"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 if high > low else 1.0
    zero_point = int(round(-low / scale))
    return torch.quantize_per_tensor(values, scale, zero_point, torch.quint8).int_repr(), scale, zero_point

# %% right="numpy"
import numpy as np
import torch

def to_uint8(values, low, high):
    low, high = float(np.minimum(low, 0)), float(np.maximum(high, 0))
    scale = (high - low) / 255 if high != low else 1.0
    zero = int(np.rint(-low / scale))
    data = np.clip(np.rint(values.numpy() / scale + zero), 0, 255).astype(np.uint8)
    return torch.from_numpy(data), scale, zero

# %% right="half up, clamped values first"
import math
import torch

def to_uint8(values, low, high):
    low, high = min(0.0, low), max(0.0, high)
    scale = (high - low) / 255
    if scale == 0:
        scale = 1.0
    zero_point = math.floor(0.5 - low / scale)
    steps = torch.floor(values.clamp(low, high).double() / scale + zero_point + 0.5)
    return steps.clamp(0, 255).to(torch.uint8), scale, zero_point

# %% right="one value at a time"
import torch

def to_uint8(values, low, high):
    if low > 0:
        low = 0.0
    if high < 0:
        high = 0.0
    scale = 1.0 if low == high else (high - low) / 255
    zero = round(-low / scale)
    flat = [min(255, max(0, round(v / scale + zero))) for v in values.flatten().tolist()]
    return torch.tensor(flat, dtype=torch.uint8).reshape(values.shape), scale, zero

# %% wrong="zero-outside" earned=3
import torch

def to_uint8(values, low, high):
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    return ((values / scale).round() + zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="by-256"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 256 or 1.0
    zero_point = round(-low / scale)
    return ((values / scale).round() + zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="signed"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale) - 128
    return ((values / scale).round() + zero_point).clamp(-128, 127).to(torch.int8), scale, zero_point

# %% wrong="symmetric"
import torch

def to_uint8(values, low, high):
    scale = max(abs(low), abs(high)) / 127 or 1.0
    return ((values / scale).round() + 128).clamp(0, 255).to(torch.uint8), scale, 128

# %% wrong="own-range"
import torch

def to_uint8(values, low, high):
    low, high = min(values.min().item(), 0.0), max(values.max().item(), 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    return ((values / scale).round() + zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="wrapped" earned=4
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    return ((values / scale).round() + zero_point).to(torch.int32).to(torch.uint8), scale, zero_point

# %% wrong="truncated"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    return (values / scale + zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="no-zero-point"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    return (values / scale).round().clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="zero-point-sign"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(low / scale)
    return ((values / scale).round() - zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="empty-range" earned=3 why="divides by nothing"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255
    zero_point = round(-low / scale)
    return ((values / scale).round() + zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="empty-range" earned=3 why="a tiny scale"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max((high - low) / 255, 1e-8)
    zero_point = round(-low / scale)
    return ((values / scale).round() + zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="back-to-float"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    steps = ((values / scale).round() + zero_point).clamp(0, 255)
    return (steps - zero_point) * scale, scale, zero_point

# %% wrong="wrong-dtype" why="steps as floats"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    return ((values / scale).round() + zero_point).clamp(0, 255), scale, zero_point

# %% wrong="wrong-type" why="a zero point that is a float"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = float(round(-low / scale))
    return ((values / scale).round() + zero_point).clamp(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="input-changed"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = round(-low / scale)
    return values.div_(scale).round_().add_(zero_point).clamp_(0, 255).to(torch.uint8), scale, zero_point

# %% wrong="wrong-type" why="the bytes alone"
import torch

def to_uint8(values, low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    return ((values / scale).round() + round(-low / scale)).clamp(0, 255).to(torch.uint8)
