"""``python -m benchmarks.gate_errors``: how often the gate promotes a model that is no better, and one that is.

2,000 test sets of 500 rows, for each true difference in accuracy; the two models disagree on about one row in eight.
The gate asks that the 95 % interval of the paired difference lies above 0; the comparison of point estimates stands
beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

_ROUNDS, _ROWS = 2000, 500
_ACCURACY, _DISAGREE = 0.85, 0.12
DIFFERENCES = (0.0, 0.01, 0.02, 0.04, 0.06)


def predictions(rng: Generator, difference: float) -> tuple[NDArray, NDArray, NDArray]:
    """Return labels, and the predictions of a challenger that is better by *difference*, and of a champion."""
    true = rng.integers(0, 2, _ROWS)
    draw = rng.random(_ROWS)
    only_first, only_second = (_DISAGREE + difference) / 2, (_DISAGREE - difference) / 2
    both = _ACCURACY - only_second
    first = (draw < both) | ((draw >= both) & (draw < both + only_first))
    second = (draw < both) | ((draw >= both + only_first) & (draw < both + only_first + only_second))
    return true, true ^ ~first, true ^ ~second


def promoted(difference: float, *, rounds: int = _ROUNDS) -> tuple[float, float]:
    """Return how often the gate promotes the challenger, and how often the better point estimate does."""
    import numpy as np

    from mlmagic.evaluation.measures.classification import of_classes
    from mlmagic.evaluation.statistics.intervals import interval_of, resample
    from mlmagic.evaluation.statistics.resampling import plan

    by_gate = by_point = 0
    for number in range(1, rounds + 1):
        true, first, second = predictions(np.random.default_rng(number), difference)
        how = plan(_ROWS, classes=true, resamples=1000, seed=number)
        scores = []
        for predicted in (first, second):
            accuracy = next(one for one in of_classes(true, predicted, 2, 1) if one.name == "accuracy")
            scores.append(resample(how, {"accuracy": accuracy})["accuracy"])
        found = scores[0].minus(scores[1])
        interval = interval_of(found)
        by_gate += interval.is_known and interval.low > 0
        by_point += found.value > 0
    return by_gate / rounds, by_point / rounds


def main() -> None:
    print(f"{'true difference':>16}  {'gate at 95 %':>13}  {'point estimate':>15}")
    for difference in DIFFERENCES:
        gate, point = promoted(difference)
        print(f"{difference:>16.2f}  {gate:>13.1%}  {point:>15.1%}")


if __name__ == "__main__":
    main()
