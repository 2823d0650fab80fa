"""What lesson 07 asks before it shows it."""

from __future__ import annotations

from helpers.judging import Prediction
from helpers.text import _

PREDICTIONS = (
    Prediction(
        id="optimization-q1",
        question=_(
            "Each batch is copied into a buffer that was made once, instead of into a new tensor. How much faster is a call of the model with all that?"
        ),
        options=(
            _("About twice as fast."),
            _("About a tenth faster."),
            _("Hardly any faster: it is nothing beside the time of the model."),
        ),
        right=2,
        because=_(
            "Making a tensor of a few megabytes takes well under a millisecond, and the pictures are copied either way. What a buffer does give is memory that does not grow, and a fixed address."
        ),
    ),
    Prediction(
        id="optimization-q2",
        question=_(
            "A compiled model gets batches of 4, 4, 5, 6, 1 and 7 pictures. How often is it compiled, with the defaults?"
        ),
        options=(
            _("Once."),
            _("3 times."),
            _("5 times, once for each size."),
            _("6 times, at every call."),
        ),
        right=1,
        because=_(
            "The first graph is for 4 exactly. When 5 comes, torch sees that the size varies and compiles a graph for any size from 2 on. Only 1 is still a case of its own."
        ),
    ),
    Prediction(
        id="optimization-q3",
        question=_(
            "A package of AOTInductor was compiled for batches in channels_last. It gets the same pictures in the ordinary layout. What happens?"
        ),
        options=(
            _("An error that names the layout."),
            _("The right logits, only slower."),
            _("Wrong logits, without an error."),
        ),
        right=2,
        because=_(
            "The compiled code reads the memory as it was told at compile time, and by default it checks nothing. So whoever calls it has to check dtype, shape and layout."
        ),
    ),
    Prediction(
        id="optimization-q4",
        question=_(
            "One scale for all weights of a convolution, or one for each of its output channels: how much does it matter for int8?"
        ),
        options=(
            _("Hardly: a byte has 256 steps either way."),
            _("Much: with one scale for all, many photos get another name."),
            _("It only matters for speed."),
        ),
        right=1,
        because=_(
            "Channels differ in size, above all in depthwise convolutions. With one scale, the largest channel decides, and for a small one only a few of the 256 steps are left."
        ),
    ),
)
