"""What identifies the test data: fingerprints, and the datasets as MLflow records them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import class_of
from mlmagic.data.profile.mlflow_dataset import record
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmagic.data.fingerprint.fingerprint import Fingerprint
    from mlmagic.journal.records import Dataset

_BUDGET_S = 2.0


@dataclass(frozen=True, eq=False)
class TestDataset:
    """The test data or its targets, and how MLflow records them."""

    __test__ = False  # pytest takes it for a test

    name: str
    values: Any
    fingerprint: Fingerprint
    record: Dataset


def identify(
    name: str, data: Any, targets_name: str, targets: Any, warn: Callable[[str], None]
) -> tuple[Mapping[str, Any], Sequence[TestDataset]]:
    """Return the digests of the test data and of the targets, and both as MLflow records them, the data first.

    Lists of rows that differ have no fingerprint, and are not recorded.
    """
    found: dict[str, Any] = {}
    datasets = []
    for label, values in ((name, data), (targets_name, targets)):
        try:
            known = values if class_of(values) is not None else _as_array(values)
            one = fingerprint(known, budget_s=_BUDGET_S)
            found[label] = {"digest": one.digest, "shape": list(one.shape), "kind": one.kind, "sampled": one.sampled}
            datasets.append(TestDataset(label, known, one, record(label, known, one, use="evaluation")))
        except BaseException as error:  # noqa: BLE001  # an evaluation is worth as much without it
            reraise_interrupt(error)
            warn(f"{label} has no fingerprint: {one_line(error)[:200]}")
    return found, datasets


def _as_array(values: Any) -> Any:
    import numpy as np

    return np.asarray(values.to_pandas() if hasattr(values, "to_pandas") else values)
