"""Beginning and ending MLflow's own runs, and finding those that are active on any thread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmagic.runs import store
from mlmagic.snapshot.secrets import redact

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.runs.summary import Status


def start(
    client: MlflowClient,
    experiment_id: str,
    *,
    name: str | None,
    tags: Mapping[str, str],
    child_of_active: bool,
) -> Run:
    """Create a run and make it MLflow's active run on this thread.

    A run that the user left open stays below it on MLflow's stack, and does not become its parent.
    """
    import mlflow
    from mlflow.tracking.context import registry

    # MLflow adds tags of its own, the address of a git remote too, as it is: what is given here stands in their place.
    tags = {**{key: redact(str(value))[0] for key, value in registry.resolve_tags().items()}, **tags}
    active = mlflow.active_run()
    with store.refused_by(store.current_uri()):
        if active is None and "MLFLOW_RUN_ID" not in os.environ:
            return mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=tags)
        if active is not None and child_of_active:
            return mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=tags, nested=True)
        created = client.create_run(experiment_id, tags=tags, run_name=name)
        return _activate(created.info.run_id)


def resume(run_id: str) -> Run:
    """Set an ended run to RUNNING and make it MLflow's active run on this thread."""
    with store.refused_by(store.current_uri()):
        return _activate(run_id)


def _activate(run_id: str) -> Run:
    import mlflow
    from mlflow.tracking import fluent

    # MLflow refuses a run of another experiment than the one that set_experiment named: it is the user's choice here.
    chosen, fluent._active_experiment_id = fluent._active_experiment_id, None
    try:
        return mlflow.start_run(run_id=run_id, nested=True)
    finally:
        fluent._active_experiment_id = chosen


def find_by_id_tag(client: MlflowClient, experiment_id: str, uid: str) -> str | None:
    """Return the run that carries the tag ``mlmagic.id`` = *uid*, for one whose creation was interrupted."""
    found = client.search_runs([experiment_id], f"tags.`mlmagic.id` = '{uid}'", max_results=1)
    return found[0].info.run_id if found else None


def open_runs() -> dict[str, tuple[int, list[Any], Any]]:
    """Return MLflow's active runs of all threads, by run id: (thread, the thread's stack, run)."""
    from mlflow.tracking import fluent

    # Private, and the only place where MLflow keeps the runs of other threads; a test guards it.
    stacks = fluent._active_run_stack.get_all_thread_values()
    return {run.info.run_id: (thread, stack, run) for thread, stack in stacks.items() for run in list(stack)}


def end(client: MlflowClient, run_id: str, status: Status) -> None:
    """End a run with *status*, and take it off MLflow's stack of active runs, whichever thread's it is."""
    import mlflow

    active = mlflow.active_run()
    if active is not None and active.info.run_id == run_id:
        with _quietly():
            mlflow.end_run(status)
        return
    held = open_runs().get(run_id)
    if held is not None:
        _, stack, run = held
        stack.remove(run)
    with _quietly():
        client.set_terminated(run_id, status)


def _quietly() -> contextlib.AbstractContextManager[None]:
    """Keep MLflow from printing the run's address into the user's cell: the summary links it."""
    return store.environment_variable("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
