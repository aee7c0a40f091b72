"""Record a share of the rows: the same ones whenever they are asked for, so that labels find them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlmagic.monitoring.serving.columns import ID, TIME

if TYPE_CHECKING:
    import pyarrow as pa

SERVED, RECORDED = "served", "recorded"
"""The columns of the counts of a call: how many rows it had, and how many of them were recorded."""
_BITS = 64


def sampled(rows: pa.RecordBatch, share: float) -> pa.RecordBatch:
    """Return a *share* of the rows, by their ids if they have some."""
    import numpy as np
    import pyarrow as pa

    ids = rows.column(ID)
    if ids.null_count:
        draw = np.random.default_rng().random(rows.num_rows) < share  # leaves the user's generators alone
    else:
        draw = np.array([is_sampled(one, share) for one in ids.to_pylist()], bool)
    return rows.filter(pa.array(draw))


def is_sampled(text: str, share: float) -> bool:
    """Return whether the row with this id is recorded, which depends on the id only."""
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=_BITS // 8).digest())
    found: bool = number / 2**_BITS < share
    return found


def counts(rows: pa.RecordBatch, recorded: int) -> pa.RecordBatch:
    """Return how many *rows* a call had, and how many of them were recorded, as a row to record."""
    import pyarrow as pa

    return pa.record_batch(
        [rows.column(TIME)[:1], pa.array([rows.num_rows]), pa.array([recorded])], [TIME, SERVED, RECORDED]
    )
