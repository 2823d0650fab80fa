# %% right="no_grad for the backbone"
import torch

def head_logits(backbone, head, batch):
    with torch.no_grad():
        features = backbone(batch)
    return head(features)

# %% right="inference mode, then a clone"
def head_logits(backbone, head, batch):
    with torch.inference_mode():
        features = backbone(batch)
    return head(features.clone())

# %% right="gradients back on inside"
@torch.no_grad()
def head_logits(backbone, head, batch):
    features = backbone(batch)
    with torch.enable_grad():
        return head(features)

# %% right="a decorated helper"
@torch.no_grad()
def features_of(backbone, batch):
    return backbone(batch)

def head_logits(backbone, head, batch):
    return head(features_of(backbone, batch).detach())

# %% right="parameters frozen and put back"
def head_logits(backbone, head, batch):
    flags = [parameter.requires_grad for parameter in backbone.parameters()]
    backbone.requires_grad_(False)
    try:
        features = backbone(batch)
    finally:
        for parameter, flag in zip(backbone.parameters(), flags):
            parameter.requires_grad_(flag)
    return head(features)

# %% right="a frozen copy"
import copy

def head_logits(backbone, head, batch):
    frozen = copy.deepcopy(backbone).requires_grad_(False)
    return head(frozen(batch))

# %% wrong="recorded-then-detached" earned=2
def head_logits(backbone, head, batch):
    return head(backbone(batch).detach())

# %% wrong="recorded-then-detached" earned=2 why="through data"
def head_logits(backbone, head, batch):
    features = backbone(batch).data
    return head(features)

# %% wrong="backbone-gets-gradients"
def head_logits(backbone, head, batch):
    return head(backbone(batch))

# %% wrong="backbone-gets-gradients" why="eval only"
def head_logits(backbone, head, batch):
    backbone.eval()
    features = backbone(batch)
    return head(features)

# %% wrong="head-cut-off"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        return head(backbone(batch))

# %% wrong="head-cut-off" why="enable_grad inside inference mode"
def head_logits(backbone, head, batch):
    with torch.inference_mode():
        features = backbone(batch)
        with torch.enable_grad():
            return head(features)

# %% wrong="head-cut-off" why="detached at the end"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        features = backbone(batch)
    return head(features).detach()

# %% wrong="head-cut-off" why="requires_grad on the result"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        logits = head(backbone(batch))
    return logits.requires_grad_()

# %% wrong="inference-features"
def head_logits(backbone, head, batch):
    with torch.inference_mode():
        features = backbone(batch)
    return head(features)

# %% wrong="inference-features" why="detached"
def head_logits(backbone, head, batch):
    with torch.inference_mode():
        features = backbone(batch)
    return head(features.detach())

# %% wrong="gave-features"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        return backbone(batch)

# %% wrong="froze-model"
def head_logits(backbone, head, batch):
    backbone.requires_grad_(False)
    return head(backbone(batch))

# %% wrong="changed-mode"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        features = backbone(batch)
    backbone.train()
    return head(features)

# %% wrong="grad-mode-changed"
def head_logits(backbone, head, batch):
    torch.set_grad_enabled(False)
    features = backbone(batch)
    torch.set_grad_enabled(True)
    logits = head(features)
    torch.set_grad_enabled(False)
    return logits

# %% wrong="wrong-values" why="the backbone in training mode"
def head_logits(backbone, head, batch):
    backbone.train()
    with torch.no_grad():
        features = backbone(batch)
    backbone.eval()
    return head(features)

# %% wrong="wrong-values" why="probabilities"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        features = backbone(batch)
    return head(features).softmax(dim=1)

# %% wrong="wrong-shape" why="mean over the batch"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        features = backbone(batch)
    return head(features).mean(dim=0)

# %% wrong="returned-none"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        features = backbone(batch)
    logits = head(features)

# %% wrong="raised" status="error" why="the head on the pictures"
def head_logits(backbone, head, batch):
    with torch.no_grad():
        return backbone(head(batch))

# %% wrong="wrong-signature"
def head_logits(model, batch):
    with torch.no_grad():
        return model(batch)
