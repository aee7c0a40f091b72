"""The intervals of metrics, beside SciPy's, and how often they cover."""

import inspect
import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from mlmagic.evaluation.measures.classification import of_classes, of_ranking
from mlmagic.evaluation.measures.measure import Measure
from mlmagic.evaluation.measures.regression import of_numbers
from mlmagic.evaluation.statistics.intervals import interval_of, resample, share_interval
from mlmagic.evaluation.statistics.resampling import SEED, plan
from mlmagic.evaluation.statistics.summaries import ByRows, Sums


def _generator():
    """Return the argument of SciPy's bootstrap, which release 1.15 renamed."""
    name = "rng" if "rng" in inspect.signature(stats.bootstrap).parameters else "random_state"
    return {name: np.random.default_rng(SEED)}


def _labels(rows, seed=0, wrong=0.2):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, rows)
    return true, np.where(rng.random(rows) < wrong, rng.integers(0, 3, rows), true)


def _scipy(function, *samples, resamples=400):
    """Return SciPy's interval of a function of the positions of rows; each sample is a stratum."""

    def statistic(*rows, axis=-1):
        return np.apply_along_axis(function, axis, np.concatenate(np.broadcast_arrays(*rows), axis=axis))

    return stats.bootstrap(samples, statistic, n_resamples=resamples, method="BCa", vectorized=False, **_generator())


def test_intervals_of_metrics_are_scipys():
    true, predicted = _labels(60)
    measures = {one.name: one for one in of_classes(true, predicted, 3, None)}
    found = resample(plan(60, resamples=400), measures)
    for name, function in {
        "accuracy": metrics.accuracy_score,
        "mcc": metrics.matthews_corrcoef,
        "f1_macro": lambda y, p: metrics.f1_score(y, p, average="macro"),
    }.items():
        wanted = _scipy(lambda rows, f=function: f(true[rows], predicted[rows]), np.arange(60))
        got = interval_of(found[name])
        assert got.method == "BCa"
        assert np.abs(found[name].distribution - wanted.bootstrap_distribution).max() < 1e-9
        assert (got.low, got.high) == pytest.approx(tuple(wanted.confidence_interval), abs=1e-9)


def test_intervals_of_rankings_and_numbers_are_scipys():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 2, 50)
    scores = np.round(true + rng.normal(size=50), 1)  # with ties
    target, predicted = rng.normal(size=50), rng.normal(size=50)
    cases = [
        (of_ranking(true == 1, scores), "roc_auc", lambda r: metrics.roc_auc_score(true[r], scores[r])),
        (
            of_ranking(true == 1, scores),
            "average_precision",
            lambda r: metrics.average_precision_score(true[r], scores[r]),
        ),
        (of_numbers(target, predicted), "r2", lambda r: metrics.r2_score(target[r], predicted[r])),
        (
            of_numbers(target, predicted),
            "median_absolute_error",
            lambda r: metrics.median_absolute_error(target[r], predicted[r]),
        ),
    ]
    for measures, name, function in cases:
        one = next(measure for measure in measures if measure.name == name)
        got = interval_of(resample(plan(50, resamples=400), {name: one})[name])
        wanted = _scipy(function, np.arange(50))
        assert (got.low, got.high) == pytest.approx(tuple(wanted.confidence_interval), abs=1e-9), name


def test_stratified_intervals_are_scipys_of_several_samples():
    true, predicted = _labels(70, seed=2)
    measure = next(iter(of_classes(true, predicted, 3, None)))
    got = interval_of(resample(plan(70, classes=true, resamples=400), {"accuracy": measure})["accuracy"])
    strata = [np.flatnonzero(true == code) for code in range(3)]

    def statistic(a, b, c):
        rows = np.concatenate([a, b, c])
        return np.mean(true[rows] == predicted[rows])

    wanted = stats.bootstrap(
        strata, statistic, n_resamples=400, method="BCa", vectorized=False, **_generator()
    )  # fmt: skip
    assert (got.low, got.high) == pytest.approx(tuple(wanted.confidence_interval), abs=1e-9)


def test_each_metric_is_scikit_learns_on_each_resample():
    true, predicted = _labels(40, seed=3, wrong=0.6)
    measures = {one.name: one for one in of_classes(true, predicted, 3, None)}
    resampling = plan(40, resamples=50)
    found = resample(resampling, measures)
    weights = np.hstack(list(resampling.weights()))
    functions = {
        "accuracy": metrics.accuracy_score,
        "precision_macro": lambda y, p: metrics.precision_score(y, p, average="macro", zero_division=0),
        "recall_macro": lambda y, p: metrics.recall_score(y, p, average="macro", zero_division=0),
        "f1_macro": lambda y, p: metrics.f1_score(y, p, average="macro", zero_division=0),
        "f1_weighted": lambda y, p: metrics.f1_score(y, p, average="weighted", zero_division=0),
        "mcc": metrics.matthews_corrcoef,
    }
    for name, function in functions.items():
        for column, value in zip(weights.T, found[name].distribution, strict=True):
            rows = np.repeat(np.arange(40), column.astype(int))
            assert value == pytest.approx(function(true[rows], predicted[rows]), abs=1e-12), name


def test_whole_groups_are_drawn():
    groups = np.repeat(["a", "b", "c", "d"], 5)
    weights = np.hstack(list(plan(20, groups=groups, resamples=30).weights()))
    for start in range(0, 20, 5):
        assert (weights[start : start + 5] == weights[start]).all()
    assert weights.sum() == 30 * 20


def test_groups_widen_the_interval_of_rows_that_repeat_each_other():
    rng = np.random.default_rng(4)
    right = np.repeat(rng.random(30) < 0.7, 10).astype(float)
    mean = Measure("mean", Sums(np.column_stack([np.ones(300), right])), lambda sums: sums[1] / sums[0])
    by_row = interval_of(resample(plan(300), {"mean": mean})["mean"])
    by_group = interval_of(resample(plan(300, groups=np.repeat(np.arange(30), 10)), {"mean": mean})["mean"])
    assert by_group.high - by_group.low > 2 * (by_row.high - by_row.low)


def test_a_functions_interval_is_that_of_the_metric():
    true, predicted = _labels(90, seed=5)
    measure = next(iter(of_classes(true, predicted, 3, None)))
    function = Measure("own", ByRows(lambda rows: float(np.mean(true[rows] == predicted[rows]))), lambda values: values)
    found = resample(plan(90, classes=true), {"accuracy": measure, "own": function})
    assert np.allclose(found["own"].distribution, found["accuracy"].distribution)
    assert interval_of(found["own"]).low == pytest.approx(interval_of(found["accuracy"]).low, abs=0.02)


def test_the_numbers_are_the_same_each_time_and_leave_the_global_state_alone():
    true, predicted = _labels(50)
    measures = {one.name: one for one in of_classes(true, predicted, 3, None)}
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    first = interval_of(resample(plan(50, classes=true), measures)["mcc"])
    assert (np.random.get_state()[1] == before).all()
    np.random.seed(8)
    assert interval_of(resample(plan(50, classes=true), measures)["mcc"]) == first


def test_where_all_resamples_are_alike_no_interval_is_claimed():
    true = np.zeros(10, dtype=int)
    measure = next(iter(of_classes(true, true, 2, 1)))
    found = interval_of(resample(plan(10), {"accuracy": measure})["accuracy"])
    assert (found.method, found.is_known) == ("none", False)
    assert "same value" in found.note
    exact = share_interval(10, 10)
    wanted = stats.binomtest(10, 10).proportion_ci(0.95, method="exact")
    assert (exact.low, exact.high, exact.method) == (wanted.low, wanted.high, "exact")


def test_percentiles_stand_in_where_some_resamples_have_no_value():
    true = np.array([1] + [0] * 9)
    auc = next(iter(of_ranking(true == 1, np.arange(10.0) % 7)))
    found = interval_of(resample(plan(10), {"roc_auc": auc})["roc_auc"])
    assert found.method == "percentile"
    assert "resamples have no value" in found.note


@pytest.mark.parametrize("share", [0.7, 0.9])
def test_intervals_cover_the_true_value(share):
    """A small simulation; `benchmarks/coverage.py` runs the long one."""
    covered, rounds = 0, 200
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        right = (rng.random(200) < share).astype(float)
        mean = Measure("mean", Sums(np.column_stack([np.ones(200), right])), lambda sums: sums[1] / sums[0])
        covered += share in interval_of(resample(plan(200, resamples=500), {"mean": mean})["mean"])
    assert 0.90 <= covered / rounds <= 0.99


def test_an_interval_that_is_not_known_contains_nothing():
    found = interval_of(resample(plan(5), {"x": Measure("x", Sums(np.ones((5, 1))), lambda sums: sums[0])})["x"])
    assert math.isnan(found.low)
    assert 1.0 not in found
