"""Pair the cells of two sessions: those that are the same cell, in the order in which they ran."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.session.log import LoggedCell

    Pair = tuple[LoggedCell | None, LoggedCell | None]

_ALIKE = 0.5


def paired(first: Sequence[LoggedCell], second: Sequence[LoggedCell]) -> list[Pair]:
    """Return the pairs of cells of both sessions in order; a cell that only one of them has is paired with None.

    The last cells are a pair. Cells with the same text are, then those with the same id in the notebook, then those
    whose text is alike.

    Examples
    --------
    >>> from mlmagic.session.log import LoggedCell
    >>> def cells(*sources):
    ...     return [LoggedCell(at, source) for at, source in enumerate(sources)]
    >>> pairs = paired(cells("a = 1", "%%track x"), cells("a = 2", "df = clean(df)", "%%track x"))
    >>> [(one.source if one else "", other.source if other else "") for one, other in pairs]
    [('a = 1', 'a = 2'), ('', 'df = clean(df)'), ('%%track x', '%%track x')]
    """
    old, new = first[:-1], second[:-1]
    matcher = difflib.SequenceMatcher(None, [_key(one) for one in old], [_key(one) for one in new], autojunk=False)
    found: list[Pair] = []
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        pairs = zip(old[i1:i2], new[j1:j2], strict=True) if what == "equal" else _alike(old[i1:i2], new[j1:j2])
        found += pairs
    return [*found, (first[-1], second[-1])]


def _key(cell: LoggedCell) -> str:
    return cell.source.strip()


def _alike(old: Sequence[LoggedCell], new: Sequence[LoggedCell]) -> list[Pair]:
    found: list[Pair] = []
    at = 0
    for cell in old:
        same = next((one for one in range(at, len(new)) if _is_same(cell, new[one])), None)
        if same is None:
            found.append((cell, None))
        else:
            found += [*((None, one) for one in new[at:same]), (cell, new[same])]
            at = same + 1
    return [*found, *((None, one) for one in new[at:])]


def _is_same(cell: LoggedCell, other: LoggedCell) -> bool:
    if cell.cell_id is not None and cell.cell_id == other.cell_id:
        return True
    return difflib.SequenceMatcher(None, cell.source, other.source, autojunk=False).ratio() > _ALIKE
