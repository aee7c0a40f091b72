"""Whether a run's inputs came from cells that ran in the order in which they stand, and that have not changed since."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlmagic.replay.cell_effects import imports_of, names_used

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlmagic.session.log import LoggedCell

Verdict = Literal["clean", "out-of-order", "stale"]
_LARGEST_NOTEBOOK = 5_000_000


@dataclass(frozen=True)
class CellOrder:
    """The verdict, and the reason in words if it is not ``clean``."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class SavedCells:
    """The cells of the saved notebook: position and source of each, by its id; ``saved`` is when, in seconds."""

    positions: Mapping[str, int]
    sources: Mapping[str, str]
    saved: float


def order_of(cells: Sequence[LoggedCell], saved: SavedCells | None = None) -> CellOrder:
    """Return whether what the last of *cells* uses came from cells in order and not since edited.

    A cell is recognised by the notebook's id of it. Without *saved*, a cell stands where it first ran.

    Parameters
    ----------
    cells
        A session's cells in the order in which they ran, without nested ones.

    Examples
    --------
    >>> from mlmagic.session.log import LoggedCell
    >>> def cell(number, cell_id, source):
    ...     return LoggedCell(number, source, "ok", cell_id=cell_id)
    >>> edited = [cell(1, "a", "x = 1"), cell(2, "a", "y = 2"), cell(3, "b", "score = x")]
    >>> order_of(edited).verdict, order_of(edited).reason
    ('stale', 'x comes from cell [1], which was edited and run again as [2]')
    """
    latest = {cell.cell_id: at for at, cell in enumerate(cells) if cell.cell_id}
    positions = saved.positions if saved is not None else {}
    first: dict[str, int] = {}
    for at, cell in enumerate(cells):
        if cell.cell_id:
            first.setdefault(cell.cell_id, at)
    out_of_order = ""
    for at, producer, name in _edges(cells):
        source, user = cells[producer], cells[at]
        if source.cell_id is None:
            continue
        again = cells[latest[source.cell_id]]
        is_edited = again is not source and again.source != source.source
        reason = f"edited and run again as {_of(again)}" if is_edited else _not_as_saved(source, saved)
        if reason:
            return CellOrder("stale", f"{name} comes from cell {_of(source)}, which was {reason}")
        if user.cell_id is None or out_of_order or source.cell_id == user.cell_id:
            continue
        known = positions if {source.cell_id, user.cell_id} <= positions.keys() else first
        if known[source.cell_id] > known[user.cell_id]:
            out_of_order = f"{name} comes from cell {_of(source)}, which stands below the cell {_of(user)} that uses it"
    return CellOrder("out-of-order", out_of_order) if out_of_order else CellOrder("clean")


def _of(cell: LoggedCell) -> str:
    return f"[{cell.number}]" if cell.number is not None else "without a number"


def _not_as_saved(cell: LoggedCell, saved: SavedCells | None) -> str:
    """Return how the saved notebook has the cell since it ran; empty if it has it as it was, or was not saved since."""
    if saved is None or cell.started is None or saved.saved < cell.started + (cell.duration_s or 0.0):
        return ""
    if cell.cell_id not in saved.sources:
        return "deleted"
    return "edited" if saved.sources[str(cell.cell_id)].rstrip() != cell.source.rstrip() else ""


def makers_of_names(cells: Sequence[LoggedCell]) -> set[int]:
    """Return the indices of the cells that bound what the last of *cells* uses, or what they use in turn.

    Cells that only changed an object are not among them.

    >>> from mlmagic.session.log import LoggedCell
    >>> makers_of_names([LoggedCell(at, one, "ok") for at, one in enumerate(["x = [1]", "x.append(2)", "y = x"])])
    {0}
    """
    return {producer for _, producer, _ in _edges(cells)}


def _edges(cells: Sequence[LoggedCell]) -> list[tuple[int, int, str]]:
    """Return (user, producer, name) of what the last cell uses, and what its producers use in turn."""
    imported = frozenset().union(*(imports_of(cell) for cell in cells)) if cells else frozenset()
    used = [names_used(cell) for cell in cells]
    bound_at: dict[str, list[int]] = {}
    for at, (_, binds) in enumerate(used):
        for name in binds:
            bound_at.setdefault(name, []).append(at)
    found: list[tuple[int, int, str]] = []
    queue, seen = [len(cells) - 1], set()
    while queue:
        at = queue.pop()
        if at in seen or at < 0:
            continue
        seen.add(at)
        for name in sorted(used[at][0] - imported):
            places = bound_at.get(name, [])
            before = bisect_left(places, at)
            if before:
                producer = places[before - 1]
                found.append((at, producer, name))
                queue.append(producer)
    return found


_saved: dict[str, tuple[tuple[int, int], SavedCells | None]] = {}
"""By path, the cells of a saved notebook with the size and time of its file: a file is the same in every session."""


def saved_cells(notebook: Path | None) -> SavedCells | None:
    """Return the cells of the saved *notebook*, None if there is none, or it is too large to read after each cell."""
    if notebook is None or notebook.suffix != ".ipynb":
        return None
    try:
        state = notebook.stat()
        key = (state.st_size, state.st_mtime_ns)
        if state.st_size > _LARGEST_NOTEBOOK:
            return None
        if str(notebook) not in _saved or _saved[str(notebook)][0] != key:
            _saved[str(notebook)] = key, _read(notebook, state.st_mtime)
    except OSError:
        return None
    return _saved[str(notebook)][1]


def _read(notebook: Path, saved: float) -> SavedCells | None:
    try:
        content = json.loads(notebook.read_text("utf-8"))
        cells = [cell for cell in content["cells"] if isinstance(cell.get("id"), str)]
        sources = {cell["id"]: "".join(cell["source"]) for cell in cells}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return SavedCells({cell["id"]: at for at, cell in enumerate(cells)}, sources, saved) if sources else None
