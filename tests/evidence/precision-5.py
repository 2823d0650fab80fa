# %% right="running sum in float32"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        total = total + logits.float().softmax(1).sum(0)
        rows += len(logits)
    return total / rows

# %% right="all rows at once, dtype of softmax"
def mean_probabilities(batches):
    return torch.cat(list(batches)).softmax(dim=1, dtype=torch.float32).mean(dim=0)

# %% right="float64 inside"
def mean_probabilities(batches):
    total = None
    count = 0
    for logits in batches:
        p = torch.softmax(logits.double(), dim=-1)
        total = p.sum(0) if total is None else total + p.sum(0)
        count += p.shape[0]
    return (total / count).float()

# %% right="by hand, largest subtracted"
def mean_probabilities(batches):
    rows = []
    for logits in batches:
        logits = logits.to(torch.float32)
        e = torch.exp(logits - logits.max(dim=1, keepdim=True).values)
        rows.append(e / e.sum(dim=1, keepdim=True))
    return torch.cat(rows).mean(0)

# %% right="weighted means"
import torch.nn.functional as F

def mean_probabilities(batches):
    means, sizes = [], []
    for logits in batches:
        means.append(F.softmax(logits, dim=1, dtype=torch.float32).mean(0))
        sizes.append(logits.shape[0])
    weights = torch.tensor(sizes, dtype=torch.float32)
    return (torch.stack(means) * weights[:, None]).sum(0) / weights.sum()

# %% right="a running mean, log_softmax"
def mean_probabilities(batches):
    mean, n = None, 0
    for logits in batches:
        for row in logits.double().log_softmax(1).exp():
            n += 1
            mean = row.clone() if mean is None else mean + (row - mean) / n
    return mean.to(torch.float32)

# %% wrong="low-softmax" why="cast after softmax"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        total = total + logits.softmax(1).float().sum(0)
        rows += len(logits)
    return total / rows

# %% wrong="low-result" why="all in the dtype of the logits"
def mean_probabilities(batches):
    return torch.cat(list(batches)).softmax(1).mean(0)

# %% wrong="low-softmax" why="all low, cast at the very end"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        total = total + logits.softmax(1).sum(0)
        rows += len(logits)
    return (total / rows).float()

# %% wrong="low-result" why="right, then cast back"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        total = total + logits.float().softmax(1).sum(0)
        rows += len(logits)
    return (total / rows).to(logits.dtype)

# %% wrong="low-sum" earned=4 why="only long sums in 16 bits"
def mean_probabilities(batches):
    batches = list(batches)
    if len(batches) < 10:
        return torch.cat(batches).float().softmax(1).mean(0)
    total = torch.zeros(batches[0].shape[1], dtype=batches[0].dtype)
    for logits in batches:
        total += logits.float().softmax(1).sum(0).to(total.dtype)
    return total.float() / sum(len(logits) for logits in batches)

# %% wrong="low-softmax" why="probabilities right, summed in 16 bits"
def mean_probabilities(batches):
    total, rows = None, 0
    for logits in batches:
        part = logits.float().softmax(1).sum(0).to(logits.dtype)
        total = part if total is None else total + part
        rows += len(logits)
    return total.float() / rows

# %% wrong="mean-of-logits"
def mean_probabilities(batches):
    return torch.cat(list(batches)).float().mean(0).softmax(0)

# %% wrong="equal-batches" earned=4
def mean_probabilities(batches):
    return torch.stack([logits.float().softmax(1).mean(0) for logits in batches]).mean(0)

# %% wrong="over-rows" why="within each batch"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        total = total + logits.float().softmax(0).sum(0)
        rows += len(logits)
    return total / rows

# %% wrong="over-rows" why="over all rows"
def mean_probabilities(batches):
    return torch.cat(list(batches)).float().softmax(0).mean(0)

# %% wrong="naive-exp" earned=4
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        e = logits.float().exp()
        total = total + (e / e.sum(1, keepdim=True)).sum(0)
        rows += len(logits)
    return total / rows

# %% wrong="naive-exp" earned=4 why="NaN swept away"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        e = logits.double().exp()
        total = total + (e / e.sum(1, keepdim=True)).nan_to_num(0).sum(0)
        rows += len(logits)
    return (total / rows).float()

# %% wrong="naive-exp" earned=4 why="the largest of the whole batch subtracted"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        logits = logits.float()
        e = (logits - logits.max()).exp()
        total = total + (e / e.sum(1, keepdim=True)).sum(0)
        rows += len(logits)
    return total / rows

# %% wrong="clamped" earned=4
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        e = logits.float().clamp(-80, 80).exp()
        total = total + (e / e.sum(1, keepdim=True)).sum(0)
        rows += len(logits)
    return total / rows

# %% wrong="sum-not-mean"
def mean_probabilities(batches):
    return sum(logits.float().softmax(1).sum(0) for logits in batches)

# %% wrong="not-averaged"
def mean_probabilities(batches):
    return torch.cat([logits.float().softmax(1) for logits in batches])

# %% wrong="last-only"
def mean_probabilities(batches):
    for logits in batches:
        mean = logits.float().softmax(1).mean(0)
    return mean

# %% wrong="returned-none"
def mean_probabilities(batches):
    torch.cat(list(batches)).float().softmax(1).mean(0)

# %% wrong="raised" status="error" why="an iterator has no length"
def mean_probabilities(batches):
    total = sum(logits.float().softmax(1).mean(0) for logits in batches)
    return total / len(batches)

# %% wrong="wrong-dtype" why="float64"
def mean_probabilities(batches):
    return torch.cat(list(batches)).double().softmax(1).mean(0)

# %% wrong="input-changed" why="in place"
def mean_probabilities(batches):
    total, rows = 0, 0
    for logits in batches:
        p = logits.float().softmax(1)
        logits.zero_()
        total = total + p.sum(0)
        rows += len(p)
    return total / rows
