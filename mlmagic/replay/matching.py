"""Find the run of a replay that corresponds to the original: the run of the cell, or the same one below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

_PARENT = "mlflow.parentRunId"
_NUMBERS = ("mlmagic.trial", "mlmagic.fold")
_ALL = 1_000


def path_below(client: MlflowClient, run: Run, top: Run) -> list[str]:
    """Return how *run* is reached from *top*, the run of its cell: one step for each run between them.

    A step is a trial's or a fold's number, or else the position among the runs of one parent.
    """
    steps: list[str] = []
    while run.info.run_id != top.info.run_id:
        parent_id = run.data.tags.get(_PARENT)
        if parent_id is None:
            break
        steps.append(_step(run, children_of(client, parent_id, run.info.experiment_id)))
        run = client.get_run(parent_id)
    return steps[::-1]


def _step(run: Run, siblings: Sequence[Run]) -> str:
    for tag in _NUMBERS:
        if number := run.data.tags.get(tag):
            return f"{tag}={number}"
    ids = [one.info.run_id for one in siblings]
    return f"#{ids.index(run.info.run_id) if run.info.run_id in ids else 0}"


def follow(client: MlflowClient, top: Run, steps: Sequence[str]) -> Run | None:
    """Return the run that *steps* lead to from *top*, None if there is none."""
    run: Run | None = top
    for step in steps:
        if run is None:
            return None
        below = children_of(client, run.info.run_id, run.info.experiment_id)
        if step.startswith("#"):
            at = int(step[1:])
            run = below[at] if at < len(below) else None
        else:
            tag, _, number = step.partition("=")
            run = next((one for one in below if one.data.tags.get(tag) == number), None)
    return run


def children_of(client: MlflowClient, run_id: str, experiment_id: str) -> list[Run]:
    """Return the runs below a run, oldest first."""
    found: list[Run] = client.search_runs(
        [experiment_id], f"tags.`{_PARENT}` = '{run_id}'", max_results=_ALL, order_by=["attributes.start_time ASC"]
    )
    return found
