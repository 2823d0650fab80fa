# %% right="a loop with slices"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = probabilities[max(0, i - half):i + half + 1].mean(dim=0)
    return result

# %% right="running sums"
import torch

def smooth(probabilities, window):
    n, half = len(probabilities), window // 2
    sums = torch.cat([torch.zeros(1, probabilities.shape[1]), probabilities.cumsum(dim=0)])
    places = torch.arange(n)
    start, stop = (places - half).clamp(min=0), (places + half + 1).clamp(max=n)
    return (sums[stop] - sums[start]) / (stop - start)[:, None]

# %% right="zeros at the edges, then divided by the row's sum"
import torch
from torch.nn import functional

def smooth(probabilities, window):
    if not len(probabilities):
        return probabilities.clone()
    half = window // 2
    padded = functional.pad(probabilities, (0, 0, half, half))
    sums = padded.unfold(0, window, 1).sum(dim=-1)
    return sums / sums.sum(dim=1, keepdim=True)

# %% right="avg_pool1d that does not count the padding"
import torch
from torch.nn import functional

def smooth(probabilities, window):
    if len(probabilities) == 0:
        return torch.empty_like(probabilities)
    return functional.avg_pool1d(
        probabilities.T, window, stride=1, padding=window // 2, count_include_pad=False
    ).T

# %% right="a matrix of weights"
import torch

def smooth(probabilities, window):
    places = torch.arange(len(probabilities))
    near = ((places[:, None] - places).abs() <= window // 2).float()
    return (near / near.sum(dim=1, keepdim=True)) @ probabilities

# %% right="plain Python"
import torch

def smooth(probabilities, window):
    rows, half = probabilities.tolist(), window // 2
    result = []
    for i in range(len(rows)):
        part = [rows[j] for j in range(i - half, i + half + 1) if 0 <= j < len(rows)]
        result.append([sum(column) / len(part) for column in zip(*part)])
    return torch.tensor(result, dtype=torch.float32).reshape(probabilities.shape)

# %% wrong="zeros-at-the-edges"
import torch
from torch.nn import functional

def smooth(probabilities, window):
    if not len(probabilities):
        return probabilities.clone()
    return functional.avg_pool1d(probabilities.T, window, stride=1, padding=window // 2).T

# %% wrong="zeros-at-the-edges" why="sum over the window, divided by its length"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = probabilities[max(0, i - half):i + half + 1].sum(dim=0) / window
    return result

# %% wrong="rows-missing"
import torch

def smooth(probabilities, window):
    if len(probabilities) < window:
        return probabilities.clone()
    return probabilities.unfold(0, window, 1).mean(dim=-1)

# %% wrong="edges-repeated"
import torch

def smooth(probabilities, window):
    if not len(probabilities):
        return probabilities.clone()
    half = window // 2
    padded = torch.cat([probabilities[:1].expand(half, -1), probabilities, probabilities[-1:].expand(half, -1)])
    return padded.unfold(0, window, 1).mean(dim=-1)

# %% wrong="edges-kept"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = probabilities.clone()
    for i in range(half, len(probabilities) - half):
        result[i] = probabilities[i - half:i + half + 1].mean(dim=0)
    return result

# %% wrong="only-before"
import torch

def smooth(probabilities, window):
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = probabilities[max(0, i - window + 1):i + 1].mean(dim=0)
    return result

# %% wrong="only-after"
import torch

def smooth(probabilities, window):
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = probabilities[i:i + window].mean(dim=0)
    return result

# %% wrong="window-as-half"
import torch

def smooth(probabilities, window):
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = probabilities[max(0, i - window):i + window + 1].mean(dim=0)
    return result

# %% wrong="one-short"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        part = probabilities[max(0, i - half):i + half]
        result[i] = part.mean(dim=0) if len(part) else probabilities[i]
    return result

# %% wrong="over-categories"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = torch.empty_like(probabilities)
    for i in range(probabilities.shape[1]):
        result[:, i] = probabilities[:, max(0, i - half):i + half + 1].mean(dim=1)
    return result

# %% wrong="fed-back"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = probabilities.clone()
    for i in range(len(result)):
        result[i] = result[max(0, i - half):i + half + 1].mean(dim=0)
    return result

# %% wrong="fed-back" why="in place"
import torch

def smooth(probabilities, window):
    half = window // 2
    for i in range(len(probabilities)):
        probabilities[i] = probabilities[max(0, i - half):i + half + 1].mean(dim=0)
    return probabilities

# %% wrong="input-changed"
import torch

def smooth(probabilities, window):
    half, original = window // 2, probabilities.clone()
    for i in range(len(original)):
        probabilities[i] = original[max(0, i - half):i + half + 1].mean(dim=0)
    return probabilities

# %% wrong="all-frames"
import torch

def smooth(probabilities, window):
    return probabilities.mean(dim=0, keepdim=True).expand_as(probabilities).clone()

# %% wrong="decided-first"
import torch

def smooth(probabilities, window):
    half = window // 2
    votes = torch.nn.functional.one_hot(probabilities.argmax(dim=1), probabilities.shape[1]).float()
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = votes[max(0, i - half):i + half + 1].mean(dim=0)
    return result

# %% wrong="not-smoothed"
def smooth(probabilities, window):
    return probabilities.clone()

# %% wrong="wrong-values" why="a slice that begins below 0" earned=0
import torch

def smooth(probabilities, window):
    half = window // 2
    result = torch.zeros_like(probabilities)
    for i in range(len(probabilities)):
        part = probabilities[i - half:i + half + 1]
        result[i] = part.mean(dim=0) if len(part) else 0
    return result

# %% wrong="has-nan" why="the mean of an empty slice"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = torch.zeros_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = probabilities[i - half:i + half + 1].mean(dim=0)
    return result

# %% wrong="wrong-values" why="exponential"
import torch

def smooth(probabilities, window):
    a, rows = 2 / (window + 1), []
    for row in probabilities:
        rows.append(row if not rows else a * row + (1 - a) * rows[-1])
    return torch.stack(rows) if rows else probabilities.clone()

# %% wrong="raised" status="partial" earned=2 why="stack of nothing"
import torch

def smooth(probabilities, window):
    half = window // 2
    return torch.stack([probabilities[max(0, i - half):i + half + 1].mean(dim=0) for i in range(len(probabilities))])

# %% wrong="wrong-type" why="lists"
def smooth(probabilities, window):
    half = window // 2
    return [probabilities[max(0, i - half):i + half + 1].mean(dim=0) for i in range(len(probabilities))]

# %% wrong="wrong-dtype" why="float64"
import torch

def smooth(probabilities, window):
    half = window // 2
    result = torch.empty_like(probabilities, dtype=torch.float64)
    for i in range(len(probabilities)):
        result[i] = probabilities[max(0, i - half):i + half + 1].double().mean(dim=0)
    return result
