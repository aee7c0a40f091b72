"""Drift keeps what it promises, on a small sample of what `python -m benchmarks drift_errors` measures."""

import numpy as np
import pytest

from benchmarks.drift_errors import alarms, power

ROUNDS = 60


def share_of(found, name):
    return sum(name in one for one in found) / len(found)


def at_most(rate):
    """Return what a share of the rounds exceeds with a probability of about 0.001."""
    return rate + 3 * np.sqrt(rate * (1 - rate) / ROUNDS)


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_false_alarms_without_drift(phi):
    found = [alarms(seed, rows=(400, 200), columns=8, phi=phi) for seed in range(ROUNDS)]
    assert share_of(found, "budget of 10 %") <= at_most(0.1)
    if phi:
        assert share_of(found, "bh") > 0.5  # which takes the rows for independent
    else:
        assert share_of(found, "bh, any distance") <= at_most(0.05)
        assert share_of(found, "p < 0.05") > 0.2


def test_a_change_of_a_correlation_is_found_by_all_columns_together_only():
    found = [power(seed, change="correlation 0 to 0.8", rows=1000) for seed in range(3)]
    assert share_of(found, "together") == 1
    assert share_of(found, "column") == 0
