"""Replaces each ``${hydra:…}`` in a composed config by its value, before the key ``hydra`` is removed.

Hydra's resolver reads a global config, which only ``@hydra.main`` sets; a notebook has none.
"""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.config.own_hydra import JOB
from mlmagic.session import notebook, notebook_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omegaconf import DictConfig

_REFERENCE = re.compile(r"(?<!\\)\$\{hydra:([^${}]*)\}")
_PATH = re.compile(r"(?<!\\)\$\{hydra:\s*([^${}\s]*)")
_OF_ANY_OVERRIDES = re.compile(r"runtime\.(?:cwd|version|choices)\b|job\.(?:name|config_name)\Z")


def fill_in(config: DictConfig, *, config_name: str) -> bool:
    """Replace each ``${hydra:…}`` of *config*, which still has the key ``hydra``, by its value.

    Within a Hydra application nothing is replaced, because Hydra resolves the values from the application's config.
    Returns whether a value may depend on overrides of keys, not only on the chosen options of groups.
    """
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    written = OmegaConf.to_container(config, resolve=False)
    assert isinstance(written, dict)  # noqa: S101  # a DictConfig
    del written["hydra"]
    found = list(_references(config, written))
    if not found or HydraConfig.initialized():
        return False
    config.hydra.job.config_name = config_name
    if config.hydra.job.name == JOB:
        config.hydra.job.name = _job_name()
    HydraConfig.instance().set_config(config)
    try:
        hydra: Any = HydraConfig.get()
        OmegaConf.set_readonly(hydra, False)
        if OmegaConf.is_missing(hydra.runtime, "output_dir"):
            with contextlib.suppress(Exception):  # if its parts cannot be resolved, it has no value either
                hydra.runtime.output_dir = str(Path(hydra.run.dir).absolute())
        for parent, key, text in found:
            _replace(parent, key, text, hydra)
    finally:
        HydraConfig.instance().cfg = None
    return any(not _OF_ANY_OVERRIDES.match(path) for _, _, text in found for path in _PATH.findall(text))


def _job_name() -> str:
    """Return Hydra's job name: the file name of the notebook or script, without its suffix."""
    session = notebook_session.current()
    file = notebook.path(session.namespace if session else {})
    return (file or Path(getattr(sys.modules["__main__"], "__file__", None) or "notebook")).stem


def _references(config: Any, written: Any) -> Iterator[tuple[Any, Any, str]]:
    """Yield (parent node, key, text) of each value that refers to Hydra's own config."""
    for key, value in written.items() if isinstance(written, dict) else enumerate(written):
        if isinstance(value, dict | list):
            yield from _references(config[key], value)
        elif isinstance(value, str) and _PATH.search(value):
            yield config, key, value


def _replace(parent: Any, key: Any, text: str, hydra: Any) -> None:
    from omegaconf import OmegaConf, flag_override

    if not _REFERENCE.fullmatch(text) and _is_flat(text):
        # Other interpolations of the text stay, because their targets may be set later.
        value: Any = _REFERENCE.sub(lambda found: _escaped(OmegaConf.select(hydra, found[1].strip())), text)
    else:
        try:
            value = parent[key]
        except Exception:  # noqa: BLE001  # it refers to another missing value, which is reported with the others
            return
        value = OmegaConf.to_container(value, resolve=True, enum_to_str=True) if OmegaConf.is_config(value) else value
    with flag_override(parent, ["readonly", "struct"], [False, False]):
        parent[key] = value


def _is_flat(text: str) -> bool:
    """Return whether no reference of *text* is nested in another interpolation.

    >>> _is_flat("${hydra:job.name}/${lr}"), _is_flat("${oc.decode:${hydra:job.name}}")
    (True, False)
    """
    before = [text[: found.start()] for found in _REFERENCE.finditer(text)]
    return len(before) == len(_PATH.findall(text)) and all(one.count("${") <= one.count("}") for one in before)


def _escaped(value: Any) -> str:
    return str(value).replace("${", "\\${")
