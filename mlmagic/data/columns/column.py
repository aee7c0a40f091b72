"""The four forms in which a column of any library is read: NumPy arrays, text, codes, and Python objects.

All parts of a column are read from one position up to another, so that a long column is never copied as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Read = Callable[[int, int], Any]
"""Returns the values from one position up to another: an array, or a list of Python values."""


@dataclass(frozen=True)
class ArrayColumn:
    """Values that NumPy represents.

    ``missing`` reads a mask of the missing values, and is None if the values themselves say which are missing.
    ``zone`` is the time zone of instants, which are read in UTC. ``meaning`` tells dates from instants, and times of a
    day, in nanoseconds, from integers. ``listed`` reads Python values, and is None if these are the values' own.
    """

    dtype: Any
    length: int
    read: Read
    missing: Read | None = None
    zone: Any = None
    meaning: Literal["date", "time"] | None = None
    listed: Read | None = None


@dataclass(frozen=True)
class TextColumn:
    """Text or bytes, read as Arrow arrays of large strings or large binaries."""

    kind: Literal["string", "bytes"]
    length: int
    read: Read
    listed: Read


@dataclass(frozen=True)
class CodedColumn:
    """Integer codes into *categories*; -1 is a missing value. *ordered* says that the categories have an order."""

    codes: NDArray[Any]
    categories: Column
    ordered: bool

    @property
    def length(self) -> int:
        """The number of values."""
        return len(self.codes)


@dataclass(frozen=True)
class ObjectColumn:
    """Values that are read as Python objects; ``array`` is the Arrow array that holds them, if one does."""

    length: int
    read: Read
    array: Any = None


Column = ArrayColumn | TextColumn | CodedColumn | ObjectColumn
