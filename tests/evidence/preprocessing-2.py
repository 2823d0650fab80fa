# %% right="view (3, 1, 1)"
import torch

def normalize(images, mean, std):
    mean = torch.tensor(mean).view(3, 1, 1)
    std = torch.tensor(std).view(3, 1, 1)
    return (images - mean) / std

# %% right="torchvision"
from torchvision.transforms import v2

def normalize(images, mean, std):
    return v2.functional.normalize(images, mean, std)

# %% right="a loop over the channels"
import torch

def normalize(images, mean, std):
    result = torch.empty_like(images)
    for channel in range(3):
        result[..., channel, :, :] = (images[..., channel, :, :] - mean[channel]) / std[channel]
    return result

# %% right="new axes by indexing, in place on a copy"
import torch

def normalize(images, mean, std):
    mean, std = torch.as_tensor(mean), torch.as_tensor(std)
    return images.clone().sub_(mean[:, None, None]).div_(std[:, None, None])

# %% right="channels moved to the end"
import torch

def normalize(images, mean, std):
    last = images.movedim(-3, -1)
    return ((last - torch.tensor(mean)) / torch.tensor(std)).movedim(-1, -3)

# %% right="one multiplication and one addition"
import torch

def normalize(images, mean, std):
    scale = torch.tensor([1 / s for s in std]).reshape(-1, 1, 1)
    shift = torch.tensor([-m / s for m, s in zip(mean, std)]).reshape(-1, 1, 1)
    return images * scale + shift

# %% wrong="std-forgotten"
import torch

def normalize(images, mean, std):
    return images - torch.tensor(mean).view(3, 1, 1)

# %% wrong="mean-forgotten"
import torch

def normalize(images, mean, std):
    return images / torch.tensor(std).view(3, 1, 1)

# %% wrong="scaled-first"
import torch

def normalize(images, mean, std):
    mean, std = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)
    return images / std - mean

# %% wrong="scaled-first" why="no brackets"
import torch

def normalize(images, mean, std):
    mean, std = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)
    return images - mean / std

# %% wrong="swapped"
from torchvision.transforms import v2

def normalize(images, mean, std):
    return v2.Normalize(std, mean)(images)

# %% wrong="variance"
import torch

def normalize(images, mean, std):
    mean, std = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)
    return (images - mean) / std**2

# %% wrong="undone"
import torch

def normalize(images, mean, std):
    return images * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)

# %% wrong="divided-again"
import torch

def normalize(images, mean, std):
    mean, std = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)
    return (images / 255 - mean) / std

# %% wrong="wrong-axis" why="along the width"
import torch

def normalize(images, mean, std):
    return (images - torch.tensor(mean)) / torch.tensor(std)

# %% wrong="wrong-axis" why="along the height"
import torch

def normalize(images, mean, std):
    return (images - torch.tensor(mean)[:, None]) / torch.tensor(std)[:, None]

# %% wrong="wrong-axis" earned=2 why="along the batch"
import torch

def normalize(images, mean, std):
    shape = (3,) + (1,) * (images.ndim - 1)
    return (images - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)

# %% wrong="one-for-all"
def normalize(images, mean, std):
    return (images - mean[0]) / std[0]

# %% wrong="one-for-all" why="their average"
def normalize(images, mean, std):
    return (images - sum(mean) / 3) / (sum(std) / 3)

# %% wrong="own-statistics"
def normalize(images, mean, std):
    mean = images.mean(dim=(-2, -1), keepdim=True)
    std = images.std(dim=(-2, -1), keepdim=True)
    return (images - mean) / std

# %% wrong="own-statistics" why="over everything"
def normalize(images, mean, std):
    return (images - images.mean()) / images.std()

# %% wrong="imagenet-constants"
import torch

def normalize(images, mean, std):
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    return (images - mean) / std

# %% wrong="extra-batch" earned=1 why="always a batch"
import torch

def normalize(images, mean, std):
    return (images - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)

# %% wrong="input-changed"
import torch

def normalize(images, mean, std):
    images -= torch.tensor(mean).view(3, 1, 1)
    images /= torch.tensor(std).view(3, 1, 1)
    return images

# %% wrong="wrong-dtype"
import torch

def normalize(images, mean, std):
    mean = torch.tensor(mean, dtype=torch.float64).view(3, 1, 1)
    std = torch.tensor(std, dtype=torch.float64).view(3, 1, 1)
    return (images - mean) / std

# %% wrong="wrong-shape" earned=2 why="only the first of a batch"
import torch

def normalize(images, mean, std):
    image = images[0] if images.ndim == 4 else images
    return (image - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)

# %% wrong="returned-none"
from torchvision.transforms import v2

def normalize(images, mean, std):
    v2.functional.normalize(images, mean, std)

# %% wrong="raised" status="error" why="a list is no tensor"
def normalize(images, mean, std):
    return (images - mean) / std

# %% wrong="needs-grad"
import torch

def normalize(images, mean, std):
    mean = torch.tensor(mean, requires_grad=True).view(3, 1, 1)
    return (images - mean) / torch.tensor(std).view(3, 1, 1)

# %% wrong="wrong-signature"
def normalize(images):
    return images
