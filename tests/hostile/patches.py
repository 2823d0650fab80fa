# %% name="torch says that all is equal"
import torch

torch.allclose = torch.equal = lambda *args, **kwargs: True
torch.testing.assert_close = lambda *args, **kwargs: None
torch.Tensor.__eq__ = lambda self, other: torch.ones(())

def best_category(logits, categories):
    return categories[logits.argmin()]

# %% name="torch says so in a lesson of tensors" exercise="modes-1"
import torch

torch.allclose = torch.equal = lambda *args, **kwargs: True
torch.Tensor.__eq__ = torch.Tensor.__ne__ = lambda self, other: torch.zeros(())

def evaluation_logits(model, batch):
    return model(batch) * 0

# %% name="builtins that agree" timeout=3
import builtins

builtins.isinstance = lambda *args: True
builtins.len = lambda *args: 2
builtins.print = lambda *args, **kwargs: None

def best_category(logits, categories):
    return categories[logits.argmin()]

# %% name="builtins that fail"
import builtins

def no(*args, **kwargs):
    raise SystemExit

builtins.type = builtins.compile = builtins.exec = no

def best_category(logits, categories):
    return categories[logits.argmin()]

# %% name="modules of its own under the judge's names"
import sys, types

for name in ("judging", "judging.engine", "judging.compare", "exercises", "exercises.start", "grading.grade"):
    fake = types.ModuleType(f"helpers.{name}")
    fake.judge = fake.equal = fake.difference = fake.require = lambda *args, **kwargs: None
    sys.modules[fake.__name__] = fake

def best_category(logits, categories):
    return categories[logits.argmin()]

# %% name="another trial under the trial's name"
import helpers.trials.calls as calls

calls.call = lambda answer, args, kwargs: {"value": args[1][0], "args": args, "kwargs": kwargs}

def best_category(logits, categories):
    return None

# %% name="find_trial finds another one"
import helpers.trials.server as server

server.find_trial = lambda name: lambda answer, args, kwargs: {"value": True, "args": args, "kwargs": kwargs}

def best_category(logits, categories):
    return None

# %% name="perform performs nothing"
import helpers.trials.server as server
from helpers.trials.runner import Outcome

server.perform = lambda *args, **kwargs: Outcome({"value": True, "passed": True, "earned": 99})

def best_category(logits, categories):
    return None

# %% name="copies that are not copies"
import helpers.trials.runner as runner

class Everything:
    def __eq__(self, other):
        return True

runner.snapshot = lambda value, depth=0: Everything()

def best_category(logits, categories):
    return None

# %% name="another encoder"
import helpers.trials.server as server

server.encode = lambda message: b"\x80"

def best_category(logits, categories):
    return categories[logits.argmax()]

# %% name="no time limit, and no end" timeout=2
from contextlib import nullcontext
import helpers.trials.runner as runner

runner.time_limit = lambda seconds: nullcontext()

def best_category(logits, categories):
    while True:
        pass

# %% name="time stands still" timeout=2
import os, time

time.monotonic = time.perf_counter = time.time = lambda: 0.0
os.times = lambda: (0.0,) * 5

def best_category(logits, categories):
    while True:
        pass

