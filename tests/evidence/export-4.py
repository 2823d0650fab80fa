# %% right="split, fill with zeros"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.size = self.input.shape[0] if isinstance(self.input.shape[0], int) else None

    def __call__(self, images):
        batch = images.detach().cpu().float()
        if batch.ndim == 3:
            batch = batch.unsqueeze(0)
        return torch.cat([self.run(portion) for portion in batch.split(self.size or len(batch))])

    def run(self, portion):
        n = len(portion)
        if self.size:
            portion = torch.cat([portion, portion.new_zeros(self.size - n, *portion.shape[1:])])
        return torch.from_numpy(self.session.run(None, {self.input.name: portion.numpy()})[0][:n])

# %% right="the whole batch filled with its last picture, in numpy"
import numpy as np
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.session = onnxruntime.InferenceSession(file.read())

    def __call__(self, images):
        array = images.detach().to("cpu", torch.float32).numpy()
        if array.ndim == 3:
            array = array[np.newaxis]
        given, (wanted,) = self.session.get_inputs()[0], [o.name for o in self.session.get_outputs()]
        n = len(array)
        step = given.shape[0] if isinstance(given.shape[0], int) else n
        while len(array) % step:
            array = np.concatenate([array, array[-1:]])
        found = [
            self.session.run([wanted], {given.name: np.ascontiguousarray(array[start : start + step])})[0]
            for start in range(0, len(array), step)
        ]
        return torch.tensor(np.concatenate(found)[:n])

# %% right="one picture at a time, repeated to fill the batch"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    @torch.no_grad()
    def __call__(self, images):
        given = self.session.get_inputs()[0]
        copies = given.shape[0] if type(given.shape[0]) is int else 1
        images = images.reshape(-1, *images.shape[-3:]).to(torch.float32)
        rows = []
        for image in images:
            array = image.expand(copies, *image.shape).contiguous().numpy()
            rows.append(torch.from_numpy(self.session.run(None, {given.name: array})[0][0]))
        return torch.stack(rows)

# %% right="an nn.Module"
import onnxruntime
import torch
from torch import nn
from torch.nn import functional as F

class OnnxModel(nn.Module):
    def __init__(self, path):
        super().__init__()
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name
        self.step = self.session.get_inputs()[0].shape[0]

    def forward(self, images):
        images = images.detach().float()
        images = images[None] if images.ndim == 3 else images
        n = images.shape[0]
        if isinstance(self.step, int):
            images = F.pad(images, (0, 0, 0, 0, 0, 0, 0, -n % self.step))
            parts = images.split(self.step)
        else:
            parts = [images]
        arrays = [self.session.run(None, {self.name: part.numpy()})[0] for part in parts]
        return torch.cat([torch.as_tensor(array) for array in arrays])[:n]

# %% wrong="names-guessed" why="pixels"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = images.detach().float()
        batch = batch[None] if batch.ndim == 3 else batch
        return torch.from_numpy(self.session.run(None, {"pixels": batch.numpy()})[0])

# %% wrong="names-guessed" why="the output"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = images.detach().float()
        batch = batch[None] if batch.ndim == 3 else batch
        name = self.session.get_inputs()[0].name
        return torch.from_numpy(self.session.run(["logits"], {name: batch.numpy()})[0])

# %% wrong="no-batch"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        name = self.session.get_inputs()[0].name
        return torch.from_numpy(self.session.run(None, {name: images.detach().float().numpy()})[0])

# %% wrong="not-float32" earned=2 why="no conversion, and the batch fixed"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = images[None] if images.ndim == 3 else images
        name = self.session.get_inputs()[0].name
        return torch.from_numpy(self.session.run(None, {name: batch.detach().numpy()})[0])

# %% wrong="numpy-refused" earned=2 why="gradients"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).float()
        name = self.session.get_inputs()[0].name
        return torch.from_numpy(self.session.run(None, {name: batch.numpy()})[0])

# %% wrong="numpy-refused" earned=2 why="bfloat16"
import numpy as np
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach()
        name = self.session.get_inputs()[0].name
        return torch.from_numpy(self.session.run(None, {name: batch.numpy().astype(np.float32)})[0])

# %% wrong="a-tensor-given"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).float()
        return torch.from_numpy(self.session.run(None, {self.session.get_inputs()[0].name: batch})[0])

# %% wrong="file-read-again"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.path = path

    def __call__(self, images):
        session = onnxruntime.InferenceSession(self.path)
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: batch.numpy()})[0])

# %% wrong="an-array"
import onnxruntime

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        return self.session.run(None, {self.session.get_inputs()[0].name: batch.numpy()})[0]

# %% wrong="a-list"
import onnxruntime

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        return self.session.run(None, {self.session.get_inputs()[0].name: batch.numpy()})

# %% wrong="batch-dropped"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        logits = torch.from_numpy(self.session.run(None, {self.session.get_inputs()[0].name: batch.numpy()})[0])
        return logits[0] if images.ndim == 3 else logits

# %% wrong="batch-dropped" why="squeeze"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        logits = self.session.run(None, {self.session.get_inputs()[0].name: batch.numpy()})[0]
        return torch.from_numpy(logits).squeeze()

# %% wrong="gave-probabilities"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        logits = self.session.run(None, {self.session.get_inputs()[0].name: batch.numpy()})[0]
        return torch.from_numpy(logits).softmax(dim=1)

# %% wrong="fixed-ignored" earned=3
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.name = self.session.get_inputs()[0].name

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        return torch.from_numpy(self.session.run(None, {self.name: batch.numpy()})[0])

# %% wrong="fixed-ignored" earned=3 why="the last portion is not filled"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        step = self.input.shape[0] if isinstance(self.input.shape[0], int) else len(batch)
        return torch.cat(
            [torch.from_numpy(self.session.run(None, {self.input.name: p.numpy()})[0]) for p in batch.split(step)]
        )

# %% wrong="filling-left" earned=3
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        step = self.input.shape[0] if isinstance(self.input.shape[0], int) else len(batch)
        missing = -len(batch) % step
        batch = torch.cat([batch, batch.new_zeros(missing, *batch.shape[1:])])
        return torch.cat(
            [torch.from_numpy(self.session.run(None, {self.input.name: p.numpy()})[0]) for p in batch.split(step)]
        )

# %% wrong="last-dropped" earned=3
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        step = self.input.shape[0] if isinstance(self.input.shape[0], int) else len(batch)
        parts = [p for p in batch.split(step) if len(p) == step]
        results = [torch.from_numpy(self.session.run(None, {self.input.name: p.numpy()})[0]) for p in parts]
        return torch.cat(results) if results else torch.empty(0, 5)

# %% wrong="first-only" earned=3
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        step = self.input.shape[0] if isinstance(self.input.shape[0], int) else len(batch)
        n = min(len(batch), step)
        batch = torch.cat([batch[:step], batch.new_zeros(step - n, *batch.shape[1:])])
        return torch.from_numpy(self.session.run(None, {self.input.name: batch.numpy()})[0][:n])

# %% wrong="fixed-ignored" earned=3 why="fixed at the number that the lesson showed"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        if not isinstance(self.input.shape[0], int):
            return torch.from_numpy(self.session.run(None, {self.input.name: batch.numpy()})[0])
        n = len(batch)
        batch = torch.cat([batch, batch.new_zeros(-n % 2, *batch.shape[1:])])
        parts = [self.session.run(None, {self.input.name: p.numpy()})[0] for p in batch.split(2)]
        return torch.cat([torch.from_numpy(p) for p in parts])[:n]

# %% wrong="wrong-values" earned=3 why="the filling comes first"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        n = len(batch)
        step = self.input.shape[0] if isinstance(self.input.shape[0], int) else n
        batch = torch.cat([batch.new_zeros(-n % step, *batch.shape[1:]), batch])
        parts = [self.session.run(None, {self.input.name: p.numpy()})[0] for p in batch.split(step)]
        return torch.cat([torch.from_numpy(p) for p in parts])[:n]

# %% wrong="wrong-values" earned=2 why="a view read as if it were contiguous"
import numpy as np
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach().float()
        flat = batch.as_strided((batch.numel(),), (1,)).clone()
        array = flat.reshape(batch.shape).numpy()
        return torch.from_numpy(self.session.run(None, {self.input.name: array})[0])

# %% wrong="input-changed" why="normalised in place"
import onnxruntime
import torch

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]

    def __call__(self, images):
        batch = (images[None] if images.ndim == 3 else images).detach()
        result = torch.from_numpy(self.session.run(None, {self.input.name: batch.float().numpy()})[0])
        batch.clamp_(0, 1)
        return result

# %% wrong="not-a-class" status="failed"
import onnxruntime

def OnnxModel(path):
    return onnxruntime.InferenceSession(path)

# %% wrong="not-started" status="not_started"
class OnnxModel:
    def __init__(self, path):
        raise NotImplementedError

# %% wrong="raised" status="error" why="not callable"
import onnxruntime

class OnnxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
