"""``python -m benchmarks.interval_coverage``: how often the intervals contain the true value, over 2,000 test sets.

The true value is that of a very large test set. Nominal is 95 %. The classes of a test set are drawn too, or have fixed
numbers of rows; resamples are drawn in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator

    from mlmagic.evaluation.measures.measure import Measure

_ROUNDS = 2000
_ROWS = 500
_TRUE_ROWS = 2_000_000
_CLASSIFICATION = ("accuracy", "precision", "recall", "f1", "mcc", "roc_auc", "average_precision", "brier")
_REGRESSION = ("r2", "rmse", "mae", "median_absolute_error")


def classification(rng: Generator, rows: int) -> dict[str, Measure]:
    """Return the measures of a test set of two classes, about a third of it positive."""
    return _of_classes(rng, (rng.random(rows) < 1 / 3).astype(int))


def fixed_classes(rng: Generator, rows: int) -> dict[str, Measure]:
    """Return the same of a test set of which a third is positive."""
    import numpy as np

    return _of_classes(rng, (np.arange(rows) < rows // 3).astype(int))


def _of_classes(rng: Generator, true) -> dict[str, Measure]:
    import numpy as np

    from mlmagic.evaluation.measures import classification as measures

    score = 1 / (1 + np.exp(-(1.6 * true - 1.1 + rng.normal(size=len(true)))))
    found = [
        *measures.of_classes(true, (score >= 0.5).astype(int), 2, 1),
        *measures.of_ranking(true == 1, score),
        *measures.of_probabilities(true, np.column_stack([1 - score, score]), 1),
    ]
    return {one.name: one for one in found if one.name in _CLASSIFICATION}


def regression(rng: Generator, rows: int) -> dict[str, Measure]:
    """Return the measures of a test set of numbers with normal errors."""
    return _of_errors(rng.normal(size=rows), 0.5 * rng.normal(size=rows))


def heavy_tails(rng: Generator, rows: int) -> dict[str, Measure]:
    """Return the same with a few large errors, of which a test set may have none: intervals are too narrow then."""
    return _of_errors(rng.normal(size=rows), 0.5 * rng.standard_t(5, size=rows))


def _of_errors(true, errors) -> dict[str, Measure]:
    from mlmagic.evaluation.measures.regression import of_numbers

    return {one.name: one for one in of_numbers(true, 0.8 * true + errors) if one.name in _REGRESSION}


def coverage(make, *, stratified: bool, rounds: int = _ROUNDS, rows: int = _ROWS) -> dict[str, float]:
    """Return the share of *rounds* test sets whose interval contains the true value, for each metric."""
    import numpy as np

    from mlmagic.evaluation.statistics.intervals import interval_of, resample
    from mlmagic.evaluation.statistics.resampling import plan

    whole = make(np.random.default_rng(0), _TRUE_ROWS)
    ones = np.ones((_TRUE_ROWS, 1))
    true = {name: float(one.finish(one.summary.of(ones))[0]) for name, one in whole.items()}
    covered = dict.fromkeys(true, 0)
    classes = np.arange(rows) < rows // 3 if stratified else None
    for number in range(1, rounds + 1):
        measures = make(np.random.default_rng(number), rows)
        found = resample(plan(rows, classes=classes, resamples=1000, seed=number), measures)
        for name, one in found.items():
            covered[name] += true[name] in interval_of(one)
    return {name: count / rounds for name, count in covered.items()}


def main() -> None:
    for make, stratified in ((classification, False), (fixed_classes, True), (regression, False), (heavy_tails, False)):
        for name, share in coverage(make, stratified=stratified).items():
            mark = "" if 0.93 <= share <= 0.97 else "  outside 93 to 97 %"
            print(f"{make.__name__:>15}  {name:<22} {share:.1%}{mark}")


if __name__ == "__main__":
    main()
