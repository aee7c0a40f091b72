"""Find the distributions that the imported modules belong to, without importing any module."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from mlmagic.snapshot.environment.distributions import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

    from mlmagic.snapshot.environment.distributions import Distribution

_TOP_LEVEL = re.compile(rb"^([^/,\n.][^/,\n.]*)(?:/|\.py,|\.[^/,\n]*(?:so|pyd),)", re.MULTILINE)

# By module name: the module's id, and the versions of its distributions when it was first seen. After
# `%pip install -U` the loaded module is still the old one.
_owners: dict[str, tuple[int, Mapping[str, str]]] = {}
_provided: dict[str, frozenset[str]] = {}
"""The modules of each distribution, by the distribution's folder. Both follow what the process has imported."""


def imported(installed: Mapping[str, Distribution]) -> dict[str, str]:
    """Return the name and version of each *installed* distribution with an imported module, sorted.

    >>> import pytest
    >>> from mlmagic.snapshot.environment.distributions import installed
    >>> imported(installed())["pytest"] == pytest.__version__
    True
    """
    names = list(sys.modules)
    wanted = [name for name in names if "." not in name]
    wanted = [name for name in wanted if name[0:1] != "_" and name not in sys.stdlib_module_names]
    spaces = tuple(f"{name}." for name in wanted if _is_namespace(sys.modules.get(name)))
    if spaces:
        wanted += [name for name in names if name.startswith(spaces) and name.count(".") == 1]
    found: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for name in wanted:
        module = sys.modules.get(name)
        known = _owners.get(name)
        if known and known[0] == id(module):
            found.update(known[1])
        elif module is not None and (file := _file(module)):
            unknown[name] = file
    if unknown:
        owners_of = _find_owners(unknown, installed)
        for name in unknown:  # a user's own module belongs to none, and need not be searched again
            versions = {owner.name: owner.version for owner in owners_of.get(name, ())}
            _owners[name] = (id(sys.modules.get(name)), versions)
            found.update(versions)
    return dict(sorted(found.items()))


def _is_namespace(module: ModuleType | None) -> bool:
    return hasattr(module, "__path__") and getattr(module, "__file__", None) is None


def _file(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None


def _find_owners(files: Mapping[str, str], installed: Mapping[str, Distribution]) -> dict[str, list[Distribution]]:
    """Return the distributions of each module, by name; *files* maps each module to the file it was loaded from."""
    owners: dict[str, list[Distribution]] = {}
    editable = [(path, owner) for owner in installed.values() if (path := _edited_in(owner))]
    homes = {str(Path(owner.folder).parent) for owner in installed.values()}
    pending: dict[str, str] = {}
    for name, file in files.items():
        same = installed.get(normalised(name))
        if same and (file.startswith(f"{Path(same.folder).parent}{os.sep}") or _edited_in(same)):
            owners[name] = [same]
            continue
        home = max((len(one) for one in homes if file.startswith(one + os.sep)), default=0)
        # The environment may lie in the folder of a project that is installed in it as editable.
        sources = [owner for path, owner in editable if file.startswith(path + os.sep) and len(path) >= home]
        if sources:
            owners[name] = sources
        elif home:
            pending[name] = file
    taken = {owner.folder for named in owners.values() for owner in named}
    rest = [owner for owner in installed.values() if owner.folder not in taken]
    return owners | _search(set(pending), [*rest, *(owner for owner in installed.values() if owner.folder in taken)])


def _search(names: set[str], distributions: Iterable[Distribution]) -> dict[str, list[Distribution]]:
    """Search the file lists of *distributions*, until the owners of all module *names* are found."""
    owners: dict[str, list[Distribution]] = {}
    for owner in distributions:
        if not names:
            break
        tops = _top_levels(owner)
        for name in [name for name in names if name.partition(".")[0] in tops]:
            if "." not in name or f"{name.replace('.', '/')}/".encode() in _record(owner):
                owners.setdefault(name, []).append(owner)
                names.discard(name)
    return owners


def _top_levels(owner: Distribution) -> frozenset[str]:
    if owner.folder not in _provided:
        try:
            names = Path(owner.folder, "top_level.txt").read_text("utf-8", "replace").split()
        except OSError:
            names = [name.decode("utf-8", "replace") for name in set(_TOP_LEVEL.findall(_record(owner)))]
        _provided[owner.folder] = frozenset(names)
    return _provided[owner.folder]


def _record(owner: Distribution) -> bytes:
    for name in ("RECORD", "SOURCES.txt"):
        try:
            return Path(owner.folder, name).read_bytes()
        except OSError:
            continue
    return b""


def _edited_in(owner: Distribution) -> str | None:
    """Return the source folder of an editable installation, or None."""
    origin = owner.origin or {}
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return unquote(urlsplit(str(origin.get("url", ""))).path).rstrip("/") or None
