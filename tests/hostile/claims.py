# %% name="an object that is equal to everything"
class Right:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

def best_category(logits, categories):
    return Right()

# %% name="a text that is equal to everything"
class Right(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__

def best_category(logits, categories):
    return Right(categories[logits.argmin()])

# %% name="an object that says that it is a text"
class Right:
    __class__ = property(lambda self: str)

    def __str__(self):
        return "category 1"

    def __eq__(self, other):
        return True

def best_category(logits, categories):
    return Right()

# %% name="a right text of a kind of its own" earned=2
class Name(str):
    def __eq__(self, other):
        return False

    def __str__(self):
        return "another"

    __hash__ = str.__hash__

def best_category(logits, categories):
    return Name(categories[logits.argmax()])

# %% name="a tensor that claims to be equal" exercise="modes-1"
import torch

class Right(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func.__name__ in ("allclose", "equal", "isclose", "eq", "__eq__"):
            return True
        return super().__torch_function__(func, types, args, kwargs or {})

def evaluation_logits(model, batch):
    return torch.zeros(len(batch), 5).as_subclass(Right)

# %% name="a right tensor of a kind of its own" exercise="modes-1" earned=2
import torch

class Wrong(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func.__name__ in ("allclose", "equal", "isclose", "eq", "__eq__"):
            return False
        return super().__torch_function__(func, types, args, kwargs or {})

def evaluation_logits(model, batch):
    training = model.training
    logits = model.eval()(batch)
    model.train(training)
    return logits.as_subclass(Wrong)

# %% name="an array that claims to be equal" exercise="modes-1"
import numpy as np

class Right(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs):
        return True

    def __array_function__(self, *args, **kwargs):
        return True

def evaluation_logits(model, batch):
    return np.zeros((len(batch), 5), dtype=np.float32).view(Right)

# %% name="a dictionary with other items than it holds" exercise="precision-4"
class Lying(dict):
    def items(self):
        while True:
            yield "agreement", 1.0

    keys = values = __iter__ = items

    def __getitem__(self, key):
        return {"agreement": 1.0, "changed": [], "max_error": 0.0}[key]

def compare_precision(reference, low, batches):
    return Lying(agreement=0.0, changed=[], max_error=-1.0)

# %% name="a number that is every number" exercise="optimization-5"
class Every(int):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0

    __rsub__ = __sub__
    __hash__ = int.__hash__

def pays_after(compile_seconds, before, after, batch_size):
    return Every(-1)

# %% name="an exception that says it is the one asked for" exercise="modes-5"
class Planned(Exception):
    pass

class Block:
    def __init__(self, model):
        pass

    def __enter__(self):
        return True

    def __exit__(self, *args):
        return True

evaluation_mode = Block
