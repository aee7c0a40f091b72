"""The recorded profile of a run's data: what stays of a reference whose rows are not at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError, ModelNotFoundError, RunNotFoundError, UsageProblem
from mlmagic.registry import registry_store
from mlmagic.registry.names import reference_in
from mlmagic.registry.versions import find_version
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import queries
from mlmagic.store.query.light_runs import context_in
from mlmagic.store.values import as_text
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient

    from mlmagic.monitoring.drift.sources.values import Kind

_EXAMPLE = 'mlmagic.drift("churn@champion", X_recent)'
_ORDER = {"training": 0, "reference": 1, "current": 3}
_NUMBERS = ("int", "uint", "float", "bfloat", "duration")


@dataclass(frozen=True)
class RecordedColumn:
    """What is known of a column: ``low``, ``high`` and ``mean`` of numbers, of dates in seconds; else None.

    Of bools, the mean is known.
    """

    name: str
    kind: Kind | None
    dtype: str
    missing: int
    low: float | None = None
    high: float | None = None
    mean: float | None = None


@dataclass(frozen=True)
class Profile:
    """A recorded dataset: its columns, and the counts of the classes of its target."""

    name: str
    rows: int
    columns: Mapping[str, RecordedColumn]
    target: str = ""
    classes: Mapping[str, int] = field(default_factory=dict)
    left_out: int = 0


def recorded_profile(text: str, names: Sequence[str]) -> Profile:
    """Return the profile of the data of a run, or of the run of a registered model.

    Of several datasets the one that has most of the columns *names*, and was used for training.

    Raises
    ------
    UsageProblem
        If there is no such run and no such model, or its data was not recorded as a table.
    """
    if not text.strip():
        raise UsageProblem(
            f"the reference is a table, a file, a run or a registered model, not an empty text: {_EXAMPLE}"
        )
    run_id, title = _run_of(text)
    found = [profile for one in _inputs(run_id) if (profile := _profile(one, title)) is not None]
    if not found:
        raise UsageProblem(f"{title} has no recorded table: compare with the data itself, or with a file")
    wanted = set(names)
    return max(found, key=lambda one: len(wanted & one.columns.keys()))


def is_recorded(text: str) -> bool:
    """Return whether there is a run or a registered model of this name."""
    try:
        return bool(_run_of(text)[0])
    except MLMagicError:
        return False


def _run_of(text: str) -> tuple[str, str]:
    """Return the id of the run, and what to call it."""
    if "@" not in text and "/" not in text:
        try:
            run = queries.find_run(text)
        except RunNotFoundError as error:
            try:
                version = registry_store.ask(lambda client: find_version(client, reference_in(text, _EXAMPLE))[1])
            except (ModelNotFoundError, UsageProblem):
                raise UsageProblem(
                    f"the reference {text!r} is no file, no run and no registered model: {error}"
                ) from error
            return version.run_id, f"the data of {version.reference}"
        return str(run.info.run_id), f"the data of {run.info.run_name}"
    version = registry_store.ask(lambda client: find_version(client, reference_in(text, _EXAMPLE))[1])
    if not version.run_id:
        raise UsageProblem(f"{version.reference} belongs to no run, so nothing is known of its data")
    return version.run_id, f"the data of {version.reference}"


def _inputs(run_id: str) -> list[Any]:
    """Return the datasets of a run, those for training first, and what was compared with a reference last."""

    def read(client: MlflowClient) -> list[Any]:
        run = client.get_run(run_id)
        answered()
        return list(run.inputs.dataset_inputs if run.inputs else ())

    return sorted(registry_store.ask(read), key=lambda one: _ORDER.get(context_in(one), 2))


def _profile(item: Any, title: str) -> Profile | None:
    """Return a dataset's profile, which anyone may have written; None if it is of no table."""
    content = read_json(item.dataset.profile, dict) or {}
    columns, rows = content.get("columns"), content.get("num_rows")
    if not isinstance(columns, list) or not isinstance(rows, int) or rows < 1:
        return None
    known = [_column(one, rows) for one in columns if isinstance(one, dict) and isinstance(one.get("name"), str)]
    target = content.get("target")
    classes: dict[str, int] = {}
    if isinstance(target, dict) and isinstance(target.get("classes"), dict):
        classes = {str(key): count for key, count in target["classes"].items() if isinstance(count, int) and count >= 0}
    read = content.get("statistics_of")
    left_out = content.get("columns_left_out")
    return Profile(
        f"{title} ({as_text(item.dataset.name)})",
        read if isinstance(read, int) and 0 < read <= rows else rows,
        {one.name: one for one in known},
        str(target.get("name", "")) if classes and isinstance(target, dict) else "",
        classes,
        left_out if isinstance(left_out, int) else 0,
    )


def _column(content: Mapping[str, Any], rows: int) -> RecordedColumn:
    dtype = str(content.get("type", ""))
    kind = _kind(dtype)
    nulls = content.get("nulls")
    low, high, mean = (_number(content.get(name), kind) for name in ("min", "max", "mean"))
    missing = min(max(nulls, 0), rows) if isinstance(nulls, int) else 0
    return RecordedColumn(str(content["name"]), kind, dtype, missing, low, high, mean)


def _kind(dtype: str) -> Kind | None:
    inner = dtype.removeprefix("category<")
    if dtype.startswith("category<") or inner.startswith(("string", "bytes")):
        return "text"
    if dtype.startswith("bool"):
        return "bool"
    if dtype.startswith("date"):
        return "time"
    return "number" if dtype.startswith(_NUMBERS) else None


def _number(value: Any, kind: Kind | None) -> float | None:
    """Return a recorded number, or the seconds since 1970 of a recorded date."""
    if kind == "time" and isinstance(value, str):
        import pandas as pd

        found = pd.to_datetime(value, errors="coerce", utc=True)
        return None if pd.isna(found) else float(found.timestamp())
    if kind not in {"number", "time", "bool"} or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
