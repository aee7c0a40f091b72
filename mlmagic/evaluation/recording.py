"""Record an evaluation on the open run, or on a stored one: metrics, slices, figures, and all of it as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mlmagic.data.capture import shown
from mlmagic.errors import MLMagicError
from mlmagic.evaluation.evaluation import Note
from mlmagic.evaluation.stored_runs import recording_on
from mlmagic.recording.active_run import ActiveRun
from mlmagic.store import connection
from mlmagic.store.foreign_json import read_json
from mlmagic.store.keys import slug, unused
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.evaluation.outcomes.identity import TestDataset
    from mlmagic.evaluation.statistics.intervals import Interval
    from mlmagic.journal.records import Dataset
    from mlmagic.recording.recorder import Recorder
    from mlmagic.recording.run_context import RunContext

FILE = "mlmagic/evaluation.json"
EVALUATED = "mlmagic.evaluated"
"""The tag of a run: by the name of each model that was evaluated in it, what stands before its metrics' names."""
_MOST_SLICE_METRICS = 200


def record_on_open_run(evaluation: Evaluation, run: RunContext, datasets: Sequence[TestDataset]) -> Evaluation:
    """Record *evaluation* on the open run or trial, and return it with where it was recorded."""
    if isinstance(run, ActiveRun) and run.target.earlier is not None and not run.evaluations:
        run.evaluations += _of_earlier_cells(run, run.target.earlier.run_id)
    prefix = _prefix(evaluation.model, run.evaluations)
    content = as_json(evaluation, prefix)
    content["metrics"] = evaluation.metrics  # the very numbers, by which the cell's inference knows them
    run.evaluations.append(content)
    plain = [{**one, "metrics": dict(one["metrics"])} for one in run.evaluations]
    _record(evaluation, run.recorder, run.figure_names, prefix, plain)
    name = "this trial"
    if isinstance(run, ActiveRun):
        name = run.name
        if run.options.data:
            _record_data(run, datasets)
    return replace(evaluation, recorded_on=name, prefix=prefix)


def _record_data(run: ActiveRun, datasets: Sequence[TestDataset]) -> None:
    """Record the test data and its targets as the other data of the run: what the cell reads too is recorded once."""
    for one in datasets:
        if run.on_data is not None:
            run.on_data(one.name, one.values, one.fingerprint)
        else:
            run.recorder.dataset(one.record)
            run.datasets.append(shown(one.name, one.fingerprint))


def record_on_stored_run(evaluation: Evaluation, reference: str, datasets: Sequence[TestDataset]) -> Evaluation:
    """Record *evaluation* on a run that has ended, and on the logged model of this name that the run has.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    UsageProblem
        It has not ended.
    """
    with recording_on(reference) as run:
        earlier = _evaluations_in(run.text(FILE))
        prefix = _prefix(evaluation.model, earlier)
        _record(evaluation, run.recorder, run.figure_names, prefix, [*earlier, as_json(evaluation, prefix)])
        for one in datasets:
            if one.record.digest not in run.data:  # else what it was used for would change
                run.recorder.dataset(one.record)
    notes = [Note(notice.text, notice.level) for notice in run.notices.all()]
    if run.delivery.is_closed:
        notes += _on_logged_model(evaluation, run.stored.info.run_id, prefix, datasets[0].record if datasets else None)
    return replace(evaluation, recorded_on=run.name, prefix=prefix, notes=(*evaluation.notes, *notes))


def _of_earlier_cells(run: ActiveRun, run_id: str) -> list[Mapping[str, Any]]:
    """Return the evaluations that the earlier cells of a continued run recorded."""
    from mlmagic.store.query.run import Run

    try:
        stored = Run(run_id)
        return _evaluations_in(stored.text(FILE)) if FILE in stored.artifacts else []
    except MLMagicError as error:
        run.notices.warn(f"the evaluations of earlier cells are not in {FILE} any more: {error}")
        return []


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
    return f"{name}." if earlier else ""


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
    prefixes = {str(one.get("model")): str(one.get("prefix", "")) for one in evaluations}
    recorder.tag(EVALUATED, json.dumps(prefixes, ensure_ascii=False))


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


def _on_logged_model(evaluation: Evaluation, run_id: str, prefix: str, dataset: Dataset | None) -> list[Note]:
    """Log the metrics to the logged model that was evaluated: the one of this name, or the only one of the run."""

    def log() -> str:
        client = connection.connect()
        run = client.get_run(run_id)
        models = [client.get_logged_model(one.model_id) for one in (run.outputs.model_outputs if run.outputs else ())]
        same = [one for one in models if one.name == evaluation.model] or models
        if len(same) != 1:
            return "" if not models else f"not on a logged model: the run has {len(models)}, none named as this one"
        _log_to_model(client, run, same[0].model_id, metrics_of(evaluation, prefix), dataset)
        return f"also on the logged model {same[0].name!r}"

    try:
        told = connection.ask(log)
    except Exception as error:  # noqa: BLE001  # each store raises its own; the run has the metrics
        return [Note(f"the metrics are on the run, but not on its logged model: {one_line(error)[:200]}", "warning")]
    return [Note(told)] if told else []


def _log_to_model(
    client: MlflowClient, run: Run, model_id: str, metrics: Mapping[str, float], dataset: Dataset | None
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
