"""Which names a cell has bound: those with another object than before, or whose assignment ran."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from mlmagic.remembered import Remembered
from mlmagic.session.observation.reads import functions_of
from mlmagic.session.observation.scopes import globals_bound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlmagic.session.observation.scopes import CellNames

_MISSING = object()
_REBINDING = frozenset(
    ["exec", "eval", "globals", "locals", "vars", "get_ipython", "setattr", "execfile", "run_path", "run_module"]
)
"""Names through which code may bind names that do not appear in its text."""


class BoundNames:
    """Compares the objects of a notebook's names with those before a cell, without keeping the objects alive."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._before: dict[str, Remembered | None] = {}
        self._shown: dict[str, None] = {}
        self._seen: set[str] = set()
        self._addresses: dict[str, int] | None = None
        self._unseen: list[str] | None = None
        self._names: list[str] | None = None

    def begin(self, tree: ast.Module, names: CellNames, read: Iterable[str]) -> None:
        """Remember the objects of the names that a cell, which uses these *names*, may bind."""
        inside: set[str] = set()
        rebinds = _may_rebind(tree)
        for name in read:
            for function in functions_of(self._namespace[name], self._namespace):
                inside.update(globals_bound(function.__code__))
                rebinds = rebinds or not _REBINDING.isdisjoint(function.__code__.co_names)
        self._shown |= names.bound
        for name in {*names.bound, *inside, *names.read, *names.read_later, *read} - self._before.keys():
            value = self._namespace.get(name, _MISSING)
            self._before[name] = None if value is _MISSING else Remembered(value)
        if rebinds and self._addresses is None:
            self._addresses = dict(zip(self._namespace, map(id, self._namespace.values()), strict=True))

    def end(self) -> None:
        """Mark the cell as ended: the names that it bound are determined once."""
        self._unseen = self.unseen()
        self._names = self.names()

    def saw(self, names: Iterable[str]) -> None:
        """Note that an assignment to *names* ran."""
        self._seen.update(names)

    def before(self, name: str) -> Remembered | None:
        """Return the object that a name which the cell may bind had before it, None if it had none."""
        return self._before.get(name)

    def is_bound(self, name: str) -> bool:
        """Return whether the cell has bound *name* by now."""
        value = self._namespace.get(name, _MISSING)
        if value is _MISSING:
            return False
        if name in self._seen:
            return True
        if name in self._before:
            before = self._before[name]
            return before is None or not before.is_(value)
        return self._addresses is not None and self._addresses.get(name) != id(value)

    def is_unseen(self, name: str) -> bool:
        """Return whether the cell has bound *name* in a way that its text does not show."""
        return name not in self._shown and self.is_bound(name)

    def unseen(self) -> list[str]:
        """Return the public names that the cell has bound in ways that its text does not show."""
        if self._unseen is not None:
            return self._unseen
        candidates = dict.fromkeys(self._before)
        if self._addresses is not None:
            before = self._addresses
            candidates |= {name: None for name, value in self._namespace.items() if before.get(name) != id(value)}
        return [name for name in candidates if not name.startswith("_") and self.is_unseen(name)]

    def names(self) -> list[str]:
        """Return the public names that the cell has bound; those that appear in its text come first."""
        if self._names is not None:
            return self._names
        return [
            name
            for name in dict.fromkeys([*self._shown, *self.unseen()])
            if not name.startswith("_") and self.is_bound(name)
        ]


def _may_rebind(tree: ast.Module) -> bool:
    """Return whether a cell uses what may bind names that its text does not show: a magic, ``exec``, ``import *``."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _REBINDING:
                return True
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                return True
    return False
