"""Reads the extremes of the metrics of a comparison, as far as that takes a moment only."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import StoreError
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.store.query.histories.extremes import has_steps, last_steps, read_extremes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow.entities import Run

    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.store.query.histories.extremes import Extremes

    Found = Mapping[tuple[str, str], Extremes]

_MOST_VALUES = 300_000
"""Of more logged values only the extremes of the main metric are read."""
_MOST_RUNS = 2_000
"""Of more runs none are read then: the database would look at a million values while the user waits."""


def with_extremes(comparison: Comparison) -> Comparison:
    """Return *comparison* with the extremes of its metrics; without those that cannot be read.

    If they are too many, so that the last values of the main metric rank, the title says so.
    """
    if not any(last_steps(run) for run in comparison.runs):
        return comparison
    try:
        found = connection.ask(partial(extremes_of, comparison, comparison.runs))
    except StoreError:  # what reads the store next says so
        return comparison
    made = replace(comparison, extremes=found)
    if not found and any(has_steps(run, key) for run in comparison.runs for key in last_steps(run)):
        vars(made).update(columns=comparison.columns)
        if not made.is_ranked_by_best and (main := made.main_metric):
            return replace(made, title=f"{made.title}, ranked by the last {main.label}: too many values for the best")
    return made


def extremes_of(comparison: Comparison, runs: Sequence[Run]) -> Found:
    """Return the extremes of metrics of *runs*, some of the runs of *comparison*, by run id and metric."""
    keys = {key for run in runs for key in last_steps(run) if has_steps(run, key)}
    values = sum(step + 1 for run in runs for step in last_steps(run).values() if step > 0)
    if values > _MOST_VALUES:
        main = comparison.main_metric if len(runs) <= _MOST_RUNS else None
        keys &= {main.label} if main else set()
    client = connection.connect()
    with refusals.refused_by(tracking_uri.current_uri()):
        return read_extremes(client, runs, keys) or {} if keys else {}
