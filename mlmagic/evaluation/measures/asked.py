"""The metrics that the user asks for: by name, as a scikit-learn scorer, or as a function of truth and prediction."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.metrics import is_scorer
from mlmagic.adapters.optional import require
from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.measures.measure import Measure
from mlmagic.evaluation.measures.metric_functions import function_of
from mlmagic.evaluation.measures.standard import SCORERS, Measures, all_names
from mlmagic.evaluation.statistics.summaries import ByRows
from mlmagic.scalars import as_number
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome

Asked = Mapping[str, Any]
"""What was asked for, by the name under which it is recorded: a metric's name, a scorer, or a function."""
_TASKS = {
    "binary": "two classes",
    "multiclass": "several classes",
    "multilabel": "several labels of a row",
    "regression": "numbers",
}
_SLOW_S = 0.02


def named(metrics: Any) -> dict[str, Any]:
    """Return what was asked for by name: a name, a function or scorer, several, or a mapping of names to these.

    Raises
    ------
    UsageProblem
        Something is neither, a name is no metric's, or one stands twice.

    Examples
    --------
    >>> named(["accuracy", max])
    {'accuracy': 'accuracy', 'max': <built-in function max>}
    """
    if metrics is None:
        return {}
    if isinstance(metrics, Mapping):
        pairs = [(str(name), what) for name, what in metrics.items()]
    else:
        several = list(metrics) if isinstance(metrics, list | tuple | set) else [metrics]
        pairs = [(_name_of(what), what) for what in several]
    found: dict[str, Any] = {}
    for name, what in pairs:
        if name in found:
            raise UsageProblem(f"two metrics are named {name!r}: name them, metrics={{'{name}_2': ...}}")
        if isinstance(what, str):
            _require_name(what)
        elif not callable(what):
            raise UsageProblem(
                f"metrics: {described(what)} is neither a metric's name nor a function. "
                "For example: metrics=['f1', business_cost] with business_cost(y_true, y_pred)"
            )
        found[name] = what
    return found


def _name_of(what: Any) -> str:
    if isinstance(what, str):
        return what
    if is_scorer(what):
        return str(getattr(getattr(what, "_score_func", None), "__name__", "scorer"))
    name = str(getattr(what, "__name__", type(what).__name__))
    return "metric" if name == "<lambda>" else name


def _require_name(name: str) -> None:
    require("sklearn", "mlmagic.evaluate", pip="scikit-learn")
    valid = all_names()
    if name not in valid and name not in SCORERS and "." not in name:
        raise UsageProblem(
            f"there is no metric {name!r}.{did_you_mean(name, valid)} "
            "Give a name of scikit-learn's scorers, or a function: --metric NAME=FUNC"
        )


def measures_asked(asked: Asked, known: Measures, outcome: Outcome, *, model: str, slow_too: bool) -> Iterable[Measure]:
    """Yield the metrics that are *asked* for; ``known.left_out`` gets the reason for each that is left out.

    A function that takes long is computed once, without an interval, unless *slow_too*.
    """
    for name, what in asked.items():
        measure = _by_name(name, what, known) if isinstance(what, str) else None
        if measure is not None:
            yield measure
            continue
        if isinstance(what, str) and (what in known.left_out or SCORERS.get(what, ("",))[0] in known.left_out):
            known.left_out[name] = known.left_out.get(what) or known.left_out[SCORERS[what][0]]
            continue
        if isinstance(what, str) and not _is_scorers_name(what):
            near = did_you_mean(what, known.of)
            known.left_out[name] = (
                f"it is no metric of {_TASKS[outcome.task]}.{near}"
                if near
                else (f"it is no metric of {_TASKS[outcome.task]}")
            )
            continue
        function, direction = function_of(name, what, outcome)
        value, why, seconds = _try(function, len(outcome))
        if why:
            known.left_out[name] = why.format(model=model)
            continue
        known.left_out.pop(name, None)
        if seconds > _SLOW_S and not slow_too:
            yield Measure(name, _Once(value), lambda values: values, direction)
            continue
        yield Measure(name, ByRows(_or_nan(function)), lambda values: values, direction)


def _is_scorers_name(name: str) -> bool:
    from sklearn.metrics import get_scorer_names

    return name in get_scorer_names()


def _by_name(name: str, what: str, known: Measures) -> Measure | None:
    if what in known.of:
        return replace(known.of[what], name=name)
    own, opposite = SCORERS.get(what, ("", False))
    if own not in known.of:
        return None
    return known.of[own].negative(name) if opposite else replace(known.of[own], name=name)


class _Once:
    """A value that is computed once: no other is known on any resample."""

    most_blocks = 1

    def __init__(self, value: float) -> None:
        self._value = value

    def of(self, weights: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        is_whole = weights.shape[1] == 1 and bool((weights == 1).all())
        return np.full(weights.shape[1], self._value if is_whole else math.nan)


def _try(function: Callable[[NDArray[Any]], Any], rows: int) -> tuple[float, str, float]:
    """Return the value on all rows, why there is none, and the seconds that it took."""
    import numpy as np

    began = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = function(np.arange(rows))
    except LookupError as error:
        text = str(error.args[0]) if error.args else ""
        return math.nan, text if "{model}" in text else f"it raised {_braced(one_line(error))}", 0.0
    except BaseException as error:  # noqa: BLE001  # whatever a user's function raises costs only this metric
        reraise_interrupt(error)
        return math.nan, f"it raised {_braced(one_line(error)[:200])}", 0.0
    number = as_number(value)
    if number is None:
        return math.nan, f"it returned {_braced(described(value))}, not a number", 0.0
    if not math.isfinite(number):
        return math.nan, f"its value is {number} on these rows", 0.0
    return number, "", time.perf_counter() - began


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _or_nan(function: Callable[[NDArray[Any]], Any]) -> Callable[[NDArray[Any]], float]:
    """Return *function* with NaN for a resample on which it raises, such as one of a single class."""

    def value(rows: NDArray[Any]) -> float:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                number = as_number(function(rows))
        except BaseException as error:  # noqa: BLE001  # as above
            reraise_interrupt(error)
            return math.nan
        return math.nan if number is None else number

    return value
