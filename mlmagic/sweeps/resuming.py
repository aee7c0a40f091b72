"""Finds the trials of an earlier sweep that need not run again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.store import connection, experiments, refusals, tracking_uri
from mlmagic.store.query import queries
from mlmagic.store.query.durations import duration_s
from mlmagic.store.query.filters.division import DividedFilter
from mlmagic.sweeps.recording import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

CODE = "mlmagic.sweep.code"
"""The tag of a sweep's run that identifies its code."""
_PARENT = "mlflow.parentRunId"
_MOST_SEED = 2**32


@dataclass(frozen=True)
class Done:
    """A finished trial: its metrics, its duration, and its run's ``mlmagic.id``."""

    metrics: Mapping[str, float]
    duration_s: float
    uid: str


@dataclass(frozen=True)
class EarlierSweep:
    """The last sweep of the same code: its run, its seed, and its finished trials by key."""

    run_id: str
    seed: int | None
    trials: Mapping[str, Done] = field(default_factory=dict)


def find_earlier(code: str, experiment: str | None) -> EarlierSweep | None:
    """Return the last sweep of this code in the experiment, or None if there is none.

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
            trials = {
                run.data.tags[KEY]: _done(run)
                for run in below
                if run.info.status == "FINISHED" and KEY in run.data.tags
            }
            return EarlierSweep(found.info.run_id, _seed(found.data.params.get("seed", "")), trials)

    return connection.ask(read)


def _with_tag(key: str, value: str) -> DividedFilter:
    return DividedFilter(f"tags.`{key}` = '{value}'", lambda run: run.data.tags.get(key) == value)


def _done(run: Run) -> Done:
    return Done(dict(run.data.metrics), duration_s(run) or 0.0, run.data.tags.get("mlmagic.id", run.info.run_id))


def _seed(text: str) -> int | None:
    """Parse a 32-bit seed, as a sweep draws it; None for any other text."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) and int(text) < _MOST_SEED else None
