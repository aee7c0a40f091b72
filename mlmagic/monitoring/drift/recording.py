"""Record a drift report on the open run: metrics, figures, and all of it as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.data.capture import shown
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.profile.mlflow_dataset import record
from mlmagic.monitoring.drift.figures import draw
from mlmagic.recording.active_run import ActiveRun
from mlmagic.store.foreign_json import read_json
from mlmagic.store.keys import slug, unused
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.monitoring.drift.report import DriftReport
    from mlmagic.monitoring.drift.request import DriftRequest
    from mlmagic.recording.run_context import RunContext

FILE = "mlmagic/drift.json"
_MOST_COLUMNS = 200
_BUDGET_S = 2.0


def record_on_open_run(report: DriftReport, request: DriftRequest, run: RunContext, *, figures: bool) -> DriftReport:
    """Record *report* on the open run or trial, and return it with where it was recorded.

    A second report of the same run is the next step of the metrics. Tables in memory are recorded as datasets of the
    run, with the context ``reference`` or ``current`` if their names imply none, such as ``X_train`` does.
    """
    if isinstance(run, ActiveRun):
        if run.target.earlier is not None and not run.drifts:
            run.drifts += reports_in(run.text_of_earlier_cells(FILE, "drift reports"))
        if run.options.data:
            for name, data, use in zip(
                request.names, (request.reference, request.current), ("reference", "current"), strict=True
            ):
                _record_data(run, name, data, use)
    for name, value in metrics_of(report).items():
        run.recorder.metric(name, value)
    run.drifts.append(as_json(report))
    run.recorder.json(FILE, {"scheme": 1, "reports": list(run.drifts)})
    for column, picture in (draw(report) if figures else {}).items():
        name = slug(f"drift_{column}") or "drift"
        run.recorder.data(f"figures/{unused(name, run.figure_names)}.png", picture)
    return replace(report, recorded_on=run.name if isinstance(run, ActiveRun) else "this trial")


def reports_in(text: str) -> list[Mapping[str, Any]]:
    """Return the reports in the text of a run's ``mlmagic/drift.json``, which anyone may have written.

    >>> reports_in('{"scheme": 1, "reports": [{"drifted": []}, 5]}'), reports_in("[]")
    ([{'drifted': []}], [])
    """
    several = (read_json(text, dict) or {}).get("reports")
    return [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []


def _record_data(run: ActiveRun, name: str, data: Any, use: str) -> None:
    """Record a table in memory as the other data of the run: what the cell reads too is recorded once."""
    if isinstance(data, str | Path):
        return
    try:
        found = fingerprint(data, budget_s=_BUDGET_S)
        dataset = record(name, data, found, use=use)
    except BaseException as error:  # noqa: BLE001  # the report is worth as much without it
        reraise_interrupt(error)
        run.notices.info(f"{name} has no fingerprint: {one_line(error)[:200]}")
        return
    if run.on_data is not None:
        run.on_data(name, data, found, use)
    else:
        run.recorder.dataset(dataset)
        run.datasets.append(shown(name, found))


def metrics_of(report: DriftReport) -> dict[str, float]:
    """Return the metrics by the names under which they are recorded.

    These are ``drift.share`` (of the columns that drifted), ``drift.auc``, and ``drift.<column>.distance`` and ``.p``
    of the 200 most severe columns.
    """
    found = {"drift.share": report.share}
    if report.multivariate is not None:
        found["drift.auc"] = report.multivariate.auc
    for name, one in list(report.columns.items())[:_MOST_COLUMNS]:
        found[f"drift.{name}.distance"], found[f"drift.{name}.p"] = one.distance, one.p
    return {name: value for name, value in found.items() if math.isfinite(value)}


def as_json(report: DriftReport) -> dict[str, Any]:
    """Return all of *report* as plain values; what is not known is None."""
    content = asdict(report)
    for columns in (content["columns"], *(group["columns"] for group in content["groups"])):
        for one in columns.values():
            del one["histogram"]
    content |= {
        "is_drifted": report.is_drifted,
        "drifted": report.drifted,
        "notes": [note.text for note in report.notes],
    }
    del content["recorded_on"]
    plain: dict[str, Any] = _plain(content)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
