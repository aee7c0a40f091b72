"""Calls: splits, cross-validations, estimators and their methods, methods of data, functions of the notebook."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility import library_names as known
from mlmagic.reproducibility.cells import EVALUATE, SPLIT
from mlmagic.reproducibility.dataflow import early_stopping, estimators, scores, stacking, tables
from mlmagic.reproducibility.dataflow.scope import dotted, joined
from mlmagic.reproducibility.dataflow.values import (
    Columns,
    Data,
    Estimator,
    Fit,
    FoldData,
    Function,
    Grouped,
    Index,
    Rows,
    Score,
    Several,
    Statistic,
)

if TYPE_CHECKING:
    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import Side, Value

_SAVES = frozenset({"log_model", "dump", "save_model"})
_RESAMPLES = frozenset({"sklearn.utils.resample"})
_REPEATS = frozenset({"numpy.repeat"})
_SCALES = {
    "sklearn.preprocessing.scale": "StandardScaler()",
    "sklearn.preprocessing.minmax_scale": "MinMaxScaler()",
    "sklearn.preprocessing.maxabs_scale": "MaxAbsScaler()",
    "sklearn.preprocessing.robust_scale": "RobustScaler()",
    "sklearn.preprocessing.quantile_transform": "QuantileTransformer()",
    "sklearn.preprocessing.power_transform": "PowerTransformer()",
    "scipy.stats.zscore": "StandardScaler()",
}
"""Functions that learn from rows what they do to them, and the step of a pipeline that does the same."""
_NEVER_FIT = frozenset({
    "sklearn", "numpy", "pandas", "matplotlib", "seaborn", "joblib", "pickle", "mlflow", "mlmagic", "copy", "print",
    "type", "len", "repr", "str", "display", "getattr", "isinstance", "id", "shap", "plt", "list", "zip", "enumerate",
})  # fmt: skip
"""Modules and functions that do not fit the models that they are given."""
_COLUMN_LISTS = frozenset({"tolist", "to_list", "drop", "difference", "union", "intersection", "list", "sorted"})
_TRAIN_TEST_SPLIT = frozenset({"train_test_split"})
_OWN_SPLITS = frozenset({SPLIT, "mlmagic.split"})
_BY_FOLDS = frozenset({"mlmagic.folds", "mlmagic.cross_validate"})
_JUDGES = frozenset({EVALUATE, "mlmagic.evaluate"})


class Calls:
    """Interprets calls in a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def value(self, node: ast.Call) -> Value:  # noqa: PLR0911  # a kind of call each
        """Return what a call returns, and report what it does."""
        scope = self._scope
        path = scope.code.path(node.func)
        name = path.rpartition(".")[2] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
        if path in _OWN_SPLITS or known.is_of_library(path, _TRAIN_TEST_SPLIT):
            return self._divided(node, path)
        if path in _JUDGES or path in _BY_FOLDS or known.is_of_library(path, known.CROSS_VALIDATIONS):
            return self._judged(node, path, name)
        if path == "torch.utils.data.random_split":
            return self._random_split(node)
        if known.is_of_library(path, known.METRICS):
            return scores.of_metric(scope, node, name)
        if path in early_stopping.TABLES and node.args:
            return scope.as_data(node.args[0])
        made = estimators.constructed(scope, node)
        if made is not None:
            self._arguments(node)
            return made
        if name in _SAVES:
            self._saved(node)
        if name == "append" and self._is_of_list(node):
            scores.appended(scope, dotted(node.func.value), node.args[0])  # type: ignore[attr-defined]  # an attribute
            return None
        if isinstance(node.func, ast.Attribute) and not path.startswith("numpy."):
            receiver = scope.value(node.func.value)
            if (found := self._method(node, receiver, node.func.attr)) is not _NOT_A_METHOD:
                return found
        return self._function(node, path, name)

    def _is_of_list(self, node: ast.Call) -> bool:
        """Return whether a call appends to a list that has a name."""
        name = dotted(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        is_table = isinstance(self._scope.names.get(name), Data) or name in self._scope.code.imported
        return bool(name) and len(node.args) == 1 and not node.keywords and not is_table

    def shaped(self, data: Data, statistic: Statistic, node: ast.AST) -> Data:
        """Return data that a statistic has changed."""
        return estimators.shaped(self._scope, data, statistic, node)

    def _arguments(self, node: ast.Call) -> list[Value]:
        positional = [self._scope.value(one) for one in node.args]
        return [*positional, *(self._scope.value(one.value) for one in node.keywords)]

    def _divided(self, node: ast.Call, path: str) -> Value:
        """Divide each argument into its sides."""
        by = "%split" if path == SPLIT else path.rpartition(".")[2]
        sides: tuple[Side, ...] = ("train", "test", "test") if _has_three_sides(node) else ("train", "test")
        parts: dict[int, tuple[Rows, ...]] = {}
        found: list[Value] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                return None
            data = self._scope.as_data(argument)
            if data is None:
                found += [Index(side) for side in sides]
                continue
            is_target = _is_target(dotted(argument))
            self._scope.events.divided(data, by, self._scope.cell, node.lineno, is_target=is_target)
            if id(data.rows) not in parts:
                sides_of = [Rows("side", data.rows, side, division=(id(node), at)) for at, side in enumerate(sides)]
                parts[id(data.rows)] = tuple(sides_of)
                self._scope.events.held_out += [one for one in sides_of if one.side == "test"]
            found += [data.of(rows) for rows in parts[id(data.rows)]]
        return Several(tuple(found))

    def _judged(self, node: ast.Call, path: str, name: str) -> Value:
        """Report data that a cross-validation divides, or that a model (the first argument) is evaluated with."""
        scope = self._scope
        model = scope.value(node.args[0]) if node.args else None
        given = next((one.value for one in node.keywords if one.arg == "X"), None)
        at = given if given is not None else node.args[1] if len(node.args) > 1 else None
        data = scope.as_data(at) if at is not None else None
        if data is not None:
            if path in _JUDGES:
                of_model = model if isinstance(model, Estimator) else None
                return scores.of_model(scope, node, data, of_model, "evaluate")
            shown = path if path in _BY_FOLDS else name
            by_groups = any(one.arg in {"groups", None} for one in node.keywords)
            scope.events.divided(data, shown, scope.cell, node.lineno, by_groups=by_groups)
        return FoldData(data or Data(Rows("whole"))) if path == "mlmagic.folds" else scores.unknown(node)

    def _random_split(self, node: ast.Call) -> Value:
        data = self._scope.as_data(node.args[0]) if node.args else None
        if data is None:
            return None
        self._scope.events.divided(data, "random_split", self._scope.cell, node.lineno)
        return Several(tuple(data.of(Rows("side", data.rows, side)) for side in ("train", "test", "test")))

    def _saved(self, node: ast.Call) -> None:
        """Note the estimators that are written to a file or logged."""
        for value in self._arguments(node):
            if isinstance(value, Estimator):
                self._scope.events.saved.add(value)

    def _method(self, node: ast.Call, receiver: Value, name: str) -> Value:  # noqa: PLR0911  # a kind of value each
        """Return what a method of a known value returns, `_NOT_A_METHOD` if the value is not known."""
        scope = self._scope
        match receiver:
            case Estimator():
                return estimators.method(scope, node, receiver, name)
            case Score():
                return scores.of_method(node, receiver, name, self._arguments(node))
            case Columns():
                return receiver if name in _COLUMN_LISTS else None
            case Grouped():
                return tables.of_groups(scope, node, receiver, name)
            case Data():
                if name in {"fit", "fit_transform", "score", "predict", "predict_proba", "evaluate"}:
                    return self._of_unknown_model(node, name)
                return tables.method(scope, node, receiver, name)
            case None if name in {"fit", "score", "predict", "predict_proba", "evaluate"}:
                return self._of_unknown_model(node, name)
            case None if name in tables.OF_TABLES and (data := self._table(node.func)) is not None:
                return tables.method(scope, node, data, name)
            case None if name in tables.USE_STATISTICS and self._has_statistic(node):
                data = scope.as_data(node.func.value) if isinstance(node.func, ast.Attribute) else None
                return tables.method(scope, node, data, name) if data is not None else None
        return _NOT_A_METHOD

    def _table(self, method: ast.expr) -> Data | None:
        """Return the table of a method that tables alone have, if it is a name of the notebook."""
        base = method.value if isinstance(method, ast.Attribute) else None
        if not isinstance(base, ast.Name) or base.id in self._scope.code.imported or base.id in self._scope.code.own:
            return None
        return self._scope.as_data(base)

    def _has_statistic(self, node: ast.Call) -> bool:
        return any(isinstance(self._scope.value(one), Statistic) for one in node.args)

    def _of_unknown_model(self, node: ast.Call, name: str) -> Value:
        data = self._scope.as_data(node.args[0]) if node.args else None
        for value in self._arguments(node):
            estimators.forget(value)
        if name == "fit":
            estimators.watched(self._scope, node, "the model", stops_early=False)
        if data is None or name in {"fit", "fit_transform"}:
            if data is not None:
                self._scope.events.judged(data, None, name, self._scope.cell, node.lineno)
            return data if name == "fit_transform" else None
        return estimators.judged(self._scope, node, data, None, name)

    def _function(self, node: ast.Call, path: str, name: str) -> Value:  # noqa: PLR0911, PLR0912  # a kind of function each
        """Return what a function returns: one of the notebook is interpreted, another passes its data on."""
        scope = self._scope
        function = scope.names.get(dotted(node.func)) if isinstance(node.func, ast.Name) else None
        if isinstance(function, Function):
            has_stars = any(isinstance(one, ast.Starred) for one in node.args)
            given = [] if has_stars else [scope.value(one) for one in node.args]
            named = {one.arg: scope.value(one.value) for one in node.keywords if one.arg is not None}
            return scope.call(function, given, named)
        if path in _RESAMPLES:
            return stacking.resampled(scope, node)
        if path in _SCALES and node.args:
            scope.as_data(node.args[0])
        given = self._arguments(node)
        if (score := scores.of_function(scope, node, name, given)) is not None and not isinstance(function, Function):
            return score
        if path.partition(".")[0] not in _NEVER_FIT:
            for value in given:
                estimators.forget(value)
        if path in early_stopping.TRAININGS:
            estimators.watched(scope, node, name, stops_early=False)
        data = joined(given)
        if path.startswith("numpy.") and name in tables.STATISTICS and data is not None:
            return data if tables.is_by_row(node) else Statistic(name.removeprefix("nan"), data.rows, node)
        if any(isinstance(one, Columns) for one in given[:1]) and data is None and name in _COLUMN_LISTS:
            return Columns()
        if path in {"sklearn.base.clone", "copy.deepcopy", "copy.copy"} and given and isinstance(given[0], Estimator):
            return Estimator(given[0].what, given[0].kind, given[0].made)
        if name in {"enumerate", "tqdm", "list", "iter"} and given and isinstance(given[0], FoldData):
            return given[0]
        if path in _REPEATS and (again := stacking.repeated(scope, node)) is not None:
            return again
        if name in stacking.STACKS and (below := stacking.stacked(scope, node, name, given)) is not None:
            return below
        if data is not None and path in _SCALES and isinstance(given[0], Data) and not tables.is_by_row(node):
            return given[0].with_fits(Fit(name, given[0].rows, "transformer", scope.cell, node, None, _SCALES[path]))
        if data is not None:
            return data
        return Data(Rows("whole")) if _loads(path, name) else None


_NOT_A_METHOD: Value = Several(())
"""Says that a value has no such method that is known."""


def _is_target(name: str) -> bool:
    """Return whether a name is that of a target."""
    return name == "y" or name.startswith(("y_", "target", "label"))


def _has_three_sides(node: ast.Call) -> bool:
    """Return whether a split of mlmagic has a validation set too."""
    val = next((one.value for one in node.keywords if one.arg == "val"), None)
    return val is not None and not (isinstance(val, ast.Constant) and not val.value)


def _loads(path: str, name: str) -> bool:
    """Return whether a function reads data: ``load_iris``, ``pd.read_csv``."""
    return name.startswith(("load_", "fetch_", "read_", "make_")) or path in {"numpy.load", "numpy.loadtxt"}
