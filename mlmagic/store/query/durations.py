"""The duration of a run: the time in its cells, which for a continued run is less than the time from start to end.

The tag ``mlmagic.duration`` of a continued run holds these seconds; MLflow knows only the start of the first cell and
the end of the last one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlmagic.journal.records import Tag

if TYPE_CHECKING:
    from mlflow.entities import Run

TAG = "mlmagic.duration"


def duration_s(run: Run) -> float | None:
    """Return the seconds that a run spent in its cells, or None while it has not ended."""
    whole = _from_start_to_end(run)
    in_cells = seconds(run.data.tags.get(TAG))
    return whole if whole is None or in_cells is None else in_cells


def span_s(run: Run) -> float | None:
    """Return the seconds from the start to the end of a continued run, or None for any other run."""
    return None if seconds(run.data.tags.get(TAG)) is None else _from_start_to_end(run)


def tag(in_cells: float) -> Tag:
    """Return the tag of a continued run that spent these seconds in its cells."""
    return Tag(TAG, f"{in_cells:.3f}")


def _from_start_to_end(run: Run) -> float | None:
    if run.info.start_time is None or run.info.end_time is None:
        return None
    return float(run.info.end_time - run.info.start_time) / 1000


def seconds(text: str | None) -> float | None:
    """Parse the tag's value, which anyone may have written; return None if it is not a duration."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None
