# %% right="inference_mode, topk, try and finally"
import torch
from helpers.images import read_image

def top5(image, model, preprocess, categories):
    batch = preprocess(read_image(image)).unsqueeze(0)
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            probabilities = model(batch)[0].softmax(dim=0)
    finally:
        model.train(training)
    values, places = probabilities.topk(5)
    return [(categories[place], value) for place, value in zip(places.tolist(), values.tolist())]

# %% right="decorator, sorted pairs"
import torch
from helpers.images import read_image
from helpers.models import evaluating

@torch.no_grad()
def top5(image, model, preprocess, categories):
    with evaluating(model):
        logits = model(torch.stack([preprocess(read_image(image))]))
    probabilities = torch.softmax(logits, dim=1).squeeze(0).tolist()
    return sorted(zip(categories, probabilities), key=lambda pair: pair[1], reverse=True)[:5]

# %% right="the course's own classify"
from helpers.models import Classifier, classify

def top5(image, model, preprocess, categories):
    found = classify(Classifier("mine", model, preprocess, categories, "", False), image)
    return [tuple(one[:2]) for one in found]

# %% right="exponentials, argmax five times, lists as pairs"
import torch
from PIL import Image

def top5(image, model, preprocess, categories):
    if not isinstance(image, Image.Image):
        image = Image.open(image)
    batch = preprocess(image.convert("RGB"))[None]
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        logits = model(batch)
    for module, mode in modes.items():
        module.training = mode
    shares = (logits[0] - logits.max()).exp()
    shares = shares / shares.sum()
    result = []
    for _ in range(5):
        best = int(shares.argmax())
        result.append([categories[best], float(shares[best])])
        shares[best] = -1
    return result

# %% right="a copy of the model"
import copy
import torch
from helpers.images import read_image

def top5(image, model, preprocess, categories):
    mine = copy.deepcopy(model).eval()
    with torch.no_grad():
        found = mine(preprocess(read_image(image))[None])[0].softmax(-1).topk(5)
    return [(categories[i], p.item()) for p, i in zip(found.values, found.indices)]

# %% wrong="logits"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="softmax-over-batch"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        probabilities = model(preprocess(read_image(image))[None]).softmax(dim=0)[0]
    values, places = probabilities.topk(5)
    return [(categories[i], v) for v, i in sorted(zip(values.tolist(), places.tolist()), key=lambda p: p[1])]

# %% wrong="softmax-over-batch" why="the order from the logits"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        logits = model(preprocess(read_image(image))[None])
    probabilities = logits.softmax(dim=0)[0]
    return [(categories[i], probabilities[i].item()) for i in logits[0].topk(5).indices.tolist()]

# %% wrong="percent"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], 100 * v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="renormalised"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].topk(5)
    return [(categories[i], v) for v, i in zip(values.softmax(0).tolist(), places.tolist())]

# %% wrong="ascending"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        p = model(preprocess(read_image(image))[None])[0].softmax(0)
    return [(categories[i], p[i].item()) for i in p.argsort()[-5:]]

# %% wrong="least-likely"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        p = model(preprocess(read_image(image))[None])[0].softmax(0)
    return [(categories[i], p[i].item()) for i in p.argsort()[:5]]

# %% wrong="unsorted"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        p = model(preprocess(read_image(image))[None])[0].softmax(0)
    return list(zip(categories, p.tolist()))[:5]

# %% wrong="places"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return list(zip(places.tolist(), values.tolist()))

# %% wrong="pairs-turned"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(v, categories[i]) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="tensor-inside"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values, places)]

# %% wrong="two-lists"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [categories[i] for i in places], values.tolist()

# %% wrong="a-dict"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return {categories[i]: v for v, i in zip(values.tolist(), places.tolist())}

# %% wrong="preprocess-unused"
import torch
from helpers.images import read_image
from torchvision.transforms import v2

def top5(image, model, preprocess, categories):
    ready = v2.Compose([v2.Resize(8), v2.CenterCrop(8), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    with torch.no_grad():
        values, places = model(ready(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="not-rgb"
import torch
from PIL import Image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    image = Image.open(image) if isinstance(image, str) else image
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(image)[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="not-a-picture" why="the path goes on"
import torch
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(image)[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="training-mode" earned=3
import torch
from helpers.images import read_image

def top5(image, model, preprocess, categories):
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    model.load_state_dict(state)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="training-mode" earned=2 why="and the statistics move"
import torch
from helpers.images import read_image

def top5(image, model, preprocess, categories):
    with torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="training-mode" earned=3 why="a copy that is in the same mode"
import copy
import torch
from helpers.images import read_image

def top5(image, model, preprocess, categories):
    with torch.no_grad():
        values, places = copy.deepcopy(model)(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="gradients-kept" earned=3
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model):
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).detach().topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="mode-not-restored" earned=3
import torch
from helpers.images import read_image

def top5(image, model, preprocess, categories):
    model.eval()
    with torch.inference_mode():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="model-frozen" earned=3
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    model.requires_grad_(False)
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="grad-mode-changed"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    torch.set_grad_enabled(False)
    with evaluating(model):
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="raised" status="error" why="no batch dimension"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))).softmax(0).topk(5)
    return [(categories[i], v) for v, i in zip(values.tolist(), places.tolist())]

# %% wrong="wrong-length" why="only the best"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        value, place = model(preprocess(read_image(image))[None])[0].softmax(0).max(0)
    return [(categories[place], value.item())]

# %% wrong="wrong-values" why="fixed for the lesson's photo"
def top5(image, model, preprocess, categories):
    preprocess(image.convert("RGB")) if hasattr(image, "convert") else None
    return [("espresso", 0.95), ("cup", 0.02), ("consomme", 0.01), ("chocolate sauce", 0.01), ("soup bowl", 0.0)]

# %% wrong="returned-none" why="printed"
import torch
from helpers.images import read_image
from helpers.models import evaluating

def top5(image, model, preprocess, categories):
    with evaluating(model), torch.no_grad():
        values, places = model(preprocess(read_image(image))[None])[0].softmax(0).topk(5)
    for value, place in zip(values.tolist(), places.tolist()):
        print(categories[place], value)

# %% wrong="wrong-signature" why="the picture only"
def top5(image):
    return []
