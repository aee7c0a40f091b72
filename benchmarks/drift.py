"""Numeric columns of two samples: ``mlmagic.drift`` beside SciPy, one column after the other, and beside evidently.

1,000,000 rows by 100 columns where 12 GB are free, else by as many columns as fit. mlmagic also computes means,
distances, PSI and histograms. In half of the columns the mean has moved by 0.02 standard deviations. evidently counts
the columns that drifted by the same test, without the figures of its report; it is measured if it can be imported. The
memory that each way takes beside the tables is printed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
import time
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, Goal, interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_ROWS, _COLUMNS = 1_000_000, 100
_BYTES_OF_COLUMN = 60_000_000
_ROUNDS, _ROUNDS_OF_EVIDENTLY = 3, 3
_ALPHA = 0.05
_OURS, _SCIPY, _EVIDENTLY = "mlmagic.drift", "scipy.stats.ks_2samp", "evidently"


def measure() -> list[Comparison]:
    """Compare from the two tables to the p-values of all columns."""
    import psutil

    columns = max(4, min(_COLUMNS, psutil.virtual_memory().available // 2 // _BYTES_OF_COLUMN))
    measured = _Measured(*_tables(columns))
    name = f"Drift of {columns} columns of {_ROWS:,} rows"
    ways = {_OURS: measured.by_us, _SCIPY: measured.by_scipy}
    ours, scipy = interleaved(ways, rounds=_ROUNDS)
    found = [Comparison(name, ours, scipy, (Goal("ratio", 0.5),))]
    if importlib.util.find_spec("evidently") is None:
        print("drift: evidently not installed, so it is not measured", file=sys.stderr)
    else:
        ways = {_OURS: measured.by_us, _EVIDENTLY: measured.by_evidently}
        ours, evidently = interleaved(ways, rounds=_ROUNDS_OF_EVIDENTLY, warm_up=0)
        found.append(Comparison(f"{name}, beside evidently", ours, evidently, (Goal("ratio", 0.1),)))
    measured.require_same()
    for what, peak in measured.peaks.items():
        print(f"drift: {what} takes {peak / 1e9:.2f} GB beside the tables", file=sys.stderr)
    return found


class _Measured:
    """The tables, the p-values by each way, and the most memory that each has taken beside the tables."""

    def __init__(self, reference: pd.DataFrame, current: pd.DataFrame) -> None:
        self._reference, self._current = reference, current
        self._p: dict[str, list[float]] = {}
        self._drifted = -1
        self.peaks: dict[str, int] = defaultdict(int)

    def require_same(self) -> None:
        ours = self._p[_OURS]
        if max(abs(a - b) for a, b in zip(ours, self._p[_SCIPY], strict=True)) > 1e-12:
            raise RuntimeError("the p-values differ: the comparison would not be fair")
        if self._drifted not in {-1, sum(p < _ALPHA for p in ours)}:
            raise RuntimeError(f"evidently finds {self._drifted} columns: the comparison would not be fair")

    @contextlib.contextmanager
    def _watched(self, what: str) -> Iterator[None]:
        """Note the most memory that the process has while the block runs, beyond what it had before."""
        import psutil

        process, done = psutil.Process(), threading.Event()
        before = process.memory_info().rss

        def look() -> None:
            while not done.wait(0.01):
                self.peaks[what] = max(self.peaks[what], process.memory_info().rss - before)

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def by_us(self) -> float:
        import mlmagic

        with self._watched(_OURS):
            started = time.perf_counter()
            report = mlmagic.drift(self._reference, self._current, multivariate=False)
            took = time.perf_counter() - started
        self._p[_OURS] = [report.columns[name].p for name in self._reference]
        return took

    def by_scipy(self) -> float:
        from scipy import stats

        with self._watched(_SCIPY):
            started = time.perf_counter()
            results: list[Any] = [stats.ks_2samp(self._reference[one], self._current[one]) for one in self._reference]
            took = time.perf_counter() - started
        self._p[_SCIPY] = [float(one.pvalue) for one in results]
        return took

    def by_evidently(self) -> float:
        with warnings.catch_warnings(), self._watched(_EVIDENTLY):
            warnings.simplefilter("ignore")
            from evidently import Report
            from evidently.metrics import DriftedColumnsCount

            started = time.perf_counter()
            report = Report([DriftedColumnsCount(num_method="ks", num_threshold=_ALPHA)])
            found = report.run(self._current, self._reference).dict()["metrics"][0]["value"]
            took = time.perf_counter() - started
        self._drifted = int(found["count"])
        return took


def _tables(columns: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    first, second = (
        pd.DataFrame({f"x{at}": rng.normal(moved * (at % 2), 1, _ROWS) for at in range(columns)})
        for moved in (0.0, 0.02)
    )
    return first, second
