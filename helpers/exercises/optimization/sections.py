"""Headings of lesson 07 to which mistakes send a learner."""

from __future__ import annotations

from helpers.text import _

PROFILE = _("Where the time goes")
BATCHING = _("No gradients, and many at a time")
BUFFER = _("A buffer made once")
LAYOUT = _("Channels last")
FUSION = _("Convolution and BatchNorm in one")
COMPILE = _("torch.compile")
RECOMPILE = _("When it compiles again")
PAYS = _("When compiling pays")
INT8 = _("int8: 256 steps")
