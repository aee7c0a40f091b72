"""Runs below other runs: the trials of a sweep, the folds of a cross-validation, and nested runs.

How many runs there are is counted by one rule in every table, page and widget: those that match, without those below
others if these are folded, and without archived ones if these are hidden. Both are counted apart: ``+ 24 runs``, and
``2 archived runs hidden``.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from mlmagic.store.changes.run_changes import is_archived

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow.entities import Run

PARENT = "mlflow.parentRunId"
MOST_AHEAD_MS = 1
"""How much earlier than its parent a run may begin: folds and candidates whose start is unknown do, by 1 ms."""
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


def counted_runs(shown: int, total: int | None) -> str:
    """Return how many runs are shown, and of how many; the *total* is None where others are known to exist only.

    >>> counted_runs(20, 1313), counted_runs(3, 3), counted_runs(1, 1), counted_runs(20, None)
    ('20 of 1,313 runs', '3 runs', '1 run', 'The first 20 runs')
    """
    if total is None:
        return f"The first {shown:,} run{'s' * (shown != 1)}"
    of = f"{shown:,} of " if shown < total else ""
    return f"{of}{total:,} run{'s' * (total != 1)}"


def below_text(count: int) -> str:
    """Return how many runs below a run are not listed.

    >>> below_text(24), below_text(1), below_text(0)
    ('+ 24 runs', '+ 1 run', '')
    """
    return f"+ {count:,} run{'s' * (count != 1)}" if count else ""


def all_counted(runs: Sequence[Run]) -> str:
    """Return how many *runs* there are, and apart from them how many are below others or archived.

    ``34 runs + 9 below them, 2 archived`` is what it says of 45 runs.

    >>> all_counted([])
    '0 runs'
    """
    shown = [run for run in runs if not is_archived(run.data.tags)]
    top, _ = fold(shown)
    below, archived = len(shown) - len(top), len(runs) - len(shown)
    parts = [counted_runs(len(top), len(top)), f" + {below:,} below them" if below else ""]
    return "".join([*parts, f", {archived:,} archived" if archived else ""])
