"""What a table of served rows says about the model: predictions, probabilities and labels as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.serving.columns import ACTUAL, PREDICTION, PROBABILITY, classes_in, features_in

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_TWO = 2


@dataclass(frozen=True, eq=False)
class Answers:
    """n predictions, their probabilities of the shape (n, classes) or None, and labels or None.

    ``has_label`` says of which rows the label is known; the labels of the others mean nothing.
    """

    predictions: NDArray[Any]
    probabilities: NDArray[Any] | None
    classes: tuple[Any, ...]
    labels: NDArray[Any] | None
    has_label: NDArray[Any]

    def take(self, rows: NDArray[Any]) -> Answers:
        """Return these rows."""
        return Answers(
            self.predictions[rows],
            None if self.probabilities is None else self.probabilities[rows],
            self.classes,
            None if self.labels is None else self.labels[rows],
            self.has_label[rows],
        )

    @property
    def score(self) -> NDArray[Any]:
        """What is compared with the reference: of two classes the probability of the second, else the prediction."""
        if self.probabilities is not None and len(self.classes) == _TWO:
            second: NDArray[Any] = self.probabilities[:, 1]
            return second
        return self.predictions


def features_of(table: pa.Table) -> pa.Table:
    """Return the features only."""
    return table.select(features_in(table.column_names))


def answers_of(table: pa.Table) -> Answers | None:
    """Return the answers in *table*, or None if the model has several outputs."""
    import numpy as np

    names = table.column_names
    if PREDICTION not in names:
        return None
    predictions = _array(table.column(PREDICTION))
    texts = classes_in(names)
    probabilities = None
    if texts:
        columns = [_array(table.column(f"{PROBABILITY}{one}")).astype(float) for one in texts]
        probabilities = np.column_stack(columns)
        if np.isnan(probabilities).any():  # another version had other classes
            probabilities, texts = None, []
    has_label, labels = np.zeros(table.num_rows, bool), None
    if ACTUAL in names and table.column(ACTUAL).null_count < table.num_rows:
        column = table.column(ACTUAL)
        has_label = ~np.asarray(column.is_null())
        labels = _like(_array(column), predictions)
    known = {_text(one): one for one in np.unique(predictions[~_is_missing(predictions)]).tolist()}
    if labels is not None:
        known |= {_text(one): one for one in np.unique(labels[has_label]).tolist()}
    # A class that these rows neither predict nor have is of the same kind as the others.
    others = _like(np.array(texts), predictions).tolist() if texts else []
    classes = tuple(known.get(text, other) for text, other in zip(texts, others, strict=True))
    return Answers(predictions, probabilities, classes, labels, has_label)


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    import numpy as np
    import pyarrow as pa

    if pa.types.is_boolean(column.type) and not column.null_count:
        return np.asarray(column.to_pylist(), bool)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_boolean(column.type):
        return np.array(["" if one is None else one for one in column.to_pylist()], object).astype(str)
    found: NDArray[Any] = np.asarray(column.to_numpy())
    return found


def _like(labels: NDArray[Any], predictions: NDArray[Any]) -> NDArray[Any]:
    """Return labels of the same kind as the predictions: 1.0 is 1, and ``"1"`` is 1 if the predictions are numbers.

    Labels that have no such form stay as they are.
    """
    import numpy as np

    kind = predictions.dtype.kind
    is_fraction = labels.dtype.kind == "f" and not np.all((labels == np.floor(labels)) | np.isnan(labels))
    if labels.dtype.kind == kind or (kind in "iu" and is_fraction):
        return labels
    if labels.dtype.kind == "b":
        labels = labels.astype(int) if kind in "iuf" else labels
    texts = np.array([_text(one) for one in labels.tolist()])
    if kind == "b":
        return np.isin(texts, ["True", "true", "1"])
    try:
        if kind == "f":
            return labels.astype(float)
        if kind in "iu":
            return np.array([0 if one in {"nan", ""} else int(one) for one in texts.tolist()])
    except ValueError:
        return texts
    return texts


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_missing(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
