"""Store a session's log: each cell once, and so that each run leads to the whole log up to itself.

::

    cells   0 ........ 400 ........ 790 ....... 812 ....... 820
            |  a part   |  a part   |  packed   |  as it is  |   the run of cell 820
            +-----------+-----------+-----------+------------+
              in the folder of the        in the run itself:
              experiment, shared          mlmagic/session.json

A part never changes and belongs to no run, so deleting runs deletes no part. Each run has the latest cells as plain
text, to be read. The cells between the last part and these are packed; when they are many, they become the next part.
So a run adds no more than a few thousand bytes, however long the session is.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mlmagic.session.log import LoggedCell, script_of
from mlmagic.snapshot.parts import TextPart, part_of, unpacked
from mlmagic.snapshot.randomness.states import packed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmagic.session.log import ExecutionLog

T = TypeVar("T")

FORMAT = 2
_SHOWN = 4_000
"""Characters of source that a run shows as plain text."""
_BESIDE = 200
"""Characters that are written per cell in addition to its source."""
_PACKED = 9_000
"""Bytes of packed cells that a run itself holds."""


class StoredLog(NamedTuple):
    """The log up to a run: the content of its ``mlmagic/session.json`` and ``session.py``, and the parts it refers to.

    ``redacted`` counts the secrets in the cells that no earlier run of the session had, for each of the two files.
    """

    content: dict[str, Any]
    script: str
    parts: list[TextPart]
    redacted: tuple[int, int]


@dataclass
class _Sealed:
    """A part, its range of cells, and the cells in it that had not ended when it was made, as the part has them."""

    first: int
    last: int
    part: TextPart
    unended: dict[int, dict[str, object]]


class LogStorage:
    """Stores the log of one session, run by run; if the session is over, *recorded* cells are in runs already.

    *start* returns what the session started from, *so_far* what the running cell has done so far: a run within a cell,
    such as that of a sweep, ends before its cell.
    """

    def __init__(
        self,
        log: ExecutionLog,
        *,
        recorded: int = 0,
        start: Callable[[], Mapping[str, Any]] = dict,
        so_far: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self.id = uuid.uuid4().hex
        self._start = start
        self._so_far = so_far
        self._log = log
        self._cells = log.cells
        self._sealed: list[_Sealed] = []
        self._recorded = recorded
        self._known: tuple[object, ...] = ()
        self._lock = threading.Lock()

    def cells_up_to(self, cell: LoggedCell) -> Sequence[LoggedCell]:
        """Return the cells up to and including *cell*."""
        return self._cells[: self._log.count_to(cell)]

    def up_to(self, cell: LoggedCell | None = None) -> StoredLog:
        """Return what the run of *cell* stores of the log; without *cell*, the whole log."""
        count = self._log.count_to(cell)
        if cell is not None and cell.status == "running" and not cell.nested:
            cell.record |= self._so_far()
        with self._lock:
            self._renew()
            new = min(self._recorded, max(count - 1, 0))
            self._recorded = max(self._recorded, count)
            # A cell that ran in parallel to others may end when later cells are in a part already.
            sealed = [one for one in self._sealed if one.last <= count]
            start = sealed[-1].last if sealed else 0
            shown_from = self._shown_from(start, new, count)
            packed = self._pack(start, shown_from)
            if len(packed.part.packed) > _PACKED and len(sealed) == len(self._sealed):
                self._sealed.append(packed)
                sealed.append(packed)
                packed = self._pack(shown_from, shown_from)
        shown = self._cells[shown_from:count]
        content: dict[str, Any] = {"format": FORMAT, "session": self.id, "python": sys.version.split()[0]}
        if shown_from:
            content["parts"] = [one.part.digest for one in sealed]
            content["packed"] = base64.b64encode(packed.part.packed).decode()
            content["ended_later"] = self._ended_later(sealed)
        parts = [one.part for one in sealed]
        if began := self._start():
            parts.append(part_of(json.dumps(began, separators=(",", ":")).encode()))
            content["start"] = parts[-1].digest
        content["cells"] = [cell.facts() for cell in shown]
        content |= _of_its_own(cell)
        added = [cell.shown() for cell in self._cells[new:count]]
        return StoredLog(
            content,
            f"{_not_shown(shown_from)}{script_of(shown)}",
            parts,
            (sum(cell.in_source for cell in added), sum(cell.in_python for cell in added)),
        )

    def _shown_from(self, start: int, new: int, count: int) -> int:
        """Return the first cell that is shown: all since the last run, and as many before them as there is room for."""
        first, room = count, _SHOWN
        while first > start:
            room -= len(self._cells[first - 1].source) + _BESIDE
            if room < 0 and first <= new:
                break
            first -= 1
        return first

    def _pack(self, first: int, last: int) -> _Sealed:
        facts = [cell.facts() for cell in self._cells[first:last]]
        part = part_of(json.dumps(facts, separators=(",", ":")).encode())
        unended = {at: fact for at, fact in enumerate(facts, first) if fact["status"] == "running"}
        return _Sealed(first, last, part, unended)

    def _ended_later(self, sealed: Sequence[_Sealed]) -> dict[str, dict[str, object]]:
        """Return what became known about cells after the part that holds them was made."""
        found = {}
        for part in sealed:
            for at, before in part.unended.items():
                now = self._cells[at].facts()
                found[str(at)] = {name: value for name, value in now.items() if value != before[name]}
        return found

    def _renew(self) -> None:
        """Rebuild the parts if more secrets are known than before: a part may contain one."""
        from mlmagic.snapshot.secrets import redaction  # `%load_ext` needs none of it

        known = redaction.knowledge()
        if known != self._known:
            self._known = known
            self._sealed = [self._pack(part.first, part.last) for part in self._sealed]


def _of_its_own(cell: LoggedCell | None) -> dict[str, Any]:
    """Return what only the run of *cell* stores: the random states before it, and digests of what it reads."""
    if cell is None:
        return {}
    own: dict[str, Any] = {"states": packed(cell.states)} if cell.states else {}
    return own | ({"inputs": cell.inputs} if cell.inputs else {})


def _not_shown(count: int) -> str:
    return f"# {count:,} earlier cells are left out here: mlmagic.Run.find(RUN).session has all\n\n" if count else ""


def cells_of(content: Mapping[str, Any], part: Callable[[str], bytes]) -> list[LoggedCell]:
    """Return the cells of the log in a run's ``mlmagic/session.json``; *part* returns the content of a part.

    Anyone may have written the file: values that do not fit are ignored.

    Raises
    ------
    ValueError
        When what it refers to is damaged.
    """
    found = []
    for earlier in _listed(content.get("earlier"), dict):
        found += cells_of(earlier, part)
    facts = []
    for digest in _listed(content.get("parts"), str):
        facts += _facts(part(digest))
    if packed := content.get("packed"):
        facts += _facts(unpacked(base64.b64decode(str(packed))))
    facts += _listed(content.get("cells"), dict)
    later = content.get("ended_later")
    for at, more in later.items() if isinstance(later, dict) else ():
        if isinstance(more, dict) and at.isdecimal() and int(at) < len(facts):
            facts[int(at)] |= more
    return [*found, *map(LoggedCell.of_facts, facts)]


def _facts(content: bytes) -> list[dict[str, Any]]:
    return _listed(json.loads(content), dict)


def _listed(value: Any, kind: type[T]) -> list[T]:
    return [one for one in value if isinstance(one, kind)] if isinstance(value, list) else []
