"""Reads the records of runs for a comparison: from the store, and the files that a comparison needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.diffs.run_files import RunFiles, list_all, read_all
from mlmagic.store import connection, experiments, refusals, tracking_uri
from mlmagic.store.query.durations import duration_s, span_s
from mlmagic.store.query.infinities import number_as_logged
from mlmagic.store.query.light_runs import oddities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow.entities import Run

CODE = "mlmagic/cell.py"
ENVIRONMENT = "mlmagic/environment.json"
REQUIREMENTS = "mlmagic/requirements.txt"
PATCH = "mlmagic/uncommitted.patch"

_READ = (CODE, ENVIRONMENT, REQUIREMENTS, PATCH)
_FOLDERS = ("", "mlmagic", "figures", "images")


@dataclass(frozen=True)
class DatasetRecord:
    """A dataset input of an MLflow run; *profile* is JSON."""

    name: str
    digest: str
    profile: str = ""


@dataclass(frozen=True)
class RunRecord:
    """The record of a run for a comparison.

    *started* is in milliseconds since 1970. *duration_s* is the time in the run's cells, or None while it runs.
    *span_s* is the time from its start to its end, or None for a run that was not continued.
    """

    id: str
    name: str
    experiment: str
    status: str
    started: int | None
    duration_s: float | None
    url: str | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    datasets: Sequence[DatasetRecord] = ()
    odd: Sequence[str] = ()
    span_s: float | None = None
    files: RunFiles = field(default_factory=partial(RunFiles, "", ""), compare=False, repr=False)


def read_records(runs: Iterable[Run]) -> list[RunRecord]:
    """Return the records of *runs*, with their files read concurrently.

    Files that cannot be read are listed in `RunFiles.problems` and do not raise, so that the rest can be compared.
    """
    records = connection.ask(lambda: [_record(run) for run in runs])
    files = [record.files for record in records]
    list_all(files, _FOLDERS)
    read_all((one, path) for one in files for path in _READ)
    return records


def _record(run: Run) -> RunRecord:
    info, data = run.info, run.data
    with refusals.refused_by(tracking_uri.current_uri()):
        experiment = experiments.name_of(connection.connect(), info.experiment_id)
    return RunRecord(
        id=info.run_id,
        name=str(info.run_name or ""),
        experiment=experiment,
        status=str(info.status),
        started=info.start_time,
        duration_s=duration_s(run),
        span_s=span_s(run),
        url=tracking_uri.url(info.run_id, info.experiment_id),
        params=dict(data.params),
        metrics={name: number_as_logged(value) for name, value in data.metrics.items()},
        tags=dict(data.tags),
        datasets=_datasets(run.inputs.dataset_inputs if run.inputs else ()),
        odd=oddities(run),
        files=RunFiles(info.run_id, info.artifact_uri),
    )


def _datasets(inputs: Iterable[Any]) -> tuple[DatasetRecord, ...]:
    found = [one.dataset for one in inputs]
    return tuple(DatasetRecord(one.name, one.digest, one.profile or "") for one in found)
