"""Builds the config of each point. Hydra composes once per choice of groups; other values are set on a copy."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from mlmagic.config.flat import Resolved, resolvable
from mlmagic.config.overrides import in_quotes
from mlmagic.config.problems import reason_of
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omegaconf import DictConfig

    from mlmagic.config.composing import Composition
    from mlmagic.sweeps.points.space import Axis, Point


class ConfigSpace:
    """The configs at the points of a space of overrides."""

    def __init__(self, composed: Composition, axes: Sequence[Axis]) -> None:
        """Prepare for *axes*, which override groups or keys of a composed config."""
        self.name = composed.name
        self._composed = composed
        groups = composed.groups()
        self._groups = [axis for axis in axes if axis.name in groups]
        self._keys = [axis for axis in axes if axis.name not in groups]
        self._known: dict[tuple[str, ...], DictConfig] = {}

    def check(self, point: Point) -> DictConfig:
        """Compose the config of a point entirely by Hydra, which checks names and grammar, and return it.

        Raises
        ------
        UsageProblem
            If there is no such key or option, or a value has a wrong type.
        """
        return self._composed.again(*(_override(axis, point[axis.name]) for axis in (*self._groups, *self._keys)))

    def at(self, point: Point) -> Resolved:
        """Return the config of a point as plain values, resolved if possible.

        Raises
        ------
        UsageProblem
            If a value has a wrong type.
        """
        if self._composed.shows_overrides:
            return resolvable(self.check(point))
        from omegaconf import OmegaConf, open_dict
        from omegaconf.errors import OmegaConfBaseException

        chosen = tuple(_override(axis, point[axis.name]) for axis in self._groups)
        if chosen not in self._known:
            self._known[chosen] = self._composed.again(*chosen)
        config = copy.deepcopy(self._known[chosen])
        try:
            with open_dict(config):
                for axis in self._keys:
                    OmegaConf.update(config, axis.name, point[axis.name], merge=False)
        except OmegaConfBaseException as error:
            raise UsageProblem(reason_of(str(error))) from error
        return resolvable(config)


def _override(axis: Axis, value: Any) -> str:
    return f"{axis.prefix}{axis.name}={_written(value)}"


def _written(value: Any) -> str:
    """Return a value in Hydra's grammar.

    >>> _written("a, b"), _written([1, "x"]), _written({"a": None}), _written(True)
    ("'a, b'", "[1,'x']", '{a:null}', 'true')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return in_quotes(value)
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_written(one)}" for key, one in value.items()) + "}"
    return repr(value)
