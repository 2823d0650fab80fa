# %% right="ceil"
import math

def pays_after(compile_seconds, before, after, batch_size):
    saved = before - after
    if saved <= 0:
        return None
    return math.ceil(compile_seconds / saved) * batch_size

# %% right="a loop over batches"
def pays_after(compile_seconds, before, after, batch_size):
    if after >= before:
        return None
    batches = 1
    while compile_seconds + batches * after > batches * before:
        batches += 1
    return batches * batch_size

# %% right="floor of the negative"
def pays_after(compile_seconds, before, after, batch_size):
    return int(-(-compile_seconds // (before - after))) * batch_size if before > after else None

# %% right="fractions"
from fractions import Fraction

def pays_after(compile_seconds, before, after, batch_size):
    gain = Fraction(before) - Fraction(after)
    if not gain > 0:
        return None
    batches, rest = divmod(Fraction(compile_seconds), gain)
    return int(batches + (rest > 0)) * batch_size

# %% wrong="batches-not-pictures" earned=1
import math

def pays_after(compile_seconds, before, after, batch_size):
    return None if after >= before else math.ceil(compile_seconds / (before - after))

# %% wrong="part-of-a-batch" earned=1
import math

def pays_after(compile_seconds, before, after, batch_size):
    return None if after >= before else math.ceil(compile_seconds * batch_size / (before - after))

# %% wrong="rounded-down" earned=1 why="int"
def pays_after(compile_seconds, before, after, batch_size):
    return None if after >= before else int(compile_seconds / (before - after)) * batch_size

# %% wrong="one-too-many" earned=1 why="down and one more"
def pays_after(compile_seconds, before, after, batch_size):
    return None if after >= before else (int(compile_seconds / (before - after)) + 1) * batch_size

# %% wrong="never-pays" earned=1 why="divides by nothing"
import math

def pays_after(compile_seconds, before, after, batch_size):
    return math.ceil(compile_seconds / (before - after)) * batch_size

# %% wrong="never-pays" earned=1 why="0 for never"
import math

def pays_after(compile_seconds, before, after, batch_size):
    return 0 if after >= before else math.ceil(compile_seconds / (before - after)) * batch_size

# %% wrong="never-pays" earned=1 why="infinity"
import math

def pays_after(compile_seconds, before, after, batch_size):
    return math.inf if after >= before else math.ceil(compile_seconds / (before - after)) * batch_size

# %% wrong="after-only" earned=1
import math

def pays_after(compile_seconds, before, after, batch_size):
    return None if after >= before else math.ceil(compile_seconds / after) * batch_size

# %% wrong="wrong-type" earned=1 why="a float"
def pays_after(compile_seconds, before, after, batch_size):
    return None if after >= before else float(-(-compile_seconds // (before - after)) * batch_size)

# %% wrong="wrong-values" earned=1 why="fixed"
def pays_after(compile_seconds, before, after, batch_size):
    return None if after >= before else 21000

# %% wrong="never-pays" earned=1 why="raises itself"
import math

def pays_after(compile_seconds, before, after, batch_size):
    if after >= before:
        raise ValueError("never")
    return math.ceil(compile_seconds / (before - after)) * batch_size

# %% wrong="returned-none" earned=1 why="always never"
def pays_after(compile_seconds, before, after, batch_size):
    return None
