"""What a monitor needs of its surroundings: the version in the registry, the reference, and records of its checks."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import MLMagicError, ModelNotFoundError, UsageProblem
from mlmagic.evaluation.outcomes.test_data import for_model
from mlmagic.journal.records import Ended
from mlmagic.monitoring import alerts
from mlmagic.monitoring.drift.request import DriftRequest
from mlmagic.monitoring.records.period import span_in
from mlmagic.monitoring.records.reading import monitored_models, read_rows
from mlmagic.monitoring.serving.batches import Monitored
from mlmagic.monitoring.serving.columns import ACTUAL
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.registry import loading, registry_store
from mlmagic.registry.names import reference_in
from mlmagic.registry.versions import find_model, find_version
from mlmagic.store import connection, tracking_uri
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from mlmagic.monitoring.report import Alert, MonitoringReport
    from mlmagic.monitoring.serving.batches import Batches
    from mlmagic.monitoring.serving.recording_model import RecordingModel

_EXAMPLE = "mlmagic.ModelMonitor('churn@champion', reference=X_val)"
_DRIFT_OPTIONS = ("columns", "alpha", "correction", "min_effect", "budget", "checks", "multivariate")
_MOST_REFERENCE = 20_000


@dataclass(frozen=True)
class MonitorSettings:
    """The options of a monitor that its checks need."""

    cooldown: timedelta = timedelta(days=1)
    limits: Mapping[str, float] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)


def checked(
    *,
    limits: object,
    drift: object,
    on_alert: object,
    cooldown: object,
    sample: object,
    exclude: object,
    batch_rows: object,
    batch_s: object,
    reference: object,
    reference_target: object,
) -> MonitorSettings:
    """Return the options, checked.

    Raises
    ------
    UsageProblem
        If one is invalid.
    """
    if on_alert is not None and not callable(on_alert):
        raise UsageProblem(f"on_alert is a function that takes an alert, not {described(on_alert)}")
    if not _is_number(sample) or not 0 < sample <= 1:  # type: ignore[operator]  # it is a number
        raise UsageProblem(f"sample is a share above 0 and at most 1, not {described(sample)}")
    if isinstance(exclude, str) or not isinstance(exclude, Collection):
        raise UsageProblem(f"exclude is a list of columns, not {described(exclude)}: exclude=['name']")
    if isinstance(batch_rows, bool) or not isinstance(batch_rows, int) or batch_rows < 1:
        raise UsageProblem(f"batch_rows is a whole number from 1 on, not {described(batch_rows)}")
    if not _is_number(batch_s) or not batch_s > 0:  # type: ignore[operator]  # it is a number
        raise UsageProblem(f"batch_s is a number of seconds above 0, not {described(batch_s)}")
    if reference is None and reference_target is not None:
        raise UsageProblem("reference_target belongs to a reference: reference=X_val, reference_target=y_val")
    return MonitorSettings(_span("cooldown", cooldown), _limits(limits), _drift(drift))


def _span(name: str, value: object) -> timedelta:
    if isinstance(value, timedelta) and value >= timedelta():
        return value
    if isinstance(value, str) and (span := span_in(value)) is not None:
        return span
    raise UsageProblem(f"{name} is a span such as '1d', '12h' or a timedelta, not {described(value)}")


def _limits(limits: object) -> Mapping[str, float]:
    if limits is None:
        return {}
    if not isinstance(limits, Mapping) or not all(_is_number(one) for one in limits.values()):
        raise UsageProblem(f"limits maps metrics to numbers, not {described(limits)}: limits={{'accuracy': 0.85}}")
    return {str(name): float(one) for name, one in limits.items()}


def _drift(options: object) -> Mapping[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise UsageProblem(f"drift maps options of mlmagic.drift to values, not {described(options)}")
    for name in options:
        if name not in _DRIFT_OPTIONS:
            near = did_you_mean(str(name), _DRIFT_OPTIONS)
            raise UsageProblem(f"drift: a monitor takes {', '.join(_DRIFT_OPTIONS)}, not {name!r}.{near}")
    from mlmagic.monitoring.drift.request import check_request

    check_request(DriftRequest(None, None, **options))
    return dict(options)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def find(model: str, loaded: object) -> Monitored:
    """Return the version that is to be monitored; the store is not asked if *loaded* is it and it has a number.

    Raises
    ------
    UsageProblem
        If *model* is no reference to a version.
    ModelNotFoundError
        If there is no such version.
    """
    reference = reference_in(model, _EXAMPLE)
    number = reference.version
    if number is None or loaded is None:
        _, version = registry_store.ask(lambda client: find_version(client, reference))
        number = version.number
    return Monitored(reference.name, str(number), tracking_uri.current_uri(), f"{reference.name} monitoring")


def known(model: str, *, own: Iterable[Batches] = ()) -> tuple[str, str | None]:
    """Return the name of a model that is monitored, and its version if *model* names one.

    Raises
    ------
    UsageProblem
        If nothing of it is recorded; the nearest is named.
    ModelNotFoundError
        If there is no such version or alias.
    """
    reference = reference_in(model, "%monitor churn")
    found = set(connection.ask(lambda: monitored_models(connection.connect()))) | {one.monitored.name for one in own}
    if reference.name not in found:
        names = (
            f" There are {', '.join(sorted(found)[:8])}." if found else " None is: mlmagic.ModelMonitor records them."
        )
        raise UsageProblem(
            f"no predictions of {reference.name!r} are recorded.{did_you_mean(reference.name, found)}{names}"
        )
    if reference.alias is None:
        return reference.name, None if reference.version is None else str(reference.version)
    _, version = registry_store.ask(lambda client: find_version(client, reference))
    return reference.name, str(version.number)


def load(version: Monitored, *, trust: bool) -> Any:
    """Return the model of a version, as `mlmagic.load_model` does."""
    return loading.load(f"{version.name}/{version.version}", trust=trust)


def reference_rows(model: RecordingModel, data: Any, target: Any) -> pa.Table | None:
    """Return the reference with the model's answers, as rows are recorded, and its targets.

    Raises
    ------
    UsageProblem
        If it is no table that the model takes, or there is not one target for each row.
    """
    if data is None:
        return None
    import numpy as np
    import pyarrow as pa

    given = for_model(model.model, data, "the reference", lambda _: None)
    now = np.full(len(given), _now_us())
    try:
        rows = pa.Table.from_batches([model.rows_of(given, None, now)])
    except MLMagicError:
        raise
    except Exception as error:
        raise UsageProblem(f"predicting on the reference raised {type(error).__name__}: {error}") from error
    if not rows.num_rows:
        raise UsageProblem("the reference has no rows: nothing could say what is usual")
    if target is None:
        return rows
    labels = np.asarray(target).reshape(-1)
    if len(labels) != rows.num_rows:
        raise UsageProblem(f"reference_target: {len(labels):,} targets for the {rows.num_rows:,} rows of the reference")
    return rows.append_column(ACTUAL, pa.array(labels, from_pandas=True))


def record_reference(batches: Batches, reference: pa.Table | None) -> None:
    """Record the reference, or 20,000 rows of it, so that other processes can compare with it."""
    if reference is None:
        return
    from mlmagic.monitoring.checks.drift_check import thinned
    from mlmagic.monitoring.serving.batches import day_of

    rows = thinned(reference, _MOST_REFERENCE).combine_chunks()
    digest = hashlib.sha256(rows.drop_columns(["mlmagic.time"]).to_pandas().to_csv().encode()).hexdigest()[:32]
    batches.add("reference", rows.to_batches()[0], day_of(_now_us()), number=digest)


def _now_us() -> int:
    return int(datetime.now(UTC).timestamp() * 1e6)


def open_alerts_of(name: str, version: str | None, *, own: Iterable[Batches] = ()) -> tuple[Alert, ...]:
    """Return the recorded alerts of a model, or of one version, that are still open."""
    return alerts.open_alerts(read_rows(name, "alerts", None, version=version, own=own).table)


def notes_on(name: str, version: str, reference: str) -> list[str]:
    """Return a note if the alias that a monitor was given names another version now."""
    wanted = reference_in(reference, _EXAMPLE)
    if wanted.alias is None:
        return []
    try:
        model = registry_store.ask(lambda client: find_model(client, name))
    except ModelNotFoundError:
        return [f"the registered model {name!r} was deleted"]
    current = model.aliases.get(wanted.alias)
    if current is None or str(current) == version:
        return []
    return [f"{reference} is version {current} now; this monitor serves version {version}"]


def record(report: MonitoringReport, version: Monitored, day: str) -> None:
    """Record the numbers of a check on the run of its day; the step of a metric is the millisecond of the day."""
    moment = report.until
    delivery = version.begin(day)
    recorder = Recorder(delivery.journal, Notices())
    step = (moment - datetime.fromisoformat(day).replace(tzinfo=UTC)) // timedelta(milliseconds=1)
    for name, value in _metrics(report).items():
        if math.isfinite(value):
            recorder.metric(name, float(value), step)
    delivery.journal.append(Ended("FINISHED", int(moment.timestamp() * 1000)))
    delivery_worker(delivery.uri).add(delivery)


def _metrics(report: MonitoringReport) -> dict[str, float]:
    found: dict[str, float] = {
        "rows": report.rows, "labelled": report.labelled, "alerts": len(report.alerts),
        "alerts.new": sum(one.is_new for one in report.alerts),
    }  # fmt: skip
    if report.drift is not None:
        found["drift.share"] = report.drift.share
        if report.drift.multivariate is not None:
            found["drift.auc"] = report.drift.multivariate.auc
        found |= {f"drift.{name}.distance": one.distance for name, one in list(report.drift.columns.items())[:200]}
    for one in report.performance:
        name = f"estimated.{one.metric}" if one.is_estimate else one.metric
        found |= {name: one.value, f"{name}.low": one.low, f"{name}.high": one.high}
    return found
