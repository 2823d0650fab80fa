# %% right="a dictionary of storages"
import torch

def kept_for_backward(model, batch):
    known = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values())

# %% right="a set, filled with the parameters first"
def kept_for_backward(model, batch):
    seen = {parameter.data_ptr() for parameter in model.parameters()}
    pieces = total = 0

    def pack(tensor):
        nonlocal pieces, total
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            pieces += 1
            total += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = model(batch)
    return pieces, total

# %% right="collect all, sort out afterwards"
def kept_for_backward(model, batch):
    packed = []

    def pack(tensor):
        packed.append(tensor.detach())
        return packed[-1]

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
        model(batch)
    weights = [parameter.untyped_storage().data_ptr() for parameter in model.parameters()]
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage() for tensor in packed}
    kept = [storage for address, storage in storages.items() if address not in weights]
    return len(kept), sum(storage.nbytes() for storage in kept)

# %% right="a view leads back to its parameter"
class Recorder:
    def __init__(self):
        self.bytes = {}

    def __call__(self, tensor):
        owner = tensor if tensor._base is None else tensor._base
        if not isinstance(owner, torch.nn.Parameter):
            self.bytes[tensor.data_ptr()] = tensor.nbytes
        return tensor

def kept_for_backward(model, batch):
    recorder = Recorder()
    with torch.autograd.graph.saved_tensors_hooks(recorder, lambda kept: kept):
        model(batch)
    return [len(recorder.bytes), sum(recorder.bytes.values())]

# %% right="with the course's own measure for the bytes"
from helpers.timing import saved_bytes

def kept_for_backward(model, batch):
    weights = {parameter.data_ptr() for parameter in model.parameters()}
    addresses = set()

    def pack(tensor):
        addresses.add(tensor.data_ptr())
        return tensor

    total = saved_bytes(lambda: model(batch))
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(addresses - weights), total

# %% wrong="counted-every-call"
def kept_for_backward(model, batch):
    sizes = []

    def pack(tensor):
        sizes.append(tensor.nbytes)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(sizes), sum(sizes)

# %% wrong="counted-every-call" why="parameters left out by type"
def kept_for_backward(model, batch):
    sizes = []

    def pack(tensor):
        if not isinstance(tensor, torch.nn.Parameter):
            sizes.append(tensor.nbytes)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(sizes), sum(sizes)

# %% wrong="counted-twice"
def kept_for_backward(model, batch):
    known = {parameter.data_ptr() for parameter in model.parameters()}
    sizes = []

    def pack(tensor):
        if tensor.data_ptr() not in known:
            sizes.append(tensor.nbytes)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(sizes), sum(sizes)

# %% wrong="counted-twice" why="in the bytes only"
def kept_for_backward(model, batch):
    known = {parameter.data_ptr() for parameter in model.parameters()}
    addresses, total = set(), 0

    def pack(tensor):
        nonlocal total
        if tensor.data_ptr() not in known:
            addresses.add(tensor.data_ptr())
            total += tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(addresses), total

# %% wrong="counted-parameters"
def kept_for_backward(model, batch):
    found = {}

    def pack(tensor):
        if not isinstance(tensor, torch.nn.Parameter):
            found[tensor.untyped_storage().data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values())

# %% wrong="parameters-only"
def kept_for_backward(model, batch):
    parameters = list(model.parameters())
    return len(parameters), sum(parameter.nbytes for parameter in parameters)

# %% wrong="gave-elements"
def kept_for_backward(model, batch):
    known = {parameter.data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        if tensor.data_ptr() not in known:
            found[tensor.data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values())

# %% wrong="swapped"
def kept_for_backward(model, batch):
    known = {parameter.data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        if tensor.data_ptr() not in known:
            found[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return sum(found.values()), len(found)

# %% wrong="switched-on" earned=2
@torch.enable_grad()
def kept_for_backward(model, batch):
    known = {parameter.data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        if tensor.data_ptr() not in known:
            found[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values())

# %% wrong="ignored-requires-grad" earned=2 why="guessed from the layers' outputs"
def kept_for_backward(model, batch):
    total = [batch.nbytes]
    for layer in model:
        batch = layer(batch)
        if isinstance(layer, (torch.nn.ReLU, torch.nn.Tanh)):
            total.append(batch.nbytes)
    return len(total), sum(total)

# %% wrong="changed-mode" earned=2
def kept_for_backward(model, batch):
    model.eval()
    known = {parameter.data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        if tensor.data_ptr() not in known:
            found[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values())

# %% wrong="froze-model"
def kept_for_backward(model, batch):
    known = {parameter.data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        if tensor.data_ptr() not in known:
            found[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    model.requires_grad_(False)
    return len(found), sum(found.values())

# %% wrong="wrong-type" why="bytes alone, with the course's own measure"
def kept_for_backward(model, batch):
    from helpers.timing import saved_bytes
    return saved_bytes(lambda: model(batch))

# %% wrong="wrong-type" why="in MiB"
def kept_for_backward(model, batch):
    known = {parameter.data_ptr() for parameter in model.parameters()}
    found = {}

    def pack(tensor):
        if tensor.data_ptr() not in known:
            found[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values()) / 2**20

# %% wrong="wrong-values" why="the batch left out"
def kept_for_backward(model, batch):
    known = {tensor.data_ptr() for tensor in [batch, *model.parameters()]}
    found = {}

    def pack(tensor):
        if tensor.data_ptr() not in known:
            found[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)
    return len(found), sum(found.values())

# %% wrong="wrong-values" why="the example of the lesson"
def kept_for_backward(model, batch):
    return 3, 120

# %% wrong="returned-none"
def kept_for_backward(model, batch):
    def pack(tensor):
        print(tensor.shape)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch)

# %% wrong="raised" status="error" why="the pack hook returns nothing, and backward is called"
def kept_for_backward(model, batch):
    found = {}

    def pack(tensor):
        found[tensor.data_ptr()] = tensor.nbytes

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(batch).sum().backward()
    return len(found), sum(found.values())
