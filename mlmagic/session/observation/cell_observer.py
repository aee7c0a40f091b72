"""Observe one tracked cell: what it reads before it runs, what it binds, and what did not run of it."""

from __future__ import annotations

import ast
import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.remembered import GONE, Remembered
from mlmagic.session.observation.bindings import Bindings, bindings
from mlmagic.session.observation.bound import BoundNames
from mlmagic.session.observation.call_instrumentation import Instrumenter, metric_names
from mlmagic.session.observation.cell_text import (
    Keyword,
    item,
    items_read,
    keywords_in,
    last_expression,
    names_only_evaluated,
    names_used_in,
)
from mlmagic.session.observation.executed import Executed, failed_place
from mlmagic.session.observation.library_histories import Histories
from mlmagic.session.observation.metric_functions import is_module_of_metrics, measure_of
from mlmagic.session.observation.observed_calls import ObservedCalls
from mlmagic.session.observation.reads import functions_of, read_of
from mlmagic.session.observation.result_numbers import numbers_of
from mlmagic.session.observation.scopes import CellNames, names_of
from mlmagic.session.record.values import digests_of
from mlmagic.user_objects import Skips

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlmagic.session.observation.sites import Site

_DIGEST_BUDGET_S = 0.02
_SCALARS = frozenset([type(None), bool, int, float, complex, str, bytes])


class CellObserver:
    """The observations of a tracked cell while it runs, in the user's ``namespace``.

    ``reads`` are the names from before the cell that it reads, each with its value at that time. ``numbers_before`` has
    the numbers in the dicts among them, and in the dicts that the cell fills; ``items_read`` the scalars that the cell
    reads by their keys; ``unread`` the names that are read only by statements that did not run. ``skips`` are the
    objects that could not be read. ``only_evaluated`` are the names that it only evaluates on. ``calls`` has what was
    observed of the cell's calls. Objects are held by weak references: what the cell deletes is freed while it runs.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace
        self._instrumenters: list[Instrumenter] = []
        self._later: dict[str, None] = {}
        self._marked: list[Executed] = []
        self._has_ended = False
        self.reads: dict[str, Remembered] = {}
        self.unread: set[str] = set()
        self.mentioned: set[str] = set()
        self.bound = BoundNames(namespace)
        self.bindings = Bindings()
        self.keywords: list[Keyword] = []
        self.numbers_before: dict[str, dict[str, Any]] = {}
        self.items_read: dict[tuple[str, ...], bool | float | str] = {}
        self.skips = Skips()
        self.histories = Histories(self.skips)
        self.calls = ObservedCalls(namespace, self.bound, self.histories)
        self.only_evaluated: set[str] = set()
        self.last: ast.expr | None = None
        self.last_site: Site | None = None

    def begin(self, tree: ast.Module) -> ast.Module:
        """Analyse the cell (or the body of a magic within it) before it runs; return a rewritten copy of it.

        Raises
        ------
        SyntaxError
            If it does not compile.
        """
        names = names_of(tree)
        read = read_of(names, self.namespace)
        for name in read:
            self.reads.setdefault(name, Remembered(self.namespace[name]))
        self._later |= names.read_later
        self.mentioned |= {*names.read, *names.read_later, *names.read_inside}
        self.bound.begin(tree, names, read)
        self.histories.begin(self.objects_read())
        found = bindings(tree)
        self.bindings.add(found)
        for name in {*read, *found.filled}:
            value = self.namespace.get(name)
            if type(value) is dict and name not in self.numbers_before:
                self.numbers_before[name] = self.skips.read(name, value, numbers_of, default={})
        for keys in items_read(tree):
            value = item(self.namespace, keys) if keys[0] in read else None
            if isinstance(value, (bool, int, float, str)):
                self.items_read.setdefault(keys, value)
        self.only_evaluated |= names_only_evaluated(tree)
        self.keywords += self._literal_keywords(tree)
        instrumenter = self._instrumenter(tree, names)
        copied = copy.deepcopy(tree)
        self.last, last = last_expression(tree), last_expression(copied)
        self._marked.append(Executed(tree, copied))
        rewritten = instrumenter.visit(copied)
        self.last_site = instrumenter.of_call(last)
        assert isinstance(rewritten, ast.Module)  # noqa: S101  # a transformer that replaces no module
        return ast.fix_missing_locations(rewritten)

    def _instrumenter(self, tree: ast.Module, names: CellNames) -> Instrumenter:
        functions, modules = metric_names(tree)
        functions |= self._helpers(tree, names, functions | modules)
        known = [name for name in names.read if name in self.namespace]
        instrumenter = Instrumenter(
            measures=lambda name: name in functions or self._may_measure(name),
            modules=modules | {name for name in known if self._is_module_of_metrics(name)},
            sees=self.calls,
            computed={name for name, binding in self.bindings.names.items() if binding.computed},
        )
        self._instrumenters.append(instrumenter)
        return instrumenter

    def _helpers(self, tree: ast.Module, names: CellNames, measures: set[str]) -> set[str]:
        """Return the functions that the cell defines whose bodies use one of *measures*, or what may measure."""
        uses = {node.name: names_used_in(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
        others = [name for name in names.read_inside if name not in uses]  # globals only: an attribute is no name
        measures = measures | {"score"} | {name for name in others if self._may_measure(name)}
        measures |= {name for name in others if name in self.namespace and self._is_module_of_metrics(name)}
        found: set[str] = set()
        while new := {name for name, used in uses.items() if name not in found and used & (measures | found)}:
            found |= new
        return found

    def values_read(self) -> dict[str, Any]:
        """Return the names that the cell reads with their values before it, as far as these still exist.

        A name that the cell rebinds in a way that its text does not show (``%split``, ``%run``, ``exec``) has its new
        value; a name that is bound only in a branch that was not taken has its old value.
        """
        found: dict[str, Any] = {}
        for name, remembered in self.reads.items():
            value = self.namespace.get(name, GONE)
            if not (remembered.is_(value) or self.bound.is_unseen(name)):
                value = remembered.value()
            if value is not GONE:
                found[name] = value
        if self._has_ended:  # until then it is not known which of these the cell binds
            for name in self._later:
                binding = self.bindings.names.get(name)
                is_plain = binding is not None and binding.is_plain and not binding.looped
                if is_plain and name in self.namespace and name not in found and not self.bound.is_bound(name):
                    found[name] = self.namespace[name]
        return found

    def objects_read(self) -> dict[str, Any]:
        """Return `values_read` without scalars: none of these is a model, a config, data or a history."""
        return {name: value for name, value in self.values_read().items() if type(value) not in _SCALARS}

    def digests_read(self) -> dict[str, str | None]:
        """Return the names that the cell reads, with a digest of the value if it has one."""
        values = self.values_read()
        found = digests_of(values, _DIGEST_BUDGET_S)
        return {name: found.get(name) for name in values}

    def objects(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the objects that these *names* have now, without scalars."""
        now = {name: self.namespace.get(name) for name in names}
        return {name: value for name, value in now.items() if type(value) not in _SCALARS}

    def end(self, error: BaseException | None = None) -> None:
        """Stop observing; the observations are kept. *error* is the exception that ended the cell."""
        for instrumenter in self._instrumenters:
            instrumenter.forget()
        self.calls.end()
        self._has_ended = True
        self.bound.end()
        self._forget_what_did_not_run(error)

    def _forget_what_did_not_run(self, error: BaseException | None) -> None:
        """Analyse the cell again without what did not run: branches not taken, and statements after an exception."""
        failed_at = None if error is None else failed_place(error.__traceback__, self.namespace)
        all_ran = [marked.end(failed_at) for marked in self._marked]
        if all(all_ran):
            return
        before = {name: value for name, held in self.reads.items() if (value := held.value()) is not GONE}
        read: set[str] = set()
        items: set[tuple[str, ...]] = set()
        keywords: list[Keyword] = []
        self.mentioned, self.bindings = set(), Bindings()
        for tree in (marked.ran for marked in self._marked):
            names = names_of(tree)
            read.update(read_of(names, {**self.namespace, **before}))
            self.mentioned.update(names.read, names.read_later, names.read_inside)
            self.bindings.add(bindings(tree))
            items.update(items_read(tree))
            keywords += keywords_in(tree)
        self.unread = self.reads.keys() - read
        for name in self.unread:
            del self.reads[name]
        for name in read - self.reads.keys():
            if (value := self.bound.before(name)) is not None:  # only a branch that was not taken binds it before
                self.reads[name] = value
        self.items_read = {keys: value for keys, value in self.items_read.items() if keys in items}
        self.keywords = [one for one in self.keywords if one in keywords]

    def _may_measure(self, name: str) -> bool:
        binding = self.bindings.names.get(name)
        made_here = binding is not None and (binding.computed or binding.loop_variable)
        return made_here or self._measure(name, self.namespace.get(name)) is not None

    def _measure(self, name: str, thing: object) -> str | None:
        return self.skips.read(name, thing, partial(measure_of, namespace=self.namespace), default=None)

    def _is_module_of_metrics(self, name: str) -> bool:
        return self.skips.read(name, self.namespace[name], is_module_of_metrics, default=False)

    def _literal_keywords(self, tree: ast.Module) -> list[Keyword]:
        """Return the literal keywords of calls to functions of the notebook."""
        known = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
        found = list(keywords_in(tree))
        for name in {one.function for one in found} - known:
            known |= {name for _ in functions_of(self.namespace.get(name), self.namespace)}
        return [one for one in found if one.function in known]
