# %% right="a dictionary of rows"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% right="sorted pairs, plain tuples"
def name_results(paths, places, logits, errors, categories, k):
    results = [(path, [], errors[i] if i in errors else None) for i, path in enumerate(paths)]
    for row, place in enumerate(places):
        pairs = zip(categories, logits[row].softmax(0).tolist())
        best = sorted(pairs, key=lambda pair: -pair[1])[:k]
        results[place] = (paths[place], best, None)
    return results

# %% right="sort the rows first"
import torch

def name_results(paths, places, logits, errors, categories, k):
    rows = logits[torch.tensor(places, dtype=torch.long).argsort()]
    shares = torch.exp(rows - rows.logsumexp(1, keepdim=True))
    order = shares.argsort(1, descending=True)[:, :k]
    ready = iter(range(len(rows)))
    results = []
    for place, path in enumerate(paths):
        if place in errors:
            results.append(Result(path, [], errors[place]))
        else:
            row = next(ready)
            results.append(Result(path, [(categories[int(i)], float(shares[row, i])) for i in order[row]], None))
    return results

# %% right="looked up with index, float64 and numpy"
import numpy as np

def name_results(paths, places, logits, errors, categories, k):
    table = logits.double().numpy()
    table = np.exp(table - table.max(axis=1, keepdims=True)) if len(table) else table
    results = []
    for place in range(len(paths)):
        if place in places:
            row = table[places.index(place)]
            row = row / row.sum()
            best = np.argsort(-row)[:k]
            results.append(Result(paths[place], [[categories[i], float(row[i])] for i in best], None))
        else:
            results.append(Result(paths[place], [], errors[place]))
    return results

# %% wrong="logits"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="softmax-over-batch"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=0).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="renormalised"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.topk(k, dim=1)
    values = values.softmax(dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="ascending"
def name_results(paths, places, logits, errors, categories, k):
    probabilities = logits.softmax(dim=1)
    order = probabilities.argsort(dim=1)[:, -k:]
    top = {}
    for row, place in enumerate(places):
        top[place] = [(categories[i], probabilities[row, i].item()) for i in order[row].tolist()]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="indices"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = list(zip(row, probabilities))
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="tensor-inside"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices, values):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="places-ignored"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    rows = iter(zip(indices.tolist(), values.tolist()))
    results = []
    for place, path in enumerate(paths):
        if place in errors:
            results.append(Result(path, [], errors[place]))
        else:
            row, probabilities = next(rows)
            results.append(Result(path, [(categories[i], p) for i, p in zip(row, probabilities)], None))
    return results

# %% wrong="places-ignored" why="in the order in which they were ready"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    results = []
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        results.append(Result(paths[place], [(categories[i], p) for i, p in zip(row, probabilities)], None))
    return results + [Result(paths[place], [], reason) for place, reason in errors.items()]

# %% wrong="places-ignored" why="no errors and no places"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    rows = [[(categories[i], p) for i, p in zip(*row)] for row in zip(indices.tolist(), values.tolist())]
    return [Result(path, row, None) for path, row in zip(paths, rows)]

# %% wrong="names-shifted" earned=3
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    rows = [[(categories[i], p) for i, p in zip(*row)] for row in zip(indices.tolist(), values.tolist())]
    in_order = [rows[places.index(place)] for place in sorted(places)]
    return [
        Result(path, in_order[place] if place < len(in_order) else [], errors.get(place))
        for place, path in enumerate(paths)
    ]

# %% wrong="bad-files-dropped" earned=3
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    rows = [[(categories[i], p) for i, p in zip(*row)] for row in zip(indices.tolist(), values.tolist())]
    top = dict(zip(places, rows))
    found = [Result(paths[place], top[place], None) for place in sorted(places)]
    return found if found else [Result(path, [], errors[place]) for place, path in enumerate(paths)]

# %% wrong="bad-files-last" earned=3
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    rows = [[(categories[i], p) for i, p in zip(*row)] for row in zip(indices.tolist(), values.tolist())]
    top = dict(zip(places, rows))
    good = [Result(paths[place], top[place], None) for place in sorted(places)]
    return good + [Result(paths[place], [], reason) for place, reason in errors.items()]

# %% wrong="nothing-to-name" earned=3
import torch

def name_results(paths, places, logits, errors, categories, k):
    probabilities = torch.stack([row.softmax(0) for row in logits])
    values, indices = probabilities.topk(k, dim=1)
    top = {}
    for place, row, shares in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, shares)]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="one-only"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).max(dim=1)
    top = {place: [(categories[i], p)] for place, i, p in zip(places, indices.tolist(), values.tolist())}
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="wrong-type" why="a dictionary by path"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return {path: (top.get(place, []), errors.get(place)) for place, path in enumerate(paths)}

# %% wrong="wrong-type" why="an empty text for no error"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place, []), errors.get(place, "")) for place, path in enumerate(paths)]

# %% wrong="no-list" earned=2
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="input-changed"
def name_results(paths, places, logits, errors, categories, k):
    logits -= logits.logsumexp(dim=1, keepdim=True)
    values, indices = logits.exp().topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    return [Result(path, top.get(place, []), errors.get(place)) for place, path in enumerate(paths)]

# %% wrong="input-changed" earned=3 why="errors taken out of the dictionary"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    top = {}
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        top[place] = [(categories[i], p) for i, p in zip(row, probabilities)]
    if not places:
        return [Result(path, [], errors[place]) for place, path in enumerate(paths)]
    return [Result(path, top.get(place, []), errors.pop(place, None)) for place, path in enumerate(paths)]

# %% wrong="returned-none"
def name_results(paths, places, logits, errors, categories, k):
    values, indices = logits.softmax(dim=1).topk(k, dim=1)
    for place, row, probabilities in zip(places, indices.tolist(), values.tolist()):
        print(paths[place], [(categories[i], p) for i, p in zip(row, probabilities)])
