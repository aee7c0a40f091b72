"""Columns of numbers or dates in which a few values are text."""

from __future__ import annotations

import decimal
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_TEXT = 0.05
_LONGEST = 40
_BOOLS = {"true": 1.0, "false": 0.0}
_BY_STEP = 1e9


@dataclass(frozen=True, eq=False)
class Mixed:
    """The values of a column as numbers, bools or seconds since 1970; text that reads as none of them is missing.

    ``texts`` of ``present`` values are text, such as ``example``.
    """

    values: NDArray[Any]
    kind: Literal["number", "time", "bool"]
    texts: int
    present: int
    example: str

    @property
    def note(self) -> str:
        """What is to be said of the text, if there is any."""
        if not self.texts:
            return ""
        are = "is" if self.texts == 1 else "are"
        return f"{self.texts:,} of {self.present:,} values {are} text, such as {self.example!r}"


def mixed_objects(array: NDArray[Any], missing: NDArray[Any]) -> Mixed | None:
    """Return Python objects as numbers or dates if at most 5 % of them are text; None if they are of other kinds.

    >>> import numpy as np
    >>> mixed_objects(np.array([1.5] * 60 + ["abc"], dtype=object), np.zeros(61, bool)).note
    "1 of 61 values is text, such as 'abc'"
    """
    import numpy as np
    import pandas as pd

    present = np.flatnonzero(~missing)
    is_text = np.array([isinstance(array[at], str | bytes) for at in present], dtype=bool)
    texts = int(is_text.sum())
    if not 0 < texts <= MOST_TEXT * len(present):
        return None
    words = [_word(array[at]) for at in present[is_text]]
    others = array[present[~is_text]]
    values = np.full(len(array), np.nan)
    if all(isinstance(one, numbers.Real | decimal.Decimal | np.bool_) for one in others):
        kind: Literal["number", "time", "bool"] = (
            "bool" if all(isinstance(one, bool | np.bool_) for one in others) else "number"
        )
        values[present[~is_text]] = [float(one) for one in others]
        read = _bools(words) if kind == "bool" else _numbers(words)
    elif pd.api.types.infer_dtype(others) in {"datetime64", "datetime", "date"}:
        kind = "time"
        values[present[~is_text]] = _seconds(list(others))
        read = _seconds(words)
    else:
        return None
    values[present[is_text]] = read
    example = next((word for word, value in zip(words, read, strict=True) if np.isnan(value)), words[0])
    return Mixed(values, kind, texts, len(present), example[:_LONGEST])


def mixed_text(codes: NDArray[Any], labels: Sequence[str]) -> Mixed | None:
    """Return the values of a text file as numbers, bools or dates if at least 95 % of them read as such, else None.

    >>> import numpy as np
    >>> mixed_text(np.append(np.zeros(60, int), 1), ["4.5", "abc"]).note
    "1 of 61 values is text, such as 'abc'"
    """
    import numpy as np

    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    present = int(counts.sum())
    for kind, reader in (("number", _numbers), ("bool", _bools), ("time", _seconds)):
        read = np.array(reader(labels), dtype=float)
        unread = np.isnan(read)
        texts = int(counts[unread].sum())
        if present and texts <= MOST_TEXT * present:
            example = next((labels[at] for at in np.flatnonzero(unread).tolist()), "")
            return Mixed(np.append(read, np.nan)[codes], kind, texts, present, example[:_LONGEST])  # type: ignore[arg-type]
    return None


def _numbers(words: Sequence[str]) -> list[float]:
    return [_number(one) for one in words]


def _bools(words: Sequence[str]) -> list[float]:
    return [_BOOLS.get(one.strip().lower(), float("nan")) for one in words]


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def _seconds(values: Sequence[Any]) -> list[float]:
    """Return the seconds since 1970 of dates, and of text in the form of ISO 8601."""
    import numpy as np
    import pandas as pd

    form = "ISO8601" if all(isinstance(one, str) for one in values) else None
    times = pd.to_datetime(pd.Series(list(values), dtype=object), utc=True, errors="coerce", format=form)
    found = times.dt.tz_convert(None).to_numpy().astype("datetime64[ns]")
    return np.where(np.isnat(found), np.nan, found.astype(np.int64) / _BY_STEP).tolist()  # type: ignore[no-any-return]


def _word(value: str | bytes) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
