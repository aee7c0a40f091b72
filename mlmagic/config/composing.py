"""Composes a config with Hydra from YAML text, a folder of configs, a dataclass, or any combination of these.

The text is written to a temporary folder, from which Hydra composes with the user's folder on its search path. A schema
is stored in Hydra's ConfigStore under a unique name. A top config merges the other sources onto the schema, so that
Hydra checks the type of each value.
"""

from __future__ import annotations

import tempfile
import uuid
from collections import deque
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.adapters.optional import require
from mlmagic.config.flat import leaves, resolvable
from mlmagic.config.groups import groups_in
from mlmagic.config.hydra_values import fill_in
from mlmagic.config.overrides import key_of, quoted
from mlmagic.config.own_hydra import own_hydra, stored
from mlmagic.config.problems import explained, into_null, reason_of, unforeseen
from mlmagic.config.source_limits import require_short, require_small
from mlmagic.errors import MLMagicError, UsageProblem, did_you_mean
from mlmagic.session_state import of_session
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.user_objects import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omegaconf import DictConfig

    from mlmagic.config.flat import Resolved

_DEFAULT_NAME = "config"
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
    sources: _Sources = field(repr=False)
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
    folder = _folder(config_dir)
    seen: set[str] = set()
    for override in overrides:
        if "=" not in override and not override.startswith("~"):
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
    sources = _Sources(name or _BODY_NAME, yaml, folder, config_name, schema)
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


class _Composed(NamedTuple):
    """Hydra's result: the config, its warnings, and whether any override may change a value."""

    config: DictConfig
    remarks: tuple[str, ...]
    shows_overrides: bool


@dataclass(frozen=True)
class _Sources:
    """The sources from which a config is composed."""

    body_name: str
    yaml: str | None
    folder: Path | None
    config_name: str | None
    schema: Any

    def compose(self, overrides: Sequence[str]) -> _Composed:
        with tempfile.TemporaryDirectory(prefix="mlmagic-hydra-") as here:
            try:
                return self._compose(Path(here), overrides)
            except MLMagicError:
                raise
            except RecursionError as error:
                raise UsageProblem("The configs lead back to themselves, or are nested too deep.") from error
            except Exception as error:
                values = self._values(Path(here))
                if _is_of_configs(error):
                    # Hydra 1.4 names the override; Hydra 1.3 raises an error of another library.
                    merged = [one for one in overrides if str(error).startswith(f"Error merging override {one}")]
                    null = into_null(merged, values)
                    raise null or explained(error, keys=list(values), groups=self.groups()) from error
                raise unforeseen(error, overrides, values) from error

    def _compose(self, here: Path, overrides: Sequence[str]) -> _Composed:

        primary = self.body_name
        typed = f"schema_{uuid.uuid4().hex}"
        if self.yaml is not None:
            (here / f"{self.body_name}.yaml").write_text(self.yaml, encoding="utf-8")
        elif self.folder is not None:
            primary = self.config_name or _DEFAULT_NAME
            self._require_primary(primary)
        root = here if self.yaml is not None or self.schema is not None else self.folder
        given = [quoted(one) for one in overrides]
        if root is here and self.folder is not None:
            given.append(f"hydra.searchpath=[{_in_quotes(f'file://{self.folder}')}]")
        if self.schema is None:
            return self._composed(root or here, primary, given)
        # The types come first, so that each value is checked against them when it is merged.
        below = [typed] if self.yaml is None and self.folder is None else [typed, primary]
        top = f"top_{uuid.uuid4().hex}"
        (here / f"{top}.yaml").write_text("defaults:\n" + "".join(f"  - {one}\n" for one in [*below, "_self_"]))
        with stored(typed, _typed(self.schema)):
            return self._composed(here, top, given)

    def _composed(self, folder: Path, primary: str, overrides: list[str]) -> _Composed:
        """Let Hydra compose *primary* in *folder*, and remove the key ``hydra`` from the result."""
        from hydra import compose as hydra_compose
        from omegaconf import open_dict

        with own_hydra(folder) as told:
            config = hydra_compose(primary, overrides, return_hydra_config=True)
            is_file = self.yaml is None and self.folder is not None
            name = self.config_name or _DEFAULT_NAME if is_file else self.body_name
            shows_overrides = fill_in(config, config_name=name)
        with open_dict(config):
            del config["hydra"]
        return _Composed(config, tuple(told), shows_overrides)

    def _values(self, here: Path) -> dict[str, Any]:
        """Return the leaves of the config without overrides, for messages; the schema's if it cannot be composed."""
        from omegaconf import OmegaConf

        try:
            return leaves(_plain(self._compose(here, ()).config))
        except Exception:  # noqa: BLE001  # it is wrong even without overrides: only the schema is known
            return leaves(_plain(OmegaConf.structured(self.schema))) if self.schema is not None else {}

    def groups(self) -> list[str]:
        return [name for name in groups_in(self.folder) if name] if self.folder else []

    def _require_primary(self, name: str) -> None:
        folder = self.folder
        if folder is None or (folder / f"{name.removesuffix('.yaml')}.yaml").is_file():
            return
        stem = name.removesuffix(".yml")
        if (folder / f"{stem}.yml").is_file():
            raise UsageProblem(f"Hydra reads .yaml files only: rename {stem}.yml in {folder.name} to {stem}.yaml")
        there = groups_in(folder).get("", [])
        listed = f" There are: {', '.join(there)}." if there else " There is none in it."
        near = did_you_mean(name, there)
        raise UsageProblem(f"There is no config {name!r} in {folder.name}.{near}{listed} Choose it: --config-name NAME")


def _require_mapping(text: str) -> None:
    """Reject a body that YAML reads as a single string: Hydra would turn all of it into a key."""
    import yaml

    require_small(text, "The body")
    try:
        is_text = isinstance(yaml.safe_load(text), str)
    except yaml.YAMLError:  # Hydra reports it
        return
    if is_text:
        raise UsageProblem(
            f"The body is no mapping: write `key: value`, a line each, not {beginning(text.strip(), 40)!r}"
        )


def _folder(config_dir: str | Path | None) -> Path | None:
    if config_dir is None:
        return None
    folder = Path(config_dir).expanduser().resolve()
    if folder.is_dir():
        return folder
    there = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    raise UsageProblem(f"There is no folder {str(config_dir)!r}.{did_you_mean(folder.name, there)} --config-dir DIR")


def _typed(schema: Any) -> Any:
    """Return the schema after checking that it is a dataclass whose types OmegaConf supports."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    if not (is_dataclass(schema) or hasattr(schema, "__attrs_attrs__")):
        kind = schema.__name__ if isinstance(schema, type) else type(schema).__name__
        raise UsageProblem(f"A schema is a dataclass, and {kind!r} is none: write @dataclass above its class.")
    try:
        OmegaConf.structured(schema)
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        raise UsageProblem(f"The schema cannot be used: {reason_of(str(error))}") from error
    return schema


def _checked(config: DictConfig) -> Resolved:
    """Return the values of *config*; raise for an error that no later value can fix."""
    from omegaconf.errors import OmegaConfBaseException

    try:
        require_short(_plain(config))
        return resolvable(config, refused=_is_wrong)
    except OmegaConfBaseException as error:
        raise UsageProblem(reason_of(str(error), list(leaves(_plain(config))))) from error
    except RecursionError as error:
        raise UsageProblem("An interpolation of the config leads back to itself.") from error


def _is_wrong(error: BaseException) -> bool:
    """Return whether an interpolation itself is wrong; a missing value may be set later."""
    from omegaconf.errors import GrammarParseError, InterpolationKeyError, UnsupportedInterpolationType

    wrong = (GrammarParseError, InterpolationKeyError, UnsupportedInterpolationType, RecursionError)
    return isinstance(error, wrong) or text_of(error).startswith(("Recursive interpolation", "Interpolation to parent"))


def _plain(config: DictConfig) -> dict[Any, Any]:
    from omegaconf import OmegaConf

    found = OmegaConf.to_container(config, resolve=False)
    return found if isinstance(found, dict) else {}


def _is_of_configs(error: Exception) -> bool:
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    return isinstance(error, HydraException | OmegaConfBaseException | YAMLError)


def _in_quotes(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
