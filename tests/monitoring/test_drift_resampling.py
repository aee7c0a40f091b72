"""The p-values of a reference divided many times, beside those of the divided parts compared one by one."""

import numpy as np
import pandas as pd
import pytest

from mlmagic.monitoring.drift.columns import compare_column, match
from mlmagic.monitoring.drift.resampling import draw_pools, p_values
from mlmagic.monitoring.drift.sources.values import read_values

RNG = np.random.default_rng(0)
ROWS = 600
COLUMNS = {
    "numbers": RNG.normal(size=ROWS),
    "equal numbers": RNG.normal(size=ROWS).round(1),
    "some are missing": np.where(RNG.random(ROWS) < 0.2, np.nan, RNG.normal(size=ROWS)),
    "few are there": np.where(np.arange(ROWS) % 100, np.nan, 1.5 * np.arange(ROWS)),
    "infinite numbers": np.where(RNG.random(ROWS) < 0.1, np.inf, RNG.normal(size=ROWS)),
    "whole numbers": RNG.integers(0, 5, ROWS),
    "categories": RNG.choice(list("abcde"), ROWS, p=[0.6, 0.3, 0.07, 0.02, 0.01]),
    "rare categories": [f"id {number // 3}" for number in range(ROWS)],
    "two, one of them rare": ["a" if number % 200 else "b" for number in range(ROWS)],
    "categories, some are missing": np.where(RNG.random(ROWS) < 0.1, None, RNG.choice(list("ab"), ROWS)),
    "one category": ["a"] * ROWS,
    "bools": RNG.random(ROWS) < 0.3,
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("block", [1, 7])
def test_each_split_has_the_p_value_of_a_comparison(name, block):
    values = read_values(pd.Series(COLUMNS[name]))
    column = match(name, values, values).reference
    pools = draw_pools(ROWS, 150, block=block, splits=40)
    found = p_values(column, pools, 0.0)
    expected, tests = [], set()
    for pool in pools:
        for is_current in pool.is_current.T:
            parts = (column.take(pool.rows[~is_current]), column.take(pool.rows[is_current]))
            one = compare_column(name, "column", *parts)
            expected.append(np.nanmin([one.p, one.missing_p, 1.0]))
            tests.add(one.test)
    if "sparse chi-square" in tests:  # rare levels are permuted in a comparison, which gives few different p-values
        assert np.mean(np.abs(found - expected)) < 0.05
        assert np.all(found < 3 * np.array(expected) + 0.01)
    else:
        assert found == pytest.approx(expected, rel=0.03, abs=1e-9)


def test_below_the_smallest_effect_nothing_is_found():
    column = read_values(pd.Series(RNG.normal(size=ROWS)))
    pools = draw_pools(ROWS, 150, block=1, splits=40)
    assert p_values(column, pools, 0.0).min() < 0.2
    assert p_values(column, pools, 0.9).min() == 1


@pytest.mark.parametrize(("rows", "block"), [(600, 1), (601, 25), (40_000, 1), (40_003, 700)])
def test_a_split_has_as_large_a_part_of_current_rows_as_the_whole(rows, block):
    pools = draw_pools(rows, rows // 4, block=block, splits=50)
    assert sum(pool.is_current.shape[1] for pool in pools) == 50
    for pool in pools:
        assert len(set(pool.rows.tolist())) == len(pool.rows) >= min(rows, 4000)
        assert pool.is_current.mean(axis=0) == pytest.approx(0.25, abs=0.01)


def test_blocks_of_rows_stay_together():
    (pool,) = draw_pools(600, 200, block=50, splits=20)
    order = np.argsort(pool.rows)
    changes = np.abs(np.diff(pool.is_current[order].astype(int), axis=0)).sum(axis=0)
    assert changes.max() <= 2 * 4  # at most four blocks of current rows
    assert len(np.unique(pool.is_current, axis=1).T) > 10
