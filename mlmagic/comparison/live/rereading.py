"""Reads the runs of a comparison anew: all of them, or only those that are new, were running or have ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.columns import with_values
from mlmagic.comparison.extremes import extremes_of, with_extremes
from mlmagic.store import connection, refusals
from mlmagic.store.database import database_of, portions, reading
from mlmagic.store.query import bulk
from mlmagic.store.query.light_runs import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.store.database import Database
    from mlmagic.store.query.histories.extremes import Extremes

_MOST_RUNS = 10_000
_ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})


def read_all(comparison: Comparison) -> Comparison:
    """Return *comparison* as the store has it now."""
    if comparison.again is None:
        return comparison
    asked = {name: getattr(comparison, name) for name in ("metric", "goal", "group", "query")}
    return with_extremes(replace(comparison.again(), **asked))


def read_changed(comparison: Comparison, uri: str) -> Comparison | None:
    """Return *comparison* with its changed runs, itself if none has changed, or None if `read_all` is needed.

    A run that has ended is not read again, although its tags may change later. A selection by a filter cannot be read
    in parts, and neither can one from a server.
    """
    with refusals.refused_by(uri):
        client = connection.connect(uri)
        database = database_of(client)
        by_ids = bool(comparison.runs) and not comparison.whole and not _is_filtered(comparison)
        if database is None or not (comparison.whole or by_ids):
            return None
        known = {run.info.run_id: run for run in comparison.runs}
        now = list(_states(database, comparison.whole, list(known)))
        wanted = [
            run_id for run_id, state in now if run_id not in known or _state(known[run_id]) != state or _runs(state)
        ]
        fresh = {run.info.run_id: run for run in bulk.named_runs(client, wanted).runs}
        rows = [fresh.get(run_id) or known.get(run_id) for run_id, _ in now]
    runs = [run for run in rows if run is not None]
    if [run.info.run_id for run in runs] == list(known):
        changed = [run for run in fresh.values() if _differ(run, known)]
        return _with_changed(comparison, runs, changed) if changed else comparison
    extremes = _newer_extremes(comparison, list(fresh.values()))
    if {run.info.experiment_id for run in runs} - set(comparison.experiments) or bool(runs) != bool(known):
        return None  # the names of the experiments and the notice are those of a full reading
    return replace(comparison, runs=runs, extremes=extremes)


def _newer_extremes(comparison: Comparison, fresh: Sequence[Any]) -> Mapping[tuple[str, str], Extremes]:
    """Return the extremes of the comparison, those of *fresh* runs read anew."""
    read = {run.info.run_id for run in fresh}
    kept = {pair: one for pair, one in comparison.extremes.items() if pair[0] not in read}
    return {**kept, **extremes_of(comparison, fresh)}


def _with_changed(comparison: Comparison, runs: Sequence[Any], changed: Sequence[Any]) -> Comparison:
    """Return *comparison* with *runs*, of which *changed* differ; if in metrics only, the other columns are kept."""
    rows = {run.info.run_id: row for row, run in enumerate(comparison.runs)}
    values: dict[str, dict[int, float]] = {}
    for run in changed:
        row = rows[run.info.run_id]
        before = comparison.runs[row]
        rest = (run.info, run.data.params, run.data.tags, run.inputs, run.data.metrics.keys())
        if rest != (before.info, before.data.params, before.data.tags, before.inputs, before.data.metrics.keys()):
            return replace(comparison, runs=runs, extremes=_newer_extremes(comparison, changed))
        for metric, value in run.data.metrics.items():
            if value != before.data.metrics[metric]:
                values.setdefault(f"metric:{metric}", {})[row] = value
    columns = [
        with_values(column, values[column.id]) if column.id in values else column for column in comparison.columns
    ]
    return comparison.with_metrics(runs, columns, _newer_extremes(comparison, changed))


def _is_filtered(comparison: Comparison) -> bool:
    """Return whether the runs were chosen by a filter, which may choose others now."""
    return not comparison.experiments


def _states(database: Database, experiment_ids: Sequence[str], run_ids: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield the id of each run, newest first or in the order of *run_ids*, and what shows that it has changed."""
    from sqlalchemy import select

    runs = database.tables["runs"]
    columns = select(runs.c.run_uuid, runs.c.status, runs.c.end_time, runs.c.name).where(
        runs.c.lifecycle_stage == "active"
    )
    if experiment_ids:
        of_these = columns.where(runs.c.experiment_id.in_([int(one) for one in experiment_ids]))
        statements = [of_these.order_by(runs.c.start_time.desc(), runs.c.run_uuid).limit(_MOST_RUNS)]
    else:
        statements = [columns.where(runs.c.run_uuid.in_(some)) for some in portions(run_ids)]

    def read(connection_: Connection) -> list[tuple[str, Any]]:
        rows = [row for statement in statements for row in connection_.execute(statement)]
        return [(as_text(row[0]), (as_text(row[1]), row[2], as_text(row[3]))) for row in rows]

    found = reading(database, read)
    if experiment_ids:
        return iter(found)
    states = dict(found)
    return ((run_id, states[run_id]) for run_id in run_ids if run_id in states)


def _state(run: Any) -> Any:
    return run.info.status, run.info.end_time, run.info.run_name


def _runs(state: Any) -> bool:
    return state[0] not in _ENDED


def _differ(run: Any, known: dict[str, Any]) -> bool:
    """Return whether a value of *run* is another one than before; NaN counts as another one."""
    before = known.get(run.info.run_id)
    return before is None or (run.info, run.data, run.inputs) != (before.info, before.data, before.inputs)
