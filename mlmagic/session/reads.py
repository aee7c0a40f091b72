"""What a cell reads of what was there before it, also inside the notebook's functions that it uses."""

from __future__ import annotations

import ast
import dis
import functools
import types
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LOOKING_UP = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}  # the last since Python 3.13
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def names_read(tree: ast.Module, namespace: Mapping[str, Any]) -> list[str]:
    r"""Return the names of *namespace* that running *tree* reads before it binds them, in order of first sight.

    Functions, methods and classes of the notebook are followed into: what they read as globals is read too.

    >>> names_read(ast.parse("df = df[df.x > limit]\ny = 1\nprint(y)"), {"df": 0, "limit": 1, "y": 2})
    ['df', 'limit']
    """
    reader = _Reader()
    for statement in tree.body:
        reader.visit(statement)
    queue = [name for name in reader.read if name in namespace]
    # A function that the cell defines runs after later names are bound: those it shares with the cell are not read.
    queue += [name for name in reader.read_inside if name in namespace and name not in reader.bound]
    return _followed(queue, namespace)


def names_used(value: object, namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of *namespace* that *value* reads when it is called or used, followed as in `names_read`."""
    return _followed([name for name in _read_by(value, namespace) if name in namespace], namespace)


def _followed(queue: list[str], namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of *queue* and those that are read by the functions which stand behind them."""
    found: dict[str, None] = {}
    while queue:
        name = queue.pop(0)
        if name in found:
            continue
        found[name] = None
        queue += [inner for inner in _read_by(namespace[name], namespace) if inner in namespace]
    return list(found)


class _Reader(ast.NodeVisitor):
    """Visits a cell in the order in which it runs."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.read: dict[str, None] = {}
        self.read_inside: dict[str, None] = {}

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            if node.id not in self.bound:
                self.read[node.id] = None
        else:
            self.bound.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.bound:
            self.read[node.target.id] = None
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    visit_AsyncFor = visit_For

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.bound |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(part)
        self._inside(node, {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)})
        self.bound.add(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(part)
        self._inside(node, {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)})

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]:
            self.visit(part)
        self._inside(node, set())
        self.bound.add(node.name)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        own = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        before = set(self.bound)
        self.visit(node.generators[0].iter)
        self.bound |= own
        for generator in node.generators:
            for part in [*generator.ifs, *([] if generator is node.generators[0] else [generator.iter])]:
                self.visit(part)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        assigned = {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
        self.bound = before | assigned

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _inside(self, scope: ast.AST, parameters: set[str]) -> None:
        """Take the names that a function or class defined here may read as globals."""
        local = set(parameters)
        names = [node for node in ast.walk(scope) if isinstance(node, ast.Name)]
        declared = {name for node in ast.walk(scope) if isinstance(node, ast.Global) for name in node.names}
        local |= {node.id for node in names if not isinstance(node.ctx, ast.Load)} - declared
        for node in names:
            if isinstance(node.ctx, ast.Load) and node.id not in local:
                self.read_inside[node.id] = None


def _read_by(value: object, namespace: Mapping[str, Any]) -> list[str]:
    """Return the globals that *value* reads when it is used, if it is a function, class or instance of the notebook."""
    return [name for function in functions_of(value, namespace) for name in _globals_of(function.__code__)]


def functions_of(value: object, namespace: Mapping[str, Any]) -> Iterator[types.FunctionType]:
    """Yield the functions behind *value* whose globals are *namespace*: itself, what it wraps, or a class's methods."""
    seen: set[int] = set()
    queue = [value]
    while queue:
        item = queue.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if _is_of(item, namespace):
            yield item  # type: ignore[misc]  # a function, or a proxy of one
        queue += _behind(item)


@guarded(default=False)
def _is_of(item: Any, namespace: Mapping[str, Any]) -> bool:
    return isinstance(item, types.FunctionType) and item.__globals__ is namespace


@guarded(default=())
def _behind(item: Any) -> Sequence[Any]:
    """Return what an object leads to that may be a function: what it wraps, its class, a class's methods."""
    if isinstance(item, types.FunctionType):
        wrapped = [vars(item)["__wrapped__"]] if "__wrapped__" in vars(item) else []
        return [*(cell.cell_contents for cell in item.__closure__ or () if _filled(cell)), *wrapped]
    if isinstance(item, types.MethodType):
        return [item.__func__, type(item.__self__)]
    if isinstance(item, type):
        return _parts_of_class(item) if item.__module__ == "__main__" else []
    home = type(item).__module__
    if home == "functools":  # partial, or a cache around a function
        return [inner for name in ("func", "__wrapped__") if (inner := getattr(item, name, None)) is not None]
    return [type(item)] if home == "__main__" else []


def _parts_of_class(item: type) -> list[Any]:
    parts = [getattr(part, "fget", None) or getattr(part, "__func__", part) for part in vars(item).values()]
    return [*parts, *(base for base in item.__bases__ if base is not object)]


def _filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # not bound yet
        return False


@functools.lru_cache(maxsize=4096)
def _globals_of(code: types.CodeType) -> tuple[str, ...]:
    """Return the globals that *code* and what is defined in it look up; `co_names` has names of attributes too.

    >>> _globals_of(compile("lambda model: model.lr * scale", "", "eval"))
    ('scale',)
    """
    found = [each.argval for each in dis.get_instructions(code) if each.opname in _LOOKING_UP]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += _globals_of(constant)
    return tuple(dict.fromkeys(found))
