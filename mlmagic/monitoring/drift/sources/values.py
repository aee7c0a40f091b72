"""The values of a column in the form that is tested: numbers with NaN for missing ones, or codes of levels."""

from __future__ import annotations

import datetime as dt
import decimal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.data.columns.column import ArrayColumn, CodedColumn, TextColumn
from mlmagic.data.columns.missing import is_missing
from mlmagic.data.columns.reader import read_column
from mlmagic.monitoring.drift.sources.mixed import mixed_objects, mixed_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlmagic.data.columns.column import Column
    from mlmagic.monitoring.drift.sources.mixed import Mixed

Kind = Literal["number", "time", "bool", "text"]

MOST_LEVELS = 20
"""Whole numbers of at most so many different values are categories."""
_FIRST = 1000
_SCALARS = (str, bytes, bool, int, float, decimal.Decimal, dt.date, dt.time)
_MICROSECONDS = 1e6


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers, instants in seconds since 1970 (UTC), or bools; NaN is a missing value."""

    values: NDArray[Any]
    kind: Literal["number", "time", "bool"]
    dtype: str

    def take(self, rows: NDArray[Any]) -> Numbers:
        """Return some of the rows."""
        return Numbers(self.values[rows], self.kind, self.dtype)

    @property
    def missing(self) -> NDArray[Any]:
        """A mask of the missing values."""
        import numpy as np

        found: NDArray[Any] = np.isnan(self.values)
        return found

    def few_levels(self) -> NDArray[Any] | None:
        """Return the different values if all are whole and they are at most 20, else None."""
        import numpy as np

        for part in (self.values[:_FIRST], self.values):
            present = part[~np.isnan(part)]
            found: NDArray[Any] = np.unique(present)
            if len(found) > MOST_LEVELS or not (np.isfinite(found).all() and (found == np.floor(found)).all()):
                return None
        return found

    def as_levels(self) -> Levels:
        """Return few whole numbers, or bools, as levels."""
        import numpy as np

        found = np.unique(self.values[~self.missing])
        codes = np.where(self.missing, -1, np.searchsorted(found, self.values))
        words = ("False", "True") if self.kind == "bool" else None
        return Levels(codes, tuple(words[int(one)] if words else str(int(one)) for one in found), self.dtype)


@dataclass(frozen=True, eq=False)
class Levels:
    """Codes into *labels*; -1 is a missing value. ``mixed`` are the values in another form if few of them are text."""

    codes: NDArray[Any]
    labels: tuple[str, ...]
    dtype: str
    kind: Literal["text"] = "text"
    mixed: Mixed | None = None

    def take(self, rows: NDArray[Any]) -> Levels:
        """Return some of the rows."""
        return Levels(self.codes[rows], self.labels, self.dtype)

    @property
    def missing(self) -> NDArray[Any]:
        """A mask of the missing values."""
        found: NDArray[Any] = self.codes < 0
        return found

    def counts(self) -> NDArray[Any]:
        """Return the number of rows of each label."""
        import numpy as np

        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels))


@dataclass(frozen=True)
class NotCompared:
    """A column whose values are neither numbers, times nor text."""

    reason: str
    dtype: str


Values = Numbers | Levels | NotCompared


def read_values(raw: Any, *, of_text_file: bool = False) -> Values:
    """Return the values of a Series of pandas or polars, or of an Arrow array.

    Of a text file, text that mostly reads as numbers or dates has these values too.

    >>> import pandas as pd
    >>> read_values(pd.Series([1, None, 3])).values.tolist()
    [1.0, nan, 3.0]
    >>> read_values(pd.Series(["b", "a", None, "b"])).labels
    ('a', 'b')
    >>> read_values(pd.Series([[1], [2, 3]]))
    NotCompared(reason='its values are of type list', dtype='object')
    """
    found = getattr(raw, "dtype", None)
    dtype = str(raw.type if found is None else found)
    values = _of_column(read_column(raw), dtype)
    if of_text_file and isinstance(values, Levels):
        return replace(values, mixed=mixed_text(values.codes, values.labels))
    return values


def _of_column(column: Column, dtype: str) -> Values:
    import numpy as np

    rows = column.length
    if isinstance(column, CodedColumn):
        labels = [_label(one) for one in _listed(column.categories)]
        return _unique_labels(np.asarray(column.codes, dtype=np.int64), labels, dtype)
    if isinstance(column, TextColumn):
        encoded = column.read(0, rows).dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        labels = [_label(one) for one in encoded.dictionary.to_pylist()]
        return _unique_labels(codes, labels, dtype)
    if isinstance(column, ArrayColumn):
        return _of_array(column, column.read(0, rows), dtype)
    if column.array is not None and column.array.type.num_fields:  # a list or a struct
        return NotCompared(f"its values are of type {column.array.type}"[:80], dtype)
    return _of_objects(np.fromiter(column.read(0, rows), dtype=object, count=rows), dtype)


def _listed(column: Column) -> list[Any]:
    if isinstance(column, CodedColumn):
        labels = _listed(column.categories)
        return [labels[code] if code >= 0 else None for code in column.codes.tolist()]
    if isinstance(column, TextColumn):
        found: list[Any] = column.listed(0, column.length)
        return found
    return list(column.read(0, column.length))


def _of_array(column: ArrayColumn, array: NDArray[Any], dtype: str) -> Values:
    import numpy as np

    kind = array.dtype.kind
    if kind == "O":
        return _of_objects(array, dtype)
    if kind in "US":
        return _of_objects(array.astype(object), dtype)
    if kind == "c":
        return NotCompared("its values are complex numbers", dtype)
    if kind == "V":
        return NotCompared("its values are records", dtype)
    if kind in "Mm":
        unit = "datetime64[us]" if kind == "M" else "timedelta64[us]"
        values = np.where(np.isnat(array), np.nan, array.astype(unit).astype(np.int64) / _MICROSECONDS)
    else:
        values = array.astype(np.float64)
        if column.meaning == "time":  # of a day, in nanoseconds
            values = values / 1e9
    if column.missing is not None:
        gone = column.missing(0, column.length)
        values = np.where(gone, np.nan, values)
    return Numbers(values, "time" if kind == "M" else "bool" if kind == "b" else "number", dtype)


def _of_objects(array: NDArray[Any], dtype: str) -> Values:
    """Return Python objects as what all of them are."""
    import numpy as np
    import pandas as pd

    kind = pd.api.types.infer_dtype(array, skipna=True)
    if kind == "string":
        return _factorized(array, dtype)
    if kind in {"datetime64", "datetime", "date"}:
        times = pd.to_datetime(pd.Series(array), utc=True, errors="coerce", format="mixed" if kind == "date" else None)
        naive = times.dt.tz_convert(None).to_numpy()
        return _of_array(ArrayColumn(naive.dtype, len(naive), lambda *_: naive), naive, dtype)
    gone = np.fromiter((is_missing(one) for one in array), dtype=bool, count=len(array))
    if gone.all():
        return Numbers(np.full(len(array), np.nan), "number", dtype)
    present = array[~gone]
    other = next((one for one in present if not isinstance(one, (*_SCALARS, np.generic))), None)
    if other is not None:
        return NotCompared(f"its values are of type {type(other).__name__}", dtype)
    if kind in {"boolean", "integer", "floating", "mixed-integer-float", "decimal"}:
        values = np.full(len(array), np.nan)
        values[~gone] = [float(one) for one in present]
        return Numbers(values, "bool" if kind == "boolean" else "number", dtype)
    texts = array.copy()
    texts[~gone] = [_label(one) for one in present]
    return replace(_factorized(texts, dtype), mixed=mixed_objects(array, gone))


def _factorized(array: NDArray[Any], dtype: str) -> Levels:
    import numpy as np
    import pandas as pd

    codes, found = pd.factorize(array)
    return _unique_labels(np.asarray(codes, dtype=np.int64), list(map(str, found)), dtype)


def _unique_labels(codes: NDArray[Any], labels: list[str], dtype: str) -> Levels:
    """Return levels whose labels differ and are sorted; a missing label makes its rows missing.

    Labels in the order in which rows have them would make codes depend on the numbers of rows.
    """
    import numpy as np

    known = {label: at for at, label in enumerate(sorted({one for one in labels if one is not None}))}
    place = np.array([-1 if one is None else known[one] for one in labels] + [-1], np.int64)
    return Levels(place[codes], tuple(known), dtype)


def _label(value: Any) -> Any:
    """Return a level as text, None if it is missing."""
    if is_missing(value):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if isinstance(value, str) else str(value)
