"""The cells of tables: what is missing, and moments. The user may have put anything into a column."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mlmagic.views.rendering import shorten

_LONGEST = 40


def is_missing(value: object) -> bool:
    """Return whether *value* stands for no value: None, NaN, NaT or NA; a list of such is a value.

    >>> import math
    >>> is_missing(None), is_missing(math.nan), is_missing("")
    (True, True, False)
    """
    import pandas as pd

    found = pd.isna(value)  # type: ignore[call-overload]  # of any object
    return bool(found) if isinstance(found, bool) else False


def minute(moment: Any) -> str:
    """Return a moment to the minute, or the text of what the user has put in its place.

    >>> minute(dt.datetime(2026, 1, 31, 14, 5)), minute(None), minute("yesterday")
    ('2026-01-31 14:05', '', 'yesterday')
    """
    if is_missing(moment):
        return ""
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, dt.datetime) else shorten(moment, _LONGEST)
