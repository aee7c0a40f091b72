"""Whether two predictions agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.sparse import csr_matrix

from mlmagic.models.saving.agreement import difference

floats = arrays(np.float64, array_shapes(max_dims=3), elements=st.floats(-1e6, 1e6) | st.just(float("nan")))


@given(floats)
def test_a_prediction_agrees_with_itself_in_any_container(values):
    assert difference(values, values.copy()) is None
    assert difference(torch.from_numpy(values), values) is None
    assert difference([values, {"a": values}], (values, {"a": values})) is None


@given(floats, st.floats(0.01, 1e3))
def test_a_number_that_differs_is_seen(values, shift):
    other = values.copy()
    finite = np.argwhere(np.isfinite(other))
    if len(finite):
        other[tuple(finite[0])] += shift + np.nanmax(np.abs(values)) * 0.01
        assert difference(values, other).startswith("by up to ")


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (np.array(["a", None], object), np.array(["a", None], object), None),
        (np.array(["a", "b"]), pd.Series(["a", "c"]), "in 1 of 2 values"),
        (np.zeros(3), np.zeros((3, 1)), "in shape: (3,) and (3, 1)"),
        (csr_matrix([[1.0, 0.0]]), np.array([[1.0, 0.0]]), None),
        ({"a": [1]}, {"b": [1]}, "in their keys"),
        ([np.zeros(1)], [np.zeros(1), np.zeros(1)], "in their number"),
        (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [1.0 + 1e-13]}), None),
        (np.array([np.nan, 1]), np.array([1, np.nan]), "in which values are missing"),
        (np.array([np.inf, 1]), np.array([np.inf, 1]), None),
        (np.array([True]), np.array([False]), "by up to 1"),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2), None),
        (np.array([1 + 2j]), np.array([1 + 3j]), "by up to 1"),
        (pd.to_datetime(["2024-01-01"]), pd.to_datetime(["2024-01-02"]), "in 1 of 1 values"),
        (np.array(["a", np.nan], object), np.array(["a", np.nan], object), None),
        (np.array(["a", np.nan], object), np.array(["a", None], object), "in 1 of 2 values"),
        (np.array(["a", np.nan], object), np.array([np.nan, "a"], object), "in 2 of 2 values"),
        (pd.to_datetime(["2024-01-01", None]), pd.to_datetime(["2024-01-01", None]), None),
        (
            pd.DataFrame({"a": ["x", None], "b": [1.0, np.nan]}),
            pd.DataFrame({"a": ["x", None], "b": [1.0, np.nan]}),
            None,
        ),
        (np.array([np.inf, 1]), np.array([-np.inf, 1]), "by up to inf"),
        (np.array([np.inf, 1]), np.array([np.inf, 2]), "by up to 1"),
        (np.array([1e300]), np.array([1e300 * (1 + 1e-12)]), None),
        (np.zeros(0), np.zeros(0), None),
        ([[1], [2, 3]], [[1], [2, 4]], "by up to 1"),
        ({"a": np.zeros(1), "b": {"c": [1]}}, {"a": np.zeros(1), "b": {"c": [2]}}, "by up to 1"),
        (pd.array([1, None], dtype="Int64"), pd.array([1, None], dtype="Int64"), None),
        ("text", "text", None),
        (None, None, None),
    ],
)
def test_how_they_differ(first, second, found):
    assert difference(first, second) == found
