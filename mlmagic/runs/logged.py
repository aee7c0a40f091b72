"""What a run holds in the store when its code has ended, before anything is recorded by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.runs.active import ActiveRun


@dataclass(frozen=True)
class Logged:
    """What the user's own code logged with MLflow, and its autologging: ``models`` are ids of logged models."""

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    models: tuple[str, ...] = ()


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
    return Logged(dict(stored.data.params), dict(stored.data.metrics), tuple(model.model_id for model in models))
