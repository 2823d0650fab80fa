# %% right="all at once"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% right="batch by batch, counted"
import math
import onnxruntime
import torch

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path)
    given, wanted = session.get_inputs()[0].name, session.get_outputs()[0].name
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    pictures, largest, same = 0, 0.0, 0
    try:
        for batch in batches:
            with torch.no_grad():
                ours = model(batch)
            (theirs,) = session.run([wanted], {given: batch.numpy()})
            theirs = torch.tensor(theirs)
            far = (ours - theirs).abs().max().item()
            largest = max(largest, far if math.isfinite(far) else math.inf)
            same += (ours.argmax(dim=1) == theirs.argmax(dim=1)).sum().item()
            pictures += batch.shape[0]
    finally:
        for part, training in modes:
            part.training = training
    return {"pictures": pictures, "largest": largest, "same_top1": same / pictures, "agrees": largest <= tolerance}

# %% right="numpy, a copy of the model"
import copy
import numpy as np
import onnxruntime
import torch

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path)
    copied = copy.deepcopy(model).eval().requires_grad_(False)
    pairs = [(copied(b).numpy(), session.run(None, {session.get_inputs()[0].name: b.numpy()})[0]) for b in batches]
    ours, theirs = (np.concatenate(side) for side in zip(*pairs))
    with np.errstate(invalid="ignore"):
        largest = float(np.abs(ours - theirs).max())
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        largest = float("inf")
    return {
        "pictures": int(ours.shape[0]),
        "largest": largest,
        "same_top1": float((ours.argmax(-1) == theirs.argmax(-1)).mean()),
        "agrees": bool(largest <= tolerance),
    }

# %% right="with the class of the exercise before"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    onnx_model = OnnxModel(path)
    with evaluating(model), torch.no_grad():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([onnx_model(batch) for batch in batches])
    both_finite = torch.isfinite(ours).all() and torch.isfinite(theirs).all()
    largest = float(torch.dist(ours, theirs, p=float("inf"))) if both_finite else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% right="NaN replaced, one picture at a time"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    images = [image[None] for batch in batches for image in batch]
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(image) for image in images])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: image.numpy()})[0]) for image in images])
    largest = torch.nan_to_num((ours - theirs).abs(), nan=float("inf")).max().item()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="sign-forgotten"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = theirs - ours
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="mean-taken"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    largest = (ours - theirs).abs().mean().item()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="mean-taken" why="root of the mean square"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    largest = (ours - theirs).square().mean().sqrt().item()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="one-batch" why="the last"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path)
    name = session.get_inputs()[0].name
    pictures = same = 0
    for batch in batches:
        with evaluating(model), torch.inference_mode():
            ours = model(batch)
        theirs = torch.from_numpy(session.run(None, {name: batch.numpy()})[0])
        largest = (ours - theirs).abs().max().item()
        pictures += len(batch)
        same += (ours.argmax(1) == theirs.argmax(1)).sum().item()
    return {"pictures": pictures, "largest": largest, "same_top1": same / pictures, "agrees": largest <= tolerance}

# %% wrong="batches-counted"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(batches),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="mean-of-shares"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    largest = (ours - theirs).abs().max().item()
    starts, shares = 0, []
    for batch in batches:
        rows = slice(starts, starts + len(batch))
        shares.append((ours[rows].argmax(1) == theirs[rows].argmax(1)).float().mean().item())
        starts += len(batch)
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": sum(shares) / len(shares),
        "agrees": largest <= tolerance,
    }

# %% wrong="count-given"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": int((ours.argmax(1) == theirs.argmax(1)).sum()),
        "agrees": largest <= tolerance,
    }

# %% wrong="percent"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": 100 * (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="other-agrees" why="allclose with its own tolerance"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": torch.allclose(ours, theirs),
    }

# %% wrong="other-agrees" why="the share instead"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": bool((ours.argmax(1) == theirs.argmax(1)).all()),
    }

# %% wrong="other-agrees" why="turned round"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest > tolerance,
    }

# %% wrong="tensor-inside"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    largest = (ours - theirs).abs().max()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="tensor-inside" why="agrees is a tensor"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": (ours - theirs).abs().max() <= tolerance,
    }

# %% wrong="nan-agrees" earned=4 why="largest is NaN"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    largest = (ours - theirs).abs().max().item()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="nan-agrees" earned=4 why="max of Python"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path)
    name = session.get_inputs()[0].name
    pictures, same, largest = 0, 0, 0.0
    for batch in batches:
        with evaluating(model), torch.inference_mode():
            ours = model(batch)
        theirs = torch.from_numpy(session.run(None, {name: batch.numpy()})[0])
        largest = max(largest, (ours - theirs).abs().max().item())
        pictures += len(batch)
        same += (ours.argmax(1) == theirs.argmax(1)).sum().item()
    return {
        "pictures": pictures,
        "largest": largest,
        "same_top1": same / pictures,
        "agrees": not largest > tolerance,
    }

# %% wrong="nan-agrees" earned=4 why="NaN left out"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference[difference.isfinite()].max().item()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="nan-agrees" earned=4 why="NaN made 0"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    largest = (ours - theirs).abs().nan_to_num(nan=0.0).max().item()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="nan-agrees" earned=4 why="only the file is asked for NaN"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    largest = float("inf")
    if theirs.isfinite().all():
        largest = (ours - theirs).abs().nan_to_num(nan=0.0).max().item()
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="probabilities-compared"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours.softmax(1) - theirs.softmax(1)).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="training-mode" earned=4 why="eval forgotten, on a copy"
import copy
import onnxruntime
import torch

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path)
    name = session.get_inputs()[0].name
    model = copy.deepcopy(model)
    with torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    same = (ours.argmax(1) == theirs.argmax(1)).float().mean().item()
    return {"pictures": len(ours), "largest": largest, "same_top1": same, "agrees": largest <= tolerance}

# %% wrong="gradients-kept" earned=4
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model):
        ours = torch.cat([model(batch) for batch in batches]).detach()
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="mode-not-restored" earned=4
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    model.eval()
    with torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="model-frozen" earned=4
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model.requires_grad_(False)):
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="wrong-keys"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {name: batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "max_difference": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="wrong-type" why="a tuple"
import torch

def agreement(model, path, batches, tolerance):
    return sum(len(batch) for batch in batches), 0.0, 1.0, True

# %% wrong="input-changed" earned=4 why="the list of batches is emptied"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    ours, theirs = [], []
    while batches:
        batch = batches.pop(0)
        with evaluating(model), torch.inference_mode():
            ours.append(model(batch))
        theirs.append(torch.from_numpy(session.run(None, {name: batch.numpy()})[0]))
    ours, theirs = torch.cat(ours), torch.cat(theirs)
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="raised" status="error" why="the lesson's name of the input"
import onnxruntime
import torch
from helpers.models import evaluating

def agreement(model, path, batches, tolerance):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    with evaluating(model), torch.inference_mode():
        ours = torch.cat([model(batch) for batch in batches])
    theirs = torch.cat([torch.from_numpy(session.run(None, {"pixels": batch.numpy()})[0]) for batch in batches])
    difference = (ours - theirs).abs()
    largest = difference.max().item() if difference.isfinite().all() else float("inf")
    return {
        "pictures": len(ours),
        "largest": largest,
        "same_top1": (ours.argmax(1) == theirs.argmax(1)).float().mean().item(),
        "agrees": largest <= tolerance,
    }

# %% wrong="returned-none"
def agreement(model, path, batches, tolerance):
    pass

