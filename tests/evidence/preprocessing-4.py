# %% right="read_image and stack"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    return torch.stack([preprocess(read_image(path)) for path in paths])

# %% right="Pillow alone"
import torch
from PIL import Image, ImageOps

def to_batch(paths, preprocess):
    tensors = []
    for path in paths:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        tensors.append(preprocess(image.convert("RGB")))
    return torch.stack(tensors)

# %% right="unsqueeze and cat"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    batches = [preprocess(read_image(path)).unsqueeze(0) for path in paths]
    return torch.cat(batches, dim=0)

# %% right="filled in place, pasted on white"
import torch
from PIL import Image, ImageOps

def upright_rgb(path):
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode in ("RGBA", "LA", "PA"):
        background = Image.new("RGB", image.size, (255, 255, 255))
        background.paste(image, mask=image.getchannel("A"))
        return background
    return image.convert("RGB")

def to_batch(paths, preprocess):
    batch = None
    for place, path in enumerate(paths):
        tensor = preprocess(upright_rgb(path))
        if batch is None:
            batch = torch.empty(len(paths), *tensor.shape)
        batch[place] = tensor
    return batch

# %% wrong="not-rgb"
import torch
from PIL import Image

def to_batch(paths, preprocess):
    return torch.stack([preprocess(Image.open(path)) for path in paths])

# %% wrong="not-rgb" earned=2 why="only grey is thought of"
import torch
from PIL import Image

def to_batch(paths, preprocess):
    tensors = []
    for path in paths:
        image = Image.open(path)
        if image.mode == "L":
            image = image.convert("RGB")
        tensors.append(preprocess(image))
    return torch.stack(tensors)

# %% wrong="alpha-dropped" earned=3
import torch
from PIL import Image, ImageOps

def to_batch(paths, preprocess):
    return torch.stack([preprocess(ImageOps.exif_transpose(Image.open(path)).convert("RGB")) for path in paths])

# %% wrong="alpha-dropped" earned=2 why="and not upright"
import torch
from PIL import Image

def to_batch(paths, preprocess):
    return torch.stack([preprocess(Image.open(path).convert("RGB")) for path in paths])

# %% wrong="not-upright" earned=3
import torch
from PIL import Image

def to_batch(paths, preprocess):
    tensors = []
    for path in paths:
        image = Image.open(path)
        if image.mode == "RGBA":
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        tensors.append(preprocess(image.convert("RGB")))
    return torch.stack(tensors)

# %% wrong="black-background" earned=3
import torch
from PIL import Image, ImageOps

def to_batch(paths, preprocess):
    tensors = []
    for path in paths:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
        background = Image.new("RGB", image.size)
        background.paste(image, mask=image)
        tensors.append(preprocess(background))
    return torch.stack(tensors)

# %% wrong="not-a-picture"
import torch

def to_batch(paths, preprocess):
    return torch.stack([preprocess(path) for path in paths])

# %% wrong="not-a-picture" why="a tensor"
import torch
from helpers.images import read_image
from torchvision.transforms import v2

def to_batch(paths, preprocess):
    images = [v2.functional.pil_to_tensor(read_image(path)) for path in paths]
    return torch.stack([preprocess(image) for image in images])

# %% wrong="preprocess-unused"
import torch
from helpers.images import read_image
from torchvision.transforms import v2

def to_batch(paths, preprocess):
    ready = v2.Compose([v2.Resize(256), v2.CenterCrop(224), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    return torch.stack([ready(read_image(path)) for path in paths])

# %% wrong="a-list"
from helpers.images import read_image

def to_batch(paths, preprocess):
    return [preprocess(read_image(path)) for path in paths]

# %% wrong="joined"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    return torch.cat([preprocess(read_image(path)) for path in paths])

# %% wrong="batch-of-batches"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    return torch.stack([preprocess(read_image(path)).unsqueeze(0) for path in paths])

# %% wrong="order-changed"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    return torch.stack([preprocess(read_image(path)) for path in sorted(paths)])

# %% wrong="order-changed" why="taken from the end"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    paths, tensors = list(paths), []
    while paths:
        tensors.append(preprocess(read_image(paths.pop())))
    return torch.stack(tensors)

# %% wrong="input-changed"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    tensors = []
    while paths:
        tensors.append(preprocess(read_image(paths.pop(0))))
    return torch.stack(tensors)

# %% wrong="wrong-shape" why="only the first"
from helpers.images import read_image

def to_batch(paths, preprocess):
    for path in paths:
        return preprocess(read_image(path)).unsqueeze(0)

# %% wrong="no-batch" earned=2 why="squeezed"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    return torch.stack([preprocess(read_image(path)) for path in paths]).squeeze()

# %% wrong="wrong-dtype"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    return torch.stack([preprocess(read_image(path)) for path in paths]).half()

# %% wrong="wrong-type" why="an array"
import numpy as np
from helpers.images import read_image

def to_batch(paths, preprocess):
    return np.stack([preprocess(read_image(path)) for path in paths])

# %% wrong="returned-none"
import torch
from helpers.images import read_image

def to_batch(paths, preprocess):
    batch = torch.stack([preprocess(read_image(path)) for path in paths])

# %% wrong="raised" status="error" why="one path expected"
from helpers.images import read_image

def to_batch(paths, preprocess):
    return preprocess(read_image(paths))
