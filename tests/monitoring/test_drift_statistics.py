"""Tests and distances of two samples, beside SciPy's."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from mlmagic.monitoring.drift.statistics.correction import corrected
from mlmagic.monitoring.drift.statistics.counts import compare_counts, pool, two_shares
from mlmagic.monitoring.drift.statistics.samples import compare_numbers, ks_p_value
from mlmagic.monitoring.drift.statistics.shares import jensen_shannon, stability_index, total_variation


def samples(rng, rows, *, ties, shift):
    first, second = rng.normal(size=rows[0]), rng.normal(shift, 1, rows[1])
    return (first.round(1), second.round(1)) if ties else (first, second)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("shift", [0.0, 0.02, 0.4])
@pytest.mark.parametrize(
    "rows", [(1, 1), (1, 50), (40, 7), (300, 200), (9000, 10_000), (12_000, 300), (30_000, 20_001)]
)
def test_kolmogorov_smirnov_is_that_of_scipy(rows, shift, ties):
    first, second = samples(np.random.default_rng(sum(rows)), rows, ties=ties, shift=shift)
    found, expected = compare_numbers(first, second), stats.ks_2samp(first, second)
    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize("rows", [10_002, 30_000, 210_000])
def test_far_out_the_p_value_of_long_samples_is_an_expansion_that_is_as_exact(rows):
    values = np.arange(rows, dtype=float)
    effective = rows // 2
    for exponent in (4, 11.9, 12.1, 17.9, 18.1, 22, 40):
        statistic = (np.sqrt(18 * effective * exponent) - 1) / (6 * effective)
        expected = stats.kstwo.sf(statistic, effective)
        assert ks_p_value(values, values, statistic) == pytest.approx(expected, abs=1e-12)
    assert ks_p_value(values, values, 0.0) == 1


def test_infinite_values_are_the_largest_and_the_smallest():
    first, second = np.array([-np.inf, 1.0, 2.0, np.inf]), np.array([1.0, np.inf, np.inf, np.inf])
    found = compare_numbers(first, second)
    assert found.statistic == stats.ks_2samp(first, second).statistic == 0.5
    assert found.means == (1.5, 1.0)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance([1, 2], [1]) / 0.5)


@pytest.mark.parametrize("rows", [2000, 30_000])
def test_wasserstein_is_in_standard_deviations_of_the_reference(rows):
    rng = np.random.default_rng(1)
    first, second = rng.normal(10, 4, rows), rng.normal(12, 4, rows)
    expected = stats.wasserstein_distance(first, second) / first.std()
    assert compare_numbers(first, second).wasserstein == pytest.approx(expected, rel=1e-2)


def test_a_constant_reference_has_no_scale():
    found = compare_numbers(np.ones(50), np.full(50, 2.0))
    assert (found.statistic, found.outside) == (1, 1)
    assert np.isnan(found.wasserstein)
    assert found.psi > 1
    same = compare_numbers(np.ones(50), np.ones(40))
    assert (same.statistic, same.p, same.psi, same.jensen_shannon) == (0, 1, 0, 0)


def test_the_shares_of_a_histogram_are_those_of_all_rows():
    rng = np.random.default_rng(2)
    found = compare_numbers(rng.standard_cauchy(5000), rng.standard_cauchy(3000))
    assert sum(found.reference_shares) == pytest.approx(1)
    assert sum(found.current_shares) == pytest.approx(1)
    assert len(found.edges) == len(found.reference_shares) + 1


@pytest.mark.parametrize("levels", [2, 3, 12, 40])
def test_chi_square_is_that_of_scipy_if_no_level_is_rare(levels):
    rng = np.random.default_rng(levels)
    table = np.stack([np.bincount(rng.integers(0, levels, rows), minlength=levels) for rows in (3000, 800)])
    found, expected = compare_counts(*table), stats.chi2_contingency(table)
    assert expected.expected_freq.min() >= 5
    assert (found.test, found.rare, found.chance) == ("chi-square", 0, 0)
    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, abs=1e-12)
    assert found.distance == pytest.approx(total_variation(table[0] / 3000, table[1] / 800), abs=1e-12)


def test_rare_levels_are_one_level_of_the_pooled_table():
    rng = np.random.default_rng(3)
    first = np.bincount(rng.zipf(1.4, 3000) % 200, minlength=200)
    second = np.bincount(rng.zipf(1.5, 800) % 200, minlength=200)
    table, rare = pool(first, second)
    assert stats.chi2_contingency(table).expected_freq.min() >= 5
    assert table.sum() == first.sum() + second.sum()
    whole = np.stack([first, second])[:, (first + second) > 0]
    found = compare_counts(first, second)
    assert (found.test, found.rare) == ("sparse chi-square", (whole.sum(axis=0) < 5 * 3800 / 800).sum())
    assert len(rare) >= found.rare
    assert found.statistic == pytest.approx(stats.chi2_contingency(whole).statistic)
    assert found.p <= 2 * stats.chi2_contingency(table).pvalue


@pytest.mark.parametrize(
    ("first", "second", "test"),
    [
        ([3, 2], [1, 4], "Fisher"),
        ([5, 0], [7, 0], ""),
        ([1, 1, 1, 1], [1, 1, 1, 1], "Fisher"),
        ([90, 10], [10, 90], "chi-square"),
        ([1], [1], ""),
    ],
)
def test_few_rows_and_single_levels(first, second, test):
    found = compare_counts(np.array(first), np.array(second))
    assert found.test == test
    assert 0 <= found.p <= 1


def test_fifty_thousand_levels():
    rng = np.random.default_rng(4)
    first = np.bincount(rng.integers(0, 50_000, 200_000), minlength=50_000)
    second = np.bincount(rng.integers(0, 50_000, 100_000), minlength=50_000)
    found = compare_counts(first, second)
    assert found.p > 0.01
    assert found.distance < 0.01
    second[:10] += 4000
    assert compare_counts(first, second).distance == pytest.approx(40_000 / 140_000, abs=0.02)


def test_two_shares_are_tested_by_chi_square_or_fisher():
    assert two_shares((10, 100), (30, 100)) == stats.chi2_contingency([[10, 90], [30, 70]]).pvalue
    assert two_shares((0, 10), (4, 10)) == stats.fisher_exact([[0, 10], [4, 6]]).pvalue
    assert two_shares((0, 10), (0, 10)) == two_shares((10, 10), (7, 7)) == 1


def test_distances_of_shares():
    first, second = np.array([0.2, 0.3, 0.5, 0.0]), np.array([0.3, 0.3, 0.2, 0.2])
    assert jensen_shannon(first, second) == pytest.approx(jensenshannon(first, second, base=2))
    assert total_variation(first, second) == pytest.approx(0.3)
    assert stability_index(first, first) == 0
    assert np.isfinite(stability_index(first, second))


def test_corrections():
    p = {"a": 0.001, "b": 0.02, "c": 0.9}
    assert list(corrected(p, "bh").values()) == pytest.approx(stats.false_discovery_control([0.001, 0.02, 0.9]))
    assert list(corrected(p, "bonferroni").values()) == pytest.approx([0.003, 0.06, 1.0])
    assert corrected(p, "none") == p
    assert corrected({}, "bh") == {}
