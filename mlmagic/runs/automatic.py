"""Which parameters and metrics a tracked cell shows by itself: read off its source, its values and its calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.runs.values import as_number
from mlmagic.session.bindings import NOT_LITERAL
from mlmagic.session.watching import MOST_VALUES
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.session.watching import CellWatch, Measurement
    from mlmagic.user_objects import Skips

_LONGEST_TEXT = 250
_LONGEST_EXPRESSION = 60

_ROUNDING = {"round", "float"}
_COUNTING = {"len", "id", "hash", "sum", "int"}

Curve = list[float]


@dataclass
class Found:
    """What was found, by key.

    ``measures`` are the metrics that the cell gives no name: the function or method that each is called after.
    ``steps`` are those of metrics that have their own, and ``histories`` what the library calls a metric of a history.
    """

    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Curve] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    steps: dict[str, list[int]] = field(default_factory=dict)
    histories: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find(
    watch: CellWatch, namespace: Mapping[str, Any], *, result: Any, known_metrics: set[str], failed: bool = False
) -> Found:
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
    failed
        Whether the cell ended with an error: what it binds may be what an earlier cell left.
    """
    found = Found()
    found.params = dict(_params(watch, namespace, known_metrics))
    bound = dict(_bound_metrics(watch, namespace, failed=failed))
    found.metrics = dict(_measured(watch, set(bound), found))
    for name, value in bound.items():
        found.metrics.setdefault(name, [value])
    last = watch.skips.read("the value of the last line", result, partial(_last_expression, watch), default=None)
    if last is not None and last[0] not in found.metrics and last[0] not in found.params:
        found.metrics[last[0]] = [last[1]]
    _add_histories(watch, namespace, found)
    found.notes += watch.problems
    return found


def _add_histories(watch: CellWatch, namespace: Mapping[str, Any], found: Found) -> None:
    """Take the curves of Keras and Lightning under their own names, or where such a name is taken, with a suffix."""
    names = [name for name, binding in watch.bindings.names.items() if binding.literals]
    for history in watch.histories.end([name for name in (*names, *watch.read) if name[0] != "_"], namespace):
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


def is_setting(name: str, value: object) -> bool:
    r"""Tell whether *value* is a scalar as parameters are: no long text, no private name.

    >>> is_setting("lr", 0.1), is_setting("_lr", 0.1), is_setting("text", "a\nb"), is_setting("x", [1])
    (True, False, False, False)
    """
    if name.startswith("_"):
        return False
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT and "\n" not in value
    return isinstance(value, (bool, int, float)) or (_is_numpy_scalar(value) and as_number(value) is not None)


def _is_numpy_scalar(value: object) -> bool:
    return type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0


def _params(watch: CellWatch, namespace: Mapping[str, Any], known_metrics: set[str]) -> Iterator[tuple[str, Any]]:
    keywords: dict[str, list[Any]] = {}
    for keyword in watch.keywords:
        keywords.setdefault(keyword.name, []).append((keyword.function, keyword.value))
    for name, uses in keywords.items():
        values = {repr(value): value for _, value in uses}
        if len(values) == 1 and is_setting(name, uses[0][1]):
            yield name, uses[0][1]
    for name, value in watch.read.items():
        binding = watch.bindings.names.get(name)
        counted = binding is not None and binding.counted
        is_param = watch.skips.read(name, value, partial(is_setting, name), default=False)
        if is_param and not counted and name not in known_metrics:
            yield name, value
    for name, binding in watch.bindings.names.items():
        value = binding.constant
        if value is NOT_LITERAL or name.startswith("_") or not (value is None or is_setting(name, value)):
            continue
        if _is_now(namespace, name, value):
            yield name, value


def _is_now(namespace: Mapping[str, Any], name: str, value: object) -> bool:
    """Tell whether *name* has this literal's value: else its line never ran, in a branch or after an error."""
    held = namespace.get(name, NOT_LITERAL)
    return type(held) is type(value) and held == value


def _bound_metrics(watch: CellWatch, namespace: Mapping[str, Any], *, failed: bool) -> Iterator[tuple[str, float]]:
    """Yield the floats, and the dicts of floats, that the cell worked out and bound to a name."""
    for name, binding in watch.bindings.names.items():
        if name.startswith("_") or name not in namespace:
            continue
        value = namespace[name]
        if failed and watch.before.get(name, NOT_LITERAL) is value:  # the cell did not get that far
            continue
        number = watch.skips.read(name, value, as_float, default=None) if binding.computed else None
        if number is not None:
            yield name, number
        elif binding.literals or name in watch.bindings.filled:
            yield from watch.skips.read(name, value, partial(_dict_of_floats, name), default=())
    for name in watch.bindings.filled - set(watch.bindings.names):
        if not name.startswith("_") and name in namespace:
            yield from watch.skips.read(name, namespace[name], partial(_dict_of_floats, name), default=())


def as_float(value: Any) -> float | None:
    """Return a floating-point number, NumPy scalar or tensor without dimensions as float; None for all else.

    Whole numbers are counts, sizes and seeds as a rule, not measurements.

    >>> as_float(0.5), as_float(3), as_float(True), as_float("0.5")
    (0.5, None, None, None)
    """
    if isinstance(value, float):
        return float(value)
    kind = str(getattr(value, "dtype", ""))
    if getattr(value, "ndim", None) != 0 or "float" not in kind:
        return None
    return as_number(value)


def _dict_of_floats(name: str, value: Any) -> list[tuple[str, float]]:
    if not isinstance(value, dict) or not value:
        return []
    numbers = {f"{name}.{key}": guarded(default=None)(as_float)(item) for key, item in value.items()}
    known = [(key, number) for key, number in numbers.items() if number is not None]
    return known if len(known) == len(numbers) else []


def _measured(watch: CellWatch, bound: set[str], found: Found) -> Iterator[tuple[str, Curve]]:
    """Yield what metric functions, scorers, ``score`` methods and loops gave, each call site once."""
    taken: set[str] = set()
    for measurement in watch.measured.values():
        site = measurement.site
        if measurement.dropped:
            found.notes.append(
                f"{site.bound or measurement.name}: {measurement.dropped:,} of its values were left out; log a curve "
                "of that length with mlmagic.log"
            )
        key = site.bound
        if key is not None and key.startswith("_"):
            continue
        if key is None:
            if site.within is not None and any(b == site.within or b.startswith(f"{site.within}.") for b in bound):
                continue
            key = _free_key(measurement, taken)
            found.measures[key] = measurement.name
        elif key in bound and key in taken:
            continue
        taken.add(key)
        yield from _curves(key, measurement.values, watch.skips)


def _free_key(measurement: Measurement, taken: set[str]) -> str:
    key, truth = measurement.name, measurement.site.truth
    if key in taken and truth:
        key = f"{key}_{truth}"
    number = 2
    while key in taken:
        key, number = f"{measurement.name}_{number}", number + 1
    return key


def _curves(key: str, values: list[Any], skips: Skips) -> Iterator[tuple[str, Curve]]:
    """Yield one curve a number that the values hold: a float, the folds of a cross-validation, or a dict of floats."""
    curves: dict[str, Curve] = {}
    for value in values:
        for name, number in skips.read(key, value, partial(_numbers_in, key), default=()):
            curves.setdefault(name, []).append(number)
    yield from curves.items()


def _numbers_in(key: str, value: Any) -> list[tuple[str, float]]:
    number = as_number(value)
    if number is not None:
        return [(key, number)]
    scores = metrics.folds(value)
    if scores is None:
        return _dict_of_floats(key, value)
    names = {part: f"{key}.{part}" if part else key for part in scores}
    return [
        (f"{names[part]}.{what}", number)
        for part, pair in scores.items()
        for what, number in zip(("mean", "std"), pair, strict=True)
    ]


def _last_expression(watch: CellWatch, result: Any) -> tuple[str, float] | None:
    """Return key and value of the last expression when it is a number that nothing else has told yet."""
    number = None if isinstance(result, bool) else as_number(result)
    if number is None or watch.last is None or id(watch.last_site) in watch.measured:
        return None
    key = expression_key(watch.last)
    return None if key in _COUNTING or key.startswith("_") else (key, number)


def expression_key(node: ast.expr) -> str:
    """Return what to call an expression: its own text where that is a dotted name, a call's function, or ``result``.

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
