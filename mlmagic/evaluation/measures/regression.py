"""Metrics of predicted numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.evaluation.measures.classification import mean_of
from mlmagic.evaluation.measures.measure import Measure
from mlmagic.evaluation.statistics.summaries import Several, Sorted, Sums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_ROUNDING = 1e-12
_ONE, _SQUARED, _ABSOLUTE, _TRUE, _TRUE_SQUARED, _RELATIVE = range(6)


def of_numbers(true: NDArray[Any], predicted: NDArray[Any]) -> Iterator[Measure]:
    """Yield the metrics of one output."""
    import numpy as np

    # So that squares lose no digits, also where one target is far from all others.
    centred = true - np.median(true)
    errors = predicted - true
    relative = np.abs(errors) / np.maximum(np.abs(true), np.finfo(float).eps)
    columns = [np.ones(len(true)), errors**2, np.abs(errors), centred, centred**2, relative]
    summary = Sums(np.column_stack(columns))
    yield Measure("r2", summary, _r2, "max")
    yield Measure("rmse", summary, _rmse, "min")
    yield Measure("mae", summary, partial(mean_of, _ABSOLUTE), "min")
    order = Sorted(np.abs(errors))
    yield Measure("median_absolute_error", order, partial(_median, np.abs(errors)[order.order]), "min")
    yield Measure("mse", summary, partial(mean_of, _SQUARED), "min")
    yield Measure("mape", summary, partial(mean_of, _RELATIVE), "min")


def _r2(sums: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    spread = sums[_TRUE_SQUARED] - sums[_TRUE] ** 2 / sums[_ONE]
    spread = np.where(spread > _ROUNDING * sums[_TRUE_SQUARED], spread, 0.0)  # of drawn rows that are all alike
    # As in scikit-learn: without a spread, 1 if all predictions are exact, else 0.
    exact = (sums[_SQUARED] == 0).astype(float)
    found: NDArray[Any] = np.where(spread > 0, 1 - sums[_SQUARED] / np.where(spread > 0, spread, 1), exact)
    return found


def _rmse(sums: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    found: NDArray[Any] = np.sqrt(mean_of(_SQUARED, sums))
    return found


def _median(ascending: NDArray[Any], cumulated: NDArray[Any]) -> NDArray[Any]:
    """Return the median of the drawn values: the mean of the two in the middle."""
    rows = cumulated[-1]
    last = len(ascending) - 1  # reached if no row is drawn
    lower = (cumulated <= (rows - 1) // 2).sum(axis=0).clip(max=last)
    upper = (cumulated <= rows // 2).sum(axis=0).clip(max=last)
    found: NDArray[Any] = (ascending[lower] + ascending[upper]) / 2
    return found


def of_outputs(true: NDArray[Any], predicted: NDArray[Any], outputs: Sequence[str]) -> Iterator[Measure]:
    """Yield the metrics of several outputs: the mean over the outputs, then each output's own."""
    each = {
        output: {measure.name: measure for measure in of_numbers(true[:, at], predicted[:, at])}
        for at, output in enumerate(outputs)
    }
    for name in each[outputs[0]]:
        parts = [measures[name] for measures in each.values()]
        summary = Several(tuple(part.summary for part in parts))
        yield Measure(name, summary, partial(_mean, parts), parts[0].direction)
    for output, measures in each.items():
        for name, measure in measures.items():
            yield Measure(f"{name}.{output}", measure.summary, measure.finish, measure.direction)


def _mean(parts: list[Measure], found: list[Any]) -> NDArray[Any]:
    total: NDArray[Any] = sum(part.finish(one) for part, one in zip(parts, found, strict=True))  # type: ignore[assignment]
    return total / len(parts)
