"""The reference of a monitor: rows that say what is usual, with the model's answers and, if known, their targets."""

from __future__ import annotations

import hashlib
import sys
import time
from os import PathLike
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import brief, described
from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.evaluation.outcomes.test_data import for_model
from mlmagic.monitoring.records.settings import Settings, as_rows
from mlmagic.monitoring.records.thinning import thinned
from mlmagic.monitoring.records.values import answers_of
from mlmagic.monitoring.serving.batches import day_of
from mlmagic.monitoring.serving.columns import ACTUAL, TIME
from mlmagic.monitoring.serving.rows import column_of
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    import pyarrow as pa

    from mlmagic.monitoring.serving.batches import Batches
    from mlmagic.monitoring.serving.recording_model import RecordingModel

_MOST_ROWS = 20_000
_MOST_NAMED = 5


def reference_rows(model: RecordingModel, data: Any, target: Any) -> pa.Table | None:
    """Return the reference with the model's answers, as rows are recorded, and its targets.

    Raises
    ------
    UsageProblem
        If it is no table that the model takes, or there is not one target for each row.
    """
    if data is None:
        return None
    import numpy as np
    import pyarrow as pa

    _require_rows(data)
    given = for_model(model.model, data, "the reference", lambda _: None)
    now = np.full(_rows_in(given), _now_us())
    try:
        rows = pa.Table.from_batches([model.rows_of(given, None, now)])
    except MLMagicError:
        raise
    except Exception as error:
        raise UsageProblem(f"predicting on the reference raised {type(error).__name__}: {error}") from error
    if not rows.num_rows:
        raise UsageProblem("the reference has no rows: nothing could say what is usual")
    if target is None:
        return rows
    labels = np.asarray(target)
    if labels.ndim > 1 and labels.shape[1:] != (1,):
        raise UsageProblem(f"reference_target has the shape {labels.shape}: one target for each row is needed")
    labels = labels.reshape(-1)
    if len(labels) != rows.num_rows:
        raise UsageProblem(f"reference_target: {len(labels):,} targets for the {rows.num_rows:,} rows of the reference")
    rows = rows.append_column(*column_of(ACTUAL, labels))
    _require_known(rows)
    return rows


def _require_known(rows: pa.Table) -> None:
    """Require targets that a prediction could equal.

    Raises
    ------
    UsageProblem
        If one is of another kind, or all are of classes that the model does not know.
    """
    answers = answers_of(rows)
    if answers is None:
        return
    if answers.note:
        raise UsageProblem(f"reference_target: {answers.note.replace('left out', 'unusable')}")
    if answers.probabilities is None or answers.labels is None:
        return
    given = set(answers.labels[answers.has_label].tolist())
    if given.isdisjoint({*answers.classes}):
        near = did_you_mean(str(min(given, key=str)), list(map(str, answers.classes)))
        raise UsageProblem(
            f"reference_target has {', '.join(map(brief, sorted(given, key=str)[:_MOST_NAMED]))}, and the model knows "
            f"{', '.join(map(brief, answers.classes[:_MOST_NAMED]))}: they have none in common.{near}"
        )


def require_model(loaded: object) -> None:
    """Require a model that predicts.

    Raises
    ------
    UsageProblem
        If *loaded* has no predict, and is no function.
    """
    if isinstance(loaded, type) or not callable(getattr(loaded, "predict", loaded)):
        raise UsageProblem(
            f"loaded is a fitted model with predict, or a function of rows, not {described(loaded)}. Leave it out, and "
            "the registered model is loaded"
        )


def predicts_classes(loaded: object, reference: pa.Table | None, target: Any) -> bool | None:
    """Return whether a model predicts classes or numbers, or None if that cannot be told."""
    if getattr(loaded, "classes_", None) is not None:
        return True
    if _is_regressor(loaded):
        return False
    answers = None if reference is None else answers_of(reference)
    if answers is None:
        return None
    if answers.is_of_classes:
        return True
    is_fraction = answers.predictions.dtype.kind == "f" and bool((answers.predictions % 1 != 0).any())
    return False if is_fraction and target is not None else None


@guarded(default=False)
def _is_regressor(loaded: object) -> bool:
    if "sklearn" not in sys.modules:
        return False
    from sklearn.base import is_regressor

    return bool(is_regressor(loaded))


def _require_rows(data: Any) -> None:
    """Require a table with rows.

    Raises
    ------
    UsageProblem
        If it is none.
    """
    example = "reference=X_val"
    if isinstance(data, str | PathLike):
        reader = "read_parquet" if str(data).endswith((".parquet", ".pq")) else "read_csv"
        raise UsageProblem(
            f"reference is the path {str(data)!r}: give the table itself, such as reference=pd.{reader}({str(data)!r})"
        )
    is_table = hasattr(data, "shape") or hasattr(data, "num_rows") or isinstance(data, list | tuple)
    if not is_table:
        raise UsageProblem(f"reference is a table of features, not {described(data)}: {example}")
    if not _rows_in(data):
        raise UsageProblem(f"the reference has no rows, so nothing says what is usual: {example}")


def _rows_in(data: Any) -> int:
    shape = getattr(data, "shape", None)
    return int(shape[0]) if shape else 0 if shape == () else len(data)


def record_basis(batches: Batches, reference: pa.Table | None, settings: Settings) -> None:
    """Record the settings, and the reference or 20,000 rows of it, so that other processes can judge by them.

    Settings that say nothing are not recorded: they would take the place of those that the record has.
    """
    today = day_of(_now_us())
    if settings != Settings():
        row = as_rows(settings)
        number = hashlib.sha256(row.column(1)[0].as_py().encode()).hexdigest()[:32]
        batches.add("settings", row, today, number=number)
    if reference is None:
        return
    rows = thinned(reference, _MOST_ROWS).combine_chunks()
    content = rows.drop_columns([TIME]).to_batches()[0]
    digest = hashlib.sha256(content.schema.serialize().to_pybytes() + content.serialize().to_pybytes()).hexdigest()[:32]
    batches.add("reference", rows.to_batches()[0], today, number=digest)


def _now_us() -> int:
    return time.time_ns() // 1000
