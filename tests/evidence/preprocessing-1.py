# %% right="numpy, permute, divide"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).to(torch.float32) / 255

# %% right="torchvision v2"
import torch
from torchvision.transforms import v2

def to_tensor(image):
    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])(image)

# %% right="pixels one by one"
import torch

def to_tensor(image):
    width, height = image.size
    result = torch.zeros(3, height, width)
    for y in range(height):
        for x in range(width):
            for channel, value in enumerate(image.getpixel((x, y))):
                result[channel, y, x] = value / 255
    return result

# %% right="one plane a channel"
import numpy as np
import torch

def to_tensor(image):
    planes = [np.asarray(plane, dtype=np.float32) for plane in image.split()]
    return torch.tensor(np.stack(planes)) / 255.0

# %% right="transpose in numpy"
import numpy as np
import torch

def to_tensor(image):
    array = np.asarray(image).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    return torch.from_numpy(np.ascontiguousarray(array))

# %% wrong="channels-last"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image)).float() / 255

# %% wrong="channels-last" why="and not scaled"
import numpy as np
import torch

def to_tensor(image):
    return torch.tensor(np.array(image))

# %% wrong="not-scaled" why="ToDtype without scale"
import torch
from torchvision.transforms import v2

def to_tensor(image):
    return v2.ToDtype(torch.float32)(v2.functional.to_image(image))

# %% wrong="not-scaled" why="uint8"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)

# %% wrong="channels-reversed"
import numpy as np
import torch

def to_tensor(image):
    bgr = np.array(image)[:, :, ::-1].copy()
    return torch.from_numpy(bgr).permute(2, 0, 1).float() / 255

# %% wrong="sides-swapped"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 1, 0).float() / 255

# %% wrong="sides-swapped" why=".T of the array"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image).T.copy()).float().div(255)

# %% wrong="reshaped"
import numpy as np
import torch

def to_tensor(image):
    width, height = image.size
    return torch.from_numpy(np.array(image)).reshape(3, height, width).float() / 255

# %% wrong="minus-one-to-one"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1

# %% wrong="by-maximum"
import numpy as np
import torch

def to_tensor(image):
    x = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    return x / x.max()

# %% wrong="by-maximum" why="from the smallest to the largest"
import numpy as np
import torch

def to_tensor(image):
    x = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    return (x - x.min()) / (x.max() - x.min())

# %% wrong="by-256"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 256

# %% wrong="integer-division"
import numpy as np
import torch

def to_tensor(image):
    return (torch.from_numpy(np.array(image)).permute(2, 0, 1) // 255).float()

# %% wrong="extra-batch"
from torchvision.transforms.functional import to_tensor as convert

def to_tensor(image):
    return convert(image).unsqueeze(0)

# %% wrong="wrong-dtype" why="float64"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image) / 255).permute(2, 0, 1)

# %% wrong="wrong-dtype" why="double at the end"
import numpy as np
import torch

def to_tensor(image):
    return (torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255).double()

# %% wrong="wrong-type" why="an array"
import numpy as np

def to_tensor(image):
    return np.array(image).transpose(2, 0, 1).astype(np.float32) / 255

# %% wrong="needs-grad"
import numpy as np
import torch

def to_tensor(image):
    x = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
    return x.requires_grad_()

# %% wrong="wrong-shape" why="size of the lesson's photo"
import numpy as np
import torch

def to_tensor(image):
    return (torch.from_numpy(np.array(image.resize((600, 400)))).permute(2, 0, 1) / 255).float()

# %% wrong="returned-none"
import numpy as np
import torch

def to_tensor(image):
    x = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255

# %% wrong="raised" status="error" why="a picture is no array"
import torch

def to_tensor(image):
    return torch.from_numpy(image).permute(2, 0, 1) / 255

# %% wrong="wrong-values" why="upside down"
import numpy as np
import torch

def to_tensor(image):
    return torch.from_numpy(np.array(image)[::-1].copy()).permute(2, 0, 1).float() / 255
