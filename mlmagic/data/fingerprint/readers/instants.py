"""Convert datetimes and timedeltas of any unit to nanoseconds."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOT_A_TIME = -(2**63)
BEYOND = NOT_A_TIME + 1
"""Marks a time that int64 nanoseconds cannot represent: over 292 years from 1970, or between two nanoseconds."""

_LARGEST = 2**63 - 1
_NANOSECONDS = {
    "W": 604_800_000_000_000, "D": 86_400_000_000_000, "h": 3_600_000_000_000, "m": 60_000_000_000,
    "s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1,
}  # fmt: skip
_PARTS_OF_A_NANOSECOND = {"ps": 10**3, "fs": 10**6, "as": 10**9}


def nanoseconds(values: NDArray[Any]) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Return datetime64 or timedelta64 *values* as int64 nanoseconds, and those that int64 cannot represent.

    Missing values are `NOT_A_TIME`. A value beyond the range of 64 bits, or between two nanoseconds, is `BEYOND`; the
    mapping gives its exact value, as text, by position.

    >>> import numpy as np
    >>> whole, beyond = nanoseconds(np.array(["1970-01-02", "9999-12-31"], "datetime64[D]"))
    >>> whole.tolist(), beyond
    ([86400000000000, -9223372036854775807], {1: '253402214400000000000'})
    """
    import numpy as np

    values = np.ascontiguousarray(_with_fixed_unit(values))
    unit, count = np.datetime_data(values.dtype)
    held = values.astype(values.dtype.newbyteorder("="), copy=False).view(np.int64)
    if unit == "ns" and count == 1:
        return held, {}
    if unit == "generic":
        return held, {}
    missing = held == NOT_A_TIME
    if unit in _NANOSECONDS:
        factor = _NANOSECONDS[unit] * count
        limit = _LARGEST // factor
        fits = (held >= -limit) & (held <= limit)
        whole = np.where(fits, held, 0) * factor
    else:
        parts = _PARTS_OF_A_NANOSECOND[unit]
        fits = (held * count // count == held) & (held * count % parts == 0)
        whole = held * count // parts
    whole[~fits] = BEYOND
    whole[missing] = NOT_A_TIME
    others = np.flatnonzero(~fits & ~missing).tolist()
    return whole, {at: str(_exact(int(held[at]), unit, count)) for at in others}


def exact_nanoseconds(value: Any) -> int | Fraction:
    """Return a datetime64 or timedelta64 that is not NaT as exact nanoseconds.

    >>> import numpy as np
    >>> exact_nanoseconds(np.datetime64("1970-01-01T00:01"))
    60000000000
    """
    import numpy as np

    held = _with_fixed_unit(np.asarray(value).reshape(1))
    unit, count = np.datetime_data(held.dtype)
    return _exact(int(held.astype(held.dtype.newbyteorder("=")).view(np.int64)[0]), unit, count)


def is_calendar(dtype: Any) -> bool:
    """Return whether *dtype* is a span of months or years, which has no length in nanoseconds."""
    import numpy as np

    return bool(dtype.kind == "m" and np.datetime_data(dtype)[0] in {"Y", "M"})


def zone_name(zone: Any) -> str:
    """Return the same name for a time zone of any library; a fixed offset is named by its offset.

    >>> zone_name(dt.UTC), zone_name(zoneinfo.ZoneInfo("UTC")), zone_name("Europe/Berlin")
    ('UTC', 'UTC', 'Europe/Berlin')
    >>> zone_name("+01:00"), zone_name(dt.timezone(dt.timedelta(hours=1)))
    ('UTC+01:00', 'UTC+01:00')
    """
    if isinstance(zone, str):
        try:
            zone = zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return f"UTC{zone}" if zone.startswith(("+", "-")) else zone
    offset = zone.utcoffset(None)
    if offset is None:
        return str(zone)
    return str(dt.timezone(offset)) if offset else "UTC"


def _with_fixed_unit(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    unit, _ = np.datetime_data(values.dtype)
    if unit not in {"Y", "M"}:
        return values
    if values.dtype.kind == "M":
        return values.astype("datetime64[D]")
    return values.astype("timedelta64[M]").view(np.int64).astype("timedelta64[D]")


def _exact(held: int, unit: str, count: int) -> int | Fraction:
    if unit in _PARTS_OF_A_NANOSECOND:
        found = Fraction(held * count, _PARTS_OF_A_NANOSECOND[unit])
        return found.numerator if found.denominator == 1 else found
    return held * count * _NANOSECONDS.get(unit, 1)
