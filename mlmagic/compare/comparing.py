"""From what a person names as runs to their difference."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.compare.difference import Difference, difference_of
from mlmagic.compare.run_files import in_threads
from mlmagic.compare.run_record import read_records
from mlmagic.errors import UsageProblem
from mlmagic.runs import queries

if TYPE_CHECKING:
    from collections.abc import Iterable

_FEWEST = 2


def compare_runs(references: Iterable[Any], *, experiment: str | None = None) -> Difference:
    """Return how runs differ from the first of them.

    Parameters
    ----------
    references
        Two or more: names, ids, beginnings of ids, `mlmagic.Run` objects, MLflow's runs, rows or parts of the table of
        ``%runs``.
    experiment
        Where names are looked for, by name or id.

    Raises
    ------
    UsageProblem
        When there are fewer than two, when one is given twice, or when something is no run.
    RunNotFoundError
        When there is no such run, or it was deleted.
    StoreError
        When the store cannot be read.
    """
    named = [name for reference in references for name in _names(reference)]
    if len(named) < _FEWEST:
        given = f"only {named[0]!r} was given" if named else "none was given"
        raise UsageProblem(f"two or more runs are compared, {given}: %diff RUN1 RUN2. The last runs: %runs")
    runs = in_threads(partial(queries.find_run, experiment=experiment), named)
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


def _names(reference: Any) -> list[str]:
    """Return the names or ids that *reference* stands for: a table of runs stands for several."""
    if isinstance(reference, str):
        return [reference]
    if hasattr(reference, "columns") and "run_id" in reference.columns:
        return [str(run_id) for run_id in reference["run_id"]]
    # A run of MLflow's, a row of a table, and an `mlmagic.Run`.
    for owner, name in ((getattr(reference, "info", None), "run_id"), (reference, "run_id"), (reference, "id")):
        if isinstance(found := getattr(owner, name, None), str):
            return [found]
    raise UsageProblem(
        f"a run is named by its name, its id, or a row of %runs, not by a value of type {type(reference).__name__!r}"
    )
