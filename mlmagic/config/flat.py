"""Converts configs to plain values under dotted keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.store.values import flat
from mlmagic.user_objects import reraise_interrupt, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MISSING = "???"
_DEEPEST = 100
_WRAPPED = re.compile(r"\w+ (?:raised )?while resolving interpolation: (.+)")
_MOST_NAMED = 5
_LONGEST_REASON = 120


def resolved(config: Any) -> Any:
    """Return a DictConfig or ListConfig as plain dicts and lists with its interpolations resolved.

    Raises
    ------
    omegaconf.errors.OmegaConfBaseException
        If an interpolation cannot be resolved.
    """
    from omegaconf import OmegaConf

    return OmegaConf.to_container(config, resolve=True, enum_to_str=True)


@dataclass(frozen=True)
class Resolved:
    """A config as plain *values*; *open* maps the dotted key of each unresolved leaf, kept as written, to a reason."""

    values: Any
    open: dict[str, str] = field(default_factory=dict)

    def leaves(self) -> dict[str, Any]:
        """Return the leaves that have a value, by dotted keys."""
        return {key: value for key, value in leaves(self.values).items() if key not in self.open}

    def told(self) -> str:
        """Return the keys without a value and the reasons, in one line: ``out (???), home (…) and 3 more``."""
        named = [f"{key} ({beginning(why, _LONGEST_REASON)})" for key, why in list(self.open.items())[:_MOST_NAMED]]
        more = len(self.open) - len(named)
        return ", ".join(named) + (f" and {more} more" if more else "")


def resolvable(config: Any, *, refused: Callable[[BaseException], bool] = lambda _: False) -> Resolved:
    """Resolve *config* as `resolved` does, but note the values that are missing or cannot be resolved.

    An error for which *refused* returns True is raised.
    """
    from omegaconf import OmegaConf

    try:
        missing = OmegaConf.missing_keys(config)
        return Resolved(resolved(config), {_leaf(key): _MISSING for key in sorted(missing)})
    except BaseException as error:  # noqa: BLE001  # a user's resolver may raise anything
        reraise_interrupt(error)
    reader = _LeafReader(refused)
    return Resolved(reader.values(config, "", _DEEPEST), reader.open)


class _LeafReader:
    """Reads the nodes of a config one by one, and notes in ``open`` why a leaf has no value."""

    def __init__(self, refused: Callable[[BaseException], bool]) -> None:
        self.open: dict[str, str] = {}
        self._refused = refused

    def values(self, config: Any, path: str, deepest: int) -> Any:
        """Return the plain values of the node at *path*."""
        from omegaconf import OmegaConf

        written = OmegaConf.to_container(config, resolve=False, enum_to_str=True)
        if isinstance(written, list):
            return [
                self._value(config, number, as_written, f"{path}[{number}]", deepest)
                for number, as_written in enumerate(written)
            ]
        if not isinstance(written, dict):
            return written
        names = {key: key.name if isinstance(key, Enum) else key for key in config}
        return {
            name: self._value(config, key, written[name], f"{path}.{name}" if path else str(name), deepest)
            for key, name in names.items()
        }

    def _value(self, config: Any, key: Any, as_written: Any, path: str, deepest: int) -> Any:
        from omegaconf import OmegaConf

        if OmegaConf.is_missing(config, key):
            self.open[_leaf(path)] = _MISSING
            return _MISSING
        try:
            value = config[key]
            if OmegaConf.is_config(value):
                if not deepest:
                    raise RecursionError("it leads back to itself, or is nested too deep")  # noqa: TRY301
                return self.values(value, path, deepest - 1)
        except BaseException as error:
            reraise_interrupt(error)
            if self._refused(error):
                raise
            self.open[_leaf(path)] = _reason(error)
            return as_written
        return value.name if isinstance(value, Enum) else value


def _leaf(key: str) -> str:
    """Return the leaf that contains a key; a list is a leaf.

    >>> _leaf("model.layers[0].size"), _leaf("lr")
    ('model.layers', 'lr')
    """
    return key.partition("[")[0]


def _reason(error: BaseException) -> str:
    """Return OmegaConf's message without the type of the error that a resolver raised."""
    text = next((line.strip() for line in text_of(error).splitlines() if line.strip()), type(error).__name__)
    wrapped = _WRAPPED.search(text)
    return wrapped[1].strip('"') if wrapped else text


def leaves(config: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the leaves of a plain config by dotted keys; a list is a leaf.

    >>> leaves({"model": {"depth": 5, "layers": [1, 2]}, "lr": 0.1})
    {'model.depth': 5, 'model.layers': [1, 2], 'lr': 0.1}
    """
    return dict(flat(config))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (key, old, new) of each leaf that differs; None stands for a missing key.

    >>> changes({"lr": 0.1, "depth": 3}, {"lr": 0.2, "C": 1.0})
    [('lr', 0.1, 0.2), ('depth', 3, None), ('C', None, 1.0)]
    """
    keys = dict.fromkeys([*before, *after])
    return [
        (key, before.get(key), after.get(key))
        for key in keys
        if (key in before) != (key in after) or repr(before[key]) != repr(after[key])
    ]
