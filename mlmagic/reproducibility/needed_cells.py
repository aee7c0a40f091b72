"""Which cells of a session a run depends on: those that bind or change what it reads, and what these read in turn."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.session.observation.scopes import CellNames, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.reproducibility.cells import CodeCell


_ROUNDS = 4


def needed(cells: Sequence[CodeCell]) -> tuple[CodeCell, ...]:
    r"""Return the cells that the last one depends on, in their order, with those that seed or configure the session.

    >>> from mlmagic.reproducibility.cells import read_cell
    >>> sources = ["x = 1", "unrelated = 2", "y = []", "y.append(x)", "%%track\nprint(y)"]
    >>> [cell.number for cell in needed([read_cell(source, at) for at, source in enumerate(sources, 1)])]
    [1, 3, 4, 5]
    """
    if not cells:
        return ()
    names = [_names(cell) for cell in cells]
    last = len(cells) - 1
    own = {at for at, cell in enumerate(cells) if at == last or (cell.run is not None and cell.run == cells[last].run)}
    late: set[str] = set()
    for _ in range(_ROUNDS):  # a function reads its globals when it is called: what is bound after it counts too
        chosen = _chosen(cells, names, own, late)
        found = {name for at in chosen for name in names[at].read_inside}
        if found <= late:
            break
        late |= found
    return tuple(cells[at] for at in sorted(chosen))


def _chosen(cells: Sequence[CodeCell], names: Sequence[CellNames], own: set[int], late: set[str]) -> set[int]:
    """Go back through the cells with the wanted names; a cell that binds a name hides what bound it before."""
    wanted = set(late)
    chosen = set()
    for at in reversed(range(len(cells))):
        bound = names[at].bound.keys()
        if at in own or bound & wanted or _changed(cells[at].tree) & wanted:
            chosen.add(at)
            wanted = (wanted - bound) | set(names[at].read) | (set(names[at].read_inside) - bound)
        elif _configures(cells[at]):
            chosen.add(at)
            wanted |= set(names[at].read)
    return chosen


def _names(cell: CodeCell) -> CellNames:
    try:
        return names_of(cell.tree)
    except (SyntaxError, ValueError, RecursionError):
        return CellNames()


def _changed(tree: ast.Module) -> set[str]:
    """Return the names of objects that a cell may change in place: ``df["x"] = …``, ``scaler.fit(X)``, ``x += 1``."""
    found = set()
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            targets = [node.func]
        for target in targets:
            base: ast.expr = target
            while isinstance(base, ast.Attribute | ast.Subscript):
                base = base.value
            if isinstance(base, ast.Name) and base is not target:
                found.add(base.id)
    return found


def _configures(cell: CodeCell) -> bool:
    """Return whether a cell changes the state of the session rather than a name, such as ``np.random.seed(0)``."""
    if any(magic.name in {"seed", "cd", "hydra"} for magic in cell.magics):
        return True
    return any(isinstance(node, ast.Call) and "seed" in _last(node.func) for node in ast.walk(cell.tree))


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
