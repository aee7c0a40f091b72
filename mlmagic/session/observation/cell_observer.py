"""Observe one tracked cell: what it reads before it runs, what it binds, and its calls' arguments and results."""

from __future__ import annotations

import ast
import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.remembered import GONE, Remembered
from mlmagic.scalars import as_float, as_number, is_float_scalar
from mlmagic.session.observation import sites
from mlmagic.session.observation.bindings import Bindings, bindings
from mlmagic.session.observation.bound import BoundNames
from mlmagic.session.observation.call_instrumentation import Instrumenter, metric_names
from mlmagic.session.observation.cell_text import Keyword, item, items_read, keywords_in, last_expression, names_used_in
from mlmagic.session.observation.executed import Executed, failed_line
from mlmagic.session.observation.library_histories import Histories
from mlmagic.session.observation.measured import classes_in, is_array, numbers_of, parts_of, scalars_in
from mlmagic.session.observation.measures import is_module_of_metrics, measure_of
from mlmagic.session.observation.observed_values import MOST_VALUES, Fitted, Measurement, Series
from mlmagic.session.observation.reads import functions_of, read_of
from mlmagic.session.observation.scopes import CellNames, names_of
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.user_objects import Skips, one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.session.observation.sites import Argument, Site


class CellObserver:
    """The observations of a tracked cell while it runs, in the user's ``namespace``.

    ``reads`` are the names from before the cell that it reads, each with its value at that time. ``numbers_before`` has
    the numbers in the dicts among them, and in the dicts that the cell fills; ``items_read`` the scalars that the cell
    reads by their keys; ``unread`` the names that are read only by statements that did not run. ``skips`` are the
    objects that could not be read. ``on_given`` gets the arguments of the cell's calls: the argument, whether the cell
    made it, and the value. ``on_end`` is called when the cell has ended a run of MLflow's. Objects are held by weak
    references: what the cell deletes is freed while it runs.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace
        self._instrumenters: list[Instrumenter] = []
        self._calling: list[Site] = []
        self._labels: dict[int, list[Any]] = {}
        self._items: dict[int, Any] = {}
        self._given_to_training: dict[int, dict[str, Any]] = {}
        self._later: dict[str, None] = {}
        self._marked: list[Executed] = []
        self._has_ended = False
        self.reads: dict[str, Remembered] = {}
        self.unread: set[str] = set()
        self.mentioned: set[str] = set()
        self.bound = BoundNames(namespace)
        self.bindings = Bindings()
        self.keywords: list[Keyword] = []
        self.measured: dict[int, Measurement] = {}
        self.series: dict[str, Series] = {}
        self.dicts: dict[str, dict[str, Series]] = {}
        self.numbers_before: dict[str, dict[str, Any]] = {}
        self.items_read: dict[tuple[str, ...], bool | float | str] = {}
        self.fitted: dict[int, Fitted] = {}
        self.validated: dict[int, Fitted] = {}
        self.logged_by_user: list[Remembered] = []
        self.skips = Skips()
        self.histories = Histories(self.skips)
        self.problems: dict[str, None] = {}
        self.last: ast.expr | None = None
        self.last_site: Site | None = None
        self.on_given: Callable[[Argument, bool, Any], None] | None = None
        self.on_end: Callable[[], None] | None = None

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
        self.histories.begin(self.values_read())
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
            sees=self,
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

    def end(self, error: BaseException | None = None) -> None:
        """Stop observing; the observations are kept. *error* is the exception that ended the cell."""
        for instrumenter in self._instrumenters:
            instrumenter.forget()
        while self._calling:
            self._calling.pop().release()
        self._labels.clear()
        self.on_given = self.on_end = None
        self._has_ended = True
        self.bound.end()
        self._forget_what_did_not_run(error)

    def _forget_what_did_not_run(self, error: BaseException | None) -> None:
        """Analyse the cell again without what did not run: branches not taken, and statements after an exception."""
        line = None if error is None else failed_line(error.__traceback__, self.namespace)
        all_ran = [marked.end(line) for marked in self._marked]
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
            if not self.bound.is_bound(name):  # only a branch that was not taken binds it
                self.reads[name] = Remembered(self.namespace[name])
        self.items_read = {keys: value for keys, value in self.items_read.items() if keys in items}
        self.keywords = [one for one in self.keywords if one in keywords]

    def _may_measure(self, name: str) -> bool:
        binding = self.bindings.names.get(name)
        made_here = binding is not None and binding.computed
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

    def calls(self, site: Site, callee: Any) -> None:
        """Note what is called at *site*; receivers of calls that have failed are released."""
        if site.kind == "function" and site.mutes(callee):
            return
        while self._calling and self._calling[-1].statement != site.statement:
            self._calling.pop().release()
        site.called(callee)
        self._calling.append(site)

    def given(self, argument: Argument, value: Any) -> None:
        """Note an argument of a call, before the call runs."""
        if argument.site.is_muted:
            return
        try:
            self._take_argument(argument, value)
        except BaseException as error:  # noqa: BLE001  # this runs within the user's cell: it is reported, never raised
            self._report(argument.site.name, "was given", error)

    def returned(self, site: Site, value: Any) -> None:
        """Note what a call returned, or what an assignment binds; in a long loop, the first times only."""
        site.looks += 1
        if site.looks > MOST_VALUES:
            self._stop_looking(site)
        elif not site.is_muted:
            try:
                self._take(site, value)
            except BaseException as error:  # noqa: BLE001  # as above
                is_bound = site.kind in {"assignment", "literal", "item", "key"}
                self._report(site.name or "an assignment", "was bound to" if is_bound else "returned", error)
        if self._calling and self._calling[-1] is site:
            self._calling.pop().release()

    def _report(self, name: str, what: str, error: BaseException) -> None:
        reraise_interrupt(error)
        problem = f"what {name} {what} could not be inspected: {one_line(error)}"
        self.problems[beginning(problem, 300)] = None

    def _stop_looking(self, site: Site) -> None:
        """Stop observing a site that ran very often: from here on it costs next to nothing."""
        for number in site.numbers:
            sites.forget(number)
        for name in (site.name, *site.names):
            for series in (self.series.get(name or ""), *self.dicts.get(name or "", {}).values()):
                if series is not None:
                    series.is_cut = True
        if (measurement := self.measured.get(id(site))) is not None:
            measurement.is_cut = True

    def _take_argument(self, argument: Argument, value: Any) -> None:
        site = argument.site
        if site.kind == "log":
            self.logged_by_user.append(Remembered(value))
            return
        if site.kind == "train":
            self._take_training(argument, value)
            return
        if argument.place in {0, "estimator"} and metrics.is_cross_validation(site.callee):
            self.validated[id(site)] = Fitted(site, value if argument.names is None else None, Remembered(value), {})
        if (
            self._is_per_class(site)
            and site.kind == "function"
            and argument.place in {0, 1, "y_true", "y_pred", "labels"}
        ):
            if argument.place == "labels":
                self._labels[id(site)] = [value]
            elif len(self._labels.setdefault(id(site), [])) < 2:  # noqa: PLR2004  # true and predicted
                self._labels[id(site)].append(value)
        if self.on_given is not None and self._is_data(argument):
            made = argument.names is None or any(self.bound.is_bound(name) for name in argument.names)
            self.on_given(argument, made, value)

    def _is_data(self, argument: Argument) -> bool:
        """Return whether an argument may be data: a metric function's true labels are, its predictions are not."""
        callee = argument.site.callee
        if argument.site.kind != "function":
            return argument.site.kind in {"fit", "method", "predict", "load"}
        if metrics.is_cross_validation(callee) or metrics.measure_name(callee) is None:
            return measure_of(callee, self.namespace) is not None
        first = 1 if metrics.is_of_torchmetrics(callee) else 0
        return argument.place in {first, "y_true", "target"}

    def _take(self, site: Site, value: Any) -> None:
        if site.looks == 1 and site.kind in {"assignment", "literal"}:
            self.bound.saw(name for name in site.names if name is not None)
        if site.kind == "assignment":
            self._take_assignment(site, value)
        elif site.kind == "item":
            self._take_item(site, value)
        elif site.kind == "key":
            number = self._items.pop(id(site.item), None)
            if number is not None and isinstance(value, (str, int)):
                self._add(f"{site.name}.{value}", number, looped=site.loops > 0)
        elif site.kind == "end" and self.on_end is not None:
            self.on_end()
        elif site.kind in {"fit", "train"}:
            self._take_fit(site, value)
        elif site.kind in {"function", "method"}:
            self._take_measurement(site, value)

    def _take_assignment(self, site: Site, value: Any) -> None:
        values = [value]
        if not site.name:
            values = list(value) if type(value) in {tuple, list} and len(value) == len(site.names) else []
        literals = site.literals or (False,)
        for name, one, is_literal in zip(site.names, values, literals, strict=False):
            if name is not None and not is_literal:
                self._add(name, one, looped=site.loops > 0)
                if site.loops and type(one) is dict:
                    self._take_dict(name, one)

    def _take_dict(self, name: str, values: dict[Any, Any]) -> None:
        """Note the numbers of a dict that a loop binds to a name, or appends to a list of this name."""
        found = self.dicts.setdefault(name, {})
        for key, value in scalars_in(values):
            if issubclass(type(value), float) or is_float_scalar(value):
                found.setdefault(key, Series()).add(_small_copy(value), looped=True)
            elif type(value) is int or type(value).__module__ == "numpy":
                number = as_number(value) if not is_array(value) else None
                if number is not None:
                    found.setdefault(key, Series()).add(float(number), looped=True)

    def _take_item(self, site: Site, value: Any) -> None:
        if site.name:  # appended to a list of this name
            self._add(site.name, value, looped=site.loops > 0)
            if type(value) is dict:
                self._take_dict(site.name, value)
        elif issubclass(type(value), float) or is_float_scalar(value):
            self._items[id(site)] = value if type(value) is float else _small_copy(value)

    def _add(self, name: str, value: Any, *, looped: bool) -> None:
        if type(value) is not float:
            if type(value) is int or not (issubclass(type(value), float) or is_float_scalar(value)):
                return
            value = _small_copy(value)
        self.series.setdefault(name, Series()).add(value, looped=looped)

    def _take_training(self, argument: Argument, value: Any) -> None:
        """Note the parameters that XGBoost's or LightGBM's ``train`` gets: a dict, and the number of rounds."""
        found = self._given_to_training.setdefault(id(argument.site), {})
        if argument.place in {0, "params"} and isinstance(value, dict):
            found.update(value)
        elif argument.place in {2, "num_boost_round"}:
            found["num_boost_round"] = value

    def _take_fit(self, site: Site, value: Any) -> None:
        model, nameless = site.callee, site.passing and site.bound is None
        if site.kind == "fit":
            self.histories.fitted(site, value)
        elif metrics.is_boosting(site.callee):
            model, nameless = value, site.bound is None
        else:
            return
        given = self._given_to_training.pop(id(site), {})
        self.fitted[id(site)] = Fitted(site, model if nameless else None, Remembered(model), given)

    def _is_per_class(self, site: Site) -> bool:
        return site.per_class or metrics.is_per_class(site.callee)

    def _take_measurement(self, site: Site, value: Any) -> None:
        callee = site.callee
        if site.kind == "method":
            suits = metrics.is_torchmetric if site.name == "compute" else metrics.is_estimator
            name = site.name if suits(callee) else None
            name = metrics.measure_name(callee) if name == "compute" else name
        else:
            name = measure_of(callee, self.namespace)
        if name is None:
            if site.kind == "function":
                site.mute(callee)
            return
        classes: list[str] | None = None
        if self._is_per_class(site) or (site.name == "compute" and is_array(value)):
            classes = list(classes_in(*self._labels.pop(id(site), ())))
        measurement = self.measured.setdefault(id(site), Measurement(site, name))
        parts = metrics.PARTS.get(name)
        if parts is None or type(value) is not tuple:
            measurement.add(numbers_of(value, folds=name in metrics.CROSS_VALIDATION, classes=classes))
            return
        measurement.is_unpacked = len(site.parts) == len(value)
        names = site.parts if measurement.is_unpacked else parts
        kept = {part: one for part, one in zip(names, value, strict=False) if part and part[0] != "_"}
        measurement.add(parts_of(kept, classes))


def _small_copy(value: Any) -> Any:
    """Return a number without references; a tensor on a GPU is copied there: reading it would wait for the GPU."""
    if getattr(value, "is_cuda", False):
        return value.detach().clone()
    return as_float(value)
