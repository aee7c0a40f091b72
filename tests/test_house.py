"""The package's rooms: no imports in circles, types included, and no folder that is too full to look through."""

from __future__ import annotations

import ast
from pathlib import Path

import mlmagic

PACKAGE = Path(mlmagic.__file__).parent
MOST_MODULES = 15


def _modules():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "node_modules" not in path.parts:
            parts = ("mlmagic", *path.relative_to(PACKAGE).with_suffix("").parts)
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imported(name, path, modules):
    """Return the modules that the one of this *name* imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & modules.keys()) or {node.module}
    return found - {name, "mlmagic"}  # the façade imports what it offers, and is asked for names by a few


def test_no_module_imports_itself_by_way_of_others():
    modules = _modules()
    left = {name: _imported(name, path, modules) for name, path in modules.items()}
    while done := {name for name, imported in left.items() if not imported & left.keys()}:
        left = {name: imported for name, imported in left.items() if name not in done}
    assert sorted(left) == []


def test_no_folder_has_more_modules_than_one_can_look_through():
    folders = {path.parent for path in _modules().values()}
    counts = {str(folder.relative_to(PACKAGE)): len([*folder.glob("[!_]*.py")]) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}


def test_no_public_name_is_also_a_module():
    both = {name for name in mlmagic.__all__ if f"mlmagic.{name}" in _modules()}
    assert both == set()
