"""Categories of many levels: drift is found if it is there, and not where it is not."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

import mlmagic
from mlmagic.monitoring.drift.dependence import neighbour_correlation
from mlmagic.monitoring.drift.sources.values import Levels
from mlmagic.monitoring.drift.statistics.counts import compare_counts
from mlmagic.monitoring.drift.statistics.rare_levels import RareLevels, distance_by_chance

ROUNDS = 60


def counts(rng, levels, rows, *, zipf=False):
    shares = 1 / np.arange(1, levels + 1) if zipf else np.ones(levels)
    drawn = np.searchsorted(np.cumsum(shares) / shares.sum(), rng.random(rows))
    return np.bincount(drawn, minlength=levels)


@pytest.mark.parametrize(("rows", "levels"), [(200, 150), (1000, 500), (20_000, 10_000), (100_000, 50_000)])
def test_disjoint_levels_are_found(rows, levels):
    rng = np.random.default_rng(levels)
    some, none = counts(rng, levels, rows), np.zeros(levels, int)
    found = compare_counts(np.append(some, none), np.append(none, counts(rng, levels, rows // 2)))
    assert found.distance == pytest.approx(1)
    assert found.p < 1e-6


@pytest.mark.parametrize(("rows", "levels"), [(2000, 1000), (20_000, 10_000), (100_000, 50_000)])
def test_new_levels_in_some_rows_are_found_about_as_far_as_they_are(rows, levels):
    rng = np.random.default_rng(levels)
    first = np.append(counts(rng, levels, rows), np.zeros(levels, int))
    second = np.append(counts(rng, levels, rows * 4 // 10), counts(rng, levels, rows // 10))
    found = compare_counts(first, second)
    assert 0.1 < found.distance <= 0.2
    assert found.p < 1e-4


@pytest.mark.parametrize("zipf", [False, True])
@pytest.mark.parametrize("levels", [10, 300, 50_000])
@pytest.mark.parametrize("rows", [(300, 300), (3000, 200)])
def test_levels_that_did_not_drift_raise_no_more_alarms_than_alpha(levels, rows, zipf):
    rng = np.random.default_rng(levels + rows[1])
    p = [compare_counts(*(counts(rng, levels, one, zipf=zipf) for one in rows)).p for _ in range(ROUNDS)]
    for alpha in (0.05, 0.2):
        assert np.mean(np.array(p) < alpha) <= alpha + 3.3 * np.sqrt(alpha * (1 - alpha) / ROUNDS)


@pytest.mark.parametrize(
    ("totals", "few"), [([2] * 60, 30), ([1] * 50 + [3] * 20 + [9] * 5, 40), ([1] * 300 + [30] * 20, 60)]
)
def test_the_p_value_is_that_of_many_permutations(totals, few):
    totals = np.array(totals)
    rng = np.random.default_rng(1)
    drawn = rng.multivariate_hypergeometric(totals, few, size=20_000, method="marginals")
    squares = (drawn**2 / totals).sum(axis=1)
    for counts_of in drawn[np.argsort(squares)[[10_000, 18_000, 19_500, 19_990]]]:
        expected = float((squares >= (counts_of**2 / totals).sum() - 1e-9).mean())
        found = RareLevels(totals).p_value(totals - counts_of, counts_of)
        assert found == pytest.approx(expected, rel=0.5, abs=0.001)


def test_the_distance_by_chance_is_that_of_hypergeometric_counts():
    totals, rows = np.array([1, 1, 2, 3, 5, 8, 40]), (70, 30)
    shares = 100 / (70 * 30 * 2)
    away = [stats.hypergeom(100, one, 30).expect(lambda x, one=one: abs(x - 0.3 * one)) for one in totals]
    variance = [stats.hypergeom(100, one, 30).var() for one in totals]
    spread = np.sqrt(np.sum(np.array(variance) - np.square(away)))
    assert distance_by_chance(totals, rows) == pytest.approx(shares * (np.sum(away) + 2 * spread))


def test_rows_that_are_all_different_tell_nothing():
    found = compare_counts(np.repeat([1, 0], 500), np.repeat([0, 1], 500))
    assert found.distance < 0.005
    assert found.p == 1


def test_a_column_of_new_levels_drifts_and_says_so():
    rng = np.random.default_rng(0)
    first, second = (
        pd.DataFrame({"zip": [f"{side}{at}" for at in rng.integers(0, 500, 1000)], "x": rng.normal(size=1000)})
        for side in ("old", "new")
    )
    report = mlmagic.drift(first, second)
    assert report.drifted == ["zip"]
    column = report.columns["zip"]
    assert column.distance == pytest.approx(1)
    assert column.new_share == 1
    assert 0.5 < column.chance < 0.6
    assert "rare values" in column.note
    same = mlmagic.drift(first, first.assign(zip=rng.permutation([f"old{at}" for at in rng.integers(0, 500, 1000)])))
    assert same.drifted == []
    assert same.columns["zip"].distance < 0.05


def with_zip(rng, levels, rows=600):
    return pd.DataFrame({"zip": rng.integers(0, levels, rows).astype(str), "x": rng.normal(size=rows)})


@pytest.mark.parametrize("levels", [300, 1000, 5000])
def test_a_classifier_learns_nothing_from_rare_levels_that_did_not_drift(levels):
    rng = np.random.default_rng(levels)
    found = [mlmagic.drift(with_zip(rng, levels), with_zip(rng, levels)).multivariate for _ in range(12)]
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.03)
    assert sum(one.p < 0.05 for one in found) <= 4
    assert sum(one.p < 0.01 for one in found) <= 1


def test_ids_that_are_counted_up_tell_nothing():
    first, second = (pd.DataFrame({"id": [f"user {at}" for at in rows]}) for rows in (range(500), range(500, 900)))
    report = mlmagic.drift(first, second)
    assert not report.is_drifted
    assert report.columns["id"].new_share == 1


def test_a_classifier_finds_categories_whose_relation_to_numbers_is_gone():
    rng = np.random.default_rng(2)
    first, second = (with_zip(rng, 40, 1500) for _ in range(2))
    first["x"] += first["zip"].astype(int) % 2 * 3
    second["x"] += rng.integers(0, 2, len(second)) * 3
    report = mlmagic.drift(first, second)
    assert report.drifted == []
    assert report.multivariate.drifted
    assert {name for name, _ in report.multivariate.columns} == {"zip", "x"}


@pytest.mark.parametrize("levels", [300, 1000, 5000])
def test_a_budget_does_not_take_rows_of_many_levels_as_dependent(levels):
    rng = np.random.default_rng(levels)
    report = mlmagic.drift(with_zip(rng, levels), with_zip(rng, levels), budget="1 per month", checks=10)
    assert report.budget.block == 1
    assert report.multivariate is not None


def test_levels_that_stay_for_some_rows_are_dependent_whatever_their_names():
    rng = np.random.default_rng(4)
    names = rng.permutation([f"shop {at}" for at in range(60)])
    first, second = (
        pd.DataFrame({"shop": np.repeat(rng.choice(names, 120), 8), "x": rng.normal(size=960)}) for _ in range(2)
    )
    report = mlmagic.drift(first, second, budget="1 per month", checks=10)
    assert report.budget.block > 1
    assert report.multivariate is None


@pytest.mark.parametrize("levels", [5, 50, 300])
def test_the_dependence_of_levels_does_not_hang_on_the_order_of_their_names(levels):
    rng = np.random.default_rng(7)
    values = lfilter([1], [1, -0.9], rng.normal(size=3200))[200:]
    codes = np.argsort(np.argsort(values)) * levels // len(values)
    found = [
        neighbour_correlation(Levels(place[codes], tuple(map(str, range(levels))), ""))
        for place in (np.arange(levels), rng.permutation(levels))
    ]
    assert all(0.7 < one < 0.97 for one in found)
    alone = neighbour_correlation(Levels(rng.permutation(codes), tuple(map(str, range(levels))), ""))
    assert alone == 0
