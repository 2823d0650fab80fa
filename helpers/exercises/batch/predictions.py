"""The questions of lesson 04."""

from __future__ import annotations

from helpers.judging import Prediction
from helpers.text import _

PREDICTIONS = (
    Prediction(
        id="batch-q1",
        question=_(
            "A batch without any picture, of shape (0, 3, 224, 224), goes through EfficientNet-Lite0. What comes out?"
        ),
        options=(
            _("An error: there is nothing to compute."),
            _("Logits of shape (0, 1000)."),
            _("NaN: an average over nothing."),
        ),
        right=1,
        because=_(
            "Every layer works on each picture of the batch, and does so zero times. Averages are taken over the pixels of a picture, "
            "never over the batch in evaluation mode. It is not so with every model: see below."
        ),
    ),
    Prediction(
        id="batch-q2",
        question=_(
            "Two lines stand alone: `model.to(device)` and `batch.to(device)`. What has moved to the device?"
        ),
        options=(
            _("Both."),
            _("The model only."),
            _("The batch only."),
            _("Neither: both give something new."),
        ),
        right=1,
        because=_(
            "A module moves its own parameters and returns itself. A tensor never moves: `to` gives a new one, which is lost if nobody keeps it. "
            "Write `batch = batch.to(device)`."
        ),
    ),
    Prediction(
        id="batch-q3",
        question=_(
            "The pretend device needs some time for each call. What does a clock show that is read right before and right after one call?"
        ),
        options=(
            _("The time that the device needs."),
            _("Next to nothing."),
            _("Twice that time: the work, and the way back."),
        ),
        right=1,
        because=_(
            "The call puts the work into a queue and returns at once. Only who waits for the result, or for the whole queue, sees how long it takes."
        ),
    ),
    Prediction(
        id="batch-q4",
        question=_(
            "From batches of 1 to batches of 16: what happens to the time until a picture has its answer?"
        ),
        options=(
            _("It gets shorter: a batch is more efficient."),
            _("It stays the same: all pictures are computed at once."),
            _("It gets longer: every picture waits for the whole batch."),
        ),
        right=2,
        because=_(
            "One call gives all its answers together, at its end. A batch may cost less for each picture, and the call as a whole takes longer. "
            "Throughput and latency are two things."
        ),
    ),
    Prediction(
        id="batch-q5",
        question=_("And the peak of the memory beyond the weights, from 1 picture to 16?"),
        options=(
            _("About the same: the weights are what takes memory."),
            _("About 4 times, the square root."),
            _("About 16 times."),
        ),
        right=2,
        because=_(
            "The weights are there once, whatever the batch. What the layers compute exists for each picture. This line, and nothing else, decides how "
            "large a batch can be."
        ),
    ),
)
