"""Moments as users give them, in microseconds since 1970."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNIT = "datetime64[us]"


def times_of(at: Any) -> NDArray[Any]:
    """Return a moment, or several, in microseconds since 1970; those without a time zone are in UTC.

    Raises
    ------
    UsageProblem
        If one is none.

    Examples
    --------
    >>> int(times_of("1970-01-01 00:00:01"))
    1000000
    """
    import numpy as np
    import pandas as pd

    single = isinstance(at, str | date | datetime | np.datetime64)
    values = at.to_list() if hasattr(at, "to_list") else at
    if isinstance(values, int | float):
        raise UsageProblem(f"at is a moment, such as a datetime, not {described(at)}")
    try:
        found = pd.to_datetime([values] if single else list(values), utc=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageProblem(f"at is a moment, or one for each row, not {described(at)}") from error
    if found.isna().any():
        raise UsageProblem(f"at: a moment is missing, in row {int(found.isna().argmax())}")
    moments: NDArray[Any] = found.tz_localize(None).to_numpy().astype(_UNIT).astype(np.int64)
    return moments[0] if single else moments
