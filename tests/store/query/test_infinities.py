"""Infinite metrics, in whose place MLflow's SQL store has the largest float."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlmagic.store.query.infinities import as_logged

LARGEST = np.finfo(np.float64).max


def test_the_largest_float_is_infinity():
    given_values = np.array([LARGEST, -LARGEST, np.inf, -np.inf, np.nan, 0.0, -0.0])
    assert [repr(value) for value in as_logged(given_values).tolist()] == [
        *("inf", "-inf", "inf", "-inf", "nan", "0.0", "-0.0"),
    ]


@given(hnp.arrays(np.float64, st.integers(0, 6), elements=st.floats(-1.7e308, 1.7e308) | st.just(np.nan)))
def test_any_other_value_stays(values):
    before = values.copy()
    found = as_logged(values)
    assert found.tobytes() == before.tobytes() == values.tobytes()
