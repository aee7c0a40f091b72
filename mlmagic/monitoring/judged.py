"""What a check has judged: only that closes an alert, and nothing that could not be judged does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.monitoring.report import Alert

_ENOUGH = 30
"""So many rows say that something is over; fewer do if it was found in as few."""


@dataclass(frozen=True)
class Judged:
    """By how many rows something was judged, and whether by estimated labels."""

    rows: int
    is_estimate: bool = False


Subjects = Mapping[tuple[str, str], Judged]
"""What was judged, by topic and subject."""


def is_over(alert: Alert, judged: Judged | None) -> bool:
    """Return whether an alert that was not found again is over.

    It stays open if its subject was not judged, if it was judged by few rows, or if labels raised it and only an
    estimate is fine now: an estimate does not notice that the relation to the target has changed.
    """
    if judged is None or (judged.is_estimate and not alert.evidence.get("is_estimate", False)):
        return False
    rows = alert.evidence.get("rows", 1)
    before = rows[-1] if isinstance(rows, list | tuple) and rows else rows
    return judged.rows >= min(_ENOUGH, before if isinstance(before, int) else _ENOUGH)
