"""Records a trial as a child run of its sweep's run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.recording.child_runs import ChildRun
from mlmagic.sweeps.kept_models import record, stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.sweeps.trials.trial import Outcome

NUMBER, KEY = "mlmagic.trial", "mlmagic.trial.key"
"""Tags of a trial: its number, and a key that identifies its code, values and seed."""


def record_trial(
    parent: ActiveRun,
    outcome: Outcome,
    params: Mapping[str, Any],
    config: Mapping[str, Any] | None,
    key: str,
    *,
    models: bool = False,
) -> str:
    """Record a trial's outcome, and its models if *models* is set; return its run's ``mlmagic.id``."""
    tags = {NUMBER: str(outcome.number), KEY: key}
    child = ChildRun(parent, f"{parent.name} {outcome.number}", outcome.started, tags)
    recorder = child.recorder
    for name, value in params.items():
        recorder.param(name, value)
    child.records(outcome.records)
    child.figures(outcome.figures)
    if config is not None:
        recorder.yaml("mlmagic/config.yaml", dict(config))
    for path, content in outcome.files.items():
        recorder.data(path, content)
    if models:
        record(stage(outcome.models, child.staging), recorder, parent.notices, outcome.number)
    if outcome.output:
        recorder.text("mlmagic/output.txt", outcome.output)
    if outcome.error:
        recorder.tag("mlmagic.error", outcome.error)
    if outcome.pruned:
        recorder.tag("mlmagic.pruned", outcome.pruned)
    if outcome.traceback:
        recorder.text("mlmagic/traceback.txt", outcome.traceback)
    child.end(outcome.status, outcome.started + round(outcome.duration_s * 1000))
    for notice in outcome.notices:
        parent.notices.info(f"trial {outcome.number}: {notice}")
    return child.uid
