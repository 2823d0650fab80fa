"""The headings of the lesson that mistakes send to."""

from __future__ import annotations

from helpers.text import _

READING = _("Files in: read what can be read")
BATCHES = _("Full batches")
READY = _("A copy that is ready")
NAMES = _("Named predictions, in the order of the files")
THREADS = _("Several files at a time")
CAPSTONE = _("FastClassifier")
