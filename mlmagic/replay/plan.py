"""Plan a replay: which cells run, in which folder, with which sources of modules, and what makes it impossible."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.replay.slicing import slice_of
from mlmagic.session.record.files import LARGEST_HASHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.replay.recorded_session import RecordedSession
    from mlmagic.replay.tree.tree_copy import TreeCopy
    from mlmagic.session.log import LoggedCell

_REPRODUCES = re.compile(r"^([ \t]*)(\w+[ \t]*=[ \t]*)?%(?:reproduce|why)\b.*$", re.MULTILINE)
_NOT_REPLAYED = "__import__('mlmagic.replay.running.in_kernel', fromlist=['x']).NOT_REPLAYED"
_SHOWS = re.compile(
    r"\s*(?:%(?:runs|compare|diff|checklist|mlmagic|models)\b|(?:\w+\s*=\s*)?%(?:reproduce|why)\b|%(?:who.?|history)\b)"
)
_REDACTED = "<redacted>"
_LEAST_TIMEOUT_S, _TIMES, _MORE_S = 60.0, 10.0, 30.0


@dataclass(frozen=True)
class ReplayPlan:
    """What a replay runs. ``at`` are indices in the session's cells; the last one is the run's own cell.

    ``folder`` is the recorded working folder. ``tree`` is the copy of the run's commit to run in, None to run in the
    folder of today; ``not_in_git`` says of the changed files that Git does not give back why not.
    """

    session: RecordedSession
    at: tuple[int, ...]
    is_slice: bool
    folder: Path
    tree: TreeCopy | None = None
    not_in_git: Mapping[str, str] = field(default_factory=dict)

    @property
    def cells(self) -> list[LoggedCell]:
        """The cells to run, in order."""
        return [self.session.cells[at] for at in self.at]

    @property
    def original_seconds(self) -> float:
        """How long these cells took."""
        return sum(cell.duration_s or 0.0 for cell in self.cells)

    @property
    def working_folder(self) -> Path:
        """The folder in which the kernel starts."""
        return self.folder if self.tree is None else self.tree.place_of(self.folder)

    def restored_modules(self) -> dict[str, list[dict[str, str]]]:
        """Return the user's modules whose files have changed, with the sources that each import and reload read.

        In a copy these are all modules of the tree, since an installed one would come from the tree of today.
        """
        found = {name: [self._from_copy(fact) for fact in facts] for name, facts in self._facts_of_modules().items()}
        return {
            name: [self._in_copy(fact) for fact in facts]
            for name, facts in found.items()
            if all(map(_is_whole, facts)) and (self._is_copied(facts[0]["file"]) or _has_changed(facts))
        }

    def edited_modules(self) -> list[str]:
        """Return those of the restored modules whose files have changed."""
        facts = self._facts_of_modules()
        return [name for name in self.restored_modules() if _has_changed(facts[name])]

    def _facts_of_modules(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for name, fact in _all_modules(self.session.cells):
            found.setdefault(name, []).append(fact)
        return found

    def _is_copied(self, file: str) -> bool:
        return self.tree is not None and self.tree.has_root_above(file)

    def _from_copy(self, fact: dict[str, str]) -> dict[str, str]:
        """Return *fact* with the source that the copy has, if the record has not."""
        source = None if self.tree is None or _is_whole(fact) else self.tree.sources.get(fact["file"])
        return fact if source is None else {**fact, "source": source}

    def _in_copy(self, fact: dict[str, str]) -> dict[str, str]:
        if self.tree is None or not self._is_copied(fact["file"]):
            return fact
        return {**fact, "file": str(self.tree.place_of(fact["file"]))}

    def reloaded_before(self, index: int) -> list[str]:
        """Return the modules that ``%autoreload`` read again before the cell at *index* of the plan."""
        cell = self.cells[index]
        if "reload(" in cell.source:  # it reads them again itself
            return []
        earlier = {name for one in self.session.cells[: self.at[index]] for name in modules_of(one)}
        return [name for name in modules_of(cell) if name in earlier]

    def changed_modules(self) -> list[str]:
        """Return the user's modules whose source has changed since, and cannot be restored."""
        facts = _all_modules(self.session.cells)
        return [
            name
            for name, fact in facts
            if not _is_whole(self._from_copy(fact)) and fact["sha256"] != _digest(Path(fact["file"]))
        ]


def unrestorable_modules(plan: ReplayPlan) -> list[dict[str, str]]:
    """Return the facts of the user's modules whose source is not in the record."""
    return [fact for _, fact in _all_modules(plan.session.cells) if not _is_whole(fact)]


def replayable(source: str) -> str:
    r"""Return a cell's source without ``%reproduce`` and ``%why``, which would replay in the replay.

    Lines keep their number. What the magic was assigned to becomes a `running.in_kernel.NotReplayed`.

    >>> replayable("x = 1\n%reproduce forest --yes\nx")
    'x = 1\npass\nx'
    """
    return _REPRODUCES.sub(
        lambda found: f"{found[1]}{found[2]}{_NOT_REPLAYED}" if found[2] else f"{found[1]}pass", source
    )


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
    for cell in plan.cells:
        if cell.status == "interrupted" and cell.record.get("bound"):
            return (
                f"cell [{cell.number}] was interrupted after {cell.duration_s or 0:.0f} s, and how far it had come is "
                "not recorded"
            )
    return None


def why_no_folder(plan: ReplayPlan) -> str | None:
    """Return that the folder to run in is gone, None if it is there."""
    if plan.working_folder.is_dir():
        return None
    reason = plan.not_in_git.get(str(plan.folder), "")
    return f"the folder that it ran in is not here: {plan.folder}{f'; {reason}' if reason else ''}"


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


def _all_modules(cells: Sequence[LoggedCell]) -> Iterator[tuple[str, dict[str, str]]]:
    for cell in cells:
        yield from modules_of(cell).items()


def _has_changed(facts: Sequence[dict[str, str]]) -> bool:
    """Return whether the file of a module is another one now than each import and reload read."""
    return {fact["sha256"] for fact in facts} != {_digest(Path(facts[0]["file"]))}


def _is_whole(fact: dict[str, str]) -> bool:
    source = fact.get("source")
    return isinstance(source, str) and hashlib.sha256(source.encode()).hexdigest() == fact["sha256"]


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def current_fact(path: Path) -> list[object]:
    """Return the SHA-256 (None of a large file) and the size of a file as they are now, as the record of a cell has."""
    try:
        size = path.stat().st_size
        return [_digest(path) if size <= LARGEST_HASHED else None, size]
    except OSError:
        return [None, 0]
