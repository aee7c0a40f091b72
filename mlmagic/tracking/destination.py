"""Find where a new run goes: the store, the experiment, the parent run. Every reason to reject a cell arises here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import StoreAwayError, UsageProblem
from mlmagic.recording import open_runs
from mlmagic.recording.target import Target
from mlmagic.store import addresses, connection, experiments, refusals, tracking_uri, waiting
from mlmagic.store.query import queries
from mlmagic.tracking import continuing, mlflow_runs
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.recording.options import Origin, TrackOptions
    from mlmagic.store.waiting import WaitBudget


def find_target(options: TrackOptions, origin: Origin, patience: WaitBudget) -> Target:
    """Return where the run goes, querying the store for as long as there is *patience*.

    Raises
    ------
    MLMagicError
        When the options name something that is not there, or the store refuses.
    """
    uri = tracking_uri.current_uri()
    addresses.require_known(uri)
    outer = open_runs.on_this_thread()
    stray = mlflow_runs.active_id()
    if settings.offline:
        return _away(uri, options, origin, outer, "the setting offline is True")
    try:
        if tracking_uri.is_local(uri):
            connection.connect(uri)  # it may have to be created, which has no time limit
        return patience.ask(lambda: _ask(uri, options, origin, outer, stray))
    except StoreAwayError as error:
        return _away(uri, options, origin, outer, str(error))


def _ask(uri: str, options: TrackOptions, origin: Origin, outer: ActiveRun | None, stray: str | None) -> Target:
    client = connection.connect(uri)
    if waiting.is_silent(uri):  # cached data needs no answer, so check that the store answers
        with refusals.refused_by(uri):
            client.search_experiments(max_results=1)
        waiting.answered()
    if options.resume is not None:
        earlier = continuing.find(client, options, origin)
        name = experiments.name_of(client, earlier.experiment_id)
        return Target(uri, name, earlier.experiment_id, client, earlier=earlier)
    parent = queries.find_run(options.parent).info.run_id if options.parent else ""
    within = not parent and outer is not None
    if within and stray:
        parent = stray
    if within and outer is not None and outer.experiment_id and not options.experiment:
        name, experiment_id = outer.experiment, outer.experiment_id
    else:
        experiment = experiments.require(client, options.experiment)
        name, experiment_id = str(experiment.name), str(experiment.experiment_id)
    return Target(
        uri,
        name,
        experiment_id,
        client,
        parent=parent,
        outer=outer.uid if within and outer is not None else "",
    )


def _away(uri: str, options: TrackOptions, origin: Origin, outer: ActiveRun | None, reason: str) -> Target:
    """Return where the run should go once the store can be queried."""
    if options.parent:
        raise UsageProblem(f"--parent {options.parent}: the store cannot be asked for that run now ({reason}).")
    if options.resume is not None:
        earlier = continuing.remembered(options, origin, reason)
        return Target(uri, earlier.experiment, earlier.experiment_id, earlier=earlier, away=reason)
    if outer and not options.experiment:
        experiment, experiment_id = outer.experiment, outer.experiment_id
    else:
        experiment, experiment_id = experiments.named(options.experiment)
    parent = outer.delivery.run_id if outer else None
    return Target(
        uri,
        experiment,
        experiment_id,
        parent=parent or "",
        outer=outer.uid if outer else "",
        away=reason,
    )
