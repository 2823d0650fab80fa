"""Which cells a learner's answer needs, and in which order they run.

Every exercise has a program of its own: the answer's cell, and the cells that define or change a name that it
uses, directly or through another of them. A cell that no answer needs does not run, so that nothing in it can cost
points. Where the notebook defines a name several times, what counts is what *Run All* would have found at the
exercise's check: the last definition before it. A name that is defined only further down is taken from there, and
one that a deleted cell of the lesson defined, from the lesson itself. The solutions are never a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import lru_cache

from helpers.authoring.source import STUB, read_source, remove_markers
from helpers.authoring.source import Cell as SourceCell
from helpers.grading.names import Names, is_python, names, plain_python
from helpers.grading.reading import Side, Submission
from helpers.judging.exercise import Exercise, Lesson
from helpers.text import Message, _
from helpers.trials.server import Step

MAX_READINGS = 4
"""Ways to read one answer that are judged; the best of them counts."""
MAX_PARTS = 4
"""Cells over which one answer may be split."""
_ROUNDS, _DEPTH = 20, 50
"""Bounds on how far needs are followed; no honest notebook comes near."""


def solution_program(lesson: Lesson) -> list[Step]:
    """The program of a lesson solved by its own source."""
    return answered_program(lesson, {})


def answered_program(lesson: Lesson, answers: dict[str, str]) -> list[Step]:
    """One program for a whole lesson, in which these answers stand, and the solutions for the rest."""
    cells = [cell for cell in read_source(lesson.name) if cell.kind == "code"]
    steps = [
        Step(plain_python(answers.get(cell.exercise, remove_markers(cell.text))), cell.exercise)
        for cell in cells
    ]
    table = [names(step.code) for step in steps]
    kept = {
        place
        for target, step in enumerate(steps)
        if step.exercise
        for place in (target, *_needed(table, target, range(target - 1, -1, -1)))
    }
    return [steps[place] for place in sorted(kept)]


@dataclass(frozen=True)
class Reading:
    """One way to read a learner's answer to an exercise.

    Args:
        program: the cells that run, in their order; empty when there is no answer.
        own: which of them are the learner's own, the answer's included.
        notes: what the learner and the teacher should know of it.
    """

    program: tuple[Step, ...] = ()
    own: tuple[Step, ...] = ()
    notes: tuple[Message, ...] = ()

    @property
    def answer(self) -> str | None:
        """The code of the answer's own cell."""
        return next((step.code for step in self.program if step.exercise), None)


def readings(submission: Submission, exercise: Exercise) -> list[Reading]:
    """The ways to read an answer, the likeliest first; at least one.

    The checks are open, so a learner who hands in two answers could have found out alone which of them is right:
    nothing is given away when the better one counts.
    """
    lesson, found = submission.lesson, []
    for number, side in enumerate(submission.sides):
        candidates = list(_candidates(lesson, side, exercise))
        rivals = len({each.place for each in candidates if each.kind < Kind.RESCUED})
        found += [((each.kind, number, -each.place), side, each, rivals) for each in candidates]
    found.sort(key=lambda each: each[0])
    distinct: dict[tuple[Step, ...], Reading] = {}
    for _order, side, candidate, rivals in found[:MAX_READINGS]:
        for changes_too in (True, False):
            way = _reading(lesson, side, exercise, candidate, rivals, changes_too)
            distinct.setdefault(way.program, way)
    return list(distinct.values())[:MAX_READINGS] or [Reading(notes=submission.sides[0].notes)]


# where the answer stands --------------------------------------------------------------------------------------


class Kind(IntEnum):
    """What kind of find an answer's cell is, the best first."""

    JOINED = auto()
    MARKED = auto()
    BY_NAME = auto()
    TEXT = auto()
    RESCUED = auto()
    BROKEN = auto()
    STUB = auto()


@dataclass(frozen=True)
class _Candidate:
    """A cell that may be the answer: its place, its code, and the places of the cells that were joined to it."""

    kind: Kind
    place: int
    code: str
    joined: frozenset[int] = frozenset()


SEVERAL = _("{n} cells define `{name}`. Cell {number} of the notebook was judged.")
BY_NAME = _(
    "No cell marked as the answer to this exercise defines `{name}`. Cell {number} of the notebook does, and was judged."
)
TEXT = _("The answer stands in a text cell, cell {number} of the notebook. It was judged as code.")
JOINED = _(
    "The answer is split over {n} cells, from cell {number} of the notebook on. They were judged as one."
)
RESCUED = _(
    "Cell {number} of the notebook holds several answers, and a syntax error. The parts of it without the error were judged."
)
GONE = _("A cell of the lesson that the answer needs is gone from the notebook. The lesson's own was run.")
FURTHER_DOWN = _(
    "The answer uses what is defined only further down, in cell {number} of the notebook. It was judged with it."
)


def _found_where(exercise: Exercise, side: Side, candidate: _Candidate, rivals: int) -> Iterator[Message]:
    """What to say of where the answer was found, when that is not where it belongs."""
    name, number = exercise.answer, side.cells[candidate.place].number
    if rivals > 1 and candidate.kind < Kind.RESCUED:
        yield SEVERAL(n=rivals, name=name, number=number)
    elif candidate.kind is Kind.BY_NAME:
        yield BY_NAME(name=name, number=number)
    if candidate.kind is Kind.TEXT:
        yield TEXT(number=number)
    elif candidate.kind is Kind.JOINED:
        yield JOINED(n=1 + len(candidate.joined), number=number)
    elif candidate.kind is Kind.RESCUED:
        yield RESCUED(number=number)


_STUB = re.compile(rf"{re.escape(STUB[0])}\s+{re.escape(STUB[1])}")


def _candidates(lesson: Lesson, side: Side, exercise: Exercise) -> Iterator[_Candidate]:
    ours = _our_texts(lesson.name)
    for place, cell in enumerate(side.cells):
        code, marked = plain_python(cell.source), cell.grade_id == exercise.id
        defines = exercise.answer in names(code).defines
        if not cell.is_code:
            if defines:
                yield _Candidate(Kind.TEXT, place, code)
            continue
        if cell.source in ours:
            continue
        if defines and _STUB.search(code):
            yield _Candidate(Kind.STUB, place, code)
        elif defines:
            yield _Candidate(Kind.MARKED if marked else Kind.BY_NAME, place, code)
        elif marked:
            yield _Candidate(Kind.BROKEN, place, code)
        if marked or defines:
            yield from _joined(side, place, exercise)
        if not is_python(code):
            yield from _rescued(lesson, place, code, exercise)


def _joined(side: Side, place: int, exercise: Exercise) -> Iterator[_Candidate]:
    """The answer with the cells under it, where these are the rest of it: cut off in the middle of a function."""
    parts = [side.cells[place].source]
    for further in range(place + 1, min(place + MAX_PARTS, len(side.cells))):
        cell = side.cells[further]
        if not cell.is_code or cell.grade_id not in (None, exercise.id):
            return
        parts.append(cell.source)
        indented = cell.source.lstrip("\r\n")[:1] in (" ", "\t")
        if not indented and is_python(plain_python(cell.source)):
            return
        code = plain_python("\n".join(parts))
        if exercise.answer in names(code).defines and not _STUB.search(code):
            yield _Candidate(Kind.JOINED, place, code, frozenset(range(place + 1, further + 1)))


def _rescued(lesson: Lesson, place: int, code: str, exercise: Exercise) -> Iterator[_Candidate]:
    """The blocks that compile, of a cell into which several answers were merged: one does not spoil another."""
    answers = {each.answer for each in lesson.exercises}
    begun = set(re.findall(r"^(?:async )?(?:def|class) (\w+)", code, re.MULTILINE))
    if len(answers & begun) < 2:
        return
    blocks = re.split(r"^(?=[^\s#)\]}])", code, flags=re.MULTILINE)
    whole = "".join(block for block in blocks if is_python(block))
    if exercise.answer in names(whole).defines and not _STUB.search(whole):
        yield _Candidate(Kind.RESCUED, place, whole)


@lru_cache(32)
def _our_texts(lesson: str) -> frozenset[str]:
    return frozenset(cell.text for cell in _our_code(lesson) if not cell.exercise)


def _our_code(lesson: str) -> list[SourceCell]:
    return [cell for cell in read_source(lesson) if cell.kind == "code"]


# what it needs ------------------------------------------------------------------------------------------------


def _reading(
    lesson: Lesson,
    side: Side,
    exercise: Exercise,
    candidate: _Candidate,
    rivals: int,
    changes_too: bool,
) -> Reading:
    """The program of one candidate; with ``changes_too`` also the learner's cells that only change what it needs."""
    source, ours = _our_code(lesson.name), _our_texts(lesson.name)
    start = len(source)  # in one list: the lesson's own cells, then those of the notebook
    codes = ["" if cell.exercise else plain_python(cell.text) for cell in source]
    codes += [plain_python(cell.source) if cell.is_code else "" for cell in side.cells]
    for place in candidate.joined:
        codes[start + place] = ""
    target = start + candidate.place
    codes[target] = candidate.code
    table = [names(code) for code in codes]
    own = [start + place for place, cell in enumerate(side.cells) if cell.source not in ours]
    stubs = {place for place in own if _STUB.search(codes[place])} - {target}

    before = [place for place in range(target - 1, start - 1, -1) if place not in stubs]
    gone = range(_place_of(exercise, source) - 1, -1, -1)
    after = [place for place in own if place > target and place not in stubs]
    search = [*before, *gone, *after, *sorted(stubs)]
    needed = _needed(table, target, search)
    until = start + _next_marked(side, candidate.place)
    if changes_too:
        some = [place for place in own if place < until and place not in stubs]
        needed = _needed(table, target, search, _changing(table, {*needed, target}, some))

    notes = [*side.notes, *_found_where(exercise, side, candidate, rivals)]
    if any(place < start for place in needed):
        notes.append(GONE)
    order = _run_order(table, sorted({*needed, target}))
    pulled_up = order[: order.index(target)]
    if below := [place for place in needed if place >= until or (place > target and place in pulled_up)]:
        notes.append(FURTHER_DOWN(number=side.cells[min(below) - start].number))
    steps = {place: Step(codes[place], exercise.id if place == target else None) for place in order}
    return Reading(
        program=tuple(steps.values()),
        own=tuple(step for place, step in steps.items() if place in own),
        notes=tuple(notes),
    )


def _place_of(exercise: Exercise, source: list[SourceCell]) -> int:
    return next(place for place, cell in enumerate(source) if cell.exercise == exercise.id)


def _next_marked(side: Side, place: int) -> int:
    """Where the next answer or check stands: up to there a notebook has run when the answer is checked."""
    later = range(place + 1, len(side.cells))
    return next((each for each in later if side.cells[each].grade_id is not None), len(side.cells))


def _needed(
    table: Sequence[Names], target: int, search: Sequence[int], always: Collection[int] = ()
) -> set[int]:
    """The cells that the target needs.

    Args:
        table: the names of each cell.
        target: the place of the answer's cell.
        search: the places of the others; of those that define a name, the first one counts.
        always: places of cells that are needed whatever they define.
    """
    kept: set[int] = set()
    when_called: set[str] = set()
    for _round in range(_ROUNDS):
        wanted = (when_called - table[target].defines) | table[target].uses
        kept = set()
        for place in search:
            if place in always or table[place].defines & wanted:
                kept.add(place)
                wanted = (wanted - table[place].defines) | table[place].uses
        # what a function reads it reads when it is called, and so may be defined below it;
        # what is still wanted may be defined in a cell that the search had passed already
        more = wanted.union(table[target].late, *(table[place].late for place in kept))
        if more <= when_called:
            break
        when_called |= more
    return kept


def _changing(table: Sequence[Names], needed: Collection[int], places: Sequence[int]) -> set[int]:
    """Of these places, the cells that change what a needed cell defines: ``xs.append(1)``, ``Model.forward = f``.

    And those that import everything from somewhere, which may be what is needed.
    """
    data = frozenset[str]().union(*(table[place].data for place in needed))
    objects = frozenset[str]().union(*(table[place].defines - table[place].modules for place in needed))
    return {
        place
        for place in places
        if place not in needed
        and (table[place].calls & data or table[place].sets & objects or "*" in table[place].modules)
    }


def _run_order(table: Sequence[Names], places: list[int]) -> list[int]:
    """These places in their order, but what a cell needs at once, and what stands only below it, before it."""
    order: list[int] = []

    def place_cell(cell: int, waiting: tuple[int, ...] = ()) -> None:
        if cell in order or cell in waiting or len(waiting) > _DEPTH:
            return
        # what is pulled up is needed at once, and so is what its functions read
        late = frozenset() if waiting else table[cell].late
        for name in sorted(table[cell].uses - late):
            definers = [place for place in places if place != cell and name in table[place].defines]
            if definers and definers[0] > cell:
                place_cell(definers[0], (*waiting, cell))
        order.append(cell)

    for cell in places:
        place_cell(cell)
    return order
