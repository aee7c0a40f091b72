"""Cheap statistics of one column: nulls, range, mean, number of distinct values, and classes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers.instants import BEYOND
from mlmagic.snapshot.secrets.redaction import redact
from mlmagic.store.keys import unused

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.fingerprint.readers.chunks import Chunk, Mask
    from mlmagic.data.fingerprint.readers.columns import DataColumn

MOST_CLASSES = 50
LONGEST_NAME = 200
_LONGEST_LABEL = 80
_UNIQUE_BLOCKS, _UNIQUE_BLOCK_ROWS = 20, 1000
_FARTHEST = 2**63
"""The nanoseconds from 1970 that 64 bits cannot represent."""
_ROWS_FOR_A_TEXT_CLASS = 5
"""Texts count as class labels if each occurs this often on average; names, addresses and keys do not."""


def shown_names(keys: Iterable[str]) -> list[str]:
    """Return the names of columns, redacted, truncated and made unique.

    >>> shown_names(["age", "ghp_" + "a1B2" * 9, "ghp_" + "c3D4" * 9])
    ['age', '<redacted>', '<redacted>_2']
    """
    taken: set[str] = set()
    return [unused(redact(key)[0][:LONGEST_NAME], taken) for key in keys]


class ColumnSummary:
    """Accumulates nulls, range and mean of a column chunk by chunk; for text, only the nulls.

    >>> import numpy as np
    >>> from mlmagic.data.fingerprint.readers.chunks import of_numbers
    >>> summary = ColumnSummary("float64")
    >>> summary.add(of_numbers(np.array([1.0, np.nan, 4.0]), None, 0))
    >>> summary.to_dict()
    {'nulls': 1, 'min': 1.0, 'max': 4.0, 'mean': 2.5}
    """

    def __init__(self, logical: str) -> None:
        self._is_time = logical.startswith(("datetime", "date", "duration"))
        self._is_number = self._is_time or logical.startswith(("bool", "int", "uint", "float", "bfloat"))
        self._nulls = 0
        self._count = 0
        self._sum = 0.0
        self._range: list[Any] = []

    def add(self, chunk: Chunk) -> None:
        """Add the values of *chunk*."""
        import numpy as np

        missing = missing_in(chunk)
        self._nulls += 0 if missing is None else int(missing.sum())
        if not self._is_number or chunk.values is None or chunk.values.dtype.kind == "c":
            return
        values = chunk.values if missing is None else chunk.values[~missing]
        beyond: list[int] = []
        if self._is_time and len(values) and values.min() <= BEYOND:
            values, beyond = values[values > BEYOND], _beyond(chunk)
        if not len(values) and not beyond:
            return
        ends = [values.min().item(), values.max().item()] if len(values) else []
        ends += [*beyond, *self._range]
        self._range = [min(ends), max(ends)]
        self._count += len(values) + len(beyond)
        with np.errstate(all="ignore"):  # infinities of both signs
            self._sum += float(values.sum(dtype=np.float64)) + sum(map(float, beyond))

    def to_dict(self, logical: str = "") -> dict[str, Any]:
        """Return the statistics as values for JSON; times as text, durations in seconds."""
        facts: dict[str, Any] = {"nulls": self._nulls}
        if not self._count:
            return facts
        low, high, mean = (*self._range, self._sum / self._count)
        if logical.startswith("date"):
            return facts | {"min": _time(low), "max": _time(high)}
        if logical.startswith("duration"):
            low, high, mean = low / 1e9, high / 1e9, mean / 1e9
        return facts | {"min": _plain(low), "max": _plain(high), "mean": _plain(mean)}


def _beyond(chunk: Chunk) -> list[int]:
    """Return the nanoseconds of the times in *chunk* that 64 bits cannot represent, such as the year 9999's."""
    texts = (entry.partition(":")[2] for entry in chunk.streams[1].decode().split(";") if entry)
    return [math.floor(Fraction(text)) for text in texts]


def distinct(column: DataColumn, rows: int) -> dict[str, int]:
    """Return the number of distinct values; beyond 20,000 rows, of an evenly spread sample, with the sample's size."""
    import numpy as np

    most = _UNIQUE_BLOCKS * _UNIQUE_BLOCK_ROWS
    pieces = [(0, rows)] if rows else []
    if rows > most:
        starts = [number * (rows - _UNIQUE_BLOCK_ROWS) // (_UNIQUE_BLOCKS - 1) for number in range(_UNIQUE_BLOCKS)]
        pieces = [(start, start + _UNIQUE_BLOCK_ROWS) for start in starts]
    words: list[NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
    for start, stop in pieces:
        chunk = column.chunk(start, stop)
        missing = missing_in(chunk)
        words.append(chunk.words() if missing is None else chunk.words()[~missing])
    ordered = np.sort(np.concatenate(words))  # quicker than np.unique, which hashes
    count = int(np.count_nonzero(ordered[1:] != ordered[:-1])) + (len(ordered) > 0)
    return {"n_unique": count} | ({"n_unique_of": most} if rows > most else {})


def classes(column: DataColumn, pieces: Iterable[tuple[int, int]], *, is_target: bool) -> dict[str, int] | None:
    """Return the count of each class, the most frequent first, or None if the values are not classes.

    Classes are at most 50 distinct bools, integers, integral floats or texts. Texts must also repeat, unless the
    column was named as the target. Missing values are not counted. Labels are redacted.
    """
    import numpy as np

    inner = column.logical.removeprefix("category<")
    if not inner.startswith(("bool", "int", "uint", "float", "string")):
        return None
    counts: dict[int, int] = {}
    where: dict[int, int] = {}
    for start, stop in pieces:
        chunk = column.chunk(start, stop)
        places = np.arange(start, stop)
        words = chunk.words()
        if (missing := missing_in(chunk)) is not None:
            words, places = words[~missing], places[~missing]
        if chunk.values is not None and chunk.values.dtype.kind == "f" and not _all_whole(chunk.values):
            return None
        found, firsts, times = np.unique(words, return_index=True, return_counts=True)
        for word, first, count in zip(found.tolist(), firsts.tolist(), times.tolist(), strict=True):
            counts[word] = counts.get(word, 0) + count
            where.setdefault(word, int(places[first]))
        if len(counts) > MOST_CLASSES:
            return None
    if inner.startswith("string") and not is_target and sum(counts.values()) < _ROWS_FOR_A_TEXT_CLASS * len(counts):
        return None
    ordered = sorted(counts, key=lambda word: (-counts[word], where[word]))
    labelled: dict[str, int] = {}
    for word in ordered:
        label = _label(column.listed(where[word], where[word] + 1)[0])
        labelled[label] = labelled.get(label, 0) + counts[word]
    return labelled or None


def missing_in(chunk: Chunk) -> Mask | None:
    """Return a mask of the missing values of *chunk*, or None if there are none."""
    import numpy as np

    values = chunk.values
    if chunk.missing is not None or values is None or not values.size or values.dtype.kind not in "fc":
        return chunk.missing
    # The maximum is NaN if any value is.
    gone: Mask | None = np.isnan(values) if np.isnan(values.max()) else None
    return gone


def _all_whole(values: NDArray[Any]) -> bool:
    import numpy as np

    present = values[~np.isnan(values)]
    return bool(np.isfinite(present).all() and (present == np.floor(present)).all())


def _label(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return redact(str(value))[0][:_LONGEST_LABEL]


def _plain(value: float) -> float | int | str:
    """Return *value* for JSON, in which an infinity becomes text."""
    return value if isinstance(value, int) or math.isfinite(value) else str(value)


def _time(nanoseconds: int) -> str:
    import numpy as np

    is_near = abs(nanoseconds) < _FARTHEST
    text = str(np.datetime64(nanoseconds, "ns") if is_near else np.datetime64(nanoseconds // 10**9, "s"))
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole.removesuffix("T00:00:00")
