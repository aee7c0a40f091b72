"""The packages of a recorded run, and a virtual environment with them for its replay."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from mlmagic.replay.running.installing import EnvironmentBuildError, Installer
from mlmagic.snapshot.environment.distributions import installed, normalised
from mlmagic.store.artifact_reading import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow.entities import Run
    from packaging.requirements import Requirement

    from mlmagic.snapshot.environment.distributions import Distribution

_REQUIREMENTS = "mlmagic/requirements.txt"
_LARGEST = 5_000_000
_CHECK_S = 60.0
_OWN = "mlmagic"
_PACKAGE = Path(__file__).parents[2]
_PYTHON = re.compile(r"# Python (\d[\w.+]*)")
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==[A-Za-z0-9.!+_-]+")
_FOLDER = re.compile(r"# ([A-Za-z0-9][A-Za-z0-9._-]*)==\S+ +\((editable|a local folder): .*\)")
_BUILD = re.compile(r"  # installed: ([A-Za-z0-9.!+_-]+)$")
_URL = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*) @ \S+")
_ABSENT = """\
import importlib.metadata, json, sys
print(json.dumps([name for name in sys.argv[1:] if not list(importlib.metadata.distributions(name=name))]))"""


@dataclass(frozen=True)
class RecordedRequirements:
    """What a run's environment held.

    Attributes
    ----------
    pinned
        Packages with their versions, such as ``numpy==2.4.6``.
    builds
        Of those whose version names a build, the whole version: ``torch==2.13.0+cpu`` for ``torch==2.13.0``.
    local
        Arguments of ``pip install`` for packages from a folder or a URL, which this environment has from there too.
    left_out
        Names of packages from a folder or a URL that this environment does not have from there. Anybody may have
        written the record, so nothing is installed from places that only the record names.
    python
        The version of Python, empty if it is unknown.
    """

    pinned: Sequence[str] = ()
    builds: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    python: str = ""

    @property
    def has_other_python(self) -> bool:
        """Return whether the run had another version of Python than this process."""
        return bool(self.python) and self.python != platform.python_version()


def requirements_of(run: Run) -> RecordedRequirements:
    """Return the recorded requirements of *run*, empty if it has none."""
    place = place_of(run.info.run_id, run.info.artifact_uri)
    if not any(file.path == _REQUIREMENTS for file in place.files("mlmagic")):
        return RecordedRequirements()
    return parsed(place.read(_REQUIREMENTS, _LARGEST).decode("utf-8", "replace"), installed())


def parsed(text: str, here: Mapping[str, Distribution]) -> RecordedRequirements:
    r"""Return the requirements in *text*, the file that mlmagic writes; lines of other forms are ignored.

    Parameters
    ----------
    here
        The distributions of this environment, by name.

    Examples
    --------
    >>> found = parsed("# Python 3.12.1 (CPython), Linux\nnumpy==2.4.6\ntorch==2.13.0  # installed: 2.13.0+cpu", {})
    >>> found.python, found.pinned, found.builds
    ('3.12.1', ['numpy==2.4.6', 'torch==2.13.0'], {'torch==2.13.0': 'torch==2.13.0+cpu'})
    """
    pinned: list[str] = []
    left_out: list[str] = []
    local: dict[str, Sequence[str]] = {}
    builds: dict[str, str] = {}
    head = _PYTHON.match(text)
    for line in map(str.strip, text.splitlines()):
        plain = line if line.startswith("#") else line.partition("  #")[0].strip()
        match = _PINNED.fullmatch(plain) or _FOLDER.fullmatch(plain) or _URL.fullmatch(plain)
        if match is None or normalised(match[1]) == _OWN:
            continue
        name = normalised(match[1])
        if match.re is _PINNED:
            pinned.append(plain)
            if build_of := _BUILD.search(line):
                builds[plain] = f"{match[1]}=={build_of[1]}"
        elif name in here and here[name].requirement == line:
            local[name] = _argument(here[name], line)
        else:
            left_out.append(name)
    return RecordedRequirements(pinned, builds, local, left_out, head[1] if head is not None else "")


def _argument(found: Distribution, line: str) -> list[str]:
    """Return what pip is given to install *found*, which has no version in an index, as it is installed here."""
    origin = found.origin or {}
    if "dir_info" not in origin:
        return [line]
    folder = unquote(urlsplit(str(origin.get("url", ""))).path)
    return ["--editable", folder] if origin["dir_info"].get("editable") else [folder]


def build(requirements: RecordedRequirements, folder: Path, tell: Callable[[str], None] = lambda _: None) -> str:
    """Install *requirements* and this mlmagic into a new virtual environment in *folder*; return its interpreter.

    Packages are installed without their dependencies, which the record names too: so a set of versions that an
    installer would reject, though it was in use, comes back as it was. Where no index has a build that the record
    names, such as that of torch for processors, the index's own build is installed, with its dependencies.

    Parameters
    ----------
    tell
        Called with what is being installed.

    Raises
    ------
    EnvironmentBuildError
        When a version cannot be installed; the message names it.
    """
    if not requirements.pinned:
        raise EnvironmentBuildError("its packages are not recorded (mlmagic/requirements.txt)")
    _require_usable(requirements.pinned)
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(requirements.pinned), "utf-8")
    installer = Installer(folder, requirements.python, tell)
    installer.create()
    plain = folder / "from-index.txt"
    plain.write_text("\n".join(one for one in requirements.pinned if one not in requirements.builds), "utf-8")
    installer.install(["--no-deps", "-r", str(plain)], len(requirements.pinned) - len(requirements.builds))
    for public, exact in requirements.builds.items():
        _install_build(installer, public, exact, listed)
    for name, arguments in requirements.local.items():
        installer.install(["--no-deps", *arguments], package=name)
    _link_own(installer.environment)
    if missing := _missing(installer.python):
        installer.install(["-c", str(listed), *missing], len(missing))
    return installer.python


def _install_build(installer: Installer, public: str, exact: str, listed: Path) -> None:
    """Install *exact*, or if no index has that build, the *public* version: with what its other build depends on."""
    try:
        installer.install(["--no-deps", exact], package=exact)
    except EnvironmentBuildError:
        installer.install(["-c", str(listed), public], package=public)


def _link_own(environment: Path) -> None:
    """Let the environment import the mlmagic that runs here, whose files need not be in any index."""
    places = {"base": str(environment), "platbase": str(environment)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=places))
    own = installed().get(_OWN)
    described = [Path(own.folder)] if own is not None else []
    for source in [_PACKAGE, *described]:
        target = packages / source.name
        if not target.exists():
            target.symlink_to(source)


def _needs() -> list[Requirement]:
    """Return what this mlmagic and a kernel need."""
    from packaging.requirements import Requirement

    try:
        lines = importlib.metadata.requires(_OWN) or []
    except importlib.metadata.PackageNotFoundError:
        lines = []
    needs = [one for one in map(Requirement, lines) if one.marker is None or one.marker.evaluate({"extra": ""})]
    return [*needs, Requirement("ipykernel")]


def _require_usable(pinned: Sequence[str]) -> None:
    """Raise unless this mlmagic works with the recorded versions: another mlmagic may have recorded the run.

    Raises
    ------
    EnvironmentBuildError
        When it does not.
    """
    recorded = {normalised(name): version for name, _, version in (one.partition("==") for one in pinned)}
    for one in _needs():
        version = recorded.get(normalised(one.name))
        if version is not None and not one.specifier.contains(version, prereleases=True):
            raise EnvironmentBuildError(
                f"this mlmagic needs {one.name}{one.specifier}, and the run was recorded with {version}"
            )


def _missing(python: str) -> list[str]:
    """Return what this mlmagic and a kernel need and the environment lacks."""
    needs = {one.name: f"{one.name}{one.specifier}" for one in _needs()}
    clean = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            [python, "-c", _ABSENT, *needs], env=clean, capture_output=True, text=True, timeout=_CHECK_S, check=True
        )
        return [needs[name] for name in json.loads(done.stdout)]
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        raise EnvironmentBuildError(f"the new environment's Python does not run: {error}") from error
