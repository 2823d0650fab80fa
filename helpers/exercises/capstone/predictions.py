"""What the learner guesses before running a cell."""

from __future__ import annotations

from helpers.judging import Prediction
from helpers.text import _

PREDICTIONS = (
    Prediction(
        id="capstone-q1",
        question=_(
            "The naive loop meets a folder with 24 photos, of which the third file is empty. What happens?"
        ),
        options=(
            _("It names 23 photos and leaves the empty one out."),
            _("It names two, and an error ends it."),
            _("It names 24: an empty file counts as a black picture."),
        ),
        right=1,
        because=_(
            "Nothing in it catches the error, so one bad file costs all that come after it, and what was named before is lost too: the list is never returned."
        ),
    ),
    Prediction(
        id="capstone-q2",
        question=_(
            "A call of this model waits 5 ms, for a launch or for the network, before it calculates. How much faster are 32 pictures in batches of 16, compared with one by one?"
        ),
        options=(
            _("Hardly: the pictures are the same, and so is the work."),
            _("About twice as fast."),
            _("Many times as fast: two waits in place of 32."),
        ),
        right=2,
        because=_(
            "What a call costs beside its calculations is paid once a call, not once a picture. The smaller the model and the faster the hardware, the larger that part is."
        ),
    ),
    Prediction(
        id="capstone-q3",
        question=_(
            "Twelve files are read by four threads; the first file takes longest. `pool.map` and `as_completed` are two ways to collect the results. Which keeps the order of the files?"
        ),
        options=(
            _("Both: results come in the order in which the work was given out."),
            _("`pool.map` does, `as_completed` does not."),
            _("Neither: with threads there is no order."),
        ),
        right=1,
        because=_(
            "`pool.map` waits for the first result before it gives out the second, even if that one is ready. `as_completed` gives what is ready, so the place has to travel along."
        ),
    ),
    Prediction(
        id="capstone-q4",
        question=_(
            "`torch.inference_mode()` stands around a pool of threads, and the function that the threads run calls the model. Does autograd record?"
        ),
        options=(
            _("No: the block holds for everything that runs while it is open."),
            _("Yes: each thread has its own grad mode, and begins with gradients on."),
            _("Only in the first of the threads."),
        ),
        right=1,
        because=_(
            "The grad mode belongs to the thread. Switch it inside the function that the thread runs, or let the threads only read, and call the model where the block is."
        ),
    ),
)
