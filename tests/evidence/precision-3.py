# %% right="cast all, load the norms, hooks"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            new.float().load_state_dict(old.state_dict())
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% right="a module around it, leaf by leaf"
from copy import deepcopy

class LowPrecision(nn.Module):
    def __init__(self, model, dtype):
        super().__init__()
        self.dtype = dtype
        self.model = deepcopy(model)
        for module in self.model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                continue
            for name, parameter in list(module.named_parameters(recurse=False)):
                parameter.data = parameter.data.to(dtype)
            for name, buffer in list(module.named_buffers(recurse=False)):
                if buffer.is_floating_point():
                    setattr(module, name, buffer.to(dtype))

    def forward(self, x):
        return self.model(x.to(self.dtype)).float()

def low_precision_copy(model, dtype):
    return LowPrecision(model, dtype).eval()

# %% right="norms taken out and put back"
import copy

def low_precision_copy(model, dtype):
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    low = copy.deepcopy(model)
    low.to(dtype)
    for name, module in model.named_modules():
        if isinstance(module, kinds):
            parent, _, child = name.rpartition(".")
            setattr(low.get_submodule(parent), child, copy.deepcopy(module))
    forward = low.forward
    low.forward = lambda x: forward(x.to(dtype)).to(torch.float32)
    return low.eval()

# %% right="_apply with a rule on each leaf"
from copy import deepcopy

def low_precision_copy(model, dtype):
    def cast(module):
        norm = type(module) in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
        if not norm:
            change = lambda t: t.to(dtype) if t.is_floating_point() else t
            module._parameters.update({k: nn.Parameter(change(p.detach())) for k, p in module._parameters.items() if p is not None})
            module._buffers.update({k: change(b) for k, b in module._buffers.items() if b is not None})

    class Around(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            with torch.inference_mode():
                return self.inner(x.to(dtype)).to(x.dtype)

    return Around(deepcopy(model).apply(cast)).eval()

# %% right="values loaded over a rounded copy"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).to(dtype)
    for name, module in low.named_modules():
        if "BatchNorm" in type(module).__name__:
            module.to(torch.float32)
            for key, tensor in model.get_submodule(name).state_dict().items():
                module.state_dict()[key].copy_(tensor)
    low.register_forward_pre_hook(lambda m, inputs: tuple(i.to(dtype) for i in inputs))
    low.register_forward_hook(lambda m, inputs, output: output.to(torch.float32))
    for module in low.modules():
        module.training = False
    return low

# %% right="built anew from the state, which is loaded"
class Low(nn.Module):
    def __init__(self, model, dtype):
        super().__init__()
        self.dtype = dtype
        self.model = type(model)()
        self.model.load_state_dict(model.state_dict())
        for part in self.model.modules():
            if not list(part.children()) and "BatchNorm" not in type(part).__name__:
                part.to(dtype)
        for name, buffer in list(self.model.named_buffers(recurse=False)):
            setattr(self.model, name, buffer.to(dtype))

    @torch.no_grad()
    def forward(self, x):
        return self.model(x.type(self.dtype)).type(torch.float32)

def low_precision_copy(model, dtype):
    return Low(model, dtype).eval()

# %% wrong="original-cast" why="half in place"
def low_precision_copy(model, dtype):
    low = model.to(dtype).eval()
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="original-cast" why="cast, copied, and cast back"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model.to(dtype)).eval()
    model.float()
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="original-cast" why="a shallow copy"
import copy

def low_precision_copy(model, dtype):
    low = copy.copy(model).eval().to(dtype)
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="no-model" why="a function"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    return lambda x: low(x.to(dtype)).float()

# %% wrong="refuses-float32" earned=3 why="no cast at the way in"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new.float().load_state_dict(old.state_dict())
    return low

# %% wrong="copy-low-out" earned=3
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new.float().load_state_dict(old.state_dict())
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    return low

# %% wrong="not-low" earned=2 why="a plain copy in float32"
from copy import deepcopy

def low_precision_copy(model, dtype):
    return deepcopy(model).eval()

# %% wrong="not-low" earned=2 why="only the input was rounded"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval()
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype).float(),))
    return low

# %% wrong="not-low" earned=2 why="weights rounded and brought back"
from copy import deepcopy

def low_precision_copy(model, dtype):
    return deepcopy(model).eval().to(dtype).float()

# %% wrong="norm-cast" earned=4
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="one-kind-of-norm" earned=4
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, nn.BatchNorm2d):
            new.float().load_state_dict(old.state_dict())
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="norm-rounded" earned=4
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    for module in low.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.float()
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="counter-cast" earned=4
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new.float().load_state_dict(old.state_dict())
            new.num_batches_tracked = new.num_batches_tracked.float()
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="refuses-float32" earned=2 why="parameters cast, the buffer forgotten"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval()
    for module in low.modules():
        if not isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(dtype)
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="buffer-left" earned=4 why="autocast hides that the buffer is float32"
from copy import deepcopy

def low_precision_copy(model, dtype):
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = deepcopy(model)
            for module in self.inner.modules():
                if not isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                    for parameter in module.parameters(recurse=False):
                        parameter.data = parameter.data.to(dtype)

        def forward(self, x):
            with torch.autocast(x.device.type, dtype=dtype):
                return self.inner(x.to(dtype)).float()

    return Around().eval()

# %% wrong="shared" earned=4 why="the original's norms are put into the copy"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new._parameters = dict(old._parameters)
            new._buffers = dict(old._buffers)
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="copy-trains" earned=2
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new.float().load_state_dict(old.state_dict())
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="original-modes" earned=4
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model.eval()).to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new.float().load_state_dict(old.state_dict())
    low.register_forward_pre_hook(lambda module, args: (args[0].to(dtype),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="state-incomplete" earned=4 why="the original is kept inside as well"
from copy import deepcopy

class Around(nn.Module):
    def __init__(self, low, original, dtype):
        super().__init__()
        self.low, self.original, self.dtype = low, deepcopy(original), dtype

    def forward(self, x):
        return self.low(x.to(self.dtype)).float()

def low_precision_copy(model, dtype):
    low = deepcopy(model).to(dtype)
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new.float().load_state_dict(old.state_dict())
    return Around(low, model, dtype).eval()

# %% wrong="returned-none"
from copy import deepcopy

def low_precision_copy(model, dtype):
    deepcopy(model).eval().to(dtype)

# %% wrong="not-low" earned=2 why="always bfloat16"
from copy import deepcopy

def low_precision_copy(model, dtype):
    low = deepcopy(model).eval().bfloat16()
    for new, old in zip(low.modules(), model.modules()):
        if isinstance(old, (nn.BatchNorm1d, nn.BatchNorm2d)):
            new.float().load_state_dict(old.state_dict())
    low.register_forward_pre_hook(lambda module, args: (args[0].bfloat16(),))
    low.register_forward_hook(lambda module, args, output: output.float())
    return low

# %% wrong="buffer-left" earned=4 why="autocast around a float32 copy"
from copy import deepcopy

class Around(nn.Module):
    def __init__(self, model, dtype):
        super().__init__()
        self.model, self.dtype = deepcopy(model), dtype

    def forward(self, x):
        with torch.autocast(x.device.type, dtype=self.dtype):
            return self.model(x).float()

def low_precision_copy(model, dtype):
    return Around(model, dtype).eval()
