# %% right="contextmanager with pairs"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training

# %% right="a class"
class evaluation_mode:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.modes = {name: module.training for name, module in self.model.named_modules()}
        return self.model.eval()

    def __exit__(self, *error):
        for name, module in self.model.named_modules():
            module.training = self.modes[name]

# %% right="an ExitStack of callbacks"
from contextlib import ExitStack, contextmanager

@contextmanager
def evaluation_mode(model):
    with ExitStack() as stack:
        for module in model.modules():
            stack.callback(setattr, module, "training", module.training)
        yield model.train(False)

# %% right="train, from the top down"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = {module: module.training for module in model.modules()}
    try:
        model.eval()
        yield model
    finally:
        for module, training in modes.items():
            module.train(training)

# %% right="only those that were in training mode"
import contextlib

@contextlib.contextmanager
def evaluation_mode(model):
    trained = [module for module in model.modules() if module.training]
    for module in trained:
        module.training = False
    try:
        yield model
    except Exception:
        raise
    finally:
        for module in trained:
            module.training = True

# %% wrong="no-context-manager" why="a generator without the decorator"
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="no-context-manager" why="returns the model"
def evaluation_mode(model):
    return model.eval()

# %% wrong="not-in-evaluation"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="not-in-evaluation" why="only without gradients"
from contextlib import contextmanager
import torch

@contextmanager
def evaluation_mode(model):
    with torch.no_grad():
        yield model

# %% wrong="own-flag-in-block"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    training = model.training
    model.training = False
    try:
        yield model
    finally:
        model.training = training

# %% wrong="gave-no-model"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="left-evaluating" earned=1
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    model.eval()
    yield model

# %% wrong="always-training" earned=1
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    model.eval()
    try:
        yield model
    finally:
        model.train()

# %% wrong="one-mode-for-all" earned=1
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    training = model.training
    model.eval()
    try:
        yield model
    finally:
        model.train(training)

# %% wrong="children-only" earned=1
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    own = model.training
    modes = [(child, child.training) for child in model.children()]
    model.eval()
    try:
        yield model
    finally:
        model.training = own
        for child, training in modes:
            child.train(training)

# %% wrong="lost-when-nested" earned=1
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    for module in model.modules():
        module.was_training = module.training
    model.eval()
    try:
        yield model
    finally:
        for module in model.modules():
            module.training = module.was_training

# %% wrong="not-after-an-exception" earned=3 status="partial"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    yield model
    for module, training in modes:
        module.training = training

# %% wrong="exception-swallowed" earned=3
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    except Exception as error:
        print("stopped:", error)
    for module, training in modes:
        module.training = training

# %% wrong="exception-swallowed" earned=3 why="__exit__ returns True"
class evaluation_mode:
    def __init__(self, model):
        self.model = model
        self.modes = [(module, module.training) for module in model.modules()]

    def __enter__(self):
        return self.model.eval()

    def __exit__(self, *error):
        for module, training in self.modes:
            module.training = training
        return True

# %% wrong="children-only" earned=1 why="bottom up with train"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in reversed(modes[1:]):
            module.train(training)
        model.training = modes[0][1]

# %% wrong="grad-mode-changed"
from contextlib import contextmanager
import torch

@contextmanager
def evaluation_mode(model):
    modes = [(module, module.training) for module in model.modules()]
    torch.set_grad_enabled(False)
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training

# %% wrong="returned-none"
def evaluation_mode(model):
    model.eval()

# %% wrong="raised" status="error"
from contextlib import contextmanager

@contextmanager
def evaluation_mode(model):
    modes = [module.training for module in model]
    yield model

# %% wrong="wrong-signature"
from contextlib import contextmanager

@contextmanager
def evaluation_mode():
    yield
