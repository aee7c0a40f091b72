"""The results of a run as they are stored: what a replay must reproduce."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.comparison.diffs.run_record import DatasetRecord
from mlmagic.replay.predictions.stored_models import stored_models
from mlmagic.store.artifact_reading import place_of
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import session_log
from mlmagic.store.query.infinities import number_as_logged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.replay.predictions.predictions import Predictions
    from mlmagic.replay.predictions.stored_models import StoredModel
    from mlmagic.store.artifact_reading import ArtifactPlace

_FIGURES = "figures"
_LARGEST = 100_000_000
_MACHINE = "system/"


@dataclass(frozen=True)
class RunResults:
    """What a run stored: each metric's (step, value) pairs, parameters, digests of data, figures and models.

    ``predictions`` are those of the models that were asked, by name.
    """

    run: Run
    metrics: Mapping[str, tuple[tuple[int, float], ...]]
    params: Mapping[str, str]
    data: Mapping[str, str]
    figures: Mapping[str, bytes] = field(default_factory=dict)
    models: Mapping[str, StoredModel] = field(default_factory=dict)
    figure_digests: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    predictions: dict[str, Predictions] = field(default_factory=dict)
    datasets: Sequence[DatasetRecord] = ()


def read_results(client: MlflowClient, run: Run) -> RunResults:
    """Return the results of *run*, read from the store of *client*."""
    metrics = {}
    for name in run.data.metrics:
        if not name.startswith(_MACHINE):
            points = client.get_metric_history(run.info.run_id, name)
            in_order = sorted(points, key=lambda point: (point.step, point.timestamp))
            metrics[name] = tuple((point.step, number_as_logged(point.value)) for point in in_order)
    datasets = datasets_of(run)
    place = place_of(run.info.run_id, run.info.artifact_uri)
    return RunResults(
        run,
        metrics,
        dict(run.data.params),
        {one.name: one.digest for one in datasets},
        _figures(place),
        stored_models(client, run),
        _figure_digests(place),
        run.data.tags.get("mlmagic.error", ""),
        datasets=datasets,
    )


def datasets_of(run: Run) -> list[DatasetRecord]:
    """Return the datasets of *run* with their profiles."""
    inputs = run.inputs.dataset_inputs if run.inputs is not None else []
    return [DatasetRecord(one.dataset.name, one.dataset.digest, one.dataset.profile or "") for one in inputs]


def _figures(place: ArtifactPlace) -> dict[str, bytes]:
    paths = [file.path for file in place.files(_FIGURES) if not file.is_dir]
    return {path.removeprefix(f"{_FIGURES}/"): place.read(path, _LARGEST) for path in paths}


def _figure_digests(place: ArtifactPlace) -> dict[str, str]:
    """Return the digests of what the figures show, which the session's file holds; empty without one."""
    if not any(file.path == session_log.PATH for file in place.files("mlmagic")):
        return {}
    content = read_json(place.read(session_log.PATH, _LARGEST).decode("utf-8", "replace"), dict) or {}
    found = content.get("figures")
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}
