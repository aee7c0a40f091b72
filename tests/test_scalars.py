"""Which values are numbers, and which are measurements; their mean and deviation."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.scalars import as_float, as_number, is_float_scalar, mean_and_std


class Odd:
    """An object whose every word raises."""

    def __repr__(self):
        raise SystemExit("no text")

    __str__ = __float__ = __bool__ = __repr__


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0), (True, 1.0), (0.5, 0.5), (np.int8(3), 3.0), (np.float16(0.5), 0.5), (np.bool_(True), 1.0),
        (np.array(0.5), 0.5), (np.array([[0.5]]), 0.5), (Decimal("0.5"), 0.5), (Fraction(1, 4), 0.25), (10**400, math.inf),
        (-(10**400), -math.inf), (math.inf, math.inf), (Decimal("Infinity"), math.inf),
        ("0.5", None), (b"1", None), (None, None), (1 + 2j, None), (np.complex64(1), None), ([1.0], None), ({1: 2}, None),
        (np.array([1.0, 2.0]), None), (np.array([]), None), (np.datetime64("2026"), None), (np.timedelta64(1, "s"), None),
        (pd.Timestamp("2026"), None), (Decimal("sNaN"), None), (Odd(), None), (print, None), (float, None),
    ],
    ids=lambda one: f"{type(one).__name__}",
)  # fmt: skip
def test_a_number_is_a_single_real_one(value, number):
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.5, 0.5), (np.float32(0.5), 0.5), (np.array(0.5), 0.5), (type("F", (float,), {})(0.5), 0.5), (1, None), (True, None),
        (np.int64(1), None), (np.array(1), None), (np.array([0.5]), None), (Decimal("0.5"), None), ("0.5", None), (None, None),
        (np.complex128(1), None),
    ],
    ids=lambda one: f"{type(one).__name__}",
)  # fmt: skip
def test_a_measurement_is_a_floating_point_scalar(value, number):
    assert as_float(value) == number


def test_torch_scalars_are_numbers_and_measurements():
    torch = pytest.importorskip("torch")
    assert as_number(torch.tensor([2])) == 2.0
    assert as_float(torch.tensor(0.5)) == 0.5
    assert as_float(torch.tensor(2)) is None
    assert is_float_scalar(torch.tensor(0.5, dtype=torch.bfloat16))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_mean_and_deviation_are_those_of_numpy(values):
    mean, deviation = mean_and_std(values)
    assert mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    assert deviation == pytest.approx(np.std(values), rel=1e-6, abs=1e-6)


def test_the_deviation_from_a_mean_that_is_not_finite_is_not_known():
    for values in ([math.inf, 1.0], [math.nan], [1e308, 1e308]):
        mean, deviation = mean_and_std(values)
        assert not math.isfinite(mean)
        assert math.isnan(deviation)
