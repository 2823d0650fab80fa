# %% right="islice until nothing comes"
from itertools import islice

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

# %% right="collect and give out"
def batches(items, size):
    if size <= 0:
        raise ValueError(f"a batch of {size} items")
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch

# %% right="an outer function that checks at once, tuples"
from itertools import islice

def batches(items, size):
    if size < 1:
        raise ValueError("size must be at least 1")

    def made():
        iterator = iter(items)
        while batch := tuple(islice(iterator, size)):
            yield batch

    return made()

# %% right="a class with __next__"
class Batches:
    def __init__(self, items, size):
        if size < 1:
            raise ValueError(size)
        self.items, self.size = iter(items), size
    def __iter__(self):
        return self
    def __next__(self):
        batch = []
        for _ in range(self.size):
            try:
                batch.append(next(self.items))
            except StopIteration:
                break
        if not batch:
            raise StopIteration
        return batch

def batches(items, size):
    return Batches(items, size)

# %% right="iter with a sentinel"
from itertools import islice

def batches(items, size):
    if not size >= 1:
        raise ValueError("at least one item a batch")
    source = iter(items)
    return iter(lambda: list(islice(source, size)), [])

# %% wrong="last-lost"
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []

# %% wrong="last-lost" why="zip of one iterator"
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    return zip(*[iter(items)] * size)

# %% wrong="empty-batch"
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch

# %% wrong="same-list"
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch.clear()
    if batch:
        yield batch

# %% wrong="padded"
from itertools import zip_longest

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    return zip_longest(*[iter(items)] * size)

# %% wrong="evenly-split"
import math

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    items = list(items)
    count = math.ceil(len(items) / size)
    for number in range(count):
        yield items[len(items) * number // count : len(items) * (number + 1) // count]

# %% wrong="number-of-batches"
import math

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    items = list(items)
    length = math.ceil(len(items) / size) or 1
    for number in range(size):
        yield items[number * length : (number + 1) * length]

# %% wrong="not-lazy" earned=2
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    items = list(items)
    for start in range(0, len(items), size):
        yield items[start : start + size]

# %% wrong="not-lazy" earned=2 why="one too far"
from itertools import islice

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    iterator = iter(items)
    batch = list(islice(iterator, size))
    while batch:
        following = list(islice(iterator, 1))
        yield batch
        batch = following + list(islice(iterator, size - 1)) if following else []

# %% wrong="not-lazy" earned=2 why="the first batch before it is asked for"
from itertools import islice

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    iterator = iter(items)
    first = list(islice(iterator, size))
    def rest():
        batch = first
        while batch:
            yield batch
            batch = list(islice(iterator, size))
    return rest()

# %% wrong="not-lazy" earned=2 why="a list of all batches"
from itertools import islice

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    iterator, result = iter(items), []
    while batch := list(islice(iterator, size)):
        result.append(batch)
    return result

# %% wrong="needs-a-list"
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    for start in range(0, len(items), size):
        yield items[start : start + size]

# %% wrong="size-accepted" earned=2
from itertools import islice

def batches(items, size):
    iterator = iter(items)
    while batch := list(islice(iterator, max(size, 0))):
        yield batch

# %% wrong="size-accepted" earned=2 why="one too few"
from itertools import islice

def batches(items, size):
    if size < 0:
        raise ValueError("size")
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

# %% wrong="size-accepted" earned=2 why="an assertion"
from itertools import islice

def batches(items, size):
    assert size > 0
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

# %% wrong="returned-none"
from itertools import islice

def batches(items, size):
    if size < 1:
        raise ValueError("size")
    iterator = iter(items)
    result = []
    while batch := list(islice(iterator, size)):
        result.append(batch)

# %% wrong="wrong-length" why="endless"  earned=0
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    for item in items:
        yield [item]

# %% wrong="input-changed"
def batches(items, size):
    if size < 1:
        raise ValueError("size")
    if isinstance(items, list):
        while items:
            yield [items.pop(0) for _ in range(min(size, len(items)))]
    else:
        batch = []
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch
