"""Mistakes that any exercise can meet."""

from __future__ import annotations

from helpers.judging.exercise import Mistake
from helpers.text import _

NOT_DEFINED = Mistake(
    "not-defined", _("There is no `{name}` yet. Run the cell above that defines it, then run this one again.")
)
CELL_FAILED = Mistake("cell-failed", _("The cell that should define `{name}` stopped with {type}: {message}"))
NOT_STARTED = Mistake(
    "not-started",
    _(
        "Not started yet. Write your code in place of `raise NotImplementedError` (delete that line too), run the cell, then run this one."
    ),
)
NOT_A_FUNCTION = Mistake("not-a-function", _("`{name}` must be a function, and it is of type {type}."))
NOT_A_CLASS = Mistake("not-a-class", _("`{name}` must be a class, and it is of type {type}."))
WRONG_SIGNATURE = Mistake(
    "wrong-signature",
    _(
        "`{name}` cannot be called as the exercise says: {message}. Keep the names and the order of the parameters."
    ),
)
RAISED = Mistake("raised", _("Your code stopped with {type}: {message}"))
EXITED = Mistake(
    "exited",
    _("Your code ended the whole program: it called exit, or crashed Python itself. Return a value instead."),
)
TOO_SLOW = Mistake(
    "too-slow",
    _(
        "Your code was stopped after {seconds:g} s. Look for a loop that never ends, or for far too much work."
    ),
)
OUR_FAULT = Mistake(
    "our-fault",
    _(
        "This exercise could not be checked, and that is not your fault: {message}. Please tell whoever gave you this course; nothing is counted against you."
    ),
)
MISSING_PACKAGE = Mistake(
    "missing-package",
    _(
        "This exercise could not be checked: the package `{package}` is missing here. Install it (`course doctor` says how) and check again; nothing is counted against you."
    ),
)
RETURNED_NONE = Mistake("returned-none", _("Your function returned None. Is there a `return` at its end?"))
WRONG_TYPE = Mistake("wrong-type", _("The result has the wrong type."))
WRONG_LENGTH = Mistake("wrong-length", _("The result has the wrong number of items."))
WRONG_KEYS = Mistake("wrong-keys", _("The result has the wrong keys."))
WRONG_SHAPE = Mistake("wrong-shape", _("The result has the wrong shape."))
WRONG_DTYPE = Mistake("wrong-dtype", _("The result has the wrong dtype."))
WRONG_DEVICE = Mistake("wrong-device", _("The result is on the wrong device."))
NEEDS_GRAD = Mistake(
    "needs-grad",
    _("The result still requires gradients: it keeps its whole graph alive. Compute it without gradients."),
)
LACKS_GRAD = Mistake("lacks-grad", _("The result no longer has gradients, and here they are needed."))
HAS_NAN = Mistake("has-nan", _("The result contains NaN, which is not a number."))
WRONG_VALUES = Mistake("wrong-values", _("The type and the shape are right, the values are not."))
INPUT_CHANGED = Mistake(
    "input-changed",
    _("Your code changed the input that it was given. Whoever calls it may still need it: work on a copy."),
)
MODEL_CHANGED = Mistake(
    "model-changed",
    _("Your code changed the model that it was given: parameters or running statistics differ from before."),
)
GRAD_MODE_CHANGED = Mistake(
    "grad-mode-changed",
    _(
        "After your code ran, the grad mode was no longer as before. Switch it in a `with` block, which puts it back."
    ),
)
WAITING = Mistake("waiting", _("This part waits for another one: {titles}."))

GENERAL = {mistake.key: mistake for mistake in list(globals().values()) if isinstance(mistake, Mistake)}
