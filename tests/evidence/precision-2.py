# %% right="two with blocks in one, modes in a list"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
            logits = model(batch)
    finally:
        for module, training in modes:
            module.train(training) if not list(module.children()) else setattr(module, "training", training)
    return logits.float()

# %% right="decorator, amp.autocast, device of the weights"
@torch.no_grad()
def autocast_logits(model, batch, dtype=torch.bfloat16):
    before = {module: module.training for module in model.modules()}
    kind = next(model.parameters()).device.type
    try:
        model.eval()
        with torch.amp.autocast(device_type=kind, dtype=dtype, enabled=True):
            return model(batch).to(torch.float32)
    finally:
        for module in before:
            module.training = before[module]

# %% right="a copy is set to evaluation mode"
from copy import deepcopy

def autocast_logits(model, batch, dtype=torch.bfloat16):
    copy = deepcopy(model).eval()
    with torch.no_grad():
        with torch.autocast(device_type=batch.device.type, dtype=dtype):
            logits = copy(batch)
    return logits.to(batch.dtype)

# %% right="the course's own evaluating"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast(str(batch.device).split(":")[0], dtype):
        return model(batch).float()

# %% right="autocast as a decorator, picture by picture"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    @torch.autocast(batch.device.type, dtype=dtype)
    def run(x):
        return model(x)

    with evaluating(model), torch.no_grad():
        return torch.cat([run(batch[i : i + 1]).float() for i in range(len(batch))])

# %% wrong="no-autocast" why="plain float32"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode():
        return model(batch)

# %% wrong="no-autocast" why="for CUDA"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast("cuda", dtype=dtype):
        return model(batch).float()

# %% wrong="no-autocast" why="the deprecated former name"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.cuda.amp.autocast(dtype=dtype):
        return model(batch).float()

# %% wrong="no-autocast" why="the call stands after the block"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode():
        with torch.autocast(batch.device.type, dtype=dtype):
            batch = batch + 0
        return model(batch).float()

# %% wrong="no-autocast" why="a copy that was cast instead"
from copy import deepcopy

def autocast_logits(model, batch, dtype=torch.bfloat16):
    low = deepcopy(model).eval().to(dtype)
    with torch.inference_mode():
        return low(batch.to(dtype)).float()

# %% wrong="no-autocast" why="made and not entered"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    torch.autocast(batch.device.type, dtype=dtype)
    with evaluating(model), torch.inference_mode():
        return model(batch).float()

# %% wrong="other-dtype" why="the device's own default"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast(batch.device.type):
        return model(batch).float()

# %% wrong="other-dtype" why="always float16"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast(batch.device.type, dtype=torch.float16):
        return model(batch).float()

# %% wrong="low-out"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch)

# %% wrong="cast-model" why="half in place"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    model.eval().to(dtype)
    with torch.inference_mode():
        return model(batch.to(dtype)).float()

# %% wrong="cast-model" why="there and back"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    model.eval().to(dtype)
    with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        logits = model(batch.to(dtype)).float()
    model.float()
    return logits

# %% wrong="gave-probabilities"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).float().softmax(1)

# %% wrong="cpu-only" earned=4
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast("cpu", dtype=dtype):
        return model(batch).float()

# %% wrong="cpu-only" earned=4 why="what this machine has, not where the batch lies"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    device_type = "cuda" if torch.cuda.is_available() else "cpu"
    with evaluating(model), torch.inference_mode(), torch.autocast(device_type, dtype=dtype):
        return model(batch).float()

# %% wrong="left-training" earned=4
def autocast_logits(model, batch, dtype=torch.bfloat16):
    model = __import__("copy").deepcopy(model)
    with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).float()

# %% wrong="recorded" earned=4 why="gradients on, detached at the end"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).detach().float()

# %% wrong="recorded" earned=4 why="gradients on"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).float()

# %% wrong="modes-changed" earned=4 why="left in evaluation mode"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    model.eval()
    with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).float()

# %% wrong="modes-changed" earned=4 why="train() sets all parts alike"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    training = model.training
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
            return model(batch).float()
    finally:
        model.train(training)

# %% wrong="modes-changed-by-error" earned=4 why="no finally"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        logits = model(batch).float()
    for module, training in modes:
        module.training = training
    return logits

# %% wrong="frozen" earned=4
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    model.requires_grad_(False)
    with evaluating(model), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).float()

# %% wrong="autocast-left-on" earned=4
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    torch.set_autocast_enabled(batch.device.type, True)
    torch.set_autocast_dtype(batch.device.type, dtype)
    with evaluating(model), torch.inference_mode():
        return model(batch).float()

# %% wrong="not-called"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    return torch.zeros(len(batch), 5)

# %% wrong="returned-none"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        logits = model(batch).float()

# %% wrong="wrong-type" why="NumPy"
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    with evaluating(model), torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).float().numpy()

# %% wrong="left-training" earned=3 why="only the outermost module is switched"
def autocast_logits(model, batch, dtype=torch.bfloat16):
    model.training = False
    with torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
        return model(batch).float()

# %% wrong="error-swallowed" earned=4
from helpers.models import evaluating

def autocast_logits(model, batch, dtype=torch.bfloat16):
    try:
        with evaluating(model), torch.inference_mode(), torch.autocast(batch.device.type, dtype=dtype):
            return model(batch).float()
    except RuntimeError:
        return torch.zeros(len(batch), 5)
