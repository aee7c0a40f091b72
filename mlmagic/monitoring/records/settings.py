"""The settings of a monitor in the record, so that a report judges by them without the monitor."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.serving.columns import TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

DRIFT_OPTIONS = ("columns", "alpha", "correction", "min_effect", "budget", "checks", "multivariate")
"""The options of `mlmagic.drift` that a monitor takes."""
_COLUMN = "settings"


@dataclass(frozen=True)
class Settings:
    """What a monitor judges by.

    Attributes
    ----------
    limits, drift
        The worst value of a metric that is accepted, and options of `mlmagic.drift`.
    sample
        The share of the rows that is recorded.
    metrics
        Further metrics, by the names under which they are shown.
    functions
        The names of metrics that are functions of the user, which are not in the record.
    """

    limits: Mapping[str, float] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)
    sample: float = 1.0
    metrics: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[str, ...] = ()


def as_rows(settings: Settings) -> pa.RecordBatch:
    """Return settings as a row to record."""
    import pyarrow as pa

    values = asdict(settings)
    values["drift"] = {name: list(one) if isinstance(one, tuple | set) else one for name, one in settings.drift.items()}
    now = pa.array([time.time_ns() // 1000], pa.timestamp("us", "UTC"))
    return pa.record_batch([now, pa.array([json.dumps(values, default=str, sort_keys=True)])], [TIME, _COLUMN])


def last_settings(table: pa.Table | None) -> Settings:
    """Return the settings that were recorded last, of rows in the order of their time.

    >>> import pyarrow as pa
    >>> rows = pa.Table.from_batches([as_rows(Settings({"accuracy": 0.9}, {"columns": ("age",)}))])
    >>> last_settings(rows)
    Settings(limits={'accuracy': 0.9}, drift={'columns': ['age']}, sample=1.0, metrics={}, functions=())
    """
    texts = [] if table is None or _COLUMN not in table.column_names else table.column(_COLUMN).to_pylist()
    for text in reversed(texts):
        try:
            values = json.loads(text)
            return Settings(
                {str(name): float(one) for name, one in values["limits"].items() if math.isfinite(float(one))},
                {name: one for name, one in values["drift"].items() if name in DRIFT_OPTIONS},
                float(values["sample"]),
                {str(name): str(one) for name, one in values["metrics"].items()},
                tuple(map(str, values["functions"])),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return Settings()
