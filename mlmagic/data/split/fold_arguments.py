"""Checks the arguments of a cross-validation: what stands in another place is one line that shows the right call."""

from __future__ import annotations

import inspect
import numbers
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRUE_AND_PREDICTED = 2
_TABLE = 2
"""The most dimensions of a table; pairs of positions in one array have three."""


def require_order(cv: Any, X: Any, y: Any, what: str) -> None:
    """Require the splitter first, and then rows and their targets.

    Raises
    ------
    UsageProblem
        A splitter stands in the place of the rows, rows in that of the splitter, or y is a column's name.
    """
    later = next((one for one in (X, y) if is_splitter(one)), None)
    if later is not None:
        number = getattr(later, "n_splits", "...")
        raise UsageProblem(f"{what} takes the splitter first: mlmagic.folds({_name(later)}({number}), X, y)")
    if _is_table(cv):
        raise UsageProblem(f"{what} takes a splitter or a number of folds first, then the rows: mlmagic.folds(5, X, y)")
    if isinstance(y, str):
        column = f": X.drop(columns={y!r}), X[{y!r}]" if y in map(str, getattr(X, "columns", ())) else ""
        raise UsageProblem(f"{what}: y is the values, not the name of a column, got {y!r}{column}")


def require_model(model: Any, X: Any, y: Any, what: str) -> None:
    """Require an estimator first, and targets if it needs them.

    Raises
    ------
    UsageProblem
        It is none, it stands in another place, or there is no y.
    """
    call = f"{what}(model, X, y)"
    if isinstance(model, type):
        raise UsageProblem(f"{what}: {_name(model)} is a class: write {_name(model)}(), with the brackets")
    if not hasattr(model, "fit"):
        is_later = any(hasattr(one, "fit") for one in (X, y))
        told = "the model first" if is_later else f"an estimator with a method fit, not {described(model)}"
        raise UsageProblem(f"{what} takes {told}: {call}")
    if y is None and _needs_targets(model):
        raise UsageProblem(f"{what}: {_name(model)} learns from targets, and y is missing: {call}")


def require_known_targets(y: Any, what: str) -> None:
    """Require that no target is missing, unless y is None.

    Raises
    ------
    UsageProblem
        Some are.
    """
    count, rows = _missing_in(y)
    if count:
        raise UsageProblem(
            f"{what}: y is missing (NaN) in {count:,} of {rows:,} rows. Leave them out: known = pd.notna(y), then "
            "X[known] and y[known]"
        )


@guarded(default=(0, 0))
def _missing_in(y: Any) -> tuple[int, int]:
    import numpy as np
    import pandas as pd

    missing = np.asarray(pd.isna(np.asarray(y)) if y is not None else [], dtype=bool)
    rows = missing.any(axis=1) if missing.ndim > 1 else missing
    return int(rows.sum()), missing.shape[0]


@guarded(default=False)
def _needs_targets(model: Any) -> bool:
    tags = getattr(model, "__sklearn_tags__", None)  # since scikit-learn 1.6
    return bool(tags().target_tags.required) if callable(tags) else hasattr(model, "predict")


def require_scoring(scoring: Any, what: str) -> Any:
    """Return *scoring* as scikit-learn takes it.

    Raises
    ------
    UsageProblem
        There is no scorer of such a name, or it is no scorer.
    """
    names = require("sklearn.metrics", what, pip="scikit-learn").get_scorer_names()
    if scoring is None or callable(scoring):
        _require_function(scoring, what)
        return scoring
    if isinstance(scoring, str):
        _require_scorer(scoring, names, what)
        return scoring
    several = list(scoring.values()) if hasattr(scoring, "values") else scoring
    if not isinstance(several, list | tuple | set) or not several:
        raise UsageProblem(
            f"{what}: scoring is a scorer's name, several in a list, a mapping of names to scorers, or a function, "
            f"not {described(scoring)}. For example: scoring=['accuracy', 'f1_macro']"
        )
    for one in several:
        if hasattr(scoring, "values") and callable(one):
            _require_function(one, what)
            continue
        _require_scorer(one, names, what)
    return list(dict.fromkeys(scoring)) if isinstance(scoring, list | tuple | set) else scoring


def _require_scorer(name: Any, names: Iterable[str], what: str) -> None:
    if not isinstance(name, str):
        hint = " Give functions by name: scoring={'cost': function}" if callable(name) else ""
        raise UsageProblem(f"{what}: there is no scorer {described(name)}.{hint or _ALL}")
    if name not in names:
        raise UsageProblem(f"{what}: there is no scorer {name!r}.{did_you_mean(name, names)}{_ALL}")


def _require_function(function: Any, what: str) -> None:
    if _parameters(function) == _TRUE_AND_PREDICTED:
        raise UsageProblem(
            f"{what}: a scorer takes the model, X and y. Of a function of y_true and y_pred, make_scorer of "
            f"sklearn.metrics makes one: scoring=make_scorer({_name(function)})"
        )


@guarded(default=0)
def _parameters(function: Any) -> int:
    """Return how many parameters without a default a function of the user's has."""
    parameters = inspect.signature(function).parameters.values() if inspect.isfunction(function) else ()
    return sum(one.default is one.empty and one.kind is not one.VAR_POSITIONAL for one in parameters)


def require_jobs(jobs: Any, what: str) -> None:
    """Require a number of processes, or None.

    Raises
    ------
    UsageProblem
        It is something else.
    """
    if jobs is not None and (not isinstance(jobs, numbers.Integral) or isinstance(jobs, bool) or jobs == 0):
        raise UsageProblem(
            f"{what}: jobs is a number of processes, such as 4, or -1 for one per processor, not {described(jobs)}"
        )


_ALL = " All: sklearn.metrics.get_scorer_names()"


@guarded(default=False)
def is_splitter(thing: Any) -> bool:
    """Return whether *thing* is a splitter of scikit-learn, or one like it; a tensor and a text have ``split`` too."""
    return hasattr(thing, "split") and hasattr(thing, "get_n_splits")


@guarded(default=False)
def _is_table(thing: Any) -> bool:
    """Return whether *thing* holds rows: no splitter, number, or pairs of positions."""
    if is_splitter(thing) or isinstance(thing, type):
        return False
    if hasattr(thing, "columns") or hasattr(thing, "column_names"):
        return True
    kind = getattr(getattr(thing, "dtype", None), "kind", "O")
    return kind != "O" and 0 < len(thing.shape) <= _TABLE


def _name(thing: Any) -> str:
    return str(getattr(thing, "__name__", type(thing).__name__))
