"""The package's rooms: no imports in circles, types included, and no folder that is too full to look through."""

from __future__ import annotations

import ast
from pathlib import Path

import mlmagic
from mlmagic import session_state

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


def _changes(name, node, reassigned):
    """Return whether a module-level variable is state: a container or an object that is filled, or a name bound again."""
    if name.startswith("__") or name.strip("_").isupper():
        return False
    if isinstance(node, ast.Call):
        made = ast.unparse(node.func).rpartition(".")[2]
        return made in {"ThreadStacks", "WeakSet", "WeakKeyDictionary", "deque", "dict", "list", "set"}
    return isinstance(node, (ast.Dict, ast.List, ast.Set)) or name in reassigned


def test_what_changes_in_a_module_belongs_to_the_session_or_says_why_it_outlives_it():
    unexplained = []
    for name, path in _modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        reassigned = {each for node in ast.walk(tree) if isinstance(node, ast.Global) for each in node.names}
        ends = {
            node.lineno for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in tree.body:
            target = node.target if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])[0]
            if (
                not isinstance(target, ast.Name)
                or node.value is None
                or not _changes(target.id, node.value, reassigned)
            ):
                continue
            # Its own words stand below it, or below the variables that stand together with it.
            block = path.read_text(encoding="utf-8").split("\n")[node.lineno - 1 :]
            until = next((at for at, line in enumerate(block) if not line.strip()), len(block))
            if not any(node.lineno <= line <= node.lineno + until for line in ends):
                unexplained.append(f"{name}.{target.id}")
    assert unexplained == []


def test_the_session_is_emptied():
    held = session_state.of_session({"a": 1})
    session_state.reset()
    assert held == {}
