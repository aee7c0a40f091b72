"""Resolves references to runs, and returns the difference of these runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.diffs.difference import Difference, difference_of
from mlmagic.comparison.diffs.references import references_in
from mlmagic.comparison.diffs.run_files import in_threads
from mlmagic.comparison.diffs.run_record import read_records
from mlmagic.errors import UsageProblem
from mlmagic.store import connection
from mlmagic.store.query import queries

if TYPE_CHECKING:
    from collections.abc import Iterable

_FEWEST = 2


def compare_runs(references: Iterable[Any], *, experiment: str | None = None) -> Difference:
    """Return the difference of runs from the first of them.

    Parameters
    ----------
    references
        Two or more names, ids, id prefixes, `mlmagic.Run` objects, MLflow runs, rows or parts of the table of
        ``%runs``, or lists of these.
    experiment
        The name or id of the experiment in which to look names up.

    Raises
    ------
    UsageProblem
        If there are fewer than two runs, one is given twice, or a reference is not a run.
    RunNotFoundError
        If there is no such run, or it was deleted.
    StoreError
        If the store cannot be read.
    """
    named = [reference.text for reference in references_in(references)]
    if len(named) < _FEWEST:
        given = f"only {named[0]!r} was given" if named else "none was given"
        raise UsageProblem(f"Two or more runs are compared, {given}: %diff RUN1 RUN2. The last runs: %runs")
    find = partial(queries.find_run, experiment=experiment)
    runs = connection.ask(lambda: in_threads(find, named))
    seen: dict[str, str] = {}
    for name, run in zip(named, runs, strict=True):
        if (earlier := seen.get(run.info.run_id)) is not None:
            twice = f"{name!r} is given twice" if earlier == name else f"{earlier!r} and {name!r} are the same run"
            raise UsageProblem(
                f"{twice} ({run.info.run_name}, id {run.info.run_id[:8]}). A name means the newest run of that name: "
                "give the beginning of an id for another. The last runs: %runs"
            )
        seen[run.info.run_id] = name
    return difference_of(read_records(runs))
