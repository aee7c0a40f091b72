"""Subscripts of data: columns of the same rows, or some of the rows."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow.values import (
    Columns,
    Data,
    Grouped,
    Index,
    RowAccess,
    Rows,
    Several,
    names_columns,
    side_of,
)

if TYPE_CHECKING:
    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import RowKind, Side, Value

_OF_ROWS = re.compile(r"(?:^|_)(?:idx|index|indices|mask|rows|is|keep|perm)(?:_|$)")


def part_of(scope: Scope, node: ast.Subscript) -> Value:
    """Return the value of ``data[key]``, ``data.loc[key]``, ``items[0]``."""
    base = scope.value(node.value)
    key = node.slice
    scope.value(key)
    if isinstance(base, Several):
        at = key.value if isinstance(key, ast.Constant) and type(key.value) is int else None
        return base.items[at] if at is not None and -len(base.items) <= at < len(base.items) else None
    if isinstance(base, Columns | Index):
        return base
    if isinstance(base, Grouped):
        column = str(key.value) if isinstance(key, ast.Constant) else ""
        return Grouped(base.data, base.by_group, column)
    access = base.data if isinstance(base, RowAccess) else base
    if not isinstance(access, Data):
        return None
    chosen = _chosen(scope, key, of_rows=isinstance(base, RowAccess))
    if chosen is None:
        return access
    kind, side = chosen
    # The same key chooses the same rows again; the rows that a key leads to keep their parent alive, and so its id.
    rows = scope.parts.setdefault((id(access.rows), ast.unparse(key)), Rows(kind, access.rows, side))
    return Data(rows, access.fits)


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
    if isinstance(value, Columns) and not of_rows:
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
