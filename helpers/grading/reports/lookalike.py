"""Answers that look alike: hints for a teacher's own eyes, and nothing more.

An answer becomes the set of the subtrees of its syntax tree, hashed; a statement goes in without the statements
inside it, so that one line more changes little. Layout, comments, docstrings, annotations, imports, names of the
learner's own, the text of messages, and the order of operands, keywords and statements leave no trace.

Two answers are alike when they share most of what is *unusual* in them: what stands in the stub or in the course's
own solution too, or in many answers of the class, tells nothing and is left out. An answer of which too little is
then left gives no hint at all. (Of the right answers in tests/evidence, which were written to differ, the two most
alike share 0.37 of it; a copy with other names and another order shares all of it.)

Pairs are found as set-similarity joins find them: for two sets to be alike enough they must share one of their
rarest members, so only answers that do are compared, and nobody is compared with the whole class.
"""

from __future__ import annotations

import ast
import heapq
import math
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

ALIKE = 0.7
"""Share of what is unusual in two answers that both must have (Jaccard's measure, 0 to 1)."""
ENOUGH = 10
"""Unusual subtrees that an answer must have to be compared at all."""
MANY_LEARNERS, MANY_SHARE = 4, 0.1
"""What more learners than this have, and a larger share of the class, is nothing unusual."""
LEAST_NODES = 3
"""Of a subtree: smaller ones, such as one name, are everywhere."""
LONGEST = 20_000
"""Characters of an answer that is still compared."""


@dataclass(frozen=True)
class Pair:
    """Two answers to one exercise, by two learners, that look alike; ``similarity`` is from :data:`ALIKE` to 1."""

    exercise: str
    learners: tuple[str, str]
    paths: tuple[str, str]
    similarity: float


@dataclass(frozen=True)
class _Answer:
    learner: str
    path: str
    prints: frozenset[int]


@dataclass
class Lookalikes:
    """Gathers the answers of a class, one submission after the other, and keeps no more of them than hashes.

    Args:
        known: by exercise, the code that everybody may well have: the stub and the course's solution.
    """

    known: dict[str, list[str]] = field(default_factory=dict)
    _answers: dict[str, list[_Answer]] = field(default_factory=lambda: defaultdict(list), init=False)

    def add(self, learner: str, path: str, answers: dict[str, str]) -> None:
        """One submission: its answers' source, by exercise. What is no plain Python is left out."""
        for exercise, code in answers.items():
            if prints := fingerprints(code):
                self._answers[exercise].append(_Answer(learner, path, prints))

    def pairs(self, most: int) -> tuple[list[Pair], int]:
        """The most alike pairs, at most so many, the most alike first; and how many there are in all."""
        count = 0

        def counted() -> Iterator[Pair]:
            nonlocal count
            for exercise in sorted(self._answers):
                for pair in _pairs(exercise, self._unusual(exercise)):
                    count += 1
                    yield pair

        best = heapq.nsmallest(
            most, counted(), key=lambda pair: (-pair.similarity, pair.exercise, pair.learners)
        )
        return best, count

    def _unusual(self, exercise: str) -> list[_Answer]:
        """The answers without what is common, if enough of them is left."""
        answers = self._answers[exercise]
        learners = {(answer.learner, each) for answer in answers for each in answer.prints}
        having = Counter(each for _learner, each in learners)
        many = max(MANY_LEARNERS, MANY_SHARE * len({answer.learner for answer in answers}))
        common = {each for each, number in having.items() if number > many}
        for code in self.known.get(exercise, ()):
            common |= fingerprints(code)
        rest = (_Answer(answer.learner, answer.path, answer.prints - common) for answer in answers)
        return [answer for answer in rest if len(answer.prints) >= ENOUGH]


def _pairs(exercise: str, answers: list[_Answer]) -> Iterator[Pair]:
    """Each pair of learners once, at its most alike."""
    found: dict[tuple[str, str], Pair] = {}
    for one, other in _candidates(answers):
        similarity = len(one.prints & other.prints) / len(one.prints | other.prints)
        if similarity >= ALIKE and one.learner != other.learner:
            first, second = sorted((one, other), key=lambda answer: (answer.learner, answer.path))
            learners = (first.learner, second.learner)
            if learners not in found or similarity > found[learners].similarity:
                found[learners] = Pair(exercise, learners, (first.path, second.path), similarity)
    yield from found.values()


def _candidates(answers: list[_Answer]) -> Iterator[tuple[_Answer, _Answer]]:
    """All pairs that can be alike: those that share one of their rarest members.

    Were none of the first ``n - ceil(ALIKE * n) + 1`` of the n members shared, counted from the rarest, fewer than
    ``ALIKE * n`` could be.
    """
    having = Counter(each for answer in answers for each in answer.prints)
    index: dict[int, list[int]] = defaultdict(list)
    for place, answer in enumerate(answers):
        rarest = sorted(answer.prints, key=lambda each: (having[each], each))
        needed = len(rarest) - math.ceil(ALIKE * len(rarest)) + 1
        partners: set[int] = set()
        for each in rarest[:needed]:
            partners.update(index[each])
            index[each].append(place)
        for partner in sorted(partners):
            yield answers[partner], answer


def fingerprints(code: str) -> frozenset[int]:
    """The hashed subtrees of a piece of code, with what is only its writing left out; none where it is no Python."""
    if len(code) > LONGEST:
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(_hashed_subtrees(tree))


_NOTHING = (ast.expr_context, ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal)
_ANY_ORDER = (ast.Add, ast.Mult, ast.BitOr, ast.BitAnd, ast.BitXor)
_TURNED = {ast.Gt: "Lt", ast.GtE: "LtE"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _hashed_subtrees(tree: ast.AST) -> Iterator[int]:
    meaning = _names(tree)
    # breadth first and then backwards, so that no depth of nesting is too much
    nodes, below = [tree], []
    for node in nodes:
        children = [child for child in _children(node) if not _says_nothing(child)]
        places = range(len(nodes), len(nodes) + len(children))
        below.append(
            [place for place, child in zip(places, children, strict=True) if not isinstance(child, ast.stmt)]
        )
        nodes += children
    hashes, sizes = [0] * len(nodes), [1] * len(nodes)
    for place in reversed(range(1, len(nodes))):
        sizes[place] += sum(sizes[child] for child in below[place])
        hashes[place] = hash(_label(nodes[place], [hashes[child] for child in below[place]], meaning))
        if sizes[place] >= LEAST_NODES:
            yield hashes[place]


def _names(tree: ast.AST) -> dict[str, str]:
    """What the names mean that the code itself gives: "own", or the module or object that was imported."""
    meaning: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
            meaning |= {alias.asname or alias.name: module + alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            meaning[node.id] = "own"
        elif isinstance(node, ast.arg):
            meaning[node.arg] = "own"
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs)) and node.name:
            meaning[node.name] = "own"
    return meaning


def _children(node: ast.AST) -> Iterable[ast.AST]:
    match node:
        case ast.JoinedStr():
            return ()  # the text of a message
        case ast.arg():
            return ()
        case ast.AnnAssign():
            return (node.target, node.value) if node.value else ()
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return (*node.decorator_list, node.args, *node.body)
        case ast.Compare(ops=[_], comparators=[other]):
            return (node.left, other)
        case ast.BinOp():
            return (node.left, node.right)
        case _:
            return ast.iter_child_nodes(node)


def _says_nothing(node: ast.AST) -> bool:
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # a docstring, or three dots
    return text or isinstance(node, _NOTHING) or (isinstance(node, ast.AnnAssign) and node.value is None)


def _label(node: ast.AST, below: list[int], meaning: dict[str, str]) -> tuple:
    kind = type(node).__name__
    match node:
        case ast.Name():
            return kind, meaning.get(node.id, node.id)
        case ast.Attribute():
            return kind, node.attr, *below
        case ast.keyword():
            return kind, node.arg, *below
        case ast.Constant():
            own = node.value if node.value is None or isinstance(node.value, bool) else None
            return kind, type(node.value).__name__, own
        case ast.JoinedStr():
            return "Constant", "str", None
        case ast.AnnAssign():
            return "Assign", *below
        case ast.BinOp():
            operator = type(node.op).__name__
            return kind, operator, *(sorted(below) if isinstance(node.op, _ANY_ORDER) else below)
        case ast.Compare(ops=[operator]):
            if isinstance(operator, ast.Eq | ast.NotEq):
                below = sorted(below)
            elif type(operator) in _TURNED:
                below = below[::-1]
            return kind, _TURNED.get(type(operator), type(operator).__name__), *below
        case ast.Call():
            return kind, below[0], *sorted(below[1:])
        case ast.BoolOp():
            return kind, *sorted(below)
        case _:
            return kind, *below
