"""Which runs are meant by what a person writes: runs, a filter, or an experiment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.compare.comparison import Comparison, Notice
from mlmagic.runs import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_RUNS = 10_000
_CONDITION = re.compile(r"[=<>]|\s(?:i?like|in|is(?: not)? null)\b", re.IGNORECASE)


def select(what: Sequence[str], *, experiment: str | None = None) -> Comparison:
    """Return the runs to compare."""
    text = " ".join(what) if what and _CONDITION.search(" ".join(what)) else ""
    if what and not text:
        runs = [queries.find_run(reference, experiment=experiment) for reference in what]
        return Comparison(runs, f"{len(runs)} runs")
    found = queries.find_runs(text, experiment=experiment, n=MOST_RUNS)
    notice = None if found.runs else Notice("No runs yet.", "Put %%track on the first line of a cell and run it.")
    return Comparison(found.runs, f"experiment {found.experiment}", notice=notice)
