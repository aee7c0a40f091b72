"""Watches one tracked cell: what it reads before it runs, how it binds its names, and what its calls return."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.session.bindings import NOT_LITERAL, Bindings, bindings, literal
from mlmagic.session.histories import Histories
from mlmagic.session.observe import Site, Watcher, metric_names
from mlmagic.session.reads import functions_of, names_read
from mlmagic.snapshot.secret_cuts import beginning
from mlmagic.user_objects import Skips, guarded, one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_VALUES = 10_000


@dataclass
class Keyword:
    """A literal keyword of a call to a function of the notebook: ``train(lr=0.1)``."""

    function: str
    name: str
    value: object


@dataclass
class Measurement:
    """What one site measured: the key it suggests, its values, and the Site that says where it stands."""

    site: Site
    name: str
    values: list[Any] = field(default_factory=list)
    dropped: int = 0


class CellWatch:
    """What is known of a tracked cell while it runs.

    ``read`` maps each name that the cell reads of what was there before to its value then, ``before`` each that it
    binds, where there was one. ``skips`` are the objects that could not be read.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._watchers: list[Watcher] = []
        self.read: dict[str, Any] = {}
        self.before: dict[str, Any] = {}
        self.bindings = Bindings()
        self.keywords: list[Keyword] = []
        self.measured: dict[int, Measurement] = {}
        self.fitted: dict[int, tuple[Site, Any]] = {}
        self.skips = Skips()
        self.histories = Histories(self.skips)
        self.problems: dict[str, None] = {}
        self.last: ast.expr | None = None
        self.last_site: Site | None = None

    def begin(self, tree: ast.Module) -> ast.Module:
        """Take in the cell (or the body of a magic within it) before it runs; return it rewritten."""
        for name in names_read(tree, self._namespace):
            self.read.setdefault(name, self._namespace[name])
        self.histories.begin(self.read)
        found = bindings(tree)
        self.before |= {name: self._namespace[name] for name in found.names if name in self._namespace}
        self.bindings.names.update(found.names)
        self.bindings.filled |= found.filled
        self.keywords += self._literal_keywords(tree)
        ending = tree.body[-1] if tree.body else None
        last = self.last = ending.value if isinstance(ending, ast.Expr) else None
        functions, modules = metric_names(tree)
        functions |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        watcher = Watcher(
            measures=lambda name: name in functions or self._may_measure(name),
            modules=modules | {name for name in self.read if self._is_module_of_metrics(name)},
            watch=self._saw,
        )
        self._watchers.append(watcher)
        rewritten = watcher.visit(tree)
        self.last_site = watcher.of_call(last)
        assert isinstance(rewritten, ast.Module)  # noqa: S101  # a transformer that replaces no module
        return ast.fix_missing_locations(rewritten)

    def end(self) -> None:
        """Stop watching; what was seen stays."""
        for watcher in self._watchers:
            watcher.forget()
            for site in watcher.sites:
                site.callee = None

    def _may_measure(self, name: str) -> bool:
        value = self._namespace.get(name)
        binding = self.bindings.names.get(name)
        made_here = binding is not None and binding.computed
        return made_here or self._measure(name, value) is not None

    def _measure(self, name: str, thing: object) -> str | None:
        return self.skips.read(name, thing, partial(measure_of, namespace=self._namespace), default=None)

    def _is_module_of_metrics(self, name: str) -> bool:
        return self.skips.read(name, self.read[name], _is_module_of_metrics, default=False)

    def _literal_keywords(self, tree: ast.Module) -> list[Keyword]:
        defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
        found = []
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            name = node.func.id
            known = next(functions_of(self._namespace.get(name), self._namespace), None)
            if name not in defined and known is None:
                continue
            written = [(word.arg, literal(word.value)) for word in node.keywords if word.arg]
            found += [Keyword(name, word, value) for word, value in written if value is not NOT_LITERAL]
        return found

    def _saw(self, site: Site, value: Any) -> None:
        try:
            self._take(site, value)
        except BaseException as error:  # noqa: BLE001  # this runs within the user's cell: it is told, never raised
            reraise_interrupt(error)
            problem = f"what {site.name} returned was not looked at: {one_line(error)}"
            self.problems[beginning(problem, 300)] = None

    def _take(self, site: Site, value: Any) -> None:
        if site.kind == "fit":
            self.fitted[id(site)] = (site, site.callee)
            self.histories.fitted(site, value)
            return
        if site.kind == "assignment":
            name: str | None = site.name if isinstance(value, float) else None
        elif site.kind == "method":
            suits = metrics.is_torchmetric if site.name == "compute" else metrics.is_estimator
            name = site.name if suits(site.callee) else None
            name = metrics.measure_name(site.callee) if name == "compute" else name
        else:
            name = measure_of(site.callee, self._namespace)
        if name is None:
            return
        measurement = self.measured.setdefault(id(site), Measurement(site, name))
        if len(measurement.values) < MOST_VALUES:
            measurement.values.append(value)
        else:
            measurement.values[-1] = value
            measurement.dropped += 1


def measure_of(thing: object, namespace: Mapping[str, Any]) -> str | None:
    """Return what to call the results of *thing*, also when it is a function of the notebook that measures.

    Such a helper is called by the metric function that it uses, when that is one, else by its own name.
    """
    direct = metrics.measure_name(thing)
    if direct is not None or isinstance(thing, type):
        return direct
    used = _measures_used(thing, namespace, set())
    if not used:
        return None
    return next(iter(used)) if len(used) == 1 else str(getattr(thing, "__name__", "score"))


def _measures_used(thing: object, namespace: Mapping[str, Any], seen: set[str]) -> dict[str, None]:
    used: dict[str, None] = {}
    for function in functions_of(thing, namespace):
        for name in set(function.__code__.co_names) - seen:
            seen.add(name)
            measured = "score" if name == "score" else _measure_name(namespace.get(name))
            if measured is not None:
                used[measured] = None
            elif name in namespace:
                used |= _measures_used(namespace[name], namespace, seen)
    return used


_measure_name = guarded(default=None)(metrics.measure_name)


def _is_module_of_metrics(value: object) -> bool:
    name = str(getattr(value, "__name__", "")) if type(value).__name__ == "module" else ""
    return metrics.is_metric_module(name)
