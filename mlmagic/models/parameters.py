"""Reads the parameters of models and optimizers: the non-default ones, or all of them as plain data."""

from __future__ import annotations

import inspect
import numbers
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic.models.kinds import kind_of
from mlmagic.models.plain_values import plain
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNKNOWN = object()
_LONGEST_TEXT = 20_000
_DEEPEST = 6
# scikit-learn's parameters that are lists of (name, estimator); each estimator is listed under its own name.
_STEPS = frozenset({"steps", "transformers", "estimators", "transformer_list"})


def changed_parameters(thing: Any) -> dict[str, Any]:
    """Return the non-default parameters of an estimator or a torch optimizer, by name.

    Parameters within a pipeline, a search or another estimator have scikit-learn's names, ``step__parameter``. A
    sub-estimator is given by its class name, unless its step already has that name. A fitted search also has its
    ``best_params_``. An optimizer has its ``class``, its ``lr`` before any schedule, and its non-default parameters;
    if its parameter groups differ, a parameter has one value for each group. Other objects have no parameters.

    >>> from sklearn.ensemble import RandomForestClassifier
    >>> changed_parameters(RandomForestClassifier(50, max_depth=3))
    {'n_estimators': 50, 'max_depth': 3}
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.svm import SVC
    >>> changed_parameters(make_pipeline(SVC(C=0.5)))
    {'svc__C': 0.5}
    """
    if is_optimizer(thing):
        return _optimizer(thing)
    if not _has_params(thing):
        return {}
    found = dict(_estimator(thing, "", all_of_them=False, deepest=_DEEPEST))
    best = getattr(thing, "best_params_", None)
    if isinstance(best, Mapping) and best:
        found["best_params_"] = {str(name): plain(value) for name, value in best.items()}
    return found


def all_parameters(thing: Any) -> dict[str, Any]:
    """Return all parameters of a model or an optimizer, including defaults, ready for JSON.

    The key ``class`` is always present. An estimator has ``parameters`` (named as in `changed_parameters`), and an
    optimizer has ``param_groups``. A torch module has its ``architecture`` as text, ``parameter_count``,
    ``trainable_count``, ``devices``, ``dtypes`` and its ``training`` mode.

    >>> from sklearn.linear_model import Ridge
    >>> all_parameters(Ridge())["class"], all_parameters(Ridge())["parameters"]["alpha"]
    ('sklearn.linear_model._ridge.Ridge', 1.0)
    """
    found: dict[str, Any] = {"class": _class_of(thing)}
    if is_optimizer(thing):
        groups = [{key: plain(value) for key, value in group.items() if key != "params"} for group in _groups(thing)]
        return found | {"param_groups": groups}
    kind = kind_of(thing)
    if kind == "torch":
        return found | _module(thing)
    if kind == "keras":
        return found | {"parameter_count": int(thing.count_params())}
    if _has_params(thing):
        found["parameters"] = dict(_estimator(thing, "", all_of_them=True, deepest=_DEEPEST))
        if isinstance(best := getattr(thing, "best_params_", None), Mapping):
            found["best_params_"] = {str(name): plain(value) for name, value in best.items()}
    return found


def is_optimizer(thing: object) -> bool:
    """Return whether *thing* is a torch optimizer. Never imports torch."""
    module = sys.modules.get("torch.optim")
    return module is not None and isinstance(thing, module.Optimizer)


def _has_params(thing: Any) -> bool:
    return kind_of(thing) in {"sklearn", "xgboost", "lightgbm", "catboost"} and callable(
        getattr(thing, "get_params", None)
    )


def _estimator(model: Any, prefix: str, *, all_of_them: bool, deepest: int) -> Iterator[tuple[str, Any]]:
    defaults = _defaults(type(model))
    for name, value in _params(model, defaults).items():
        if name in _STEPS and (steps := _named_steps(value)) is not None:
            for step, part in steps:
                yield from _part(part, f"{prefix}{step}", all_of_them=all_of_them, deepest=deepest)
        elif _has_params(value):
            yield from _part(value, prefix + name, all_of_them=all_of_them, deepest=deepest)
        elif all_of_them or not _same(value, defaults.get(name, _UNKNOWN)):
            yield prefix + name, plain(value)


def _part(part: Any, key: str, *, all_of_them: bool, deepest: int) -> Iterator[tuple[str, Any]]:
    if not _has_params(part):  # "passthrough", "drop", None
        yield key, plain(part)
        return
    if all_of_them or type(part).__name__.lower() != key.rpartition("__")[2].rstrip("-0123456789"):
        yield key, type(part).__name__
    if deepest:
        yield from _estimator(part, f"{key}__", all_of_them=all_of_them, deepest=deepest - 1)


def _named_steps(value: Any) -> list[tuple[str, Any]] | None:
    """Return the (name, estimator) pairs of a pipeline, ColumnTransformer or ensemble, or None for another value."""
    if not isinstance(value, list | tuple):
        return None
    pairs = [(item[0], item[1]) for item in value if isinstance(item, tuple) and len(item) > 1]
    return pairs if len(pairs) == len(value) and all(isinstance(name, str) for name, _ in pairs) else None


@guarded(default={})  # a user's estimator whose constructor does not store its parameters
def _own_params(model: Any) -> Mapping[str, Any]:
    return dict(model.get_params(deep=False))


def _params(model: Any, order: Iterable[str]) -> dict[str, Any]:
    found = _own_params(model)
    # In the constructor's order: `get_params` sorts by name.
    return {name: found[name] for name in [*order, *found] if name in found}


def _defaults(owner: type) -> dict[str, Any]:
    """Return the defaults of *owner*'s constructor, and of its bases' constructors if it passes keywords on to them."""
    found: dict[str, Any] = {}
    for base in owner.__mro__:
        constructor = base.__dict__.get("__init__")
        if constructor is None or base is object:
            continue
        try:
            parameters = inspect.signature(constructor).parameters.values()
        except (TypeError, ValueError):
            continue
        for each in list(parameters)[1:]:
            if each.kind not in {each.VAR_KEYWORD, each.VAR_POSITIONAL}:
                found.setdefault(each.name, _UNKNOWN if each.default is each.empty else each.default)
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            break
    return found


@guarded(default=False)  # its `repr` raises
def _same(value: Any, default: Any) -> bool:
    """Return whether *value* is the default, compared by `repr` as in scikit-learn's display; numbers by value."""
    if default is _UNKNOWN:
        return False
    if value is default:
        return True
    if isinstance(value, numbers.Real) and isinstance(default, numbers.Real):
        return isinstance(value, bool) is isinstance(default, bool) and value == default
    return type(value) is type(default) and repr(value) == repr(default)


def _groups(optimizer: Any) -> list[dict[str, Any]]:
    return [dict(group) for group in optimizer.param_groups]


def _optimizer(optimizer: Any) -> dict[str, Any]:
    groups, defaults = _groups(optimizer), _defaults(type(optimizer))
    names = [name for name in groups[0] if name in defaults and name != "params"]
    found: dict[str, Any] = {"class": type(optimizer).__name__}
    for name in names:
        values = [_constructed(optimizer, group, name, alone=len(groups) == 1) for group in groups]
        shown = [plain(value) for value in values]
        if name == "lr" or any(not _same(value, defaults.get(name, _UNKNOWN)) for value in values):
            found[name] = shown[0] if all(each == shown[0] for each in shown) else shown
    return found


def _constructed(optimizer: Any, group: dict[str, Any], name: str, *, alone: bool) -> Any:
    """Return the initial value of a group's parameter, before a schedule or the user changed it.

    ``defaults`` holds the constructor's arguments. One of several groups may have its own learning rate; a schedule
    stores its initial value as ``initial_lr``.
    """
    given = getattr(optimizer, "defaults", None)
    if alone and isinstance(given, Mapping) and name in given:
        return given[name]
    return group.get("initial_lr", group.get(name)) if name == "lr" else group.get(name)


def _beginning(text: str) -> str:
    return f"{beginning(text, _LONGEST_TEXT)}\n... {len(text):,} characters"


def _module(module: Any) -> dict[str, Any]:
    weights = list(module.parameters())
    text = repr(module)
    return {
        "architecture": text if len(text) <= _LONGEST_TEXT else _beginning(text),
        "parameter_count": sum(weight.numel() for weight in weights if _is_made(weight)),
        "trainable_count": sum(weight.numel() for weight in weights if weight.requires_grad and _is_made(weight)),
        "devices": sorted({str(weight.device) for weight in weights}),
        "dtypes": sorted({str(weight.dtype) for weight in weights}),
        "training": bool(module.training),
    }


def _is_made(weight: Any) -> bool:
    """Return whether a weight is initialized; a lazy module's weight has no size before that."""
    return not type(weight).__name__.startswith("Uninitialized")


def _class_of(thing: Any) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"
