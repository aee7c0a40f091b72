"""Going on with a run: which one ``--continue`` means, and what that run holds already."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from mlmagic.errors import RunNotFoundError, UsageProblem
from mlmagic.runs import active, experiments, mlflow_runs, queries
from mlmagic.runs.tags import source_tags, user_tags
from mlmagic.snapshot import git

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.runs.active import ActiveRun
    from mlmagic.runs.options import Origin, TrackOptions

_last_in_notebook: dict[str, str] = {}


def remember(origin: Origin, run_id: str) -> None:
    """Note the last run of a notebook."""
    _last_in_notebook[_notebook_key(origin)] = run_id


def _notebook_key(origin: Origin) -> str:
    return str(origin.notebook or os.getpid())


def resume(client: MlflowClient, options: TrackOptions, origin: Origin) -> Run:
    """Find the run that is meant, and open it again.

    Raises
    ------
    MLMagicError
        When there is none, or when the options contradict it.
    """
    reference = options.resume or _last_in_notebook.get(_notebook_key(origin)) or _last_stored(client, origin)
    if reference is None:
        raise UsageProblem(
            "--continue has nothing to go on with: this notebook has no run yet. "
            "Leave --continue out to begin one, or name a run: %runs lists them."
        )
    try:
        found = queries.find_run(reference)
    except RunNotFoundError:
        if options.resume:
            raise
        raise UsageProblem(
            "--continue has nothing to go on with: the last run of this notebook is gone. "
            "Name another: %runs lists them."
        ) from None
    if found.info.run_id in active.open_ids():
        raise UsageProblem(f"--continue: the run {found.info.run_name!r} is open now, around this cell.")
    if options.name:
        raise UsageProblem(
            f"a continued run keeps its name, {found.info.run_name!r}: leave {options.name!r} out, "
            f"or write --continue {options.name!r} to go on with the run of that name."
        )
    if options.parent or options.experiment:
        raise UsageProblem("a continued run keeps its parent and its experiment: leave --parent and -e out.")
    return mlflow_runs.resume(found.info.run_id)


def _last_stored(client: MlflowClient, origin: Origin) -> str | None:
    """Return the last run that an earlier kernel recorded of this notebook."""
    if origin.notebook is None:
        return None
    state = git.capture(origin.folder, limit_bytes=0)
    name = source_tags(origin, state)["mlflow.source.name"].replace("'", "")
    experiment = experiments.find(client, None)
    if experiment is None:
        return None
    found = client.search_runs(
        [experiment.experiment_id],
        f"tags.`mlflow.source.name` = '{name}' and tags.`mlmagic.version` LIKE '%'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    return str(found[0].info.run_id) if found else None


def take_over(opened: ActiveRun, run: Run) -> None:
    """Tell the recorder what a continued run holds already."""
    steps = {}
    for name in run.data.metrics:
        history = opened.client.get_metric_history(opened.run_id, name)
        steps[name] = max((point.step for point in history), default=0)
    opened.recorder.knows(run.data.params, steps)
    for key, value in user_tags(opened.options, opened.notices).items():
        opened.recorder.tag(key, value)
    cells = json.loads(run.data.tags.get("mlmagic.cell", "[]"))
    opened.previous_cells = tuple(cells) if isinstance(cells, list) else (cells,)
