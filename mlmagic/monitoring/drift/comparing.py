"""Compare many columns at once, in threads: each is read once, for all rows, the groups and the classifier."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.drift.columns import compare_column, match
from mlmagic.monitoring.drift.sources.values import Levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.report import ColumnDrift, Retyped, Role
    from mlmagic.monitoring.drift.sources.values import Numbers, Values

    Rows = tuple[NDArray[Any], NDArray[Any]]

_MOST_THREADS = 8
_ROWS_FOR_THREADS = 20_000


@dataclass(frozen=True, eq=False)
class Pair:
    """A column of both sides, read when it is compared."""

    name: str
    role: Role
    read: Callable[[], tuple[Values, Values]]


@dataclass(frozen=True, eq=False)
class Selected:
    """Rows of both sides: those of each group, and those that are compared as rows (None for none)."""

    groups: Mapping[str, Rows] = field(default_factory=dict)
    sample: Rows | None = None


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found for one column; without ``whole``, ``reason`` says why.

    ``sample`` are the values of some rows as numbers, and ``notes`` say what of each side is left out.
    """

    name: str
    role: Role
    whole: ColumnDrift | None = None
    groups: Mapping[str, ColumnDrift] = field(default_factory=dict)
    sample: Rows | None = None
    reason: str = ""
    retyped: Retyped | None = None
    notes: tuple[str, str] = ("", "")


def compare_pairs(pairs: Sequence[Pair], selected: Selected, *, rows: int) -> list[Compared]:
    """Compare columns of so many *rows*, in threads if they are long: sorting releases Python's lock."""
    workers = max(1, min(os.cpu_count() or 1, _MOST_THREADS, len(pairs)))
    if workers == 1 or rows < _ROWS_FOR_THREADS:
        return [_compare(pair, selected) for pair in pairs]
    pool = ThreadPoolExecutor(workers, thread_name_prefix="mlmagic-drift")
    try:
        return list(pool.map(lambda pair: _compare(pair, selected), pairs))
    finally:
        pool.shutdown(cancel_futures=True)  # after an interrupt, no further column is begun


def _compare(pair: Pair, selected: Selected) -> Compared:
    found = match(pair.name, *pair.read())
    if found.reference is None or found.current is None:
        return Compared(pair.name, pair.role, reason=found.reason, retyped=found.retyped)
    reference, current = found.reference, found.current
    whole = compare_column(pair.name, pair.role, reference, current)
    groups = {
        value: compare_column(pair.name, pair.role, reference.take(rows[0]), current.take(rows[1]))
        for value, rows in selected.groups.items()
    }
    sample = None
    if selected.sample is not None and pair.role == "column":
        sample = _for_classifier(reference.take(selected.sample[0]), current.take(selected.sample[1]))
    return Compared(pair.name, pair.role, whole, groups, sample, notes=found.notes)


def _for_classifier(reference: Numbers | Levels, current: Numbers | Levels) -> Rows:
    """Return the values as numbers, NaN for missing ones; levels are numbered by their frequency in both samples.

    Equally frequent ones are in an order without meaning, that of checksums of their labels. So the number of a level
    does not depend on the sample that has it, nor on its name: otherwise the classifier would tell rows apart by the
    numbers of rare levels alone, such as those of ids that are counted up.
    """
    import numpy as np

    found = []
    for one in (reference, current):
        if not isinstance(one, Levels):
            found.append(np.clip(one.values, -_LARGEST, _LARGEST))
            continue
        assert isinstance(reference, Levels)  # noqa: S101  # they match
        assert isinstance(current, Levels)  # noqa: S101
        counts, labels = (reference.counts() + current.counts()).tolist(), one.labels
        checks = [zlib.crc32(label.encode("utf-8", "backslashreplace")) for label in labels]
        rank = np.empty(len(labels) + 1)
        rank[sorted(range(len(labels)), key=lambda at: (-counts[at], checks[at]))] = np.arange(len(labels))
        rank[-1] = np.nan
        found.append(rank[one.codes])
    return found[0], found[1]


_LARGEST = 1e300
"""Stands for infinity, which the classifier does not take."""
