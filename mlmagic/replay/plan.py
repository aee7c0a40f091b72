"""Plan a replay: which cells run, in which folder, with which sources of modules, and what makes it impossible."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.replay.slicing import slice_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.replay.recorded_session import RecordedSession
    from mlmagic.session.log import LoggedCell

_REPRODUCES = re.compile(r"^([ \t]*)(?:\w+[ \t]*=[ \t]*)?%(?:reproduce|why)\b.*$", re.MULTILINE)
_SHOWS = re.compile(
    r"\s*(?:%(?:runs|compare|diff|checklist|mlmagic|models)\b|(?:\w+\s*=\s*)?%(?:reproduce|why)\b|%(?:who.?|history)\b)"
)
_REDACTED = "<redacted>"
_LEAST_TIMEOUT_S, _TIMES, _MORE_S = 60.0, 10.0, 30.0


@dataclass(frozen=True)
class ReplayPlan:
    """What a replay runs. ``at`` are indices in the session's cells; the last one is the run's own cell."""

    session: RecordedSession
    at: tuple[int, ...]
    is_slice: bool
    folder: Path

    @property
    def cells(self) -> list[LoggedCell]:
        """The cells to run, in order."""
        return [self.session.cells[at] for at in self.at]

    @property
    def original_seconds(self) -> float:
        """How long these cells took."""
        return sum(cell.duration_s or 0.0 for cell in self.cells)

    def restored_modules(self) -> dict[str, list[dict[str, str]]]:
        """Return the user's modules whose files have changed, with the sources that each import and reload read."""
        found: dict[str, list[dict[str, str]]] = {}
        for cell in self.session.cells:
            for name, fact in modules_of(cell).items():
                found.setdefault(name, []).append(fact)
        return {
            name: facts
            for name, facts in found.items()
            if all(map(_is_whole, facts)) and {fact["sha256"] for fact in facts} != {_digest(Path(facts[0]["file"]))}
        }

    def reloaded_before(self, index: int) -> list[str]:
        """Return the modules that ``%autoreload`` read again before the cell at *index* of the plan."""
        cell = self.cells[index]
        if "reload(" in cell.source:  # it reads them again itself
            return []
        earlier = {name for one in self.session.cells[: self.at[index]] for name in modules_of(one)}
        return [name for name in modules_of(cell) if name in earlier]

    def changed_modules(self) -> list[str]:
        """Return the user's modules whose source has changed since, and cannot be restored."""
        facts = [one for cell in self.session.cells for one in modules_of(cell).items()]
        return [name for name, fact in facts if fact["sha256"] != _digest(Path(fact["file"])) and not _is_whole(fact)]


def replayable(source: str) -> str:
    r"""Return a cell's source without ``%reproduce`` and ``%why``, which would replay in the replay.

    Lines keep their number.

    >>> replayable("x = 1\nfound = %reproduce forest --yes\nx")
    'x = 1\npass\nx'
    """
    return _REPRODUCES.sub(r"\1pass", source)


def _only_shows(source: str) -> bool:
    """Return whether a cell only shows what was recorded: a replay needs none of it, and its store has none."""
    lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and all(map(_SHOWS.match, lines))


def plan_of(session: RecordedSession, *, full: bool, folder: Path | None = None) -> ReplayPlan:
    """Return the plan for *session*: the slice that the run's cell needs, or with *full* all of its cells."""
    cells = session.cells
    sliced = None if full or session.other_kernels else slice_of(cells)
    whole = tuple(
        at
        for at, cell in enumerate(cells)
        if cell.status != "rejected" and cell.source.strip() and (at == len(cells) - 1 or not _only_shows(cell.source))
    )
    at = whole if sliced is None else tuple(one for one in sliced if one in set(whole))
    return ReplayPlan(session, at, len(at) < len(whole), folder or _folder(session))


def _folder(session: RecordedSession) -> Path:
    folder = session.start.get("folder")
    return Path(folder) if isinstance(folder, str) and folder else Path.cwd()


def needed(plan: ReplayPlan) -> set[int]:
    """Return the indices in the plan of the cells that the run's cell needs; all of them if no slice can be made."""
    sliced = set(slice_of(plan.session.cells) or plan.at)
    return {index for index, at in enumerate(plan.at) if at in sliced}


def why_impossible(plan: ReplayPlan) -> str | None:
    """Return what makes a replay impossible before it has begun, None if nothing is known."""
    if sys.platform == "win32":
        return "replays need a system with process groups, such as Linux or macOS"
    if not plan.session.cells:
        return "the record has no cells"
    if plan.session.other_kernels:
        return "the run was continued in another kernel, so its state is that of two sessions"
    if not plan.folder.is_dir():
        return f"the folder that it ran in is not here: {plan.folder}"
    for cell in plan.cells:
        if cell.status == "interrupted" and cell.record.get("bound"):
            return (
                f"cell [{cell.number}] was interrupted after {cell.duration_s or 0:.0f} s, and how far it had come is "
                "not recorded"
            )
    return None


def timeout_of(cell: LoggedCell, given_s: float | None) -> float:
    """Return how many seconds a cell may take: *given_s*, or ten times what it took, and at least a minute."""
    return given_s if given_s is not None else max(_LEAST_TIMEOUT_S, _TIMES * (cell.duration_s or 0.0) + _MORE_S)


def has_redactions(cells: Sequence[LoggedCell]) -> list[LoggedCell]:
    """Return the cells in whose source a secret was redacted."""
    return [cell for cell in cells if _REDACTED in cell.source]


def redacted_name(cell: LoggedCell) -> str:
    """Return the name that a redacted secret was assigned to, or what stands before it."""
    found = re.search(rf"([^\W\d]\w*)\W*{_REDACTED}", cell.source)
    return repr(found[1]) if found else ""


def modules_of(cell: LoggedCell) -> dict[str, dict[str, str]]:
    """Return the modules of the user that a cell imported: file, SHA-256 and source of each, as far as recorded."""
    facts = cell.record.get("modules")
    return {
        name: fact
        for name, fact in (facts.items() if isinstance(facts, dict) else ())
        if isinstance(fact, dict) and isinstance(fact.get("file"), str) and isinstance(fact.get("sha256"), str)
    }


def _is_whole(fact: dict[str, str]) -> bool:
    source = fact.get("source")
    return isinstance(source, str) and hashlib.sha256(source.encode()).hexdigest() == fact["sha256"]


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def current_fact(path: Path) -> list[object]:
    """Return the SHA-256 and the size of a file as they are now, as the record of a cell has them."""
    try:
        return [_digest(path), path.stat().st_size]
    except OSError:
        return [None, 0]
