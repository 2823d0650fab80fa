"""Lesson 00, start here: one exercise that everyone can pass."""

from __future__ import annotations

import torch

from helpers.judging import Exercise, Lesson, Mistake, Part, Prediction, equal
from helpers.judging.answers import Witness
from helpers.text import _
from helpers.trials.calls import call

SECTION = _("From logits to a name")

GAVE_INDEX = Mistake(
    "gave-index",
    _("You returned the place of the largest logit. Use it as an index into `categories`."),
    SECTION,
)
GAVE_LOGIT = Mistake(
    "gave-logit",
    _("You returned the largest logit itself. What is asked is the name that stands at its place."),
    SECTION,
)
GAVE_SMALLEST = Mistake(
    "gave-smallest",
    _("You returned the category with the smallest logit; the largest one is the model's answer."),
    SECTION,
)
LARGEST_SIZE = Mistake(
    "ignored-sign",
    _(
        "You chose the logit that is furthest from zero. Logits may be negative, and a very negative one means: surely not this."
    ),
    SECTION,
)
OFF_BY_ONE = Mistake(
    "off-by-one", _("You returned the category next to the right one. Places are counted from 0."), SECTION
)
FIXED_ANSWER = Mistake(
    "fixed-answer",
    _(
        "You returned a name that is not among these categories. Take it from `categories`, whatever they are."
    ),
    SECTION,
)
IN_A_LIST = Mistake(
    "in-a-list", _("You returned a list that holds the name. Return the name itself."), SECTION
)


def _judge_name(answer: Witness, rng: torch.Generator) -> None:
    count = int(torch.randint(20, 40, (), generator=rng))  # so many that no place is guessed
    names = [f"category {number}" for number in torch.randperm(90, generator=rng)[:count].tolist()]
    for case in ("ordinary", "negative"):
        logits = torch.randn(count, generator=rng).clamp(-2, 2)
        # keep the places of right and wrong answers apart: the first, the largest and its neighbours, the smallest
        best = int(torch.randint(2, count - 2, (), generator=rng))
        others = [place for place in range(1, count) if abs(place - best) > 1]
        far = others[int(torch.randint(len(others), (), generator=rng))]
        logits[best], logits[far] = 4.5, -3.0
        if case == "negative":  # now the logit furthest from zero is the smallest
            logits -= 5.0
        seen = answer.run(call, args=[logits, names], kwargs={})["value"]
        scalar = float(logits.max())
        equal(
            seen,
            names[best],
            tried=_("{count} categories, the largest logit at place {best}", count=count, best=best),
            recognise=[(FIXED_ANSWER, isinstance(seen, str) and seen not in names)],
            wrong=[
                (GAVE_INDEX, best),
                (GAVE_INDEX, torch.tensor(best)),
                (GAVE_LOGIT, scalar),
                (GAVE_LOGIT, logits.max()),
                (IN_A_LIST, [names[best]]),
                *([(LARGEST_SIZE, names[far])] if case == "negative" else []),
                (GAVE_SMALLEST, names[int(logits.argmin())]),
                (OFF_BY_ONE, names[best + 1]),
                (OFF_BY_ONE, names[best - 1]),
            ],
        )


LESSON = Lesson(
    name="00_start_here",
    word="start",
    title=_("Start here"),
    exercises=(
        Exercise(
            id="start-1",
            title=_("Name the model's answer"),
            answer="best_category",
            parts=(Part(_("the name at the largest logit"), 2, _judge_name),),
            hints=(
                _(
                    "The model gives one number a category, in the order of `categories`. You need the place of the largest."
                ),
                _("`logits.argmax()` gives that place, as a tensor that holds one integer."),
                _("A list can be indexed by such a tensor: `categories[logits.argmax()]`. Return that."),
            ),
            explanation=_(
                "`argmax` finds the place of the largest logit; `categories` has the names in the same order. Softmax is "
                "not needed to find the winner: it keeps the order of the logits and only turns them into probabilities."
            ),
            mistakes=(
                GAVE_INDEX,
                GAVE_LOGIT,
                GAVE_SMALLEST,
                LARGEST_SIZE,
                OFF_BY_ONE,
                FIXED_ANSWER,
                IN_A_LIST,
            ),
        ),
    ),
    predictions=(
        Prediction(
            id="start-q1",
            question=_(
                "The photo shows an astronaut, and “astronaut” is not among the 1000 categories. What will the model answer?"
            ),
            options=(
                _("It says that it does not know."),
                _("It names some category, with a low probability."),
                _("It names some category, as sure as it was of the coffee."),
                _("It raises an error."),
            ),
            right=1,
            because=_(
                "A classifier spreads a probability of 1 over the categories that it has; “none of these” is not one of "
                "them. A low highest probability is the only sign of doubt it can give."
            ),
        ),
    ),
)
