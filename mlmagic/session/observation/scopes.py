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

_COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
"""Code that runs in place. Since Python 3.12 only generator expressions have a code object."""

Use = Literal["load", "bind"]


@dataclass
class CellNames:
    """The names that a cell uses at its top level, in the order of its statements.

    ``read`` are those that it loads before it binds them, ``read_later`` those that it loads after a statement that
    may bind them, ``read_inside`` the globals of the functions and classes that it defines. ``bound`` are those that
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
        inner = list(_inner(code))
        at_once = [one for one in inner if one.co_name in _COMPREHENSIONS]
        # Comprehensions first: they read names before the enclosing statement binds its result.
        uses = [*(use for one in at_once for use in _uses_inside(one)), *_uses(code)]
        for use, name in uses:
            if use == "load":
                (found.read_later if name in found.bound else found.read)[name] = None
            else:
                found.bound[name] = None
        for use, name in (use for one in inner if one not in at_once for use in _uses_inside(one)):
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
    return tuple(dict.fromkeys(name for use, name in _all_uses(code) if use == "load"))


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


def _all_uses(code: types.CodeType) -> Iterator[tuple[Use, str]]:
    yield from _uses(code)
    for inner in _inner(code):
        yield from _all_uses(inner)


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


def _uses(code: types.CodeType) -> Iterator[tuple[Use, str]]:
    for op, name in _named(code):
        yield ("load" if op in _LOADS else "bind"), name


def _named(code: types.CodeType) -> Iterator[tuple[int, str]]:
    """Yield (operation, name) of the instructions that look up, bind or delete a name outside of fast locals."""
    extended = 0
    raw = code.co_code
    for at in range(0, len(raw), 2):
        op, argument = raw[at], raw[at + 1] | extended
        extended = argument << 8 if op == _EXTENDED else 0
        if op in _LOADS:
            yield op, code.co_names[argument >> 1 if op == _LOAD_GLOBAL else argument]
        elif op in _BINDS:
            yield op, code.co_names[argument]


def _inner(code: types.CodeType) -> Iterator[types.CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
