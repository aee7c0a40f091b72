"""Runs below other runs: the trials of a sweep, the folds of a cross-validation, and nested runs."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow.entities import Run

PARENT = "mlflow.parentRunId"
SEEDS = frozenset({"seed", "random_state", "random_seed"})
"""The last parts of the names of seed parameters."""
_REPETITIONS = SEEDS | {"fold", "repeat"}


def is_repetition(param: str) -> bool:
    """Return whether a parameter may differ between repetitions of a configuration, by the last part of its name.

    >>> is_repetition("model.random_state"), is_repetition("fold"), is_repetition("seed_size")
    (True, True, False)
    """
    return param.rpartition(".")[2].lower() in _REPETITIONS


def fold(runs: Sequence[Run]) -> tuple[list[Run], dict[str, list[Run]]]:
    """Return the runs that are not below another one of *runs*, and those below each of them by its id.

    Tags may form a circle of parents; then the first of its runs counts as the topmost.
    """
    known = {run.info.run_id: run for run in runs}
    top: list[Run] = []
    below: dict[str, list[Run]] = {}
    topmost = {run.info.run_id: _topmost(run, known) for run in runs}
    for run in runs:
        if (above := topmost[run.info.run_id]) == run.info.run_id:
            top.append(run)
        else:
            below.setdefault(above, []).append(run)
    return top, below


def _topmost(run: Run, known: Mapping[str, Run]) -> str:
    seen: dict[str, None] = {run.info.run_id: None}
    parent: str = run.data.tags.get(PARENT, "")
    while parent in known and parent not in seen:
        seen[parent] = None
        parent = known[parent].data.tags.get(PARENT, "")
    return min(seen) if parent in seen else next(reversed(seen))


def best_point(runs: Iterable[Run], values: Mapping[str, float], *, lowest: bool) -> float | None:
    """Return the best mean of *values*, by run id, over the runs that differ in their seeds only; None without any.

    Runs without params are one point, as folds are. Failed and killed runs are no result, as in a sweep.

    >>> best_point([], {}, lowest=True) is None
    True
    """
    points: dict[frozenset[tuple[str, str]], list[float]] = {}
    for run in runs:
        value = values.get(run.info.run_id)
        is_ended_early = run.info.status in {"FAILED", "KILLED"}
        if value is not None and value == value and not is_ended_early:  # noqa: PLR0124  # NaN is no result
            point = frozenset((key, word) for key, word in run.data.params.items() if not is_repetition(key))
            points.setdefault(point, []).append(value)
    means = [statistics.fmean(of_point) for of_point in points.values()]
    return (min if lowest else max)(means, default=None)
