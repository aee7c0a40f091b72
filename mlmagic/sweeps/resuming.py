"""Finds the trials of an earlier sweep that need not run again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.store import connection, experiments, refusals, tracking_uri
from mlmagic.store.query import queries
from mlmagic.store.query.durations import duration_s
from mlmagic.store.query.filters.division import DividedFilter
from mlmagic.store.query.histories.extremes import read_extremes
from mlmagic.sweeps.recording import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.store.query.histories.extremes import Extremes

CODE = "mlmagic.sweep.code"
"""The tag of a sweep's run that identifies its code."""
_PARENT = "mlflow.parentRunId"
_MOST_SEED = 2**32


@dataclass(frozen=True)
class Done:
    """A finished trial: its metrics with the extremes of those with steps, its duration, its run's ``mlmagic.id``."""

    metrics: Mapping[str, float]
    duration_s: float
    uid: str
    extremes: Mapping[str, Extremes] = field(default_factory=dict)


@dataclass(frozen=True)
class EarlierSweep:
    """The last sweep of the same code: its run, its seed, and its finished trials by key."""

    run_id: str
    seed: int | None
    trials: Mapping[str, Done] = field(default_factory=dict)


def find_earlier(code: str, experiment: str | None, metric: str | None = None) -> EarlierSweep | None:
    """Return the last sweep of this code in the experiment, or None if there is none.

    Its trials have the extremes of *metric* only, if it is given.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """

    def read() -> EarlierSweep | None:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            is_new = experiment and client.get_experiment_by_name(experiment) is None  # the sweep's run creates it
            home = None if is_new else experiments.find(client, experiment)
            if home is None:
                return None
            found = next(queries.search(client, [home.experiment_id], _with_tag(CODE, code), size=1), None)
            if found is None:
                return None
            below = queries.search(client, [home.experiment_id], _with_tag(_PARENT, found.info.run_id))
            ended = [run for run in below if run.info.status == "FINISHED" and KEY in run.data.tags]
            extremes = _extremes(client, ended, metric)
            trials = {run.data.tags[KEY]: _done(run, extremes[run.info.run_id]) for run in ended}
            return EarlierSweep(found.info.run_id, _seed(found.data.params.get("seed", "")), trials)

    return connection.ask(read)


def _with_tag(key: str, value: str) -> DividedFilter:
    return DividedFilter(f"tags.`{key}` = '{value}'", lambda run: run.data.tags.get(key) == value)


def _extremes(client: MlflowClient, runs: Sequence[Run], metric: str | None) -> dict[str, dict[str, Extremes]]:
    """Return the extremes of each run's metrics with steps; none if a server would be asked for too many."""
    keys = {metric} if metric else {key for run in runs for key in run.data.metrics}
    found: dict[str, dict[str, Extremes]] = {run.info.run_id: {} for run in runs}
    for (run_id, key), one in (read_extremes(client, runs, keys) or {}).items():
        found[run_id][key] = one
    return found


def _done(run: Run, extremes: Mapping[str, Extremes]) -> Done:
    uid = run.data.tags.get("mlmagic.id", run.info.run_id)
    return Done(dict(run.data.metrics), duration_s(run) or 0.0, uid, extremes)


def _seed(text: str) -> int | None:
    """Parse a 32-bit seed, as a sweep draws it; None for any other text."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) and int(text) < _MOST_SEED else None
