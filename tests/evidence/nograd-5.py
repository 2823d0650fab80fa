# %% right="contextmanager"
from contextlib import contextmanager
import torch

@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, training in modes:
            module.training = training

# %% right="a class, with ContextDecorator"
from contextlib import ContextDecorator

class inference(ContextDecorator):
    def __init__(self, model):
        self.model = model

    def _recreate_cm(self):
        return inference(self.model)

    def __enter__(self):
        self.modes = {name: module.training for name, module in self.model.named_modules()}
        self.model.eval()
        self.guard = torch.inference_mode()
        self.guard.__enter__()
        return self.model

    def __exit__(self, *error):
        self.guard.__exit__(*error)
        for name, module in self.model.named_modules():
            module.training = self.modes[name]

# %% right="a plain ContextDecorator that looks at each entry"
from contextlib import ContextDecorator, ExitStack

class Inference(ContextDecorator):
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.stack = ExitStack()
        for module in self.model.modules():
            self.stack.callback(setattr, module, "training", module.training)
        for module in self.model.modules():
            module.training = False
        self.stack.enter_context(torch.inference_mode())

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

def inference(model):
    return Inference(model)

# %% right="train() on each module, parents first"
@contextmanager
def inference(model):
    before = [(module, module.training) for module in model.modules()]
    with torch.inference_mode():
        try:
            yield model.train(False)
        finally:
            for module, training in before:
                module.train(training)

# %% right="a call of its own"
import functools

class inference:
    def __init__(self, model):
        self.model = model
        self.stack = []

    def __enter__(self):
        guard = torch.inference_mode()
        guard.__enter__()
        self.stack.append((guard, [m.training for m in self.model.modules()]))
        self.model.eval()

    def __exit__(self, kind, error, trace):
        guard, modes = self.stack.pop()
        for module, training in zip(self.model.modules(), modes):
            module.training = training
        guard.__exit__(kind, error, trace)
        return False

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self:
                return function(*args, **kwargs)
        return wrapped

# %% wrong="modes-not-restored" earned=1 why="all to training"
@contextmanager
def inference(model):
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        model.train()

# %% wrong="modes-not-restored" earned=1 why="the top's mode for all"
@contextmanager
def inference(model):
    was = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        model.train(was)

# %% wrong="modes-not-restored" earned=1 why="left in evaluation mode"
@contextmanager
def inference(model):
    model.eval()
    with torch.inference_mode():
        yield model

# %% wrong="modes-not-restored" earned=1 why="the top alone"
@contextmanager
def inference(model):
    was = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.training = was

# %% wrong="modes-not-restored" earned=1 why="children, not modules"
@contextmanager
def inference(model):
    before = [(child, child.training) for child in model.children()]
    was = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.training = was
        for child, training in before:
            child.train(training)

# %% wrong="not-after-exception" earned=4
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.inference_mode():
        yield model
    for module, training in modes:
        module.training = training

# %% wrong="swallowed" earned=4 why="except and pass"
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    except Exception as error:
        print(error)
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="swallowed" earned=4 why="return in finally"
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, training in modes:
            module.training = training
        return

# %% wrong="no-decorator" earned=4
class inference:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        self.guard = torch.inference_mode()
        self.guard.__enter__()

    def __exit__(self, *error):
        self.guard.__exit__(*error)
        for module, training in self.modes:
            module.training = training

# %% wrong="lost-result" earned=4
class inference:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        self.guard = torch.inference_mode()
        self.guard.__enter__()

    def __exit__(self, *error):
        self.guard.__exit__(*error)
        for module, training in self.modes:
            module.training = training

    def __call__(self, function):
        def wrapped(*args, **kwargs):
            with self:
                function(*args, **kwargs)
        return wrapped

# %% wrong="modes-of-decoration" earned=4
from contextlib import ContextDecorator

class inference(ContextDecorator):
    def __init__(self, model):
        self.model = model
        self.modes = [(module, module.training) for module in model.modules()]

    def __enter__(self):
        self.model.eval()
        self.guard = torch.inference_mode()
        self.guard.__enter__()

    def __exit__(self, *error):
        self.guard.__exit__(*error)
        for module, training in self.modes:
            module.training = training

# %% wrong="too-early" why="in the constructor"
from contextlib import ContextDecorator

class inference(ContextDecorator):
    def __init__(self, model):
        self.modes = [(module, module.training) for module in model.modules()]
        model.eval()

    def __enter__(self):
        self.guard = torch.inference_mode()
        self.guard.__enter__()

    def __exit__(self, *error):
        self.guard.__exit__(*error)
        for module, training in self.modes:
            module.training = training

# %% wrong="too-early" why="eval, and inference mode alone is the manager"
def inference(model):
    model.eval()
    return torch.inference_mode()

# %% wrong="no-eval"
@contextmanager
def inference(model):
    with torch.inference_mode():
        yield model

# %% wrong="no-eval" why="the top alone"
@contextmanager
def inference(model):
    was, model.training = model.training, False
    try:
        with torch.inference_mode():
            yield model
    finally:
        model.training = was

# %% wrong="used-no-grad"
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="gradients-on"
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="gradients-on" why="made and not entered"
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    torch.inference_mode()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="no-context-manager" why="no contextmanager above it"
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="no-context-manager" why="gives the model"
def inference(model):
    return model

# %% wrong="grad-mode-changed" earned=2 why="gradients on at the end, always"
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, training in modes:
            module.training = training
        torch.set_grad_enabled(True)

# %% wrong="grad-mode-changed" earned=1 why="gradients left off"
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    torch.set_grad_enabled(False)
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="froze-model" earned=2
@contextmanager
def inference(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    model.requires_grad_(False)
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="raised" status="error" why="inference_mode called on the model"
@contextmanager
def inference(model):
    model.eval()
    with torch.inference_mode(model):
        yield

# %% wrong="raised" status="error" why="forgot the yield"
@contextmanager
def inference(model):
    model.eval()
    with torch.inference_mode():
        return model
