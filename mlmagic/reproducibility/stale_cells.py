"""Which inputs of a run come from a version of a cell that has been edited since: read off the execution log.

The log says in what order cells ran, not where they stand in the notebook. So what can be told from it is that a cell
was run again with another source that does not bind a name any more, which the run reads all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.reproducibility.cells import read_cell
from mlmagic.session.observation.scopes import CellNames, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.session.log import LoggedCell


def stale_inputs(log: Sequence[LoggedCell]) -> list[str]:
    """Return a sentence for each name that the last cell depends on and that no cell of the notebook binds any more.

    >>> from mlmagic.session.log import LoggedCell
    >>> first, edited = LoggedCell(1, "lr = 0.1", "ok", cell_id="a"), LoggedCell(2, "rate = 0.1", "ok", cell_id="a")
    >>> stale_inputs([first, edited, LoggedCell(3, "print(lr)", "ok", cell_id="b")])
    ['lr was bound by cell [1], which has been edited since: cell [2] does not bind it']
    """
    cells = [cell for cell in log if not cell.nested and cell.status != "rejected"]
    if not cells:
        return []
    names = [_names(cell) for cell in cells]
    latest = {cell.cell_id: at for at, cell in enumerate(cells) if cell.cell_id is not None}
    found: dict[str, str] = {}
    wanted = [(name, len(cells) - 1) for name in _read(names[-1])]
    seen = set(wanted)
    while wanted:
        name, before = wanted.pop()
        at = next((one for one in reversed(range(before)) if name in names[one].bound), None)
        if at is None:
            continue
        cell_id = cells[at].cell_id
        now = at if cell_id is None else latest.get(cell_id, at)
        if now != at and name not in names[now].bound:
            found[name] = (
                f"{name} was bound by cell [{cells[at].number}], which has been edited since: "
                f"cell [{cells[now].number}] does not bind it"
            )
        for read in _read(names[at]):
            if (read, at) not in seen:
                seen.add((read, at))
                wanted.append((read, at))
    return list(found.values())


def _names(cell: LoggedCell) -> CellNames:
    try:
        return names_of(read_cell(cell.source).tree)
    except (SyntaxError, ValueError, RecursionError):
        return CellNames()


def _read(names: CellNames) -> set[str]:
    return {*names.read, *names.read_inside}
