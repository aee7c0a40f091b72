"""The days of a chart: those without a prediction too, so that an outage is a gap and not a line."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mlmagic.monitoring.report import Day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.monitoring.report import Unit

_MOST = 4000
_LAST_OF_A_MONTH = 31


def with_silent_days(days: Sequence[Day], unit: Unit, until: dt.datetime, most: int) -> list[Day]:
    """Return *days* with an empty one for each day, week or month between them, or after them, without a prediction.

    Days that are no dates, or that are not in order, are returned as they are. Empty ones after the last day end before
    *until*, and are so few that there are at most *most* days.

    >>> until = dt.datetime(2026, 3, 2, 12)
    >>> [(one.day, one.rows) for one in with_silent_days([Day("2026-02-27", 5), Day("2026-03-01", 7)], "day", until, 9)]
    [('2026-02-27', 5), ('2026-02-28', 0), ('2026-03-01', 7), ('2026-03-02', 0)]
    """
    found: list[Day] = []
    for one in days:
        if found and (between := _between(found[-1].day, one.day, unit)):
            found += [Day(name, 0) for name in between]
        found.append(one)
    return found + [Day(name, 0) for name in silent_after(found, unit, until)[: max(most - len(found), 0)]]


def silent_after(days: Sequence[Day], unit: Unit, until: dt.datetime) -> list[str]:
    """Return the days, weeks or months that have begun after the last of *days*, before *until*."""
    if not days:
        return []
    end = (until - dt.timedelta(microseconds=1)).date() + dt.timedelta(days=1)
    return _between(days[-1].day, end.isoformat(), unit)


def _between(first: str, last: str, unit: Unit) -> list[str]:
    names: list[str] = []
    try:
        at, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        while (at := _next(at, unit)) < end:
            names.append(at.isoformat())
            if len(names) > _MOST:
                return []
    except (ValueError, OverflowError):  # no date, or the next one is beyond the calendar
        pass
    return names


def _next(at: dt.date, unit: Unit) -> dt.date:
    if unit == "month":
        return (at.replace(day=1) + dt.timedelta(days=_LAST_OF_A_MONTH)).replace(day=1)
    return at + dt.timedelta(days=7 if unit == "week" else 1)
