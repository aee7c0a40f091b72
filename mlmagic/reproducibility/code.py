"""The code of a notebook for the rules: its cells, what its names were imported as, and all calls in their order."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlmagic.reproducibility.cells import CodeCell

OWN = "__main__"
"""The module of functions and classes that the notebook itself defines."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class FoundCall(NamedTuple):
    """A call: ``path`` is what it calls, such as ``numpy.random.rand``, empty for what is not a name.

    ``place`` orders calls: (position of the cell, line). A call within a function happens later than any other.
    """

    cell: CodeCell
    node: ast.Call
    path: str
    place: tuple[float, int]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    def given(self, keyword: str) -> ast.expr | None:
        """Return what is passed by this keyword, None without it."""
        return next((one.value for one in self.node.keywords if one.arg == keyword), None)

    @property
    def has_unknown_arguments(self) -> bool:
        """Whether ``**options`` may pass what is looked for."""
        return any(one.arg is None for one in self.node.keywords)


@dataclass(frozen=True)
class Code:
    """The cells of a notebook, or of the session up to a run, in their order."""

    cells: Sequence[CodeCell]
    imported: dict[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    calls: Sequence[FoundCall] = ()

    def path(self, node: ast.expr) -> str:
        """Return what a name or attribute stands for, such as ``sklearn.svm.SVC``; empty for another expression.

        A name that nothing imports stands for itself.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        first = f"{OWN}.{node.id}" if node.id in self.own else self.imported.get(node.id, node.id)
        return ".".join([first, *reversed(parts)])


def code_of(cells: Iterable[CodeCell]) -> Code:
    r"""Return the code of these cells.

    >>> from mlmagic.reproducibility.cells import read_cell
    >>> code = code_of([read_cell("import numpy as np\nnp.random.rand(3)", 1)])
    >>> [(call.path, call.place) for call in code.calls]
    [('numpy.random.rand', (0, 2))]
    """
    listed = list(cells)
    imported: dict[str, str] = {}
    own: set[str] = set()
    for cell in listed:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    imported[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    imported[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                own.add(node.name)
    code = Code(listed, imported, frozenset(own - imported.keys()))
    calls = [call for at, cell in enumerate(listed) for call in _calls(code, cell, at)]
    return Code(listed, imported, code.own, calls)


def _calls(code: Code, cell: CodeCell, at: int) -> Iterator[FoundCall]:
    """Yield the calls of a cell, those within functions as happening at the end."""
    left: list[tuple[ast.AST, bool]] = [(cell.tree, False)]
    while left:
        node, is_late = left.pop()
        if isinstance(node, ast.Call):
            place = (float("inf") if is_late else at, node.lineno)
            yield FoundCall(cell, node, code.path(node.func), place)
        inside = is_late or isinstance(node, _FUNCTIONS)
        left.extend((child, inside) for child in reversed(list(ast.iter_child_nodes(node))))


def is_none(node: ast.expr | None) -> bool:
    """Return whether an argument is missing or is ``None``."""
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def is_constant(node: ast.expr | None, value: object) -> bool:
    """Return whether an argument is this constant."""
    return isinstance(node, ast.Constant) and node.value is value
