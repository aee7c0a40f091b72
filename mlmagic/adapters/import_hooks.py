"""Runs a callback right after a library is imported, without importing it."""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Action = Callable[[ModuleType], None]


def when_imported(module: str, action: Action) -> Callable[[], None]:
    """Run *action* with *module* once: now if it is imported, else right after its first import.

    If an import fails, the action waits for the next import. If the action raises, the error becomes a warning, and the
    user's import succeeds.

    Parameters
    ----------
    module
        The full name, such as ``"torch"`` or ``"matplotlib.backend_bases"``. This function does not import it.
    action
        Called with the imported module, on the importing thread.

    Returns
    -------
    A function that cancels the action if it has not run yet, and otherwise does nothing.

    Examples
    --------
    >>> cancel = when_imported("json", lambda module: print(f"{module.__name__} is here"))
    json is here
    >>> cancel()
    """
    # Register first, then check, so that an import on another thread in between is not missed.
    cancel = _FINDER.add(module, action)
    if _is_imported(module):
        _FINDER.run_actions(module, sys.modules[module])
    return cancel


def _is_imported(module: str) -> bool:
    """Return whether *module* is imported, after waiting for an import in progress on another thread."""
    found = sys.modules.get(module)
    if not getattr(getattr(found, "__spec__", None), "_initializing", False):
        return found is not None
    try:
        importlib.import_module(module)
    except Exception:  # noqa: BLE001 - the importing thread reports the error
        return False
    return sys.modules.get(module) is not None


class _Finder(MetaPathFinder):
    """A finder that wraps the loader found by the other finders if an action waits for the module."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[object, Action]]] = {}
        self._lock = threading.Lock()
        self._asking = threading.local()

    def add(self, module: str, action: Action) -> Callable[[], None]:
        entry = (object(), action)
        with self._lock:
            self._waiting.setdefault(module, []).append(entry)
            if self not in sys.meta_path:
                sys.meta_path.insert(0, self)

        def cancel() -> None:
            with self._lock:
                entries = self._waiting.get(module, [])
                if entry in entries:
                    entries.remove(entry)
                if not entries:
                    self._waiting.pop(module, None)
                self._leave_if_idle()

        return cancel

    def run_actions(self, name: str, module: ModuleType) -> None:
        with self._lock:
            entries = self._waiting.pop(name, [])
            self._leave_if_idle()
        for _, action in entries:
            try:
                action(module)
            except Exception as error:  # noqa: BLE001 - a failing action must not break the user's import
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                warnings.warn(f"mlmagic could not set up {name} after its import: {reason}", stacklevel=2)

    def _leave_if_idle(self) -> None:
        if not self._waiting and self in sys.meta_path:
            # A new list: removal in place would make a concurrent import, which iterates over it, skip a finder.
            sys.meta_path = [finder for finder in sys.meta_path if finder is not self]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # Another import hook, such as wrapt's, also asks all finders, including this one: answer only once.
        if fullname not in self._waiting or fullname in vars(self._asking):
            return None
        setattr(self._asking, fullname, True)
        try:
            spec = self._spec_of_others(fullname, path, target)
        finally:
            delattr(self._asking, fullname)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, fullname, self)
        return spec

    def _spec_of_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find_spec = getattr(finder, "find_spec", None)
            if finder is self or find_spec is None:
                continue
            spec: ModuleSpec | None = find_spec(fullname, path, target)
            if spec is not None:
                return spec
        return None


class _Loader(Loader):
    """Replaces a loader until the module is executed; afterwards the module has its original loader again."""

    def __init__(self, loader: Loader, name: str, finder: _Finder) -> None:
        self._loader = loader
        self._name = name
        self._finder = finder

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None and spec.loader is self:
            spec.loader = self._loader
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = self._loader
        self._loader.exec_module(module)
        # A module may have replaced itself in `sys.modules`.
        self._finder.run_actions(self._name, sys.modules.get(self._name, module))


_FINDER = _Finder()
