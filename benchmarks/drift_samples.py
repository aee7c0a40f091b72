"""Pairs of tables for `benchmarks.drift_errors`: such that did not drift, and such in which one thing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

_FIRST = 200
_SHARES = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}


def table(rng: Generator, rows: int, columns: int, *, phi: float = 0.0) -> pd.DataFrame:
    """Return independent columns: normal, skewed, and one in four of four categories.

    The values of a column are correlated by *phi* with those of the row before (an AR(1) process); the categories are
    the intervals of such a process that have their shares.
    """
    import pandas as pd

    values = _process(rng, rows, columns, phi)
    return pd.DataFrame({f"x{at}": _column(at, values[:, at]) for at in range(columns)})


def pair(rng: Generator, rows: tuple[int, int], columns: int, *, phi: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two such tables; with *phi* the rows of the second one go on some time after those of the first one."""
    return table(rng, rows[0], columns, phi=phi), table(rng, rows[1], columns, phi=phi)


def _process(rng: Generator, rows: int, columns: int, phi: float) -> NDArray[Any]:
    """Return standard normal columns."""
    if not phi:
        return rng.normal(size=(rows, columns))
    from scipy.signal import lfilter

    noise = rng.normal(scale=(1 - phi**2) ** 0.5, size=(rows + _FIRST, columns))
    found: NDArray[Any] = lfilter([1], [1, -phi], noise, axis=0)[_FIRST:]
    return found


def _column(at: int, values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np
    from scipy.special import ndtr

    if at % 4 == 3:
        until = np.cumsum(list(_SHARES.values()))[:-1]
        found: NDArray[Any] = np.array(list(_SHARES), dtype=object)[np.searchsorted(until, ndtr(values))]
        return found
    return np.exp(values) if at % 4 == 2 else values


def _set(name: str, change: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], None]:
    return lambda frame: frame.__setitem__(name, change(frame))


CHANGES: dict[str, Callable[[pd.DataFrame], None]] = {
    "mean by 0.2 sd": _set("x0", lambda frame: frame["x0"] + 0.2),
    "mean by 0.3 sd": _set("x0", lambda frame: frame["x0"] + 0.3),
    "scale by 1.4": _set("x0", lambda frame: frame["x0"] * 1.4),
    "tail, 15 % of rows": _set(
        "x2", lambda frame: frame["x2"].where(frame["x2"].rank(pct=True) < 0.85, 3 * frame["x2"])
    ),
    "category, 12 % of rows": _set("x3", lambda frame: frame["x3"].where(frame.index % 8 != 0, "d")),
    "missing, 8 % of rows": _set("x0", lambda frame: frame["x0"].where(frame.index % 12 != 0)),
    "correlation 0 to 0.5": _set("x1", lambda frame: 0.5 * frame["x0"] + 0.75**0.5 * frame["x1"]),
    "correlation 0 to 0.8": _set("x1", lambda frame: 0.8 * frame["x0"] + 0.6 * frame["x1"]),
    "nothing": lambda _: None,
}
"""By name, what changes one column of a table; those of correlations leave the distribution of each column as it is."""
