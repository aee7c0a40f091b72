"""A part of many rows, drawn with a fixed seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_SEED = 20_161_130


def thinned(table: pa.Table, most: int) -> pa.Table:
    """Return at most *most* rows, drawn with a fixed seed, in their order."""
    import numpy as np

    if table.num_rows <= most:
        return table
    rows = np.random.default_rng(_SEED).choice(table.num_rows, most, replace=False)
    return table.take(np.sort(rows))


def sampled(table: pa.Table, share: float, seed: int) -> pa.Table:
    """Return each row with the probability *share*; another *seed* draws other rows."""
    import numpy as np

    rows = np.random.default_rng([_SEED, seed]).random(table.num_rows) < share
    return table.filter(rows)
