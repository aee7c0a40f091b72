"""The report of a split: its method, its sides, the classes on each side, and the leakage found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.hashing.splitmix64 import HashKeys
from mlmagic.data.ids.columns import plain
from mlmagic.data.ids.id_hash import hash_values
from mlmagic.data.ids.plain_values import UnhashableError, Values
from mlmagic.data.split.equal_rows import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.split.leakage import Finding

_MOST_CLASSES = 20
_TARGETS = frozenset({"target", "label", "labels", "class", "y"})
_KEYS = HashKeys.of("mlmagic class", "")


@dataclass(frozen=True)
class SideSize:
    """A side: its name, its number of rows, their share of all rows, and the requested share."""

    name: str
    rows: int
    share: float
    asked: float


@dataclass(frozen=True)
class Balance:
    """The share of each class in the rows of each side: the class name, and its shares in the order of the sides."""

    label: str
    shares: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True)
class SplitReport:
    """What is shown of a split."""

    how: str
    rows: int
    sides: tuple[SideSize, ...]
    parts: tuple[str, ...]
    balance: Balance | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Classes:
    """The classes of a column in order of first occurrence: the class of each of n rows, and the names."""

    codes: NDArray[np.intp]
    names: list[str]


def classes_of(values: Values, raw: Any) -> Classes:
    """Return the distinct values of a column as classes; missing values are the class ``(missing)``."""
    import numpy as np
    import pandas as pd

    codes, distinct = pd.factorize(hash_values(values, _KEYS))
    first = np.zeros(len(distinct), np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    get = raw.iloc if hasattr(raw, "iloc") else raw
    missing = values.null
    names = ["(missing)" if missing is not None and missing[at] else _text(get[int(at)]) for at in first]
    return Classes(codes, names)


def _text(value: Any) -> str:
    if hasattr(value, "as_py"):  # an Arrow scalar
        value = value.as_py()
    elif hasattr(value, "item"):
        value = value.item()
    return str(value)


def guess_target(data: Sequence[Any], names: Sequence[str]) -> tuple[str, Any] | None:
    """Return the likely target: a one-dimensional second argument, or a column with a usual target name."""
    if len(data) > 1:
        ndim = getattr(data[1], "ndim", 1)
        return (names[1], data[1]) if ndim == 1 else None
    columns = columns_of(data[0])
    if len(columns) < 2:  # noqa: PLR2004 - a lone column is data
        return None
    return next(((name, values) for name, values in columns if name.lower() in _TARGETS), None)


def balance_of(label: str, raw: Any, sides: NDArray[np.int8], count: int) -> Balance | None:
    """Return the class balance of a column, or None if it does not hold classes.

    Parameters
    ----------
    sides
        The side of each row, from 0 to *count* - 1.
    """
    try:
        few = plain(raw[:10_000])
        if len(classes_of(few, raw[:10_000]).names) > _MOST_CLASSES:
            return None
        classes = classes_of(plain(raw), raw)
    except UnhashableError:
        return None
    return balance(label, classes, sides, count) if len(classes.names) <= _MOST_CLASSES else None


def balance(label: str, classes: Classes, sides: NDArray[np.int8], count: int) -> Balance:
    """Return the share of each class in each side, in the order of `_order`; the last of many classes are merged."""
    import numpy as np

    flat = np.bincount(classes.codes * count + sides, minlength=len(classes.names) * count)
    table = flat.reshape(-1, count)
    totals = np.maximum(table.sum(axis=0), 1)
    order = _order(classes.names, table.sum(axis=1))
    shown = order[: _MOST_CLASSES - (len(order) > _MOST_CLASSES)]
    shares = [(classes.names[at], tuple((table[at] / totals).tolist())) for at in shown]
    if len(order) > len(shown):
        rest = table[order[len(shown) :]].sum(axis=0)
        shares.append((f"{len(order) - len(shown):,} others", tuple((rest / totals).tolist())))
    return Balance(label, tuple(shares))


def _order(names: list[str], rows: NDArray[np.intp]) -> list[int]:
    """Return the classes by frequency, then by name; by value if they are few integers."""
    if len(names) <= _MOST_CLASSES and all(name.removeprefix("-").isdecimal() for name in names):
        return sorted(range(len(names)), key=lambda at: int(names[at]))
    return sorted(range(len(names)), key=lambda at: (-int(rows[at]), names[at]))
