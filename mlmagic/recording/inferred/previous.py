"""The metrics of the previous run of the same cell, to show what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.session_state import of_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.recording.active_run import ActiveRun


@dataclass(frozen=True)
class PreviousRun:
    """An earlier run of the same cell."""

    run_id: str
    name: str
    metrics: Mapping[str, float]


_by_cell: dict[str, PreviousRun] = of_session({})


def exchange(run: ActiveRun, metrics: Mapping[str, float]) -> PreviousRun | None:
    """Return the cell's previous run, and remember *metrics* for the next one."""
    key = run.origin.key
    if not key or not metrics:
        return None
    before = _by_cell.get(key)
    _by_cell[key] = PreviousRun(run.run_id, run.name, dict(metrics))
    return before if before is not None and before.run_id != run.run_id else None
