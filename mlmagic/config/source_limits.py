"""Restricts the sources of Hydra's configs during a composition to small regular files and imported packages.

A folder of configs may be untrusted. Hydra would import a package that a config names in its search path, which runs
the package's code, and would read files of any size. YAML repeats the content of an alias, and OmegaConf copies it
each time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 1_000_000
_MOST_VALUES = 200_000
_DEEPEST = 100
_HYDRAS = {"hydra", "hydra_plugins"}


@contextlib.contextmanager
def guarded_sources() -> Iterator[None]:
    """Let Hydra read configs through the sources of this module within the context."""
    from hydra._internal.sources_registry import SourcesRegistry
    from hydra.core.plugins import Plugins

    Plugins.instance()  # registers the sources
    types = SourcesRegistry.instance().types
    before = dict(types)
    types.update(_sources())
    try:
        yield
    finally:
        types.update(before)


@functools.cache  # Hydra's classes never change within a process
def _sources() -> dict[str, Any]:
    from hydra._internal.core_plugins.file_config_source import FileConfigSource
    from hydra._internal.core_plugins.importlib_resources_config_source import ImportlibResourcesConfigSource

    class SmallFiles(FileConfigSource):
        def load_config(self, config_path: str) -> Any:
            name = self._normalize_file_name(config_path)
            require_readable(os.path.join(self.path, name), name)  # noqa: PTH118  # as Hydra joins them
            return super().load_config(config_path)

    class ImportedPackages(ImportlibResourcesConfigSource):
        def __init__(self, provider: str, path: str) -> None:
            super().__init__(provider=provider, path=path)
            package = self.path.partition(".")[0]
            if package not in _HYDRAS and package not in sys.modules:
                raise UsageProblem(
                    f"hydra.searchpath names the package {package!r}, whose code would run. If you trust it: "
                    f"import {package}, and compose again"
                )

    return {"file": SmallFiles, "pkg": ImportedPackages}


def require_readable(path: str, name: str) -> None:
    """Reject a config that is not a regular file, or is too large. Hydra reports missing files.

    Raises
    ------
    UsageProblem
        The message names the config by *name*.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageProblem(f"The config {name} is no regular file")
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise UsageProblem(f"The config {name} has more than 1 MB: keep data in a file of its own, and its path here")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UsageProblem(f"The config {name} is not UTF-8: byte {error.start} cannot be read") from None
    require_small(text, f"The config {name}")


def require_small(content: str, what: str) -> None:
    """Reject YAML that is nested too deep, or has too many values including those that aliases repeat.

    Raises
    ------
    UsageProblem
        The message begins with *what*.

    Examples
    --------
    >>> require_small("lr: 0.1", "The body")
    >>> require_small("[" * 1000, "The body")
    Traceback (most recent call last):
    mlmagic.errors.UsageProblem: The body is nested more than 100 deep
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sizes: dict[str, int] = {}
    around: list[tuple[str | None, int]] = []
    count = 0
    try:
        for event in yaml.parse(content, Loader=loader):
            if isinstance(event, yaml.AliasEvent):
                count += sizes.get(event.anchor, 1)
            elif isinstance(event, yaml.NodeEvent):
                count += 1
            if isinstance(event, yaml.CollectionStartEvent):
                around.append((event.anchor, count))
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = around.pop()
                if anchor is not None:
                    sizes[anchor] = count - before + 1
            if len(around) > _DEEPEST:
                raise UsageProblem(f"{what} is nested more than {_DEEPEST} deep")
            if count > _MOST_VALUES:
                raise UsageProblem(f"{what} has more than {_MOST_VALUES:,} values, with those that aliases repeat")
    except yaml.YAMLError:  # Hydra reports it
        return
