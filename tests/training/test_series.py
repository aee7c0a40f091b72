import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.training.series import MOST_POINTS, GrowingSeries

VALUES = st.floats(-1e9, 1e9) | st.just(math.nan)


def grown(values):
    series = GrowingSeries("loss")
    for step, value in enumerate(values):
        series.add(step, value)
    return series.drawn()


@given(st.lists(VALUES, min_size=1, max_size=30), st.integers(1, 60))
def test_points_are_few_and_the_extremes_stay(values, times):
    values = values * times
    drawn = grown(values)
    finite = [value for value in values if math.isfinite(value)]
    assert 0 < len(drawn.steps) <= MOST_POINTS
    assert (drawn.span, drawn.count) == ((0, len(values) - 1), len(values))
    assert drawn.last == values[-1] or math.isnan(values[-1])
    kept = [low for low in drawn.lows if math.isfinite(low)], [high for high in drawn.highs if math.isfinite(high)]
    if finite:
        assert (min(kept[0]), max(kept[1])) == (min(finite), max(finite))
    else:
        assert kept == ([], [])
    for low, mean, high in zip(drawn.lows, drawn.means, drawn.highs, strict=True):
        assert math.isnan(mean) or low - 1e-3 <= mean <= high + 1e-3


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=MOST_POINTS))
def test_few_values_are_drawn_as_they_are(values):
    drawn = grown(values)
    assert drawn.means == drawn.lows == drawn.highs == values
    assert drawn.steps == list(range(len(values)))


def test_means_of_many_values_are_means():
    drawn = grown([0.0, 1.0] * 400)
    assert set(drawn.means) == {0.5}
    assert (set(drawn.lows), set(drawn.highs)) == ({0.0}, {1.0})
    assert drawn.steps == pytest.approx([at * 4 + 1.5 for at in range(200)])


def test_steps_that_go_down_have_their_span():
    series = GrowingSeries("loss")
    for step in (5, -3, 2):
        series.add(step, 1.0)
    assert series.drawn().span == (-3, 5)
