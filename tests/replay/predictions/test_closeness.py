"""When two series of numbers are equal, close, or different."""

import math

import numpy as np
import pytest

from mlmagic.replay.predictions.closeness import closeness

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("original", "replayed", "again", "state", "largest"),
    [
        ([0.1, NAN], [0.1, NAN], None, "identical", 0.0),
        ([0.0], [-0.0], None, "equivalent", 0.0),
        ([NAN, 0.5], [NAN, 0.25], None, "different", 0.25),
        ([NAN, 1.0], [NAN, 1.00001], [NAN, 1.00002], "equivalent", 1e-5),
        ([1.0, NAN], [1.0, 2.0], None, "different", INF),
        ([1.0, INF], [1.0, INF], None, "identical", 0.0),
        ([1.0, INF], [1.0, -INF], None, "different", INF),
        ([1e12, 1.0], [1e12, 1.5], None, "equivalent", 0.5),
        ([1.0], [1.00001], [1.00001], "different", 1e-5),
        ([], [], None, "identical", 0.0),
    ],
)
def test_two_series(original, replayed, again, state, largest):
    found = closeness(original, replayed, again)
    assert found.state == state
    assert found.largest == pytest.approx(largest, rel=1e-6)


def test_numbers_of_a_table_in_any_layout():
    table = np.arange(6.0).reshape(2, 3)
    assert closeness(table, np.asfortranarray(table)).state == "identical"
    assert closeness(table.T, table.T + 0.5).largest == 0.5
