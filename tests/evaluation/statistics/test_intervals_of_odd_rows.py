"""Intervals where rows are few, alike, in groups or skewed; SciPy's where it has the same."""

import inspect
import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from mlmagic.evaluation.measures.measure import Measure
from mlmagic.evaluation.measures.regression import of_numbers
from mlmagic.evaluation.statistics.intervals import Interval, Resampled, interval_of, resample, share_interval
from mlmagic.evaluation.statistics.resampling import SEED, plan
from mlmagic.evaluation.statistics.summaries import Sums


def mean_of(values):
    return Measure("mean", Sums(np.column_stack([np.ones(len(values)), values])), lambda sums: sums[1] / sums[0])


def interval(measure, **options):
    [found] = resample(plan(len(measure.summary.features), **options), {"one": measure}).values()
    return interval_of(found)


def made(distribution, value=0.5, left_out=((0.1, 0.2, 0.9),)):
    return Resampled(value, np.array(distribution, dtype=float), tuple(np.array(one) for one in left_out))


def scipy_interval(rows, function, confidence, resamples):
    name = "rng" if "rng" in inspect.signature(stats.bootstrap).parameters else "random_state"
    found = stats.bootstrap(
        (np.arange(rows),), function, n_resamples=resamples, method="BCa", vectorized=False,
        confidence_level=confidence, **{name: np.random.default_rng(SEED)},
    )  # fmt: skip
    return tuple(found.confidence_interval)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize("shape", ["even", "skewed", "few values"])
def test_the_interval_of_a_mean_is_scipys(confidence, shape):
    rng = np.random.default_rng(3)
    values = {
        "even": rng.normal(size=25),
        "skewed": rng.exponential(size=25) ** 2,
        "few values": rng.integers(0, 3, 25),
    }
    sample = values[shape].astype(float)
    [found] = resample(plan(25, resamples=300), {"mean": mean_of(sample)}).values()
    got = interval_of(found, confidence)
    wanted = scipy_interval(25, lambda rows: sample[rows].mean(), confidence, 300)
    assert (got.low, got.high) == pytest.approx(wanted, abs=1e-12)
    assert (got.method, got.confidence) == ("BCa", confidence)


def test_the_interval_of_groups_is_that_of_their_own_bootstrap():
    rng = np.random.default_rng(4)
    groups, values = np.repeat(np.arange(8), 3), rng.normal(size=24)
    [found] = resample(plan(24, groups=groups, resamples=300), {"mean": mean_of(values)}).values()
    got = interval_of(found)
    means = values.reshape(8, 3).mean(axis=1)  # all groups are equally large: the mean is that of their means
    wanted = scipy_interval(8, lambda drawn: means[drawn].mean(), 0.95, 300)
    assert (got.low, got.high) == pytest.approx(wanted, abs=1e-12)


def test_targets_that_are_nearly_all_alike_have_an_r2_that_is_scikit_learns_on_each_resample():
    true = np.array([0.7] * 9 + [31.3])
    predicted = true + np.array([0.1, -0.1] * 5)
    r2 = next(iter(of_numbers(true, predicted)))
    resampling = plan(10, resamples=200)
    [found] = resample(resampling, {"r2": r2}).values()
    drawn = np.hstack(list(resampling.weights()))
    lacks = drawn[9] == 0
    assert 0.2 < lacks.mean() < 0.5
    assert set(found.distribution[lacks].tolist()) == {0.0}  # all drawn targets are equal
    for column, value in zip(drawn.T[~lacks], found.distribution[~lacks], strict=True):
        rows = np.repeat(np.arange(10), column.astype(int))
        if len(set(true[rows].tolist())) > 1:
            assert value == pytest.approx(metrics.r2_score(true[rows], predicted[rows]))
    assert interval_of(found).low >= 0


@pytest.mark.parametrize(
    ("found", "method", "note"),
    [
        pytest.param(made([math.nan] * 51 + [0.1, 0.9] * 24 + [0.5]), "none", "51 of 100 resamples have no value", id="most have no value"),
        pytest.param(made([math.nan] * 50 + [0.1, 0.9] * 25), "percentile", "50 of 100 resamples have no value", id="half have none"),
        pytest.param(made([math.nan] + [0.1, 0.9] * 25), "percentile", "1 of 51 resamples have no value", id="one has none"),
        pytest.param(made([math.inf] + [0.1, 0.9] * 25), "percentile", "1 of 51 resamples have no value", id="one is infinite"),
        pytest.param(made([0.1, 0.9] * 25, value=math.nan), "none", "0 of 50 resamples have no value", id="the value itself"),
        pytest.param(made([0.5] * 50), "none", "all resamples have the same value", id="all alike"),
        pytest.param(made([0.5, 0.5 + 1e-14] * 25), "none", "all resamples have the same value", id="alike but for rounding"),
        pytest.param(made([1e15, 1e15 + 1] * 25, value=1e15), "none", "all resamples have the same value", id="large and alike"),
        pytest.param(made([0.1, 0.9] * 25, value=2.0), "percentile", "", id="beyond all resamples"),
        pytest.param(made([0.1, 0.9] * 25, left_out=((0.5, 0.5),)), "percentile", "", id="no row counts more than another"),
        pytest.param(made([0.1, 0.4, 0.9] * 25), "BCa", "", id="the usual"),
    ],
)  # fmt: skip
def test_which_interval_is_told(found, method, note):
    got = interval_of(found)
    assert got.method == method
    assert got.note.startswith(note)
    assert got.note or not note
    assert got.is_known == (method != "none")


def test_percentiles_are_those_of_the_values_that_there_are():
    values = np.linspace(0, 1, 99)
    got = interval_of(made([*values, math.nan]), 0.9)
    assert (got.low, got.high) == pytest.approx(tuple(np.percentile(values, [5, 95])))


def test_a_difference_is_taken_resample_by_resample():
    one = made([0.5, 0.7], value=0.6, left_out=((0.5, 0.6), (0.7,)))
    two = made([0.4, 0.8], value=0.5, left_out=((0.1, 0.2), (0.3,)))
    found = one.minus(two)
    assert found.value == pytest.approx(0.1)
    assert found.distribution == pytest.approx([0.1, -0.1])
    assert [values.tolist() for values in found.left_out] == [pytest.approx([0.4, 0.4]), pytest.approx([0.4])]


def test_a_constant_statistic_has_no_interval():
    got = interval(mean_of(np.full(12, 3.0)), resamples=50)
    assert not got.is_known
    assert "these rows cannot tell how far it may vary" in got.note


@pytest.mark.parametrize(
    ("low", "high", "value", "inside"),
    [(0.1, 0.3, 0.1, True), (0.1, 0.3, 0.3, True), (0.1, 0.3, 0.31, False), (math.nan, math.nan, 0.2, False)],
)
def test_both_ends_belong_to_an_interval(low, high, value, inside):
    assert (value in Interval(low, high, 0.95, "BCa")) == inside


@pytest.mark.parametrize(("low", "high", "known"), [(0, 1, True), (math.nan, 1, False), (0, math.inf, False)])
def test_an_interval_is_known_if_it_has_two_ends(low, high, known):
    assert Interval(low, high, 0.95, "BCa").is_known == known


@pytest.mark.parametrize(("count", "rows"), [(0, 5), (5, 5), (3, 10), (99, 100), (0, 1)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_of_a_share_is_exact(count, rows, confidence):
    got = share_interval(count, rows, confidence)
    wanted = stats.binomtest(count, rows).proportion_ci(confidence, method="exact")
    assert (got.low, got.high, got.method) == (wanted.low, wanted.high, "exact")
    assert count / rows in got
