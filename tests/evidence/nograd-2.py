# %% right="item"
def mean_loss(results):
    total, count = 0.0, 0
    for loss, n in results:
        total += loss.item() * n
        count += n
    return total / count

# %% right="detached tensors in a list"
import torch

def mean_loss(results):
    losses, sizes = [], []
    for loss, n in results:
        losses.append(loss.detach())
        sizes.append(n)
    weights = torch.tensor(sizes, dtype=torch.float32)
    return ((torch.stack(losses) * weights).sum() / weights.sum()).item()

# %% right="no_grad around the sum alone"
def mean_loss(results):
    total, count = torch.zeros(()), 0
    for loss, n in results:
        with torch.no_grad():
            total += loss * n
        count += n
    return float(total / count)

# %% right="a list of pairs of numbers"
def mean_loss(results):
    pairs = [(float(loss), n) for loss, n in results]
    return sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs)

# %% right="a running mean"
def mean_loss(results):
    mean, seen = 0.0, 0
    for loss, n in results:
        seen += n
        mean += (loss.detach().cpu().numpy() - mean) * n / seen
    return float(mean)

# %% right="next until the end"
def mean_loss(results):
    total = count = 0
    while True:
        try:
            loss, n = next(results)
        except StopIteration:
            return total / count
        total, count = total + n * loss.tolist(), count + n

# %% wrong="graphs-kept" earned=1 why="a sum of tensors"
def mean_loss(results):
    total, count = 0, 0
    for loss, n in results:
        total = total + loss * n
        count += n
    return (total / count).item()

# %% wrong="graphs-kept" earned=1 why="a list first"
def mean_loss(results):
    results = list(results)
    return sum(loss.item() * n for loss, n in results) / sum(n for _, n in results)

# %% wrong="graphs-kept" earned=1 why="stacked, then detached"
def mean_loss(results):
    losses, sizes = zip(*results)
    sizes = torch.tensor(sizes)
    return float((torch.stack(losses).detach() * sizes).sum() / sizes.sum())

# %% wrong="result-keeps-graph"
def mean_loss(results):
    total, count = 0, 0
    for loss, n in results:
        total += loss * n
        count += n
    return total / count

# %% wrong="gave-tensor"
def mean_loss(results):
    total, count = 0, 0
    for loss, n in results:
        total += loss.detach() * n
        count += n
    return total / count

# %% wrong="iterator-switched-off" earned=1 why="a block around the loop"
def mean_loss(results):
    total, count = 0, 0
    with torch.no_grad():
        for loss, n in results:
            total += loss * n
            count += n
    return float(total / count)

# %% wrong="iterator-switched-off" earned=1 why="a decorator"
@torch.inference_mode()
def mean_loss(results):
    total, count = 0, 0
    for loss, n in results:
        total += loss.item() * n
        count += n
    return total / count

# %% wrong="called-backward" earned=1
def mean_loss(results):
    total, count = 0, 0
    for loss, n in results:
        total += loss.item() * n
        count += n
        loss.backward()
    return total / count

# %% wrong="unweighted"
def mean_loss(results):
    losses = [loss.item() for loss, n in results]
    return sum(losses) / len(losses)

# %% wrong="gave-sum"
def mean_loss(results):
    return sum(loss.item() * n for loss, n in results)

# %% wrong="divided-by-batches"
def mean_loss(results):
    total, batches = 0.0, 0
    for loss, n in results:
        total += loss.item() * n
        batches += 1
    return total / batches

# %% wrong="last-only"
def mean_loss(results):
    for loss, n in results:
        mean = loss.item()
    return mean

# %% wrong="grad-mode-changed"
def mean_loss(results):
    total, count = 0.0, 0
    for loss, n in results:
        torch.set_grad_enabled(False)
        total += loss * n
        count += n
    return float(total / count)

# %% wrong="returned-none"
def mean_loss(results):
    total, count = 0.0, 0
    for loss, n in results:
        total += loss.item() * n
        count += n
    print(total / count)

# %% wrong="wrong-values" why="only the first batch"
def mean_loss(results):
    loss, n = next(iter(results))
    return loss.item()

# %% wrong="raised" status="error" why="iterated twice"
def mean_loss(results):
    total = sum(loss.item() * n for loss, n in results)
    return total / sum(n for _, n in results)

# %% wrong="raised" status="error" why="an iterator has no length"
def mean_loss(results):
    return sum(loss.item() for loss, n in results) / len(results)
