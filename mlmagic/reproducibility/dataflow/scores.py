"""Scores: of which rows they are, what is chosen by them, and which fits they judge."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow.events import Reuse
from mlmagic.reproducibility.dataflow.scope import dotted
from mlmagic.reproducibility.dataflow.values import Data, Estimator, Predictions, Rows, Score, Several

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import Value

_KEEP = frozenset({"round", "float", "abs", "sqrt", "array", "asarray", "Series", "DataFrame", "list", "dict", "mean"})
_BEST = re.compile(r"(?:^|_)(?:best|top|highest|lowest|winner|chosen|selected|optimal|opt)(?:_|$)")
_EXTREMES = frozenset({"max", "min", "amax", "amin", "nanmax", "nanmin"})
_POSITIONS = frozenset({"argmax", "argmin", "nanargmax", "nanargmin", "idxmax", "idxmin"})
_TABLES = frozenset({"confusion_matrix", "classification_report"})
_CURVES = frozenset({"roc_curve", "precision_recall_curve"})


def of_model(scope: Scope, node: ast.Call, data: Data, model: Estimator | None, name: str) -> Score:
    """Return the score that a model's own method gives to rows, and report that the rows judge it."""
    scope.events.judged(data, model, name, scope.cell, node.lineno)
    if model is not None and model.last_fit is not None and scope.is_sure(model.last_fit.branch):
        scope.events.reused(data.rows, Reuse(model.what, model.last_fit, name, scope.cell, node.lineno))
    return Score(frozenset({data.rows}), node)


def of_metric(scope: Scope, node: ast.Call, name: str) -> Value:
    """Return the score that a metric gives to predictions."""
    given = [*map(scope.value, node.args), *(scope.value(one.value) for one in node.keywords)]
    predictions = next((one for one in given if isinstance(one, Predictions)), None)
    data = predictions or next((one for one in given if isinstance(one, Data)), None)
    if data is None:
        data = next((found for one in node.args[:2] if (found := scope.as_data(one)) is not None), None)
    if data is None:
        return None
    if predictions is not None and predictions.given is not None:
        scope.events.judged(predictions.given, predictions.model, name, scope.cell, node.lineno)
        fit, model = predictions.last_fit, predictions.model
        if model is not None and fit is not None and scope.is_sure(fit.branch):
            scope.events.reused(predictions.rows, Reuse(model.what, fit, name, scope.cell, node.lineno))
    else:
        scope.events.judged(data, None, name, scope.cell, node.lineno)
    if name in _TABLES:
        return None
    score = Score(frozenset({data.rows}), node)
    return Several((score, score, None)) if name in _CURVES else score


def of_function(scope: Scope, node: ast.Call, name: str, given: Sequence[Value]) -> Score | None:
    """Return what a function makes of scores: the same ones, the best one, or its position."""
    found = [one for value in given for one in _listed(value)]
    if not found:
        return None
    has_key = any(one.arg == "key" for one in node.keywords)
    if name in _POSITIONS or (name in _EXTREMES and has_key):
        return Score(_rows(found), node, "position")
    if name in _EXTREMES:
        is_running = len(node.args) == 2 and len(found) == 1 and scope.loops and isinstance(node.args[0], ast.Name)  # noqa: PLR2004  # max(best, score)
        if len(found) > 1 or is_running or len(node.args) == 1:
            return Score(_rows(found), node, "best")
        return None
    if name == "sorted":
        return Score(_rows(found), node, "sorted")
    return Score(_rows(found), found[0].node) if name in _KEEP else None


def _listed(value: Value) -> Sequence[Score]:
    """Return a score, or those in a list of nothing but scores."""
    if isinstance(value, Several) and value.items and all(isinstance(one, Score) for one in value.items):
        return [one for one in value.items if isinstance(one, Score)]
    return [value] if isinstance(value, Score) else []


def of_method(node: ast.Call, score: Score, name: str, given: Sequence[Value]) -> Score:
    """Return what a method of scores gives."""
    is_of_best = name == "index" and any(isinstance(one, Score) and one.what == "best" for one in given)
    if name in _POSITIONS or is_of_best:
        return replace(score, node=node, what="position")
    if name == "sort_values":
        return replace(score, node=node, what="sorted")
    return replace(score, node=node, what="best") if name in _EXTREMES else replace(score, what="")


def of_record(scope: Scope, elements: Sequence[ast.expr], values: Sequence[Value]) -> Score | None:
    """Return the scores in ``("svm", score)`` or ``{"C": C, "score": score}``.

    By what else is in a record the choice may be made, unless it is a text, a number, a model or what a loop binds.
    """
    scores = [one for one in values if isinstance(one, Score)]
    if not scores:
        return None
    for element, value in zip(elements, values, strict=True):
        is_known = isinstance(value, Score | Estimator) or isinstance(element, ast.Constant | ast.JoinedStr)
        if not is_known and not (isinstance(element, ast.Name) and element.id in scope.loop_targets):
            return unknown(scores[0].node)
    return Score(_rows(scores), scores[0].node)


def appended(scope: Scope, name: str, node: ast.expr) -> None:
    """Add what a list of this name is given; to a list of scores nothing else."""
    value = scope.value(node)
    score = value if isinstance(value, Score) else None
    if isinstance(value, Several) and isinstance(node, ast.Tuple | ast.List):
        score = of_record(scope, node.elts, value.items)
    if score is None and isinstance(before := scope.names.get(name), Score):
        score = unknown(before.node)
    if score is not None:
        added(scope, name, score)


def unknown(node: ast.AST) -> Score:
    """Return a score of rows of which nothing is known, such as that of a cross-validation."""
    return Score(frozenset({Rows("unknown")}), node)


def combined(node: ast.BinOp, left: Value, right: Value) -> Score:
    """Return scores that a calculation changes: with a number, or with each other."""
    found = [one for one in (left, right) if isinstance(one, Score)]
    is_position = any(one.what == "position" for one in found)
    return Score(_rows(found), found[0].node if is_position else node, "position" if is_position else "")


def _rows(scores: Iterable[Score]) -> frozenset[Rows]:
    return frozenset().union(*(one.rows for one in scores))


def added(scope: Scope, name: str, score: Score) -> None:
    """Add a score to the list or dict of this name."""
    before = scope.names.get(name)
    scope.names[name] = Score(score.rows | before.rows, before.node) if isinstance(before, Score) else score


def bound(scope: Scope, name: str, score: Score) -> Score:
    """Report a choice that is bound to a name, and return the value of the name."""
    if score.what == "position" or (score.what == "best" and _BEST.search(name.casefold())):
        scope.events.chosen(score, name, scope.cell, is_sure=not scope.is_uncalled)
    return score if score.what == "sorted" else replace(score, what="")


def item_of(score: Score, key: ast.expr) -> Score:
    """Return what a subscript takes of scores: the best one, if they are sorted and it is the first or the last."""
    if score.what == "sorted":
        is_end = isinstance(key, ast.Constant | ast.UnaryOp) and ast.unparse(key) in {"0", "-1"}
        return replace(score, what="best" if is_end else "")
    return score


def compared(scope: Scope, node: ast.If) -> None:
    """Report ``if score > best: best, best_model = score, model`` within a loop."""
    test = node.test
    if not scope.loops or not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return
    if not isinstance(test.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE):
        return
    for given, kept in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
        score = scope.names.get(dotted(given))
        if isinstance(score, Score) and dotted(kept) and _keeps(node.body, dotted(kept), given):
            scope.events.chosen(replace(score, node=test), dotted(kept), scope.cell, is_sure=not scope.is_uncalled)


def _keeps(body: Sequence[ast.stmt], name: str, given: ast.expr) -> bool:
    """Return whether statements bind *name* to what was compared, and something else or a name such as ``best``."""
    bound: dict[str, str] = {}
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                pairs = [(target, statement.value)]
                if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                    pairs = list(zip(target.elts, statement.value.elts, strict=False))
                bound.update({dotted(one): ast.unparse(value) for one, value in pairs if dotted(one)})
    is_kept = bound.get(name) == ast.unparse(given)
    return is_kept and (len(bound) > 1 or bool(_BEST.search(name.casefold())))
