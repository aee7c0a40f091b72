"""Which trials of an earlier sweep need not be run again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.runs import experiments, store
from mlmagic.sweeps.recording import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

CODE = "mlmagic.sweep.code"
"""The tag of a sweep's run that tells its code."""
_MOST = 1000


@dataclass(frozen=True)
class Done:
    """A trial that ended well: its metrics, how long it took, and its run's own id."""

    metrics: Mapping[str, float]
    duration_s: float
    uid: str


@dataclass(frozen=True)
class Earlier:
    """The last sweep of the same code: its run, its seed, and the trials that ended well by their keys."""

    run_id: str
    seed: int | None
    trials: Mapping[str, Done] = field(default_factory=dict)


def find_earlier(code: str, experiment: str | None) -> Earlier | None:
    """Return the last sweep of this code in the experiment, None where there was none.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """

    def read() -> Earlier | None:
        client = store.connect()
        with store.refused_by(store.current_uri()):
            home = experiments.find(client, experiment)
            if home is None:
                return None
            found = client.search_runs([home.experiment_id], f"tags.`{CODE}` = '{code}'", max_results=1)
            if not found:
                return None
            trials: dict[str, Done] = {}
            below = f"tags.`mlflow.parentRunId` = '{found[0].info.run_id}' and attributes.status = 'FINISHED'"
            token = None
            while True:
                page = client.search_runs([home.experiment_id], below, max_results=_MOST, page_token=token)
                trials |= {run.data.tags[KEY]: _done(run) for run in page if KEY in run.data.tags}
                token = page.token
                if not token:
                    break
            seed = found[0].data.params.get("seed", "")
            return Earlier(found[0].info.run_id, int(seed) if seed.isdigit() else None, trials)

    return store.ask(read)


def _done(run: Run) -> Done:
    took = (run.info.end_time or run.info.start_time) - run.info.start_time
    return Done(dict(run.data.metrics), took / 1000, run.data.tags.get("mlmagic.id", run.info.run_id))
