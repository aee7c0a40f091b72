"""What it takes to read many runs, and their curves: in bulk beside MLflow's own functions, on one SQLite store."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import create_store, project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

_COUNTS = (1_000, 10_000)
_PARAMS, _METRICS, _TAGS = 12, 8, 6
_CURVES, _STEPS = 5, 10_000
_RUNS_WITH_CURVES = 10
_ROUNDS = 5


def measure() -> list[Comparison]:
    """Compare reading runs, and then reading the histories of some of them."""
    from mlflow import MlflowClient

    found = []
    with project():
        create_store()
        client = MlflowClient()
        client.search_experiments()
        for count in _COUNTS:
            experiment_id = client.create_experiment(f"{count} runs")
            _fill(client, experiment_id, count)
            _require_the_same(client, experiment_id, count)
            ours, other = interleaved(
                {
                    "newest_runs": lambda e=experiment_id, n=count: _ours(client, e, n),
                    "mlflow.search_runs": lambda e=experiment_id, n=count: _theirs(e, n),
                },
                rounds=_ROUNDS,
            )
            goals = (Goal("ratio", 0.5),) if count == max(_COUNTS) else ()
            found.append(Comparison(f"{count:,} runs read from the store", ours, other, goals))
        found.append(_measure_curves(client))
    return found


def _measure_curves(client: MlflowClient) -> Comparison:
    from mlmagic.store.query.histories.curves import read_curves

    experiment_id = client.create_experiment("curves")
    ids = list(_fill(client, experiment_id, _RUNS_WITH_CURVES))
    keys = [f"curve {number}" for number in range(_CURVES)]
    _fill_curves(client, ids, keys)
    peaks = {(one.run_id, one.key): one.values.max() for one in read_curves(client, ids, keys)}
    if len(peaks) != len(ids) * len(keys) or set(peaks.values()) != {2.0}:
        raise RuntimeError("a curve or its peak is missing: the comparison would not be fair")

    def ours() -> float:
        started = time.perf_counter()
        read_curves(client, ids, keys)
        return time.perf_counter() - started

    def theirs() -> float:
        started = time.perf_counter()
        for run_id in ids:
            for key in keys:
                client.get_metric_history(run_id, key)
        return time.perf_counter() - started

    mine, other = interleaved({"read_curves": ours, "get_metric_history": theirs}, rounds=3, warm_up=0)
    return Comparison(f"{len(ids)} runs x {len(keys)} metrics x {_STEPS:,} steps read", mine, other)


def _ours(client: MlflowClient, experiment_id: str, count: int) -> float:
    from mlmagic.store.query.bulk import newest_runs

    started = time.perf_counter()
    newest_runs(client, [experiment_id], most=count)
    return time.perf_counter() - started


def _theirs(experiment_id: str, count: int) -> float:
    import mlflow

    started = time.perf_counter()
    mlflow.search_runs([experiment_id], max_results=count)
    return time.perf_counter() - started


def _require_the_same(client: MlflowClient, experiment_id: str, count: int) -> None:
    import mlflow

    from mlmagic.store.query.bulk import newest_runs

    frame = mlflow.search_runs([experiment_id], max_results=count).set_index("run_id")
    runs = newest_runs(client, [experiment_id], most=count).runs
    for run in runs:
        row = frame.loc[run.info.run_id]
        same = all(row[f"params.{key}"] == value for key, value in run.data.params.items())
        same &= all(row[f"metrics.{key}"] == value for key, value in run.data.metrics.items())
        if not same or len(run.data.params) != _PARAMS or len(run.data.metrics) != _METRICS:
            raise RuntimeError(f"the run {run.info.run_id} was read differently: the comparison would not be fair")
    if len(runs) != count or len(frame) != count:
        raise RuntimeError(f"{len(runs)} and {len(frame)} of {count} runs were read: the comparison would not be fair")


def _fill(client: MlflowClient, experiment_id: str, count: int) -> Iterator[str]:
    """Write *count* runs straight into the tables of the store, where MLflow would take minutes."""
    from mlmagic.store.database import database_of

    engine, tables = database_of(client) or (None, {})
    ids = [uuid.uuid4().hex for _ in range(count)]
    runs = [
        {
            "run_uuid": run_id, "name": f"run {at}", "source_type": "LOCAL", "source_name": "", "entry_point_name": "",
            "user_id": "me", "status": "FINISHED", "start_time": 1_750_000_000_000 + at,
            "end_time": 1_750_000_009_000 + at, "source_version": "", "lifecycle_stage": "active",
            "artifact_uri": "", "experiment_id": int(experiment_id),
        }
        for at, run_id in enumerate(ids)
    ]  # fmt: skip
    params = [
        {"run_uuid": run_id, "key": f"param_{number}", "value": str((at * number) % 17)}
        for at, run_id in enumerate(ids)
        for number in range(_PARAMS)
    ]
    metrics = [
        {
            "run_uuid": run_id,
            "key": f"metric_{number}",
            "value": at / (number + 1),
            "timestamp": 1,
            "step": 0,
            "is_nan": False,
        }
        for at, run_id in enumerate(ids)
        for number in range(_METRICS)
    ]
    tags = [
        {"run_uuid": run_id, "key": f"tag_{number}", "value": f"value {at % 5}"}
        for at, run_id in enumerate(ids)
        for number in range(_TAGS)
    ]
    _insert(
        engine,
        [
            (tables["runs"], runs),
            (tables["params"], params),
            (tables["latest_metrics"], metrics),
            (tables["tags"], tags),
        ],
    )
    return iter(ids)


def _fill_curves(client: MlflowClient, ids: list[str], keys: list[str]) -> None:
    from mlmagic.store.database import database_of

    engine, tables = database_of(client) or (None, {})
    for run_id in ids:
        rows = [
            {
                "run_uuid": run_id, "key": key, "step": step, "timestamp": step, "is_nan": False,
                "value": 2.0 if step == 7_777 else 1 / (step + 1),
            }
            for key in keys
            for step in range(_STEPS)
        ]  # fmt: skip
        _insert(engine, [(tables["metrics"], rows)])


def _insert(engine: Any, filled: list[tuple[Any, list[dict[str, Any]]]]) -> None:
    with engine.begin() as connection:
        for table, rows in filled:
            connection.execute(table.insert(), rows)
