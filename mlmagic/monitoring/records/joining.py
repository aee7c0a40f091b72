"""Join labels that have arrived to the predictions with their ids: the last label of an id counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.monitoring.records.label_values import text_of
from mlmagic.monitoring.serving.columns import ACTUAL, ID
from mlmagic.monitoring.serving.mixed import objects_in

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Labelled:
    """Predictions with the column of their labels, null where none has arrived.

    ``unknown`` are the ids of labels without a prediction among these; notes say what did not fit.
    """

    table: pa.Table
    unknown: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def with_labels(predictions: pa.Table, labels: pa.Table | None) -> Labelled:
    """Return *predictions* with a column of labels; *labels* are in the order in which they arrived."""
    import pyarrow as pa

    if labels is None or not labels.num_rows:
        kind = pa.null() if labels is None else labels.schema.field(ACTUAL).type
        return Labelled(predictions.append_column(ACTUAL, pa.nulls(predictions.num_rows, kind)))
    ids = labels.column(ID).to_pylist()
    last = {one: at for at, one in enumerate(ids)}
    first = {one: at for at, one in reversed(list(enumerate(ids)))}
    values = labels.column(ACTUAL)
    again = [one for one, at in last.items() if first[one] != at]
    field = labels.schema.field(ACTUAL)
    objects = objects_in(field, values) if again else []
    changed = sum(_differ(objects[first[one]], objects[last[one]]) for one in again)
    rows = pa.array([last.get(one) for one in predictions.column(ID).to_pylist()], pa.int64())
    taken = values.take(rows)
    notes = []
    if changed:
        have = "ids have" if changed > 1 else "id has"
        notes.append(f"{changed:,} {have} labels of several values: the last one counts")
    unknown = frozenset(last.keys() - set(predictions.column(ID).to_pylist()))
    return Labelled(predictions.append_column(field, taken), unknown, tuple(notes))


def _differ(one: object, other: object) -> bool:
    return one != other and text_of(one) != text_of(other)
