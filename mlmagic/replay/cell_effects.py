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
    from collections.abc import Iterable, Iterator

    from mlmagic.session.log import LoggedCell

_PURE_CALLS = frozenset(
    {
        "print", "display", "len", "sorted", "sum", "min", "max", "range", "str", "int", "float", "bool", "type",
        "isinstance", "repr", "list", "tuple", "dict", "set", "frozenset", "enumerate", "zip", "abs", "round", "any",
        "all", "map", "filter", "reversed", "id", "hash", "format",
    }
)  # fmt: skip
"""Builtins that change none of their arguments."""
_PURE_METHODS = frozenset(
    {
        "head", "tail", "describe", "info", "mean", "sum", "std", "var", "min", "max", "median", "quantile", "copy",
        "items", "keys", "values", "groupby", "plot", "hist", "value_counts", "to_numpy", "tolist", "astype", "reshape",
        "isna", "isnull", "notna", "nunique", "unique", "corr", "count", "index", "get", "shape", "predict",
        "predict_proba", "decision_function", "score", "transform", "get_params", "any", "all", "argmax", "argmin",
        "round", "abs", "dot", "split", "strip", "lower", "upper", "join", "startswith", "endswith", "replace",
        "format", "mode", "to_string", "merge", "query", "loc", "iloc",
    }
)  # fmt: skip
"""Methods that change neither their object nor, without ``inplace``, anything else."""
_CHANGES_ARGUMENT = re.compile(r"shuffle|push|insort|copyto|^put|place|fill|init|_$|^next$|^setattr$|^delattr$|^exec$")
_SETS = re.compile(
    r"^(set_|use$|seed|manual_seed|filterwarnings|simplefilter|chdir|append|insert|extend|update|register|reload|"
    r"enable|disable|config|setattr|option_context|putenv|setdefault|exec|eval|patch|autolog)"
)
_SHOWS = re.compile(r"^\s*%%?(track|time|timeit|runs|compare|diff|who.?|models|psearch|pinfo|history|prun|mlmagic)\b")
_MAGIC = re.compile(r"^\s*(%|!|[\w, ]+=\s*[%!])", re.MULTILINE)
_CELL_MAGIC = re.compile(r"\s*%%(?!track\b|time\b|timeit\b|capture\b|prun\b)")
_WORD = re.compile(r"[^\W\d]\w*")
_OPAQUE = frozenset({"exec", "eval", "globals", "locals", "vars", "dir", "setattr", "delattr", "get_ipython"})
_OUTPUTS = re.compile(r"^(_+|_i+|_\d+|_i\d+|In|Out|_ih|_oh)$")


@dataclass(frozen=True)
class CellEffects:
    """The names that a cell uses.

    ``reads`` are all that it or a function in it looks up, ``binds`` all that it binds, ``rebinds`` those that it
    certainly gives a new value, ``changes`` those whose objects it may change. ``has_effect`` means that it changes
    something that has no name, such as a library's settings. ``aliases`` are pairs of a bound name and a name in its
    value that may refer to the same object. ``inside`` are the names that the functions in the cell look up when they
    are called. ``is_opaque`` means that its text does not show which names it uses: ``exec``, ``globals``.
    """

    reads: frozenset[str]
    binds: frozenset[str]
    rebinds: frozenset[str]
    changes: frozenset[str]
    has_effect: bool
    uses_outputs: bool
    draws: bool
    aliases: frozenset[tuple[str, str]]
    inside: frozenset[str]
    is_opaque: bool


_CONFIG = re.compile(r"\s*%%hydra\s+([^\W\d]\w*)(?=\s|$)")


@dataclass(frozen=True)
class _Text:
    """What a cell's text says, without knowing which names are those of libraries.

    ``stores`` and ``methods`` are the names whose attributes or items it sets, and whose methods it calls. ``setters``
    are names with a call that sets something if they are a library's. ``arguments`` are (name of the called function,
    name of an argument), with an empty function if it changes its argument in any case.
    """

    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    rebinds: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    setters: frozenset[str] = frozenset()
    arguments: frozenset[tuple[str, str]] = frozenset()
    imported: frozenset[str] = frozenset()
    has_effect: bool = True
    aliases: frozenset[tuple[str, str]] = frozenset()
    inside: frozenset[str] = frozenset()
    is_opaque: bool = False
    mentioned: frozenset[str] = frozenset()


def effects_of(cell: LoggedCell, imported: frozenset[str]) -> CellEffects:
    """Return what *cell* uses and changes; *imported* are the names that imports bind in the session.

    >>> from mlmagic.session.log import LoggedCell
    >>> found = effects_of(LoggedCell(1, "y = [x]; y.append(z); np.random.seed(1)"), frozenset({"np"}))
    >>> sorted(found.changes), found.has_effect
    (['y'], True)
    """
    text = _text_of(cell.source)
    recorded = cell.record.get("bound")
    bound = frozenset(recorded) if isinstance(recorded, dict) else frozenset()
    arguments = {name for function, name in text.arguments if function not in imported and name not in imported}
    return CellEffects(
        reads=text.reads,
        binds=text.binds | bound,
        rebinds=text.rebinds if cell.status == "ok" else frozenset(),
        changes=text.stores | (text.methods - imported) | arguments | (text.mentioned - imported),
        has_effect=text.has_effect
        or "folder" in cell.record
        or not imported.isdisjoint(text.stores | text.setters)
        or bool(bound - text.binds - text.reads),
        uses_outputs=any(map(_OUTPUTS.match, text.reads)),
        draws=bool(cell.record.get("random")),
        aliases=frozenset(pair for pair in text.aliases if pair[1] not in imported),
        inside=text.inside,
        is_opaque=text.is_opaque,
    )


def names_used(cell: LoggedCell) -> tuple[frozenset[str], frozenset[str]]:
    r"""Return the names that *cell* reads and those that it binds, imported ones too: `effects_of` without the rest.

    >>> from mlmagic.session.log import LoggedCell
    >>> sorted(names_used(LoggedCell(1, "%%hydra cfg lr=0.2\nwidth: ${size}"))[0])  # the config's name is only bound
    ['hydra', 'lr', 'size', 'width']
    """
    text = _text_of(cell.source)
    recorded = cell.record.get("bound")
    config = _CONFIG.match(cell.source)
    reads = text.reads if config is None else text.reads - {config[1]}
    return reads, text.binds.union(recorded) if isinstance(recorded, dict) else text.binds


def imports_of(cell: LoggedCell) -> frozenset[str]:
    """Return the names that import statements in *cell* bind."""
    return _text_of(cell.source).imported


@lru_cache(maxsize=4096)
def _text_of(source: str) -> _Text:
    try:
        tree = ast.parse(as_python(source))
        names = names_of(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _Text(is_opaque=True)
    magics = [line for line in source.splitlines() if _MAGIC.match(line) and not _SHOWS.match(line)]
    # The names in the arguments of a magic, and in the body of a cell's magic, such as `%%sweep`.
    mentioned = frozenset(_WORD.findall(source if _CELL_MAGIC.match(source) else "\n".join(magics)))
    rebinds = frozenset(_rebound(tree))
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return _Text(
        reads=frozenset({*names.read, *(names.read_later.keys() - rebinds), *names.read_inside}) | mentioned,
        binds=frozenset(names.bound),
        rebinds=rebinds,
        stores=frozenset(_stored(nodes)),
        is_opaque=not _OPAQUE.isdisjoint(names.read),
        methods=frozenset(name for call in calls if (name := _changing_method(call))),
        setters=frozenset(name for call in calls if (name := _setter(call))),
        arguments=frozenset(pair for call in calls for pair in _arguments(call)),
        imported=frozenset(_imported(nodes)),
        has_effect=bool(magics) or any(map(_is_effect, nodes)),
        aliases=frozenset(_aliases(nodes)),
        mentioned=mentioned,
        inside=frozenset(names.read_inside),
    )


def _imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def _rebound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that statements at the top level bind in any case."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from _imported([statement])
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _stored_names(target)
        elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
            yield statement.target.id


def _stored_names(target: ast.AST) -> list[str]:
    names = (node for node in ast.walk(target) if isinstance(node, ast.Name))
    return [node.id for node in names if isinstance(node.ctx, ast.Store)]


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _aliases(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield (bound name, name in its value) where both may refer to one object, or the one holds the other's."""
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = {name for target in targets for name in _names(target)}
            yield from ((name, source) for name in bound for source in _may_be(node.value) if source != name)
        elif isinstance(node, ast.For):
            yield from ((name, source) for name in _stored_names(node.target) for source in _names(node.iter))
        elif isinstance(node, ast.With):
            for item in node.items:
                bound = _names(item.optional_vars) if item.optional_vars is not None else set()
                yield from ((name, source) for name in bound for source in _names(item.context_expr))


def _may_be(value: ast.expr) -> set[str]:
    """Return the names whose objects an expression may give, or hold in what it gives.

    A class makes a new object, and a method gives at most its own object: ``Forest().fit(X)`` is not ``X``.
    """
    if isinstance(value, ast.Constant | ast.Compare | ast.JoinedStr):
        return set()
    if isinstance(value, ast.Call):
        if isinstance(value.func, ast.Attribute):
            found = _may_be(value.func.value)
            is_function = isinstance(value.func.value, ast.Name) and value.func.attr.islower()
        else:
            found = _names(value.func)
            is_function = not getattr(value.func, "id", "a")[:1].isupper()
        if is_function:
            found |= {name for argument in value.args for name in _names(argument)}
            found |= {name for word in value.keywords for name in _names(word.value)}
        return found
    if isinstance(value, ast.Attribute | ast.Subscript | ast.Starred | ast.Await):
        return _may_be(value.value)
    return _names(value)


def _root(node: ast.AST) -> str:
    """Return the name at the beginning of ``name.a[b].c``, empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names of which the cell sets or deletes an attribute or an item, or that ``+=`` may change in place."""
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            if root := _root(node):
                yield root
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _changing_method(call: ast.Call) -> str:
    """Return the name whose method is called, if the method may change the object."""
    if not isinstance(call.func, ast.Attribute):
        return ""
    in_place = any(word.arg == "inplace" for word in call.keywords)
    return _root(call.func) if call.func.attr not in _PURE_METHODS or in_place else ""


def _arguments(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the arguments that the call may change."""
    last = str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))
    if _CHANGES_ARGUMENT.search(last):
        function = ""
    elif isinstance(call.func, ast.Name) and last not in _PURE_CALLS:  # a function of the notebook, or of a library
        function = last
    else:
        return
    for argument in [*call.args, *(word.value for word in call.keywords)]:
        if name := _root(argument):
            yield function, name


def _setter(call: ast.Call) -> str:
    return _root(call.func) if isinstance(call.func, ast.Attribute) and _SETS.match(call.func.attr) else ""


def _is_effect(node: ast.AST) -> bool:
    """Return whether a node changes something without a name, whatever the names in it are."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return bool(_SETS.match(node.func.id))
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
