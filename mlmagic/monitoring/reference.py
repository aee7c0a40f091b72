"""The reference of a monitor: rows that say what is usual, with the model's answers and, if known, their targets."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.evaluation.outcomes.test_data import for_model
from mlmagic.monitoring.records.thinning import thinned
from mlmagic.monitoring.serving.batches import day_of
from mlmagic.monitoring.serving.columns import ACTUAL, TIME
from mlmagic.monitoring.serving.rows import column_of

if TYPE_CHECKING:
    import pyarrow as pa

    from mlmagic.monitoring.serving.batches import Batches
    from mlmagic.monitoring.serving.recording_model import RecordingModel

_MOST_ROWS = 20_000


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

    given = for_model(model.model, data, "the reference", lambda _: None)
    now = np.full(len(given), _now_us())
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
    labels = np.asarray(target).reshape(-1)
    if len(labels) != rows.num_rows:
        raise UsageProblem(f"reference_target: {len(labels):,} targets for the {rows.num_rows:,} rows of the reference")
    return rows.append_column(*column_of(ACTUAL, labels))


def record_reference(batches: Batches, reference: pa.Table | None) -> None:
    """Record the reference, or 20,000 rows of it, so that other processes can compare with it."""
    if reference is None:
        return
    rows = thinned(reference, _MOST_ROWS).combine_chunks()
    content = rows.drop_columns([TIME]).to_batches()[0]
    digest = hashlib.sha256(content.schema.serialize().to_pybytes() + content.serialize().to_pybytes()).hexdigest()[:32]
    batches.add("reference", rows.to_batches()[0], day_of(_now_us()), number=digest)


def _now_us() -> int:
    return time.time_ns() // 1000
