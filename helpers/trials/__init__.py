"""What happens beside the answer: the learner's code is called here, and what was seen goes back as plain values.

A trial is a function ``trial(answer, **inputs) -> dict``: it calls the answer on inputs and tells what happened.
It never judges, and knows no expected result: in class grading this package runs in the learner's process, so it
holds nothing that a learner may not read, and everything in it could be forged by hostile code. Whatever decides
a score (inputs, references, comparisons) stays in :mod:`helpers.judging` and :mod:`helpers.exercises`.
"""
