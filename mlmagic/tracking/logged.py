"""What a run holds in the store when its code has ended, before anything is recorded by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.tracking.active import ActiveRun
    from mlmagic.tracking.recording.summary import Status

_ENDED: Mapping[str, Status] = {"FINISHED": "FINISHED", "FAILED": "FAILED", "KILLED": "KILLED"}


@dataclass(frozen=True)
class Logged:
    """What the user's own code logged with MLflow, and its autologging: ``models`` are ids of logged models.

    ``status`` is how the user's code ended the run itself, by ``mlflow.end_run`` or ``set_terminated``; None as a rule.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    status: Status | None = None


def ask(run: ActiveRun) -> Logged:
    """Ask the store; when it cannot be asked, what is recorded from here on yields to what it may hold."""
    client = run.target.client
    if not run.in_mlflow or client is None:
        return Logged()
    try:
        stored = run.patience.ask(lambda: client.get_run(run.run_id))
    except Exception:  # noqa: BLE001  # every store raises its own kinds; that it is away is told when the run is ended
        run.recorder.yields = True
        return Logged()
    models = stored.outputs.model_outputs if stored.outputs is not None else ()
    ids = tuple(model.model_id for model in models)
    ended = _ENDED.get(str(stored.info.status))
    return Logged(dict(stored.data.params), dict(stored.data.metrics), ids, ended)
