"""Infer the parameters of a tracked cell from its values, its calls and its source."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.scalars import as_number
from mlmagic.session.observation.bindings import NOT_LITERAL, keys_of, literal
from mlmagic.store.query.direction import direction_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mlmagic.session.observation.bindings import Binding
    from mlmagic.session.observation.cell_observer import CellObserver

_LONGEST_TEXT = 250
_DEEPEST = 8
_RESULTS = frozenset(
    ["eval", "evaluation", "history", "log", "logs", "metrics", "report", "res", "result", "results", "scores", "stats"]
)


def is_setting(name: str, value: object) -> bool:
    r"""Return whether *value* is a scalar that may be a parameter: not a long text, and not under a private name.

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


def parameters(watch: CellObserver, namespace: Mapping[str, Any], known_metrics: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of the parameters of a cell that has ended; a known metric that it reads is not one."""
    keywords: dict[str, list[Any]] = {}
    for keyword in watch.keywords:
        keywords.setdefault(keyword.name, []).append((keyword.function, keyword.value))
    for name, uses in keywords.items():
        values = {repr(value): value for _, value in uses}
        value = uses[0][1]
        if len(values) == 1 and not name.startswith("_") and (value is None or is_setting(name, value)):
            yield name, value
    read = watch.values_read()
    unseen = {name: namespace[name] for name in watch.bound.unseen() if name in watch.mentioned}
    for name, value in (read | unseen).items():
        binding = watch.bindings.names.get(name)
        counted = binding is not None and binding.is_counter
        is_param = watch.skips.read(name, value, partial(is_setting, name), default=False)
        if is_param and not counted and name not in known_metrics and not (name in unseen and measures(name, value)):
            yield name, value
    for name, binding in watch.bindings.names.items():
        value = binding.constant
        if value is not NOT_LITERAL and not name.startswith("_") and (value is None or is_setting(name, value)):
            if _is_now(namespace, name, value):
                yield name, value
        elif (display := written_dict(binding)) is not None and not name.startswith("_") and watch.bound.is_bound(name):
            yield from _settings_in(display, name)
        elif is_taken_from_settings(watch, binding, namespace) and is_setting(name, namespace.get(name)):
            yield name, namespace[name]
    yield from _items_of_settings(watch, namespace, known_metrics)


def _items_of_settings(
    watch: CellObserver, namespace: Mapping[str, Any], known_metrics: set[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the items of dicts that the cell reads by their keys, and those that it sets to literals."""
    for keys, value in watch.items_read.items():
        if _is_setting_of_dict(keys, value) and ".".join(keys) not in known_metrics:
            yield ".".join(keys), value
    for keys, written in watch.bindings.items.items():
        if written is not NOT_LITERAL and _is_setting_of_dict(keys, written) and _item(namespace, keys) == written:
            yield ".".join(keys), written


def _is_setting_of_dict(keys: tuple[str, ...], value: object) -> bool:
    """Return whether *value* is a setting and not a result, judging by the name of its dict and its *keys*."""
    is_of_results = keys[0].lower().rpartition("_")[2] in _RESULTS
    return not is_of_results and is_setting(keys[0], value) and all(direction_of(key) is None for key in keys)


def _item(namespace: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    found: Any = namespace
    for key in keys:
        found = found.get(key, NOT_LITERAL) if found is namespace or type(found) is dict else NOT_LITERAL
    return found


def is_taken_from_settings(watch: CellObserver, binding: Binding, namespace: Mapping[str, Any]) -> bool:
    """Return whether a name is bound to an item of an earlier cell's dict, ``lr = config["lr"]``: not a measurement."""
    if len(binding.values) != 1 or not binding.is_plain or binding.looped or direction_of(binding.name) is not None:
        return False
    keys = keys_of(binding.values[0])
    value = watch.items_read.get(keys) if keys else None
    return value is not None and _is_setting_of_dict(keys, value) and namespace.get(binding.name) is value


def _is_now(namespace: Mapping[str, Any], name: str, value: object) -> bool:
    """Return whether *name* has this literal's value; if not, its line never ran, in a branch or after an error."""
    held = namespace.get(name, NOT_LITERAL)
    return type(held) is type(value) and held == value


def measures(name: str, value: object) -> bool:
    """Return whether a number whose expression is unknown is a measurement: a float whose name is a metric's."""
    return isinstance(value, float) and direction_of(name) is not None


def written_dict(binding: Binding) -> ast.Dict | None:
    """Return the dict of literals that a name is bound to once, as settings are, or None.

    It may be written as ``dict(lr=0.1)``, and have lists of literals beside scalars. A dict with a key that names a
    metric, ``{"acc": 0.9}``, holds results.
    """
    if len(binding.values) != 1 or binding.looped or binding.other:
        return None
    display = _as_display(binding.values[0])
    if display is None or not _is_written(display, _DEEPEST) or _names_metric(display):
        return None
    return display if any(not isinstance(value, list) for _, value in _leaves(display, "")) else None


def holds_settings(binding: Binding, params: Collection[str]) -> bool:
    """Return whether a name is bound once to a dict of literals and *params*: ``{"lr": lr, "depth": 3}``."""
    if written_dict(binding) is not None:
        return True
    display = _as_display(binding.values[0]) if len(binding.values) == 1 else None
    return display is not None and not _names_metric(display) and _is_written(display, _DEEPEST, params)


def _as_display(node: ast.expr) -> ast.Dict | None:
    """Return a dict display, or a call of ``dict`` with keywords as the display that it stands for, or None."""
    match node:
        case ast.Dict():
            return node
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words) if all(word.arg for word in words):
            values = [_as_display(word.value) or word.value for word in words]
            return ast.Dict([ast.Constant(word.arg) for word in words], values)
    return None


def _is_written(node: ast.expr, depth: int, params: Collection[str] = ()) -> bool:
    """Return whether *node* is a literal or one of *params*, or a list or a dict of these."""
    display = _as_display(node)
    if display is not None:
        keys = all(isinstance(key, ast.Constant) and isinstance(key.value, (str, int)) for key in display.keys)
        return bool(depth and keys and display.values) and all(
            _is_written(value, depth - 1, params) for value in display.values
        )
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(_is_written(item, 0, params) for item in node.elts)
    return literal(node) is not NOT_LITERAL or (isinstance(node, ast.Name) and node.id in params)


def _names_metric(display: ast.Dict) -> bool:
    for key, value in zip(display.keys, display.values, strict=True):
        inner = _as_display(value)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and direction_of(key.value) is not None:
            return True
        if inner is not None and _names_metric(inner):
            return True
    return False


def _settings_in(display: ast.Dict, name: str) -> Iterator[tuple[str, Any]]:
    for key, value in _leaves(display, name):
        if value is None or is_setting(key, value) or (isinstance(value, list) and len(repr(value)) <= _LONGEST_TEXT):
            yield key, value


def _leaves(display: ast.Dict, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the values of a dict of literals, lists among them, under dotted keys."""
    for key, value in zip(display.keys, display.values, strict=True):
        full = f"{name}.{key.value!s}" if isinstance(key, ast.Constant) else name
        if (inner := _as_display(value)) is not None:
            yield from _leaves(inner, full)
        else:
            yield full, _literal_of(value)


def _literal_of(node: ast.expr) -> object:
    return [_literal_of(item) for item in node.elts] if isinstance(node, (ast.List, ast.Tuple)) else literal(node)
