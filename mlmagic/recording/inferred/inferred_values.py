"""Infer the parameters and metrics of a tracked cell from its values, its calls and its source."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.recording.inferred.clocks import is_clock, reads_clock
from mlmagic.recording.inferred.dict_results import curves_in, results_in
from mlmagic.recording.inferred.inferred_parameters import (
    holds_settings,
    is_taken_from_settings,
    measures,
    parameters,
)
from mlmagic.scalars import as_float
from mlmagic.session.observation.observed_values import MOST_VALUES
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.session.observation.cell_observer import CellObserver
    from mlmagic.session.observation.observed_values import Measurement

_LONGEST_EXPRESSION = 60

_ROUNDING = {"round", "float"}
_COUNTING = {"len", "id", "hash", "sum", "int"}

Curve = list[float]


@dataclass
class InferredValues:
    """The inferred values, by key.

    ``measures`` maps each metric that the cell does not name to the function or method that it is named after.
    ``steps`` are those of metrics with steps of their own; ``histories`` maps keys to the library's name of a history's
    metric.
    """

    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Curve] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    steps: dict[str, list[int]] = field(default_factory=dict)
    histories: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find(watch: CellObserver, namespace: Mapping[str, Any], *, result: Any, known_metrics: set[str]) -> InferredValues:
    """Return the parameters and metrics of a cell that has ended.

    Parameters
    ----------
    watch
        What was seen of the cell.
    namespace
        The user's names, as the cell left them.
    result
        The value of the cell's last expression, or None.
    known_metrics
        Names that earlier cells of the session recorded as metrics: reading one does not make it a parameter.
    """
    found = InferredValues()
    found.params = dict(parameters(watch, namespace, known_metrics))
    series = dict(_series(watch, namespace, found)) | dict(_series_of_dicts(watch, namespace, found))
    values = {key: value for key, value in _bound_metrics(watch, namespace, found.params) if key not in series}
    found.metrics = dict(_measured(watch, {*series, *values}, found))
    curves = dict(_curves_bound(watch, namespace)) | series | {key: [value] for key, value in values.items()}
    for name, curve in curves.items():
        found.metrics.setdefault(name, curve)
    last = watch.skips.read(
        "the value of the last line", result, partial(_last_expression, watch, namespace), default=None
    )
    if last is not None and last[0] not in found.metrics and last[0] not in found.params:
        found.metrics[last[0]] = [last[1]]
    _add_histories(watch, found)
    found.notes += watch.calls.problems
    return found


def _add_histories(watch: CellObserver, found: InferredValues) -> None:
    """Add the curves of Keras and Lightning under their own names, or with a suffix if such a name is taken."""
    names = [name for name in (*watch.bound.names(), *watch.reads) if name[0] != "_"]
    for history in watch.histories.end(watch.objects(names)):
        for metric, curve in history.curves.items():
            key, number = metric, 2
            if key in found.metrics and history.name:
                key = f"{metric}_{history.name}"
            while key in found.metrics:
                key, number = f"{metric}_{number}", number + 1
            found.histories[key] = metric
            found.metrics[key], found.steps[key] = curve.values[:MOST_VALUES], curve.steps[:MOST_VALUES]
            if len(curve.values) > MOST_VALUES:
                found.notes.append(f"{key}: of {len(curve.values):,} values the first {MOST_VALUES:,} are recorded")


def _series(watch: CellObserver, namespace: Mapping[str, Any], found: InferredValues) -> Iterator[tuple[str, Curve]]:
    """Yield the floats that the cell computed and bound to a name, or put into a list or an item of a dict."""
    for name, series in watch.calls.series.items():
        root = name.partition(".")[0]
        binding = watch.bindings.names.get(name)
        if name.startswith("_") or root not in namespace or is_clock(binding, namespace):
            continue
        if name != root and not issubclass(type(namespace[root]), dict):  # an item of an array or a frame
            continue
        if binding is not None and (binding.loop_variable or binding.is_counter or binding.other):
            continue
        if name in found.params and (binding is None or is_taken_from_settings(watch, binding, namespace)):
            continue
        curve = [number for value in series.values if (number := guarded(default=None)(as_float)(value)) is not None]
        if curve and name in namespace:
            # Deeper loops and other statements may have bound it since.
            now = watch.skips.read(name, namespace[name], as_float, default=None)
            if now is not None and repr(now) != repr(curve[-1]):
                curve = [*curve, now] if series.looped else [now]
        if series.is_cut:
            found.notes.append(_cut(name))
            curve += _last(watch, namespace, name, curve)
        if curve:
            yield name, curve


def _series_of_dicts(
    watch: CellObserver, namespace: Mapping[str, Any], found: InferredValues
) -> Iterator[tuple[str, Curve]]:
    """Yield the numbers of dicts of results that a loop binds to a name, or appends to a list, as curves."""
    for name, parts in watch.calls.dicts.items():
        root = name.partition(".")[0]
        if name.startswith("_") or root not in namespace:
            continue
        if name in watch.bound.names() and type(namespace[name]) is dict:
            recorded = {key for key, _ in _results(watch, name, namespace[name], found.params)}
        else:  # a list of dicts: what is a dict of results is decided by the last one
            recorded = {key for key, _ in _results(watch, name, _value_at(namespace, name), found.params)}
        for part, series in parts.items():
            key = f"{name}.{part}"
            numbers = (guarded(default=None)(as_float)(value) for value in series.values)
            curve = [number for number in numbers if number is not None]
            if key in recorded and curve:
                if series.is_cut:
                    found.notes.append(_cut(key))
                    curve += _last(watch, namespace, key, curve)
                yield key, curve


def _cut(name: str) -> str:
    return f"{name}: only its first {MOST_VALUES:,} values and the last are recorded; mlmagic.log records longer curves"


def _last(watch: CellObserver, namespace: Mapping[str, Any], key: str, curve: Curve) -> Curve:
    """Return the last value of a curve that was cut, as the namespace holds it, unless the curve ends with it."""
    value = watch.skips.read(key, _value_at(namespace, key), as_float, default=None)
    return [] if value is None or repr(value) == repr(curve[-1]) else [value]


def _value_at(namespace: Mapping[str, Any], key: str) -> Any:
    """Return what stands under a dotted key, in dicts and at the end of lists; None if there is nothing."""
    name, *parts = key.split(".")
    value = _end_of(namespace.get(name))
    while parts and type(value) is dict:
        # A key may contain dots itself.
        size = next((size for size in range(len(parts), 0, -1) if ".".join(parts[:size]) in value), 0)
        if not size:
            return None
        value, parts = _end_of(value[".".join(parts[:size])]), parts[size:]
    return None if parts else value


def _end_of(value: Any) -> Any:
    return value[-1] if type(value) is list and value else value


def _bound_metrics(
    watch: CellObserver, namespace: Mapping[str, Any], params: Mapping[str, Any]
) -> Iterator[tuple[str, float]]:
    """Yield the floats, and the numbers in dicts, that the cell computed and bound to a name."""
    bound = watch.bound.names()
    for name in bound:
        if name not in namespace or name in params:
            continue
        value, binding = namespace[name], watch.bindings.names.get(name)
        number = watch.skips.read(name, value, as_float, default=None)
        if binding is None:  # bound in a way that the text does not show
            if number is not None and measures(name, number):
                yield name, number
        elif number is not None and binding.computed and not is_clock(binding, namespace):
            yield name, number
        elif binding.values and (name in watch.bindings.filled or not holds_settings(binding, params)):
            yield from _results(watch, name, value, params)
    for name, before in watch.numbers_before.items():
        if not name.startswith("_") and name in namespace and name not in bound:
            yield from _results(watch, name, namespace[name], params, before)


def _results(
    watch: CellObserver, name: str, value: Any, params: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> list[tuple[str, float]]:
    """Return the numbers in a dict, without the parameters, which the cell sets to literals."""
    found = watch.skips.read(name, value, partial(results_in, name, before=before), default=[])
    return [(key, number) for key, number in found if key not in params]


def _curves_bound(watch: CellObserver, namespace: Mapping[str, Any]) -> Iterator[tuple[str, Curve]]:
    """Yield the lists of floats under a metric's name in dicts: histories that training functions return or fill."""
    for name in dict.fromkeys([*watch.bound.names(), *watch.bindings.filled]):
        value = namespace.get(name)
        if type(value) is dict and not name.startswith("_"):
            yield from watch.skips.read(name, value, partial(curves_in, name), default=())


def _measured(watch: CellObserver, bound: set[str], found: InferredValues) -> Iterator[tuple[str, Curve]]:
    """Yield the results of metric functions, scorers and ``score`` methods, each call site once."""
    taken: set[str] = set()
    for measurement in watch.calls.measured.values():
        site = measurement.site
        if measurement.is_unpacked:
            yield from ((key, curve) for key, curve in _curves(measurement, "").items() if key not in bound)
            continue
        key = site.bound
        if measurement.is_cut and key not in bound:
            found.notes.append(_cut(key or measurement.name))
        if key is not None and (key.startswith("_") or key in bound):
            continue
        if key is None:
            if any(one == root or one.startswith(f"{root}.") for root in site.within for one in bound):
                continue
            key = _free_key(measurement, taken)
            found.measures[key] = measurement.name
        taken.add(key)
        yield from _curves(measurement, key).items()


def _curves(measurement: Measurement, key: str) -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    for numbers in measurement.values:
        for part, number in numbers.items():
            curves.setdefault(".".join(filter(None, (key, part))), []).append(number)
    return curves


def _free_key(measurement: Measurement, taken: set[str]) -> str:
    key, truth = measurement.name, measurement.site.truth
    if key in taken and truth:
        key = f"{key}_{truth}"
    number = 2
    while key in taken:
        key, number = f"{measurement.name}_{number}", number + 1
    return key


def _last_expression(watch: CellObserver, namespace: Mapping[str, Any], result: Any) -> tuple[str, float] | None:
    """Return key and value of the last expression if it is a float that nothing else has recorded yet, else None.

    A whole number is a count, an exit code or a size; an array of one element is a prediction.
    """
    number = as_float(result)
    if number is None or watch.last is None or watch.calls.has_measured(watch.last_site):
        return None
    if reads_clock(watch.last, namespace):
        return None
    key = expression_key(watch.last)
    return None if key in _COUNTING or key.startswith("_") else (key, number)


def expression_key(node: ast.expr) -> str:
    """Return the name of an expression: its text if that is a dotted name, a call's function, or ``result``.

    >>> texts = ("acc", "s.best_score_", "round(f(y), 3)", "a + 1")
    >>> [expression_key(ast.parse(text, mode="eval").body) for text in texts]
    ['acc', 's.best_score_', 'f', 'result']
    """
    while isinstance(node, ast.Call):
        rounds = isinstance(node.func, ast.Name) and node.func.id in _ROUNDING and node.args
        node = node.args[0] if rounds else node.func
    inner = node
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return node.attr if isinstance(node, ast.Attribute) else "result"
    text = ast.unparse(node)
    return text if len(text) <= _LONGEST_EXPRESSION else "result"
