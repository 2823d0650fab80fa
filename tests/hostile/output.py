# %% name="a flood of prints" earned=2
def best_category(logits, categories):
    for _ in range(100):
        print("x" * 2**20)
    return categories[logits.argmax()]

# %% name="a flood past Python" earned=2
import os

def best_category(logits, categories):
    for _ in range(100):
        os.write(1, b"x" * 2**20)
        os.write(2, b"x" * 2**20)
    return categories[logits.argmax()]

# %% name="an exception of 100 MB"
def best_category(logits, categories):
    raise ValueError("x" * 10**8)

# %% name="an exception with a name of 10 MB"
def best_category(logits, categories):
    raise type("x" * 10**7, (Exception,), {})

# %% name="an exception that cannot be told"
class Silent(Exception):
    def __str__(self):
        raise self

def best_category(logits, categories):
    raise Silent

# %% name="a text of 100 MB"
def best_category(logits, categories):
    return categories[logits.argmax()] * 10**7

# %% name="an object whose repr never ends"
class Endless:
    def __repr__(self):
        while True:
            pass

def best_category(logits, categories):
    return Endless()

# %% name="a stream that writes elsewhere" earned=2
import sys

class Forged:
    def write(self, text):
        raise SystemExit
    flush = write

def best_category(logits, categories):
    sys.stdout = sys.stderr = Forged()
    return categories[logits.argmax()]
