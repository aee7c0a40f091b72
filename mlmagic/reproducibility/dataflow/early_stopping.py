"""Early stopping: the rows by whose score a training ends."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.code import is_none
from mlmagic.reproducibility.dataflow.values import Data, Several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import Rows, Value

_WATCHED = frozenset({"eval_set", "validation_data", "valid_sets", "evals"})
_STOPPERS = frozenset({"early_stopping", "EarlyStopping"})
TABLES = frozenset({
    "lightgbm.Dataset", "xgboost.DMatrix", "xgboost.QuantileDMatrix", "catboost.Pool",
})  # fmt: skip
"""Classes that hold the rows that they are given."""
TRAININGS = frozenset({"lightgbm.train", "xgboost.train"})


def asks_for_it(scope: Scope, node: ast.Call) -> bool:
    """Return whether the arguments of a call ask for early stopping."""
    for keyword in node.keywords:
        if keyword.arg in {"early_stopping_rounds", "early_stopping_round"} and not is_none(keyword.value):
            return True
        if keyword.arg == "callbacks" and any(_is_stopper(scope, one) for one in ast.walk(keyword.value)):
            return True
    return False


def _is_stopper(scope: Scope, node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in scope.stoppers
    return isinstance(node, ast.Call) and scope.code.path(node.func).rpartition(".")[2] in _STOPPERS


def stopper_names(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that are bound to ``EarlyStopping(…)``."""
    return frozenset(
        target.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if (getattr(node.value.func, "attr", "") or getattr(node.value.func, "id", "")) in _STOPPERS
        for target in node.targets
        if isinstance(target, ast.Name)
    )


def watched_rows(scope: Scope, node: ast.Call) -> list[Rows]:
    """Return the rows by whose score the training ends: the last ones of several sets."""
    for keyword in node.keywords:
        if keyword.arg in _WATCHED:
            pairs = keyword.value
            last = pairs.elts[-1] if isinstance(pairs, ast.List) and pairs.elts else pairs
            first = last.elts[0] if isinstance(last, ast.Tuple) and last.elts else last
            value: Value = scope.as_data(first) if isinstance(last, ast.Tuple) else scope.value(last)
            if isinstance(value, Several) and value.items:
                value = value.items[0]
            return [value.rows] if isinstance(value, Data) else []
    return []
