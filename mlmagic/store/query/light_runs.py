"""Runs as plain data, with values of unexpected types repaired: anyone may have written the store's file.

SQLite accepts text for a number and bytes for text, and a run of another tool may have no start time. A value that does
not fit its cell of a table is left out and named in ``odd``, so that it costs only its own cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CONTEXT = "mlflow.data.context"
_INT64 = 2**63
_DAY_MS = 86_400_000
# The first and last day that datetime supports, less one day, because a time zone shifts them.
_FIRST_MS, _LAST_MS = -62_135_596_800_000 + _DAY_MS, 253_402_300_799_999 - _DAY_MS
_LONGEST_SHOWN = 60
INCOMPLETE = "mlmagic.incomplete"
"""The tag of an incomplete run; its value says why a part is missing."""


@dataclass(slots=True)
class RunInfo:
    """The attributes of a run; times in ms since 1970."""

    run_id: str
    run_name: str
    experiment_id: str
    user_id: str | None
    status: str
    start_time: int | None
    end_time: int | None
    artifact_uri: str
    lifecycle_stage: str


@dataclass(slots=True)
class RunData:
    """Params, last values of metrics with their steps, and tags of a run."""

    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class LightDataset:
    """Name and digest of a dataset, and its profile if it was read."""

    name: str
    digest: str
    profile: str = ""


@dataclass(slots=True)
class DatasetInput:
    """A dataset as the input of a run; *context* is MLflow's word for its use."""

    dataset: LightDataset
    context: str = ""


@dataclass(slots=True)
class RunInputs:
    """The inputs of a run."""

    dataset_inputs: list[DatasetInput] = field(default_factory=list)


@dataclass(slots=True)
class LightRun:
    """A run with the values that a table shows; *odd* names the values that were left out."""

    info: RunInfo
    data: RunData = field(default_factory=RunData)
    inputs: RunInputs = field(default_factory=RunInputs)
    odd: list[str] = field(default_factory=list)


def light_run(info: Any) -> LightRun:
    """Return a run without data, from a row of the table ``runs`` or from MLflow's ``run.info``."""
    odd: list[str] = []

    def time(name: str) -> int | None:
        value = getattr(info, name)
        whole = as_whole(value)
        if value is not None and whole is None:
            odd.append(f"{name} {_short(value)} is no time")
        return whole

    made = RunInfo(
        run_id=as_text(getattr(info, "run_uuid", None) or getattr(info, "run_id", "")),
        run_name=as_text(info.name if hasattr(info, "name") else info.run_name),
        experiment_id=as_text(info.experiment_id),
        user_id=None if info.user_id is None else as_text(info.user_id),
        status=as_text(info.status),
        start_time=time("start_time"),
        end_time=time("end_time"),
        artifact_uri=as_text(info.artifact_uri),
        lifecycle_stage=as_text(info.lifecycle_stage),
    )
    return LightRun(made, odd=odd)


def readable(run: Any) -> Any:
    """Return *run*, an MLflow run, or a `LightRun` if a value of it does not have the expected type."""
    if _is_readable(run):
        return run
    made = light_run(run.info)
    made.data.params = {as_text(key): as_text(value) for key, value in run.data.params.items()}
    made.data.tags = {as_text(key): as_text(value) for key, value in run.data.tags.items()}
    steps = steps_in(run)
    for key, value in run.data.metrics.items():
        put_metric(made, key, value, steps.get(key))
    for one in run.inputs.dataset_inputs if run.inputs else ():
        found = one.dataset
        dataset = LightDataset(as_text(found.name), as_text(found.digest), as_text(found.profile))
        made.inputs.dataset_inputs.append(DatasetInput(dataset, context_in(one)))
    return made


def context_in(dataset_input: Any) -> str:
    """Return for what a run used a dataset, or an empty text: an input of MLflow, or a `DatasetInput`."""
    if isinstance(dataset_input, DatasetInput):
        return dataset_input.context
    return next((as_text(tag.value) for tag in dataset_input.tags or () if tag.key == CONTEXT), "")


def _is_readable(run: Any) -> bool:
    info, data = run.info, run.data
    return (
        type(info.start_time) is int
        and (info.end_time is None or type(info.end_time) is int)
        and type(info.run_id) is str
        and type(info.status) is str
        and (info.run_name is None or type(info.run_name) is str)
        and type(info.artifact_uri) is str
        and all(type(value) is float or type(value) is int for value in data.metrics.values())
        and all(type(value) is str for value in data.params.values())
        and all(type(value) is str for value in data.tags.values())
        and all(type(key) is str for values in (data.metrics, data.params, data.tags) for key in values)
        and all(type(one.dataset.name) is str is type(one.dataset.digest) for one in run.inputs.dataset_inputs)
    )


def put_metric(run: LightRun, key: Any, value: Any, step: Any = None) -> None:
    """Add the last value of a metric and its step; if it is not a number, name it in ``odd`` instead."""
    if isinstance(value, float | int):
        run.data.metrics[as_text(key)] = float(value)
        if type(step) is int:
            run.data.steps[as_text(key)] = step
    else:
        run.odd.append(f"metric {_short(key)} has {_short(value)}, which is no number")


def steps_in(run: Any) -> dict[str, int]:
    """Return the step of the last value of each metric of an MLflow run, which keeps them to itself."""
    return {one.key: one.step for one in getattr(run.data, "_metric_objs", None) or () if type(one.step) is int}


def oddities(run: Any) -> list[str]:
    """Return briefly what of a run is missing or cannot be shown; an empty list for a normal run."""
    odd = list(getattr(run, "odd", ()))
    if INCOMPLETE in run.data.tags:
        odd.append(f"incomplete, {run.data.tags[INCOMPLETE]}")
    if run.info.start_time is None:
        if not any(one.startswith("start_time") for one in odd):
            odd.append("start time missing")
    elif as_moment(run.info.start_time) is None:
        odd.append(f"start time {run.info.start_time} is no date")
    if not run.info.status:
        odd.append("status missing")
    return odd


def as_text(value: Any) -> str:
    r"""Return a text of a store as a string; bytes are decoded as UTF-8, and NULL becomes an empty string.

    >>> as_text(b"a\xff"), as_text(None), as_text(1.5)
    ('a�', '', '1.5')
    """
    if type(value) is str:
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def as_whole(value: Any) -> int | None:
    """Return a 64-bit integer, or None for anything else.

    >>> as_whole(5), as_whole("soon"), as_whole(1e300), as_whole(None)
    (5, None, None, None)
    """
    return value if type(value) is int and -_INT64 <= value < _INT64 else None


def as_moment(milliseconds: Any) -> int | None:
    """Return milliseconds since 1970 if they are a valid date, else None (for the year 292278994, for example).

    >>> as_moment(1_750_000_000_000), as_moment(2**63 - 1), as_moment("soon")
    (1750000000000, None, None)
    """
    whole = as_whole(milliseconds)
    return whole if whole is not None and _FIRST_MS <= whole <= _LAST_MS else None


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
