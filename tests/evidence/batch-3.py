# %% right="islice and batch_predict"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [torch.empty(0, dtype=torch.int64)], [torch.empty(0)]
    iterator = iter(pictures)
    while chunk := list(islice(iterator, batch_size)):
        found, sure = batch_predict(model, torch.stack(chunk))
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes), torch.cat(confidences)

# %% right="a list that fills up"
@torch.no_grad()
def predict_in_batches(model, pictures, batch_size):
    rows, waiting = [], []

    def flush():
        rows.extend(model(torch.stack(waiting)).softmax(1).tolist())
        waiting.clear()

    for picture in pictures:
        waiting.append(picture)
        if len(waiting) == batch_size:
            flush()
    if waiting:
        flush()
    classes = [max(range(len(row)), key=row.__getitem__) for row in rows]
    confidences = [max(row) for row in rows]
    return torch.tensor(classes, dtype=torch.int64), torch.tensor(confidences, dtype=torch.float32)

# %% right="a DataLoader over an IterableDataset"
from torch.utils.data import DataLoader, IterableDataset

class Stream(IterableDataset):
    def __init__(self, pictures):
        self.pictures = pictures

    def __iter__(self):
        return iter(self.pictures)

def predict_in_batches(model, pictures, batch_size):
    parts = [(torch.zeros(0, dtype=torch.long), torch.zeros(0))]
    with torch.inference_mode():
        for batch in DataLoader(Stream(pictures), batch_size=batch_size):
            confidences, classes = model(batch).softmax(1).max(1)
            parts.append((classes, confidences))
    classes, confidences = zip(*parts)
    return torch.cat(classes), torch.cat(confidences)

# %% right="a generator of batches"
def batches(pictures, size):
    batch = []
    for picture in pictures:
        batch.append(picture)
        if len(batch) >= size:
            yield torch.stack(batch)
            batch = []
    if batch:
        yield torch.stack(batch)

def predict_in_batches(model, pictures, batch_size):
    classes, confidences = torch.tensor([], dtype=torch.int64), torch.tensor([])
    for batch in batches(pictures, batch_size):
        with torch.inference_mode():
            p = model(batch).softmax(dim=-1)
        classes = torch.cat([classes, p.argmax(-1)])
        confidences = torch.cat([confidences, p.amax(-1)])
    return classes, confidences

# %% right="next, and a pre-allocated buffer for one batch"
def predict_in_batches(model, pictures, batch_size):
    it, buffer, out = iter(pictures), None, []
    more = True
    while more:
        n = 0
        while n < batch_size:
            picture = next(it, None)
            if picture is None:
                more = False
                break
            if buffer is None:
                buffer = picture.new_empty((batch_size, *picture.shape))
            buffer[n] = picture
            n += 1
        if n:
            with torch.no_grad():
                out.append(model(buffer[:n]).softmax(1).max(1))
    if not out:
        return torch.zeros(0).long(), torch.zeros(0)
    return [torch.cat([o.indices for o in out]), torch.cat([o.values for o in out])]

# %% right="recursion by batches"
def predict_in_batches(model, pictures, batch_size):
    pictures = iter(pictures)
    chunk = [picture for _, picture in zip(range(batch_size), pictures)]
    if not chunk:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    classes, confidences = batch_predict(model, torch.stack(chunk))
    rest = predict_in_batches(model, pictures, batch_size)
    return torch.cat([classes, rest[0]]), torch.cat([confidences, rest[1]])

# %% wrong="last-lost"
def predict_in_batches(model, pictures, batch_size):
    parts = []
    for start in range(0, len(pictures) - batch_size + 1, batch_size):
        parts.append(batch_predict(model, torch.stack(pictures[start : start + batch_size])))
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="last-lost" why="no flush after the loop"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences, waiting = [], [], []
    for picture in pictures:
        waiting.append(picture)
        if len(waiting) == batch_size:
            found, sure = batch_predict(model, torch.stack(waiting))
            classes.append(found)
            confidences.append(sure)
            waiting = []
    return torch.cat(classes), torch.cat(confidences)

# %% wrong="last-lost" why="drop_last"
from torch.utils.data import DataLoader

def predict_in_batches(model, pictures, batch_size):
    parts = [batch_predict(model, b) for b in DataLoader(pictures, batch_size=batch_size, drop_last=True)]
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="too-many" why="filled up with zeros"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [], []
    for start in range(0, len(pictures), batch_size):
        chunk = pictures[start : start + batch_size]
        chunk = chunk + [torch.zeros_like(chunk[0])] * (batch_size - len(chunk))
        found, sure = batch_predict(model, torch.stack(chunk))
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes), torch.cat(confidences)

# %% wrong="last-batch-only"
def predict_in_batches(model, pictures, batch_size):
    for start in range(0, len(pictures), batch_size):
        result = batch_predict(model, torch.stack(pictures[start : start + batch_size]))
    return result

# %% wrong="last-batch-only" why="return inside the loop"
def predict_in_batches(model, pictures, batch_size):
    for start in range(0, len(pictures), batch_size):
        return batch_predict(model, torch.stack(pictures[start : start + batch_size]))

# %% wrong="order-changed" why="the newest in front"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = torch.empty(0, dtype=torch.int64), torch.empty(0)
    for start in range(0, len(pictures), batch_size):
        found, sure = batch_predict(model, torch.stack(pictures[start : start + batch_size]))
        classes, confidences = torch.cat([found, classes]), torch.cat([sure, confidences])
    return classes, confidences

# %% wrong="order-changed" why="shuffle"
from torch.utils.data import DataLoader

def predict_in_batches(model, pictures, batch_size):
    parts = [batch_predict(model, b) for b in DataLoader(pictures, batch_size=batch_size, shuffle=True)]
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="order-changed" why="pop takes from the end"
def predict_in_batches(model, pictures, batch_size):
    pictures = list(pictures)
    parts = []
    while pictures:
        chunk = [pictures.pop() for _ in range(min(batch_size, len(pictures)))]
        parts.append(batch_predict(model, torch.stack(chunk)))
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="turned-round"
def predict_in_batches(model, pictures, batch_size):
    parts = []
    with torch.inference_mode():
        for start in range(0, len(pictures), batch_size):
            parts.append(model(torch.stack(pictures[start : start + batch_size])).softmax(1).max(1))
    return torch.cat([p.values for p in parts]), torch.cat([p.indices for p in parts])

# %% wrong="logits"
def predict_in_batches(model, pictures, batch_size):
    parts = []
    with torch.inference_mode():
        for start in range(0, len(pictures), batch_size):
            parts.append(model(torch.stack(pictures[start : start + batch_size])).max(1))
    return torch.cat([p.indices for p in parts]), torch.cat([p.values for p in parts])

# %% wrong="a-list-of-batches"
def predict_in_batches(model, pictures, batch_size):
    parts = range(0, len(pictures), batch_size)
    return [batch_predict(model, torch.stack(pictures[start : start + batch_size])) for start in parts]

# %% wrong="a-list-of-batches" why="two lists of tensors"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [], []
    for start in range(0, len(pictures), batch_size):
        found, sure = batch_predict(model, torch.stack(pictures[start : start + batch_size]))
        classes.append(found)
        confidences.append(sure)
    return classes, confidences

# %% wrong="no-tensors"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [], []
    for start in range(0, len(pictures), batch_size):
        found, sure = batch_predict(model, torch.stack(pictures[start : start + batch_size]))
        classes += found.tolist()
        confidences += sure.tolist()
    return classes, confidences

# %% wrong="gradients-kept"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [torch.empty(0, dtype=torch.int64)], [torch.empty(0)]
    iterator = iter(pictures)
    while chunk := list(islice(iterator, batch_size)):
        sure, found = model(torch.stack(chunk)).softmax(1).max(1)
        classes.append(found)
        confidences.append(sure.detach())
    return torch.cat(classes), torch.cat(confidences)

# %% wrong="needs-grad"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [], []
    for start in range(0, len(pictures), batch_size):
        sure, found = model(torch.stack(pictures[start : start + batch_size])).softmax(1).max(1)
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes), torch.cat(confidences)

# %% wrong="all-at-once" earned=2
def predict_in_batches(model, pictures, batch_size):
    return batch_predict(model, torch.stack(list(pictures)))

# %% wrong="all-at-once" earned=3 why="cut up after the model"
def predict_in_batches(model, pictures, batch_size):
    pictures = list(pictures)
    if not pictures:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    with torch.inference_mode():
        logits = model(torch.stack(pictures))
    parts = [part.softmax(1).max(1) for part in logits.split(batch_size)]
    return torch.cat([p.indices for p in parts]), torch.cat([p.values for p in parts])

# %% wrong="one-by-one" earned=4
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [torch.empty(0, dtype=torch.int64)], [torch.empty(0)]
    for picture in pictures:
        found, sure = batch_predict(model, picture.unsqueeze(0))
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes), torch.cat(confidences)

# %% wrong="wrong-sizes" earned=2 why="chunk"
def predict_in_batches(model, pictures, batch_size):
    batch = torch.stack(pictures)
    parts = [batch_predict(model, part) for part in batch.chunk(-(-len(batch) // batch_size))]
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="wrong-sizes" earned=2 why="filled up, the rest dropped"
def predict_in_batches(model, pictures, batch_size):
    pictures, n = list(pictures), len(list(pictures))
    classes, confidences = [], []
    for start in range(0, n, batch_size):
        chunk = pictures[start : start + batch_size]
        chunk = chunk + [chunk[-1]] * (batch_size - len(chunk))
        found, sure = batch_predict(model, torch.stack(chunk))
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes)[:n], torch.cat(confidences)[:n]

# %% wrong="taken-in-advance" earned=4
def predict_in_batches(model, pictures, batch_size):
    pictures = list(pictures)
    classes, confidences = [torch.empty(0, dtype=torch.int64)], [torch.empty(0)]
    for start in range(0, len(pictures), batch_size):
        found, sure = batch_predict(model, torch.stack(pictures[start : start + batch_size]))
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes), torch.cat(confidences)

# %% wrong="raised" status="partial" earned=4 why="slices of a generator"
def predict_in_batches(model, pictures, batch_size):
    classes, confidences = [torch.empty(0, dtype=torch.int64)], [torch.empty(0)]
    if not pictures:
        return classes[0], confidences[0]
    if iter(pictures) is pictures and (first := next(pictures, None)) is None:
        return classes[0], confidences[0]
    for start in range(0, len(pictures), batch_size):
        found, sure = batch_predict(model, torch.stack(pictures[start : start + batch_size]))
        classes.append(found)
        confidences.append(sure)
    return torch.cat(classes), torch.cat(confidences)

# %% wrong="raised" status="partial" earned=4 why="nothing to join"
def predict_in_batches(model, pictures, batch_size):
    iterator, parts = iter(pictures), []
    while chunk := list(islice(iterator, batch_size)):
        parts.append(batch_predict(model, torch.stack(chunk)))
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="wrong-dtype" earned=4 why="empty classes as floats"
def predict_in_batches(model, pictures, batch_size):
    iterator, parts = iter(pictures), []
    while chunk := list(islice(iterator, batch_size)):
        parts.append(batch_predict(model, torch.stack(chunk)))
    if not parts:
        return torch.tensor([]), torch.tensor([])
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="no-tensors" earned=4 why="empty lists for nothing"
def predict_in_batches(model, pictures, batch_size):
    iterator, parts = iter(pictures), []
    while chunk := list(islice(iterator, batch_size)):
        parts.append(batch_predict(model, torch.stack(chunk)))
    if not parts:
        return [], []
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="called-for-nothing" earned=4
def predict_in_batches(model, pictures, batch_size):
    iterator, parts = iter(pictures), []
    with torch.inference_mode():
        while chunk := list(islice(iterator, batch_size)):
            parts.append(model(torch.stack(chunk)).softmax(1).max(1))
        if not parts:
            try:
                parts.append(model(torch.empty(0, 3, 8, 8)).softmax(1).max(1))
            except RuntimeError:
                return torch.empty(0, dtype=torch.int64), torch.empty(0)
    return torch.cat([p.indices for p in parts]), torch.cat([p.values for p in parts])

# %% wrong="input-changed" why="the list is emptied"
def predict_in_batches(model, pictures, batch_size):
    parts = []
    while pictures:
        chunk = pictures[:batch_size]
        del pictures[:batch_size]
        parts.append(batch_predict(model, torch.stack(chunk)))
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

# %% wrong="returned-none"
def predict_in_batches(model, pictures, batch_size):
    for start in range(0, len(pictures), batch_size):
        batch_predict(model, torch.stack(pictures[start : start + batch_size]))
