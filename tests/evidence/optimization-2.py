# %% right="copy_, a slice, clone"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.empty(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            for place, image in enumerate(piece):
                self.buffer[place].copy_(image)
            results.append(self.model(self.buffer[: len(piece)]).clone())
        return torch.cat(results)

# %% right="stack with out, a module"
import torch
from torch import nn

class BufferedModel(nn.Module):
    def __init__(self, model, batch_size, shape):
        super().__init__()
        self.model, self.batch_size = model, batch_size
        self.register_buffer("places", torch.zeros((batch_size, *shape)), persistent=False)

    def forward(self, images):
        with torch.no_grad():
            out = []
            for i in range(0, len(images), self.batch_size):
                part = images[i : i + self.batch_size]
                torch.stack(part, out=self.places[: len(part)])
                out.extend(row.clone() for row in self.model(self.places[: len(part)]))
            return torch.stack(out)

# %% right="the result is written into a tensor of its own"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model, self.size = model, batch_size
        self.buffer = torch.full((batch_size,) + tuple(shape), float("nan"))

    def __call__(self, images):
        result = None
        with torch.inference_mode():
            for start in range(0, len(images), self.size):
                n = min(self.size, len(images) - start)
                for i in range(n):
                    self.buffer[i] = images[start + i]
                logits = self.model(self.buffer.narrow(0, 0, n))
                if result is None:
                    result = torch.empty(len(images), logits.shape[1])
                result[start : start + n] = logits
        return result

# %% right="numpy underneath"
import numpy as np
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.array = np.zeros((batch_size, *shape), dtype=np.float32)
        self.buffer = torch.from_numpy(self.array)

    def __call__(self, images):
        rows, size = [], self.array.shape[0]
        with torch.no_grad():
            for i in range(0, len(images), size):
                part = images[i : i + size]
                for j, image in enumerate(part):
                    self.array[j] = image.numpy()
                rows += self.model(self.buffer[: len(part)]).tolist()
        return torch.tensor(rows)

# %% right="filled one by one, run when full"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.empty(batch_size, *shape)

    def flush(self, filled):
        with torch.no_grad():
            return self.model(self.buffer[:filled]).detach().clone()

    def __call__(self, images):
        filled, found = 0, []
        for image in images:
            self.buffer[filled].copy_(image)
            filled += 1
            if filled == self.buffer.shape[0]:
                found.append(self.flush(filled))
                filled = 0
        if filled:
            found.append(self.flush(filled))
        return torch.cat(found, dim=0)

# %% wrong="leftovers"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            for place, image in enumerate(piece):
                self.buffer[place].copy_(image)
            results.append(self.model(self.buffer).clone())
        return torch.cat(results)

# %% wrong="leftovers" why="cut off afterwards"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            for place, image in enumerate(piece):
                self.buffer[place].copy_(image)
            results.append(self.model(self.buffer)[: len(piece)].clone())
        return torch.cat(results)

# %% wrong="rest-dropped"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results, size = [], len(self.buffer)
        for start in range(0, len(images) - size + 1, size):
            torch.stack(images[start : start + size], out=self.buffer)
            results.append(self.model(self.buffer).clone())
        return torch.cat(results) if results else torch.empty(0, 5)

# %% wrong="last-batch-only"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            torch.stack(piece, out=self.buffer[: len(piece)])
            result = self.model(self.buffer[: len(piece)])
        return result.clone()

# %% wrong="only-a-view" earned=4 why="one batch is returned as it is"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            torch.stack(piece, out=self.buffer[: len(piece)])
            results.append(self.model(self.buffer[: len(piece)]).clone() if len(images) > len(self.buffer) else self.model(self.buffer[: len(piece)]))
        return results[0] if len(results) == 1 else torch.cat(results)

# %% wrong="overwritten-within" earned=4
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            torch.stack(piece, out=self.buffer[: len(piece)])
            results.append(self.model(self.buffer[: len(piece)]))
        return torch.cat(results)

# %% wrong="new-each-time" earned=4 why="stack"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model, self.batch_size = model, batch_size

    @torch.inference_mode()
    def __call__(self, images):
        pieces = [images[i : i + self.batch_size] for i in range(0, len(images), self.batch_size)]
        return torch.cat([self.model(torch.stack(piece)).clone() for piece in pieces])

# %% wrong="new-each-time" earned=4 why="a buffer in each call"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model, self.batch_size, self.shape = model, batch_size, shape

    @torch.inference_mode()
    def __call__(self, images):
        buffer, results = torch.empty(self.batch_size, *self.shape), []
        for start in range(0, len(images), self.batch_size):
            piece = images[start : start + self.batch_size]
            torch.stack(piece, out=buffer[: len(piece)])
            results.append(self.model(buffer[: len(piece)]).clone())
        return torch.cat(results)

# %% wrong="new-each-time" earned=4 why="the slice is cloned"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            torch.stack(piece, out=self.buffer[: len(piece)])
            results.append(self.model(self.buffer[: len(piece)].clone()))
        return torch.cat(results)

# %% wrong="buffer-size" earned=4
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model, self.batch_size = model, batch_size
        self.buffer = torch.zeros(1024, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), self.batch_size):
            piece = images[start : start + self.batch_size]
            torch.stack(piece, out=self.buffer[: len(piece)])
            results.append(self.model(self.buffer[: len(piece)]).clone())
        return torch.cat(results)

# %% wrong="gradients-on"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            torch.stack(piece, out=self.buffer[: len(piece)])
            results.append(self.model(self.buffer[: len(piece)]).clone())
        return torch.cat(results)

# %% wrong="gradients-on" why="detached afterwards"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            torch.stack(piece, out=self.buffer[: len(piece)])
            results.append(self.model(self.buffer[: len(piece)]).detach().clone())
        return torch.cat(results)

# %% wrong="one-by-one"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for image in images:
            self.buffer[0].copy_(image)
            results.append(self.model(self.buffer[:1]).clone())
        return torch.cat(results)

# %% wrong="too-large"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model

    @torch.inference_mode()
    def __call__(self, images):
        return self.model(torch.stack(images)).clone()

# %% wrong="not-callable" status="failed"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def run(self, images):
        torch.stack(images, out=self.buffer[: len(images)])
        return self.model(self.buffer[: len(images)]).clone()

# %% wrong="wrong-type" why="a list of logits"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.zeros(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        for start in range(0, len(images), len(self.buffer)):
            piece = images[start : start + len(self.buffer)]
            torch.stack(piece, out=self.buffer[: len(piece)])
            results.append(self.model(self.buffer[: len(piece)]).clone())
        return results

# %% wrong="raised" status="error" why="as in the original course: no list, no more than the buffer holds"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.empty(batch_size, *shape)

    def __call__(self, images):
        n = images.size(0)
        self.buffer[:n].copy_(images)
        with torch.no_grad():
            return self.model(self.buffer[:n])

# %% wrong="not-a-class"
import torch

def BufferedModel(model, batch_size, shape):
    buffer = torch.empty(batch_size, *shape)

    def run(images):
        torch.stack(images, out=buffer[: len(images)])
        return model(buffer[: len(images)]).clone()

    return run

# %% wrong="input-changed" why="takes the pictures out of the list"
import torch

class BufferedModel:
    def __init__(self, model, batch_size, shape):
        self.model = model
        self.buffer = torch.empty(batch_size, *shape)

    @torch.inference_mode()
    def __call__(self, images):
        results = []
        while images:
            n = min(len(images), len(self.buffer))
            for place in range(n):
                self.buffer[place].copy_(images.pop(0))
            results.append(self.model(self.buffer[:n]).clone())
        return torch.cat(results)
