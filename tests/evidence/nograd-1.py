# %% right="inference mode"
def predict_probabilities(model, batch):
    with torch.inference_mode():
        return model(batch).softmax(dim=1)

# %% right="no_grad as a decorator"
import torch

@torch.no_grad()
def predict_probabilities(model, batch):
    logits = model(batch)
    return torch.nn.functional.softmax(logits, dim=-1)

# %% right="set_grad_enabled as a block, softmax by hand"
def predict_probabilities(model, batch):
    with torch.set_grad_enabled(False):
        logits = model(batch)
        powers = (logits - logits.max(dim=1, keepdim=True).values).exp()
    return powers / powers.sum(dim=1, keepdim=True)

# %% right="by hand, with finally"
def predict_probabilities(model, batch):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        return torch.softmax(model(batch), 1)
    finally:
        torch.set_grad_enabled(before)

# %% right="picture by picture, cloned outside"
@torch.inference_mode()
def rows(model, batch):
    return torch.cat([model(picture[None]).softmax(1) for picture in batch])

def predict_probabilities(model, batch):
    return rows(model, batch).clone()

# %% right="parameters detached, called functionally"
from torch.func import functional_call

def predict_probabilities(model, batch):
    tensors = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    return functional_call(model, tensors, (batch.detach(),)).softmax(dim=1)

# %% wrong="needs-grad"
def predict_probabilities(model, batch):
    return model(batch).softmax(dim=1)

# %% wrong="needs-grad" why="eval only"
def predict_probabilities(model, batch):
    model.eval()
    return model(batch).softmax(dim=1)

# %% wrong="needs-grad" why="the block is empty"
def predict_probabilities(model, batch):
    torch.no_grad()
    return model(batch).softmax(dim=1)

# %% wrong="graph-was-built" why="detach at the end"
def predict_probabilities(model, batch):
    return model(batch).softmax(dim=1).detach()

# %% wrong="graph-was-built" why="model outside of the block"
def predict_probabilities(model, batch):
    logits = model(batch)
    with torch.no_grad():
        return logits.softmax(dim=1)

# %% wrong="gave-logits"
def predict_probabilities(model, batch):
    with torch.no_grad():
        return model(batch)

# %% wrong="softmax-over-batch"
def predict_probabilities(model, batch):
    with torch.no_grad():
        return model(batch).softmax(dim=0)

# %% wrong="grad-mode-changed"
def predict_probabilities(model, batch):
    torch.set_grad_enabled(False)
    return model(batch).softmax(dim=1)

# %% wrong="grad-mode-changed" why="entered and never left"
def predict_probabilities(model, batch):
    torch.no_grad().__enter__()
    return model(batch).softmax(dim=1)

# %% wrong="turned-on" earned=2
def predict_probabilities(model, batch):
    torch.set_grad_enabled(False)
    try:
        return model(batch).softmax(dim=1)
    finally:
        torch.set_grad_enabled(True)

# %% wrong="left-off-after-error" earned=2
def predict_probabilities(model, batch):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    probabilities = model(batch).softmax(dim=1)
    torch.set_grad_enabled(before)
    return probabilities

# %% wrong="froze-model"
def predict_probabilities(model, batch):
    model.requires_grad_(False)
    with torch.no_grad():
        return model(batch).softmax(dim=1)

# %% wrong="changed-mode"
def predict_probabilities(model, batch):
    model.eval()
    with torch.no_grad():
        probabilities = model(batch).softmax(dim=1)
    model.train()
    return probabilities

# %% wrong="model-changed"
def predict_probabilities(model, batch):
    with torch.no_grad():
        probabilities = model(batch).softmax(dim=1)
        for parameter in model.parameters():
            parameter.zero_()
    return probabilities

# %% wrong="input-changed"
def predict_probabilities(model, batch):
    with torch.no_grad():
        probabilities = model(batch).softmax(dim=1)
        batch.zero_()
    return probabilities

# %% wrong="returned-none"
def predict_probabilities(model, batch):
    with torch.no_grad():
        print(model(batch).softmax(dim=1))

# %% wrong="wrong-type" why="a list"
def predict_probabilities(model, batch):
    with torch.no_grad():
        return model(batch).softmax(dim=1).tolist()

# %% wrong="wrong-shape" why="the first picture only"
def predict_probabilities(model, batch):
    with torch.no_grad():
        return model(batch).softmax(dim=1)[0]

# %% wrong="wrong-dtype"
def predict_probabilities(model, batch):
    with torch.no_grad():
        return model(batch).softmax(dim=1).double()

# %% wrong="wrong-values" why="sigmoid"
def predict_probabilities(model, batch):
    with torch.no_grad():
        return model(batch).sigmoid()

# %% wrong="raised" status="error" why="numpy of a tensor with a graph"
def predict_probabilities(model, batch):
    return torch.from_numpy(model(batch).softmax(dim=1).numpy())
