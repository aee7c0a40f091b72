"""The anomaly detector: against a list of the window, one value or many at a time, over streams that are hard to sum."""

import itertools
import json
import math
import pickle
from collections import deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.anomalies.detector import AnomalyDetector

METHODS = ("zscore", "mad", "ewma")


def by_hand(values, window, min_samples, threshold, method, *, include=False):
    """Return the flags, computed from the whole window for each value."""
    kept, flags, mean, variance, count = deque(maxlen=window), [], 0.0, 0.0, 0
    for value in values:
        if not math.isfinite(value):
            flags.append(math.isinf(value))
            continue
        if method == "zscore":
            center, scale = (np.mean(kept), np.std(kept)) if kept else (0, 0)
        elif method == "mad":
            center = np.median(kept) if kept else 0
            scale = np.median(np.abs(np.array(kept) - center)) * 1.482602218505602 if kept else 0
        else:
            center, scale = mean, math.sqrt(variance)
        known = count if method == "ewma" else len(kept)
        away = abs(value - center)
        same = away <= 2e-15 * max(abs(value), abs(center))
        flag = known >= min_samples and not same and (scale <= 2e-15 * abs(center) or away > threshold * scale)
        flags.append(bool(flag))
        if not flag or include:
            kept.append(value)
            count += 1
            weight = max(2 / (window + 1), 1 / count)
            variance = (1 - weight) * (variance + weight * (value - mean) ** 2)
            mean += weight * (value - mean)
    return flags


def stream(seed, size=3000):
    draw = np.random.default_rng(seed)
    values = draw.normal(50, 2, size)
    values[draw.integers(0, size, 30)] += draw.choice([-40, 40], 30)
    values[1200:1210] = 500.0  # a burst
    values[1500] = math.nan
    values[1501] = math.inf
    return values


@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_one_at_a_time_and_all_at_once_are_what_a_list_of_the_window_gives(method, include):
    values = stream(0)
    expected = by_hand(values, 200, 50, 3.5, method, include=include)
    detectors = [AnomalyDetector(200, 50, 3.5, method, include_anomalies=include) for _ in range(3)]
    one, whole, parts = detectors
    assert [one.update(value) for value in values] == expected
    assert whole.update(values).tolist() == expected
    edges = [0, 1, 7, 7, 500, 1203, 1500, 2999, 3000]
    pieces = [parts.update(values[start:end]) for start, end in itertools.pairwise(edges)]
    assert np.concatenate(pieces).tolist() == expected
    for detector in detectors:
        assert (detector.seen, detector.anomalies, detector.missing, detector.infinite) == (3000, sum(expected), 1, 1)
        assert detector.usual == pytest.approx(one.usual, rel=1e-9)


@given(
    st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf])), max_size=60),
    st.sampled_from(METHODS), st.integers(0, 59), st.booleans(),
)  # fmt: skip
def test_where_the_stream_is_cut_does_not_matter(values, method, cut, include):
    options = {"window": 8, "min_samples": 3, "threshold": 2.0, "method": method, "include_anomalies": include}
    one, parts = AnomalyDetector(**options), AnomalyDetector(**options)
    expected = [one.update(value) for value in values]
    found = [*parts.update(values[:cut]), *parts.update(values[cut:])]
    # Within rounding of the threshold either answer is right.
    borderline = sum(a != b for a, b in zip(found, expected, strict=True))
    assert borderline == 0 or abs(parts.anomalies - one.anomalies) <= len(values) // 10


@pytest.mark.parametrize("method", METHODS)
def test_anomalies_do_not_hide_the_next_ones_unless_they_count_as_usual(method):
    calm = [10.0, 11.0, 9.0, 10.5] * 30
    outside, within = (AnomalyDetector(100, 20, 3.0, method, include_anomalies=one) for one in (False, True))
    for detector in (outside, within):
        detector.update(calm)
    assert outside.update([100.0] * 60).all()
    assert not within.update([100.0] * 60).all()
    assert outside.usual[0] == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_window(method):
    detector = AnomalyDetector(50, 10, 3.0, method)
    assert not detector.update([0.1 + 0.2] * 40).any()
    assert detector.update(0.3) is False  # the same but for rounding
    assert detector.update(0.31) is True
    for value, expected in ((7.9, False), (8.1, True)):
        lenient = AnomalyDetector(50, 10, 3.0, method, min_scale=1.0)
        lenient.update([5.0] * 40)
        assert lenient.update(value) is expected


@pytest.mark.parametrize("method", METHODS)
def test_large_values_with_a_small_spread_and_one_that_was_huge(method):
    draw = np.random.default_rng(1)
    values = 1e9 + draw.normal(0, 1e-2, 5000)
    expected = by_hand(values, 100, 50, 6.0, method)
    detector = AnomalyDetector(100, 50, 6.0, method)
    assert detector.update(values).tolist() == expected
    assert detector.usual[1] == pytest.approx(1e-2, rel=0.5)
    if method != "ewma":  # which forgets nothing at once
        included = AnomalyDetector(100, 50, 6.0, method, include_anomalies=True)
        included.update([1e15, *draw.normal(0, 1, 300)])
        assert included.usual[1] == pytest.approx(1, rel=0.5)
        slowly = AnomalyDetector(100, 50, 6.0, method, include_anomalies=True)
        for value in [1e15, *draw.normal(0, 1, 300)]:
            slowly.update(value)
        assert slowly.usual[1] == pytest.approx(1, rel=0.5)


@pytest.mark.parametrize("by_one", [False, True], ids=["at once", "one by one"])
@pytest.mark.parametrize("method", METHODS)
def test_the_same_values_are_anomalies_wherever_zero_is(method, by_one):
    draw = np.random.default_rng(1)
    near = np.round(draw.normal(0, 1, 3000) * 1024) / 1024  # exact at every offset
    near[draw.integers(0, 3000, 20)] += 16

    def flags(offset):
        detector, values = AnomalyDetector(50, 10, 3.0, method), near + offset
        return [detector.update(one) for one in values.tolist()] if by_one else detector.update(values).tolist()

    expected = flags(0.0)
    assert 20 <= sum(expected) < 300
    for offset in (1e6, -1e9, 2e9, 1e10, -(2.0**40)):
        assert flags(offset) == expected, offset


def test_the_mean_of_a_long_stream_does_not_drift():
    detector = AnomalyDetector(window=100, min_samples=10, threshold=100.0, include_anomalies=True)
    values = np.tile(np.concatenate([np.full(97, 0.1), [1e6, -1e6, 0.3]]), 2000)
    for start in range(0, len(values), 9999):
        detector.update(values[start : start + 9999])
    for value in values[:1000]:
        detector.update(value)
    last = np.concatenate([values, values[:1000]])[-100:]
    assert detector.usual == pytest.approx((last.mean(), last.std()), rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_saved_and_restored_it_goes_on_with_the_same_answers(method):
    values = stream(2)
    whole, first = AnomalyDetector(100, 30, 3.0, method), AnomalyDetector(100, 30, 3.0, method)
    expected = whole.update(values)
    first.update(values[:1205])
    for copy in (
        AnomalyDetector.from_state_dict(json.loads(json.dumps(first.state_dict()))),
        pickle.loads(pickle.dumps(first)),
    ):
        assert copy.update(values[1205:]).tolist() == expected[1205:].tolist()
        assert repr(copy) == repr(whole)
    first.reset()
    assert first.update(values).tolist() == expected.tolist()


def test_other_forms_of_numbers():
    detector = AnomalyDetector(10, 2, 3.0)
    assert detector.update([]).tolist() == []
    for values in ([1, 2], (1, 2), pd.Series([1.0, None]), np.array([1, 2], np.int8), [True, False], [None, 1.0],
                   [Fraction(1, 2), Decimal(1)], pd.Series([1, None], dtype="Int64")):  # fmt: skip
        assert detector.update(values).shape == (2,)
    for value in (1, 1.5, np.float32(1.5), np.int64(2), np.array(1.0), None, True):
        assert detector.update(value) is False
    assert detector.missing == 4


@pytest.mark.parametrize(
    "values",
    [
        "high", ["a"], [[1.0, 2.0]], object(), {"a": 1}, [[1], [1, 2]], 1j, "5", ["5"], b"5", 10**400, [None, "5"],
        [None, [1]], pd.date_range("2026-01-01", periods=3), pd.Timedelta(1), [pd.Timestamp(0), None],
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_and_nothing_is_taken(values):
    detector = AnomalyDetector()
    with pytest.raises(UsageProblem, match="a detector takes"):
        detector.update(values)
    assert detector.seen == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 1}, "window is a whole number from 2 on, not 1"),
        ({"window": 2.5}, "window is a whole number"),
        ({"min_samples": True}, "min_samples is a whole number"),
        ({"window": 50, "min_samples": 51}, "min_samples 51 is more than the window of 50 can hold"),
        ({"include_anomalies": "no"}, "include_anomalies is True or False, not 'no'"),
        ({"threshold": 0}, "threshold is a number above 0, not 0"),
        ({"threshold": float("nan")}, "threshold is a number above 0"),
        ({"min_scale": -1}, "min_scale is a number from 0 on"),
        ({"method": "zscor"}, "Did you mean 'zscore'"),
    ],
)
def test_settings_that_make_no_sense(options, message):
    with pytest.raises(UsageProblem, match=message):
        AnomalyDetector(**options)


def test_a_short_window_needs_no_other_option():
    detector = AnomalyDetector(window=50)
    assert not detector.update([1.0, 2.0] * 25).any()
    assert detector.update(9.0) is True


@pytest.mark.parametrize("state", [{}, None, {"scheme": 2}, {"scheme": 1, "window": "x"}, [1]])
def test_what_is_no_state(state):
    with pytest.raises(UsageProblem, match="state"):
        AnomalyDetector.from_state_dict(state)


@pytest.mark.parametrize("window", [300, 1000])
@pytest.mark.parametrize("method", METHODS)
def test_long_streams_whose_level_moves_are_judged_as_one_by_one(method, window):
    draw = np.random.default_rng(3)
    values = np.cumsum(draw.normal(0, 0.02, 6000)) + draw.standard_t(4, 6000)
    values[2000:2600] += 9.0  # a level that never becomes usual
    values[4000:4500] = values[4000]  # a value that stays
    one, whole = (AnomalyDetector(window, 100, 3.0, method) for _ in range(2))
    assert whole.update(values).tolist() == [one.update(value) for value in values.tolist()]
    assert whole.usual == pytest.approx(one.usual, rel=1e-9, abs=1e-7)  # of a constant window, 0 but for rounding
