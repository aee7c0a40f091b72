"""All that is recorded of one run, for its page in the comparison. The store is untrusted; long texts are cut."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.comparison.diffs.data_diff import shape_of
from mlmagic.comparison.diffs.environment_diff import facts_of, table_in
from mlmagic.comparison.diffs.run_files import RunFiles, read_all
from mlmagic.comparison.diffs.run_record import CODE, ENVIRONMENT, DatasetRecord
from mlmagic.comparison.pages.figure_series import series_of
from mlmagic.comparison.pages.listed_files import list_whole
from mlmagic.store import connection, experiments, refusals, tracking_uri
from mlmagic.store.changes.run_changes import ARCHIVED, NOTE, STAR, is_archived
from mlmagic.store.foreign_json import read_json
from mlmagic.store.keys import LONGEST_TAG
from mlmagic.store.query import queries
from mlmagic.store.query.direction import direction_of, interval_ends
from mlmagic.store.query.durations import duration_s, span_s
from mlmagic.store.query.evaluated import models_in
from mlmagic.store.query.infinities import number_as_logged
from mlmagic.store.query.light_runs import as_moment, as_text, context_in, oddities
from mlmagic.store.query.logged_models import models_of
from mlmagic.store.query.shown_tags import TOLD_TAGS, telling_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow.entities import Run

    from mlmagic.comparison.pages.listed_files import ListedFiles

OUTPUT = "mlmagic/output.txt"
TRACEBACK = "mlmagic/traceback.txt"
_TEXTS = {TRACEBACK: "Traceback", CODE: "Code", OUTPUT: "Output"}
_SOURCE = (
    "mlflow.source.name",
    "mlflow.source.git.branch",
    "mlflow.source.git.commit",
    "mlmagic.git.dirty",
    "mlflow.user",
)
_CHANGEABLE = (NOTE, STAR, ARCHIVED)
_MOST_VALUES = 2000
_MOST_PACKAGES = 400
_LONGEST_VALUE = 4000
_FIRST_CHARACTERS, _LAST_CHARACTERS = 60_000, 40_000


@dataclass(frozen=True)
class PageText:
    """A text of a run; *told* says what of it is not shown, and how to get it."""

    title: str
    path: str
    text: str
    told: str = ""


@dataclass(frozen=True)
class PageDataset:
    """A dataset of a run; *shape* is in words."""

    name: str
    digest: str
    context: str
    shape: str


@dataclass(frozen=True)
class RunPage:
    """A run with all that is recorded of it; pairs are names and values.

    *metrics* are in the order of *values*, their last values; *ends* are the names of the bounds of their intervals.
    *tags* are those that may be changed, *verdicts* what mlmagic found out about the run, *packages* the imported ones.
    *left_out* says which files are not listed, *problems* what could not be read.
    """

    id: str
    name: str
    experiment: str
    status: str
    is_deleted: bool
    is_starred: bool
    is_archived: bool
    started: int | None
    duration_s: float | None
    span_s: float | None
    url: str | None
    parent: str
    note: str
    source: list[tuple[str, str]]
    params: list[tuple[str, str]]
    metrics: list[tuple[str, str | None]]
    ends: dict[str, tuple[str, str]]
    values: list[float] = field(repr=False)
    tags: list[tuple[str, str]]
    verdicts: list[tuple[str, str]]
    datasets: list[PageDataset]
    models: list[tuple[str, str]]
    evaluated: list[tuple[str, str]]
    environment: list[tuple[str, str]]
    packages: list[tuple[str, str]]
    installed: int
    texts: list[PageText]
    figures: list[dict[str, Any]]
    files: list[tuple[str, int]]
    left_out: str
    problems: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return the page as plain data, without the *values*, which JSON does not take if they are not finite."""
        return {name: value for name, value in asdict(self).items() if name != "values"}


def read_page(run_id: str) -> RunPage:
    """Return the page of a run; what of it cannot be read is named in ``problems``.

    Raises
    ------
    RunNotFoundError, StoreError
        If there is no such run, or the store cannot be read.
    """
    run = queries.get_run(run_id)
    stored = connection.ask(partial(_read_stored, run))
    files = RunFiles(run.info.run_id, run.info.artifact_uri)
    listed = list_whole(files)
    read_all((files, path) for path in (*_TEXTS, ENVIRONMENT))
    return _page(run, stored, files, listed)


class _Stored(NamedTuple):
    """What is asked of the store besides the run: names and ids of its models, and what could not be read."""

    experiment: str
    models: list[tuple[str, str]]
    problems: list[str]


def _read_stored(run: Run) -> _Stored:
    client = connection.connect()
    with refusals.refused_by(tracking_uri.current_uri()):
        experiment = experiments.name_of(client, run.info.experiment_id)
    try:
        models = [(str(model.name), str(model.model_id)) for model in models_of(client, run)]
    except Exception as error:  # noqa: BLE001  # older servers have no logged models; the page has the rest
        return _Stored(experiment, [], [f"its models cannot be read: {type(error).__name__}"])
    return _Stored(experiment, models, [])


def _page(run: Run, stored: _Stored, files: RunFiles, listed: ListedFiles) -> RunPage:
    info, tags = run.info, run.data.tags
    told = telling_tags(tags)
    about = read_json(files.text(ENVIRONMENT), dict) or {}
    imported = table_in(about, "imported")
    metrics = sorted(run.data.metrics)[:_MOST_VALUES]
    unread = [f"{path or 'its files'}: {why}" for path, why in files.problems.items() if path not in _TEXTS]
    return RunPage(
        id=info.run_id,
        name=as_text(info.run_name),
        experiment=stored.experiment,
        status=as_text(info.status),
        is_deleted=info.lifecycle_stage == "deleted",
        is_starred=tags.get(STAR) == "true",
        is_archived=is_archived(tags),
        started=as_moment(info.start_time),
        duration_s=duration_s(run),
        span_s=span_s(run),
        url=tracking_uri.url(info.run_id, info.experiment_id),
        parent=tags.get("mlflow.parentRunId", ""),
        note=_short(tags.get(NOTE, ""), LONGEST_TAG),
        source=[(TOLD_TAGS[key], _short(told[key])) for key in _SOURCE if key in told],
        params=_pairs(run.data.params),
        metrics=[(name, direction_of(name)) for name in metrics],
        ends=interval_ends(metrics),
        values=[number_as_logged(run.data.metrics[name]) for name in metrics],
        tags=_pairs(
            {key: value for key, value in told.items() if not key.startswith(("mlflow.", "mlmagic."))}, LONGEST_TAG
        ),
        verdicts=[
            (TOLD_TAGS[key], _short(value))
            for key, value in told.items()
            if key in TOLD_TAGS and key not in (*_SOURCE, *_CHANGEABLE)
        ],
        datasets=_datasets(run.inputs.dataset_inputs if run.inputs else ()),
        models=stored.models,
        evaluated=[(name, ", ".join(one.metrics)) for name, one in models_in(tags).items()],
        environment=[(name, _short(value)) for name, value in facts_of(about)],
        packages=[(str(name), str(version)) for name, version in sorted(imported.items())][:_MOST_PACKAGES],
        installed=len({**table_in(about, "installed"), **imported}),
        texts=[text for path, title in _TEXTS.items() if (text := _text(files, path, title, run.info.run_id))],
        figures=[asdict(one) for one in series_of([listed.sizes])],
        files=list(listed.sizes.items()),
        left_out=listed.left_out,
        problems=[*oddities(run), *stored.problems, *unread],
    )


def _text(files: RunFiles, path: str, title: str, run_id: str) -> PageText | None:
    """Return a text that is cut if it is long, or why it was not read; None if the run has none."""
    whole = f'mlmagic.Run("{run_id}").text("{path}") returns all of it.'
    text = files.text(path)
    if text is None:
        why = files.problems.get(path)
        return PageText(title, path, "", f"It is {why}. {whole}") if why else None
    if len(text) <= _FIRST_CHARACTERS + _LAST_CHARACTERS:
        return PageText(title, path, text)
    left_out = len(text) - _FIRST_CHARACTERS - _LAST_CHARACTERS
    shown = f"{text[:_FIRST_CHARACTERS]}\n… {left_out:,} characters are left out …\n{text[-_LAST_CHARACTERS:]}"
    return PageText(title, path, shown, f"{left_out:,} of {len(text):,} characters are left out in the middle. {whole}")


def _pairs(values: Mapping[str, str], longest: int = _LONGEST_VALUE) -> list[tuple[str, str]]:
    return [(key, _short(values[key], longest)) for key in sorted(values)[:_MOST_VALUES]]


def _short(value: str, longest: int = _LONGEST_VALUE) -> str:
    return value if len(value) <= longest else f"{value[:longest]}…"


def _datasets(inputs: Iterable[Any]) -> list[PageDataset]:
    records: Sequence[tuple[DatasetRecord, str]] = [
        (
            DatasetRecord(as_text(one.dataset.name), as_text(one.dataset.digest), one.dataset.profile or ""),
            context_in(one),
        )
        for one in inputs
    ]
    return [PageDataset(record.name, record.digest, context, shape_of(record) or "") for record, context in records]
