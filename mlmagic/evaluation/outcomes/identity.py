"""What identifies the test data: fingerprints, and the dataset as MLflow records it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import class_of
from mlmagic.data.profile.mlflow_dataset import record
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.journal.records import Dataset

_BUDGET_S = 2.0


def identify(
    name: str, data: Any, targets_name: str, targets: Any, warn: Callable[[str], None]
) -> tuple[Mapping[str, Any], Dataset | None]:
    """Return the digests of the test data, and the data as MLflow records it, None for lists of rows that differ."""
    found: dict[str, Any] = {}
    dataset = None
    for label, values in ((name, data), (targets_name, targets)):
        try:
            known = values if class_of(values) is not None else _as_array(values)
            one = fingerprint(known, budget_s=_BUDGET_S)
            found[label] = {"digest": one.digest, "shape": list(one.shape), "kind": one.kind, "sampled": one.sampled}
            if values is data:
                dataset = record(label, known, one, use="evaluation")
        except BaseException as error:  # noqa: BLE001  # an evaluation is worth as much without it
            reraise_interrupt(error)
            warn(f"{label} has no fingerprint: {one_line(error)[:200]}")
    return found, dataset


def _as_array(values: Any) -> Any:
    import numpy as np

    return np.asarray(values.to_pandas() if hasattr(values, "to_pandas") else values)
