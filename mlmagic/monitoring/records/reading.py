"""Read the recorded rows of a monitored model: those in the store, and those of this process that are on their way."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.errors import StoreError
from mlmagic.monitoring.records.concatenating import together
from mlmagic.monitoring.records.thinning import sampled
from mlmagic.monitoring.serving.batches import DAY, MODEL, VERSION, day_of
from mlmagic.monitoring.serving.columns import TIME
from mlmagic.monitoring.serving.spool import COMPLETE, GROWING, folder_files, read_part
from mlmagic.store import connection, experiments
from mlmagic.store.artifact_reading import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.monitoring.records.period import Period
    from mlmagic.monitoring.serving.batches import Batches, Kind

MOST_ROWS = 1_000_000
"""Of more rows in a period, a random sample is read."""
RECORDED_VERSION = "mlmagic.model_version"
"""The column of the version that predicted, which is added when rows are read."""
_LARGEST_PART = 500_000_000
_PAGE = 1000


@dataclass(frozen=True, eq=False)
class Recorded:
    """Rows of one kind; ``share`` is the part of them that was read, ``problems`` are parts that could not be."""

    table: pa.Table | None
    share: float = 1.0
    problems: tuple[str, ...] = ()


@dataclass(eq=False)
class _Kept:
    """Tables that are thinned out when they get too many rows."""

    tables: list[pa.Table] = field(default_factory=list)
    rows: int = 0
    share: float = 1.0

    def add(self, table: pa.Table) -> None:
        if self.share < 1:
            table = sampled(table, self.share, self.rows)
        self.tables.append(table)
        self.rows += table.num_rows
        while self.rows > 2 * MOST_ROWS:
            self.share /= 2
            self.tables = [sampled(one, 0.5, at) for at, one in enumerate(self.tables)]
            self.rows = sum(one.num_rows for one in self.tables)


def read_rows(
    name: str,
    kind: Kind,
    period: Period | None,
    *,
    version: str | None = None,
    own: Iterable[Batches] = (),
    last_day: bool = False,
) -> Recorded:
    """Return the rows of the model *name*, in the order of their time.

    Parameters
    ----------
    kind
        Which rows. Labels are those that arrived since the period began, whenever; alerts as predictions.
    period, version
        All rows without them.
    own
        The batches of this process, which may not be in the store yet.
    last_day
        Of what is in the store, read the last day only that has such rows.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    found, problems, done = _Kept(), [], set[str]()
    ours = [one for one in own if one.monitored.name == name and version in {None, one.monitored.version}]
    for batches in ours:  # first: what is delivered meanwhile is found in the store as well
        for folder in batches.folders(kind):
            with contextlib.suppress(StoreError):
                table = read_part(folder_files(folder))
                done.add(folder.name)
                _add(found, table, batches.monitored.version, kind, period)
    runs = connection.ask(partial(runs_of, connection.connect(), name))
    day = None
    for run in sorted(runs, key=lambda one: one.data.tags[DAY], reverse=True) if last_day else runs:
        if day not in {None, run.data.tags[DAY]}:
            break
        if version not in {None, run.data.tags[VERSION]} or _is_beyond(run, kind, period):
            continue
        place = place_of(run.info.run_id, run.info.artifact_uri)
        for part in connection.ask(partial(place.files, kind)):
            number = part.path.rpartition("/")[2]
            if not part.is_dir or number in done:
                continue
            done.add(number)
            day = run.data.tags[DAY] if last_day else None
            try:
                files = connection.ask(partial(files_of, place, part.path))
                _add(found, read_part(files), run.data.tags[VERSION], kind, period)
            except StoreError as error:
                problems.append(f"{part.path} of the run {run.info.run_name!r} was not read: {error}")
    table = None if not found.tables else together(found.tables).sort_by(TIME)
    return Recorded(table, found.share, tuple(problems))


def monitored_models(client: MlflowClient) -> list[str]:
    """Return the names of the models whose service is recorded."""
    return sorted({run.data.tags[MODEL] for run in _search(client, f"tags.`{MODEL}` != ''")})


def runs_of(client: MlflowClient, name: str) -> list[Run]:
    """Return the monitoring runs of a model: one for each version and day."""
    if "'" in name and '"' in name:
        return []
    quote = '"' if "'" in name else "'"
    return list(_search(client, f"tags.`{MODEL}` = {quote}{name}{quote}"))


def _search(client: MlflowClient, condition: str) -> Iterator[Run]:
    within = [one.experiment_id for one in experiments.each(client)]
    token: str | None = None
    while within:
        page = client.search_runs(within, condition, max_results=_PAGE, page_token=token)
        yield from (run for run in page if {MODEL, VERSION, DAY} <= set(run.data.tags))
        token = page.token
        if not token:
            return


def _is_beyond(run: Run, kind: Kind, period: Period | None) -> bool:
    """Return whether the rows of a run's day are outside of *period*."""
    if period is None:
        return False
    day = run.data.tags[DAY]
    is_later = kind != "actuals" and day > day_of(period.until_us)
    return day < (period.since - timedelta(days=1)).strftime("%Y-%m-%d") or is_later


def files_of(place: Any, folder: str) -> dict[str, bytes]:
    """Return the file with the rows of a folder, by its name."""
    names = {file.path.rpartition("/")[2] for file in place.files(folder)}
    wanted = COMPLETE if COMPLETE in names else GROWING
    return {wanted: place.read(f"{folder}/{wanted}", _LARGEST_PART)} if wanted in names else {}


def _add(found: _Kept, table: pa.Table, version: str, kind: Kind, period: Period | None) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if TIME not in table.column_names:
        raise StoreError("it has no times")
    if period is not None:
        time = table.column(TIME)
        inside = pc.greater_equal(time, pa.scalar(period.since, time.type))
        if kind != "actuals":
            inside = pc.and_(inside, pc.less(time, pa.scalar(period.until, time.type)))
        table = table.filter(inside)
    if table.num_rows:
        found.add(table.append_column(RECORDED_VERSION, pa.array([version] * table.num_rows, pa.string())))
