"""What happens beside the answer: the learner's code is called here, and what was seen goes back as plain values.

A trial is a function ``trial(answer, **inputs) -> dict``: it calls the answer on inputs and tells what happened.
It never judges, and knows no expected result: in class grading this package runs in the learner's process, so it
holds nothing that a learner may not read. Whatever decides a score (inputs, references, comparisons) stays in
:mod:`helpers.judging` and :mod:`helpers.exercises`.

Hostile code can take over its process and forge all that a trial reports of it: modes, calls, what autograd recorded,
what changed, which exception came, what was held. Only values that have to be computed from the inputs cannot be
forged. So no part of an exercise may rest on reports alone: it compares such a value too, or needs a part that does
(``docs/grading.md`` lists which reports are used where, ``tests/test_forged.py`` holds all parts to it).
"""
