"""The slice of a session that a run needs: the cells whose results its cell uses.

No list of rules finds every way in which cells depend on each other. So a slice is only a quicker way to the same
result: whoever replays one checks what the tracked cell reads, and falls back on the whole session.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from mlmagic.replay.cell_effects import effects_of, imports_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.replay.cell_effects import CellEffects
    from mlmagic.session.log import LoggedCell

_LEFT_OUT = frozenset({"rejected"})


def slice_of(cells: Sequence[LoggedCell], *, loads: str = "mlmagic") -> list[int] | None:
    """Return the indices of the cells that the last of *cells* needs, itself included; None if no slice can be made.

    Parameters
    ----------
    cells
        A session's cells in the order in which they ran, without nested ones.
    loads
        A cell that names this in ``%load_ext`` is always part of the slice.

    Examples
    --------
    >>> from mlmagic.session.log import LoggedCell
    >>> sources = ["x = 1", "y = 2", "z = x + 1", "plot(y)", "score = z"]
    >>> slice_of([LoggedCell(at, source, "ok", record={"bound": {}}) for at, source in enumerate(sources)])
    [0, 2, 4]
    """
    if any("bound" not in cell.record for cell in cells[:-1] if cell.status not in _LEFT_OUT):
        return None  # cells before the extension was loaded, or recorded by an older version
    given = frozenset().union(*(imports_of(cell) for cell in cells))
    bound = frozenset().union(*(effects_of(cell, given).binds for cell in cells))
    imported = given | (frozenset(dir(builtins)) - bound)
    effects = [effects_of(cell, imported) for cell in cells]
    always = {
        at
        for at, cell in enumerate(cells)
        if cell.status not in _LEFT_OUT and (effects[at].has_effect or f"load_ext {loads}" in cell.source)
    }
    included = {len(cells) - 1} | always
    while True:
        found = _backwards(effects, included, cells)
        if any(effects[at].uses_outputs for at in found):
            return None  # numbers of cells count, so all must run
        found |= _drawing_before(effects, found) | _writing_before(cells, found)
        if found == included:
            return sorted(found)
        included = found


class _Links:
    """Which names may share an object, and which ones the functions behind a name look up."""

    def __init__(self, effects: Sequence[CellEffects]) -> None:
        self._same: dict[str, set[str]] = {}
        self._inside: dict[str, set[str]] = {}
        known: set[str] = set()
        for one in effects:
            known |= one.binds
            unseen = {(name, other) for name in one.binds for other in known} if one.is_opaque else set()
            for name, source in one.aliases | unseen:
                self._same.setdefault(name, set()).add(source)
                self._same.setdefault(source, set()).add(name)
            for name in one.binds if one.inside else ():
                self._inside.setdefault(name, set()).update(one.inside)

    def sharing(self, names: Iterable[str]) -> set[str]:
        """Return *names* and the names that may refer to one of their objects, or to what holds it."""
        return self._reached(names, self._same)

    def looked_up(self, names: Iterable[str]) -> set[str]:
        """Return *names* and what the functions behind them look up when they are called."""
        found = set(names)
        while True:
            inside = {inner for name in self.sharing(found) for inner in self._inside.get(name, ())}
            if inside <= found:
                return found
            found |= inside

    def _reached(self, names: Iterable[str], links: Mapping[str, set[str]]) -> set[str]:
        found, queue = set(names), list(names)
        while queue:
            new = links.get(queue.pop(), set()) - found
            found |= new
            queue += new
        return found


def _backwards(effects: Sequence[CellEffects], given: set[int], cells: Sequence[LoggedCell]) -> set[int]:
    """Return *given* and the cells that they need."""
    links = _Links(effects)
    last = len(effects) - 1
    included = {last}
    needed = links.looked_up(effects[last].reads)
    if effects[last].is_opaque:
        needed |= {name for one in effects for name in one.binds}
    for at in range(last - 1, -1, -1):
        one = effects[at]
        if cells[at].status in _LEFT_OUT:
            continue
        if at in given or one.binds & needed or one.changes & links.sharing(needed):
            included.add(at)
            needed -= one.rebinds
            needed = links.looked_up(needed | one.reads)
            if one.is_opaque:
                needed |= {name for earlier in effects[:at] for name in earlier.binds}
    return included


def _writing_before(cells: Sequence[LoggedCell], included: set[int]) -> set[int]:
    """Return the cells that wrote a file which a later one of *included* read."""
    found = set()
    for at in included:
        read = cells[at].record.get("read")
        paths = set(read) if isinstance(read, dict) else set()
        found |= {one for one in range(at) if paths.intersection(cells[one].record.get("written") or ())}
    return found


def _drawing_before(effects: Sequence[CellEffects], included: set[int]) -> set[int]:
    """Return the cells that draw random numbers before one of *included* does; the last one has its states stored."""
    drawing = [at for at in included if effects[at].draws and at != len(effects) - 1]
    return {at for at in range(max(drawing, default=0)) if effects[at].draws}
