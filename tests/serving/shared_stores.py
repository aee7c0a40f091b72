"""A store that the tests of a module read and never change: its runs are made once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from databases import copy_new_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


class SharedStore:
    """A real MLflow store in *folder*; ``ids`` has the ids of its runs by their names."""

    def __init__(self, folder: Path) -> None:
        from mlflow import MlflowClient

        copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
        self.uri = f"sqlite:///{folder}/mlflow.db"
        self.ids: dict[str, str] = {}
        self._folder = folder
        self._client = MlflowClient(self.uri)
        self._starts = itertools.count(1_750_000_000_000, 1000)

    def run(
        self, name: str, params: Any = (), metrics: Any = (), *, tags: Any = (), experiment: str = "Default"
    ) -> str:
        """Make a run that ended half a second after it began, one second after the one before; return its id."""
        from mlflow.entities import Metric, Param, RunTag

        client, start = self._client, next(self._starts)
        found = client.get_experiment_by_name(experiment)
        place = found.experiment_id if found else client.create_experiment(experiment)
        run_id = client.create_run(place, start_time=start, run_name=name).info.run_id
        client.log_batch(
            run_id,
            metrics=[Metric(key, value, start, 0) for key, value in dict(metrics).items()],
            params=[Param(key, str(value)) for key, value in dict(params).items()],
            tags=[RunTag(key, value) for key, value in dict(tags).items()],
        )
        client.set_terminated(run_id, "FINISHED", end_time=start + 500)
        self.ids[name] = run_id
        return run_id

    def used(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedStore]:
        """Let MLflow and mlmagic use this store for one test."""
        import mlflow
        from mlflow.tracking import fluent

        monkeypatch.chdir(self._folder)
        monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
        monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
        monkeypatch.setattr(fluent, "_active_experiment_id", None)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", self.uri)
        mlflow.set_tracking_uri(self.uri)
        yield self
        mlflow.set_tracking_uri(None)
