"""What a table of served rows says about the model: predictions, probabilities and labels as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.records.label_values import as_predicted, text_of
from mlmagic.monitoring.serving.columns import ACTUAL, PREDICTION, PROBABILITY, classes_in, features_in
from mlmagic.monitoring.serving.mixed import is_mixed, objects_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

_TWO = 2


@dataclass(frozen=True, eq=False)
class Answers:
    """n predictions, their probabilities of the shape (n, classes) or None, and labels or None.

    ``has_label`` says of which rows the label is known; the labels of the others mean nothing. ``note`` names labels
    that no prediction could equal, which are left out.
    """

    predictions: NDArray[Any]
    probabilities: NDArray[Any] | None
    classes: tuple[Any, ...]
    labels: NDArray[Any] | None
    has_label: NDArray[Any]
    note: str = ""

    @property
    def is_of_classes(self) -> bool:
        """Whether the predictions are classes: texts, bools, or what has probabilities."""
        return self.probabilities is not None or self.predictions.dtype.kind in "Ub"

    def take(self, rows: NDArray[Any]) -> Answers:
        """Return these rows."""
        return Answers(
            self.predictions[rows],
            None if self.probabilities is None else self.probabilities[rows],
            self.classes,
            None if self.labels is None else self.labels[rows],
            self.has_label[rows],
            self.note,
        )

    def without_labels(self, rows: Sequence[bool]) -> Answers:
        """Return the same without the labels of these *rows*."""
        import numpy as np

        has_label = self.has_label & ~np.asarray(rows, bool)
        return replace(self, labels=self.labels if has_label.any() else None, has_label=has_label)

    @property
    def score(self) -> NDArray[Any]:
        """What is compared with the reference: of two classes the probability of the second, else the prediction."""
        if self.probabilities is not None and len(self.classes) == _TWO:
            second: NDArray[Any] = self.probabilities[:, 1]
            return second
        return self.predictions


def features_of(table: pa.Table) -> Any:
    """Return the features only: a table of Arrow, or of pandas if a column has numbers beside texts."""
    import pandas as pd

    chosen = table.select(features_in(table.column_names))
    mixed = {field.name: at for at, field in enumerate(chosen.schema) if is_mixed(field)}
    if not mixed:
        return chosen
    frame = chosen.to_pandas()
    for name, at in mixed.items():
        frame[name] = pd.Series(objects_in(chosen.schema.field(at), chosen.column(at)), dtype=object)
    return frame


def answers_of(table: pa.Table) -> Answers | None:
    """Return the answers in *table*, or None if the model has several outputs."""
    import numpy as np

    names = table.column_names
    if PREDICTION not in names:
        return None
    predictions = _predictions(table.schema.field(PREDICTION), table.column(PREDICTION))
    texts = classes_in(names)
    probabilities = None
    if texts:
        columns = [_array(table.column(f"{PROBABILITY}{one}")).astype(float) for one in texts]
        probabilities = np.column_stack(columns)
        if np.isnan(probabilities).any():  # another version had other classes
            probabilities, texts = None, []
    has_label, labels, note = np.zeros(table.num_rows, bool), None, ""
    if ACTUAL in names and table.column(ACTUAL).null_count < table.num_rows:
        column = table.column(ACTUAL)
        has_label = ~np.asarray(column.is_null())
        labels, is_usable, note = as_predicted(_labels(table.schema.field(ACTUAL), column, predictions), predictions)
        has_label &= is_usable
        labels = labels if has_label.any() else None
    known = {text_of(one): one for one in np.unique(predictions[~_is_missing(predictions)]).tolist()}
    if labels is not None:
        known |= {text_of(one): one for one in np.unique(labels[has_label]).tolist()}
    # A class that these rows neither predict nor have is of the same kind as the others.
    others = as_predicted(texts, predictions)[0].tolist() if texts else []
    classes = tuple(known.get(text, other) for text, other in zip(texts, others, strict=True))
    return Answers(predictions, probabilities, classes, labels, has_label, note)


def _predictions(field: pa.Field, column: pa.ChunkedArray) -> NDArray[Any]:
    """Return predictions as an array: of numbers beside texts all as texts, as of two versions of a model."""
    import numpy as np

    if is_mixed(field):
        return np.array(["" if one is None else text_of(one) for one in objects_in(field, column)])
    return _array(column)


def _labels(field: pa.Field, column: pa.ChunkedArray, predictions: NDArray[Any]) -> NDArray[Any] | list[Any]:
    import pyarrow as pa

    is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    return _array(column) if is_number and predictions.dtype.kind in "iuf" else objects_in(field, column)


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    import numpy as np
    import pyarrow as pa

    if pa.types.is_boolean(column.type) and not column.null_count:
        return np.asarray(column.to_pylist(), bool)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_boolean(column.type):
        return np.array(["" if one is None else one for one in column.to_pylist()], object).astype(str)
    found: NDArray[Any] = np.asarray(column.to_numpy())
    return found


def _is_missing(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
