"""The data of a saved page: the table, the view, and as many curves as fit, for `web/src/saved/`.

A page of 1,000 runs stays below 5 MB. Curves are therefore thinned, the main metric's least; their peaks are kept. What
does not fit is left out and named in the page.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.comparison import wire
from mlmagic.errors import StoreError
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.store.query.histories.curves import read_curves
from mlmagic.store.query.infinities import as_logged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow import MlflowClient

    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.store.query.histories.curves import Curve

_MOST_POINTS = 220_000
"""Points of all curves together; one takes about 15 bytes of the page."""
_POINTS_OF_A_CURVE = (12, 1000)
_SHARE_OF_MAIN = 0.4
_MOST_RUNS = 1000
_RUNS_AT_ONCE = 50
_LONGEST_READING_S = 30.0


@dataclass(frozen=True)
class SavedCurves:
    """The curves of a page, the names of the metrics without curves, and the ids of the runs that have any."""

    curves: Sequence[Curve] = ()
    left_out: Sequence[str] = ()
    runs: Sequence[str] = ()
    problem: str = ""

    @property
    def are_thinned(self) -> bool:
        """Whether the store has more values than the page."""
        return not all(curve.exact for curve in self.curves)


@dataclass(frozen=True)
class SavedPage:
    """What a page embeds: *data*, which is JSON, and the compressed bytes that it refers to by place and length."""

    comparison: Comparison
    data: Mapping[str, Any]
    columns: bytes
    points: bytes
    curves: SavedCurves


def saved_page(
    comparison: Comparison, *, view: Mapping[str, Any], selected: Sequence[str], ui: str | None = None
) -> SavedPage:
    """Return *comparison* as data of a page that shows it with this *view* and these *selected* runs.

    If the store does not answer, the page has no curves. *ui* is the URL of the MLflow UI.
    """
    packed = _Packed()
    curves = _curves_of(comparison)
    data = {
        "table": packed.without_bytes(wire.table_of(comparison, ui)),
        "view": dict(view),
        "selected": list(selected),
        "curves": _listed(curves),
    }
    return SavedPage(comparison, data, zlib.compress(b"".join(packed.parts)), zlib.compress(_points(curves)), curves)


@dataclass
class _Packed:
    """Moves bytes out of a value: what is left is JSON, in which ``{"bytes": [start, length]}`` stands for them."""

    parts: list[bytes] = field(default_factory=list)
    length: int = 0

    def without_bytes(self, value: Any) -> Any:
        if isinstance(value, bytes):
            self.parts.append(value)
            self.length += len(value)
            return {"bytes": [self.length - len(value), len(value)]}
        if isinstance(value, dict):
            return {key: self.without_bytes(one) for key, one in value.items()}
        return [self.without_bytes(one) for one in value] if isinstance(value, list) else value


def _curves_of(comparison: Comparison) -> SavedCurves:
    if not comparison.runs:
        return SavedCurves()

    def read() -> SavedCurves:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            return _read(client, comparison)

    try:
        return connection.ask(read)
    except StoreError as problem:
        return SavedCurves(problem=tracking_uri.redacted(str(problem)))


def _read(client: MlflowClient, comparison: Comparison) -> SavedCurves:
    """Read metric by metric, the main one first, while there is room and time."""
    best = comparison.best_first()[:_MOST_RUNS]
    ids = [comparison.runs[row].info.run_id for row in best]
    wanted = list(_metrics(comparison, best))
    until, left = time.monotonic() + _LONGEST_READING_S, float(_MOST_POINTS)
    curves: list[Curve] = []
    left_out: list[str] = []
    least, most = _POINTS_OF_A_CURVE
    for at, (metric, rows) in enumerate(wanted):
        share = left * (_SHARE_OF_MAIN if at == 0 and len(wanted) > 1 else 1 / (len(wanted) - at))
        points = min(max(int(share / len(rows)), least), most)
        found = _within(client, metric, [comparison.runs[row].info.run_id for row in rows], points, until)
        used = sum(len(curve.steps) for curve in found or ())
        if found is None or used > left:
            left_out.append(metric)
        else:
            curves += found
            left -= used
    return SavedCurves(curves, left_out, ids)


def _metrics(comparison: Comparison, rows: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield each metric, the main one first, with those of *rows* that have it."""
    columns = [column for column in comparison.columns if column.kind == "metric"]
    for column in sorted(columns, key=lambda column: column is not comparison.main_metric):
        there = [row for row in rows if column.missing is None or not column.missing[row]]
        if there:
            yield column.label, there


def _within(client: MlflowClient, metric: str, run_ids: Sequence[str], points: int, until: float) -> list[Curve] | None:
    """Return the curves of a metric, or None if there is no time to read all of them."""
    found: list[Curve] = []
    for start in range(0, len(run_ids), _RUNS_AT_ONCE):
        if time.monotonic() > until:
            return None
        found += read_curves(client, run_ids[start : start + _RUNS_AT_ONCE], [metric], points=points)
    return found


def _listed(curves: SavedCurves) -> dict[str, Any]:
    """Return which curves there are: run, metric, number of values in the store and in the page, each by its place."""
    runs = {run_id: place for place, run_id in enumerate(curves.runs)}
    metrics = {metric: place for place, metric in enumerate(dict.fromkeys(one.key for one in curves.curves))}
    return {
        "runs": list(runs),
        "metrics": list(metrics),
        "series": [[runs[one.run_id], metrics[one.key], int(one.count), len(one.steps)] for one in curves.curves],
        "left_out": list(curves.left_out),
        "problem": curves.problem,
    }


def _points(curves: SavedCurves) -> bytes:
    """Return all steps, then all times and all values, as float64.

    The bytes are in the order of their significance, in which they are compressed best: the first bytes of all numbers,
    then the second ones.
    """
    import numpy as np

    if not curves.curves:
        return b""
    parts = [getattr(one, name) for name in ("steps", "times") for one in curves.curves]
    values = [as_logged(np.asarray(one.values, dtype=np.float64)) for one in curves.curves]
    numbers = np.concatenate([*parts, *values]).astype("<f8")
    return numbers.view(np.uint8).reshape(-1, 8).T.tobytes()
