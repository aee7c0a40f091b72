"""The function ``mlmagic.compose``: checks its arguments, composes a config, and remembers how it was composed."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.arguments import described, require_text, require_text_or_none
from mlmagic.config.config_sources import ConfigSources, plain
from mlmagic.config.flat import leaves, resolvable
from mlmagic.config.groups import groups_in
from mlmagic.config.interpolation_limits import require_short
from mlmagic.config.overrides import key_of
from mlmagic.config.problems import reason_of
from mlmagic.config.source_limits import require_small
from mlmagic.errors import UsageProblem
from mlmagic.session_state import of_session
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import one_line, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omegaconf import DictConfig

    from mlmagic.config.flat import Resolved

_BODY_NAME = "cfg"
_latest: dict[str, Composition] = of_session({})
_recent: deque[Composition] = of_session(deque(maxlen=100))
"""The compositions that a run may still need; limited, because a loop may compose thousands."""


@dataclass(frozen=True, eq=False)
class Composition:
    """A composed *config*, the *overrides* that it was composed with, and *notes* for the user.

    ``name`` is the variable to which a magic bound the config, and empty in Python. ``values`` are its leaves by dotted
    keys, resolved if possible. ``before`` are the leaves of the previous composition of the same name. If
    ``shows_overrides``, any override may change a value (``${hydra:job.override_dirname}``).
    """

    name: str
    config: DictConfig
    overrides: tuple[str, ...]
    values: dict[str, Any]
    sources: ConfigSources = field(repr=False)
    notes: tuple[str, ...] = ()
    before: dict[str, Any] | None = None
    shows_overrides: bool = False

    def again(self, *overrides: str) -> DictConfig:
        """Compose again from the same sources, with additional overrides.

        Raises
        ------
        UsageProblem
            As `compose`.
        """
        config = self.sources.compose((*self.overrides, *overrides)).config
        _checked(config)
        return config

    def groups(self) -> dict[str, list[str]]:
        """Return the options of each config group of the config's folder."""
        return groups_in(self.sources.folder) if self.sources.folder else {}

    def is_overridden(self, key: str) -> bool:
        """Return whether an override set the leaf *key*, or chose the config that contains it."""
        return any(key == one or key.startswith(f"{one}.") for one in map(key_of, self.overrides))


def compose(
    *overrides: str,
    yaml: str | None = None,
    config_dir: str | Path | None = None,
    config_name: str | None = None,
    schema: Any = None,
) -> DictConfig:
    """Compose a config as Hydra does. ``%%hydra`` and ``%hydra`` call this function.

    Parameters
    ----------
    overrides
        Overrides in Hydra's grammar: ``"model=rf"``, ``"model.depth=5"``, ``"+new=1"``, ``"~old"``.
    yaml
        The primary config as text; its ``defaults`` may name config groups of *config_dir*.
    config_dir
        A folder of configs and config groups.
    config_name
        The name of the primary config in *config_dir*, ``"config"`` by default. Cannot be combined with *yaml*.
    schema
        A dataclass or an instance of one. The config has exactly its keys and its types.

    Returns
    -------
    omegaconf.DictConfig
        The config without the key ``hydra``; each ``${hydra:…}`` is replaced by its value. As in Hydra, a value may be
        missing (``???``), and a resolver may fail (an environment variable that is not set): reading it raises.

    Raises
    ------
    MissingPackageError
        If hydra-core is not installed.
    UsageProblem
        If the config cannot be composed: a key, option, type or override is wrong, or an interpolation names a key or
        a resolver that does not exist.

    Examples
    --------
    >>> cfg = compose("lr=0.2", yaml="{lr: 0.1, model: {depth: 3}}")
    >>> cfg.lr, cfg.model.depth
    (0.2, 3)
    """
    return composition(*overrides, yaml=yaml, config_dir=config_dir, config_name=config_name, schema=schema).config


def composition(
    *overrides: str,
    yaml: str | None = None,
    config_dir: str | Path | None = None,
    config_name: str | None = None,
    schema: Any = None,
    name: str = "",
) -> Composition:
    """Compose as `compose` does, and return the config with its sources and values."""
    require("hydra", "mlmagic.compose", pip="hydra-core")
    example = "mlmagic.compose('lr=0.2', yaml='lr: 0.1', config_dir='configs')"
    require_text("mlmagic.compose", example, **{f"override {at}": one for at, one in enumerate(overrides, 1)})
    require_text_or_none("mlmagic.compose", example, yaml=yaml, config_name=config_name)
    folder = _folder(config_dir)
    seen: set[str] = set()
    for override in overrides:
        is_named = override.partition("=")[0].strip("+~ ") != ""
        if not is_named or ("=" not in override and not override.startswith("~")):
            raise UsageProblem(
                f"{override!r} is no override: key=value, +key=value, or ~key. The primary config in a folder is named "
                f"by config_name={override!r}, in a magic by --config-name {override}"
            )
        key = override.partition("=")[0].strip()
        if key in seen:
            raise UsageProblem(f"{key!r} is given twice, and only one of its values can count: leave one of them out.")
        seen.add(key)
    if yaml is None and folder is None and schema is None:
        raise UsageProblem("There is nothing to compose: give YAML in the cell's body, --config-dir, or --schema.")
    if yaml is not None and config_name is not None:
        raise UsageProblem(
            f"The body is the primary config, so --config-name {config_name} cannot be used. Name it in the body: "
            f"defaults: [{config_name}, _self_]"
        )
    if yaml is not None:
        _require_mapping(yaml)
    sources = ConfigSources(name or _BODY_NAME, yaml, folder, config_name, schema)
    config, remarks, shows_overrides = sources.compose(overrides)
    found = _checked(config)
    notes = (*remarks, f"no value yet for {found.told()}") if found.open else remarks
    last = _latest.get(name)
    before = last.values if last else None
    values = leaves(found.values)
    made = Composition(name, config, overrides, values, sources, notes, before, shows_overrides)
    _recent.append(made)
    if name:
        _latest[name] = made
    return made


def last_values(name: str) -> dict[str, Any]:
    """Return the leaves of the last composition of this name, by dotted keys; empty if there was none."""
    last = _latest.get(name)
    return last.values if last else {}


def composition_of(config: object) -> Composition | None:
    """Return the composition of this very object, or None if it was not composed, or not among the last hundred."""
    return next((one for one in (*_latest.values(), *_recent) if one.config is config), None)


def compositions_in(namespace: Mapping[str, Any]) -> dict[str, Composition]:
    """Return the compositions of the variables that hold composed configs, by variable name."""
    return {
        name: found
        for name, value in namespace.items()
        if not name.startswith("_") and (found := composition_of(value)) is not None
    }


def _require_mapping(text: str) -> None:
    """Reject a body that YAML reads as a single value or a list; Hydra would turn all of a string into a key."""
    import yaml

    require_small(text, "The body")
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # Hydra reports it
        return
    if found is not None and not isinstance(found, dict):
        raise UsageProblem(
            f"The body is no mapping: write `key: value`, a line each, not {beginning(text.strip(), 40)!r}"
        )


def _folder(config_dir: str | Path | None) -> Path | None:
    if config_dir is None:
        return None
    if not isinstance(config_dir, str | os.PathLike):
        raise UsageProblem(f"mlmagic.compose: config_dir is text or a Path, not {described(config_dir)}")
    try:
        folder = Path(config_dir).expanduser().resolve()
        if folder.is_dir():
            return folder
        there = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    except (OSError, ValueError, RuntimeError) as error:  # too long, with a NUL, of a user who is not there
        why = getattr(error, "strerror", None) or one_line(error)
        raise UsageProblem(f"There is no folder {beginning(str(config_dir), 80)!r}: {why}") from error
    raise UsageProblem(f"There is no folder {str(config_dir)!r}.{did_you_mean(folder.name, there)} --config-dir DIR")


def _checked(config: DictConfig) -> Resolved:
    """Return the values of *config*; raise for an error that no later value can fix."""
    from omegaconf.errors import OmegaConfBaseException

    try:
        require_short(plain(config))
        return resolvable(config, refused=_is_wrong)
    except OmegaConfBaseException as error:
        raise UsageProblem(reason_of(str(error), list(leaves(plain(config))))) from error
    except RecursionError as error:
        raise UsageProblem("An interpolation of the config leads back to itself.") from error


def _is_wrong(error: BaseException) -> bool:
    """Return whether an interpolation itself is wrong; a missing value may be set later."""
    from omegaconf.errors import GrammarParseError, InterpolationKeyError, UnsupportedInterpolationType

    wrong = (GrammarParseError, InterpolationKeyError, UnsupportedInterpolationType, RecursionError)
    return isinstance(error, wrong) or text_of(error).startswith(("Recursive interpolation", "Interpolation to parent"))
