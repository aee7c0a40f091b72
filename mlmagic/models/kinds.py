"""What is a fitted model: recognised through `sys.modules`, so that no library is imported for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["sklearn", "torch", "keras", "xgboost", "lightgbm", "catboost"]

_DEEPEST = 3
_MOST_IN_A_CONTAINER = 100

# Where the classes of a library's models stand. Those with a flavour of their own come before scikit-learn, whose
# base class most of them have too.
_CLASSES: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    ("xgboost", "xgboost", ("Booster", "XGBModel")),
    ("lightgbm", "lightgbm", ("Booster", "LGBMModel")),
    ("catboost", "catboost", ("CatBoost",)),
    ("keras", "keras", ("Model",)),
    ("torch", "torch.nn", ("Module",)),
    ("sklearn", "sklearn.base", ("BaseEstimator",)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A fitted model and the name it goes by: ``rf``, ``models.rf`` for one in a dict, ``models_0`` in a list."""

    name: str
    model: Any
    kind: Kind


def kind_of(thing: object) -> Kind | None:
    """Return which library's model *thing* is, fitted or not, or None when it is none.

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


def is_fitted(model: Any) -> bool:
    """Tell whether *model* has learned something, or has weights that can learn.

    A scikit-learn estimator is asked (``__sklearn_is_fitted__``) or has an attribute that ends in an underscore, as
    its convention is. A torch module needs a parameter: losses and activations are modules too and no models.

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


def _has_learned(model: Any) -> bool:
    asked = getattr(model, "__sklearn_is_fitted__", None)
    try:
        if callable(asked):
            # One that has nothing to learn calls itself fitted from the start; it is a model once it has seen data.
            return bool(asked()) and (_requires_fit(model) or _has_learned_attributes(model))
        if type(model).__name__ == "Booster":  # XGBoost's and LightGBM's own: there are none that are not trained
            return True
        return _has_learned_attributes(model)
    except Exception:  # noqa: BLE001  # whatever an estimator of the user's raises: one that cannot tell is not fitted
        return False


def _requires_fit(model: Any) -> bool:
    tags = getattr(model, "__sklearn_tags__", None)  # since scikit-learn 1.6
    return bool(tags().requires_fit) if callable(tags) else True


def _has_learned_attributes(model: Any) -> bool:
    return any(name.endswith("_") and not name.startswith("__") for name in vars(model))


def find_models(values: Mapping[str, Any]) -> list[Found]:
    """Return the fitted models among *values*, also in dicts, lists and tuples, each once, in order.

    A model that is part of another one found (a pipeline's step, a module's submodule) is not returned by itself.

    >>> from sklearn.svm import SVC
    >>> fitted = SVC().fit([[0], [1]], [0, 1])
    >>> [found.name for found in find_models({"models": {"svm": fitted}, "svm": fitted, "n": 3})]
    ['svm']
    """
    # A model's own name is the one to keep, not that of the dict which also holds it.
    plain = {name: value for name, value in values.items() if kind_of(value) is not None}
    nested = {name: value for name, value in values.items() if name not in plain}
    found: dict[int, Found] = {}
    for part in (plain, nested):
        for name, model in _candidates(part.items(), _DEEPEST):
            kind = kind_of(model)
            if kind is not None and id(model) not in found and is_fitted(model):
                found[id(model)] = Found(name, model, kind)
    inner = {id(part) for outer in found.values() for part in parts_of(outer.model)}
    return [each for key, each in found.items() if key not in inner]


def _candidates(items: Iterable[tuple[str, Any]], deepest: int) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of what may be a model: the values, and those within plain containers."""
    for name, value in items:
        if kind_of(value) is not None:
            yield name, value
        elif deepest and type(value) in {dict, list, tuple} and len(value) <= _MOST_IN_A_CONTAINER:
            yield from _candidates(_named_items(name, value), deepest - 1)
        elif deepest and isinstance(value, Mapping) and type(value).__module__ == "collections":
            yield from _candidates(_named_items(name, dict(value)), deepest - 1)


def _named_items(name: str, container: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(container, dict):
        yield from ((f"{name}.{key}", value) for key, value in container.items() if isinstance(key, str | int))
        return
    for number, value in enumerate(container):
        # [("rf", RandomForestClassifier()), ...] is how scikit-learn names the parts of an ensemble.
        match value:
            case (str(label), model) if kind_of(model) is not None:
                yield f"{name}.{label}", model
            case _:
                yield f"{name}_{number}", value


def parts_of(model: Any) -> Iterator[Any]:
    """Yield the models that *model* is built of: submodules of a torch module, sub-estimators of an estimator."""
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


def _own_values(model: Any) -> list[Any]:
    try:
        return list(model.get_params(deep=False).values())
    except Exception:  # noqa: BLE001  # an estimator of the user's whose constructor does not keep its parameters
        return []
