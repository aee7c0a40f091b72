"""How many rows two datasets share, by the smallest hashes of their rows: against sets of the rows themselves."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.hashing.smallest import KEPT, SharedRows, SmallestHashes, shared_rows

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40)


def rows_of(frame):
    return fingerprint(frame).row_hashes


@given(PAIRS, PAIRS)
def test_small_data_are_compared_whole(known, rows):
    frames = [pd.DataFrame(one, columns=["a", "b"]) for one in (known, rows)]
    found = shared_rows(*map(rows_of, frames))
    repeated = sum(known.count(row) > 1 for row in known) / len(known)
    assert found == SharedRows(sum(row in known for row in rows), len(rows), pytest.approx(repeated))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_of_large_data_a_sample_tells_the_share(share):
    draw = np.random.default_rng(0)
    known = pd.DataFrame(draw.normal(size=(20_000, 3)), columns=list("abc"))
    taken = int(4000 * share)
    others = pd.DataFrame(draw.normal(size=(4000 - taken, 3)), columns=list("abc"))
    found = shared_rows(rows_of(known), rows_of(pd.concat([known.sample(taken, random_state=1), others])))
    assert 60 <= found.compared <= 150  # what is below the 512th smallest of 20,000
    assert found.share == pytest.approx(share, abs=0.15)
    assert found.repeated == 0


def test_libraries_pieces_and_the_order_of_rows_do_not_matter():
    frame = pd.DataFrame({"x": np.arange(100_000) % 997, "y": np.arange(100_000) / 7})
    assert rows_of(frame) == rows_of(frame[::-1]) == rows_of(pl.from_pandas(frame))
    assert len(rows_of(frame)) == 8 * KEPT


def test_one_column_has_no_rows_to_compare():
    assert rows_of(pd.Series([1, 2, 3])) == rows_of(np.arange(3)) == rows_of(pd.DataFrame({"y": [1, 2]})) == b""
    assert rows_of(np.ones((3, 2))) != b""


@given(st.lists(st.integers(0, 2**64 - 1), max_size=2000), st.integers(1, 700))
def test_the_smallest_are_kept_however_they_come(words, size):
    kept = SmallestHashes()
    for start in range(0, len(words), size):
        kept.add(np.array(words[start : start + size], np.uint64))
    assert kept.to_bytes() == np.array(sorted(words)[:KEPT], "<u8").tobytes()


@pytest.mark.parametrize("damaged", [b"", b"abc", b"\xff" * 17])
def test_what_anyone_may_have_written_is_compared_as_far_as_it_goes(damaged):
    rows = rows_of(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    assert shared_rows(damaged, rows).shared == 0
    assert shared_rows(rows, damaged).shared == 0
