"""Configs as plain values under dotted keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.runs.values import flat

if TYPE_CHECKING:
    from collections.abc import Mapping


def resolved(config: Any) -> Any:
    """Return a DictConfig or ListConfig as plain dicts and lists with its interpolations resolved.

    Raises
    ------
    omegaconf.errors.OmegaConfBaseException
        When an interpolation cannot be resolved.
    """
    from omegaconf import OmegaConf

    return OmegaConf.to_container(config, resolve=True, enum_to_str=True)


def leaves(config: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the leaves of a plain config by their dotted keys; a list is a leaf.

    >>> leaves({"model": {"depth": 5, "layers": [1, 2]}, "lr": 0.1})
    {'model.depth': 5, 'model.layers': [1, 2], 'lr': 0.1}
    """
    return dict(flat(config))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (key, was, is) of each leaf that is not the same; None stands for a key that is not there.

    >>> changes({"lr": 0.1, "depth": 3}, {"lr": 0.2, "C": 1.0})
    [('lr', 0.1, 0.2), ('depth', 3, None), ('C', None, 1.0)]
    """
    keys = dict.fromkeys([*before, *after])
    return [
        (key, before.get(key), after.get(key))
        for key in keys
        if (key in before) != (key in after) or repr(before[key]) != repr(after[key])
    ]
