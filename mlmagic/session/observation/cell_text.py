"""What the text of a cell shows: literal keywords of calls, items that are read by key, names in function bodies."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.session.observation.bindings import NOT_LITERAL, keys_of, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_METHODS = {"score", "predict", "predict_proba", "predict_log_proba", "decision_function", "evaluate"}
_FUNCTIONS = {
    *(
        "accuracy_score",
        "average_precision_score",
        "balanced_accuracy_score",
        "brier_score_loss",
        "classification_report",
    ),
    *("classification_report", "cohen_kappa_score", "confusion_matrix", "det_curve", "explained_variance_score"),
    *("f1_score", "fbeta_score", "hamming_loss", "hinge_loss", "jaccard_score", "log_loss", "matthews_corrcoef"),
    *("max_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_pinball_loss", "mean_squared_error"),
    *("median_absolute_error", "multilabel_confusion_matrix", "precision_recall_curve", "precision_score"),
    *("precision_recall_fscore_support", "r2_score", "recall_score", "roc_auc_score", "roc_curve"),
    *("root_mean_squared_error", "top_k_accuracy_score", "zero_one_loss"),
}
"""Calls that evaluate, by their names. Others may fit, such as ``cross_val_score`` or a user's own ``score``."""
_LOOKS_ON = {"len", "print", "display", "drift"}
"""Calls from which no model learns, and which evaluate none."""


@dataclass
class Keyword:
    """A literal keyword argument of a call to a function of the notebook: ``train(lr=0.1)``."""

    function: str
    name: str
    value: object


def items_read(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Yield the name and the keys of each item that *tree* reads by literal keys: ``config["lr"]``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and (keys := keys_of(node)):
            yield keys


def item(namespace: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    """Return the item in nested dicts below a name, or None if it does not exist."""
    value = namespace.get(keys[0])
    for key in keys[1:]:
        value = value.get(key) if type(value) is dict else None
    return value


def keywords_in(tree: ast.Module) -> Iterator[Keyword]:
    """Yield the literal keywords of calls to plain names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for word in node.keywords:
                if word.arg and (value := literal(word.value)) is not NOT_LITERAL:
                    yield Keyword(node.func.id, word.arg, value)


def names_used_in(function: ast.FunctionDef) -> set[str]:
    """Return the names and attributes in the body of a function."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}


def names_only_evaluated(tree: ast.Module) -> set[str]:
    """Return the names that *tree* evaluates on, and uses in no other call that a model might learn from.

    >>> sorted(names_only_evaluated(ast.parse("model.fit(X, y); model.score(X_new[names], y_new); model.score(X, y)")))
    ['X_new', 'names', 'y_new']
    """
    evaluated: list[str] = []
    looked_on: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (_evaluates(node.func) or _name_of(node.func) in _LOOKS_ON):
            names = evaluated if _evaluates(node.func) else looked_on
            for argument in (*node.args, *(word.value for word in node.keywords)):
                # A call within it is judged by itself: `f1_score(y, model.predict(X))`, but `score(scaler.fit(X), y)`.
                names += _names_outside_calls(argument)
    loads = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    harmless = Counter([*evaluated, *looked_on])
    return {name for name in evaluated if harmless[name] == loads[name]}


def _evaluates(function: ast.expr) -> bool:
    return _name_of(function) in (_METHODS | _FUNCTIONS if isinstance(function, ast.Attribute) else _FUNCTIONS)


def _name_of(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _names_outside_calls(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif not isinstance(node, ast.Call):
        for child in ast.iter_child_nodes(node):
            yield from _names_outside_calls(child)


def last_expression(tree: ast.Module) -> ast.expr | None:
    """Return the expression that the cell ends with, None if it ends with another statement."""
    ending = tree.body[-1] if tree.body else None
    return ending.value if isinstance(ending, ast.Expr) else None
