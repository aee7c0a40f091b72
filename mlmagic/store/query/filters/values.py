"""What a value in a filter reads as: a number, a duration, a date, a pattern.

``comparison/web/src/table/filter/values.ts`` reads the same. Every pattern here takes linear time.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BLANK = r"[ \t\n\v\f\r]*"
_NUMBER = re.compile(
    rf"{_BLANK}[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan){_BLANK}",
    re.IGNORECASE | re.ASCII,
)
_DURATION = re.compile(r"(\S*?[0-9]\.?)\s*(ms|s|min|m|h|d)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def number_or_none(text: str) -> float | None:
    """Return *text* as a number, None when it is not one.

    >>> number_or_none("1e-3"), number_or_none("adam"), number_or_none("1_000")
    (0.001, None, None)
    """
    return float(text) if _NUMBER.fullmatch(text) else None


def seconds_or_none(text: str) -> float | None:
    """Return a duration in seconds: a number, with a unit or without.

    >>> seconds_or_none("90"), seconds_or_none("1.5 h"), seconds_or_none("5min"), seconds_or_none("long")
    (90.0, 5400.0, 300.0, None)
    """
    found = _DURATION.fullmatch(text)
    amount = number_or_none(found[1]) if found else None
    if found is None or amount is None:
        return number_or_none(text)
    return amount * _SECONDS[found[2].lower()]


def milliseconds_or_none(text: str) -> float | None:
    """Return a date in milliseconds since 1970: such a number, which is MLflow's own form, or an ISO 8601 date.

    A date without an offset is local time.

    >>> milliseconds_or_none("2026-01-31T00:00Z"), milliseconds_or_none("1e3"), milliseconds_or_none("soon")
    (1769817600000.0, 1000.0, None)
    """
    number = number_or_none(text)
    if number is not None:
        return number if math.isfinite(number) else None
    try:
        since = dt.datetime.fromisoformat(text).astimezone(dt.UTC) - _EPOCH
    except (ValueError, OverflowError, OSError):
        return None
    return float(since // dt.timedelta(milliseconds=1))


def like(pattern: str) -> Callable[[str], bool]:
    """Return a test of a whole text against a pattern of SQL: ``%`` is any text, ``_`` any character.

    Each part between two ``%`` is taken where it first fits, so that no pattern makes the search slow.

    >>> [like("ad%m_")(text) for text in ("adamw", "ad hmm", "adam")]
    [True, True, False]
    """
    parts = [re.compile(".".join(map(re.escape, part.split("_"))), re.DOTALL) for part in pattern.split("%")]
    lengths = [len(part) for part in pattern.split("%")]
    first, *middle = parts

    def fits(text: str) -> bool:
        if not middle:
            return first.fullmatch(text) is not None
        found, last = first.match(text), len(text) - lengths[-1]
        for part in middle[:-1]:
            found = part.search(text, found.end()) if found else None
        return found is not None and found.end() <= last and middle[-1].fullmatch(text, last) is not None

    return fits
