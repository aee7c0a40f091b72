"""Lets Hydra compose a config from its sources: YAML text, a folder of configs, a dataclass, or any combination.

The text is written to a temporary folder, from which Hydra composes with the user's folder on its search path. A schema
is stored in Hydra's ConfigStore under a unique name. A top config merges the other sources onto the schema, so that
Hydra checks the type of each value.
"""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.config.flat import leaves
from mlmagic.config.groups import groups_in
from mlmagic.config.hydra_values import fill_in
from mlmagic.config.overrides import in_quotes, quoted
from mlmagic.config.own_hydra import own_hydra, stored
from mlmagic.config.problems import OWN_FOLDER, explained, into_null, reason_of, unforeseen
from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omegaconf import DictConfig

_DEFAULT_NAME = "config"


class Composed(NamedTuple):
    """Hydra's result: the config, its warnings, and whether any override may change a value."""

    config: DictConfig
    remarks: tuple[str, ...]
    shows_overrides: bool


@dataclass(frozen=True)
class ConfigSources:
    """The sources from which a config is composed."""

    body_name: str
    yaml: str | None
    folder: Path | None
    config_name: str | None
    schema: Any

    def compose(self, overrides: Sequence[str]) -> Composed:
        """Compose the config with *overrides*.

        Raises
        ------
        UsageProblem
            If it cannot be composed.
        """
        with tempfile.TemporaryDirectory(prefix=OWN_FOLDER) as here:
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

    def _compose(self, here: Path, overrides: Sequence[str]) -> Composed:

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
            given.append(f"hydra.searchpath=[{in_quotes(f'file://{self.folder}')}]")
        if self.schema is None:
            return self._composed(root or here, primary, given)
        # The types come first, so that each value is checked against them when it is merged.
        below = [typed] if self.yaml is None and self.folder is None else [typed, primary]
        top = f"top_{uuid.uuid4().hex}"
        (here / f"{top}.yaml").write_text("defaults:\n" + "".join(f"  - {one}\n" for one in [*below, "_self_"]))
        with stored(typed, _typed(self.schema)):
            return self._composed(here, top, given)

    def _composed(self, folder: Path, primary: str, overrides: list[str]) -> Composed:
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
        return Composed(config, tuple(told), shows_overrides)

    def _values(self, here: Path) -> dict[str, Any]:
        """Return the leaves of the config without overrides, for messages; the schema's if it cannot be composed."""
        from omegaconf import OmegaConf

        try:
            return leaves(plain(self._compose(here, ()).config))
        except Exception:  # noqa: BLE001  # it is wrong even without overrides: only the schema is known
            return leaves(plain(OmegaConf.structured(self.schema))) if self.schema is not None else {}

    def groups(self) -> list[str]:
        """Return the names of the folder's config groups."""
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


def plain(config: DictConfig) -> dict[Any, Any]:
    """Return the config as dicts and lists, with its interpolations as text."""
    from omegaconf import OmegaConf

    found = OmegaConf.to_container(config, resolve=False)
    return found if isinstance(found, dict) else {}


def _is_of_configs(error: Exception) -> bool:
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    return isinstance(error, HydraException | OmegaConfBaseException | YAMLError)
