"""The execution log: every cell that ran since the extension was loaded, in order, so that it can be replayed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from mlmagic.session.record.shown import without_secrets
from mlmagic.session.script import as_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CellStatus = Literal["running", "ok", "error", "interrupted", "rejected", "unknown"]
_STATUSES: tuple[CellStatus, ...] = get_args(CellStatus)
_KEPT_BACK = frozenset({"_shown", "record", "states", "inputs", "runs"})


class Shown(NamedTuple):
    """A cell as it is recorded, without secrets: its source as typed and as Python, and how many secrets each had.

    ``known`` is what redaction knew at that time.
    """

    source: str
    python: str
    in_source: int
    in_python: int
    known: tuple[object, ...]
    record: dict[str, Any]


@dataclass
class LoggedCell:
    """One executed cell. ``started`` is in seconds since the epoch, ``run`` the id of the run that recorded it.

    ``record`` is what the cell did besides (`mlmagic.session.record.cell_record`), ``states`` the states of the random
    generators before it, which only the run of the cell itself stores, as it stores the digests of ``inputs``. ``runs``
    are the ids of all runs that the cell opened, blocks too.
    """

    number: int | None
    source: str
    status: CellStatus = "running"
    started: float | None = None
    duration_s: float | None = None
    cell_id: str | None = None
    nested: bool = False
    run: str | None = None
    record: dict[str, Any] = field(default_factory=dict)
    states: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    inputs: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)
    runs: list[str] = field(default_factory=list, repr=False, compare=False)
    _shown: Shown | None = field(default=None, repr=False, compare=False)

    def shown(self) -> Shown:
        """Return the cell as it is recorded; the result is cached, because several runs record it.

        What was redacted once stays so, also when redaction has forgotten the secret.
        """
        from mlmagic.snapshot.secrets import redaction  # `%load_ext` needs none of it

        known = redaction.knowledge()
        before = self._shown or Shown(self.source, as_python(self.source), 0, 0, (), {})
        if self._shown is None or before.known != known:
            source, in_source = redaction.redact(before.source)
            python, in_python = redaction.redact(before.python)
            in_source, in_python = in_source + before.in_source, in_python + before.in_python
            self._shown = Shown(source, python, in_source, in_python, known, {})
            self._redact_record()
        elif len(self._shown.record) < len(self.record):  # it was shown while it ran
            self._redact_record()
        return self._shown

    def _redact_record(self) -> None:
        assert self._shown is not None  # noqa: S101  # set by the caller
        self._shown = self._shown._replace(record=without_secrets(self.record))

    def facts(self) -> dict[str, object]:
        """Return the cell as plain data, without secrets."""
        shown = self.shown()
        facts = {name: value for name, value in vars(self).items() if name not in _KEPT_BACK}
        facts["source"] = shown.source
        return facts | {"record": shown.record} if shown.record else facts

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> LoggedCell:
        """Return the cell that `facts` described; anyone may have written *facts*: wrong types are ignored."""

        def fact(name: str, *kinds: type) -> Any:
            return facts[name] if type(facts.get(name)) in kinds else None

        status: CellStatus | None = next((one for one in _STATUSES if one == facts.get("status")), None)
        return cls(
            number=fact("number", int),
            source=fact("source", str) or "",
            status=status or "unknown",
            started=fact("started", float, int),
            duration_s=fact("duration_s", float, int),
            cell_id=fact("cell_id", str),
            nested=fact("nested", bool) or False,
            run=fact("run", str),
            record=fact("record", dict) or {},
        )


@dataclass(repr=False)
class ExecutionLog:
    """The executed cells, in order. Cells from before the extension was loaded have the status ``unknown``."""

    cells: list[LoggedCell] = field(default_factory=list)
    _taught: int = field(default=0, repr=False, compare=False)

    def teach(self) -> None:
        """Let redaction learn the secrets in the cells that were added since the last call."""
        for cell in self.cells[self._taught :]:
            cell.shown()
        self._taught = len(self.cells)

    def before_load(self, sources: Iterable[tuple[int, str]]) -> None:
        """Add the session's cells that ran before the extension was loaded: (number, source) pairs."""
        self.cells += [LoggedCell(number, source, "unknown") for number, source in sources if source.strip()]

    def begin(self, source: str, number: int | None, *, cell_id: str | None = None, nested: bool = False) -> LoggedCell:
        """Note that a cell starts."""
        cell = LoggedCell(number, source, started=time.time(), cell_id=cell_id, nested=nested)
        self.cells.append(cell)
        return cell

    def end(self, cell: LoggedCell, status: CellStatus) -> None:
        """Note how a cell ended."""
        cell.status = status
        if cell.started is not None:
            cell.duration_s = round(time.time() - cell.started, 4)

    def count_to(self, cell: LoggedCell | None = None) -> int:
        """Return how many cells there are up to and including *cell*, or in all."""
        count = len(self.cells)
        if cell is None:
            return count
        return next((at + 1 for at in reversed(range(count)) if self.cells[at] is cell), count)

    def to_script(self) -> str:
        r"""Return the whole log as a readable script in percent format, without secrets.

        IPython-only syntax becomes a comment.

        >>> log = ExecutionLog()
        >>> log.end(log.begin("%seed 42\nx = 1", 1), "ok")
        >>> print(log.to_script())
        # %% [1] ok
        # %seed 42
        x = 1
        <BLANKLINE>
        """
        return script_of(self.cells)

    def __repr__(self) -> str:
        return f"<ExecutionLog of {len(self.cells):,} cells>"


def script_of(cells: Iterable[LoggedCell]) -> str:
    """Return *cells* as a script in percent format, without those that another cell ran, which that cell includes."""
    return "\n".join(
        f"# %% {'' if cell.number is None else f'[{cell.number}] '}{cell.status}\n{cell.shown().python}\n"
        for cell in cells
        if not cell.nested
    )
