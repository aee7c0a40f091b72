"""What runs inside a replay's kernel: it restores randomness and modules, and keeps other stores untouched."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.import_hooks import when_imported
from mlmagic.replay.tree.tree_copy import moved_path
from mlmagic.session.record import cell_record
from mlmagic.snapshot.randomness import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from mlmagic.session.record.cell_record import CellRecorder

_replay: list[Replay] = []
"""The replay of this process, which is its kernel: at most one."""


class NotReplayed:
    """Stands for the result of ``%reproduce`` or ``%why`` in a replay, whose cells may ask anything of it."""

    def __getattr__(self, name: str) -> NotReplayed:
        if name.startswith("__"):  # what Python itself asks for
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> NotReplayed:  # as Python calls it
        """Return itself, whatever is asked for."""
        return self

    def __call__(self, *args: object, **keywords: object) -> NotReplayed:  # noqa: ARG002  # as above
        """Return itself."""
        return self

    def __iter__(self) -> Iterator[NotReplayed]:
        """Yield nothing."""
        return iter(())

    def __repr__(self) -> str:
        return "<not replayed>"


NOT_REPLAYED = NotReplayed()


class Replay:
    """The replay that this kernel runs, as `begin` was told."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.plan = plan
        self.recorder: CellRecorder | None = None
        self.redirected: list[str] = []

    def begin(self) -> None:
        """Prepare the process: before any cell has run."""
        cell_record.before_start.append(self._start)
        if tree := self.plan.get("tree"):
            sys.path[:] = [moved_path(entry, *tree) for entry in sys.path]
        if modules := self.plan.get("modules"):
            sys.meta_path.insert(0, _RecordedModules(modules))
        when_imported("mlflow", self._redirect)

    def _start(self, recorder: CellRecorder) -> None:
        """Set the generators to the states that they had when the recorded session began."""
        self.recorder = recorder
        start: Mapping[str, str] = self.plan.get("random", {})
        states.restore(start)
        for library, module in states.SEEDED_BY_IMPORT.items():
            if library in start and module not in sys.modules:
                when_imported(module, partial(_restore, {library: start[library]}))

    def _redirect(self, module: ModuleType) -> None:
        """Let only the replay's own store be used, whatever the cells ask for."""
        mlflow: Any = module
        own = os.environ["MLFLOW_TRACKING_URI"]
        mlflow.set_tracking_uri(own)
        client = mlflow.MlflowClient
        original = client.__init__

        def init(this: Any, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
            for uri in (tracking_uri, registry_uri):
                self._note(uri, own)
            original(this, own, own)

        client.__init__ = init

        def ignore(uri: str) -> None:
            self._note(uri, own)

        mlflow.set_tracking_uri = mlflow.set_registry_uri = ignore
        mlflow.tracking.set_tracking_uri = mlflow.tracking.set_registry_uri = ignore

    def _note(self, uri: object, own: str) -> None:
        if uri is not None and str(uri) != own and str(uri) not in self.redirected:
            self.redirected.append(str(uri))


def _restore(stored: Mapping[str, str], _: object) -> None:
    states.restore(stored)


class _RecordedModules(importlib.abc.MetaPathFinder):
    """Loads modules of the user whose files have changed from the recorded sources; they keep their file's name.

    Each import or reload of a module takes the next source of its list, and the last one from then on.
    """

    def __init__(self, modules: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
        self._modules = {name: list(facts) for name, facts in modules.items()}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  # the protocol's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        facts = self._modules.get(fullname)
        if not facts:
            return None
        fact = facts.pop(0) if len(facts) > 1 else facts[0]
        loader = _RecordedSource(fullname, fact["file"], fact["source"].encode())
        is_package = Path(fact["file"]).name == "__init__.py"
        spec = importlib.util.spec_from_file_location(
            fullname, fact["file"], loader=loader,
            submodule_search_locations=[str(Path(fact["file"]).parent)] if is_package else None,
        )  # fmt: skip
        if spec is not None:
            spec.cached = None
        return spec


class _RecordedSource(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, source: bytes) -> None:
        super().__init__(name, path)
        self._source = source

    def get_data(self, path: str) -> bytes:
        return self._source if path == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> Any:  # noqa: ARG002  # the protocol's
        return compile(self._source, self.path, "exec", dont_inherit=True)


def begin(path: str) -> None:
    """Begin the replay whose plan is the JSON file at *path*."""
    _replay[:] = [Replay(json.loads(Path(path).read_text("utf-8")))]
    _replay[0].begin()


def before(number: int | None, entropy: Sequence[str], stored: Mapping[str, str], reloaded: Sequence[str] = ()) -> None:
    """Prepare the next cell.

    Parameters
    ----------
    number, entropy
        Its number, and what it draws from the operating system.
    stored
        The states of the random generators to set, in a slice.
    reloaded
        Modules that ``%autoreload`` has read again before the cell.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if number is not None and shell is not None:
        shell.execution_count = number
    states.restore(stored)
    _reload(shell, reloaded)
    recorder = _replay[0].recorder
    if recorder is not None:
        recorder.entropy.give(entropy)


def _reload(shell: Any, modules: Sequence[str]) -> None:
    """Let ``%autoreload`` read *modules* again before the next cell; its tables are private, and may be missing."""
    magics = shell.magics_manager.registry.get("AutoreloadMagics") if shell is not None else None
    reloader = getattr(magics, "_reloader", None)
    times = getattr(reloader, "modules_mtimes", None)
    if isinstance(times, dict):
        times.update(dict.fromkeys(modules, 0))
    # It updates a module by how its file has changed: here the file has not, and the module must be loaded again.
    sources = getattr(getattr(reloader, "deduper_reloader", None), "source_by_modname", None)
    if isinstance(sources, dict):
        sources.update(dict.fromkeys(modules, ""))


def report(path: str) -> None:
    """Write the record of the replayed session so far to *path*, as JSON, with where modules are found now."""
    from mlmagic.session import notebook_session

    session = notebook_session.current()
    cells = [] if session is None else [
        {"source": cell.source, "status": cell.status, "run": cell.run, "record": cell.record, "inputs": cell.inputs,
         "runs": cell.runs}
        for cell in session.log.cells
        if not cell.nested
    ]  # fmt: skip
    found = {
        "cells": cells,
        "redirected": _replay[0].redirected,
        "path": [one for one in sys.path if isinstance(one, str)],
    }
    target = Path(path)
    part = target.with_suffix(".part")
    part.write_text(json.dumps(found, default=str), "utf-8")
    part.replace(target)


def export(names: Sequence[str], path: str) -> None:
    """Write the objects with these *names* to *path*, for the kernel that asked for the replay."""
    import cloudpickle
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    namespace = shell.user_ns if shell is not None else {}
    found: dict[str, bytes] = {}
    problems: dict[str, str] = {}
    for name in names:
        if name not in namespace:
            problems[name] = "the replay has no such name"
            continue
        try:
            found[name] = cloudpickle.dumps(namespace[name])
        except Exception as error:  # noqa: BLE001  # the user's objects may raise anything
            problems[name] = f"it cannot be pickled: {type(error).__name__}: {error}"
    Path(path).write_bytes(cloudpickle.dumps((found, problems)))
