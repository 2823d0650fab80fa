# %% right="arithmetic, rounded down"
def resize_and_crop(image, resize, crop):
    width, height = image.size
    scale = resize / min(width, height)
    resized = image.resize((int(width * scale), int(height * scale)))
    left, top = (resized.width - crop) // 2, (resized.height - crop) // 2
    return resized.crop((left, top, left + crop, top + crop))

# %% right="torchvision"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    return v2.Compose([v2.Resize(resize), v2.CenterCrop(crop)])(image)

# %% right="as a tensor and back"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    x = v2.functional.to_image(image)
    x = v2.functional.resize(x, [resize], interpolation=v2.InterpolationMode.BICUBIC, antialias=True)
    return v2.functional.to_pil_image(v2.functional.center_crop(x, [crop, crop]))

# %% right="rounded up, two branches"
import math
from PIL import Image

def resize_and_crop(image, resize, crop):
    width, height = image.size
    if width < height:
        size = (resize, math.ceil(resize * height / width))
    else:
        size = (math.ceil(resize * width / height), resize)
    resized = image.resize(size, Image.Resampling.LANCZOS)
    left, top = math.ceil((size[0] - crop) / 2), math.ceil((size[1] - crop) / 2)
    return resized.crop((left, top, left + crop, top + crop))

# %% right="crop the source, resize once"
from PIL import Image

def resize_and_crop(image, resize, crop):
    width, height = image.size
    half = crop * min(width, height) / resize / 2
    box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
    return image.resize((crop, crop), Image.Resampling.BILINEAR, box=box)

# %% right="nearest pixel"
from PIL import Image

def resize_and_crop(image, resize, crop):
    width, height = image.size
    scale = resize / min(width, height)
    size = (round(width * scale), round(height * scale))
    left, top = round((size[0] - crop) / 2), round((size[1] - crop) / 2)
    return image.resize(size, Image.Resampling.NEAREST).crop((left, top, left + crop, top + crop))

# %% wrong="squashed" why="to the crop"
def resize_and_crop(image, resize, crop):
    return image.resize((crop, crop))

# %% wrong="squashed" why="Resize with a pair"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    return v2.Compose([v2.Resize((resize, resize)), v2.CenterCrop(crop)])(image)

# %% wrong="longer-side"
def resize_and_crop(image, resize, crop):
    scale = resize / max(image.size)
    width, height = round(image.width * scale), round(image.height * scale)
    left, top = (width - crop) // 2, (height - crop) // 2
    return image.resize((width, height)).crop((left, top, left + crop, top + crop))

# %% wrong="longer-side" why="thumbnail"
def resize_and_crop(image, resize, crop):
    small = image.copy()
    small.thumbnail((resize, resize))
    left, top = (small.width - crop) // 2, (small.height - crop) // 2
    return small.crop((left, top, left + crop, top + crop))

# %% wrong="longer-side" why="padded to a square"
from PIL import ImageOps

def resize_and_crop(image, resize, crop):
    return ImageOps.pad(image, (crop, crop))

# %% wrong="longer-side" earned=2 why="takes the height for the shorter side"
def resize_and_crop(image, resize, crop):
    scale = resize / image.height
    width, height = round(image.width * scale), resize
    left, top = (width - crop) // 2, (height - crop) // 2
    return image.resize((width, height)).crop((left, top, left + crop, top + crop))

# %% wrong="corner-crop"
def resize_and_crop(image, resize, crop):
    scale = resize / min(image.size)
    resized = image.resize((round(image.width * scale), round(image.height * scale)))
    return resized.crop((0, 0, crop, crop))

# %% wrong="corner-crop" why="only the longer side is centred"
def resize_and_crop(image, resize, crop):
    scale = resize / min(image.size)
    resized = image.resize((round(image.width * scale), round(image.height * scale)))
    left = (resized.width - crop) // 2 if resized.width > resized.height else 0
    top = (resized.height - crop) // 2 if resized.width <= resized.height else 0
    return resized.crop((left, top, left + crop, top + crop))

# %% wrong="corner-crop" why="not halved"
def resize_and_crop(image, resize, crop):
    scale = resize / min(image.size)
    resized = image.resize((round(image.width * scale), round(image.height * scale)))
    left, top = resized.width - crop, resized.height - crop
    return resized.crop((left, top, left + crop, top + crop))

# %% wrong="not-resized"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    return v2.CenterCrop(crop)(image)

# %% wrong="not-resized" earned=2 why="only shrinks"
def resize_and_crop(image, resize, crop):
    scale = min(1, resize / min(image.size))
    resized = image.resize((round(image.width * scale), round(image.height * scale)))
    left, top = (resized.width - crop) // 2, (resized.height - crop) // 2
    return resized.crop((left, top, left + crop, top + crop))

# %% wrong="not-cropped"
def resize_and_crop(image, resize, crop):
    scale = resize / min(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)))

# %% wrong="not-cropped" why="the result of crop is lost"
def resize_and_crop(image, resize, crop):
    scale = resize / min(image.size)
    resized = image.resize((int(image.width * scale), int(image.height * scale)))
    left, top = (resized.width - crop) // 2, (resized.height - crop) // 2
    resized.crop((left, top, left + crop, top + crop))
    return resized

# %% wrong="resized-to-crop"
from PIL import ImageOps

def resize_and_crop(image, resize, crop):
    return ImageOps.fit(image, (crop, crop))

# %% wrong="size-swapped"
def resize_and_crop(image, resize, crop):
    scale = resize / min(image.size)
    resized = image.resize((round(image.height * scale), round(image.width * scale)))
    left, top = (resized.width - crop) // 2, (resized.height - crop) // 2
    return resized.crop((left, top, left + crop, top + crop))

# %% wrong="input-changed" earned=1 why="thumbnail of the caller's picture"
def resize_and_crop(image, resize, crop):
    if min(image.size) > resize:
        image.thumbnail((resize, 10**6) if image.width < image.height else (10**6, resize))
        resized = image
    else:
        scale = resize / min(image.size)
        resized = image.resize((round(image.width * scale), round(image.height * scale)))
    left, top = (resized.width - crop) // 2, (resized.height - crop) // 2
    return resized.crop((left, top, left + crop, top + crop))

# %% wrong="wrong-shape" why="hard-coded for 256 and 224"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    return v2.Compose([v2.Resize(256), v2.CenterCrop(224)])(image)

# %% wrong="wrong-type" why="a tensor"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    return v2.Compose([v2.ToImage(), v2.Resize(resize), v2.CenterCrop(crop)])(image)

# %% wrong="wrong-type" why="grey"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    return v2.Compose([v2.Resize(resize), v2.CenterCrop(crop)])(image).convert("L")

# %% wrong="returned-none"
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    image = v2.Resize(resize)(image)
    image = v2.CenterCrop(crop)(image)

# %% wrong="raised" status="error" why="sizes are whole numbers"
def resize_and_crop(image, resize, crop):
    scale = resize / min(image.size)
    resized = image.resize((image.width * scale, image.height * scale, 3))
    return resized.crop((0, 0, crop, crop))

# %% wrong="wrong-values" why="mirrored"
from PIL import ImageOps
from torchvision.transforms import v2

def resize_and_crop(image, resize, crop):
    return ImageOps.mirror(v2.Compose([v2.Resize(resize), v2.CenterCrop(crop)])(image))
