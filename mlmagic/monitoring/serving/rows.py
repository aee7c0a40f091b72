"""Served rows as an Arrow record batch: ids, time, features, prediction and probabilities."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.serving.columns import ACTUAL, ID, OWN, PREDICTION, PROBABILITY, TIME
from mlmagic.monitoring.serving.mixed import column_of_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

_TABLE = 2


def served_rows(
    data: Any,
    predictions: NDArray[Any],
    probabilities: NDArray[Any] | None,
    *,
    classes: Collection[Any],
    ids: list[str] | None,
    times: NDArray[Any],
    names: Collection[str] | None,
    exclude: Collection[str],
    note: Callable[[str], None],
) -> pa.RecordBatch:
    """Return what was asked and answered, a row for each prediction.

    Parameters
    ----------
    data
        The n rows that the model was given.
    predictions, probabilities
        Arrays of the shapes (n,), or (n, outputs), and (n, classes).
    ids, times
        n texts, and n moments in microseconds since 1970.
    names
        The names of the columns of an array.
    exclude
        Features that are not recorded.
    note
        Is told which columns could not be recorded.
    """
    import pyarrow as pa

    rows = len(times)
    columns: dict[str, tuple[pa.Field, pa.Array]] = {}

    def add(name: str, values: Any) -> None:
        columns[name] = column_of(name, values)

    add(ID, pa.array(ids, pa.string()) if ids is not None else pa.nulls(rows, pa.string()))
    add(TIME, pa.array(times, pa.timestamp("us", "UTC")))
    if predictions.ndim == 1:
        add(PREDICTION, predictions)
    else:
        for output in range(predictions.shape[1]):
            add(f"{PREDICTION}.{output}", predictions[:, output])
    if probabilities is not None:
        for place, label in enumerate(classes):
            add(f"{PROBABILITY}{label}", probabilities[:, place])
    with _whole(note):
        for name, values in _features(data, names):
            if name in exclude:
                continue
            if name in columns or name.startswith(OWN):
                note(f"the column {name!r} is not recorded: another column has this name, or it begins with {OWN!r}")
                continue
            column = column_of(name, values)
            if len(column[1]) != rows:
                raise UsageProblem(f"{len(column[1])} values of {name!r} for {rows} predictions")
            columns[name] = column
    return _batch(columns.values())


def labels(ids: Any, y: Any, times: NDArray[Any]) -> pa.RecordBatch:
    """Return labels that have arrived as rows to record: n ids, n labels, and one moment, or n of them.

    Missing labels are left out.

    Raises
    ------
    UsageProblem
        If there is not one label for each id.
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    values = np.asarray(y).reshape(-1)
    texts = texts_of(ids, len(values))
    moments = np.broadcast_to(times, (len(values),))
    there = ~np.asarray(pd.isna(values))
    kept = [one for one, is_there in zip(texts, there.tolist(), strict=True) if is_there]
    return _batch(
        [
            column_of(ID, pa.array(kept, pa.string())),
            column_of(TIME, pa.array(moments[there], pa.timestamp("us", "UTC"))),
            column_of(ACTUAL, values[there]),
        ]
    )


def _batch(columns: Iterable[tuple[pa.Field, pa.Array]]) -> pa.RecordBatch:
    import pyarrow as pa

    fields, arrays = zip(*columns, strict=True)
    return pa.record_batch(list(arrays), schema=pa.schema(fields))


@contextlib.contextmanager
def _whole(note: Callable[[str], None]) -> Iterator[None]:
    """Let nothing about the features cost the record of the predictions."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # each kind of table raises its own
        note(f"not all features are recorded: {type(error).__name__}: {error}")


def _features(data: Any, names: Collection[str] | None) -> Iterator[tuple[str, Any]]:
    """Yield the name and the values of each column of a table."""
    import numpy as np

    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        kinds = set(data.dtypes)
        if len(kinds) == 1 and next(iter(kinds)).kind in "biuf" and isinstance(next(iter(kinds)), np.dtype):
            yield from zip(map(str, data.columns), data.to_numpy().T, strict=True)  # ten times as fast
        else:
            for at, name in enumerate(data.columns):
                yield str(name), data.iloc[:, at]
    elif hasattr(data, "to_arrow"):  # polars
        yield from _features(data.to_arrow(), None)
    elif hasattr(data, "column_names") and hasattr(data, "column"):  # Arrow
        for at, name in enumerate(data.column_names):
            yield str(name), data.column(at)
    else:
        if hasattr(data, "toarray"):  # sparse
            data = data.toarray()
        table = np.asarray(data)
        if table.ndim != _TABLE:
            raise UsageProblem(f"{described(data)} is no table")
        known = list(names) if names is not None and len(names) == table.shape[1] else range(table.shape[1])
        yield from zip(map(str, known), table.T, strict=True)


def column_of(name: str, values: Any) -> tuple[pa.Field, pa.Array]:
    """Return a column as Arrow has it; where it has no type for the values, numbers stay numbers, others are texts."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    try:
        found = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return column_of_objects(name, values)
    if pa.types.is_dictionary(found.type):  # it differs from batch to batch
        found = found.dictionary_decode()
    return pa.field(name, found.type), found


def texts_of(ids: Any, rows: int) -> list[str]:
    """Return *ids* as texts, by which labels find their predictions.

    Raises
    ------
    UsageProblem
        If there is not one for each row, or one is missing.
    """
    values = ids.to_list() if hasattr(ids, "to_list") else ids.tolist() if hasattr(ids, "tolist") else ids
    if isinstance(values, str | bytes | int | float):
        values = [values]
    try:
        found = list(values)
    except TypeError:
        raise UsageProblem(f"ids is a list with an id for each row, not {described(ids)}") from None
    if len(found) != rows:
        raise UsageProblem(f"{len(found):,} ids for {rows:,} rows: give one for each")
    if missing := [at for at, one in enumerate(found) if one is None or one != one]:  # noqa: PLR0124  # NaN
        raise UsageProblem(f"the id of row {missing[0]} is missing: labels could not find its prediction")
    return [str(int(one)) if isinstance(one, float) and one.is_integer() else str(one) for one in found]
