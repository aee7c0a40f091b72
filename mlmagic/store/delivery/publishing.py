"""Publish a staged model as a logged model of MLflow's, with the metrics of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.errors import StoreAwayError
from mlmagic.snapshot.secrets.redaction import redact_value
from mlmagic.store import artifact_target
from mlmagic.store.model_files import signature
from mlmagic.store.query.evaluated import metrics_of_others, models_in

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Dataset, Run

    from mlmagic.journal.file import Journal
    from mlmagic.journal.records import Model

_TAGS_OF_THE_RUN = ("mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.source.git.commit")
_LONGEST_KEY = 250
_MOST_METRICS = 1000
_CONTEXT = "mlflow.data.context"
_EVALUATED_ON = ("evaluation", "testing", "validation")


def publish(
    model: Model, journal: Journal, client: MlflowClient, run: Run, location: str, *, again: bool, is_own: bool = True
) -> None:
    """Publish a staged model as a logged model of the run; *again* completes an earlier attempt.

    *is_own* says that this user recorded it: then its files are signed, so that they load without a question.
    *run* is the run as the store has it after all its other records were delivered.
    """
    import yaml
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus
    from mlflow.models import Model as Description

    folder = journal.staging.of_model(model)
    same = f"tags.`mlmagic.id` = '{model.uid}'"
    found = client.search_logged_models([run.info.experiment_id], same, max_results=1) if again else ()
    entry = next(iter(found), None)
    if entry is not None and entry.status == LoggedModelStatus.READY:
        give_metrics(entry.model_id, client, run, model.name)
        return
    if entry is None:
        tags, params = run.data.tags, run.data.params  # including the user's own
        entry = client.create_logged_model(
            run.info.experiment_id,
            model.name,
            source_run_id=run.info.run_id,
            tags={key: tags[key] for key in _TAGS_OF_THE_RUN if key in tags} | {"mlmagic.id": model.uid},
            params={key: redact_value(key, value)[0] for key, value in params.items() if len(key) <= _LONGEST_KEY},
        )
    own = f"models/{entry.model_id}"
    if problem := artifact_target.problem_of(entry.artifact_location, own, location, str(client.tracking_uri)):
        raise StoreAwayError(problem)
    # Not `Model.load`, which treats the path as a URI and decodes its percent signs.
    description = Description.from_dict(yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8")))
    description.model_id = description.model_uuid = entry.model_id
    description.artifact_path, description.run_id = entry.artifact_location, run.info.run_id
    whole = journal.staging.path / f"MLmodel-{model.uid}"  # not in place: a full disk must not truncate the only copy
    description.save(str(whole))
    whole.replace(folder / "MLmodel")
    status = LoggedModelStatus.FAILED
    try:
        if is_own and (signed := signature.signature_of(folder)):
            client.set_logged_model_tags(entry.model_id, {signature.TAG: signed})
        client.log_model_artifacts(entry.model_id, str(folder))
        client.log_outputs(run.info.run_id, [LoggedModelOutput(entry.model_id, step=0)])
        status = LoggedModelStatus.READY
    finally:
        client.finalize_logged_model(entry.model_id, status)
    give_metrics(entry.model_id, client, run, model.name)


def give_metrics(model_id: str, client: MlflowClient, run: Run, name: str) -> None:
    """Log the last value of each of the run's metrics to its logged model *name*, with the data of their measurement.

    What an evaluation measured on another model is left out. The run already has the same values, so MLflow adds
    nothing there.
    """
    from mlflow.entities import Metric

    data = _evaluated_on(run)
    metrics = [
        Metric(
            one.key,
            one.value,
            one.timestamp,
            one.step,
            model_id=model_id,
            dataset_name=data.name if data else None,
            dataset_digest=data.digest if data else None,
            run_id=run.info.run_id,
        )
        for one in _last_metrics(client, run, name)
    ]
    for first in range(0, len(metrics), _MOST_METRICS):
        client.log_batch(run.info.run_id, metrics=metrics[first : first + _MOST_METRICS])


def _last_metrics(client: MlflowClient, run: Run, model: str) -> list[Any]:
    others = metrics_of_others(models_in(run.data.tags), model, run.data.metrics)
    names = [name for name in run.data.metrics if not name.startswith("system/") and name not in others]
    # Private: the entities behind `run.data.metrics`, with their steps. A test guards it.
    known = {metric.key: metric for metric in getattr(run.data, "_metric_objs", ())}
    return [known[name] if name in known else client.get_metric_history(run.info.run_id, name)[-1] for name in names]


def _evaluated_on(run: Run) -> Dataset | None:
    """Return the first dataset of a run whose context names an evaluation, else its first dataset."""
    found = run.inputs.dataset_inputs if run.inputs is not None else []
    for one in found:
        if any(tag.key == _CONTEXT and tag.value in _EVALUATED_ON for tag in one.tags):
            return one.dataset
    return found[0].dataset if found else None
