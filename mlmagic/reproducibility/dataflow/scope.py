"""What calls and subscripts need of the interpreter, and two helpers for expressions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Protocol

from mlmagic.reproducibility.dataflow.values import Data, Rows, Several

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.code import Code
    from mlmagic.reproducibility.dataflow.events import Events
    from mlmagic.reproducibility.dataflow.values import Function, Value


class Scope(Protocol):
    """The interpretation as it stands: names, the cell, and what was reported."""

    code: Code
    events: Events
    names: dict[str, Value]
    targets: frozenset[str]
    constants: dict[str, str]
    parts: dict[tuple[int, str], Rows]
    cell: CodeCell
    loops: int
    loop_targets: set[str]
    is_uncalled: bool
    branches: tuple[tuple[int, int], ...]
    stoppers: frozenset[str]

    def is_sure(self, branch: tuple[tuple[int, int], ...]) -> bool:
        """Return whether what was done within these branches has been done wherever this place is reached."""

    def value(self, node: ast.expr | None) -> Value:
        """Return what an expression stands for."""

    def as_data(self, node: ast.expr) -> Data | None:
        """Return an expression's data."""

    def bind(self, target: ast.expr, value: Value) -> None:
        """Bind a target of an assignment."""

    def call(self, function: Function, given: Sequence[Value], named: dict[str, Value]) -> Value:
        """Interpret a function of the notebook."""


def dotted(node: ast.expr) -> str:
    """Return a name, or an attribute of names with dots; empty for another expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def joined(values: Iterable[Value]) -> Data | None:
    """Return data side by side: the rows are known if all have the same ones."""
    found: list[Data] = []
    for value in values:
        inner = joined(value.items) if isinstance(value, Several) else value
        if isinstance(inner, Data):
            found.append(inner)
    if not found:
        return None
    rows = found[0].rows if all(one.rows is found[0].rows for one in found) else Rows("unknown")
    return Data(
        rows, frozenset().union(*(one.fits for one in found)), frozenset().union(*(one.columns for one in found))
    )
