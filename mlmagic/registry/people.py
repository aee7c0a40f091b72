"""Who acts now, and when, as it is recorded."""

from __future__ import annotations

import datetime as dt
import getpass


def user() -> str:
    """Return the user's name, as MLflow records it with runs."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name, as in some containers
        return "unknown"


def now() -> str:
    """Return the time in UTC, as ISO 8601 with milliseconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_minute(moment: str) -> str:
    """Return an ISO 8601 time in local time to the minute; any other text as it is.

    >>> local_minute("never")
    'never'
    """
    try:
        return f"{dt.datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return moment
