#!/usr/bin/env python3
"""Print lists of pinned packages that derive from pyproject.toml, so that no version is stated twice.

``minimums``: the oldest version of each runtime dependency, which ``make test-minimums`` installs.
``constraints``: what a development install of this environment holds, which is ``constraints.txt``.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
TESTED_EXTRAS = ("notebook", "sweeps", "plots")
"""Extras tested at their minimum. Not torch: its old Linux wheels bring several GB of CUDA libraries."""
HEADER = """\
# Every package of a development install (pip install -c constraints.txt -e '.[dev]').
# Written by `make constraints`; do not edit.
"""


def minimums(pyproject: dict[str, dict[str, object]]) -> Iterator[str]:
    """Yield ``name==lowest`` for each dependency of the package and of the tested extras.

    >>> list(minimums({"project": {"dependencies": ["numpy>=1.26"], "optional-dependencies": {}}}))
    ['numpy==1.26']
    """
    project = pyproject["project"]
    extras = project["optional-dependencies"]
    groups = [project["dependencies"], *(extras[name] for name in TESTED_EXTRAS if name in extras)]
    for requirement in sorted(line for group in groups for line in group if not line.startswith("mlmagic[")):
        match = re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement)
        if match is None:
            raise SystemExit(f"pyproject.toml declares {requirement!r}: write it as name>=lowest version")
        yield f"{match[1]}=={match[2]}"


def constraints() -> Iterator[str]:
    """Yield ``name==version`` for each package that ``mlmagic[dev]`` pulls in, as it is installed here."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    waiting, seen = [("mlmagic", "dev")], set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in importlib.metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            package = canonicalize_name(requirement.name)
            waiting += [(package, wanted) for wanted in ("", *requirement.extras)]
    for name in sorted({name for name, _ in seen} - {"mlmagic"}):
        # A local version such as 2.13.0+cpu exists on one machine only.
        yield f"{name}=={importlib.metadata.version(name).partition('+')[0]}"


def main(arguments: list[str]) -> None:
    """Print the list that the one argument names."""
    if arguments == ["minimums"]:
        lines = list(minimums(tomllib.loads((ROOT / "pyproject.toml").read_text())))
    elif arguments == ["constraints"]:
        lines = [HEADER.rstrip(), *constraints()]
    else:
        raise SystemExit("usage: versions.py minimums | constraints")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
