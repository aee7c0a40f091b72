"""Numeric columns of two samples: ``mlmagic.drift`` beside ``scipy.stats.ks_2samp``, one column after the other.

1,000,000 rows by 100 columns where 12 GB are free, else by as many columns as fit. mlmagic also computes means,
distances, PSI and histograms. In half of the columns the mean has moved by 0.02 standard deviations.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, Goal, interleaved

if TYPE_CHECKING:
    import pandas as pd

_ROWS, _COLUMNS = 1_000_000, 100
_BYTES_OF_COLUMN = 60_000_000
_ROUNDS = 1


def measure() -> list[Comparison]:
    """Compare from the two tables to the p-values of all columns."""
    import psutil

    columns = max(4, min(_COLUMNS, psutil.virtual_memory().available // 2 // _BYTES_OF_COLUMN))
    reference, current = _tables(columns)
    found: dict[str, list[float]] = {}
    ours, other = interleaved(
        {
            "mlmagic.drift": lambda: _by_us(reference, current, found),
            "scipy.stats.ks_2samp": lambda: _by_scipy(reference, current, found),
        },
        rounds=_ROUNDS,
    )
    if max(abs(a - b) for a, b in zip(found["ours"], found["scipy"], strict=True)) > 1e-12:
        raise RuntimeError("the p-values differ: the comparison would not be fair")
    return [Comparison(f"Drift of {columns} columns of 1,000,000 rows", ours, other, (Goal("ratio", 0.5),))]


def _tables(columns: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    first, second = (
        pd.DataFrame({f"x{at}": rng.normal(moved * (at % 2), 1, _ROWS) for at in range(columns)})
        for moved in (0.0, 0.02)
    )
    return first, second


def _by_us(reference: pd.DataFrame, current: pd.DataFrame, found: dict[str, list[float]]) -> float:
    import mlmagic

    started = time.perf_counter()
    report = mlmagic.drift(reference, current, multivariate=False)
    took = time.perf_counter() - started
    found["ours"] = [report.columns[name].p for name in reference]
    return took


def _by_scipy(reference: pd.DataFrame, current: pd.DataFrame, found: dict[str, list[float]]) -> float:
    from scipy import stats

    started = time.perf_counter()
    results: list[Any] = [stats.ks_2samp(reference[name], current[name]) for name in reference]
    took = time.perf_counter() - started
    found["scipy"] = [float(one.pvalue) for one in results]
    return took
