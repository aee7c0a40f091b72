"""The cells of a replay that its last cell does not seem to use: a replay without them shows whether that is so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.replay.cell_effects import names_used
from mlmagic.replay.order import makers_of_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.session.log import LoggedCell


def unused_cells(cells: Sequence[LoggedCell], *, also_changing: bool = False) -> list[int]:
    """Return the indices of the cells that bind only names which the last of *cells* does not use, or no longer.

    Cells that wrote a file which a later cell reads are not among them.

    Parameters
    ----------
    also_changing
        Also return cells that bind no name; they may change an object.

    Examples
    --------
    >>> from mlmagic.session.log import LoggedCell
    >>> sources = ["%load_ext mlmagic", "x = 1", "y = 2", "x = 3", "print(y)", "score = x"]
    >>> unused_cells([LoggedCell(at, one, "ok") for at, one in enumerate(sources)])
    [1, 2]
    """
    makers = makers_of_names(cells)
    return [
        at
        for at, cell in enumerate(cells[:-1])
        if at not in makers
        and "%load_ext" not in cell.source
        and (also_changing or cell.run is not None or names_used(cell)[1])
        and not _feeds_a_file(cells, at)
    ]


def _feeds_a_file(cells: Sequence[LoggedCell], at: int) -> bool:
    written = cells[at].record.get("written")
    paths = {path for path in written if isinstance(path, str)} if isinstance(written, list) else set()
    return bool(paths) and any(paths.intersection(cell.record.get("read") or ()) for cell in cells[at + 1 :])
