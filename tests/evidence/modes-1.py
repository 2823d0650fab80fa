# %% right="remember, switch, put back"
def evaluation_logits(model, batch):
    training = model.training
    model.eval()
    logits = model(batch)
    model.train(training)
    return logits

# %% right="without gradients, and in finally"
import torch

def evaluation_logits(model, batch):
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return model(batch)
    finally:
        model.train(training)

# %% right="a copy in evaluation mode"
import copy

def evaluation_logits(model, batch):
    return copy.deepcopy(model).eval()(batch)

# %% right="flag by flag"
def evaluation_logits(model, batch):
    before = {module: module.training for module in model.modules()}
    for module in before:
        module.training = False
    logits = model(batch)
    for module, training in before.items():
        module.training = training
    return logits

# %% right="one image at a time"
import torch

@torch.inference_mode()
def evaluation_logits(model, batch):
    was_training = model.training
    model.train(False)
    logits = torch.cat([model(image[None]) for image in batch])
    if was_training:
        model.train()
    return logits

# %% wrong="stayed-in-training" why="no switch"
def evaluation_logits(model, batch):
    return model(batch)

# %% wrong="stayed-in-training" why="no_grad in place of eval"
import torch

def evaluation_logits(model, batch):
    with torch.no_grad():
        return model(batch)

# %% wrong="stayed-in-training" why="switched after the call"
def evaluation_logits(model, batch):
    training = model.training
    logits = model(batch)
    model.eval()
    model.train(training)
    return logits

# %% wrong="only-its-own-flag"
def evaluation_logits(model, batch):
    training = model.training
    model.training = False
    logits = model(batch)
    model.training = training
    return logits

# %% wrong="gave-probabilities"
def evaluation_logits(model, batch):
    training = model.training
    logits = model.eval()(batch)
    model.train(training)
    return logits.softmax(dim=1)

# %% wrong="left-in-evaluation" earned=1 status="partial"
def evaluation_logits(model, batch):
    model.eval()
    return model(batch)

# %% wrong="left-in-training" earned=1
def evaluation_logits(model, batch):
    model.eval()
    logits = model(batch)
    model.train()
    return logits

# %% wrong="put-back-in-part" earned=1
def evaluation_logits(model, batch):
    training = model.training
    model.eval()
    logits = model(batch)
    model.training = training
    return logits

# %% wrong="returned-none"
def evaluation_logits(model, batch):
    training = model.training
    model.eval()
    logits = model(batch)
    model.train(training)

# %% wrong="wrong-shape" why="the best category"
def evaluation_logits(model, batch):
    training = model.training
    model.eval()
    logits = model(batch)
    model.train(training)
    return logits.argmax(dim=1)

# %% wrong="model-changed" why="a warm-up call before the switch"
def evaluation_logits(model, batch):
    training = model.training
    model(batch)
    model.eval()
    logits = model(batch)
    model.train(training)
    return logits

# %% wrong="input-changed" why="normalised in place afterwards"
def evaluation_logits(model, batch):
    training = model.training
    logits = model.eval()(batch)
    model.train(training)
    batch.sub_(batch.mean())
    return logits

# %% wrong="grad-mode-changed" earned=0
import torch

def evaluation_logits(model, batch):
    torch.set_grad_enabled(False)
    training = model.training
    logits = model.eval()(batch)
    model.train(training)
    return logits

# %% wrong="raised" status="error" why="the flag is not a method"
def evaluation_logits(model, batch):
    training = model.training()
    model.eval()
    return model(batch)

# %% wrong="wrong-signature"
def evaluation_logits(model):
    return model.eval()
