"""What a recorded cell uses and changes, read off its source and its record: the facts that a slice is made from."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlmagic.session.observation.scopes import names_of
from mlmagic.session.script import as_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.session.log import LoggedCell

_PURE_CALLS = frozenset(
    [
        "print",
        "display",
        "len",
        "sorted",
        "sum",
        "min",
        "max",
        "range",
        "str",
        "int",
        "float",
        "bool",
        "type",
        "isinstance",
        "repr",
        "list",
        "tuple",
        "dict",
        "set",
        "frozenset",
        "enumerate",
        "zip",
        "abs",
        "round",
        "any",
        "all",
        "map",
        "filter",
        "reversed",
        "id",
        "hash",
        "format",
    ]
)
_PURE_METHODS = frozenset(
    [
        "head",
        "tail",
        "describe",
        "info",
        "mean",
        "sum",
        "std",
        "var",
        "min",
        "max",
        "median",
        "quantile",
        "copy",
        "items",
        "keys",
        "values",
        "groupby",
        "plot",
        "hist",
        "value_counts",
        "to_numpy",
        "tolist",
        "astype",
        "reshape",
        "isna",
        "isnull",
        "notna",
        "nunique",
        "unique",
        "corr",
        "count",
        "index",
        "get",
        "shape",
        "predict",
        "predict_proba",
        "decision_function",
        "score",
        "transform",
        "get_params",
        "any",
        "all",
        "argmax",
        "argmin",
        "round",
        "abs",
        "dot",
        "split",
        "strip",
        "lower",
        "upper",
        "join",
        "startswith",
        "endswith",
        "replace",
        "format",
        "mode",
        "to_string",
        "merge",
        "query",
        "loc",
        "iloc",
    ]
)
_CHANGES_ARGUMENT = re.compile(r"shuffle|push|insort|copyto|^put|place|fill|init|_$|^next$|^setattr$|^delattr$|^exec$")
_SETS = re.compile(
    r"^(set_|use$|seed|manual_seed|filterwarnings|simplefilter|chdir|append|insert|extend|update|register|reload|"
    r"enable|disable|config|setattr|option_context|putenv|setdefault|exec|eval|patch|autolog)"
)
_SHOWS = re.compile(
    r"^\s*%%?(track|time|timeit|runs|compare|diff|who|whos|models|psearch|pinfo|history|prun|mlmagic)\b"
)
_MAGIC = re.compile(r"^\s*(%|!|[\w, ]+=\s*[%!])", re.MULTILINE)
_OUTPUTS = re.compile(r"^(_+|_i+|_\d+|_i\d+|In|Out|_ih|_oh)$")


@dataclass(frozen=True)
class CellEffects:
    """The names that a cell uses.

    ``reads`` are all that it or a function in it looks up, ``binds`` all that it binds, ``rebinds`` those that it
    certainly gives a new value, ``changes`` those whose objects it may change. ``has_effect`` means that it changes
    something that has no name, such as a library's settings. ``sources`` maps a bound name to the names in its value.
    """

    reads: frozenset[str]
    binds: frozenset[str]
    rebinds: frozenset[str]
    changes: frozenset[str]
    has_effect: bool
    uses_outputs: bool
    draws: bool
    sources: tuple[tuple[str, str], ...]


def effects_of(cell: LoggedCell, imported: frozenset[str]) -> CellEffects:
    """Return what *cell* uses and changes; *imported* are the names that imports bind in the session.

    >>> from mlmagic.session.log import LoggedCell
    >>> found = effects_of(LoggedCell(1, "y = [x]; y.append(z); np.random.seed(1)"), frozenset({"np"}))
    >>> sorted(found.changes), found.has_effect
    (['y'], True)
    """
    static = _static(cell.source, imported)
    recorded = cell.record.get("bound")
    bound = frozenset(recorded) if isinstance(recorded, dict) else frozenset()
    return CellEffects(
        reads=static.reads,
        binds=static.binds | bound,
        rebinds=static.rebinds if cell.status == "ok" else frozenset(),
        changes=static.changes,
        has_effect=static.has_effect or "folder" in cell.record or bool(bound - static.binds - static.reads),
        uses_outputs=static.uses_outputs,
        draws=bool(cell.record.get("random")),
        sources=static.sources,
    )


def imports_of(cell: LoggedCell) -> frozenset[str]:
    """Return the names that import statements in *cell* bind."""
    tree = _parsed(cell.source)
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return frozenset(found)


@lru_cache(maxsize=4096)
def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(as_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=4096)
def _static(source: str, imported: frozenset[str]) -> CellEffects:
    tree = _parsed(source)
    magics = [line for line in source.splitlines() if _MAGIC.match(line) and not _SHOWS.match(line)]
    try:
        names = names_of(tree) if tree is not None else None
    except SyntaxError:
        names = None
    if tree is None or names is None:
        nothing: frozenset[str] = frozenset()
        return CellEffects(nothing, nothing, nothing, nothing, True, False, False, ())
    reads = frozenset({*names.read, *names.read_later, *names.read_inside})
    return CellEffects(
        reads=reads,
        binds=frozenset(names.bound),
        rebinds=frozenset(_rebound(tree)),
        changes=frozenset(_changed(tree, imported)),
        has_effect=bool(magics) or any(_is_effect(node, imported) for node in ast.walk(tree)),
        uses_outputs=any(_OUTPUTS.match(name) for name in reads),
        draws=False,
        sources=tuple(_sources(tree)),
    )


def _rebound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that statements at the top level bind in any case."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from (node.id for node in ast.walk(target) if _is_bound(node))
        elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
            yield statement.target.id


def _is_bound(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _sources(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (bound name, name in the expression that it is bound to): both may refer to one object."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            inside = {name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)}
            for target in node.targets:
                bound = [name.id for name in ast.walk(target) if isinstance(name, ast.Name)]
                yield from ((name, source) for name in bound for source in inside if source != name)
        elif isinstance(node, ast.For):
            inside = {name.id for name in ast.walk(node.iter) if isinstance(name, ast.Name)}
            yield from ((name.id, source) for name in ast.walk(node.target) if _is_bound(name) for source in inside)


def _root(node: ast.AST) -> str | None:
    """Return the name at the beginning of ``name.a[b].c``, or None."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    if isinstance(node, ast.Call):
        return _root(node.func)
    return node.id if isinstance(node, ast.Name) else None


def _changed(tree: ast.Module, imported: frozenset[str]) -> Iterator[str]:
    """Yield the names whose objects the cell may change in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            if root := _root(node):
                yield root
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Call):
            yield from _changed_by_call(node, imported)


def _changed_by_call(node: ast.Call, imported: frozenset[str]) -> Iterator[str]:
    function = node.func
    last = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    root = _root(function)
    is_library = root in imported
    if isinstance(function, ast.Attribute) and root and not is_library:
        in_place = any(word.arg == "inplace" for word in node.keywords)
        if last not in _PURE_METHODS or in_place:
            yield root
    may_change = bool(_CHANGES_ARGUMENT.search(last))
    if isinstance(function, ast.Name) and not is_library and last not in _PURE_CALLS:
        may_change = True  # a function of the notebook, or of an object
    if may_change:
        for argument in [*node.args, *(word.value for word in node.keywords)]:
            if (name := _root(argument)) and name not in imported:
                yield name


def _is_effect(node: ast.AST, imported: frozenset[str]) -> bool:
    """Return whether a node changes something of a module: an attribute, an item, or by a function that sets."""
    if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return _root(node) in imported
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute):
            return _root(function) in imported and bool(_SETS.match(function.attr))
        return isinstance(function, ast.Name) and bool(_SETS.match(function.id))
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
