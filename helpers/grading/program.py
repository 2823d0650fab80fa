"""Which cells of a notebook an answer needs, and in which order they run.

A lesson measures a good deal that no answer needs. What runs for a submission is: the learner's answer cells, the
cells they added, and of our own cells those that define a name that one of these uses.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from helpers.authoring.source import read_source, remove_markers
from helpers.grading.reading import Submission
from helpers.judging.exercise import Lesson
from helpers.trials.server import Step


def solution_program(lesson: Lesson) -> list[Step]:
    """The program of a lesson solved by its own source."""
    return answered_program(lesson, {})


def answered_program(lesson: Lesson, answers: dict[str, str]) -> list[Step]:
    """The program of a lesson in which these answers stand, and the solutions for the rest."""
    steps = [
        (_step(answers.get(cell.exercise, remove_markers(cell.text)), cell.exercise), cell.exercise is None)
        for cell in read_source(lesson.name)
        if cell.kind == "code"
    ]
    return _slice(steps)


def submission_program(submission: Submission) -> list[Step]:
    """The program of a submission. Check cells are ours and do not run; a cell that is ours is taken from our source."""
    ids = {exercise.id for exercise in submission.lesson.exercises}
    ours = {
        cell.text for cell in read_source(submission.lesson.name) if cell.kind == "code" and not cell.exercise
    }
    checks = {f"{id}-check" for id in ids}
    steps = [
        (_step(source, grade_id if grade_id in ids else None), source in ours)
        for grade_id, source in submission.cells
        if grade_id not in checks
    ]
    return _slice(steps)


def _step(source: str, exercise: str | None) -> Step:
    return Step(_plain_python(source), exercise)


@lru_cache(maxsize=2048)
def _plain_python(source: str) -> str:
    """A cell with IPython's magics and shell lines turned into Python. Most cells of a class are the same ones."""
    return TransformerManager().transform_cell(source)


def _slice(steps: list[tuple[Step, bool]]) -> list[Step]:
    """Leave out the cells that are optional and that nothing kept needs; ``steps`` are (step, optional)."""
    needed: set[str] = set()
    kept: list[Step] = []
    for step, optional in reversed(steps):
        defines, uses = names(step.code)
        if not optional or defines & needed:
            needed = (needed - defines) | uses
            kept.append(step)
    return kept[::-1]


@lru_cache(maxsize=2048)
def names(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """The global names that a cell defines, and those that it uses, in functions too."""
    try:
        table = symtable.symtable(code, "cell", "exec")
    except (SyntaxError, ValueError):
        return frozenset(), frozenset()
    made_here = {
        symbol.get_name() for symbol in table.get_symbols() if symbol.is_imported() or symbol.is_namespace()
    }
    defines, uses = set(), set()
    for scope in _scopes(table):
        for symbol in scope.get_symbols():
            if scope is table or symbol.is_global():
                if symbol.is_assigned() or symbol.is_imported():
                    defines.add(symbol.get_name())
                if symbol.is_referenced():
                    uses.add(symbol.get_name())
    # to symtable, `total += 1` is no use of `total`
    updates = (node.target for node in ast.walk(ast.parse(code)) if isinstance(node, ast.AugAssign))
    uses |= {target.id for target in updates if isinstance(target, ast.Name)} & defines
    # what a cell imports, or defines as a function or class, it does not need from elsewhere
    return frozenset(defines), frozenset(uses - made_here)


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)
