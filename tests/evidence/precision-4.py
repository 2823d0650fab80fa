# %% right="counting batch by batch"
def compare_precision(reference, low, batches):
    agreed = seen = 0
    changed, worst = [], 0.0
    with torch.inference_mode():
        for batch in batches:
            right, other = reference(batch), low(batch).float()
            finite = other.isfinite().all(dim=1)
            same = (right.argmax(1) == other.argmax(1)) & finite
            changed.extend((~same).nonzero().add(seen).flatten().tolist())
            agreed += same.sum().item()
            seen += len(batch)
            error = (right - other).abs().max().item() if finite.all() else float("inf")
            worst = max(worst, error)
    return {"agreement": agreed / seen, "max_error": worst, "changed": changed}

# %% right="all logits gathered first"
@torch.no_grad()
def compare_precision(reference, low, batches):
    pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    bad = ~torch.isfinite(other).all(1)
    different = bad | (right.topk(1).indices != other.topk(1).indices)[:, 0]
    error = torch.inf if bad.any() else (other - right).abs().max().item()
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": float(error),
        "changed": torch.where(different)[0].tolist(),
    }

# %% right="NumPy in float64"
import numpy as np

def compare_precision(reference, low, batches):
    rights, lows = [], []
    for batch in batches:
        with torch.inference_mode():
            rights.append(reference(batch).double().cpu().numpy())
            lows.append(low(batch).double().cpu().numpy())
    right, other = np.concatenate(rights), np.concatenate(lows)
    difference = np.abs(right - other)
    changed = [
        i for i in range(len(right)) if right[i].argmax() != other[i].argmax() or not np.isfinite(other[i]).all()
    ]
    difference[~np.isfinite(difference)] = np.inf
    return {
        "changed": changed,
        "max_error": float(difference.max()),
        "agreement": (len(right) - len(changed)) / len(right),
    }

# %% right="nan_to_num, picture by picture"
def compare_precision(reference, low, batches):
    differences, changed, number = [], [], 0
    for batch in batches:
        with torch.no_grad():
            answers = zip(reference(batch).detach(), low(batch).detach().to(torch.float32))
        for right, other in answers:
            distance = (right - other).abs().nan_to_num(nan=float("inf"), posinf=float("inf")).max().item()
            differences.append(distance)
            if distance == float("inf") or right.argmax().item() != other.argmax().item():
                changed.append(number)
            number += 1
    return dict(agreement=1.0 - len(changed) / number, max_error=max(differences), changed=changed)

# %% wrong="mean-of-batches" earned=2
def compare_precision(reference, low, batches):
    shares, changed, worst, seen = [], [], 0.0, 0
    with torch.inference_mode():
        for batch in batches:
            right, other = reference(batch), low(batch).float()
            different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
            shares.append(1 - different.float().mean().item())
            changed += [seen + i for i in different.nonzero().flatten().tolist()]
            worst = max(worst, (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item())
            seen += len(batch)
    return {"agreement": sum(shares) / len(shares), "max_error": worst, "changed": changed}

# %% wrong="percent" earned=2
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": 100 * (1 - different.float().mean().item()),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="percent" earned=2 why="a number of pictures"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": (~different).sum().item(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="disagreement" earned=2
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": different.float().mean().item(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="within-batch" earned=2
def compare_precision(reference, low, batches):
    agreed = seen = 0
    changed, worst = [], 0.0
    with torch.inference_mode():
        for batch in batches:
            right, other = reference(batch), low(batch).float()
            different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
            changed += different.nonzero().flatten().tolist()
            agreed += (~different).sum().item()
            seen += len(batch)
            worst = max(worst, (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item())
    return {"agreement": agreed / seen, "max_error": worst, "changed": changed}

# %% wrong="last-batch" earned=1
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        for batch in batches:
            right, other = reference(batch), low(batch).float()
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="five-best" earned=2
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.topk(5).indices != other.topk(5).indices).any(1) | ~other.isfinite().all(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="low-subtraction" earned=4 why="the reference is cast"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch)) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right.to(other.dtype) - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="low-subtraction" earned=4 why="the difference is rounded"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch)) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    error = (right - other).to(other.dtype).abs()
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": error.nan_to_num(torch.inf, torch.inf).max().item() if other.isfinite().all() else float("inf"),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="signed" earned=3
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = right.argmax(1) != other.argmax(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (other - right).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="mean-error" earned=3
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = right.argmax(1) != other.argmax(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (other - right).abs().mean().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="of-probabilities" earned=3
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch).softmax(1), low(batch).float().softmax(1)) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = right.argmax(1) != other.argmax(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (other - right).abs().max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="relative" earned=3
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = right.argmax(1) != other.argmax(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": ((other - right).abs() / right.abs()).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="recorded" earned=4 why="gradients on"
def compare_precision(reference, low, batches):
    pairs = [(reference(batch).detach(), low(batch).detach().float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="nan-hidden" earned=4 why="max passes over NaN"
def compare_precision(reference, low, batches):
    agreed = seen = 0
    changed, worst = [], 0.0
    with torch.inference_mode():
        for batch in batches:
            right, other = reference(batch), low(batch).float()
            different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
            changed += [seen + i for i in different.nonzero().flatten().tolist()]
            agreed += (~different).sum().item()
            seen += len(batch)
            worst = max(worst, (right - other).abs().max().item())
    return {"agreement": agreed / seen, "max_error": worst, "changed": changed}

# %% wrong="nan-hidden" earned=4 why="the error is NaN"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = right.argmax(1) != other.argmax(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right - other).abs().max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="nan-hidden" earned=4 why="NaN made 0"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float().nan_to_num()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = right.argmax(1) != other.argmax(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right - other).abs().max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="nan-agrees" earned=4 why="an infinite logit of the right category"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = right.argmax(1) != other.argmax(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="tensors-in-dict"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": 1 - different.float().mean(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max(),
        "changed": different.nonzero().flatten(),
    }

# %% wrong="model-got-low"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch.bfloat16()).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    different = (right.argmax(1) != other.argmax(1)) | ~other.isfinite().all(1)
    return {
        "agreement": 1 - different.float().mean().item(),
        "max_error": (right - other).abs().nan_to_num(torch.inf, torch.inf).max().item(),
        "changed": different.nonzero().flatten().tolist(),
    }

# %% wrong="raised" status="error" why="two walks through the batches"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        right = torch.cat([reference(batch) for batch in batches])
        other = torch.cat([low(batch).float() for batch in batches])
    different = right.argmax(1) != other.argmax(1)
    return {"agreement": 1 - different.float().mean().item(), "max_error": 0.0, "changed": []}

# %% wrong="wrong-type" why="a tuple"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    same = right.argmax(1) == other.argmax(1)
    return same.float().mean().item(), (right - other).abs().max().item(), (~same).nonzero().flatten().tolist()

# %% wrong="wrong-keys"
def compare_precision(reference, low, batches):
    with torch.inference_mode():
        pairs = [(reference(batch), low(batch).float()) for batch in batches]
    right, other = (torch.cat(side) for side in zip(*pairs))
    same = right.argmax(1) == other.argmax(1)
    return {"agreement": same.float().mean().item(), "max_error": (right - other).abs().max().item()}
