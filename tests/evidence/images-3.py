# %% right="islice"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        yield from probabilities

# %% right="a list that is emptied, and the rest after the loop"
import torch

def classify_video(frames, model, preprocess, batch_size):
    @torch.no_grad()
    def run():
        return torch.softmax(model(torch.stack(waiting)), dim=1)

    waiting = []
    for frame in frames:
        waiting.append(preprocess(frame))
        if len(waiting) == batch_size:
            for row in run():
                yield row
            waiting = []
    if waiting:
        yield from run()

# %% right="decorated generator"
import torch

@torch.inference_mode()
def classify_video(frames, model, preprocess, batch_size):
    done = False
    while not done:
        batch = []
        while len(batch) < batch_size:
            try:
                batch.append(preprocess(next(frames)))
            except StopIteration:
                done = True
                break
        if batch:
            yield from model(torch.stack(batch)).softmax(-1).unbind(0)

# %% right="a buffer for the input, results cloned"
import torch

def classify_video(frames, model, preprocess, batch_size):
    buffer, filled = None, 0

    def run():
        with torch.no_grad():
            return model(buffer[:filled]).softmax(1).clone()

    for frame in frames:
        tensor = preprocess(frame)
        if buffer is None:
            buffer = torch.empty(batch_size, *tensor.shape)
        buffer[filled] = tensor
        filled += 1
        if filled == batch_size:
            yield from run()
            filled = 0
    if filled:
        yield from run()

# %% right="chunks of pictures from a helper, map"
import torch
from itertools import chain, islice

def classify_video(frames, model, preprocess, batch_size):
    def chunks():
        for first in frames:
            yield [first, *islice(frames, batch_size - 1)]

    def probabilities(pictures):
        with torch.inference_mode():
            return model(torch.stack([preprocess(picture) for picture in pictures])).softmax(dim=1)

    return chain.from_iterable(map(probabilities, chunks()))

# %% wrong="last-batch-lost"
import torch

def classify_video(frames, model, preprocess, batch_size):
    waiting = []
    for frame in frames:
        waiting.append(preprocess(frame))
        if len(waiting) == batch_size:
            with torch.inference_mode():
                probabilities = model(torch.stack(waiting)).softmax(dim=1)
            yield from probabilities
            waiting = []

# %% wrong="last-batch-lost" why="zip of one iterator"
import torch

def classify_video(frames, model, preprocess, batch_size):
    for chunk in zip(*[frames] * batch_size):
        with torch.no_grad():
            probabilities = model(torch.stack([preprocess(frame) for frame in chunk])).softmax(dim=1)
        yield from probabilities

# %% wrong="padded"
import torch

def classify_video(frames, model, preprocess, batch_size):
    batch = []
    for frame in frames:
        batch.append(preprocess(frame))
        if len(batch) == batch_size:
            with torch.no_grad():
                probabilities = model(torch.stack(batch)).softmax(dim=1)
            yield from probabilities
            batch = []
    if batch:
        batch += [batch[-1]] * (batch_size - len(batch))
        with torch.no_grad():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        yield from probabilities

# %% wrong="not-full" earned=4 why="the last batch filled up, and cut afterwards"
import torch

def classify_video(frames, model, preprocess, batch_size):
    batch = []
    for frame in frames:
        batch.append(preprocess(frame))
        if len(batch) == batch_size:
            with torch.no_grad():
                probabilities = model(torch.stack(batch)).softmax(dim=1)
            yield from probabilities
            batch = []
    if batch:
        real = len(batch)
        batch += [batch[-1]] * (batch_size - real)
        with torch.no_grad():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        yield from probabilities[:real]

# %% wrong="batch-yielded"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        yield probabilities

# %% wrong="logits"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            logits = model(torch.stack(batch))
        yield from logits

# %% wrong="softmax-over-batch"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            probabilities = model(torch.stack(batch)).softmax(dim=0)
        yield from probabilities

# %% wrong="overwritten"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    results = None
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.no_grad():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        if results is None:
            results = torch.empty(batch_size, probabilities.shape[1])
        results[:len(batch)] = probabilities
        yield from results[:len(batch)]

# %% wrong="one-by-one" earned=4
import torch

def classify_video(frames, model, preprocess, batch_size):
    for frame in frames:
        with torch.inference_mode():
            probabilities = model(preprocess(frame).unsqueeze(0)).softmax(dim=1)
        yield probabilities[0]

# %% wrong="batch-too-large" earned=3 why="one batch of all"
import torch

def classify_video(frames, model, preprocess, batch_size):
    batch = [preprocess(frame) for frame in frames]
    if batch:
        with torch.inference_mode():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        yield from probabilities

# %% wrong="batch-too-large" earned=3 why="all at once"
import torch

def classify_video(frames, model, preprocess, batch_size):
    pictures = list(frames)
    if not pictures:
        return
    with torch.no_grad():
        probabilities = model(torch.stack([preprocess(picture) for picture in pictures])).softmax(1)
    yield from probabilities

# %% wrong="took-all-first" earned=4
import torch

def classify_video(frames, model, preprocess, batch_size):
    pictures = list(frames)
    for start in range(0, len(pictures), batch_size):
        batch = torch.stack([preprocess(picture) for picture in pictures[start:start + batch_size]])
        with torch.inference_mode():
            probabilities = model(batch).softmax(dim=1)
        yield from probabilities

# %% wrong="took-all-first" earned=4 why="all results first"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    found = []
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.no_grad():
            found += model(torch.stack(batch)).softmax(dim=1)
    yield from found

# %% wrong="frames-kept" earned=4
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    seen = []
    while batch := list(islice(frames, batch_size)):
        seen += batch
        with torch.inference_mode():
            probabilities = model(torch.stack([preprocess(frame) for frame in batch])).softmax(dim=1)
        yield from probabilities

# %% wrong="gradients-kept" earned=4 why="detached afterwards"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        yield from model(torch.stack(batch)).softmax(dim=1).detach()

# %% wrong="needs-grad" why="no switch at all"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        yield from model(torch.stack(batch)).softmax(dim=1)

# %% wrong="switch-leaks" earned=4
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.no_grad():
            yield from model(torch.stack(batch)).softmax(dim=1)

# %% wrong="switch-leaks" earned=4 why="one block around it all"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    with torch.no_grad():
        while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
            yield from model(torch.stack(batch)).softmax(dim=1)

# %% wrong="not-an-iterator" why="a list"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    found = []
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            found += model(torch.stack(batch)).softmax(dim=1)
    return found

# %% wrong="not-an-iterator" why="one tensor"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    found = []
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            found.append(model(torch.stack(batch)).softmax(dim=1))
    return torch.cat(found) if found else torch.empty(0)

# %% wrong="preprocess-unused"
import numpy as np
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while batch := [torch.from_numpy(np.array(frame.resize((8, 8)))).permute(2, 0, 1) / 255 for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        yield from probabilities

# %% wrong="raised" status="error" why="stack of nothing at the end"
import torch
from itertools import islice

def classify_video(frames, model, preprocess, batch_size):
    while True:
        batch = torch.stack([preprocess(frame) for frame in islice(frames, batch_size)])
        with torch.inference_mode():
            probabilities = model(batch).softmax(dim=1)
        yield from probabilities

# %% wrong="empty-batch" earned=4 why="the rest is run even when there is none"
import torch

def classify_video(frames, model, preprocess, batch_size):
    batch = torch.empty(0, 3, 8, 8)
    for frame in frames:
        batch = torch.cat([batch, preprocess(frame)[None]])
        if len(batch) == batch_size:
            with torch.inference_mode():
                probabilities = model(batch).softmax(dim=1)
            yield from probabilities
            batch = torch.empty(0, 3, 8, 8)
    with torch.inference_mode():
        probabilities = model(batch).softmax(dim=1)
    yield from probabilities

# %% wrong="returned-none"
import torch

def classify_video(frames, model, preprocess, batch_size):
    for frame in frames:
        with torch.inference_mode():
            print(model(preprocess(frame)[None]).softmax(dim=1))
