"""Which names code reads and binds as globals, according to Python's own compiler.

The code is compiled, and its instructions are read. The compiler tells apart parameters, variables of comprehensions
and of inner functions, ``except … as`` and patterns, so this module does not repeat its rules.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import types
import warnings
from dataclasses import dataclass, field
from opcode import opmap
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE = "<mlmagic reads names>"
_EXTENDED = opmap["EXTENDED_ARG"]
_LOAD_GLOBAL = opmap["LOAD_GLOBAL"]
_LOADS = {opmap[name] for name in ("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS") if name in opmap} | {_LOAD_GLOBAL}
_STORE_NAME = opmap["STORE_NAME"]
_GLOBAL_STORES = {opmap["STORE_GLOBAL"], opmap["DELETE_GLOBAL"]}
_BINDS = {_STORE_NAME, opmap["DELETE_NAME"]} | _GLOBAL_STORES

_LOAD_CONST = opmap["LOAD_CONST"]
_IN_PLACE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<generic parameters of")
"""The beginnings of the names of code that runs where it is defined. So does the body of a class."""
_OPTIMIZED = 1  # CO_OPTIMIZED: the code of a function, not of a class

Use = Literal["load", "bind"]


@dataclass
class CellNames:
    """The names that a cell uses at its top level, in the order of its statements.

    ``read`` are those that it loads before it binds them, ``read_later`` those that it loads after it may have bound
    them, ``read_inside`` the globals of the functions that it defines. ``bound`` are those that
    the cell, or a function that it defines, binds or deletes.
    """

    read: dict[str, None] = field(default_factory=dict)
    read_later: dict[str, None] = field(default_factory=dict)
    read_inside: dict[str, None] = field(default_factory=dict)
    bound: dict[str, None] = field(default_factory=dict)


def names_of(tree: ast.Module) -> CellNames:
    r"""Return the names that *tree* uses.

    Raises
    ------
    SyntaxError
        If it does not compile.

    Examples
    --------
    >>> found = names_of(ast.parse("y = [x for x in xs]\ndef f(a):\n    return a + b\nprint(y)"))
    >>> list(found.read), list(found.read_later), list(found.read_inside), sorted(found.bound)
    (['xs', 'print'], ['y'], ['b'], ['f', 'y'])
    """
    found = CellNames()
    with _without_warnings():
        # One statement at a time: within one code object, the instructions of exception handlers come last.
        codes = [_compiled(statement) for statement in tree.body if not _is_constant(statement)]
    for code in codes:
        later: list[types.CodeType] = []
        for use, name in _uses_at_once(code, later):
            if use == "load":
                (found.read_later if name in found.bound else found.read)[name] = None
            else:
                found.bound[name] = None
        for use, name in (use for one in later for use in _uses_inside(one)):
            if use == "load":
                found.read_inside[name] = None
            else:
                found.bound[name] = None
    return found


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _compiled(statement: ast.stmt) -> types.CodeType:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: types.CodeType = compile(ast.Module([statement], []), _FILE, "exec", flags=flags, dont_inherit=True)
    return code


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Suppress the compiler's warnings about the code; the user's own compilation shows them.

    The rule is inserted into the list of filters directly: after `warnings.catch_warnings`, every warning that was
    already shown would be shown again.
    """
    rule = ("ignore", None, SyntaxWarning, re.compile(re.escape(_FILE)), 0)
    filters = warnings.filters
    filters.insert(0, rule)  # type: ignore[attr-defined]  # it is a list
    try:
        yield
    finally:
        filters.remove(rule)  # type: ignore[attr-defined]


@functools.lru_cache(maxsize=4096)
def globals_read(code: types.CodeType) -> tuple[str, ...]:
    """Return the globals that *code* and the code defined in it look up; `co_names` has names of attributes too.

    >>> globals_read(compile("lambda model: model.lr * scale", "", "eval"))
    ('scale',)
    """
    return tuple(dict.fromkeys(name for use, name in _uses_inside(code) if use == "load"))


@functools.lru_cache(maxsize=4096)
def globals_bound(code: types.CodeType) -> tuple[str, ...]:
    r"""Return the globals that *code*, a function's, and the code defined in it bind by a ``global`` statement.

    >>> def count():
    ...     global total
    ...     total = own = 1
    >>> globals_bound(count.__code__)
    ('total',)
    """
    return tuple(dict.fromkeys(name for use, name in _uses_inside(code) if use != "load"))


def _uses_inside(code: types.CodeType) -> Iterator[tuple[Use, str]]:
    """Yield the uses of globals in the code of a function or class. Names that a class body has bound are its own."""
    own: set[str] = set()
    for op, name in _named(code):
        if op in _GLOBAL_STORES:
            yield "bind", name
        elif op in _LOADS and name not in own:
            yield "load", name
        elif op == _STORE_NAME:
            own.add(name)
    for inner in _inner(code):
        yield from _uses_inside(inner)


def _uses_at_once(
    code: types.CodeType, later: list[types.CodeType], own: set[str] | None = None
) -> Iterator[tuple[Use, str]]:
    """Yield the uses of globals when a statement runs, in order; add the functions that it defines to *later*.

    *own* are the names that a class body has bound, None in the code of a module.
    """
    for op, named in _instructions(code):
        if isinstance(named, types.CodeType):
            if _runs_in_place(named):
                yield from _uses_at_once(named, later, set())
            else:
                later.append(named)
        elif op in _LOADS:
            if own is None or named not in own:
                yield "load", named
        elif own is None or op in _GLOBAL_STORES:
            yield "bind", named
        elif op == _STORE_NAME:
            own.add(named)


def _runs_in_place(code: types.CodeType) -> bool:
    return not code.co_flags & _OPTIMIZED or code.co_name.startswith(_IN_PLACE)


def _named(code: types.CodeType) -> Iterator[tuple[int, str]]:
    """Yield (operation, name) of the instructions that look up, bind or delete a name outside of fast locals."""
    return ((op, named) for op, named in _instructions(code) if isinstance(named, str))


def _instructions(code: types.CodeType) -> Iterator[tuple[int, str | types.CodeType]]:
    """Yield each operation on a name outside of fast locals with the name, and each that loads code with the code."""
    extended = 0
    raw = code.co_code
    for at in range(0, len(raw), 2):
        op, argument = raw[at], raw[at + 1] | extended
        extended = argument << 8 if op == _EXTENDED else 0
        if op in _LOADS:
            yield op, code.co_names[argument >> 1 if op == _LOAD_GLOBAL else argument]
        elif op in _BINDS:
            yield op, code.co_names[argument]
        elif op == _LOAD_CONST and isinstance(code.co_consts[argument], types.CodeType):
            yield op, code.co_consts[argument]


def _inner(code: types.CodeType) -> Iterator[types.CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
