"""A period of time, as users write it: the last 7 days, since a date, until a moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_EXAMPLE = "'7d', '36h', '2026-11-01', a datetime or a timedelta"


@dataclass(frozen=True)
class Period:
    """From *since*, which belongs to it, until *until*, which does not; both in UTC."""

    since: datetime
    until: datetime

    @property
    def since_us(self) -> int:
        """The start in microseconds since 1970."""
        return microseconds(self.since)

    @property
    def until_us(self) -> int:
        """The end in microseconds since 1970."""
        return microseconds(self.until)


def period_of(since: Any, until: Any, *, now: datetime) -> Period:
    """Return the period that *since* and *until* name; the default end is *now*.

    Raises
    ------
    UsageProblem
        If one is neither a span, a date nor a moment, or it ends before it starts.
    """
    end = now if until is None else _moment("until", until, now)
    start = _moment("since", since, end)
    if start >= end:
        raise UsageProblem(f"since {start:%Y-%m-%d %H:%M} is not before until {end:%Y-%m-%d %H:%M} (UTC)")
    return Period(start, end)


def _moment(name: str, value: Any, end: datetime) -> datetime:
    if isinstance(value, timedelta):
        return end - value
    if isinstance(value, datetime):
        return in_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str):
        if (span := span_in(value)) is not None:
            return end - span
        try:
            return in_utc(datetime.fromisoformat(value.strip()))
        except ValueError:
            pass
    raise UsageProblem(f"{name} is {_EXAMPLE}, not {described(value)}")


def span_in(text: str) -> timedelta | None:
    """Return the span that *text* names, or None if it names none.

    >>> span_in("36h"), span_in("soon")
    (datetime.timedelta(days=1, seconds=43200), None)
    """
    found = _SPAN.fullmatch(text.strip())
    return None if found is None else timedelta(**{_UNITS[found[2]]: float(found[1])})


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; one without a time zone is in UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def microseconds(moment: datetime) -> int:
    """Return a moment of UTC in microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
