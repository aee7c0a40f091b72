"""The table of the runs that a loop of one cell has made so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.store.query.frames import ATTRS, BASE_COLUMNS, column_name, typed
from mlmagic.views.tables.runs_table import table_html, table_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from mlmagic.recording.summary import RunSummary
    from mlmagic.views.rendering import MimeBundle


def growing_table(summaries: Sequence[RunSummary]) -> MimeBundle:
    """Return the runs as one table, in the order in which they ended, with their errors and warnings below."""
    import pandas as pd

    params = _names(one.params for one in summaries)
    values = [{line.name: line.value for line in one.metrics} for one in summaries]
    metrics = _names(values)
    shared = {*params} & {*metrics} | {*BASE_COLUMNS}
    columns: dict[str, Any] = {
        "run_id": [one.run_id for one in summaries],
        "name": [one.name for one in summaries],
        "status": [one.status for one in summaries],
        "duration": pd.Series([one.duration_s for one in summaries], dtype="float64"),
    }
    named = {name: column_name(name, "metrics", shared) for name in metrics}
    for name, column in named.items():
        columns[column] = pd.Series([one.get(name) for one in values], dtype="float64")
    for name in params:
        columns[column_name(name, "params", shared)] = typed([one.params.get(name) for one in summaries])
    frame = pd.DataFrame(columns)
    frame.attrs[ATTRS] = {
        "metrics": list(named.values()),
        "headline": f"{len(summaries)} runs of this cell",
        "urls": {one.run_id: one.url for one in summaries if one.url},
        "spans": {},
        "odd": [f"{one.name}: {text}" for one in summaries for text in _told(one)],
    }
    return {"text/html": table_html(frame), "text/plain": table_text(frame)}


def _names(several: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for one in several for name in one))


def _told(one: RunSummary) -> list[str]:
    return [*filter(None, [one.error]), *(notice.text for notice in one.notices if notice.level == "warning")]
