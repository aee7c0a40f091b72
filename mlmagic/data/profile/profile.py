"""The profile recorded with a dataset's digest: small, ready for JSON, and without text values but class labels."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.content import rows_at_once
from mlmagic.data.fingerprint.fingerprint import table_of
from mlmagic.data.fingerprint.readers.plan import ReadPlan
from mlmagic.data.profile.statistics import ColumnSummary, classes, distinct, shown_names
from mlmagic.snapshot.secrets.names import secrecy
from mlmagic.snapshot.secrets.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.data.fingerprint.fingerprint import Fingerprint
    from mlmagic.data.fingerprint.readers.columns import DataColumn
    from mlmagic.data.fingerprint.readers.tables import Table

MOST_COLUMNS = 500
_MOST_VALUES = 50_000_000
"""The most values for which statistics are computed on all rows, not on a sample."""
_LONGEST_S = 0.5
"""Statistics take as long as the fingerprint: if it took more seconds, they are computed on a sample of the rows."""
_USUAL_TARGETS = frozenset({"target", "label", "labels", "class", "y"})


def profile(obj: Any, fp: Fingerprint, *, target: Any = None) -> dict[str, Any]:
    """Return a profile of the dataset *obj* with the fingerprint *fp*, in under 1 MB.

    It holds the shape and digests; the name, type, digest, nulls, range, mean and number of distinct values of the
    first 500 columns; and the count of each class in the *target*. The default target is a column with a usual name
    (``target``, ``label``, ``class``, ``y``), or a series or one-dimensional array itself. ``statistics_of`` is the
    number of rows that were read, if not all were.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlmagic.data.fingerprint.fingerprint import fingerprint
    >>> frame = pd.DataFrame({"age": [31, 54, 20], "y": [0, 1, 1]})
    >>> found = profile(frame, fingerprint(frame))
    >>> found["shape"], found["target"]
    ([3, 2], {'name': 'y', 'classes': {'1': 2, '0': 1}})
    >>> {key: value for key, value in found["columns"][0].items() if key != "digest"}
    {'name': 'age', 'type': 'int64', 'nulls': 0, 'min': 20, 'max': 54, 'mean': 35.0, 'n_unique': 3}
    """
    size = math.prod(fp.shape)
    plan = ReadPlan(sample=fp.sampled or size > _MOST_VALUES or fp.seconds > _LONGEST_S)
    table = table_of(obj, plan)
    found: dict[str, Any] = {
        "num_rows": fp.shape[0] if fp.shape else 1,  # what the MLflow UI shows
        "num_elements": size,
        "kind": fp.kind,
        "shape": list(fp.shape),
        "sampled": fp.sampled,
        "order_free": fp.order_free,
        "schema": fp.schema,
        "index": fp.index,
        "row_hashes": base64.b64encode(fp.row_hashes).decode(),
    }
    described = _described(table, [column for _, column in table.columns[:MOST_COLUMNS]], plan)
    if table.family == "table":
        shown = zip(shown_names(fp.columns), fp.columns.values(), strict=True)
        names = [{"name": name, "digest": digest} for name, digest in shown]
        found["columns"] = [name | facts for name, facts in zip(names, described, strict=False)]
        found["columns_left_out"] = len(names) - len(described)
    else:
        [found["values"]] = described
    read = sum(stop - start for start, stop in _pieces(table, plan))
    if read < table.rows:
        found["statistics_of"] = read
    if (balance := _balance(table, fp, target, plan)) is not None:
        found["target"] = balance
    if fp.unhashed:
        found["unhashed"] = [redact(line)[0] for line in fp.unhashed[:MOST_COLUMNS]]
    return found


def _pieces(table: Table, plan: ReadPlan) -> Iterator[tuple[int, int]]:
    columns = max(len(table.columns), 1)
    return plan.pieces(table.rows, at_once=rows_at_once(table), row_bytes=table.row_bytes, columns=columns)


def _described(table: Table, columns: list[DataColumn], plan: ReadPlan) -> list[dict[str, Any]]:
    """Return the statistics of each column; all are read in one pass, so that a piece stays in the cache."""
    if table.family == "sparse":
        [column] = columns
        entries = sum(len(values) for values in _values(column, _pieces(table, plan)))
        return [{"type": column.logical, "nonzero": entries}]
    summaries = [ColumnSummary(column.logical) for column in columns]
    for start, stop in _pieces(table, plan) if columns else ():
        for column, summary in zip(columns, summaries, strict=True):
            summary.add(column.chunk(start, stop))
    return [
        {"type": column.logical, **summary.to_dict(column.logical), **_distinct(column, table)}
        for column, summary in zip(columns, summaries, strict=True)
    ]


def _values(column: DataColumn, pieces: Iterator[tuple[int, int]]) -> Iterator[Any]:
    for start, stop in pieces:
        yield column.chunk(start, stop).values


def _distinct(column: DataColumn, table: Table) -> dict[str, int]:
    """Return the number of distinct values; empty for a multi-dimensional array, whose words are hashes of rows."""
    return {} if table.family == "array" and len(table.shape) != 1 else distinct(column, table.rows)


def _balance(table: Table, fp: Fingerprint, target: Any, plan: ReadPlan) -> dict[str, Any] | None:
    column, name, named = _target(table, fp, target)
    if column is None or secrecy(name) == "yes":  # its labels would be passwords
        return None
    found = classes(column, _pieces(table, plan), is_target=named)
    return None if found is None else {"name": name, "classes": found}


def _target(table: Table, fp: Fingerprint, target: Any) -> tuple[DataColumn | None, str, bool]:
    """Return the target column, its name, and whether the caller named it as the target."""
    if table.family != "table":
        single = len(table.shape) == 1 and table.family != "sparse"
        return table.columns[0][1] if single else None, str(table.columns[0][0] or ""), False
    if target is not None:
        for shown, (name, column) in zip(shown_names(fp.columns), table.columns, strict=True):
            if name == target:
                return column, shown, True
        return None, "", False
    for key, (name, column) in zip(fp.columns, table.columns, strict=True):
        if str(name).casefold() in _USUAL_TARGETS:
            return column, key, False
    return None, "", False
