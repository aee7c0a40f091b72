"""Estimators: what a call constructs, and what their methods do to data."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility import library_names as known
from mlmagic.reproducibility.dataflow import early_stopping, scores
from mlmagic.reproducibility.dataflow.events import Training
from mlmagic.reproducibility.dataflow.scope import dotted
from mlmagic.reproducibility.dataflow.values import (
    Data,
    Estimator,
    Fit,
    FoldData,
    Function,
    LastFit,
    Predictions,
    Rows,
    Several,
    Statistic,
)

if TYPE_CHECKING:
    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import EstimatorKind, Value

_JUDGES = frozenset({"score", "predict", "predict_proba", "predict_log_proba", "decision_function", "evaluate"})
_KINDS: tuple[tuple[frozenset[str], EstimatorKind], ...] = (
    (known.TRANSFORMERS, "transformer"),
    (known.STATELESS, "stateless"),
    (known.RESAMPLERS, "resampler"),
    (known.SEARCHES, "search"),
    (known.SPLITTERS, "splitter"),
)
_LEARNED = {"transformer": "transformer", "stateless": "stateless", "resampler": "resampler"}
_TRANSDUCTIVE = frozenset({"LabelPropagation", "LabelSpreading", "SelfTrainingClassifier"})
"""Models that are fitted on rows whose targets are hidden."""
_OFFSETS = frozenset({"min", "max"})
"""Statistics that alone are an origin or a unit: ``date - date.min()``, ``pixels / pixels.max()``."""
_LONGEST = 60


def constructed(scope: Scope, node: ast.Call) -> Estimator | None:
    """Return the estimator that a call constructs, None if it constructs none."""
    path = scope.code.path(node.func)
    name = path.rpartition(".")[2]
    made = _expression(node, name)
    for names, kind in _KINDS:
        if known.is_of_library(path, names):
            return Estimator(name, kind, made)
    if known.is_of_library(path, known.COMBINED):
        return Estimator("ColumnTransformer" if "olumn" in name else "FeatureUnion", "transformer", made)
    if known.is_of_library(path, known.PIPELINES):
        return Estimator("a pipeline", _kind_of_pipeline(scope, node), made)
    if known.is_estimator_class(path):
        stops_early = early_stopping.asks_for_it(scope, node)
        return Estimator(name, "model", made, stops_early=stops_early)
    function = scope.names.get(dotted(node.func))
    if isinstance(function, Function) and isinstance(function.node, ast.ClassDef):
        return Estimator(function.node.name, "transformer", made)
    return None


def _kind_of_pipeline(scope: Scope, node: ast.Call) -> EstimatorKind:
    """Return whether a pipeline ends with a transformer or a model; note the estimators that it is composed of."""
    steps = _steps(scope, node)
    for step in steps:
        forget(step)
    scope.events.composed.append({step for step in steps if isinstance(step, Estimator)})
    last = steps[-1] if steps else None
    return last.kind if isinstance(last, Estimator) and last.kind in {"transformer", "stateless"} else "model"


def _steps(scope: Scope, node: ast.Call) -> list[Value]:
    """Return the steps of ``make_pipeline(a, b)`` or ``Pipeline([("a", a), ("b", b)])``."""
    steps = [scope.value(one) for one in node.args]
    given = [scope.value(one.value) for one in node.keywords if one.arg == "steps"]
    if len(steps + given) == 1 and isinstance(listed := (steps + given)[0], Several):
        return [step.items[-1] if isinstance(step, Several) and step.items else step for step in listed.items]
    return steps


def _expression(node: ast.Call, name: str) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _LONGEST and "\n" not in text else f"{name}(…)"


def method(scope: Scope, node: ast.Call, estimator: Estimator, name: str) -> Value:
    """Return the value of a method of an estimator."""
    first = (
        node.args[0]
        if node.args
        else next((one.value for one in node.keywords if one.arg in {"X", "raw_documents"}), None)
    )
    if estimator.kind == "splitter":
        return _split(scope, node, estimator) if name == "split" else None
    data = scope.as_data(first) if first is not None else None
    for other in node.args[1:]:
        scope.value(other)
    if estimator.kind in _LEARNED:
        return _transformed(scope, node, estimator, name, data)
    if name in {"fit", "partial_fit", "fit_predict"}:
        if data is not None:
            _trained(scope, node, estimator, data)
        return estimator if name != "fit_predict" else data
    if name in _JUDGES and data is not None:
        return judged(scope, node, data, estimator, name)
    if name in _JUDGES:
        return None
    return estimator if name.startswith("set_") else data


def judged(scope: Scope, node: ast.Call, data: Data, model: Estimator | None, name: str) -> Value:
    """Return what a model says of rows, or how good it is on them."""
    if name in {"score", "evaluate"}:
        return scores.of_model(scope, node, data, model, name)
    scope.events.judged(data, model, name, scope.cell, node.lineno)
    last_fit = model.last_fit if model is not None else None
    return Predictions(data.rows, model=model, given=data, last_fit=last_fit)


def watched(scope: Scope, node: ast.Call, name: str, *, stops_early: bool) -> None:
    """Report a training that ends by the score of rows that it is given to watch."""
    if (stops_early or early_stopping.asks_for_it(scope, node)) and not scope.is_uncalled:
        for rows in early_stopping.watched_rows(scope, node):
            scope.events.stopped(rows, node, name, scope.cell)


def forget(value: Value) -> None:
    """Forget what models were fitted on: something unknown may fit them too."""
    if isinstance(value, Estimator):
        value.last_fit, value.is_shared = None, True
    elif isinstance(value, Several):
        for item in value.items:
            forget(item)


def _split(scope: Scope, node: ast.Call, splitter: Estimator) -> Value:
    for argument in node.args[:1]:
        if (data := scope.as_data(argument)) is not None:
            by_groups = "Group" in splitter.what or splitter.what == "PredefinedSplit"
            scope.events.divided(data, f"{splitter.what}.split", scope.cell, node.lineno, by_groups=by_groups)
    return FoldData()


def _transformed(scope: Scope, node: ast.Call, estimator: Estimator, name: str, data: Data | None) -> Value:
    """Fit a transformer, apply it, or both."""
    if name in {"fit", "fit_transform", "fit_resample", "partial_fit"}:
        if data is None:  # such as a list of texts
            data = Data(Rows("unknown"))
        if not (name == "partial_fit" and estimator.fit is not None):
            kind = {"transformer": "transformer", "stateless": "stateless"}.get(estimator.kind, "resampler")
            estimator.fit = Fit(estimator.what, data.rows, kind, scope.cell, node, estimator, estimator.made)  # type: ignore[arg-type]  # three of its kinds
            estimator.fitted_rows = data.rows
    if name in {"fit", "partial_fit"} or name.startswith("set_"):
        return estimator
    if data is None or name not in {"transform", "fit_transform", "fit_resample"}:
        return data
    made = data.with_fits(estimator.fit) if estimator.fit is not None else data
    return Several((made, made)) if name == "fit_resample" else made


def _trained(scope: Scope, node: ast.Call, model: Estimator, data: Data) -> None:
    """Fit a model or a search."""
    if model.kind == "search":
        scope.events.divided(data, model.what, scope.cell, node.lineno)
    model.fitted_rows = data.rows
    is_weighted = any(one.arg in {"sample_weight", None} for one in node.keywords)
    is_followed = not model.is_shared and not is_weighted and model.what not in _TRANSDUCTIVE
    model.last_fit = LastFit(data.rows, scope.cell, node, scope.branches) if is_followed else None
    watched(scope, node, model.what, stops_early=model.stops_early)
    scope.events.judged(data, model, "fit", scope.cell, node.lineno)
    before = tuple(fit for fit in data.learned if fit.kind in {"transformer", "stateless"})
    if before:
        scope.events.trainings.append(Training(model, before, scope.cell, node))


def shaped(scope: Scope, data: Data, statistic: Statistic, node: ast.AST) -> Data:
    """Return data that a statistic has changed, which is learned if it is of rows and moves each of them."""
    if statistic.name in _OFFSETS:
        return data
    what = f"the {statistic.name} of a group" if statistic.of_target else f"the {statistic.name} of the columns"
    fit = Fit(what, statistic.rows, "statistic", scope.cell, statistic.node if statistic.of_target else node)
    return data.with_fits(fit)
