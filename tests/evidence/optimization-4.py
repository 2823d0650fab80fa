# %% right="zeros behind, split"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            full = piece.new_zeros(batch_size, *piece.shape[1:])
            full[: len(piece)] = piece
            rows.append(compiled(full)[: len(piece)])
        return torch.cat(rows)

    return run

# %% right="the last picture repeated, dynamic=False, a class"
import torch

class Runner:
    def __init__(self, model, batch_size, backend):
        self.size = batch_size
        self.fn = torch.compile(lambda x: model(x), backend=backend, dynamic=False, fullgraph=True)

    def __call__(self, batch):
        n = len(batch)
        missing = -n % self.size
        padded = torch.cat([batch, batch[-1:].expand(missing, -1, -1, -1)])
        with torch.no_grad():
            return torch.cat([self.fn(part) for part in padded.chunk(len(padded) // self.size)])[:n]

def compiled_once(model, batch_size, backend):
    return Runner(model, batch_size, backend)

# %% right="functional pad, a result made first"
import torch
from torch.nn.functional import pad

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    def run(batch):
        results = []
        with torch.no_grad():
            for start in range(0, batch.shape[0], batch_size):
                piece = batch[start : start + batch_size]
                n = piece.shape[0]
                results.append(compiled(pad(piece, (0, 0, 0, 0, 0, 0, 0, batch_size - n)))[:n].clone())
        return torch.cat(results, 0)

    return run

# %% right="dynamic from 2 on, one picture doubled"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend, dynamic=True)

    @torch.no_grad()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            n = len(piece)
            rows.append(compiled(piece.clone() if n > 1 else piece.repeat(2, 1, 1, 1))[:n])
        return torch.cat(rows)

    return run

# %% right="a buffer, results copied out"
import torch

def compiled_once(model, batch_size, backend):
    buffer = None
    compiled = torch.compile(model, backend=backend)

    def run(batch):
        nonlocal buffer
        if buffer is None:
            buffer = torch.zeros(batch_size, *batch.shape[1:])
        found = []
        with torch.inference_mode():
            for piece in batch.split(batch_size):
                buffer[: len(piece)].copy_(piece)
                found += list(compiled(buffer)[: len(piece)].clone())
        return torch.stack(found)

    return run

# %% wrong="size-one" earned=2 why="dynamic shapes"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend, dynamic=True)

    @torch.no_grad()
    def run(batch):
        return torch.cat([compiled(piece.clone()) for piece in batch.split(batch_size)])

    return run

# %% wrong="two-kinds" earned=2 why="only the short ones are filled up"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            n = len(piece)
            if n < batch_size:
                piece = torch.cat([piece, piece.new_zeros(batch_size - n, *piece.shape[1:])])
            rows.append(compiled(piece)[:n])
        return torch.cat(rows)

    return run

# %% wrong="two-kinds" earned=2 why="only the short ones are filled up, no_grad"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.no_grad()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            n = len(piece)
            if n < batch_size:
                piece = torch.cat([piece, piece.new_zeros(batch_size - n, *piece.shape[1:])])
            rows.append(compiled(piece)[:n])
        return torch.cat(rows)

    return run

# %% wrong="size-one" earned=2 why="as it comes"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.no_grad()
    def run(batch):
        return torch.cat([compiled(piece) for piece in batch.split(batch_size)])

    return run

# %% wrong="each-size" earned=2 why="buckets of powers of two"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend, dynamic=False)

    @torch.no_grad()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            size = 1
            while size < len(piece):
                size *= 2
            size = min(size, batch_size)
            full = torch.zeros(size, *piece.shape[1:])
            full[: len(piece)] = piece
            rows.append(compiled(full)[: len(piece)])
        return torch.cat(rows)

    return run

# %% wrong="not-compiled" earned=2 why="the plain model"
import torch

def compiled_once(model, batch_size, backend):
    def run(batch):
        with torch.inference_mode():
            return torch.cat([model(piece) for piece in batch.split(batch_size)])

    return run

# %% wrong="not-compiled" earned=2 why="another backend"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend="eager")

    @torch.inference_mode()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            full = piece.new_zeros(batch_size, *piece.shape[1:])
            full[: len(piece)] = piece
            rows.append(compiled(full)[: len(piece)])
        return torch.cat(rows)

    return run

# %% wrong="partly-compiled" earned=2
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        pieces = batch.split(batch_size)
        return torch.cat([(compiled if len(piece) == batch_size else model)(piece) for piece in pieces])

    return run

# %% wrong="padding-left"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            full = piece.new_zeros(batch_size, *piece.shape[1:])
            full[: len(piece)] = piece
            rows.append(compiled(full))
        return torch.cat(rows)

    return run

# %% wrong="cut-off"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        piece = batch[:batch_size]
        full = piece.new_zeros(batch_size, *piece.shape[1:])
        full[: len(piece)] = piece
        return compiled(full)[: len(piece)].clone()

    return run

# %% wrong="one-by-one" earned=2
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        return torch.cat([compiled(picture[None]) for picture in batch])

    return run

# %% wrong="too-large" earned=2
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        full = batch.new_zeros(100, *batch.shape[1:])
        full[: len(batch)] = batch
        return compiled(full)[: len(batch)].clone()

    return run

# %% wrong="needs-grad"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    def run(batch):
        rows = []
        for piece in batch.split(batch_size):
            full = piece.new_zeros(batch_size, *piece.shape[1:])
            full[: len(piece)] = piece
            rows.append(compiled(full)[: len(piece)])
        return torch.cat(rows)

    return run

# %% wrong="overwritten"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)
    result = torch.empty(100, 5)

    @torch.inference_mode()
    def run(batch):
        for start in range(0, len(batch), batch_size):
            piece = batch[start : start + batch_size]
            full = piece.new_zeros(batch_size, *piece.shape[1:])
            full[: len(piece)] = piece
            result[start : start + len(piece)] = compiled(full)[: len(piece)]
        return result[: len(batch)]

    return run

# %% wrong="not-a-runner" why="the logits of nothing"
import torch

def compiled_once(model, batch_size, backend):
    return torch.zeros(batch_size, 5)

# %% wrong="returned-none"
import torch

def compiled_once(model, batch_size, backend):
    torch.compile(model, backend=backend)

# %% wrong="raised" status="error" why="the batch has no room for more"
import torch

def compiled_once(model, batch_size, backend):
    compiled = torch.compile(model, backend=backend)

    @torch.inference_mode()
    def run(batch):
        full = torch.zeros(batch_size, *batch.shape[1:])
        full[: len(batch)] = batch
        return compiled(full)[: len(batch)].clone()

    return run
