"""Fewer points, and every peak still there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.store.query.histories.downsampling import kept_rows

values = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=400)


@given(values, st.integers(4, 100), st.randoms(use_true_random=False))
def test_peaks_ends_gaps_and_order_are_kept(given_values, points, random):
    data = np.array(given_values)
    places = np.array(sorted(random.randrange(1000) for _ in given_values), dtype=float)
    rows = kept_rows(places, data, points)
    assert list(rows) == sorted(set(rows.tolist()))
    assert rows[0] == 0
    assert rows[-1] == len(data) - 1
    finite = data[np.isfinite(data)]
    if len(finite):
        assert finite.max() in data[rows]
        assert finite.min() in data[rows]
    assert np.isfinite(data).all() == np.isfinite(data[rows]).all()
    assert len(rows) <= max(points + points // 4 + 5, 5)


@given(values, st.integers(400, 500))
def test_a_short_curve_stays_whole(given_values, points):
    data = np.array(given_values)
    assert list(kept_rows(np.arange(len(data), dtype=float), data, points)) == list(range(len(data)))


@pytest.mark.parametrize("at", [0, 1, 499_999, 777_777, 999_999])
def test_a_single_peak_among_a_million_values_stays(at):
    data = np.zeros(1_000_000)
    data[at] = 1.0
    assert at in kept_rows(np.arange(1_000_000.0), data, 500)


def test_each_part_of_the_axis_keeps_its_own_peak():
    random = np.random.default_rng(0)
    data = random.normal(size=10_000)
    rows = kept_rows(np.arange(10_000.0), data, 400)
    for start in range(0, 10_000, 100):
        part = data[start : start + 100]
        kept = [row for row in rows if start <= row < start + 100]
        assert part.max() in data[kept]
        assert part.min() in data[kept]
