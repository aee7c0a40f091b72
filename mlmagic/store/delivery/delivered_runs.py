"""What this process knows of the runs that it has delivered, so that their models can be registered without a store."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.journal.records import Began, Ended, Model
    from mlmagic.store.delivery.delivery import Delivery

_MOST = 1000


@dataclass(frozen=True)
class DeliveredRun:
    """A run that is in the store as a whole: its first record and its last, MLflow's id, and its models."""

    began: Began
    ended: Ended
    run_id: str
    models: tuple[Model, ...]


_runs: dict[str, DeliveredRun] = {}
"""By own id, the newest `_MOST` that have models. A run outlives the session that recorded it."""
_lock = threading.Lock()


def remember(delivery: Delivery) -> None:
    """Remember the run of *delivery*, which is complete, if it has models."""
    began, ended, run_id = delivery.began, delivery.ended, delivery.run_id
    if ended is None or run_id is None:
        return
    with _lock:
        known = _runs.pop(began.uid, None)
        models = (*(known.models if known else ()), *delivery.models)
        if models:
            _runs[began.uid] = DeliveredRun(known.began if known else began, ended, run_id, models)
        while len(_runs) > _MOST:
            del _runs[next(iter(_runs))]


def delivered() -> list[DeliveredRun]:
    """Return the remembered runs, those last whose delivery was completed last."""
    with _lock:
        return list(_runs.values())
