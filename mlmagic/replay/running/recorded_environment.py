"""Build a virtual environment from a run's recorded requirements, for a replay with the versions of that time."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.store.artifact_reading import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities import Run

_REQUIREMENTS = "mlmagic/requirements.txt"
_LARGEST = 5_000_000
_TIMEOUT_S = 3_600
_PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+")


class EnvironmentBuildError(Exception):
    """The recorded versions cannot be installed; the message names the first that cannot."""


def pinned_requirements(run: Run) -> list[str]:
    """Return the recorded requirements of *run* that name a package and its version, such as ``numpy==2.4.6``.

    Others, such as ``-e git+…`` and options of pip, are left out: anybody may have written the file.
    """
    place = place_of(run.info.run_id, run.info.artifact_uri)
    if not any(file.path == _REQUIREMENTS for file in place.files("mlmagic")):
        return []
    lines = place.read(_REQUIREMENTS, _LARGEST).decode("utf-8", "replace").splitlines()
    stripped = (line.partition(" ")[0].strip() for line in lines)
    return [line for line in stripped if _PINNED.fullmatch(line) and not line.startswith("mlmagic==")]


def build(requirements: Sequence[str], folder: Path) -> str:
    """Install *requirements* and this mlmagic into a new virtual environment in *folder*; return its interpreter.

    It takes uv where that is installed, else venv and pip.

    Raises
    ------
    EnvironmentBuildError
        When a version cannot be installed.
    """
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(requirements), "utf-8")
    environment = folder / "env"
    python = str(environment / "bin" / "python")
    if uv := shutil.which("uv"):
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)])
        install = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        _run([sys.executable, "-m", "venv", str(environment)])
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, "-r", str(listed)])
    _run([*install, "--no-deps", *_this_mlmagic()])
    return python


def _this_mlmagic() -> list[str]:
    """Return how pip installs the mlmagic that runs here: from its folder, or the same version."""
    found = importlib.metadata.distribution("mlmagic")
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    url = str(origin.get("url", ""))
    if url.startswith("file://"):
        return [url.removeprefix("file://")]
    return [f"mlmagic=={found.version}"]


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentBuildError(f"{Path(command[0]).name} did not end: {error}") from error
    if done.returncode:
        lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        problem = next((line for line in lines if "error" in line.casefold() or "no solution" in line.casefold()), "")
        raise EnvironmentBuildError(f"the recorded versions cannot be installed: {(problem or lines[-1])[:300]}")
