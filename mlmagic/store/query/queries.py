"""Query the store for runs: one by its id or name, or those that match a filter, page by page."""

from __future__ import annotations

import itertools
import re
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, RunNotFoundError, UsageProblem
from mlmagic.store import connection, experiments, tracking_uri
from mlmagic.store.database import database_of
from mlmagic.store.query import bulk, ordering
from mlmagic.store.query.filters.division import DividedFilter, divide
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.tree import Condition, Name, Value
from mlmagic.store.query.light_runs import readable
from mlmagic.store.refusals import refused_by
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run

PAGE = 1000
"""So many runs the store is asked for at once, at most."""
_SHOWN_CANDIDATES = 5
_NO_KEYS = Keys()
_ID = re.compile(r"[0-9a-zA-Z][\w-]{31,255}")
_OWN_ID = re.compile(r"[0-9a-f]{32}")
_ID_PREFIX = re.compile(r"[0-9a-f]{4,31}")


def find_run(reference: str, *, experiment: str | None = None) -> Run:
    """Return the run with this id or name, or whose id begins like this.

    Parameters
    ----------
    reference
        A full id; a name, of which the newest run is meant; or the first 4 or more characters of an id. A
        name of the default experiment goes before the beginning of an id.
    experiment
        Where to look, by name or id. By default names are looked for in the default experiment first, then,
        as ids are, in all.

    Raises
    ------
    RunNotFoundError
        When there is none, several ids begin like this, or the run was deleted.
    UsageProblem
        When the experiment does not exist or was deleted.
    StoreError
        When the store cannot be read.

    Examples
    --------
    ::

        find_run("baseline").data.metrics["accuracy"]
    """
    reference = reference.strip()
    if not reference:
        raise UsageProblem("Name a run, or the beginning of its id. The last runs: %runs")
    return connection.ask(partial(_find_run, reference, experiment))


def _find_run(reference: str, experiment: str | None) -> Run:
    client = connection.connect()
    with refused_by(tracking_uri.current_uri()):
        home = experiments.find(client, experiment)
        first = [home.experiment_id] if home else []
        rest = [] if experiment else [one.experiment_id for one in experiments.each(client)]
        everywhere = list(dict.fromkeys([*first, *rest]))
        found = (
            by_id(client, reference, first if experiment else None)
            or _by_name(client, reference, first)
            or _by_prefix(client, reference, everywhere)
            or _by_name(client, reference, everywhere)
        )
        if found is None:
            raise _not_found(client, reference, everywhere)
    if found.info.lifecycle_stage != "active":
        raise _deleted(reference, found)
    return found


def get_run(run_id: str) -> Run:
    """Return the run with this id: MLflow's, or the run's own (its tag ``mlmagic.id``) if it was recorded offline.

    Raises
    ------
    RunNotFoundError
        When the store has none.
    StoreError
        When the store cannot be read.
    """

    def ask() -> Run | None:
        client = connection.connect()
        with refused_by(tracking_uri.current_uri()):
            return by_id(client, run_id)

    found = connection.ask(ask)
    if found is None:
        raise RunNotFoundError(
            f"No run has the id {run_id!r}. If it was recorded offline, %mlmagic sync delivers it; the last runs: %runs"
        )
    return found


def by_id(client: MlflowClient, run_id: str, within: list[str] | None = None) -> Run | None:
    """Return the run with this id of MLflow's, or of its own, in these experiments or in all; None without one."""
    from mlflow.exceptions import MlflowException

    if not _ID.fullmatch(run_id):
        return None
    try:
        run = readable(client.get_run(run_id))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            rows = bulk.named_runs(client, [run_id]).runs if database_of(client) else []
            if not rows:
                raise
            return rows[0] if within is None or rows[0].info.experiment_id in within else None
        known = by_own_id(client, run_id)
        if known is None:
            return None
        run = known
    return run if within is None or run.info.experiment_id in within else None


def by_own_id(client: MlflowClient, uid: str, within: list[str] | None = None) -> Run | None:
    """Return the run with the tag ``mlmagic.id`` = *uid*, in these experiments or in all."""
    if not _OWN_ID.fullmatch(uid):
        return None
    within = within or [one.experiment_id for one in experiments.each(client)]
    found = client.search_runs(within, f"tags.`mlmagic.id` = '{uid}'", order_by=["attributes.start_time ASC"])
    return readable(found[0]) if found else None


def _by_name(client: MlflowClient, name: str, within: list[str], *, deleted: bool = False) -> Run | None:
    selection = divide(Condition(Name("attributes", "name"), "=", (Value(name, quoted=True),)), _NO_KEYS)
    size = 1 if selection.is_narrow else PAGE
    return next(search(client, within, selection, size=size, deleted=deleted), None)


def _by_prefix(client: MlflowClient, prefix: str, within: list[str], *, deleted: bool = False) -> Run | None:
    prefix, most = prefix.lower(), _SHOWN_CANDIDATES + 1
    if not _ID_PREFIX.fullmatch(prefix):
        return None
    by_id = DividedFilter(f"attributes.run_id LIKE '{prefix}%'", lambda run: run.info.run_id.startswith(prefix))
    by_own = DividedFilter(
        f"tags.`mlmagic.id` LIKE '{prefix}%'", lambda run: run.data.tags.get("mlmagic.id", "").startswith(prefix)
    )
    found: list[Run] = []
    for selection in (by_id, by_own):
        found = found or list(itertools.islice(search(client, within, selection, size=most, deleted=deleted), most))
    if len(found) > 1:
        shown = ", ".join(f"{run.info.run_id} ({run.info.run_name})" for run in found[:_SHOWN_CANDIDATES])
        more = ", …" if len(found) == most else ""
        raise RunNotFoundError(f"Several runs begin with {prefix!r}: {shown}{more}. Give more of the id.")
    return found[0] if found else None


def _not_found(client: MlflowClient, reference: str, within: list[str]) -> RunNotFoundError:
    for find in (_by_name, _by_prefix):
        if gone := find(client, reference, within, deleted=True):
            return _deleted(reference, gone)
    last = itertools.islice(search(client, within, DividedFilter()), PAGE)
    near = did_you_mean(reference, {run.info.run_name or "" for run in last})
    return RunNotFoundError(f"No run has the name or id {reference!r}.{near} The last runs: %runs")


def _deleted(reference: str, run: Run) -> RunNotFoundError:
    return RunNotFoundError(
        f"The run {reference!r} was deleted. Restore it with !mlflow runs restore --run-id {run.info.run_id}"
    )


def keys_of(client: MlflowClient, experiment: Experiment | None) -> Keys:
    """Return the names that the runs of an experiment carry, the last 1,000 of them."""
    if experiment is None:
        return Keys(complete=True)
    if database_of(client) is not None:
        found = bulk.newest_runs(client, [experiment.experiment_id], most=PAGE)
        last, complete = list(found.runs), not found.more
    else:
        last = list(itertools.islice(search(client, [experiment.experiment_id], DividedFilter()), PAGE))  # one page
        complete = len(last) < PAGE
    return Keys.seen_in(last, f"the last {PAGE} runs of experiment {experiment.name!r}", complete=complete)


def search(
    client: MlflowClient,
    within: list[str],
    selection: DividedFilter,
    order: ordering.Order = ordering.Order(),  # noqa: B008  # it is frozen
    *,
    size: int = PAGE,
    deleted: bool = False,
) -> Iterator[Run]:
    """Yield the runs that match a filter, in *order* as far as the store supports it.

    MLflow refuses a whole page if it cannot read one run, for example one without a start time. Then the rows are read.
    """
    seen: set[str] = set()
    try:
        for run in map(readable, _pages(client, within, selection.server, order, size=size, deleted=deleted)):
            seen.add(run.info.run_id)
            if selection.matches(run):
                yield run
    except Exception as error:
        rows = None if isinstance(error, MLMagicError) else bulk.every_run(client, within, deleted=deleted)
        if rows is None:
            raise
        chosen = [run for run in rows if run.info.run_id not in seen and selection.matches(run)]
        yield from order.sorted(chosen)


def _pages(
    client: MlflowClient, within: list[str], condition: str, order: ordering.Order, *, size: int, deleted: bool
) -> Iterator[Run]:
    from mlflow.entities import ViewType

    token = None
    while within:
        page = client.search_runs(
            within,
            condition,
            run_view_type=ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY,
            max_results=size,
            order_by=order.server,
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return
