"""How many runs there are, by one rule in every table, page and widget.

Counted are the runs that match, without those below others (the trials of a sweep, folds, nested runs) if these are
folded, and without archived ones if these are hidden. Both are counted apart: ``+ 24 runs``, and
``2 archived runs hidden``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.store.changes.run_changes import is_archived
from mlmagic.store.query.families import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities import Run


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
