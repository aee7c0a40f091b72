"""What a cell reads of what existed before it, also inside the notebook's functions that it uses."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from mlmagic.session.observation.scopes import globals_read, names_of
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlmagic.session.observation.scopes import CellNames


def names_read(tree: ast.Module, namespace: Mapping[str, Any]) -> list[str]:
    r"""Return the names of *namespace* that running *tree* reads before it binds them, in order of first appearance.

    Functions, methods and classes of the notebook are followed: the globals that they read count as read.

    Raises
    ------
    SyntaxError
        If *tree* does not compile.

    Examples
    --------
    >>> import ast
    >>> names_read(ast.parse("df = df[df.x > limit]\ny = 1\nprint(y)"), {"df": 0, "limit": 1, "y": 2})
    ['df', 'limit']
    """
    return read_of(names_of(tree), namespace)


def read_of(names: CellNames, namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of *namespace* that code with these *names* reads, as `names_read` does."""
    # A function that the cell defines runs after later names are bound, so names that both use are not read.
    return _followed([*names.read, *(name for name in names.read_inside if name not in names.bound)], namespace)


def names_used(value: object, namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of *namespace* that *value* reads when it is called or used, followed as in `names_read`."""
    return _followed(_read_by(value, namespace), namespace)


def _followed(names: Iterable[str], namespace: Mapping[str, Any]) -> list[str]:
    """Return those *names* that *namespace* has, and the names that the functions behind them read."""
    found: dict[str, None] = {}
    queue = list(names)
    while queue:
        name = queue.pop(0)
        if name in found or name not in namespace:
            continue
        found[name] = None
        queue += _read_by(namespace[name], namespace)
    return list(found)


def _read_by(value: object, namespace: Mapping[str, Any]) -> list[str]:
    """Return the globals that *value* reads when used, if it is a function, class or instance of the notebook."""
    return [name for function in functions_of(value, namespace) for name in globals_read(function.__code__)]


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
    """Return the objects behind *item* that may be functions: what it wraps, its class, a class's methods."""
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
