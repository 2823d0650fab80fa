# %% right="read_image and ImageError"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        image = read_image(path)
    except ImageError as error:
        return None, str(error)
    return preprocess(image), None

# %% right="try, except, else; a list as the pair"
from helpers.images import read_image

def load_file(path, preprocess):
    try:
        image = read_image(str(path))
    except ValueError as problem:
        return [None, f"{path}: {problem}"]
    else:
        return [preprocess(image), None]

# %% right="Pillow alone"
from PIL import Image, ImageOps

def load_file(path, preprocess):
    try:
        with Image.open(path) as file:
            file.load()
            image = ImageOps.exif_transpose(file)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            image = image.convert("RGB")
    except Exception as error:
        return None, repr(error)
    return preprocess(image), None

# %% right="the bytes first"
from pathlib import Path
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    reason, image = None, None
    try:
        image = read_image(Path(path).read_bytes())
    except (OSError, ImageError) as error:
        reason = f"{type(error).__name__}: {error}"
    if image is None:
        return None, reason
    return preprocess(image), None

# %% right="one try around both, one kind of error"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except ImageError as error:
        return None, str(error)

# %% wrong="stopped-at-bad-file" earned=2
from helpers.images import read_image

def load_file(path, preprocess):
    return preprocess(read_image(path)), None

# %% wrong="stopped-at-bad-file" earned=2 why="only missing files"
from helpers.images import read_image
import os

def load_file(path, preprocess):
    if not os.path.exists(path):
        return None, "missing"
    return preprocess(read_image(path)), None

# %% wrong="swallowed" earned=2
from helpers.images import read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except Exception as error:
        return None, str(error)

# %% wrong="swallowed" earned=2 why="ValueError, which ImageError is one of"
from helpers.images import read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except ValueError as error:
        return None, str(error)

# %% wrong="swallowed" earned=2 why="another error in its place"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        image = read_image(path)
    except ImageError as error:
        return None, str(error)
    try:
        return preprocess(image), None
    except Exception as error:
        raise RuntimeError("preprocess failed") from error

# %% wrong="no-reason" earned=2
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except ImageError:
        return None, None

# %% wrong="no-reason" earned=2 why="an empty text"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except ImageError:
        return None, ""

# %% wrong="error-object" earned=2
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except ImageError as error:
        return None, error

# %% wrong="only-the-tensor" earned=0
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path))
    except ImageError:
        return None

# %% wrong="only-the-tensor" earned=2 why="None alone"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except ImageError:
        return None

# %% wrong="turned-round"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return None, preprocess(read_image(path))
    except ImageError as error:
        return str(error), None

# %% wrong="read-the-broken" earned=2
import torch
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), None
    except ImageError as error:
        return torch.zeros(3, 8, 8), str(error)

# %% wrong="read-the-broken" earned=2 why="truncated files allowed"
from PIL import Image, ImageFile, ImageOps

def load_file(path, preprocess):
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image = ImageOps.exif_transpose(Image.open(path))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        return None, str(error)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    return preprocess(image), None

# %% wrong="stopped-at-bad-file" earned=2 why="opened in the try, read outside of it"
from PIL import Image
from helpers.images import read_image

def load_file(path, preprocess):
    try:
        Image.open(path)
    except OSError as error:
        return None, str(error)
    return preprocess(read_image(path)), None

# %% wrong="batch-added" earned=1
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)).unsqueeze(0), None
    except ImageError as error:
        return None, str(error)

# %% wrong="not-rgb" earned=1
from PIL import Image

def load_file(path, preprocess):
    try:
        image = Image.open(path)
        image.load()
    except Exception as error:
        return None, str(error)
    return preprocess(image), None

# %% wrong="alpha-dropped" earned=1
from PIL import Image, ImageOps

def load_file(path, preprocess):
    try:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    except Exception as error:
        return None, str(error)
    return preprocess(image), None

# %% wrong="not-upright" earned=1
from PIL import Image

def load_file(path, preprocess):
    try:
        image = Image.open(path)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("RGB")
    except Exception as error:
        return None, str(error)
    return preprocess(image), None

# %% wrong="unprepared" earned=1
from torchvision.transforms.v2 import functional as F
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return F.to_image(read_image(path)) / 255, None
    except ImageError as error:
        return None, str(error)

# %% wrong="returned-none"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        result = preprocess(read_image(path)), None
    except ImageError as error:
        result = None, str(error)

# %% wrong="wrong-length"
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return path, preprocess(read_image(path)), None
    except ImageError as error:
        return path, None, str(error)

# %% wrong="wrong-type" why="True for success" earned=1
from helpers.images import ImageError, read_image

def load_file(path, preprocess):
    try:
        return preprocess(read_image(path)), True
    except ImageError as error:
        return None, str(error)
