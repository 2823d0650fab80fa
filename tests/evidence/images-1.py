# %% right="tensors collected, then batches"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1)
        for name, place in zip(names[start:start + batch_size], places):
            found[name] = categories[place]
    return found, problems

# %% right="streaming: a batch is run when it is full"
import os
import torch
from PIL import Image, ImageOps

@torch.inference_mode()
def classify_folder(folder, model, preprocess, categories, batch_size):
    found, problems, waiting = {}, {}, []

    def run():
        logits = model(torch.stack([tensor for _, tensor in waiting]))
        for (name, _), row in zip(waiting, logits):
            found[name] = categories[int(row.argmax())]
        waiting.clear()

    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            continue
        try:
            with Image.open(path) as image:
                image = ImageOps.exif_transpose(image).convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image).convert("RGB")
        except Exception as error:
            problems[name] = repr(error)
            continue
        waiting.append((name, preprocess(image)))
        if len(waiting) == batch_size:
            run()
    if waiting:
        run()
    return found, problems

# %% right="reading first, pictures kept, chunks by islice"
import torch
from itertools import islice
from pathlib import Path
from helpers.images import read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    pictures, problems = {}, {}
    for path in Path(folder).glob("*"):
        if path.is_dir():
            continue
        try:
            pictures[path.name] = read_image(str(path))
        except ValueError as error:
            problems[path.name] = f"cannot be read: {error}"
    left, found = iter(sorted(pictures.items())), {}
    while part := list(islice(left, batch_size)):
        with torch.inference_mode():
            logits = model(torch.stack([preprocess(picture) for _, picture in part]))
        best = logits.topk(1).indices[:, 0].tolist()
        found |= {name: categories[place] for (name, _), place in zip(part, best)}
    return found, dict(sorted(problems.items()))

# %% right="torch.split, a list of the pair"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    def attempt(path):
        try:
            return preprocess(read_image(path)), None
        except ImageError as error:
            return None, str(error)

    tried = [(path.name, *attempt(path)) for path in sorted(Path(folder).iterdir()) if not path.is_dir()]
    good = [(name, tensor) for name, tensor, error in tried if error is None]
    problems = {name: error for name, tensor, error in tried if error is not None}
    if not good:
        return [{}, problems]
    places = []
    with torch.no_grad():
        for batch in torch.stack([tensor for _, tensor in good]).split(batch_size):
            places += model(batch).softmax(dim=1).max(dim=1).indices.tolist()
    return [{name: categories[place] for (name, _), place in zip(good, places)}, problems]

# %% right="chunks of files, smaller batches where a file is bad"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    files = [path for path in sorted(Path(folder).iterdir()) if path.is_file()]
    found, problems = {}, {}
    for start in range(0, len(files), batch_size):
        names, tensors = [], []
        for path in files[start:start + batch_size]:
            try:
                image = read_image(path)
            except ImageError as error:
                problems[path.name] = str(error)
                continue
            names.append(path.name)
            tensors.append(preprocess(image))
        if names:
            with torch.inference_mode():
                found.update(zip(names, (categories[i] for i in model(torch.stack(tensors)).argmax(1))))
    return found, problems

# %% wrong="stopped-at-a-bad-file" earned=3
import torch
from pathlib import Path
from helpers.images import read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    paths = sorted(path for path in Path(folder).iterdir() if path.is_file())
    tensors = [preprocess(read_image(path)) for path in paths]
    found = {}
    for start in range(0, len(paths), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update({path.name: categories[i] for path, i in zip(paths[start:], places)})
    return found, {}

# %% wrong="stopped-at-a-bad-file" earned=3 why="only opening is guarded"
import torch
from pathlib import Path
from PIL import Image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, images, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if not path.is_file():
            continue
        try:
            images.append(Image.open(path))
            names.append(path.name)
        except OSError as error:
            problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            batch = torch.stack([preprocess(image.convert("RGB")) for image in images[start:start + batch_size]])
            places = model(batch).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="not-reported" earned=3 why="continue without a word"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors = [], []
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError:
                continue
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, {}

# %% wrong="bad-file-among-the-found" earned=3
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems, found = [], [], {}, {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                found[path.name] = None
                problems[path.name] = str(error)
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return dict(sorted(found.items())), problems

# %% wrong="no-reason" earned=3 why="None"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = None
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="no-reason" earned=3 why="the exception object"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = error
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="by-suffix" why="glob of pictures"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".gif", ".bmp") and path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="by-suffix" why="only .png and .jpg in small letters; the others are called problems"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if not path.is_file():
            continue
        if not path.name.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".bmp")):
            problems[path.name] = "no picture"
            continue
        try:
            tensors.append(preprocess(read_image(path)))
            names.append(path.name)
        except ImageError as error:
            problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="full-paths"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(str(path))
            except ImageError as error:
                problems[str(path)] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="full-paths" why="Path objects"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path)
            except ImageError as error:
                problems[path] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="unsorted"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir(), reverse=True):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="bad-file-among-the-found" earned=3 why="all names beside the good results"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    paths = [path for path in sorted(Path(folder).iterdir()) if path.is_file()]
    tensors, problems = [], {}
    for path in paths:
        try:
            tensors.append(preprocess(read_image(path)))
        except ImageError as error:
            problems[path.name] = str(error)
    places = []
    for start in range(0, len(tensors), batch_size):
        with torch.no_grad():
            places += model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
    return {path.name: categories[i] for path, i in zip(paths, places)}, problems

# %% wrong="names-shifted" why="each batch turned round"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    places = []
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places += model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()[::-1]
    return dict(zip(names, [categories[i] for i in places])), problems

# %% wrong="last-batch-lost"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    found, problems, names, tensors = {}, {}, [], []
    for path in sorted(Path(folder).iterdir()):
        if not path.is_file():
            continue
        try:
            tensors.append(preprocess(read_image(path)))
            names.append(path.name)
        except ImageError as error:
            problems[path.name] = str(error)
        if len(names) == batch_size:
            with torch.no_grad():
                places = model(torch.stack(tensors)).argmax(1).tolist()
            found.update(zip(names, [categories[i] for i in places]))
            names, tensors = [], []
    return found, problems

# %% wrong="subfolder-not-left-out" earned=3 why="the folder is called a problem"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        try:
            tensors.append(preprocess(read_image(path)))
            names.append(path.name)
        except ImageError as error:
            problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="subfolder-not-left-out" earned=3 why="rglob"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="places"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], places))
    return found, problems

# %% wrong="one-by-one"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    found, problems = {}, {}
    for path in sorted(Path(folder).iterdir()):
        if not path.is_file():
            continue
        try:
            image = read_image(path)
        except ImageError as error:
            problems[path.name] = str(error)
            continue
        with torch.no_grad():
            found[path.name] = categories[int(model(preprocess(image).unsqueeze(0)).argmax())]
    return found, problems

# %% wrong="batch-too-large"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    if not names:
        return {}, problems
    with torch.no_grad():
        places = model(torch.stack(tensors)).argmax(1).tolist()
    return dict(zip(names, [categories[i] for i in places])), problems

# %% wrong="empty-batch" why="stack of nothing"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    places = []
    for batch in torch.stack(tensors).split(batch_size):
        with torch.no_grad():
            places += model(batch).argmax(1).tolist()
    return dict(zip(names, [categories[i] for i in places])), problems

# %% wrong="not-rgb"
import torch
from pathlib import Path
from PIL import Image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(Image.open(path)))
                names.append(path.name)
            except Exception as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="preprocess-unused" why="a preprocessing of its own"
import numpy as np
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                image = read_image(path).resize((224, 224))
                tensors.append(torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255)
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="gradients-kept"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                problems[path.name] = str(error)
    found = {}
    for start in range(0, len(names), batch_size):
        places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        found.update(zip(names[start:], [categories[i] for i in places]))
    return found, problems

# %% wrong="model-error-hidden" earned=5
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    found, problems, waiting = {}, {}, []

    def run():
        try:
            with torch.no_grad():
                places = model(torch.stack([tensor for _, tensor in waiting])).argmax(1).tolist()
            found.update({name: categories[i] for (name, _), i in zip(waiting, places)})
        except Exception as error:
            problems.update({name: str(error) for name, _ in waiting})
        waiting.clear()

    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                waiting.append((path.name, preprocess(read_image(path))))
            except ImageError as error:
                problems[path.name] = str(error)
            if len(waiting) == batch_size:
                run()
    if waiting:
        run()
    return found, dict(sorted(problems.items()))

# %% wrong="not-a-pair" why="one dictionary"
import torch
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    names, tensors, result = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if path.is_file():
            try:
                tensors.append(preprocess(read_image(path)))
                names.append(path.name)
            except ImageError as error:
                result[path.name] = str(error)
    for start in range(0, len(names), batch_size):
        with torch.no_grad():
            places = model(torch.stack(tensors[start:start + batch_size])).argmax(1).tolist()
        result.update(zip(names[start:], [categories[i] for i in places]))
    return result

# %% wrong="returned-none" why="printed"
from pathlib import Path
from helpers.images import ImageError, read_image

def classify_folder(folder, model, preprocess, categories, batch_size):
    for path in sorted(Path(folder).iterdir()):
        try:
            print(path.name, read_image(path).size)
        except ImageError as error:
            print(error)

# %% wrong="wrong-signature"
def classify_folder(folder):
    return {}, {}
