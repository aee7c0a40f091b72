"""Record an evaluation on the open run, or on a stored one: metrics, slices, figures, and all of it as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from mlmagic.data.capture import shown
from mlmagic.errors import MLMagicError
from mlmagic.evaluation import logged_model
from mlmagic.evaluation.evaluation import Note
from mlmagic.evaluation.stored_runs import recording_on
from mlmagic.models.evaluated import ModelAsEvaluated
from mlmagic.recording.active_run import ActiveRun
from mlmagic.store import connection
from mlmagic.store.foreign_json import read_json
from mlmagic.store.keys import slug, unused
from mlmagic.store.query import queries
from mlmagic.store.query.evaluated import EVALUATED, EvaluatedModel, as_tag, models_in
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities import Run as StoredRun

    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.evaluation.logged_model import Proof, Subject
    from mlmagic.evaluation.outcomes.identity import TestDataset
    from mlmagic.evaluation.statistics.intervals import Interval
    from mlmagic.journal.records import Dataset
    from mlmagic.recording.recorder import Recorder
    from mlmagic.recording.run_context import RunContext

FILE = "mlmagic/evaluation.json"
_MOST_SLICE_METRICS = 200


@dataclass(frozen=True, eq=False)
class Computed:
    """An evaluation that is not recorded yet: what was evaluated, and the test data with its targets."""

    evaluation: Evaluation
    subject: Subject
    datasets: Sequence[TestDataset]


def record_on_open_run(computed: Computed, run: RunContext) -> Evaluation:
    """Record an evaluation on the open run or trial, and return it with where it was recorded."""
    evaluation = computed.evaluation
    proof = None
    if isinstance(run, ActiveRun) and run.target.earlier is not None:
        if not run.evaluations:
            run.evaluated |= models_in(run.target.earlier.tags)
            run.evaluations += _evaluations_in(run.text_of_earlier_cells(FILE, "evaluations"))
        proof = _proof_in_continued(run, run.target.earlier.run_id, computed)
    label = evaluation.model if proof is None or proof.model is None else str(proof.model.name)
    prefix = _prefix(label, run.evaluations)
    content = as_json(replace(evaluation, model=label), prefix)
    content["metrics"] = evaluation.metrics  # the very numbers, by which the cell's inference knows them
    run.evaluations.append(content)
    run.evaluated[label] = EvaluatedModel(prefix, list(evaluation.metrics), _logged_name(proof))
    if hasattr(computed.subject.model, "predict"):
        run.as_evaluated[label] = ModelAsEvaluated(computed.subject.model)
    plain = [{**one, "metrics": dict(one["metrics"])} for one in run.evaluations]
    _record(evaluation, run.recorder, run.figure_names, prefix, plain)
    run.recorder.tag(EVALUATED, as_tag(run.evaluated))
    name = "this trial"
    if isinstance(run, ActiveRun):
        name = run.name
        if run.options.data:
            _record_data(run, computed.datasets)
    return replace(evaluation, recorded_on=name, prefix=prefix)


def _record_data(run: ActiveRun, datasets: Sequence[TestDataset]) -> None:
    """Record the test data and its targets as the other data of the run: what the cell reads too is recorded once."""
    for one in datasets:
        if run.on_data is not None:
            run.on_data(one.name, one.values, one.fingerprint, "evaluation")
        else:
            run.recorder.dataset(one.record)
            run.datasets.append(shown(one.name, one.fingerprint))


def record_on_stored_run(computed: Computed, reference: str) -> Evaluation:
    """Record an evaluation on a run that has ended, and on its logged model if that is proven to be the evaluated one.

    The metrics of a model that is none of the run's bear its name, so that the run's own stay as they are.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    UsageProblem
        It has not ended.
    """
    evaluation = computed.evaluation
    with recording_on(reference) as run:
        proof = logged_model.find(run.stored, computed.subject, evaluation.model)
        earlier = _evaluations_in(run.text(FILE))
        label, prefix = _stored_names(evaluation.model, proof, earlier)
        content = as_json(replace(evaluation, model=label), prefix)
        _record(evaluation, run.recorder, run.figure_names, prefix, [*earlier, content])
        models = models_in(run.stored.data.tags)
        models[label] = EvaluatedModel(prefix, list(evaluation.metrics), _logged_name(proof))
        run.recorder.tag(EVALUATED, as_tag(models))
        for one in computed.datasets:
            if one.record.digest not in run.data:  # else what it was used for would change
                run.recorder.dataset(one.record)
    notes = [Note(notice.text, notice.level) for notice in run.notices.all()]
    if proof.model is None and proof.names:
        named = f"{prefix}{next(iter(evaluation.metrics), '')}"
        notes.append(Note(f"on the run only, as {named} and so on, because its logged model {proof.why}"))
    elif proof.model is not None and run.delivery.is_closed:
        data = computed.datasets[0].record if computed.datasets else None
        notes.append(_on_logged_model(proof.model, run.stored.info.run_id, metrics_of(evaluation, prefix), data))
    return replace(evaluation, recorded_on=run.name, prefix=prefix, notes=(*evaluation.notes, *notes))


def _logged_name(proof: Proof | None) -> str | None:
    """Return the name of the logged model that was evaluated; empty if it is none of the run's, None if it has none."""
    if proof is None or not proof.names:
        return None
    return "" if proof.model is None else str(proof.model.name)


def _stored_names(name: str, proof: Proof, earlier: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return the name of the evaluated model in the record of a stored run, and what stands before its metrics."""
    if proof.model is not None:
        name = str(proof.model.name)
    elif name in proof.names:
        name = f"other_{name}"
    is_known = any(one.get("model") == name for one in earlier)
    return name, f"{name}." if proof.model is None and proof.names and not is_known else _prefix(name, earlier)


def _proof_in_continued(run: ActiveRun, run_id: str, computed: Computed) -> Proof | None:
    """Return which logged model of an earlier cell was evaluated in a continued run, None if that cannot be asked."""
    try:
        return logged_model.find(queries.get_run(run_id), computed.subject, computed.evaluation.model)
    except MLMagicError as error:
        run.notices.info(f"which model of the run was evaluated is not known: {error}")
        return None


def _evaluations_in(text: str) -> list[Mapping[str, Any]]:
    found = read_json(text, dict) if text else None
    several = found.get("evaluations") if found else None
    return [one for one in several if _is_evaluation(one)] if isinstance(several, list) else []


def _is_evaluation(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("metrics"), dict)


def _prefix(name: str, earlier: Sequence[Mapping[str, Any]]) -> str:
    """Return what stands before the names of the metrics: nothing for the first model that a run evaluates.

    The same model's next evaluation has the same names, as the next steps.

    >>> _prefix("rf", []), _prefix("rf", [{"model": "rf", "prefix": ""}]), _prefix("svm", [{"model": "rf"}])
    ('', '', 'svm.')
    """
    same = next((one for one in earlier if one.get("model") == name), None)
    if same is not None:
        return str(same.get("prefix", ""))
    return f"{name}." if any(one.get("prefix", "") == "" for one in earlier) else ""


def _record(
    evaluation: Evaluation,
    recorder: Recorder,
    figure_names: set[str],
    prefix: str,
    evaluations: Sequence[Mapping[str, Any]],
) -> None:
    for name, value in metrics_of(evaluation, prefix).items():
        recorder.metric(name, value)
    for name, picture in evaluation.figures.items():
        title = slug(f"{prefix}{name}") or name
        recorder.data(f"figures/{unused(title, figure_names)}.png", picture)
    recorder.json(FILE, {"scheme": 1, "evaluations": list(evaluations)})


def metrics_of(evaluation: Evaluation, prefix: str = "") -> dict[str, float]:
    """Return the metrics by the names under which they are recorded.

    These are ``accuracy``, ``accuracy_low`` and ``accuracy_high``, those of slices (``slices/city/Rome/accuracy``), and
    the differences from another model (``minus_tree/accuracy`` with ``_low`` and ``_high``).
    """
    found = _with_ends(prefix, evaluation.metrics, evaluation.intervals)
    of_slices: dict[str, float] = {}
    places: set[str] = set()
    for one in evaluation.slices:
        place = unused(f"{prefix}slices/{_part(one.by)}/{_part(one.value)}", places)  # "< 5" and "> 5" are both "5"
        where = f"{place}/"
        of_slices |= {f"{where}{name}": value for name, value in one.metrics.items()}
    found |= dict(list(of_slices.items())[:_MOST_SLICE_METRICS])
    if (difference := evaluation.difference) is not None:
        where = f"{prefix}minus_{_part(difference.against)}/"
        found |= _with_ends(where, difference.values, difference.intervals)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _part(text: str) -> str:
    return slug(text) or "unnamed"


def _with_ends(prefix: str, values: Mapping[str, float], intervals: Mapping[str, Interval]) -> dict[str, float]:
    found = {}
    for name, value in values.items():
        found[f"{prefix}{name}"] = value
        if intervals[name].is_known:
            found[f"{prefix}{name}_low"], found[f"{prefix}{name}_high"] = intervals[name].low, intervals[name].high
    return found


def as_json(evaluation: Evaluation, prefix: str = "") -> dict[str, Any]:
    """Return all of *evaluation* but the figures as plain values; what is not known is None."""
    difference = evaluation.difference
    return {
        "model": evaluation.model,
        "prefix": prefix,
        "data": evaluation.data,
        "task": evaluation.task,
        "rows": evaluation.rows,
        "classes": list(evaluation.classes),
        "positive": evaluation.positive,
        "resampling": evaluation.how,
        "confidence": evaluation.confidence,
        "metrics": {name: _known(value) for name, value in evaluation.metrics.items()},
        "intervals": _intervals(evaluation.intervals),
        "directions": dict(evaluation.directions),
        "slices": [
            {
                "by": one.by,
                "value": one.value,
                "rows": one.rows,
                "metrics": {name: _known(value) for name, value in one.metrics.items()},
                "intervals": _intervals(one.intervals),
                "warning": one.warning,
            }
            for one in evaluation.slices
        ],
        "difference": None
        if difference is None
        else {
            "against": difference.against,
            "sentence": difference.sentence(),
            "values": {name: _known(value) for name, value in difference.values.items()},
            "intervals": _intervals(difference.intervals),
            "mcnemar": None if difference.mcnemar is None else asdict(difference.mcnemar),
        },
        "importance": {name: list(both) for name, both in evaluation.importance.items()},
        "figures": list(evaluation.figures),
        "fingerprint": dict(evaluation.fingerprint),
        "notes": [note.text for note in evaluation.notes],
    }


def _intervals(intervals: Mapping[str, Interval]) -> dict[str, Any]:
    return {
        name: {"low": _known(one.low), "high": _known(one.high), "method": one.method, "note": one.note}
        for name, one in intervals.items()
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _on_logged_model(model: LoggedModel, run_id: str, metrics: Mapping[str, float], dataset: Dataset | None) -> Note:
    """Log the metrics to the logged model that was evaluated."""

    def log() -> None:
        client = connection.connect()
        _log_to_model(client, client.get_run(run_id), model.model_id, metrics, dataset)

    try:
        connection.ask(log)
    except Exception as error:  # noqa: BLE001  # each store raises its own; the run has the metrics
        return Note(f"the metrics are on the run, but not on its logged model: {one_line(error)[:200]}", "warning")
    return Note(f"also on the logged model {str(model.name)!r}")


def _log_to_model(
    client: MlflowClient, run: StoredRun, model_id: str, metrics: Mapping[str, float], dataset: Dataset | None
) -> None:
    """Log the *metrics* that the run has to one of its models, at the run's own steps and times."""
    from mlflow.entities import Metric

    points = {
        name: client.get_metric_history(run.info.run_id, name)[-1] for name in metrics if name in run.data.metrics
    }
    client.log_batch(
        run.info.run_id,
        metrics=[
            Metric(
                name,
                point.value,
                point.timestamp,
                point.step,
                model_id=model_id,
                dataset_name=dataset.name if dataset else None,
                dataset_digest=dataset.digest if dataset else None,
                run_id=run.info.run_id,
            )
            for name, point in points.items()
        ],
    )
