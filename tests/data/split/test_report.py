"""What the report of a split says about the classes."""

import numpy as np
import pytest

from mlmagic.data.split.report import balance_of


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["10", "9", "-1", "9"], ["-1", "9", "10"]),
        (["b", "a", "b"], ["b", "a"]),
        (["--5", "7", "7"], ["7", "--5"]),
        (["-", "1"], ["-", "1"]),
    ],
)
def test_classes_come_by_value_if_they_are_numbers_and_else_by_frequency(labels, shown):
    raw = np.array(labels, dtype=object)
    found = balance_of("y", raw, np.zeros(len(labels), dtype=np.int8), 1)
    assert [name for name, _ in found.shares] == shown
