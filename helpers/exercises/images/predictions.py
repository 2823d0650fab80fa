"""What lesson 08 asks before a cell runs."""

from __future__ import annotations

from helpers.judging import Prediction
from helpers.text import _

PREDICTIONS = (
    Prediction(
        id="images-q1",
        question=_("Of `half.jpg` the second half is missing. When does PIL notice?"),
        options=(
            _("`Image.open` raises."),
            _("`Image.open` works; the error comes when the pixels are needed."),
            _("Never: the missing part is grey."),
        ),
        right=1,
        because=_(
            "`Image.open` reads no more than the beginning, which is whole. The pixels are decoded later, perhaps far from there, in another function: whoever guards only "
            "`Image.open` guards nothing."
        ),
    ),
    Prediction(
        id="images-q2",
        question=_(
            "A phone took 10 frames in the first second, then, in the dark, 2 a second. Its frame number 10 is shown at 1.4 s. What does number / `CAP_PROP_FPS` say?"
        ),
        options=(
            _("1.4 s as well: OpenCV takes it into account."),
            _("An earlier time."),
            _("A later time, about twice as late."),
        ),
        right=2,
        because=_(
            "`CAP_PROP_FPS` is one number for the whole file, here the average. The first frames came faster than that, so the formula puts them too late. The file holds a "
            "time for each frame: ask for it."
        ),
    ),
    Prediction(
        id="images-q3",
        question=_("An AVI file of 30 frames is cut off after the twelfth. What does OpenCV do there?"),
        options=(
            _("`read` raises an error."),
            _("`read` gives False, exactly as at the end of a video."),
            _("The rest of the frames is grey."),
        ),
        right=1,
        because=_(
            "OpenCV has one answer for the end, a break and a file that could never be opened: False. Who wants to know counts the frames, and compares with what the "
            "file promised."
        ),
    ),
    Prediction(
        id="images-q4",
        question=_(
            "At 2.0 s the picture changes from the coffee to the cat. A centred average of 9 frames and an exponential one smooth the probabilities: whose name changes later?"
        ),
        options=(
            _("Both change at the cut."),
            _("The centred average."),
            _("The exponential average."),
        ),
        right=2,
        because=_(
            "The centred average knows four frames of the future: as many votes come from behind the cut as from before it. The exponential one knows only the past, "
            "and the new category first has to outweigh it. That is the price of working live."
        ),
    ),
)
