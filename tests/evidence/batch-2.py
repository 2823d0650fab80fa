# %% right="softmax, max, modes of all modules"
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    finally:
        for module, training in modes:
            module.training = training
    return classes, confidences

# %% right="argmax and gather, the course's context manager"
from helpers.models import evaluating

def batch_predict(model, batch):
    if batch.shape[0] == 0:
        return torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.float32)
    with evaluating(model), torch.no_grad():
        logits = model(batch)
    classes = logits.argmax(1)
    return classes, torch.softmax(logits, 1).gather(1, classes[:, None])[:, 0]

# %% right="topk(1), a copy of the model"
from copy import deepcopy

@torch.no_grad()
def batch_predict(model, batch):
    if not len(batch):
        return torch.tensor([], dtype=torch.int64), torch.tensor([])
    top = deepcopy(model).eval()(batch).softmax(-1).topk(1)
    return [top.indices.squeeze(1), top.values.squeeze(1)]

# %% right="from lists, checked first"
def batch_predict(model, batch):
    if batch.ndim != 4 or batch.shape[1] != 3:
        raise ValueError(f"a batch (N, 3, H, W) is needed, not {tuple(batch.shape)}")
    classes, confidences = [], []
    if batch.numel():
        training = {m for m in model.modules() if m.training}
        try:
            with torch.inference_mode():
                rows = model.eval()(batch).softmax(1).tolist()
        finally:
            for m in model.modules():
                m.training = m in training
        for row in rows:
            classes.append(max(range(len(row)), key=row.__getitem__))
            confidences.append(max(row))
    return torch.tensor(classes, dtype=torch.int64), torch.tensor(confidences, dtype=torch.float32)

# %% right="a context manager of one's own, logsumexp"
from contextlib import contextmanager

@contextmanager
def quiet(model):
    before = {name: module.training for name, module in model.named_modules()}
    try:
        model.eval()
        with torch.no_grad():
            yield
    finally:
        for name, module in model.named_modules():
            module.training = before[name]

def batch_predict(model, batch):
    if batch.size(0) < 1:
        return torch.empty((0,), dtype=torch.int64), torch.empty((0,))
    with quiet(model):
        logits = model(batch)
        best, classes = torch.max(logits, 1)
        return classes, (best - logits.logsumexp(1)).exp()

# %% wrong="logits"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).max(dim=1)
    return classes, confidences

# %% wrong="softmax-over-batch"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=0).max(dim=1)
    return classes, confidences

# %% wrong="softmax-over-batch" why="classes right"
def batch_predict(model, batch):
    with torch.inference_mode():
        logits = model(batch)
    classes = logits.argmax(1)
    return classes, logits.softmax(0)[torch.arange(len(batch)), classes]

# %% wrong="best-picture"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=0)
    return classes, confidences

# %% wrong="turned-round"
def batch_predict(model, batch):
    with torch.inference_mode():
        return tuple(model(batch).softmax(dim=1).max(dim=1))

# %% wrong="no-tensors"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    return classes.tolist(), confidences.tolist()

# %% wrong="no-tensors" why="pairs"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    return list(zip(classes.tolist(), confidences.tolist()))

# %% wrong="squeezed"
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    with torch.inference_mode():
        values, places = model(batch).softmax(dim=1).topk(1)
    return places.squeeze(), values.squeeze()

# %% wrong="wrong-type" why="only the classes"
def batch_predict(model, batch):
    with torch.inference_mode():
        return model(batch).argmax(dim=1)

# %% wrong="wrong-dtype" why="classes as floats"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    return classes.float(), confidences

# %% wrong="needs-grad"
def batch_predict(model, batch):
    confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    return classes, confidences

# %% wrong="one-by-one" earned=4
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            rows = torch.cat([model(picture[None]) for picture in batch])
    finally:
        for m, t in modes:
            m.training = t
    confidences, classes = rows.softmax(dim=1).max(dim=1)
    return classes, confidences

# %% wrong="training-mode" earned=4
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    model.load_state_dict(state)
    return classes, confidences

# %% wrong="training-mode" earned=3 why="and statistics moved"
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    with torch.no_grad():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    return classes, confidences

# %% wrong="gradients-kept" earned=4
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        confidences, classes = model(batch).detach().softmax(dim=1).max(dim=1)
    finally:
        for m, t in modes:
            m.training = t
    return classes, confidences

# %% wrong="mode-not-restored" earned=4 why="model.train() at the end"
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    model.eval()
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    model.train()
    return classes, confidences

# %% wrong="mode-not-restored" earned=4 why="one mode for all parts"
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    finally:
        model.train(training)
    return classes, confidences

# %% wrong="mode-not-restored" earned=3 why="left in evaluation mode, for an empty batch too"
def batch_predict(model, batch):
    model.eval()
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    return classes, confidences

# %% wrong="not-after-error" earned=4
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    for m, t in modes:
        m.training = t
    return classes, confidences

# %% wrong="model-frozen"
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    model.eval()
    model.requires_grad_(False)
    confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    return classes, confidences

# %% wrong="called-for-nothing" earned=4
def batch_predict(model, batch):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    finally:
        for m, t in modes:
            m.training = t
    return classes, confidences

# %% wrong="called-for-nothing" earned=4 why="the error caught"
def batch_predict(model, batch):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    except RuntimeError:
        if len(batch):
            raise
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    finally:
        for m, t in modes:
            m.training = t
    return classes, confidences

# %% wrong="wrong-dtype" earned=4 why="empty classes as floats"
def batch_predict(model, batch):
    if len(batch) == 0:
        return torch.empty(0), torch.empty(0)
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    finally:
        for m, t in modes:
            m.training = t
    return classes, confidences

# %% wrong="no-tensors" earned=4 why="empty lists"
def batch_predict(model, batch):
    if len(batch) == 0:
        return [], []
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    finally:
        for m, t in modes:
            m.training = t
    return classes, confidences

# %% wrong="input-changed"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
        batch.sub_(batch.mean())
    return classes, confidences

# %% wrong="model-changed"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    return classes, confidences

# %% wrong="returned-none"
def batch_predict(model, batch):
    with torch.inference_mode():
        confidences, classes = model(batch).softmax(dim=1).max(dim=1)
    print(classes, confidences)
