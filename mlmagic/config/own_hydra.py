"""Hydra for as long as one composition takes: what the user has initialized is there again afterwards."""

from __future__ import annotations

import contextlib
import threading
import warnings
from typing import TYPE_CHECKING

from mlmagic.config.sources import guarded_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = "mlmagic"
_OF_THE_CONFIG = ("In '", "provider=")
"""How warnings begin that are about the config: others are Hydra's about OmegaConf."""
_lock = threading.RLock()


@contextlib.contextmanager
def own_hydra(folder: Path) -> Iterator[list[str]]:
    """Initialize Hydra on the configs in *folder*; yield the list that Hydra's warnings are appended to.

    Its global state (``GlobalHydra``, the version base, the job's name) is put back, whatever happens.
    """
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.utils import JobRuntime
    from hydra.version import VersionBase

    told: list[str] = []
    with _lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hydra, version = GlobalHydra.instance().hydra, VersionBase.instance().version_base
        job = JobRuntime.instance().get("name")
        GlobalHydra.instance().hydra = None
        try:
            with (
                guarded_sources(),
                initialize_config_dir(str(folder), job_name=JOB, **_version_base()),
            ):
                yield told
        finally:
            GlobalHydra.instance().hydra = hydra
            VersionBase.instance().version_base = version
            JobRuntime.instance().set("name", job)
            told += [str(one.message) for one in caught if str(one.message).startswith(_OF_THE_CONFIG)]


def _version_base() -> dict[str, str]:
    """Return the argument that selects Hydra's current behaviour: 1.3 warns without it, 1.4 deprecates it."""
    from hydra import __version__
    from packaging.version import Version

    return {"version_base": "1.3"} if Version(__version__).release < (1, 4) else {}


@contextlib.contextmanager
def stored(name: str, schema: object) -> Iterator[None]:
    """Let Hydra know *schema* as the config *name* meanwhile: left there, it would outlive its cell."""
    from hydra.core.config_store import ConfigStore

    repo = ConfigStore.instance().repo
    ConfigStore.instance().store(name=name, node=schema)
    try:
        yield
    finally:
        repo.pop(f"{name}.yaml", None)
