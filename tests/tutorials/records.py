"""Reads what an experiment holds with plain MLflow, as data that outlives the connection to the store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Dataset, DatasetInput, Run

_NO_STAGES = {"None", "Archived"}
_TEXT = (".txt", ".json", ".md", ".csv")


@dataclass
class RunRecord:
    """A run: metrics as (step, value), models by what they predict, datasets by shape and use, files by content."""

    params: dict[str, str]
    metrics: dict[str, list[tuple[int, float]]]
    tags: dict[str, str]
    models: dict[str, list[Any]]
    datasets: dict[str, tuple[int, int, str]]
    files: dict[str, str]


@dataclass
class VersionRecord:
    """A registered version: the name of its run, aliases and stage, what it predicts, the user's tags and words."""

    run: str
    aliases: set[str]
    predictions: list[Any]
    tags: dict[str, str]
    description: str


def read_experiment(name: str, data: Any) -> tuple[dict[str, RunRecord], dict[str, VersionRecord]]:
    """Return the runs of an experiment by name (``"parent/child"``), and their versions (``"churn/1"``).

    All runs must have ended well. Models predict *data*.
    """
    client = MlflowClient()
    found = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    by_id = {run.info.run_id: run for run in found}

    def path(run: Run) -> str:
        parent = run.data.tags.get("mlflow.parentRunId")
        return (f"{path(by_id[parent])}/" if parent else "") + run.info.run_name

    assert {run.info.status for run in found} <= {"FINISHED"}
    names = {run_id: path(run) for run_id, run in by_id.items()}
    assert len({*names.values()}) == len(found), f"two runs have one name: {[*names.values()]}"
    runs = {names[run_id]: _run_record(client, run, data) for run_id, run in by_id.items()}
    return runs, dict(_versions(client, names, data))


def _versions(client: MlflowClient, runs: dict[str, str], data: Any) -> Iterator[tuple[str, VersionRecord]]:
    for model in client.search_registered_models():
        aliases = client.get_registered_model(model.name).aliases
        for one in client.search_model_versions(f"name = '{model.name}'"):
            if one.run_id in runs:
                stage = set() if one.current_stage in _NO_STAGES else {one.current_stage.lower()}
                named = {alias for alias, number in aliases.items() if int(number) == int(one.version)}
                predicted = _predictions(f"models:/{model.name}/{one.version}", data)
                yield (
                    f"{model.name}/{one.version}",
                    VersionRecord(runs[one.run_id], named | stage, predicted, _own(one.tags), one.description or ""),
                )


def _run_record(client: MlflowClient, run: Run, data: Any) -> RunRecord:
    run_id = run.info.run_id
    models = [one.model_id for one in run.outputs.model_outputs] if run.outputs else []
    inputs = run.inputs.dataset_inputs if run.inputs else []
    return RunRecord(
        dict(run.data.params),
        {
            name: sorted((point.step, point.value) for point in client.get_metric_history(run_id, name))
            for name in run.data.metrics
        },
        _own(run.data.tags),
        {client.get_logged_model(one).name: _predictions(f"models:/{one}", data) for one in models},
        {one.dataset.name: (*_shape(one.dataset), _context(one)) for one in inputs},
        dict(_files(Path(run.info.artifact_uri))),
    )


def _predictions(uri: str, data: Any) -> list[Any]:
    return mlflow.pyfunc.load_model(uri).predict(data).tolist()


def _own(tags: dict[str, str]) -> dict[str, str]:
    own = {key: value for key, value in tags.items() if not key.startswith(("mlflow.", "mlmagic."))}
    return own | {key: "in words" for key in own if key == "retrain_reason"}  # each side has its own


def _shape(dataset: Dataset) -> tuple[int, int]:
    """Return rows and columns: the profile of MLflow's own datasets has the numbers of rows and of values."""
    profile = json.loads(dataset.profile)
    if "shape" in profile:
        rows, *columns = profile["shape"]
        return rows, *(columns or [1])
    return profile["num_rows"], profile["num_elements"] // profile["num_rows"]


def _context(given: DatasetInput) -> str:
    return next((tag.value for tag in given.tags if tag.key == "mlflow.data.context"), "")


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the path of each file with its text, or what its first bytes tell: the kind of a picture."""
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            text = content.decode() if file.suffix in _TEXT else repr(content[:4])
            yield str(file.relative_to(folder)), text
