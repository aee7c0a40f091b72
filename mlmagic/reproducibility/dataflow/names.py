"""What a name says of the rows that are bound to it, and what a loop binds to its name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow.values import Data, FoldData, Index, Rows, Several, side_of

if TYPE_CHECKING:
    from mlmagic.reproducibility.dataflow.values import Value


def side_by_name(value: Value, name: str) -> Value:
    """Return a part of rows as the side of a split that its name implies."""
    if isinstance(value, Data) and value.rows.kind == "union" and not value.rows.side and (side := side_of(name)):
        return value.of(Rows("union", None, side, value.rows.parts))
    if isinstance(value, Data) and value.rows.kind in {"part", "unknown"} and (side := side_of(name)):
        if any(one.side == side for one in value.rows.line()):  # fewer of the training rows are no other side
            return value
        return value.of(Rows("side", value.rows.parent, side))
    if isinstance(value, Index) and not value.side and (side := side_of(name)):
        return Index(side, value.of_fold)
    return value


def item_of(value: Value, node: ast.expr) -> Value:
    """Return what a loop over *value* binds."""
    is_counted = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "enumerate"
    if isinstance(value, FoldData):
        sides = Several((Index("train", of_fold=True), Index("test", of_fold=True)))
        item: Value = value if value.data is not None else sides
        return Several((None, item)) if is_counted else item
    if isinstance(value, Several) and value.items and not is_counted:
        return value.items[0]
    return None
