"""The plain forms of a column of ids, in which equal values have equal representations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Form = Literal["whole", "real", "time", "text", "coded", "mixed"]


@dataclass(frozen=True)
class Values:
    """A column in a plain form.

    ``whole`` and ``real`` hold a NumPy array of numbers, ``time`` one of datetime64 (in UTC if there was a time zone),
    ``text`` a pyarrow array of strings or binaries, ``coded`` integer codes into `categories`, and ``mixed`` a list
    of forms, each with the positions of its values. ``null`` is a mask of the missing values, None if there are none.
    """

    form: Form
    held: Any
    length: int
    null: NDArray[np.bool_] | None = None
    categories: Values | None = None

    @property
    def nulls(self) -> int:
        """The number of missing values."""
        return 0 if self.null is None else int(self.null.sum())


class UnhashableError(UsageProblem, TypeError):
    """A column holds values that cannot serve as ids, such as lists."""


def coded(codes: NDArray[Any], categories: Values) -> Values:
    """Return the values that *codes* index in *categories*; -1 is a missing value."""
    null = codes < 0
    if categories.null is not None:
        null |= categories.null[codes]
    return Values("coded", codes, len(codes), null if null.any() else None, categories)


def of_numbers(column: NDArray[Any], masked: NDArray[np.bool_] | None = None) -> Values:
    """Return a one-dimensional NumPy array without Python objects in its plain form; *masked* values are missing."""
    import numpy as np

    if column.ndim != 1:
        raise UnhashableError(f"one value for each row is needed, got an array of shape {column.shape}.")
    if isinstance(column, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(column)
    column = np.asarray(column)
    count = len(column)
    match column.dtype.kind:
        case "i" | "u" | "b":
            return Values("whole", column, count, masked)
        case "f":
            missing = np.isnan(column)
            return Values("real", column, count, _null(missing, masked))
        case "M":
            return Values("time", column, count, _null(np.isnat(column), masked))
        case "U" | "S" | "T":
            import pyarrow as pa

            held = column.astype(object).tolist()
            return Values(
                "text", pa.array(held, pa.large_binary() if column.dtype.kind == "S" else None), count, masked
            )
    raise UnhashableError(f"values of type {column.dtype} cannot be ids of rows.")


def _null(missing: NDArray[np.bool_], masked: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    if masked is not None:
        missing = missing | masked
    return missing if missing.any() else None
