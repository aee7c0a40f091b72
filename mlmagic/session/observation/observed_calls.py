"""Observe the calls and assignments of one tracked cell while it runs: arguments, results, and the values bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.remembered import Remembered
from mlmagic.scalars import as_float, as_number, is_float_scalar
from mlmagic.session.observation import sites
from mlmagic.session.observation.metric_functions import measure_of
from mlmagic.session.observation.observed_values import MOST_VALUES, Fitted, Measurement, Series
from mlmagic.session.observation.result_numbers import (
    MOST_PARTS,
    classes_in,
    is_array,
    numbers_of,
    parts_of,
    scalars_in,
)
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.session.observation.bound import BoundNames
    from mlmagic.session.observation.library_histories import Histories
    from mlmagic.session.observation.sites import Argument, Site


class ObservedCalls:
    """What was observed of the calls and assignments of a cell, by the sites where they stand.

    ``measured`` are the numbers that metric functions returned, by site and metric; ``series`` those that names were
    bound to, and ``dicts`` those in the dicts that loops bound; ``fitted`` are the models, ``validated`` the estimators
    that were cross-validated; ``logged_by_user`` what the cell logged to
    MLflow itself. ``problems`` has a line for each value that could not be inspected. ``on_given`` gets the arguments
    of the cell's calls: the argument, whether the cell made it, and the value. ``on_validated`` gets the arguments of a
    cross-validation, by place or name, and returns how it divides the rows. ``on_end`` gets the place in which the
    cell has ended a run of MLflow's.
    """

    def __init__(self, namespace: Mapping[str, Any], bound: BoundNames, histories: Histories) -> None:
        self._namespace = namespace
        self._bound = bound
        self._histories = histories
        self._calling: list[Site] = []
        self._turn = 0
        self._labels: dict[int, list[Any]] = {}
        self._items: dict[int, Any] = {}
        self._given_to_training: dict[int, dict[str, Any]] = {}
        self._given_to_validation: dict[int, dict[int | str, Any]] = {}
        self.measured: dict[tuple[int, str], Measurement] = {}
        self.series: dict[str, Series] = {}
        self.dicts: dict[str, dict[str, Series]] = {}
        self.fitted: dict[int, Fitted] = {}
        self.validated: dict[int, Fitted] = {}
        self.logged_by_user: list[Remembered] = []
        self.problems: dict[str, None] = {}
        self.on_given: Callable[[Argument, bool, Any], None] | None = None
        self.on_validated: Callable[[Mapping[int | str, Any]], Any] | None = None
        self.on_end: Callable[[Site], None] | None = None

    def has_measured(self, site: Site | None) -> bool:
        """Return whether a call at *site* has measured something."""
        return any(measurement.site is site for measurement in self.measured.values())

    def end(self) -> None:
        """Stop observing; the observations are kept, references to the cell's objects are not."""
        while self._calling:
            self._calling.pop().release()
        self._labels.clear()
        self._given_to_validation.clear()
        self.on_given = self.on_validated = self.on_end = None

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
        if site.kind == "turn":
            self._turn += 1
            return
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
        for measurement in self.measured.values():
            measurement.is_cut |= measurement.site is site

    def _take_argument(self, argument: Argument, value: Any) -> None:
        site = argument.site
        if site.kind == "log":
            self.logged_by_user.append(Remembered(value))
            return
        if site.kind == "train":
            self._take_training(argument, value)
            return
        if site.kind == "function" and metrics.is_cross_validation(site.callee):
            self._given_to_validation.setdefault(id(site), {})[argument.place] = value
            if argument.place in {0, "estimator"}:
                kept = value if argument.names is None else None
                self.validated[id(site)] = Fitted(site, kept, Remembered(value), {})
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
            made = argument.names is None or any(self._bound.is_bound(name) for name in argument.names)
            self.on_given(argument, made, value)

    def _is_data(self, argument: Argument) -> bool:
        """Return whether an argument may be data: a metric function's true labels are, its predictions are not."""
        callee = argument.site.callee
        if argument.site.kind != "function":
            return argument.site.kind in {"fit", "method", "predict", "load"}
        if metrics.is_scorer(callee):
            return argument.place not in {0, "estimator"}
        if metrics.is_cross_validation(callee) or metrics.measure_name(callee) is None:
            return measure_of(callee, self._namespace) is not None
        first = 1 if metrics.is_of_torchmetrics(callee) else 0
        return argument.place in {first, "y_true", "target"}

    def _take(self, site: Site, value: Any) -> None:
        if site.looks == 1 and site.kind in {"assignment", "literal"} and (site.name or _items_of(value, site)):
            self._bound.saw(name for name in site.names if name is not None)
        if site.kind == "assignment":
            self._take_assignment(site, value)
        elif site.kind == "item":
            self._take_item(site, value)
        elif site.kind == "key":
            number = self._items.pop(id(site.item), None)
            if number is not None and isinstance(value, (str, int)):
                self._add(f"{site.name}.{value}", number, site)
        elif site.kind == "end" and self.on_end is not None:
            self.on_end(site)
        elif site.kind in {"fit", "train"}:
            self._take_fit(site, value)
        elif site.kind in {"function", "method"}:
            self._take_measurement(site, value)

    def _take_assignment(self, site: Site, value: Any) -> None:
        values = [value] if site.name else _items_of(value, site)
        literals = site.literals or (False,)
        for name, one, is_literal in zip(site.names, values, literals, strict=False):
            if name is not None and not is_literal:
                self._add(name, one, site)
                if site.loops and type(one) is dict:
                    self._take_dict(name, one, site)

    def _take_dict(self, name: str, values: dict[Any, Any], site: Site) -> None:
        """Note the numbers of a dict that a loop binds to a name, or appends to a list of this name."""
        found = self.dicts.setdefault(name, {})
        turn = self._turn_at(site)
        for key, value in scalars_in(values):
            if issubclass(type(value), float) or is_float_scalar(value):
                found.setdefault(key, Series()).add(_small_copy(value), looped=True, turn=turn)
            elif type(value) is int or type(value).__module__ == "numpy":
                number = as_number(value) if not is_array(value) else None
                if number is not None:
                    found.setdefault(key, Series()).add(float(number), looped=True, turn=turn)

    def _take_item(self, site: Site, value: Any) -> None:
        if site.name:  # appended to a list of this name
            self._add(site.name, value, site)
            if type(value) is dict:
                self._take_dict(site.name, value, site)
        elif issubclass(type(value), float) or is_float_scalar(value):
            self._items[id(site)] = value if type(value) is float else _small_copy(value)

    def _add(self, name: str, value: Any, site: Site) -> None:
        if type(value) is not float:
            if type(value) is int or not (issubclass(type(value), float) or is_float_scalar(value)):
                return
            value = _small_copy(value)
        self.series.setdefault(name, Series()).add(value, looped=site.loops > 0, turn=self._turn_at(site))

    def _turn_at(self, site: Site) -> int | None:
        return self._turn if site.in_turn else None

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
            self._histories.fitted(site, value)
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
            name = measure_of(callee, self._namespace)
        if name is None:
            if site.kind == "function":
                site.mute(callee)
            return
        classes: list[str] | None = None
        if self._is_per_class(site) or (site.name == "compute" and is_array(value)):
            classes = list(classes_in(*self._labels.pop(id(site), ())))
        measurement = self.measured.setdefault((id(site), name), Measurement(site, name))
        if name in metrics.CROSS_VALIDATION and len(measurement.folds) < MOST_PARTS:
            measurement.folds.append(metrics.fold_scores(value) or {})
            given = self._given_to_validation.pop(id(site), {})
            measurement.divisions.append(self.on_validated(given) if self.on_validated is not None else None)
        parts = metrics.PARTS.get(name)
        if parts is None or type(value) is not tuple:
            measurement.add(numbers_of(value, folds=name in metrics.CROSS_VALIDATION, classes=classes))
            return
        measurement.is_unpacked = len(site.parts) == len(value)
        names = site.parts if measurement.is_unpacked else parts
        kept = {part: one for part, one in zip(names, value, strict=False) if part and part[0] != "_"}
        measurement.add(parts_of(kept, classes))


def _items_of(value: Any, site: Site) -> list[Any]:
    """Return the items of a tuple or list that is unpacked at *site*; empty if they do not fit: Python raises then."""
    return list(value) if type(value) in {tuple, list} and len(value) == len(site.names) else []


def _small_copy(value: Any) -> Any:
    """Return a number without references; a tensor on a GPU is copied there: reading it would wait for the GPU."""
    if getattr(value, "is_cuda", False):
        return value.detach().clone()
    return as_float(value)
