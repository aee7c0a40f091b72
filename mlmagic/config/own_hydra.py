"""Initializes Hydra for one composition and restores the user's Hydra state afterwards."""

from __future__ import annotations

import contextlib
import threading
import warnings
from typing import TYPE_CHECKING

from mlmagic.config.source_limits import guarded_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = "mlmagic"
_OF_THE_CONFIG = ("In '", "provider=")
"""The first words of warnings about the config; Hydra's other warnings are about OmegaConf."""
_lock = threading.RLock()


@contextlib.contextmanager
def own_hydra(folder: Path) -> Iterator[list[str]]:
    """Initialize Hydra on the configs in *folder*; yield a list to which Hydra's warnings are appended at the end.

    Hydra's global state (``GlobalHydra``, the version base, the job's name) is always restored.
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
    """Register *schema* in Hydra's ConfigStore as *name*, and remove it afterwards."""
    from hydra.core.config_store import ConfigStore

    repo = ConfigStore.instance().repo
    ConfigStore.instance().store(name=name, node=schema)
    try:
        yield
    finally:
        repo.pop(f"{name}.yaml", None)
