# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 00 · Start here
#
# You have a trained model and want to **use** it. That is *inference*, and it is what this course is about: using a
# model correctly, fast, and anywhere.
#
# This first notebook takes ten minutes. It recognises a real photo, shows you how exercises and checks work, and says
# what inference is. Run each cell with <kbd>Shift</kbd>+<kbd>Enter</kbd>.

# %%
from helpers import check, dashboard, hint, next_unsolved, predict, progress, reset, reveal, solution
from helpers.images import photo
from helpers.models import classify, load_classifier
from helpers.plots import show_images, show_top5

# %% [markdown]
# ## Five lines to a real prediction
#
# A photo, a model with weights trained on 1.3 million ImageNet pictures, and the five names it finds most probable:

# %%
classifier = load_classifier()
coffee = photo("coffee")
predictions = classify(classifier, coffee)
show_top5(coffee, predictions)

# %% [markdown]
# The first line says where the weights came from. Nothing here is made up: change `"coffee"` to `"cat"` or
# `"rocket"` and run the cell again.
#
# ## What inference is
#
# **Training** changes a model: it shows it examples, measures the error, and moves the weights a little, many
# thousands of times. **Inference** leaves the model as it is and asks it a question. That difference runs through
# the whole course:
#
# | | training | inference |
# |---|---|---|
# | the weights | change | stay as they are |
# | gradients | needed | not needed: memory and time saved ([lesson 02](02_no_grad.ipynb)) |
# | Dropout, BatchNorm | behave randomly, learn statistics | behave the same for every call ([lesson 01](01_modes.ipynb)) |
# | the input | shuffled and changed at random | prepared exactly as the model expects it ([lesson 03](03_preprocessing.ipynb)) |
# | what counts | the error at the end | right answers, latency, throughput |
#
# Let us see the first row. We run the model on a photo, and compare every one of its tensors before and after:

# %%
import torch

before = {name: tensor.clone() for name, tensor in classifier.model.state_dict().items()}
classify(classifier, photo("cat"))
after = classifier.model.state_dict()
unchanged = sum(torch.equal(before[name], after[name]) for name in before)
print(f"{unchanged} of {len(before)} tensors are the same after inference")

# %% [markdown]
# ## From logits to a name
#
# A classifier gives one number for each category: its **logits**. They can be any real numbers; the larger, the more
# the model is for that category. *Softmax* turns them into probabilities, which are positive and add up to 1, and
# keeps their order.

# %%
batch = classifier.preprocess(coffee).unsqueeze(0)
with torch.inference_mode():
    logits = classifier.model(batch)[0]
probabilities = logits.softmax(dim=0)
print("logits:       ", tuple(logits.shape), "from", round(logits.min().item()), "to", round(logits.max().item()))
print("probabilities:", "add up to", round(probabilities.sum().item(), 3))
print("categories:   ", len(classifier.categories), "names, such as", classifier.categories[967])

# %% [markdown]
# ## Predict first
#
# Before a cell shows you something new, you are sometimes asked what you expect. Commit to an answer, then look. It
# costs no points, and it is the fastest way to find out what you did not know.

# %%
predict("start-q1")

# %%
astronaut = photo("astronaut")
show_top5(astronaut, classify(classifier, astronaut))

# %%
reveal("start-q1")

# %% [markdown]
# ## Your first exercise
#
# In an exercise you replace the line `raise NotImplementedError` with code of your own, run that cell, and run the
# check below it. The check tells at once what is right, or which mistake it was. Nothing can break: try as often as
# you like.
#
# - `hint("start-1")` gives a hint, and a stronger one each time.
# - `solution("start-1")` shows a solution, once you have passed or tried three times.
# - `reset("start-1")`, typed in the answer cell in place of your code, brings the stub back.
# - `progress()` shows how far you are, `next_unsolved()` what comes next. `dashboard()` also has buttons, and
#   `course progress` shows the same in a terminal.
#
# When you open a lesson another day, its kernel knows no names any more: select the cell where you want to go on, and
# choose *Run ▸ Run All Above Selected Cell*. If you closed the browser while a cell was running, the kernel finished it
# and your progress is kept; only what the cell printed in the meantime may be missing. Run it again to see it.

# %% [markdown]
# Write a function that takes the `logits` of one picture (a tensor of shape `(C,)`) and the list of `C` category
# names, and returns the name with the largest logit, as a string.

# %% exercise="start-1"
def best_category(logits, categories):
    """The name of the category with the largest logit.

    Args:
        logits: float tensor of shape (C,).
        categories: list of C strings, in the order of the logits.
    """
    ### BEGIN SOLUTION
    return categories[logits.argmax()]
    ### END SOLUTION


# %% [markdown]
# When the check has passed, your function can name all these photos:

# %%
names = ["cat", "coffee", "rocket"]
pictures = [photo(name) for name in names]
with torch.inference_mode():
    outputs = classifier.model(torch.stack([classifier.preprocess(picture) for picture in pictures]))
try:
    found = [best_category(logits, classifier.categories) for logits in outputs]
except NotImplementedError:
    found = ["(solve the exercise first)"] * len(names)
show_images(pictures, titles=found)

# %% [markdown]
# ## Summary
#
# | idea | in code |
# |---|---|
# | a model with its preprocessing and its category names | `load_classifier()` |
# | logits: one number a category | `model(batch)` |
# | probabilities | `logits.softmax(dim=…)` |
# | the winner | `categories[logits.argmax()]` |
# | a low highest probability | the only doubt that a classifier can show |
#
# **Read on:** [PyTorch: models and pre-trained weights](https://docs.pytorch.org/vision/stable/models.html) ·
# [`torch.softmax`](https://docs.pytorch.org/docs/stable/generated/torch.softmax.html) ·
# [`torch.argmax`](https://docs.pytorch.org/docs/stable/generated/torch.argmax.html)
#
# Run this now, and any time later:

# %%
dashboard()
