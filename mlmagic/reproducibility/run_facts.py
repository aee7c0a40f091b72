"""The facts of a run that the checklist is graded from: read from the store, where anyone may have written them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.diffs.run_files import list_all, read_all
from mlmagic.comparison.diffs.run_record import CODE, ENVIRONMENT, PATCH, REQUIREMENTS, RunRecord, read_records
from mlmagic.errors import MLMagicError
from mlmagic.reproducibility.cells import read_cell
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import logged_models, queries
from mlmagic.store.query.session_log import read_log

if TYPE_CHECKING:
    from mlflow.entities import Run

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.session.log import ExecutionLog, LoggedCell

_PARENT = "mlflow.parentRunId"
_SPLIT, _MODELS = "mlmagic/split.json", "mlmagic/models.json"
_FOLDER = "mlmagic"
_DEEPEST = 5


@dataclass(frozen=True)
class RunFacts:
    """What is recorded of a run; of a trial or fold, what its parent has for all of them is its own.

    ``cells`` are those of its session up to it that it depends on, None if none were recorded; ``models`` the names of
    its logged models, with ``has_model_requirements`` if one names its packages; ``parameters`` are those of all of its
    models.
    """

    run_id: str
    name: str
    status: str
    tags: dict[str, str]
    params: dict[str, str]
    datasets: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    models: tuple[str, ...] = ()
    environment: dict[str, Any] | None = None
    requirements: str | None = None
    patch: str | None = None
    split: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)
    cells: tuple[CodeCell, ...] | None = None
    all_cells: tuple[CodeCell, ...] = ()
    log: ExecutionLog | None = None
    unread: dict[str, str] = field(default_factory=dict)
    has_model_requirements: bool = False

    @property
    def is_of_mlmagic(self) -> bool:
        """Whether mlmagic recorded the run."""
        return "mlmagic.id" in self.tags or "mlmagic.version" in self.tags

    @property
    def is_child(self) -> bool:
        """Whether the run stands below another one."""
        return _PARENT in self.tags

    @property
    def files_read(self) -> list[str]:
        """The names of the files with a recorded SHA-256 that the cells which the run depends on have read."""
        numbers = {cell.number for cell in self.cells or ()}
        found: dict[str, None] = {}
        for cell in self.log.cells if self.log is not None else ():
            read = cell.record.get("read") if cell.number in numbers else None
            for path, fact in read.items() if isinstance(read, dict) else ():
                if isinstance(fact, list) and fact and isinstance(fact[0], str):
                    found[str(path).rpartition("/")[2]] = None
        return list(found)

    @property
    def is_script(self) -> bool:
        """Whether the code is a script or a block, so that there is no order of cells."""
        return self.tags.get("mlflow.source.type") not in {None, "NOTEBOOK"} and not self.all_cells


def facts_of(run: Run) -> RunFacts:
    """Read the facts of *run*.

    Raises
    ------
    StoreError
        If the store cannot be read. What cannot be read of its files is noted in ``unread``.
    """
    chain = [run, *_above(run)]
    records = read_records(chain)
    files = [record.files for record in records]
    list_all(files, [_FOLDER])
    read_all((one, path) for one in files for path in (_SPLIT, _MODELS))
    own = records[0]
    log = _log(chain)
    cells, all_cells = _cells(own, log, run.info.run_id)
    names, has_requirements = _models(run)
    unread = {path: reason for path in (ENVIRONMENT, REQUIREMENTS, PATCH) if (reason := own.files.why_not(path))}
    return RunFacts(
        run_id=own.id,
        name=own.name or own.id[:8],
        status=own.status,
        tags=_inherited_tags(records),
        params=dict(own.params),
        datasets=_datasets(records),
        models=names,
        environment=read_json(_first(records, ENVIRONMENT), dict),
        requirements=_first(records, REQUIREMENTS),
        patch=_first(records, PATCH),
        split=read_json(_first(records, _SPLIT), object),
        parameters=read_json(own.files.text(_MODELS), dict) or {},
        cells=cells,
        all_cells=all_cells,
        log=log,
        unread=unread,
        has_model_requirements=has_requirements,
    )


def _above(run: Run) -> list[Run]:
    """Return the run's parent and those above it, if they can be read: they have what all runs below them share."""
    found = [run]
    while len(found) <= _DEEPEST:
        parent = found[-1].data.tags.get(_PARENT)
        if not parent or any(parent == one.info.run_id for one in found):
            break
        try:
            found.append(queries.get_run(parent))
        except MLMagicError:
            break
    return found[1:]


def _first(records: list[RunRecord], path: str) -> str | None:
    return next((text for record in records if (text := record.files.text(path)) is not None), None)


def _inherited_tags(records: list[RunRecord]) -> dict[str, str]:
    """Return the run's tags, with the parent's that say where the code is."""
    own = dict(records[0].tags)
    for record in records[1:]:
        for name, value in record.tags.items():
            if name.startswith(("mlflow.source.", "mlmagic.git.", "mlmagic.order")):
                own.setdefault(name, value)
    return own


def _datasets(records: list[RunRecord]) -> tuple[tuple[str, str, dict[str, Any]], ...]:
    given = next((record.datasets for record in records if record.datasets), ())
    return tuple((str(one.name), str(one.digest or ""), read_json(one.profile, dict) or {}) for one in given)


def _log(chain: list[Run]) -> ExecutionLog | None:
    """Return the execution log of the run or of one above it, None if none can be read."""
    for run in chain:
        try:
            return connection.ask(lambda run=run: read_log(run), timeout_s=60.0)  # type: ignore[misc]
        except MLMagicError:
            continue
    return None


def _cells(
    own: RunRecord, log: ExecutionLog | None, run_id: str
) -> tuple[tuple[CodeCell, ...] | None, tuple[CodeCell, ...]]:
    """Return the cells that the run depends on, and all cells of its session up to it."""
    from mlmagic.reproducibility.needed_cells import needed

    if log is None or not log.cells:
        source = own.files.text(CODE)
        if source is None:
            return None, ()
        cell = read_cell(source, run=run_id, is_from_script=own.tags.get("mlflow.source.name", "").endswith(".py"))
        return (cell,), ()
    listed = tuple(
        read_cell(one.source, one.number, run=one.run) for one in log.cells if not one.nested and not _left_nothing(one)
    )
    return needed(listed), listed


def _left_nothing(cell: LoggedCell) -> bool:
    """Return whether a cell failed before it bound anything: what its text says did not happen."""
    return cell.status == "rejected" or (cell.status == "error" and "bound" in cell.record and not cell.record["bound"])


def _models(run: Run) -> tuple[tuple[str, ...], bool]:
    """Return the names of the run's logged models, and whether there are any whose format names its packages."""

    def ask() -> list[Any]:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            return list(logged_models.models_of(client, run))

    try:
        found = connection.ask(ask)
    except MLMagicError:
        return (), False
    return tuple(str(one.name) for one in found), bool(found)
