"""Judging an answer: comparing, naming mistakes, verdicts, and the feedback a person reads.

Nothing here knows a notebook, a file of a learner's, or where the answer runs: a judge asks an
:class:`~helpers.judging.answers.Answer` to take part in trials and decides on what came back.
"""

from helpers.judging.answers import Answer, LocalAnswer, MissingAnswer, Witness
from helpers.judging.compare import Tolerance
from helpers.judging.engine import judge
from helpers.judging.exercise import Exercise, Lesson, Mistake, Part, Prediction
from helpers.judging.expect import equal, fail, require
from helpers.judging.verdicts import Status, Verdict

__all__ = [
    "Answer",
    "Exercise",
    "Lesson",
    "LocalAnswer",
    "MissingAnswer",
    "Mistake",
    "Part",
    "Prediction",
    "Status",
    "Tolerance",
    "Verdict",
    "Witness",
    "equal",
    "fail",
    "judge",
    "require",
]
