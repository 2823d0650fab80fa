"""What the code of a cell defines, needs and changes, found out without running it."""

from __future__ import annotations

import ast
import dis
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from inspect import CO_OPTIMIZED
from types import CodeType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
"""What Python raises for a text that it cannot compile."""
MAX_REREAD = 200_000
"""Characters: IPython reads a cell anew for each magic in it. Where that is more, a cell stays as it is."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\S+)[^\n]*\n?(?P<body>.*)", re.DOTALL)
_RUN_THEIR_BODY = ("time", "timeit", "capture", "prun", "memit")
_TIMED_LINE = re.compile(r"^([ \t]*)%(?:time|timeit|prun|memit)[ \t]+(?![-\s])", re.MULTILINE)
_WRAPPERS = 3
"""How many fences and magics around a cell are taken off."""


@lru_cache(4096)
def plain_python(source: str) -> str:
    """A cell as plain Python: magics, shell lines and prompts made into calls, a code fence around it taken off.

    What is no Python even so, comes back with what is wrong in it.
    """
    for _wrapper in range(_WRAPPERS):
        if is_python(source):
            return source
        source = _unwrapped(source)
    if len(source) * (1 + sum(map(_is_magic, source.splitlines()))) > MAX_REREAD:
        return source
    try:
        return TransformerManager().transform_cell(_TIMED_LINE.sub(r"\1", source))
    except Exception:  # its tokenizer gives up in many ways
        return source


def _unwrapped(source: str) -> str:
    """Without the code fence or the cell magic around it."""
    lines = source.strip().splitlines()
    if len(lines) > 1 and lines[0][:3] in ("```", "~~~") and lines[-1].strip() == lines[0][:3]:
        return "\n".join(lines[1:-1])
    if magic := _CELL_MAGIC.fullmatch(source):
        # of another language, or a file to write: nothing that an answer could need
        return magic["body"] if magic["name"] in _RUN_THEIR_BODY else ""
    return source


def _is_magic(line: str) -> bool:
    return line.lstrip()[:1] in ("%", "!", "?") or line.endswith("?")


def is_python(code: str) -> bool:
    """Whether it compiles."""
    return _compiled(code) is not None


@dataclass(frozen=True)
class Names:
    """The global names that a cell has to do with.

    Args:
        defines: those that it binds.
        uses: those that it reads and does not bind itself beforehand.
        late: of these, what only its functions read, and so not before they are called.
        modules: of those that it binds, what it imports.
        data: of those that it binds, what is neither imported nor a function or class.
        calls: those whose objects it hands, outside of functions, to a call, which may change them.
        sets: those whose objects get, outside of functions, an attribute, an item, or a decorated function.
    """

    defines: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()


@lru_cache(4096)
def names(code: str) -> Names:
    """The names of a cell of plain Python; none at all when it does not compile, or is nested beyond reason."""
    compiled, tree = _compiled(code), _compiled(code, ast.PyCF_ONLY_AST)
    try:
        return _names(compiled, tree) if compiled else Names()
    except RecursionError:
        return Names()


def _names(compiled: CodeType, tree: ast.Module) -> Names:
    bound, now, late, bound_late = set(), set(), set(), set()
    for name, kind in _accesses(compiled):
        if kind == "bind":
            bound.add(name)
        elif kind == "bind late":
            bound_late.add(name)
        elif kind == "read" and name not in bound:
            now.add(name)
        elif kind == "read late":
            late.add(name)
    late -= bound
    outside = list(_outside_functions(tree))
    modules = {name for node in outside for name in _imported(node)}
    functions = {node.name for node in outside if isinstance(node, _DEFINITIONS)}
    return Names(
        defines=frozenset(bound | bound_late),
        uses=frozenset(now | late),
        late=frozenset(late - now),
        modules=frozenset(modules),
        data=frozenset((bound | bound_late) - modules - functions),
        calls=frozenset(name for node in outside for name in _called_with(node)),
        sets=frozenset(name for node in outside for name in _target(node)),
    )


@lru_cache(64)
def _compiled(code: str, flags: int = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(code, "cell", "exec", flags, dont_inherit=True)
    except NOT_PYTHON:
        return None


def _accesses(
    code: CodeType, late: bool = False, own: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """Each reading and binding of a global name, in the order in which they stand in the code."""
    is_class = code.co_name != "<module>" and not code.co_flags & CO_OPTIMIZED
    when = " late" if late else ""
    for step in dis.get_instructions(code):
        if isinstance(step.argval, CodeType):
            inner = step.argval
            # a class's body and a comprehension run at once, any other function when it is called
            at_once = not inner.co_flags & CO_OPTIMIZED or inner.co_name.endswith(("comp>", "<genexpr>"))
            yield from _accesses(inner, late or not at_once)
        elif step.opname in ("STORE_NAME", "STORE_GLOBAL"):
            if is_class and step.opname == "STORE_NAME":
                own |= {step.argval}
            else:
                yield step.argval, f"bind{when}"
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in own:
            yield step.argval, f"read{when}"


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the cell does."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _outside_functions(child)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name.partition(".")[0]) for alias in node.names)


def _called_with(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        parts = [node.func, *node.args, *(keyword.value for keyword in node.keywords)]
        yield from filter(None, map(_root, parts))


def _target(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        yield from filter(None, [_root(node)])
    elif isinstance(node, _DEFINITIONS):
        for decorator in node.decorator_list:
            yield from _called_with(decorator)


def _root(node: ast.AST) -> str | None:
    """The name that an expression such as ``a.b[0].c`` begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
