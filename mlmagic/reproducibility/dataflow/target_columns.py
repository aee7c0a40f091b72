"""The columns that the code takes for the target, and the names that it binds to texts such as theirs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow.scope import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.reproducibility.code import Code

_TAKE_A_TARGET = frozenset({
    "fit", "fit_transform", "score", "train_test_split", "cross_val_score", "cross_validate", "cross_val_predict",
})  # fmt: skip


def text_constants(code: Code) -> dict[str, str]:
    """Return the names that the code binds once, to a text: ``TARGET = "price"``."""
    found: dict[str, str] = {}
    several: set[str] = set()
    for cell in code.cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                if node.id in found:
                    several.add(node.id)
                found.setdefault(node.id, "")
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                for target in node.targets:
                    if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                        found[target.id] = node.value.value
    return {name: text for name, text in found.items() if text and name not in several}


def target_columns(code: Code, constants: Mapping[str, str]) -> frozenset[str]:
    """Return the columns of the target: ``y = df["price"]``, ``df.pop("price")``, ``fit(X, df["price"])``."""
    found: set[str] = set()
    for cell in code.cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Assign) and dotted(node.targets[0]).partition("_")[0] in {"y", "target", "labels"}:
                found.update(_column(node.value, constants))
                if isinstance(node.value, ast.Attribute):
                    found.add(node.value.attr)
            elif isinstance(node, ast.Call) and _last(node.func) in _TAKE_A_TARGET:
                for argument in node.args[1:3]:
                    if isinstance(argument, ast.Subscript):
                        found.update(_column(argument, constants))
    return frozenset(found)


def _column(node: ast.expr, constants: Mapping[str, str]) -> Iterator[str]:
    """Yield the column in ``df["price"]``, ``df[TARGET]``, ``df.pop("price")``, also before ``.values``."""
    while isinstance(node, ast.Attribute) and isinstance(node.value, ast.Subscript):
        node = node.value
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Subscript)
    ):
        node = node.func.value  # df["price"].astype(int)
    inner = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(node, ast.Call) and node.args:
        inner = node.args[0]
    if isinstance(inner, ast.Constant):
        yield str(inner.value)
    elif isinstance(inner, ast.Name) and inner.id in constants:
        yield constants[inner.id]


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
