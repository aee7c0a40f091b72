"""What changes when a model is trained, without keeping the model alive."""

from __future__ import annotations

from typing import Any

from mlmagic.models.kinds import kind_of
from mlmagic.remembered import Remembered


class ModelState:
    """What changes when a model is trained: the versions of a module's weights, an estimator's attributes."""

    def __init__(self, model: Any = None) -> None:
        self._attributes = {name: Remembered(value) for name, value in _learned(model)}
        self._versions = _versions(model)

    def differs(self, model: Any) -> bool:
        """Return whether the state of *model* has changed."""
        now = dict(_learned(model))
        if now.keys() != self._attributes.keys() or _versions(model) != self._versions:
            return True
        return any(not self._attributes[name].is_(value) for name, value in now.items())


def _learned(model: Any) -> list[tuple[str, Any]]:
    return list(vars(model).items()) if hasattr(model, "__dict__") and kind_of(model) != "torch" else []


def _versions(model: Any) -> tuple[int, ...]:
    return tuple(parameter._version for parameter in model.parameters()) if kind_of(model) == "torch" else ()
