"""The difference of two or more runs as plain data, which ``%diff`` and the comparison widget show."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.diffs.data_diff import DataRow, data_rows
from mlmagic.comparison.diffs.environment_diff import EnvironmentDiff, environment_diff
from mlmagic.comparison.diffs.figure_diff import FigureRow, figure_rows
from mlmagic.comparison.diffs.git_diff import GitDiff, git_diff
from mlmagic.comparison.diffs.recorded_text import TextChange, text_changes
from mlmagic.comparison.diffs.run_files import read_all
from mlmagic.comparison.diffs.run_record import CODE
from mlmagic.comparison.diffs.value_diff import MetricRow, ValueRow, metric_rows, value_rows
from mlmagic.errors import UsageProblem
from mlmagic.store.query.shown_tags import TOLD_TAGS, telling_tags
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.comparison.diffs.run_files import RunFiles
    from mlmagic.comparison.diffs.run_record import RunRecord

_OF_GIT = ("mlflow.source.git.", "mlmagic.git.")


@dataclass(frozen=True)
class RunHead:
    """The identity of a run; times are as in `RunRecord`."""

    id: str
    name: str
    experiment: str
    status: str
    started: int | None
    duration_s: float | None
    span_s: float | None
    url: str | None


@dataclass(frozen=True)
class SectionCount:
    """The number of *differing*, *equal* and *unknown* (not comparable) items of a section."""

    section: str
    differing: int
    equal: int
    unknown: int


@dataclass(frozen=True)
class Difference:
    """The difference of runs from the first of them, the base.

    Values are in the order of *runs*. Comparisons with the base (code, patches, changes of data) begin with the second
    run. *notices* say what could not be read.
    """

    runs: tuple[RunHead, ...]
    counts: tuple[SectionCount, ...]
    metrics: tuple[MetricRow, ...]
    params: tuple[ValueRow, ...]
    code: tuple[TextChange, ...]
    data: tuple[DataRow, ...]
    figures: tuple[FigureRow, ...]
    git: GitDiff
    environment: EnvironmentDiff
    tags: tuple[ValueRow, ...]
    notices: tuple[str, ...]
    files: Mapping[str, RunFiles] = field(compare=False, repr=False)

    def __repr__(self) -> str:
        differing = [f"{count.section}: {count.differing}" for count in self.counts if count.differing]
        return f"<Difference of {', '.join(repr(run.name) for run in self.runs)}; {', '.join(differing) or 'none'}>"

    def to_json(self) -> dict[str, Any]:
        """Return the difference as plain JSON by field names; NaN and infinities become strings."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self) if one.name != "files"}

    def figure_bytes(self, run_id: str, path: str) -> bytes:
        """Return a figure of one of the runs, by its path in `figures`.

        Raises
        ------
        UsageProblem
            If there is no such figure, or it is too large or cannot be read.
        """
        known = [one for row in self.figures for one in row.paths if one]
        if run_id not in self.files or path not in known:
            raise UsageProblem(f"the compared runs have no figure {path!r}.{did_you_mean(path, known)}")
        self.fetch_figures([(run_id, path)])
        content = self.files[run_id].content(path)
        if content is None:
            raise UsageProblem(f"the figure {path!r} is {self.files[run_id].why_not(path) or 'not of this run'}")
        return content

    def fetch_figures(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read figures, given as (run id, path), concurrently, so that `figure_bytes` needs no further requests."""
        read_all((self.files[run_id], path) for run_id, path in wanted)


def difference_of(records: Sequence[RunRecord]) -> Difference:
    """Return the difference of two or more *records* from the first of them."""
    files = [record.files for record in records]
    metrics = metric_rows([record.metrics for record in records])
    params = value_rows([record.params for record in records])
    code = text_changes(
        [one.text(CODE) for one in files],
        problems=[one.why_not(CODE) for one in files],
        same="the same code",
        none="no source recorded",
    )
    data = data_rows([record.datasets for record in records])
    figures = figure_rows(files)
    git = git_diff(records)
    environment = environment_diff(records)
    tags = value_rows([_tags(record) for record in records])
    counts = (
        _counted("metrics", [row.differs for row in metrics]),
        _counted("params", [row.differs for row in params]),
        _counted("code", [_verdict(change.verdict) for change in code]),
        _counted("data", [_differs(row) for row in data]),
        _counted("figures", [row.differs for row in figures]),
        _counted(
            "git",
            [*(row.differs for row in git.facts), *(_verdict(one.verdict) for one in git.patches)],
            known_of=len(records) - len(git.missing),
        ),
        _counted(
            "environment",
            [row.differs for row in (*environment.facts, *environment.imported, *environment.installed)],
            environment.equal_packages,
            known_of=len(records) - len(environment.missing),
        ),
        _counted("tags", [row.differs for row in tags]),
    )
    return Difference(
        runs=tuple(_head(record) for record in records),
        counts=counts,
        metrics=metrics,
        params=params,
        code=code,
        data=data,
        figures=figures,
        git=git,
        environment=environment,
        tags=tags,
        notices=tuple(_notices(records)),
        files={record.id: record.files for record in records},
    )


def _head(record: RunRecord) -> RunHead:
    return RunHead(
        record.id,
        record.name,
        record.experiment,
        record.status,
        record.started,
        record.duration_s,
        record.span_s,
        record.url,
    )


def _tags(record: RunRecord) -> dict[str, str | None]:
    return {
        TOLD_TAGS.get(key, key): value
        for key, value in telling_tags(record.tags).items()
        if not key.startswith(_OF_GIT)
    }


def _verdict(verdict: str) -> bool | None:
    """Return whether a verdict means a difference, or None if that is unknown."""
    return None if verdict in {"unknown", "absent"} else verdict != "same"


def _differs(row: DataRow) -> bool | None:
    verdicts = {_verdict(change.verdict) for change in row.changes}
    return True if True in verdicts else None if verdicts == {None} else False


def _counted(
    section: str, differ: Sequence[bool | None], equal: int = 0, *, known_of: int | None = None
) -> SectionCount:
    """Count the items of a section. Equal items count as unknown if at most one run has a record (*known_of*)."""
    differing, unknown, equal = differ.count(True), differ.count(None), differ.count(False) + equal
    if known_of is not None and known_of <= 1:
        return SectionCount(section, differing, 0, unknown + equal)
    return SectionCount(section, differing, equal, unknown)


def _notices(records: Iterable[RunRecord]) -> Iterable[str]:
    for record in records:
        yield from (f"{record.name or record.id}: {odd}" for odd in record.odd)
        for path, problem in record.files.problems.items():
            yield f"{record.name or record.id}, {path or 'files'}: {problem}"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
