"""batch-4: everything in nested data onto one device. Judged with the device ``meta``, which every machine has."""

from __future__ import annotations

import json
from typing import Any

import torch

from helpers.exercises.batch.shared import DEVICES, integers
from helpers.judging import Exercise, Mistake, Part, Witness, mistakes, require
from helpers.text import Message, _
from helpers.trials import batch as trials

NOT_MOVED = Mistake(
    "not-moved",
    _(
        "Nothing has moved. `tensor.to(device)` gives a new tensor and leaves the old one where it is: use what it gives."
    ),
    DEVICES,
)
NOT_ALL_MOVED = Mistake(
    "not-all-moved",
    _(
        "Some tensors have moved, and others have not: data may be nested to any depth. Go down into each container."
    ),
    DEVICES,
)
FIXED_DEVICE = Mistake(
    "fixed-device",
    _("The tensors went to {found}, and not to the device that was asked for, {asked}."),
    DEVICES,
)
TUPLE_LOST = Mistake(
    "tuple-lost", _("A tuple came back as a {type}. Every container keeps its type."), DEVICES
)
NAMED_TUPLE_LOST = Mistake(
    "named-tuple-lost",
    _(
        "A named tuple came back as a {type}: `result.label` would no longer work. Its class takes the values one by one: "
        "`type(data)(*values)`."
    ),
    DEVICES,
)
OTHERS_CHANGED = Mistake(
    "others-changed",
    _("Something that is no tensor came back as something else, or not at all: {what}. Pass it on as it is."),
    DEVICES,
)
CONTAINER_LOST = Mistake("container-lost", _("A container came back as something else: {what}."), DEVICES)
TENSOR_CHANGED = Mistake(
    "tensor-changed", _("A tensor's dtype, shape or values have changed. Only its device may."), DEVICES
)
CHANGED_IN_PLACE = Mistake(
    "changed-in-place",
    _(
        "The data that you were given has changed: you put the moved tensors into the caller's own list or dictionary. "
        "Make new ones."
    ),
    DEVICES,
)


def _leaves(outline: Any) -> list[dict[str, Any]]:
    if "items" not in outline:
        return [outline]
    return [leaf for item in outline["items"] for leaf in _leaves(item)]


def _moved(outline: Any, device: str) -> Any:
    """What the outline is on another device."""
    if outline["is"] == "tensor":
        kept = outline["numbers"] if device != "meta" else []
        return outline | {"device": device, "numbers": kept}
    if "items" in outline:
        return outline | {"items": [_moved(item, device) for item in outline["items"]]}
    return outline


def _pairs(found: Any, wanted: Any):
    """What stands in the same places, containers before what they hold, as far as their structure agrees."""
    yield found, wanted
    if "items" in found and "items" in wanted and len(found["items"]) == len(wanted["items"]):
        for one, other in zip(found["items"], wanted["items"], strict=True):
            yield from _pairs(one, other)


def _name_difference(found: Any, wanted: Any, before: Any, device: str) -> Mistake:
    tensors = [leaf for leaf in _leaves(found) if leaf["is"] == "tensor"]
    places = {leaf["device"] for leaf in tensors}
    elsewhere = sorted(places - {device, "cpu"})
    if elsewhere:
        return FIXED_DEVICE(found=", ".join(elsewhere), asked=device)
    for one, other in _pairs(found, wanted):
        if one["is"] != other["is"]:
            if other["is"] == "tuple":
                return TUPLE_LOST(type=one["is"])
            if other["is"] == trials.Sample.__name__:
                return NAMED_TUPLE_LOST(type=one["is"])
            if other["is"] in ("list", "dict"):
                return CONTAINER_LOST(what=f"{other['is']} → {one['is']}")
            if other["is"] != "tensor":
                return OTHERS_CHANGED(what=f"{other['is']} → {one['is']}")
            return mistakes.WRONG_TYPE
        if "items" in other and (
            len(one["items"]) != len(other["items"]) or one.get("keys") != other.get("keys")
        ):
            only_tensors = all(leaf["is"] == "tensor" for leaf in _leaves(other))
            return (
                CONTAINER_LOST(what=other["is"])
                if only_tensors
                else OTHERS_CHANGED(what=_missing(one, other))
            )
        if "text" in other and one != other:
            return OTHERS_CHANGED(what=f"{other['is']} {other['text']} → {one['text']}")
    if found == before:
        return NOT_MOVED
    if "cpu" in places and device != "cpu":
        return NOT_ALL_MOVED
    return TENSOR_CHANGED


def _missing(found: Any, wanted: Any) -> str:
    keys = [key for key in wanted.get("keys", []) if key not in found.get("keys", [])]
    return ", ".join(keys) or f"{len(wanted['items'])} → {len(found['items'])}"


def _check(
    answer: Witness, rng: torch.Generator, kind: str, tried: Message, device: str = "meta", text: bool = False
) -> None:
    seed = integers(rng, 0, 2**31 - 1, 1)[0]
    seen = answer.run(trials.move, kind=kind, seed=seed, device=device, as_text=text)
    found, given = json.loads(seen["outline"]), json.loads(seen["given"])
    before = trials.outline(trials.nested(kind, seed))
    wanted = _moved(before, device)
    if found["is"] == "NoneType":
        require(False, mistakes.RETURNED_NONE, tried=tried)
    if found != wanted:
        mistake = _name_difference(found, wanted, before, device)
        places = sorted({leaf["device"] for leaf in _leaves(found) if leaf["is"] == "tensor"})
        require(
            False,
            mistake,
            tried=tried,
            observed=_("tensors on {places}", places=", ".join(places) or "–"),
            expected=_("the same data, with tensors on {places}", places=device),
        )
    require(given == before, CHANGED_IN_PLACE, tried=tried)


def _judge_containers(answer: Witness, rng: torch.Generator) -> None:
    _check(answer, rng, "tensor", _("one tensor, to `torch.device('meta')`"))
    _check(answer, rng, "tensor", _("one tensor, to `'meta'`"), text=True)
    _check(answer, rng, "list", _("a list of three tensors"))
    _check(answer, rng, "dict", _("a dictionary of tensors of several dtypes"))
    _check(answer, rng, "deep", _("a dictionary with lists and dictionaries inside"))
    _check(answer, rng, "deep", _("the same kind of data, to `'cpu'`"), device="cpu", text=True)


def _judge_tuples(answer: Witness, rng: torch.Generator) -> None:
    _check(answer, rng, "tuple", _("a tuple with a list and a tuple inside"))


def _judge_named(answer: Witness, rng: torch.Generator) -> None:
    _check(answer, rng, "named", _("a list of named tuples"))


def _judge_others(answer: Witness, rng: torch.Generator) -> None:
    _check(
        answer, rng, "others", _("a dictionary with strings, numbers, None and an array among the tensors")
    )
    _check(answer, rng, "empty", _("empty containers"))


_FIRST = "tensors in lists and dictionaries"

EXERCISE = Exercise(
    id="batch-4",
    title=_("Everything onto one device"),
    answer="to_device",
    parts=(
        Part(_("tensors in lists and dictionaries"), 2, _judge_containers),
        Part(_("tuples stay tuples"), 1, _judge_tuples, needs=(_FIRST,)),
        Part(_("named tuples stay named tuples"), 1, _judge_named, needs=(_FIRST,)),
        Part(_("everything else comes back as it is"), 1, _judge_others, needs=(_FIRST,)),
    ),
    hints=(
        _(
            "The function calls itself: a list is a new list with `to_device` of each item. What kinds of data are there, and what "
            "is done with each?"
        ),
        _(
            "Ask with `isinstance`: a tensor goes to the device, a dictionary becomes a new one with the same keys, a list and a "
            "tuple are built anew, and the last line is `return data`. A string is no list of characters here: do not ask "
            "whether something can be iterated."
        ),
        _(
            "`if isinstance(data, dict): return {key: to_device(value, device) for key, value in data.items()}`. A named tuple is "
            "a tuple with `_fields`: `if hasattr(data, '_fields'): return type(data)(*(to_device(item, device) for item in data))`, "
            "and this question comes before the one about plain tuples: `type(data)(to_device(item, device) for item in data)`."
        ),
    ),
    explanation=_(
        "What a DataLoader gives is seldom one tensor: pictures, labels and file names come in tuples and dictionaries. The function "
        "goes down into what it knows and passes on what it does not know. It builds new containers, so the caller's data "
        "stay where they were; tensors that are already there are not copied, since `to` then gives the very same tensor."
    ),
    mistakes=(
        NOT_MOVED,
        NOT_ALL_MOVED,
        FIXED_DEVICE,
        TUPLE_LOST,
        NAMED_TUPLE_LOST,
        CONTAINER_LOST,
        OTHERS_CHANGED,
        TENSOR_CHANGED,
        CHANGED_IN_PLACE,
    ),
)
