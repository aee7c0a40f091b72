"""Finds the models that MLflow's autologging or the user has already logged, so that mlmagic does not log them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.adapters import autologging
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.models.kinds import FittedModel
    from mlmagic.recording.active_run import ActiveRun


def logged_by_mlflow(run: ActiveRun, models: Sequence[FittedModel]) -> set[int]:
    """Return the `id` of each of *models* that is already a logged model of the run.

    MLflow remembers the logged model of each object with scikit-learn's interface. The others are matched by name, and
    else by number: they all count as logged if the cell logged at least as many models.
    """
    listed: set[str | None] = set(run.logged.models)
    if not listed:
        return set()
    ids = {id(found.model): _model_id_of(found.model) for found in models}
    known = {key for key, model_id in ids.items() if model_id in listed}
    watch = run.origin.watch
    by_hand = watch.calls.logged_by_user if watch is not None else []
    known |= {id(found.model) for found in models if any(one.is_(found.model) for one in by_hand)}
    unknown = [found for found in models if id(found.model) not in known]
    if not unknown:
        return known
    names = _of_this_cell(run, listed - set(ids.values()))
    known |= {id(found.model) for found in unknown if _artifact_name(found) in names}
    nameless = [found for found in unknown if id(found.model) not in known and _logs(found.model)]
    if nameless and len(names) >= len(nameless):
        known |= {id(found.model) for found in nameless}
    return known


def _artifact_name(found: FittedModel) -> str:
    return found.name.replace(".", "_")


_model_id_of = guarded(default=None)(autologging.model_id_of)
_logs = guarded(default=False)(autologging.logs)


def _of_this_cell(run: ActiveRun, model_ids: set[str | None]) -> list[str]:
    """Return the names of the models logged since the cell began; a continued run also has models of earlier cells."""
    client, since = run.target.client, run.delivery.began.started
    known = [each for each in model_ids if each]
    if client is None or not known:
        return []
    found = run.patience.ask(lambda: [client.get_logged_model(each) for each in known])
    return [str(model.name) for model in found if model.creation_timestamp >= since]
