"""Subscripts of data: columns of the same rows, or some of the rows."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow.scores import item_of
from mlmagic.reproducibility.dataflow.stacking import union
from mlmagic.reproducibility.dataflow.values import (
    Columns,
    Data,
    Grouped,
    Index,
    RowAccess,
    Rows,
    Score,
    Several,
    Statistic,
    names_columns,
    side_of,
)

if TYPE_CHECKING:
    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import RowKind, Side, Value

FOLD = "a fold"
_OF_ROWS = re.compile(r"(?:^|_)(?:idx|index|indices|mask|rows|is|keep|perm)(?:_|$)")


def part_of(scope: Scope, node: ast.Subscript) -> Value:  # noqa: PLR0911  # a kind of value each
    """Return the value of ``data[key]``, ``data.loc[key]``, ``items[0]``."""
    key = node.slice
    if scope.code.path(node.value) == "numpy.r_" and isinstance(key, ast.Tuple):
        below = [data for one in key.elts if (data := scope.as_data(one)) is not None]
        return union(below) if len(below) == len(key.elts) else None
    base, at = scope.value(node.value), scope.value(key)
    if isinstance(at, Score) and at.what == "position":
        return at
    if isinstance(base, Several):
        place = key.value if isinstance(key, ast.Constant) and type(key.value) is int else None
        return base.items[place] if place is not None and -len(base.items) <= place < len(base.items) else None
    if isinstance(base, Score):
        return item_of(base, key)
    if isinstance(base, Index | Statistic):
        return base
    if isinstance(base, Columns):
        return Columns()
    if isinstance(base, Grouped):
        names = column_names(scope, key) or frozenset()
        return Grouped(base.data, base.by_group, next(iter(names)) if len(names) == 1 else "")
    access = base.data if isinstance(base, RowAccess) else base
    if not isinstance(access, Data):
        return None
    of_rows = isinstance(base, RowAccess)
    columns = key.elts[1] if isinstance(key, ast.Tuple) and len(key.elts) == 2 else None if of_rows else key  # noqa: PLR2004  # rows, columns
    if columns is not None and (of_rows or not isinstance(key, ast.Tuple)):
        access = _of_columns(scope, access, columns)
    chosen = _chosen(scope, key, of_rows=of_rows)
    if chosen is None:
        return access
    kind, side = chosen
    # The same key chooses the same rows again; the rows that a key leads to keep their parent alive, and so its id.
    found = Rows(kind, access.rows, side, name=FOLD if isinstance(at, Index) and at.of_fold else "")
    rows = scope.parts.setdefault((id(access.rows), ast.unparse(key)), found)
    return access.of(rows)


def column_names(scope: Scope, key: ast.expr | None) -> frozenset[str] | None:
    """Return the names of columns that a key spells out, or that it is bound to; None if it does not say."""
    if isinstance(key, ast.Constant):
        return frozenset({key.value}) if isinstance(key.value, str) else None
    if isinstance(key, ast.Name) and key.id in scope.constants:
        return frozenset({scope.constants[key.id]})
    if isinstance(key, ast.List) and key.elts:
        listed = [column_names(scope, one) for one in key.elts]
        return frozenset().union(*(one for one in listed if one is not None)) if None not in listed else None
    value = scope.value(key)
    return value.names if isinstance(value, Columns) else None


def _of_columns(scope: Scope, data: Data, key: ast.expr) -> Data:
    """Return the columns that a key chooses: which ones it leaves out is not known of every key."""
    names = column_names(scope, key)
    if names is not None:
        return data.only(names)
    if isinstance(scope.value(key), Columns) or (isinstance(key, ast.Name | ast.Attribute) and _names_columns(key)):
        return Data(data.rows, data.fits)
    return data


def _names_columns(key: ast.Name | ast.Attribute) -> bool:
    return names_columns(key.id if isinstance(key, ast.Name) else key.attr)


def _chosen(  # noqa: PLR0911  # a kind of key each
    scope: Scope, key: ast.expr, *, of_rows: bool
) -> tuple[RowKind, Side] | None:
    """Return which rows a key chooses, None if it leaves all of them."""
    if isinstance(key, ast.Tuple):
        return _chosen(scope, key.elts[0], of_rows=True) if key.elts else None
    if isinstance(key, ast.Slice):
        return None if key.lower is None and key.upper is None and key.step is None else ("part", "")
    if isinstance(key, ast.Constant):
        is_all = (isinstance(key.value, str) and not of_rows) or key.value is Ellipsis or key.value is None
        return None if is_all else ("part", "")
    value = scope.value(key)
    if isinstance(value, Index):
        return ("side", value.side) if value.side else ("part", "")
    if not of_rows and (isinstance(value, Columns) or column_names(scope, key) is not None):
        return None
    if of_rows or isinstance(key, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp) or isinstance(value, Data):
        return "part", ""
    return _by_name(key)


def _by_name(key: ast.expr) -> tuple[RowKind, Side] | None:
    """Return which rows a name chooses that holds nobody knows what: judged by the name."""
    name = key.id if isinstance(key, ast.Name) else key.attr if isinstance(key, ast.Attribute) else ""
    if names_columns(name):
        return None
    if side := side_of(name):
        return "side", side
    return ("part", "") if _OF_ROWS.search(name.casefold()) else ("unknown", "")
