# %% right="unsqueeze, topk, modes of all modules"
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    if len(batch) != 1:
        raise ValueError("one picture, please")
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            probabilities = model(batch).softmax(dim=1)[0]
    finally:
        for module, training in modes:
            module.training = training
    values, places = probabilities.topk(k)
    return [(categories[place], value) for place, value in zip(places.tolist(), values.tolist())]

# %% right="reshape, sorted, a copy of the model"
import copy

def predict_image(model, image, categories, k=5):
    if image.ndim == 4 and image.shape[0] != 1:
        raise ValueError(image.shape)
    with torch.no_grad():
        logits = copy.deepcopy(model).eval()(image.reshape(1, *image.shape[-3:]))
        probabilities = torch.softmax(logits, 1).flatten().tolist()
    return sorted(zip(categories, probabilities), key=lambda pair: -pair[1])[:k]

# %% right="indexing with None, argsort, training flags by name"
class NotOnePicture(ValueError):
    pass

@torch.no_grad()
def predict_image(model, image, categories, k=5):
    if image.dim() == 3:
        image = image[None]
    elif image.size(0) != 1:
        raise NotOnePicture
    before = {name: module.training for name, module in model.named_modules()}
    model.train(False)
    logits = model(image)
    for name, module in model.named_modules():
        module.training = before[name]
    p = logits[0].exp() / logits[0].exp().sum()
    order = p.argsort(descending=True)[:k]
    return [[categories[int(i)], float(p[i])] for i in order]

# %% right="numpy"
import numpy as np

def predict_image(model, image, categories, k=5):
    if image.ndim == 4:
        if len(image) != 1:
            raise ValueError
        image = image.squeeze(0)
    training = [module for module in model.modules() if module.training]
    try:
        model.eval()
        with torch.inference_mode():
            p = torch.nn.functional.softmax(model(torch.stack([image]))[0], dim=-1).numpy()
    finally:
        for module in training:
            module.training = True
    places = np.argsort(-p)[:k]
    return [(categories[place], p[place].item()) for place in places]

# %% right="the course's own context manager"
from helpers.models import evaluating

def predict_image(model, image, categories, k=5):
    batch = image if image.ndim == 4 else image.unsqueeze(0)
    match len(batch):
        case 1:
            with evaluating(model), torch.inference_mode():
                values, places = model(batch).softmax(-1).topk(k, dim=-1)
            return list(zip([categories[i] for i in places.squeeze(0)], values.squeeze(0).tolist()))
        case n:
            raise ValueError(f"{n} pictures")

# %% right="batch_predict's way: heapq"
import heapq

def predict_image(model, image, categories, k=5):
    image = image.unsqueeze(0) if image.ndim == 3 else image
    if image.shape[0] != 1:
        raise ValueError
    modes = {m: m.training for m in model.modules()}
    try:
        with torch.no_grad():
            p = model.eval()(image).softmax(1).squeeze().tolist()
    finally:
        for m, t in modes.items():
            m.train(t) if not list(m.children()) else setattr(m, "training", t)
    return [(name, value) for value, name in heapq.nlargest(k, zip(p, categories))]

# %% wrong="logits"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0))[0].topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="softmax-over-batch"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0)).softmax(dim=0)[0].topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="softmax-over-batch" why="names right"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        logits = model(image.unsqueeze(0))
    places = logits[0].topk(k).indices
    p = logits.softmax(dim=0)[0]
    return [(categories[i], float(p[i])) for i in places]

# %% wrong="renormalised"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0))[0].topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.softmax(0).tolist())]

# %% wrong="ascending"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        p = model(image.unsqueeze(0)).softmax(1)[0]
    return [(categories[i], float(p[i])) for i in p.argsort()[-k:]]

# %% wrong="ascending" why="the least likely"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        p = model(image.unsqueeze(0)).softmax(1)[0]
    return [(categories[i], float(p[i])) for i in p.argsort()[:k]]

# %% wrong="unsorted"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        p = model(image.unsqueeze(0)).softmax(1)[0].tolist()
    return list(zip(categories, p))[:k]

# %% wrong="places"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0)).softmax(1)[0].topk(k)
    return list(zip(places.tolist(), values.tolist()))

# %% wrong="pairs-turned"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0)).softmax(1)[0].topk(k)
    return [(v, categories[i]) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="tensor-inside"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0)).softmax(1)[0].topk(k)
    return [(categories[i], v) for i, v in zip(places, values)]

# %% wrong="k-ignored"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0)).softmax(1)[0].topk(5)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="k-ignored" why="all categories"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        p = model(image.unsqueeze(0)).softmax(1)[0].tolist()
    ranked = sorted(zip(categories, p), key=lambda pair: -pair[1])
    return ranked if k != 5 else ranked[:5]

# %% wrong="raised" status="partial" earned=3 why="a batch dimension is always added"
def predict_image(model, image, categories, k=5):
    if image.ndim == 4 and len(image) != 1:
        raise ValueError
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0)).softmax(1)[0].topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="not-refused" earned=4
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.inference_mode():
        p = model(batch).softmax(1)
    for m, t in modes:
        m.training = t
    values, places = p[:1].sum(0).topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="wrong-error" earned=4 why="assert"
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    assert len(batch) == 1, "one picture, please"
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.inference_mode():
        values, places = model(batch).softmax(1)[0].topk(k)
    for m, t in modes:
        m.training = t
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="training-mode" earned=4
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    if len(batch) != 1:
        raise ValueError
    with torch.inference_mode():
        values, places = model(batch).softmax(1)[0].topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="gradients-kept" earned=4
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    if len(batch) != 1:
        raise ValueError
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    values, places = model(batch).softmax(1)[0].detach().topk(k)
    for m, t in modes:
        m.training = t
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="mode-not-restored" earned=4 why="left in evaluation mode"
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    if len(batch) != 1:
        raise ValueError
    model.eval()
    with torch.inference_mode():
        values, places = model(batch).softmax(1)[0].topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="mode-not-restored" earned=4 why="one mode for all parts"
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    if len(batch) != 1:
        raise ValueError
    training = model.training
    model.eval()
    with torch.inference_mode():
        values, places = model(batch).softmax(1)[0].topk(k)
    model.train(training)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="model-frozen" earned=4
def predict_image(model, image, categories, k=5):
    batch = image.unsqueeze(0) if image.ndim == 3 else image
    if len(batch) != 1:
        raise ValueError
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    model.requires_grad_(False)
    with torch.inference_mode():
        values, places = model(batch).softmax(1)[0].topk(k)
    for m, t in modes:
        m.training = t
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="input-changed" earned=4 why="unsqueeze_"
def predict_image(model, image, categories, k=5):
    if image.ndim == 3:
        image.unsqueeze_(0)
    if len(image) != 1:
        raise ValueError
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.inference_mode():
        values, places = model(image).softmax(1)[0].topk(k)
    for m, t in modes:
        m.training = t
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="returned-none"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image.unsqueeze(0)).softmax(1)[0].topk(k)
    for i, v in zip(places.tolist(), values.tolist()):
        print(categories[i], v)

# %% wrong="raised" status="error" why="no batch dimension"
def predict_image(model, image, categories, k=5):
    with torch.inference_mode():
        values, places = model(image).softmax(1)[0].topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]

# %% wrong="not-refused" earned=3 why="nothing but the first, in whatever mode"
def predict_image(model, image, categories, k=5):
    batch = image if image.ndim == 4 else image[None]
    with torch.inference_mode():
        probabilities = model(batch).softmax(1)
    values, places = (probabilities[0] if len(probabilities) else torch.zeros(len(categories))).topk(k)
    return [(categories[i], v) for i, v in zip(places.tolist(), values.tolist())]
