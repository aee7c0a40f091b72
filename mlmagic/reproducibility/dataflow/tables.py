"""Methods of tables, arrays and groups: which rows and columns are left, and what was learned from rows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.code import is_constant
from mlmagic.reproducibility.dataflow import estimators
from mlmagic.reproducibility.dataflow.scope import dotted, joined
from mlmagic.reproducibility.dataflow.subscripts import column_names
from mlmagic.reproducibility.dataflow.values import Columns, Data, Fit, Grouped, Index, Rows, Statistic

if TYPE_CHECKING:
    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import Value

STATISTICS = frozenset(
    {"mean", "std", "var", "median", "quantile", "min", "max", "mode", "nanmean", "nanstd", "nanmedian"}
)
_OF_GROUPS = (STATISTICS - {"min", "max"}) | {"sum"}
_FILTERS = frozenset(
    {"dropna", "drop_duplicates", "query", "sample", "head", "tail", "nlargest", "nsmallest", "take", "filter"}
)
_GROUPS = frozenset({"groupby", "rolling", "expanding", "ewm", "resample"})
USE_STATISTICS = frozenset({"fillna", "sub", "div", "replace", "where", "map", "clip"})
OF_TABLES = frozenset({"groupby", "fillna", "dropna", "drop_duplicates", "sample", "select_dtypes", "query", "merge"})
"""Methods that a table alone has: whatever has one of them is a table."""


def method(scope: Scope, node: ast.Call, data: Data, name: str) -> Value:
    """Return what a method of a table or array returns."""
    given = [*map(scope.value, node.args), *(scope.value(one.value) for one in node.keywords)]
    if name in STATISTICS:
        return data if is_by_row(node) else Statistic(name, data.rows, node)
    if name in _GROUPS:
        return Grouped(data, name == "groupby")
    if name == "keys":
        return Columns()
    if name == "pop" and node.args:
        names = column_names(scope, node.args[0])
        if names is not None and dotted(_receiver(node)):
            scope.names[dotted(_receiver(node))] = data.without(names)
        return data.only(names or frozenset())
    result = _changed(scope, node, data, name, given)
    if any(one.arg == "inplace" and isinstance(one.value, ast.Constant) and one.value.value for one in node.keywords):
        _replace(scope, node, result)
    return result


def _changed(scope: Scope, node: ast.Call, data: Data, name: str, given: list[Value]) -> Data:
    """Return a table with other rows, columns or values."""
    statistics = [one for one in given if isinstance(one, Statistic)]
    if name in _FILTERS:
        return _filtered(scope, node, data, name)
    if name == "drop":
        return _without(scope, node, data, given)
    if name == "rename":  # the columns have other names then
        return Data(data.rows, data.fits)
    if name == "assign":
        for keyword in node.keywords:
            value = scope.value(keyword.value)
            if keyword.arg is not None and isinstance(value, Data):
                data = data.with_column(keyword.arg, value.learned)
        return data
    result = joined([data, *given]) if name in {"join", "merge", "concat"} else data
    changes = name in USE_STATISTICS or (name in {"join", "merge"} and any(one.of_target for one in statistics))
    if statistics and changes and result is not None:
        return estimators.shaped(scope, result, statistics[0], node)
    return result or data


def _filtered(scope: Scope, node: ast.Call, data: Data, name: str) -> Data:
    if name == "filter" or (name == "dropna" and is_by_row(node)):
        return data
    rows = data.of(Rows("part", data.rows))
    replaces = next((one.value for one in node.keywords if one.arg == "replace"), None)
    if name == "sample" and is_constant(replaces, True):
        return rows.with_fits(Fit("sample(replace=True)", data.rows, "repetition", scope.cell, node))
    return rows


def _without(scope: Scope, node: ast.Call, data: Data, given: list[Value]) -> Data:
    """Return what ``drop`` leaves: other columns, or other rows if it is given positions of rows."""
    if any(isinstance(one, Index) for one in given):
        return data.of(Rows("part", data.rows))
    dropped = next((one.value for one in node.keywords if one.arg in {"columns", "labels"}), None)
    names = column_names(scope, dropped or (node.args[0] if node.args else None))
    return data.without(names) if names is not None else Data(data.rows, data.fits)


def _replace(scope: Scope, node: ast.Call, result: Data) -> None:
    """Bind the name of a table that a method changes in place."""
    base = _receiver(node)
    if dotted(base) in scope.names or isinstance(base, ast.Subscript):
        scope.bind(base, result)


def _receiver(node: ast.Call) -> ast.expr:
    return node.func.value if isinstance(node.func, ast.Attribute) else node.func


def of_groups(scope: Scope, node: ast.Call, grouped: Grouped, name: str) -> Value:
    """Return what a method of ``groupby`` returns: the mean of the target by group is learned from the targets."""
    for one in node.args:
        scope.value(one)
    of_target = grouped.by_group and grouped.column in scope.targets
    how = name if name not in {"transform", "agg", "aggregate"} else _named_statistic(node)
    if of_target and how in _OF_GROUPS:
        statistic = Statistic(how, grouped.data.rows, node, of_target=True)
        return estimators.shaped(scope, grouped.data, statistic, node) if name == "transform" else statistic
    if name in {"transform", "apply", "agg", "aggregate", *STATISTICS}:
        return grouped.data
    return Grouped(grouped.data, by_group=False)  # such as `shift`, of which a mean is one of earlier rows


def _named_statistic(node: ast.Call) -> str:
    """Return the statistic that ``transform`` or ``agg`` is asked for by its name: ``"mean"`` or ``np.mean``."""
    asked = node.args[0] if node.args else None
    if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
        return asked.value
    return asked.attr if isinstance(asked, ast.Attribute) else ""


def is_by_row(node: ast.Call) -> bool:
    """Return whether a call works along rows: ``axis=1``."""
    axis = next((one.value for one in node.keywords if one.arg == "axis"), None)
    if isinstance(axis, ast.UnaryOp):
        return True  # axis=-1
    return isinstance(axis, ast.Constant) and axis.value in {1, "columns"}
