"""What the tests of metrics share: weighted rows as a resample has them, and the values of metrics on them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

MOST_ROWS = 12


def values_on(measures, weights):
    """Return the value of each metric on rows that are drawn so many times; metrics share their summaries."""
    column = np.asarray(weights, dtype=float)[:, None]
    summaries = {}
    found = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for one in measures:
            summary = summaries.setdefault(id(one.summary), one.summary.of(column))
            found[one.name] = float(np.asarray(one.finish(summary)).reshape(-1)[0])
    return found


def rows_of(weights):
    """Return the positions of the drawn rows."""
    return np.repeat(np.arange(len(weights)), weights)


@st.composite
def weights_of(draw, rows):
    """Return how often each of the rows is drawn: one at least is."""
    found = draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows))
    found[draw(st.integers(0, rows - 1))] = 1
    return found
