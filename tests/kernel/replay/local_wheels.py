"""Small wheels in a folder, which pip installs without an index."""

from __future__ import annotations

import sysconfig
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SITE = "site_of_the_tests"
"""A distribution whose path file lets a new environment import what the tests' own one holds, after its own."""


def write_wheel(folder: Path, name: str, version: str, files: Mapping[str, str], *, needs: Sequence[str] = ()) -> Path:
    """Write a wheel of pure Python with these *files*, by their paths, that *needs* other distributions."""
    requires = "".join(f"Requires-Dist: {one}\n" for one in needs)
    info = f"{name}-{version}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return wheel


def write_tiny_value(folder: Path, *versions: int) -> None:
    """Write the package ``tinyvalue``, whose ``value()`` is the first number of its version."""
    for number in versions:
        write_wheel(folder, "tinyvalue", f"{number}.0", {"tinyvalue.py": f"def value():\n    return {number}\n"})


def write_site(folder: Path) -> None:
    """Write the distribution `SITE`, so that a kernel and its hundred packages need not be installed for a test."""
    write_wheel(folder, SITE, "1.0", {f"{SITE}.pth": f"{sysconfig.get_path('purelib')}\n"})
