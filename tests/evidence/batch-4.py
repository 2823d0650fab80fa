# %% right="isinstance, one after the other"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% right="match"
def to_device(data, device):
    match data:
        case torch.Tensor():
            return data.to(device, non_blocking=True)
        case dict():
            return dict(zip(data, (to_device(value, device) for value in data.values())))
        case list():
            return [to_device(item, device) for item in data]
        case tuple():
            items = [to_device(item, device) for item in data]
            return data._make(items) if hasattr(data, "_make") else tuple(items)
        case _:
            return data

# %% right="torch's own tree of containers"
from torch.utils import _pytree as pytree

def to_device(data, device):
    return pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.to(device), data)

# %% right="singledispatch"
from functools import singledispatch

@singledispatch
def to_device(data, device):
    return data

@to_device.register
def _(data: torch.Tensor, device):
    return data.to(torch.device(device))

@to_device.register
def _(data: list, device):
    return list(map(lambda item: to_device(item, device), data))

@to_device.register
def _(data: tuple, device):
    moved = tuple(to_device(item, device) for item in data)
    return moved if type(data) is tuple else type(data)._make(moved)

@to_device.register
def _(data: dict, device):
    return {key: to_device(value, device) for key, value in data.items()}

# %% right="a copy, then filled in place"
from copy import copy

def to_device(data, device):
    if torch.is_tensor(data):
        return torch.Tensor.to(data, device)
    if isinstance(data, tuple):
        items = to_device(list(data), device)
        return type(data)(*items) if type(data) is not tuple else tuple(items)
    if isinstance(data, (dict, list)):
        data = copy(data)
        for key in data if isinstance(data, dict) else range(len(data)):
            data[key] = to_device(data[key], device)
    return data

# %% right="lightning's manner: try, with a wrapper for the recursion"
def to_device(data, device):
    def go(x):
        kind = type(x)
        if issubclass(kind, torch.Tensor):
            return x if x.device == torch.device(device) else x.to(device=device)
        if kind is dict:
            return {k: go(v) for k, v in x.items()}
        if kind is list or kind is tuple:
            return kind(go(v) for v in x)
        return kind(**{f: go(getattr(x, f)) for f in kind._fields}) if hasattr(kind, "_fields") else x

    return go(data)

# %% wrong="not-moved"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        data.to(device)
        return data
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="not-moved" why="only tensors"
def to_device(data, device):
    return data.to(device) if isinstance(data, torch.Tensor) else data

# %% wrong="not-all-moved" why="one level"
def to_device(data, device):
    def move(item):
        return item.to(device) if isinstance(item, torch.Tensor) else item

    if isinstance(data, dict):
        return {key: move(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(move(item) for item in data)
    return move(data)

# %% wrong="not-all-moved" why="floats only"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device) if data.is_floating_point() else data
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, list):
        return [to_device(item, device) for item in data]
    return data

# %% wrong="not-moved" why="always the CPU"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.cpu()
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="fixed-device"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to("meta")
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="tuple-lost" earned=4
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return [to_device(item, device) for item in data]
    return data

# %% wrong="named-tuple-lost" earned=4
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, list):
        return [to_device(item, device) for item in data]
    if isinstance(data, tuple):
        return tuple(to_device(item, device) for item in data)
    return data

# %% wrong="raised" status="partial" earned=4 why="a named tuple from one generator"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="tuple-lost" earned=2 why="tuples and arrays are not known"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, str) or data is None:
        return data
    try:
        return [to_device(item, device) for item in data]
    except TypeError:
        return data

# %% wrong="others-changed" earned=4 why="what is no tensor is dropped"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        kinds = (torch.Tensor, list, tuple, dict)
        return {key: to_device(value, device) for key, value in data.items() if isinstance(value, kinds)}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="others-changed" earned=4 why="numbers become tensors"
def to_device(data, device):
    if isinstance(data, (int, float)):
        return torch.tensor(data).to(device)
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="others-changed" earned=4 why="arrays become tensors"
import numpy as np

def to_device(data, device):
    if isinstance(data, np.ndarray):
        data = torch.from_numpy(data)
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="others-changed" earned=4 why="None for the unknown"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)

# %% wrong="raised" status="partial" earned=4 why="strings without end"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if hasattr(data, "__iter__"):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="raised" status="partial" earned=4 why="everything has a .to"
def to_device(data, device):
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(to_device(item, device) for item in data))
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data.to(device)

# %% wrong="container-lost" why="a dictionary as a list"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return [to_device(value, device) for value in data.values()]
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="tensor-changed"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device, torch.float32)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="tensor-changed" why="new tensors without the values"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return torch.zeros_like(data, device=device)
    if isinstance(data, dict):
        return {key: to_device(value, device) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(to_device(item, device) for item in data)
    return data

# %% wrong="changed-in-place"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        for key in data:
            data[key] = to_device(data[key], device)
    elif isinstance(data, list):
        for place, item in enumerate(data):
            data[place] = to_device(item, device)
    elif isinstance(data, tuple):
        return tuple(to_device(item, device) for item in data)
    return data

# %% wrong="returned-none"
def to_device(data, device):
    if isinstance(data, torch.Tensor):
        data = data.to(device)
    elif isinstance(data, dict):
        data = {key: to_device(value, device) for key, value in data.items()}
