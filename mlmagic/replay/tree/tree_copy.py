"""Where a copy of a tree lies, and how paths in it and in the original correspond."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class TreeCopy:
    """A copy of the tree at *root* as it was in a commit.

    The path of a copied file is that of the original below *base*, so that ``..`` leads to where it led. What was not
    copied is linked to the original.

    Attributes
    ----------
    commit
        The commit in words: ``commit 3f2a91c0``.
    restored
        The paths of the changed files that have their recorded content in the copy.
    facts
        By path, the SHA-256 and the size that a needed file has in the copy; None if it is not there.
    sources
        By path, the source of a module that the record has not, but the copy.
    """

    base: Path
    root: Path
    commit: str
    has_patch: bool
    restored: tuple[str, ...] = ()
    facts: Mapping[str, list[Any] | None] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def place_of(self, path: str | Path) -> Path:
        """Return where the copy has what the original has at *path*, a full path."""
        return below(self.base, path)

    def has_root_above(self, path: str | Path) -> bool:
        """Return whether *path* lies in the original tree."""
        return Path(path).is_relative_to(self.root)

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return *environment* with its paths of copied folders and files leading into the copy."""
        return {
            name: os.pathsep.join(self._variable(part) for part in text.split(os.pathsep))
            for name, text in environment.items()
        }

    def _variable(self, text: str) -> str:
        return moved_path(text, str(self.root), str(self.base)) if os.path.isabs(text) else text  # noqa: PTH117

    def as_recorded(self, value: Any) -> Any:
        """Return *value*, plain data, with paths of the original in place of the copy's.

        Where a dict has both as keys, the item of the original stays.
        """
        if isinstance(value, str):
            return value.replace(str(self.base), "")
        if isinstance(value, list):
            return [self.as_recorded(one) for one in value]
        if isinstance(value, dict):
            return {self.as_recorded(key): self.as_recorded(one) for key, one in self._copied_first(value)}
        return value

    def _copied_first(self, value: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
        return sorted(value.items(), key=lambda item: not str(item[0]).startswith(str(self.base)))

    def read_past_it(self, paths: Iterable[str]) -> set[str]:
        """Return those of *paths* that lie in the original tree, though the copy has them too."""
        return {path for path in paths if path in self.facts and self.facts[path] is not None}


def below(base: Path, path: str | Path) -> Path:
    """Return *path*, a full path, below *base*.

    >>> str(below(Path("/tmp/copy"), "/home/me/a.csv"))
    '/tmp/copy/home/me/a.csv'
    """
    full = Path(path)
    return base / full.relative_to(full.anchor)


def moved_path(path: str, root: str, base: str) -> str:
    """Return where the copy below *base* has what is at *path* in the original tree.

    It is *path* itself if the copy does not have it, or only links to it.
    """
    full = Path(path)
    if not full.is_relative_to(root):
        return path
    place = below(Path(base), full)
    return str(place) if place.exists() and Path(os.path.realpath(place)).is_relative_to(base) else path
