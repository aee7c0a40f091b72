"""Whether the installed packages are those with which a model was saved."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.environment.distributions import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REQUIREMENTS, _PYTHON = "requirements.txt", "python_env.yaml"
_LARGEST = 1_000_000
_MOST_LINES = 500


def differences(folder: Path) -> list[str]:
    """Return the requirements of the model in *folder* that are not met, each with what is installed.

    The minor version of Python is one of them: code that was pickled by one does not run in another.
    """
    return [*_python(folder), *(text for line in _lines(folder) if (text := _difference(line)))]


def _lines(folder: Path) -> Iterator[str]:
    for line in _text(folder / _REQUIREMENTS).splitlines()[:_MOST_LINES]:
        plain = line.partition(" #")[0].strip()
        if plain and not plain.startswith(("#", "-")):
            yield plain


def _difference(line: str) -> str | None:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        wanted = Requirement(line)
    except InvalidRequirement:  # a path or an address
        return None
    if wanted.marker is not None and not wanted.marker.evaluate():
        return None
    found = installed().get(str(canonicalize_name(wanted.name)))
    shown = f"{wanted.name}{wanted.specifier}"
    if found is None:
        return f"{shown} (not installed)"
    if wanted.url or wanted.specifier.contains(found.version, prereleases=True):
        return None
    return f"{shown} (here {found.version})"


def _python(folder: Path) -> Iterator[str]:
    import yaml

    try:
        found: Any = yaml.safe_load(_text(folder / _PYTHON))
    except yaml.YAMLError:
        return
    saved = str(found.get("python") or "") if isinstance(found, dict) else ""
    here = platform.python_version()
    if saved and saved.split(".")[:2] != here.split(".")[:2]:
        yield f"Python {saved} (here {here})"


def _text(file: Path) -> str:
    if not file.is_file() or file.stat().st_size > _LARGEST:
        return ""
    return file.read_text(encoding="utf-8", errors="replace")
