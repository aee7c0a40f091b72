"""Rows that are put below each other, drawn with replacement or repeated."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.code import is_constant
from mlmagic.reproducibility.dataflow.values import Data, Fit, Rows, Several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import Value

STACKS = frozenset({"concat", "concatenate", "vstack", "append", "row_stack"})
"""Functions of NumPy and pandas that put rows below each other."""


def stacked(scope: Scope, node: ast.Call, name: str, given: Sequence[Value]) -> Data | None:
    """Return the rows of all arguments below each other, None if columns are put beside each other."""
    axis = _axis(node, name)
    first = node.args[0] if node.args else None
    if is_constant(axis, 1) or isinstance(axis, ast.UnaryOp) or is_constant(axis, "columns"):
        return None
    is_over_rows = axis is None or (isinstance(axis, ast.Constant) and axis.value in {0, "index", "rows"})
    listed = node.args[:2] if name == "append" else first.elts if isinstance(first, ast.List | ast.Tuple) else None
    if is_over_rows and isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult):  # pd.concat([df] * 3)
        for side in (first.left, first.right):
            if isinstance(side, ast.List) and len(side.elts) == 1 and (data := scope.as_data(side.elts[0])) is not None:
                return _again(scope, node, data, f"concat([…] * {ast.unparse(first.right)})")
    found = [scope.as_data(one) for one in listed] if is_over_rows and listed is not None else []
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        data = next((one for one in given if isinstance(one, Data)), None)
        inner = next((one for one in given if isinstance(one, Several)), None)
        items = [one for one in (inner.items if inner is not None else ()) if isinstance(one, Data)]
        learned = [one for one in (data, *items) if one is not None]
        return _below(Rows("unknown"), learned) if learned else None
    return union(known)


def union(items: Sequence[Data]) -> Data:
    """Return these rows below each other."""
    if len(items) == 1:
        return items[0]
    if len({id(one.rows) for one in items}) < len(items):  # columns of the same rows below each other
        return _below(Rows("unknown"), items)
    return _below(Rows("union", parts=tuple(one.rows for one in items)), items)


def _below(rows: Rows, items: Sequence[Data]) -> Data:
    fits = frozenset().union(*(one.fits for one in items))
    return Data(rows, fits, frozenset().union(*(one.columns for one in items)))


def _axis(node: ast.Call, name: str) -> ast.expr | None:
    keyword = next((one.value for one in node.keywords if one.arg == "axis"), None)
    at = {"concat": 1, "concatenate": 1, "append": 2}.get(name)
    return keyword or (node.args[at] if at is not None and len(node.args) > at else None)


def resampled(scope: Scope, node: ast.Call) -> Value:
    """Return what ``sklearn.utils.resample`` draws of each argument: with replacement, unless it is told otherwise."""
    replaces = next((one.value for one in node.keywords if one.arg == "replace"), None)
    draws_again = replaces is None or is_constant(replaces, True)
    parts: dict[int, Rows] = {}
    found: list[Value] = []
    for argument in node.args:
        data = scope.as_data(argument) if not isinstance(argument, ast.Starred) else None
        if data is None:
            found.append(None)
            continue
        drawn = data.of(parts.setdefault(id(data.rows), Rows("part", data.rows)))
        fit = Fit("resample", data.rows, "repetition", scope.cell, node)
        found.append(drawn.with_fits(fit) if draws_again else drawn)
    return found[0] if len(found) == 1 else Several(tuple(found))


def repeated(scope: Scope, node: ast.Call) -> Data | None:
    """Return the rows that ``np.repeat(X, 2, axis=0)`` repeats."""
    axis = next((one.value for one in node.keywords if one.arg == "axis"), None)
    data = scope.as_data(node.args[0]) if node.args and is_constant(axis, 0) else None
    return _again(scope, node, data, "repeat") if data is not None else None


def _again(scope: Scope, node: ast.Call, data: Data, what: str) -> Data:
    fit = Fit(what, data.rows, "repetition", scope.cell, node)
    return data.of(Rows("part", data.rows)).with_fits(fit)
