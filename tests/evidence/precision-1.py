# %% right="masks, as the solution does"
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    error = ((after.float() - values).abs() / values.abs())[kept]
    return (
        int((values.isfinite() & after.isinf()).sum()),
        int(((values != 0) & (after == 0)).sum()),
        float(error.max()) if kept.any() else 0.0,
    )

# %% right="in float64, a list of three"
def cast_losses(values, dtype):
    before = values.reshape(-1).double()
    after = values.reshape(-1).to(dtype).double()
    overflow = torch.isinf(after) & ~torch.isinf(before) & ~torch.isnan(before)
    vanish = (after == 0) & (before != 0)
    rest = torch.isfinite(after) & (after != 0)
    before, after = before[rest], after[rest]
    worst = max(((after - before) / before).abs().tolist(), default=0.0)
    return [overflow.sum().item(), vanish.sum().item(), worst]

# %% right="a loop over plain numbers"
import math

def cast_losses(values, dtype):
    overflowed = vanished = 0
    worst = 0.0
    for before, after in zip(values.flatten().tolist(), values.to(dtype).flatten().tolist()):
        if math.isfinite(before) and math.isinf(after):
            overflowed += 1
        elif before != 0 and after == 0:
            vanished += 1
        elif math.isfinite(before) and before != 0:
            worst = max(worst, abs(after - before) / abs(before))
    return overflowed, vanished, worst

# %% right="numpy"
import numpy as np

def cast_losses(values, dtype):
    before = values.detach().cpu().numpy().ravel()
    after = values.to(dtype).float().cpu().numpy().ravel()
    overflowed = np.count_nonzero(np.isfinite(before) & np.isinf(after))
    vanished = np.count_nonzero((before != 0) & (after == 0))
    ok = np.isfinite(before) & np.isfinite(after) & (before != 0) & (after != 0)
    error = np.abs(after[ok] - before[ok]) / np.abs(before[ok])
    return int(overflowed), int(vanished), float(error.max(initial=0.0))

# %% right="nan_to_num on the ratios"
def cast_losses(values, dtype):
    there_and_back = values.to(dtype).to(values.dtype)
    overflowed = there_and_back.isinf().sum() - values.isinf().sum()
    vanished = there_and_back.eq(0).sum() - values.eq(0).sum()
    ratio = (there_and_back / values - 1).abs()
    ratio[(there_and_back == 0) | there_and_back.isinf()] = 0
    error = torch.cat([ratio.flatten().nan_to_num(0, 0, 0), torch.zeros(1)]).max()
    return overflowed.item(), vanished.item(), error.item()

# %% wrong="by-largest" earned=1
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & (values.abs() > torch.finfo(dtype).max)).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="by-smallest" earned=1
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (values.abs() < torch.finfo(dtype).tiny)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="infinite-before" earned=3 why="counts what is infinite after"
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return int(after.isinf().sum()), int(((values != 0) & (after == 0)).sum()), errors.max().item() if len(errors) else 0.0

# %% wrong="infinite-before" earned=3 why="counts what is not finite after"
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return int((~after.isfinite()).sum()), int(((values != 0) & (after == 0)).sum()), errors.max().item() if len(errors) else 0.0

# %% wrong="infinite-before" earned=3 why="not infinite before, so NaN counts as well"
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    overflowed = (~values.isinf() & ~after.isfinite()).sum().item()
    return overflowed, int(((values != 0) & (after == 0)).sum()), errors.max().item() if len(errors) else 0.0

# %% wrong="zero-before" earned=3
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return int((values.isfinite() & after.isinf()).sum()), int((after == 0).sum()), errors.max().item() if len(errors) else 0.0

# %% wrong="positive-only" earned=1 why="overflow"
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    overflowed = int((values.isfinite() & (after == float("inf"))).sum())
    return overflowed, int(((values != 0) & (after == 0)).sum()), errors.max().item() if len(errors) else 0.0

# %% wrong="positive-only" earned=1 why="vanishing"
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    overflowed = int((values.isfinite() & after.isinf()).sum())
    return overflowed, int(((values > 0) & (after == 0)).sum()), errors.max().item() if len(errors) else 0.0

# %% wrong="always-float16" earned=2
def cast_losses(values, dtype):
    after = values.half()
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="absolute" earned=3
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = (after.float() - values).abs()[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="average-error" earned=3
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return overflowed, vanished, errors.mean().item() if errors.numel() else 0.0

# %% wrong="lost-included" earned=3 why="over all values"
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    errors = (after.float() - values).abs() / values.abs()
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="lost-included" earned=3 why="vanished ones included"
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="rounded-both" earned=3
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after - values.to(dtype)).abs() / values.abs())[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="raised" earned=3 why="an empty tensor has no maximum"
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return overflowed, vanished, errors.max().item()

# %% wrong="tensors-inside"
def cast_losses(values, dtype):
    after = values.to(dtype)
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    errors = ((after.float() - values).abs() / values.abs())[kept]
    return (values.isfinite() & after.isinf()).sum(), ((values != 0) & (after == 0)).sum(), errors.max() if len(errors) else 0.0

# %% wrong="not-three" why="a dictionary"
def cast_losses(values, dtype):
    after = values.to(dtype)
    return {"overflowed": int(after.isinf().sum()), "vanished": int((after == 0).sum()), "error": 0.0}

# %% wrong="input-changed"
def cast_losses(values, dtype):
    after = values.to(dtype)
    overflowed = (values.isfinite() & after.isinf()).sum().item()
    vanished = ((values != 0) & (after == 0)).sum().item()
    kept = values.isfinite() & after.isfinite() & (values != 0) & (after != 0)
    values[~kept] = 1
    errors = ((after.float() - values).abs() / values.abs_())[kept]
    return overflowed, vanished, errors.max().item() if errors.numel() else 0.0

# %% wrong="returned-none"
def cast_losses(values, dtype):
    after = values.to(dtype)
    print((values.isfinite() & after.isinf()).sum())
