"""Runs as a table: one row per run, with parameters and metrics as columns under their plain names."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

from mlmagic.store import tracking_uri
from mlmagic.store.query.durations import duration_s, span_s
from mlmagic.store.query.infinities import as_logged
from mlmagic.store.query.light_runs import as_moment, oddities
from mlmagic.store.query.shown_tags import STAR, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd
    from mlflow.entities import Run

BASE_COLUMNS = ("run_id", "name", "status", "started", "duration")
ATTRS = "mlmagic"
"""The key of ``frame.attrs`` that describes the columns for the table in the notebook."""

_ATTRIBUTE_COLUMNS = {
    "run_id": "run_id",
    "run_name": "name",
    "status": "status",
    "start_time": "started",
    "duration": "duration",
}
_INT64 = 2**63
_KIND = re.compile(r"(?:params|metrics)\.")


def frame_of(
    runs: Sequence[Run],
    *,
    sort: tuple[str, str] | None = None,
    measured: Mapping[str, Mapping[str, tuple[float, int | None]]] | None = None,
    value: str = "best",
    **about: Any,
) -> pd.DataFrame:
    """Return one row per run: run_id, name, status, started (local time), duration (seconds in cells), params, metrics.

    A name that is both a param and a metric, or one of the first five columns, gets its kind as a prefix:
    ``params.lr``. A param column holds numbers if the conversion of all its values is lossless, else the text as
    logged. *sort* is what the runs are ordered by (``("metric", "loss")``); its column and *about* go to
    ``frame.attrs["mlmagic"]``. *measured* has another *value* of metrics than the last one, with its step, by the ids
    of runs: it becomes a column ``loss (best)`` and one ``loss (best step)`` before ``loss``. The verdicts on the
    runs (`VERDICTS`) come last.
    """
    import pandas as pd

    params = _names(run.data.params for run in runs)
    # Sweeps whose trials are not listed rank by a metric that none of the listed runs may have itself.
    metrics = list(dict.fromkeys([*_names(run.data.metrics for run in runs), *(measured or {})]))
    columns: dict[str, Any] = {
        "run_id": _texts(run.info.run_id for run in runs),
        "name": _texts(run.info.run_name for run in runs),
        "status": _texts(run.info.status for run in runs),
        "started": _moments([run.info.start_time for run in runs]),
        "duration": pd.Series([duration_s(run) for run in runs], dtype="float64"),
    }
    shared = {*params} & {*metrics} | {*BASE_COLUMNS}
    named_params = {name: column_name(name, "params", shared) for name in params}
    named_metrics = {name: column_name(name, "metrics", shared) for name in metrics}
    for name, column in named_params.items():
        columns[column] = typed([run.data.params.get(name) for run in runs])
    steps: dict[str, str] = {}
    for name, column in named_metrics.items():
        if found := (measured or {}).get(name):
            values = [found.get(run.info.run_id, (None, None)) for run in runs]
            columns[f"{column} ({value})"] = pd.Series([one for one, _ in values], dtype="float64")
            steps[f"{column} ({value})"] = f"{column} ({value} step)"
            columns[f"{column} ({value} step)"] = pd.Series(pd.array([step for _, step in values], dtype="Int64"))
        if not any(name in run.data.metrics for run in runs):
            continue
        logged = pd.Series([run.data.metrics.get(name) for run in runs], dtype="float64")
        columns[column] = pd.Series(as_logged(logged.to_numpy()))
    for tag, name in VERDICTS.items():
        if any(tag in run.data.tags for run in runs):
            columns[name if name not in columns else f"tags.{name}"] = _texts(run.data.tags.get(tag) for run in runs)
    frame = pd.DataFrame(columns)
    kind, sorted_by = sort or ("", "")
    named = {"param": named_params, "metric": named_metrics}.get(kind, _ATTRIBUTE_COLUMNS)
    sort_column = named.get(sorted_by)
    if kind == "metric" and f"{sort_column} ({value})" in steps:
        sort_column = f"{sort_column} ({value})"
    frame.attrs[ATTRS] = {
        **about,
        "spans": {run.info.run_id: span for run in runs if (span := span_s(run)) is not None},
        "stars": [run.info.run_id for run in runs if run.data.tags.get(STAR) == "true"],
        "sort": sort_column,
        "steps": steps,
        "params": list(named_params.values()),
        "metrics": [*steps, *(column for column in named_metrics.values() if column in columns)],
        "odd": [
            f"{run.info.run_name} ({run.info.run_id[:8]}): {', '.join(odd)}" for run in runs if (odd := oddities(run))
        ],
    }
    return frame


def column_name(name: str, kind: str, shared: Collection[str]) -> str:
    """Return the column of a param or metric: its plain name, with its kind in front if that name is *shared*.

    A name that looks like one with its kind in front gets another kind, so that no two columns have the same name.

    >>> column_name("lr", "params", {"loss"}), column_name("loss", "params", {"loss"})
    ('lr', 'params.loss')
    >>> column_name("params.loss", "metrics", {"loss"}), column_name("params.lr", "metrics", {"loss"})
    ('metrics.params.loss', 'params.lr')
    """
    rest = name
    while rest not in shared and (found := _KIND.match(rest)):
        rest = rest[found.end() :]
    return f"{kind}.{name}" if rest in shared else name


def urls_of(runs: Sequence[Run]) -> dict[str, str]:
    """Return the pages of *runs* in the MLflow UI by id, without those that have none."""
    addresses = {run.info.run_id: tracking_uri.url(run.info.run_id, run.info.experiment_id) for run in runs}
    return {run_id: address for run_id, address in addresses.items() if address}


def _names(data: Iterable[Mapping[str, object]]) -> list[str]:
    """Return all names, those of the first run first: the user last saw the order of the newest run."""
    return list(dict.fromkeys(name for one in data for name in one))


def _texts(values: Iterable[str | None]) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(list(values), dtype="object")


def _moments(milliseconds: list[int | None]) -> pd.Series[Any]:
    import pandas as pd

    here = dt.datetime.now().astimezone().tzinfo
    known = pd.Series(pd.array([as_moment(one) for one in milliseconds], dtype="Int64"))
    moments = pd.to_datetime(known, unit="ms", utc=True, errors="coerce")  # older pandas versions end in 2262
    return moments.dt.tz_convert(here)


def typed(values: Sequence[str | None]) -> pd.Series[Any]:
    """Return numbers if each text is the canonical form of one: ``"0.10"`` and ``"007"`` stay text."""
    import pandas as pd

    given = [value for value in values if value is not None]
    if all(_is_plain_int(value) for value in given):
        whole = [None if value is None else int(value) for value in values]
        return pd.Series(whole, dtype="Int64" if None in whole else "int64")
    if all(_is_plain_int(value) or _is_plain_float(value) for value in given):
        return pd.Series([None if value is None else float(value) for value in values], dtype="float64")
    return pd.Series(list(values), dtype="object")


def _is_plain_int(text: str) -> bool:
    if not text.removeprefix("-").isdecimal() or len(text) > len(str(-_INT64)):
        return False
    return str(int(text)) == text and -_INT64 <= int(text) < _INT64


def _is_plain_float(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return math.isfinite(value) and repr(value) == text
