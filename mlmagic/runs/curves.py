"""Histories of metrics in bulk, thinned out for sight without losing their peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from mlflow import MlflowClient


@dataclass(frozen=True, eq=False)
class Curve:
    """The history of a metric: steps, times (ms since 1970) and values as float64; ``count`` is how many there are.

    ``exact`` where none of them was left out.
    """

    run_id: str
    key: str
    count: int
    steps: np.ndarray[Any, Any]
    times: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]
    exact: bool


def read_curves(
    client: MlflowClient,
    run_ids: Sequence[str],
    keys: Sequence[str],
    *,
    points: int = 1000,
    between: tuple[float, float] | None = None,
    by: Literal["step", "time"] = "step",
) -> list[Curve]:
    """Return the curves of *keys* of the runs, those that exist, each of at most about *points* points."""
    return [
        curve
        for run_id in run_ids
        for key in keys
        if (curve := _read(client, run_id, key, points, between, by)) is not None
    ]


def _read(
    client: MlflowClient, run_id: str, key: str, points: int, between: tuple[float, float] | None, by: str
) -> Curve | None:
    import numpy as np

    history = client.get_metric_history(run_id, key)
    if not history:
        return None
    table = np.array([(one.step, one.timestamp, one.value) for one in history], dtype=float)
    steps, times, values = table[np.lexsort((table[:, 1], table[:, 0]))].T
    if between is not None:
        at = steps if by == "step" else times
        inside = (at >= between[0]) & (at <= between[1])
        steps, times, values = steps[inside], times[inside], values[inside]
    count = len(steps)
    if count <= points:
        return Curve(run_id, key, count, steps, times, values, exact=True)
    edges = np.linspace(0, count, points // 2 + 1).astype(int)
    kept = {0, count - 1}
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        part = values[low:high]
        if not np.isfinite(part).all():
            kept.add(low + int(np.argmin(np.isfinite(part))))
        if np.isfinite(part).any():
            kept |= {low + int(np.nanargmin(part)), low + int(np.nanargmax(part))}
    rows = sorted(kept)
    return Curve(run_id, key, count, steps[rows], times[rows], values[rows], exact=False)
