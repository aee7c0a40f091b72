"""Compose a config: Hydra does, from a text, a folder of configs, a dataclass, or any of them together."""

from __future__ import annotations

import tempfile
import uuid
from collections import deque
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.config.flat import leaves, resolved
from mlmagic.config.groups import groups_in
from mlmagic.config.overrides import key_of, quoted
from mlmagic.config.own_hydra import own_hydra, stored
from mlmagic.config.problems import explained, reason_of
from mlmagic.config.sources import require_short, require_small
from mlmagic.errors import UsageProblem, did_you_mean
from mlmagic.snapshot.secret_cuts import beginning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omegaconf import DictConfig

_DEFAULT_NAME = "config"
_BODY_NAME = "cfg"
_latest: dict[str, Composition] = {}
_recent: deque[Composition] = deque(maxlen=100)
"""Those that a run may still be told of: a loop composes thousands."""


@dataclass(frozen=True, eq=False)
class Composition:
    """A composed config: its *config*, the *overrides* it was composed with, and what Hydra remarked in *notes*.

    ``name`` is the variable that a magic bound it to, empty in Python. ``values`` are its leaves by dotted keys,
    resolved; ``before`` those of the last composition of the same name.
    """

    name: str
    config: DictConfig
    overrides: tuple[str, ...]
    values: dict[str, Any]
    sources: _Sources = field(repr=False)
    notes: tuple[str, ...] = ()
    before: dict[str, Any] | None = None

    def again(self, *overrides: str) -> DictConfig:
        """Compose from the same sources once more, with more overrides.

        Raises
        ------
        UsageProblem
            As `compose`.
        """
        config, _ = self.sources.compose((*self.overrides, *overrides))
        _checked(config)
        return config

    def groups(self) -> dict[str, list[str]]:
        """Return the options of each config group of its folder."""
        return groups_in(self.sources.folder) if self.sources.folder else {}

    def is_overridden(self, key: str) -> bool:
        """Tell whether an override set the leaf *key*, or chose the config that it is from."""
        return any(key == one or key.startswith(f"{one}.") for one in map(key_of, self.overrides))


def compose(
    *overrides: str,
    yaml: str | None = None,
    config_dir: str | Path | None = None,
    config_name: str | None = None,
    schema: Any = None,
) -> DictConfig:
    """Compose a config as Hydra does; what ``%%hydra`` and ``%hydra`` do.

    Parameters
    ----------
    overrides
        In Hydra's own grammar: ``"model=rf"``, ``"model.depth=5"``, ``"+new=1"``, ``"~old"``.
    yaml
        The primary config as text; its ``defaults`` may name config groups of *config_dir*.
    config_dir
        A folder of configs and config groups.
    config_name
        The primary config in *config_dir*, ``"config"`` by default. With *yaml* there is none.
    schema
        A dataclass (or an instance of one): the config has its keys and its types, and no others.

    Returns
    -------
    omegaconf.DictConfig
        Without the key ``hydra``. All interpolations can be resolved, and nothing is missing.

    Raises
    ------
    MissingPackageError
        Without hydra-core.
    UsageProblem
        When the config cannot be composed: a key, option, type, interpolation or override is wrong.

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
    """Compose as `compose` does, and return what there is to know of it."""
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
            f"The body is the primary config, so --config-name {config_name} has no place. Name it in the body: "
            f"defaults: [{config_name}, _self_]"
        )
    if yaml is not None:
        _require_mapping(yaml)
    sources = _Sources(name or _BODY_NAME, yaml, folder, config_name, schema)
    config, notes = sources.compose(overrides)
    values = _checked(config)
    last = _latest.get(name)
    made = Composition(name, config, overrides, values, sources, notes, last.values if last else None)
    _recent.append(made)
    if name:
        _latest[name] = made
    return made


def last_values(name: str) -> dict[str, Any]:
    """Return the leaves of the last composition of this name, by their dotted keys; none where there was none."""
    last = _latest.get(name)
    return last.values if last else {}


def composition_of(config: object) -> Composition | None:
    """Return how this very object was composed, None where it was not, or a hundred others were meanwhile."""
    return next((one for one in (*_latest.values(), *_recent) if one.config is config), None)


def compositions_in(namespace: Mapping[str, Any]) -> dict[str, Composition]:
    """Return how the variables were composed that hold configs, by their names."""
    return {
        name: found
        for name, value in namespace.items()
        if not name.startswith("_") and (found := composition_of(value)) is not None
    }


@dataclass(frozen=True)
class _Sources:
    """What a config is composed from."""

    body_name: str
    yaml: str | None
    folder: Path | None
    config_name: str | None
    schema: Any

    def compose(self, overrides: Sequence[str]) -> tuple[DictConfig, tuple[str, ...]]:
        with tempfile.TemporaryDirectory(prefix="mlmagic-hydra-") as here:
            try:
                return self._compose(Path(here), overrides)
            except RecursionError as error:
                raise UsageProblem("The configs lead back to themselves, or are nested too deep.") from error
            except Exception as error:
                if not _is_of_configs(error):
                    raise
                raise explained(error, keys=self._keys(Path(here)), groups=self.groups()) from error

    def _compose(self, here: Path, overrides: Sequence[str]) -> tuple[DictConfig, tuple[str, ...]]:
        from hydra import compose as hydra_compose

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
            with own_hydra(root or here) as told:
                config = hydra_compose(primary, given)
            return config, tuple(told)
        # The types come first, so that each value is checked against them when it is merged.
        below = [typed] if self.yaml is None and self.folder is None else [typed, primary]
        top = f"top_{uuid.uuid4().hex}"
        (here / f"{top}.yaml").write_text("defaults:\n" + "".join(f"  - {one}\n" for one in [*below, "_self_"]))
        with stored(typed, _typed(self.schema)), own_hydra(here) as told:
            config = hydra_compose(top, given)
        return config, tuple(told)

    def _keys(self, here: Path) -> list[str]:
        """Return the keys of the config without overrides, as far as it can be composed, to find the nearest one."""
        from omegaconf import OmegaConf

        try:
            config, _ = self._compose(here, ())
            return list(leaves(_plain(config)))
        except Exception:  # noqa: BLE001  # it is wrong without overrides: then only the schema tells what is right
            return list(leaves(_plain(OmegaConf.structured(self.schema)))) if self.schema is not None else []

    def groups(self) -> list[str]:
        return [name for name in groups_in(self.folder) if name] if self.folder else []

    def _require_primary(self, name: str) -> None:
        folder = self.folder
        if folder is None or any((folder / f"{name.removesuffix(ext)}{ext}").is_file() for ext in (".yaml", ".yml")):
            return
        there = groups_in(folder).get("", [])
        listed = f" There are: {', '.join(there)}." if there else " There is none in it."
        near = did_you_mean(name, there)
        raise UsageProblem(f"There is no config {name!r} in {folder.name}.{near}{listed} Choose it: --config-name NAME")


def _require_mapping(text: str) -> None:
    """Refuse a body that YAML reads as one text: Hydra would make a key of all of it."""
    import yaml

    require_small(text, "The body")
    try:
        is_text = isinstance(yaml.safe_load(text), str)
    except yaml.YAMLError:  # which Hydra complains of
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
    """Return the node of a schema, checked: OmegaConf knows its types."""
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


def _checked(config: DictConfig) -> dict[str, Any]:
    """Return the leaves of *config*, which has all its values."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        require_short(_plain(config))
        missing = sorted(OmegaConf.missing_keys(config))
        values = {} if missing else leaves(resolved(config))
    except OmegaConfBaseException as error:
        raise UsageProblem(reason_of(str(error), list(leaves(_plain(config))))) from error
    except RecursionError as error:
        raise UsageProblem("An interpolation of the config leads back to itself.") from error
    if missing:
        raise UsageProblem(
            f"There is no value for {', '.join(missing)} (???). Give it: {' '.join(f'{key}=VALUE' for key in missing)}"
        )
    return values


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
