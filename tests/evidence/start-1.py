# %% right="argmax as an index"
def best_category(logits, categories):
    return categories[logits.argmax()]

# %% right="a plain loop"
def best_category(logits, categories):
    best = 0
    for index, value in enumerate(logits.tolist()):
        if value > logits[best]:
            best = index
    return categories[best]

# %% right="max of pairs"
def best_category(logits, categories):
    return max(zip(logits.tolist(), categories))[1]

# %% right="softmax, then topk"
import torch

def best_category(logits, categories):
    probabilities = torch.softmax(logits, dim=0)
    _values, places = torch.topk(probabilities, k=1)
    return categories[int(places[0])]

# %% right="sorted"
best_category = lambda logits, categories: sorted(categories, key=lambda name: -logits[categories.index(name)])[0]

# %% wrong="gave-index" why="an integer"
def best_category(logits, categories):
    return int(logits.argmax())

# %% wrong="gave-index" why="a tensor"
def best_category(logits, categories):
    return logits.argmax()

# %% wrong="gave-logit"
def best_category(logits, categories):
    return logits.max()

# %% wrong="gave-smallest"
def best_category(logits, categories):
    return categories[logits.argmin()]

# %% wrong="ignored-sign"
def best_category(logits, categories):
    return categories[logits.abs().argmax()]

# %% wrong="off-by-one"
def best_category(logits, categories):
    return categories[(logits.argmax() + 1) % len(categories)]

# %% wrong="fixed-answer"
def best_category(logits, categories):
    return "espresso"

# %% wrong="in-a-list"
def best_category(logits, categories):
    return [categories[logits.argmax()]]

# %% wrong="returned-none"
def best_category(logits, categories):
    print(categories[logits.argmax()])

# %% wrong="wrong-type" why="name and logit"
def best_category(logits, categories):
    return categories[logits.argmax()], logits.max().item()

# %% wrong="wrong-values" why="always the first"
def best_category(logits, categories):
    return categories[0]

# %% wrong="raised" status="error" why="misspelt name"
def best_category(logits, categories):
    return categories[logit.argmax()]

# %% wrong="wrong-signature" why="one parameter"
def best_category(logits):
    return logits.argmax()

# %% wrong="not-a-function" why="a value"
best_category = "espresso"
