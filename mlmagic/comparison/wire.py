"""The messages from the kernel to the browser, which ``web/src/wire.ts`` reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mlmagic.comparison.columns import Column
    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.store.query.histories.extremes import Extremes

_MOST_CHARACTERS = 1_000_000
_CUT_TO = 200


class SentColumn(TypedDict):
    """A column: numbers as float64 bytes, words as a list and the bytes of int32 codes into it.

    A metric with an interval has the ids of the columns of its two ``ends``. A metric with steps has the lowest and the
    highest values of the runs and their first steps as float64, NaN where they are unknown.
    """

    id: str
    kind: str
    label: str
    format: str
    goal: str | None
    differs: bool
    ends: NotRequired[list[str]]
    numbers: NotRequired[bytes]
    missing: NotRequired[bytes]
    codes: NotRequired[bytes]
    words: NotRequired[list[str]]
    lows: NotRequired[bytes]
    low_steps: NotRequired[bytes]
    highs: NotRequired[bytes]
    high_steps: NotRequired[bytes]


class SentTable(TypedDict):
    """The table: the runs, the parts of their URLs in the MLflow UI, and the columns."""

    ids: list[str]
    parents: bytes
    configurations: bytes
    columns: list[SentColumn]
    title: str
    total: int | None
    notice: dict[str, str] | None
    experiments: list[str]
    ui: str | None
    deleted: list[str]
    query: dict[str, str] | None


class SentReading(TypedDict):
    """When the table was read (ms since 1970), why not since, new runs, how many are gone, new columns to hide."""

    at: int
    problem: str
    new: list[str]
    gone: int
    hide: list[str]


def reading(*, new: Sequence[str] = (), gone: int = 0, hide: Sequence[str] = ()) -> SentReading:
    """Return the message that the table was read now."""
    return {"at": int(time.time() * 1000), "problem": "", "new": list(new), "gone": gone, "hide": list(hide)}


def table_of(comparison: Comparison, ui: str | None, deleted: Collection[str] = ()) -> SentTable:
    """Return *comparison* as a message; *ui* is the URL of the MLflow UI that serves its runs.

    *deleted* are the ids of the runs that were deleted in the widget.
    """
    import numpy as np

    notice = comparison.notice
    return {
        "ids": [run.info.run_id for run in comparison.runs],
        "parents": np.array(comparison.parents, dtype=np.int32).tobytes(),
        "configurations": np.array(comparison.configurations, dtype=np.int32).tobytes(),
        "columns": _columns(comparison),
        "title": comparison.title,
        "total": comparison.total,
        "notice": {"text": notice.text, "hint": notice.hint} if notice else None,
        "experiments": [run.info.experiment_id for run in comparison.runs] if ui else [],
        "ui": ui,
        "query": {"experiment": query[0], "filter": query[1]} if (query := comparison.query) else None,
        "deleted": [run.info.run_id for run in comparison.runs if run.info.run_id in deleted],
    }


def _columns(comparison: Comparison) -> list[SentColumn]:
    """Return the columns, those of metrics with steps with their extremes."""
    rows = {run.info.run_id: row for row, run in enumerate(comparison.runs)}
    of_metric: dict[str, dict[int, Extremes]] = {}
    for (run_id, metric), one in comparison.extremes.items():
        if run_id in rows:
            of_metric.setdefault(metric, {})[rows[run_id]] = one
    made = []
    for column in comparison.columns:
        sent = _sent(column)
        if column.kind == "metric" and (found := of_metric.get(column.label)):
            sent["lows"] = _bytes(len(comparison.runs), {row: one.low for row, one in found.items()})
            sent["low_steps"] = _bytes(len(comparison.runs), {row: one.low_step for row, one in found.items()})
            sent["highs"] = _bytes(len(comparison.runs), {row: one.high for row, one in found.items()})
            sent["high_steps"] = _bytes(len(comparison.runs), {row: one.high_step for row, one in found.items()})
        made.append(sent)
    return made


def _bytes(count: int, values: Mapping[int, float | None]) -> bytes:
    """Return float64 for each row, NaN for those without a value."""
    import numpy as np

    numbers = np.full(count, np.nan)
    numbers[list(values)] = [np.nan if value is None else value for value in values.values()]
    return numbers.tobytes()


def _sent(column: Column) -> SentColumn:
    sent: SentColumn = {
        "id": column.id,
        "kind": column.kind,
        "label": column.label,
        "format": column.format,
        "goal": column.goal,
        "differs": column.differs,
    }
    if column.ends is not None:
        sent["ends"] = list(column.ends)
    if column.numbers is not None:
        sent["numbers"] = column.numbers.tobytes()
        if column.missing is not None:
            sent["missing"] = column.missing.tobytes()
    if column.codes is not None:
        sent["codes"] = column.codes.tobytes()
        sent["words"] = _of_a_size(column.words)
    return sent


def _of_a_size(words: Sequence[str]) -> list[str]:
    """Return *words* unchanged, or each cut if they have more than a million characters together."""
    if sum(map(len, words)) <= _MOST_CHARACTERS:
        return list(words)
    return [word if len(word) <= _CUT_TO else word[:_CUT_TO] + "…" for word in words]


def error(request: Any, text: str, hint: str = "") -> dict[str, Any]:
    """Return an error as the answer to *request*."""
    return {"kind": "error", "request": request, "text": text, "hint": hint}
