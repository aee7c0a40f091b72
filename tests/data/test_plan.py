from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.data.fingerprint.readers.plan import OutOfTimeError, ReadPlan


@given(st.integers(0, 10**7), st.integers(4096, 10**5))
def test_without_a_deadline_every_row_is_read_once(rows, at_once):
    pieces = list(ReadPlan().pieces(rows, at_once=at_once))
    assert sum(stop - start for start, stop in pieces) == rows
    assert all(pieces[number][1] == pieces[number + 1][0] for number in range(len(pieces) - 1))


@given(st.integers(0, 10**12), st.integers(1, 10**9), st.integers(1, 10**6))
def test_a_sample_is_bounded_spread_and_in_order(rows, row_bytes, columns):
    pieces = list(ReadPlan(sample=True).pieces(rows, at_once=4096, row_bytes=row_bytes, columns=columns))
    read = sum(stop - start for start, stop in pieces)
    assert read <= min(rows, 65_536)
    assert all(0 <= start < stop <= rows for start, stop in pieces)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(pieces))
    if rows:
        assert (pieces[0][0], pieces[-1][1]) == (0, rows)


def test_past_the_deadline_reading_stops():
    pieces = ReadPlan(deadline=time.perf_counter() - 1).pieces(10, at_once=1)
    with pytest.raises(OutOfTimeError, match=r"^$"):
        next(pieces)
