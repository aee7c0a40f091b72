"""Recognises fitted models. Libraries are looked up in `sys.modules` and never imported."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.user_objects import Skips, guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["sklearn", "torch", "keras", "xgboost", "lightgbm", "catboost"]

_DEEPEST = 3
_MOST_IN_A_CONTAINER = 100
_LABELLED = 2
"""Name and model."""

# The base classes of each library's models. scikit-learn is last, because most other libraries' models also derive
# from its base class.
_CLASSES: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    ("xgboost", "xgboost", ("Booster", "XGBModel")),
    ("lightgbm", "lightgbm", ("Booster", "LGBMModel")),
    ("catboost", "catboost", ("CatBoost",)),
    ("keras", "keras", ("Model",)),
    ("torch", "torch.nn", ("Module",)),
    ("sklearn", "sklearn.base", ("BaseEstimator",)),
)


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A fitted model and its name: ``rf`` (a variable), ``models.rf`` (an item of a dict), ``models_0`` (of a list)."""

    name: str
    model: Any
    kind: Kind


def is_any_library_imported() -> bool:
    """Return whether any model library is imported. If not, no object can be a model."""
    return any(module in sys.modules for _, module, _ in _CLASSES)


def kind_of(thing: object) -> Kind | None:
    """Return the library of the model *thing*, fitted or not, or None if *thing* is not a model.

    >>> kind_of("not a model") is None
    True
    >>> from sklearn.svm import SVC
    >>> kind_of(SVC()), kind_of(SVC)
    ('sklearn', None)
    """
    if isinstance(thing, type):
        return None
    for kind, module_name, class_names in _CLASSES:
        module = sys.modules.get(module_name)
        if module is None:
            continue
        classes = tuple(found for name in class_names if isinstance(found := getattr(module, name, None), type))
        if classes and isinstance(thing, classes):
            return kind
    return None


@guarded(default=False)
def is_model(thing: object) -> bool:
    """Return whether *thing* is a model of a known library, fitted or not."""
    return kind_of(thing) is not None


def is_fitted(model: Any) -> bool:
    """Return whether *model* has learned something, or has weights that can learn.

    A scikit-learn estimator is fitted if its ``__sklearn_is_fitted__`` says so, or if it has an attribute that ends in
    an underscore. A torch module needs a parameter, because losses and activations are modules but not models.

    >>> from sklearn.svm import SVC
    >>> is_fitted(SVC()), is_fitted(SVC().fit([[0], [1]], [0, 1]))
    (False, True)
    """
    match kind_of(model):
        case None:
            return False
        case "torch":
            return next(iter(model.parameters()), None) is not None
        case "keras":
            return bool(getattr(model, "built", False)) and model.count_params() > 0
        case "catboost":
            return bool(model.is_fitted())
        case _:
            return _has_learned(model)


@guarded(default=False)  # a user's estimator that raises counts as not fitted
def _has_learned(model: Any) -> bool:
    asked = getattr(model, "__sklearn_is_fitted__", None)
    if callable(asked):
        # A stateless estimator always reports that it is fitted; it counts as a model once it has seen data.
        return bool(asked()) and (_requires_fit(model) or _has_learned_attributes(model))
    if type(model).__name__ == "Booster":  # XGBoost's and LightGBM's boosters are always trained
        return True
    return _has_learned_attributes(model)


def _requires_fit(model: Any) -> bool:
    tags = getattr(model, "__sklearn_tags__", None)  # since scikit-learn 1.6
    return bool(tags().requires_fit) if callable(tags) else True


def _has_learned_attributes(model: Any) -> bool:
    return any(name.endswith("_") and not name.startswith("__") for name in vars(model))


def find_models(values: Mapping[str, Any], skips: Skips | None = None) -> list[FittedModel]:
    """Return the fitted models among *values* and in their dicts, lists and tuples, each once, in order.

    A model that is part of another model in the result (a pipeline's step, a submodule) is left out. Objects that
    cannot be read are noted in *skips*.

    >>> from sklearn.svm import SVC
    >>> fitted = SVC().fit([[0], [1]], [0, 1])
    >>> [found.name for found in find_models({"models": {"svm": fitted}, "svm": fitted, "n": 3})]
    ['svm']
    """
    skips = skips or Skips()
    # A variable's name takes precedence over the name of an item in a container.
    plain = {name: value for name, value in values.items() if _kind(name, value, skips) is not None}
    nested = {name: value for name, value in values.items() if name not in plain}
    found: dict[int, FittedModel] = {}
    for part in (plain, nested):
        for name, model, kind in _candidates(part.items(), skips, _DEEPEST):
            if id(model) not in found and skips.read(name, model, is_fitted, default=False):
                found[id(model)] = FittedModel(name, model, kind)
    inner = {
        id(part) for outer in found.values() for part in skips.read(outer.name, outer.model, all_parts, default=())
    }
    return [each for key, each in found.items() if key not in inner]


def _kind(name: str, value: Any, skips: Skips) -> Kind | None:
    return skips.read(name, value, kind_of, default=None)


def _candidates(items: Iterable[tuple[str, Any]], skips: Skips, deepest: int) -> Iterator[tuple[str, Any, Kind]]:
    """Yield (name, value, kind) of each model, fitted or not, among the values and within plain containers."""
    for name, value in items:
        kind = _kind(name, value, skips)
        if kind is not None:
            yield name, value, kind
        elif deepest:
            inside = skips.read(name, value, partial(_named_items, name), default=())
            yield from _candidates(inside, skips, deepest - 1)


def _named_items(name: str, container: Any) -> list[tuple[str, Any]]:
    """Return the (name, item) pairs of a plain container; empty if it is not one, or is too large."""
    if type(container).__module__ == "collections" and isinstance(container, Mapping):
        container = dict(container)
    if type(container) not in {dict, list, tuple} or len(container) > _MOST_IN_A_CONTAINER:
        return []
    if isinstance(container, dict):
        return [(_named_key(name, number, key), value) for number, (key, value) in enumerate(container.items())]
    return [_named_item(name, number, value) for number, value in enumerate(container)]


def _named_key(name: str, number: int, key: Any) -> str:
    """Return the name of a dict's item: by its key if that is a string, number or tuple of these, else by position."""
    parts = key if type(key) is tuple else (key,)
    if all(isinstance(part, str | int | float) for part in parts):
        return f"{name}.{'_'.join(map(str, parts))}"
    return f"{name}_{number}"


def _named_item(name: str, number: int, value: Any) -> tuple[str, Any]:
    # scikit-learn names an ensemble's parts in this way: [("rf", RandomForestClassifier()), ...]
    if type(value) is tuple and len(value) == _LABELLED and isinstance(value[0], str) and is_model(value[1]):
        return f"{name}.{value[0]}", value[1]
    return f"{name}_{number}", value


def all_parts(model: Any) -> list[Any]:
    """Return the parts of *model* as `parts_of` yields them."""
    return list(parts_of(model))


def parts_of(model: Any) -> Iterator[Any]:
    """Yield the parts of *model*: the submodules of a torch module, or the sub-estimators of an estimator."""
    if kind_of(model) == "torch":
        yield from (module for module in model.modules() if module is not model)
        return
    if kind_of(model) != "sklearn":
        return
    best = getattr(model, "best_estimator_", None)
    left = [best, *_own_values(model)]
    seen = {id(model)}
    while left:
        value = left.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, list | tuple):
            left += value if len(value) <= _MOST_IN_A_CONTAINER else ()
        elif kind_of(value) is not None:
            yield value
            left += _own_values(value)


@guarded(default=())  # a user's estimator whose constructor does not store its parameters
def _own_values(model: Any) -> Sequence[Any]:
    return list(model.get_params(deep=False).values())
