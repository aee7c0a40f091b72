"""Reads the metric histories that the browser requests, as float64 bytes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.store.query import bulk, queries
from mlmagic.store.query.histories.curves import read_curves
from mlmagic.store.query.histories.ranking import rank
from mlmagic.store.query.infinities import as_logged
from mlmagic.store.query.ordering import Order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.store.query.histories.curves import Curve, Kept
    from mlmagic.store.query.histories.ranking import Ranked

_MOST_POINTS = 20_000


def ranking_of(comparison: Comparison, *, folded: bool = True) -> Ranked | None:
    """Return the runs by the best value of the main metric, those below others *folded*; None without a metric."""
    main = comparison.main_metric
    if main is None:
        return None
    order = Order("metric", main.label, main.goal == "min", main.goal)
    return rank(comparison.runs, order, "best", comparison.extremes, folded=folded)


def best_curves(comparison: Comparison, most: int, *, points: int) -> list[Curve]:
    """Return the curves of the main metric for up to *most* of the best runs, best first."""
    main, ranked = comparison.main_metric, ranking_of(comparison, folded=False)
    if main is None or ranked is None:
        return []
    best = [run.info.run_id for run in ranked.runs[:most]]

    def read() -> list[Curve]:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            return read_curves(client, best, [main.label], points=points)

    return connection.ask(read)


def histories(comparison: Comparison, kept: Kept, content: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return the histories that the request *content* asks for, and their buffers.

    *content* has the ids ``runs``, the names ``metrics``, the maximum number of ``points`` of each, ``by`` (``"step"``
    or ``"time"``), and ``between``: None, or the lowest and highest step, or seconds since ``origins`` (ms since 1970,
    one per run). Each of the ``series`` has three buffers: steps, times (ms since 1970), values. ``problems`` says why
    a run has none, for example because it has been deleted. *kept* is passed to `read_curves`.
    """
    known = {run.info.run_id: run for run in comparison.runs}
    wanted = [known[run_id] for run_id in content["runs"] if run_id in known]
    curves, gone = connection.ask(partial(_read, wanted, kept, content))
    series = [
        {"run": curve.run_id, "metric": curve.key, "count": int(curve.count), "exact": bool(curve.exact)}
        for curve in curves
    ]
    problems = [{"run": run_id, "text": _why(run_id)} for run_id in gone]
    parts = [part for curve in curves for part in _bytes(curve)]
    return {"series": series, "problems": problems}, parts


def _read(runs: Sequence[Run], kept: Kept, content: Mapping[str, Any]) -> tuple[list[Curve], list[str]]:
    client = connection.connect()
    with refusals.refused_by(tracking_uri.current_uri()):
        there = _still_there(client, runs)
        ids = [run.info.run_id for run in runs if run.info.run_id in there]
        read = partial(read_curves, client, keys=content["metrics"], by=content["by"], kept=kept)
        points = min(int(content["points"]), _MOST_POINTS)
        gone = [run.info.run_id for run in runs if run.info.run_id not in there]
        between = content.get("between")
        if between is None or content["by"] == "step":
            return list(read(run_ids=ids, points=points, between=tuple(between) if between else None)), gone
        # The same seconds since the start are different absolute times in each run.
        origins = dict(zip(content["runs"], content["origins"], strict=True))
        return [
            curve
            for run_id in ids
            for curve in read(
                run_ids=[run_id],
                points=points,
                between=(origins[run_id] + between[0] * 1000, origins[run_id] + between[1] * 1000),
            )
        ], gone


def _still_there(client: MlflowClient, runs: Sequence[Run]) -> set[str]:
    return {run.info.run_id for run in bulk.named_runs(client, [run.info.run_id for run in runs]).runs}


def _why(run_id: str) -> str:
    """Return the error message of `find_run` for a run that no longer exists."""
    try:
        queries.find_run(run_id)
    except MLMagicError as problem:
        return str(problem)
    return f"The run {run_id!r} could not be read just now. Ask again."


def _bytes(curve: Curve) -> list[bytes]:
    import numpy as np

    values = as_logged(np.asarray(curve.values, dtype=np.float64))
    return [np.asarray(part, dtype=np.float64).tobytes() for part in (curve.steps, curve.times, values)]
