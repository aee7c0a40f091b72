"""Reads the metrics of a Lightning `Trainer` from its CSV logger, or at least their last values."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOMES = {"lightning", "pytorch_lightning"}
_NO_METRICS = {"step", "epoch", "hp_metric"}


def is_trainer(thing: object) -> bool:
    """Return whether *thing* is a Lightning `Trainer`, judged by its class. Never imports Lightning.

    >>> is_trainer("Trainer")
    False
    """
    return any(
        base.__name__ == "Trainer" and base.__module__.partition(".")[0] in _HOMES for base in type(thing).__mro__
    )


def logged_rows(trainer: Any) -> list[tuple[int, dict[str, float]]]:
    """Return the rows of the trainer's CSV loggers as (step, metrics); empty if it has no such logger.

    Other loggers do not expose the values that they logged.
    """
    rows: list[tuple[int, dict[str, float]]] = []
    for logger in getattr(trainer, "loggers", None) or ():
        # `logger.experiment` would create the folder of an unused logger.
        writer = getattr(logger, "_experiment", None)
        file = Path(str(getattr(writer, "metrics_file_path", "")))
        if file.suffix != ".csv":
            continue
        if file.is_file():
            with file.open(newline="", encoding="utf-8") as lines:
                rows += [row for line in csv.DictReader(lines) if (row := _row(line)) is not None]
        rows += [row for line in list(getattr(writer, "metrics", ())) if (row := _row(line)) is not None]
    return rows


def _row(line: Mapping[str, Any]) -> tuple[int, dict[str, float]] | None:
    try:
        values = {name: float(value) for name, value in line.items() if name not in _NO_METRICS and value != ""}
        return int(float(line["step"])), values
    except (KeyError, TypeError, ValueError):  # a row that a killed training left incomplete
        return None


def last_values(trainer: Any) -> dict[str, float]:
    """Return the last value of each metric that the model logged; the epoch's value replaces that of the last batch."""
    found = getattr(trainer, "callback_metrics", None)
    values = {str(name): value for name, value in dict(found or {}).items()}
    kept = {name for name in values if f"{name}_epoch" not in values}
    return {name: float(value) for name, value in values.items() if name in kept and _is_number(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or getattr(value, "ndim", None) == 0
