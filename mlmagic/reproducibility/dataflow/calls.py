"""Calls: splits, cross-validations, estimators and their methods, methods of data, functions of the notebook."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility import library_names as known
from mlmagic.reproducibility.cells import EVALUATE, SPLIT
from mlmagic.reproducibility.dataflow import estimators
from mlmagic.reproducibility.dataflow.scope import dotted, joined
from mlmagic.reproducibility.dataflow.values import (
    Columns,
    Data,
    Estimator,
    FoldData,
    Function,
    Grouped,
    Index,
    Rows,
    Several,
    Statistic,
)

if TYPE_CHECKING:
    from mlmagic.reproducibility.dataflow.scope import Scope
    from mlmagic.reproducibility.dataflow.values import Side, Value

_STATISTICS = frozenset(
    {"mean", "std", "var", "median", "quantile", "min", "max", "mode", "nanmean", "nanstd", "nanmedian"}
)
_FILTERS = frozenset(
    {"dropna", "drop_duplicates", "query", "sample", "head", "tail", "nlargest", "nsmallest", "take", "filter"}
)
_GROUPS = frozenset({"groupby", "rolling", "expanding", "ewm", "resample"})
_SAVES = frozenset({"log_model", "dump", "save_model"})
_COLUMN_LISTS = frozenset({"tolist", "to_list", "drop", "difference", "union", "intersection", "list", "sorted"})
_TRAIN_TEST_SPLIT = frozenset({"train_test_split"})
_OWN_SPLITS = frozenset({SPLIT, "mlmagic.split"})
_BY_FOLDS = frozenset({"mlmagic.folds", "mlmagic.cross_validate"})
_JUDGES = frozenset({EVALUATE, "mlmagic.evaluate"})


class Calls:
    """Interprets calls in a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def value(self, node: ast.Call) -> Value:
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
        made = estimators.constructed(scope, node)
        if made is not None:
            self._arguments(node)
            return made
        if name in _SAVES:
            self._saved(node)
        if isinstance(node.func, ast.Attribute) and not path.startswith("numpy."):
            receiver = scope.value(node.func.value)
            if (found := self._method(node, receiver, node.func.attr)) is not _NOT_A_METHOD:
                return found
        return self._function(node, path, name)

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
                parts[id(data.rows)] = tuple(Rows("side", data.rows, side) for side in sides)
            found += [Data(rows, data.fits) for rows in parts[id(data.rows)]]
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
                scope.events.judged(data, of_model, "evaluate", scope.cell, node.lineno)
            else:
                shown = path if path in _BY_FOLDS else name
                scope.events.divided(data, shown, scope.cell, node.lineno)
        return FoldData(data or Data(Rows("whole"))) if path == "mlmagic.folds" else None

    def _random_split(self, node: ast.Call) -> Value:
        data = self._scope.as_data(node.args[0]) if node.args else None
        if data is None:
            return None
        self._scope.events.divided(data, "random_split", self._scope.cell, node.lineno)
        return Several(tuple(Data(Rows("side", data.rows, side), data.fits) for side in ("train", "test", "test")))

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
            case Columns():
                return receiver if name in _COLUMN_LISTS else None
            case Grouped():
                return self._of_groups(node, receiver, name)
            case Data():
                if name in {"fit", "fit_transform", "score", "predict", "predict_proba", "evaluate"}:
                    return self._of_unknown_model(node, name)
                return self._of_data(node, receiver, name)
            case None if name in {"fit", "score", "predict", "predict_proba", "evaluate"}:
                return self._of_unknown_model(node, name)
        return _NOT_A_METHOD

    def _of_unknown_model(self, node: ast.Call, name: str) -> Value:
        data = self._scope.as_data(node.args[0]) if node.args else None
        self._arguments(node)
        if data is not None:
            self._scope.events.judged(data, None, name, self._scope.cell, node.lineno)
        return data if name == "fit_transform" else None

    def _of_data(self, node: ast.Call, data: Data, name: str) -> Value:
        """Return what a method of a table or array returns."""
        given = self._arguments(node)
        if name in _STATISTICS:
            return data if _is_by_row(node) else Statistic(name, data.rows, node)
        if name in _GROUPS:
            return Grouped(data, name == "groupby")
        if name in _FILTERS:
            keeps = name == "filter" or (name == "dropna" and _is_by_row(node))
            result: Value = data if keeps else Data(Rows("part", data.rows), data.fits)
        elif name == "select_dtypes":
            result = data
        elif name == "keys":
            result = Columns()
        else:
            result = joined([data, *given]) if name in {"join", "assign", "merge", "concat"} else data
            statistics = [one for one in given if isinstance(one, Statistic)]
            if (
                statistics
                and name in {"fillna", "sub", "div", "replace", "where", "map", "clip"}
                and isinstance(result, Data)
            ):
                result = self.shaped(result, statistics[0], node)
        if any(
            one.arg == "inplace" and isinstance(one.value, ast.Constant) and one.value.value for one in node.keywords
        ):
            self._replace(node, result)
        return result

    def _replace(self, node: ast.Call, result: Value) -> None:
        """Bind the name of a table that a method changes in place."""
        if isinstance(node.func, ast.Attribute):
            base = node.func.value
            target = base if dotted(base) in self._scope.names or isinstance(base, ast.Subscript) else None
            if target is not None and isinstance(result, Data):
                self._scope.bind(target, result)

    def _of_groups(self, node: ast.Call, grouped: Grouped, name: str) -> Value:
        """Return what a method of ``groupby`` returns: the mean of the target by group is learned from the targets."""
        self._arguments(node)
        of_target = grouped.by_group and grouped.column in self._scope.targets
        if of_target and name in _STATISTICS:
            return Statistic(name, grouped.data.rows, node, of_target=True)
        if of_target and name == "transform" and node.args and isinstance(node.args[0], ast.Constant):
            statistic = Statistic(str(node.args[0].value), grouped.data.rows, node, of_target=True)
            return self.shaped(grouped.data, statistic, node)
        if name in {"transform", "apply", "agg", *_STATISTICS}:
            return grouped.data
        return Grouped(grouped.data, by_group=False)  # such as `shift`, of which a mean is one of earlier rows

    def _function(self, node: ast.Call, path: str, name: str) -> Value:  # noqa: PLR0911  # a kind of function each
        """Return what a function returns: one of the notebook is interpreted, another passes its data on."""
        scope = self._scope
        function = scope.names.get(dotted(node.func)) if isinstance(node.func, ast.Name) else None
        if isinstance(function, Function):
            has_stars = any(isinstance(one, ast.Starred) for one in node.args)
            given = [] if has_stars else [scope.value(one) for one in node.args]
            named = {one.arg: scope.value(one.value) for one in node.keywords if one.arg is not None}
            return scope.call(function, given, named)
        given = self._arguments(node)
        data = joined(given)
        if path.startswith("numpy.") and name in _STATISTICS and data is not None:
            return data if _is_by_row(node) else Statistic(name.removeprefix("nan"), data.rows, node)
        if any(isinstance(one, Columns) for one in given[:1]) and data is None and name in _COLUMN_LISTS:
            return Columns()
        if path in {"sklearn.base.clone", "copy.deepcopy", "copy.copy"} and given and isinstance(given[0], Estimator):
            return Estimator(given[0].what, given[0].kind, given[0].made)
        if name in {"enumerate", "tqdm", "list", "iter"} and given and isinstance(given[0], FoldData):
            return given[0]
        if data is not None and name in {"concat", "concatenate", "vstack", "append"} and not _is_by_row(node):
            return Data(Rows("unknown"), data.fits)
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


def _is_by_row(node: ast.Call) -> bool:
    """Return whether a call works along rows: ``axis=1``."""
    axis = next((one.value for one in node.keywords if one.arg == "axis"), None)
    if isinstance(axis, ast.UnaryOp):
        return True  # axis=-1
    return isinstance(axis, ast.Constant) and axis.value in {1, "columns"}


def _loads(path: str, name: str) -> bool:
    """Return whether a function reads data: ``load_iris``, ``pd.read_csv``."""
    return name.startswith(("load_", "fetch_", "read_", "make_")) or path in {"numpy.load", "numpy.loadtxt"}
