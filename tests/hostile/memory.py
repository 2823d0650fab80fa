# %% name="one huge tensor"
import torch

def best_category(logits, categories):
    return torch.ones(2**36)

# %% name="a list that grows"
def best_category(logits, categories):
    kept = []
    while True:
        kept.append(bytearray(2**24))

# %% name="children that share out what one may not have" status="error"
import os, time

def best_category(logits, categories):
    for _ in range(5):
        if not os.fork():
            kept = bytearray(os.urandom(1)) * (300 * 2**20)
            time.sleep(1000)
    time.sleep(1000)

# %% name="a result too large to send"
import torch

def best_category(logits, categories):
    return torch.zeros(2**23)

# %% name="a result nested a thousand deep"
def best_category(logits, categories):
    result = categories[logits.argmax()]
    for _ in range(1000):
        result = [result]
    return result

# %% name="a list that holds itself"
def best_category(logits, categories):
    result = []
    result += [result, result, result]
    return result

# %% name="a list of ten million names"
def best_category(logits, categories):
    return [categories[logits.argmax()]] * 10**7
