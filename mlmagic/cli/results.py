"""Reads the runs that a notebook recorded from the store, and formats them as a table for the terminal."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.store.query.durations import duration_s
from mlmagic.store.query.infinities import number_as_logged
from mlmagic.views.rendering import columns, pad
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.cli.workspace import Workspace


@dataclass(frozen=True)
class RecordedRun:
    """A run in the table; ``duration_s`` is None while it runs."""

    name: str
    status: str
    duration_s: float | None
    metrics: Mapping[str, float]


def recorded_runs(workspace: Workspace, *, since_ms: int) -> list[RecordedRun]:
    """Return the runs of *workspace* that started at *since_ms* (ms since 1970) or later, oldest first."""
    from mlflow import MlflowClient

    # Some versions of MLflow create ./mlruns in the working folder, and later treat it as a store.
    with contextlib.chdir(workspace.folder), _quiet_logs():
        client = MlflowClient(workspace.store)
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        found = client.search_runs(
            experiments,
            filter_string=f"attributes.start_time >= {since_ms}",
            order_by=["attributes.start_time ASC"],
        )
    return [
        RecordedRun(
            name=run.info.run_name,
            status=run.info.status,
            duration_s=duration_s(run),
            metrics={name: number_as_logged(value) for name, value in run.data.metrics.items()},
        )
        for run in found
    ]


@contextlib.contextmanager
def _quiet_logs() -> Iterator[None]:
    """Suppress the log messages of MLflow and alembic on opening a store."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


def table(runs: Sequence[RecordedRun]) -> str:
    """Return *runs* as an aligned table with a column for each metric.

    >>> print(table([RecordedRun("forest", "FINISHED", 1.25, {"accuracy": 0.95614})]))
    run     status    duration  accuracy
    forest  FINISHED     1.2 s    0.9561
    """
    if not runs:
        return "No runs were recorded."
    metrics = list(dict.fromkeys(name for run in runs for name in run.metrics))
    rows = [["run", "status", "duration", *metrics]]
    for run in runs:
        duration = "-" if run.duration_s is None else f"{run.duration_s:.1f} s"
        values = [f"{run.metrics[name]:.4g}" if name in run.metrics else "-" for name in metrics]
        rows.append([run.name, run.status, duration, *values])
    rows = [[clean(text) for text in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    numbers_from = 2
    return "\n".join(
        "  ".join(
            pad(cell, width) if index < numbers_from else " " * (width - columns(cell)) + cell
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
