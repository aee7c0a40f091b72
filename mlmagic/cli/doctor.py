"""``mlmagic doctor``: check everything that mlmagic needs, with one line per check and a remedy for each problem."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlmagic.errors import StoreError
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.requirements import Requirement

ENOUGH_DISK_GB = 1.0
GIT_TIMEOUT_S = 10
STORE_TIMEOUT_S = 5
USER_EXTRAS = ("notebook", "torch", "plots", "hydra")
MARKS = {"ok": "ok  ", "optional": "-   ", "problem": "FAIL"}


@dataclass(frozen=True)
class Check:
    """The outcome of one check; ``remedy`` says what to do if it is not ok."""

    subject: str
    outcome: Literal["ok", "optional", "problem"]
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return clean(f"{MARKS[self.outcome]}  {self.subject:<14} {self.detail}{remedy}")


def doctor() -> int:
    """Print the findings and return 1 if one of them is a problem, else 0."""
    worst = 0
    for finding in findings():
        print(finding, flush=True)
        worst = max(worst, finding.outcome == "problem")
    return int(worst)


def findings() -> Iterator[Check]:
    """Yield the outcome of each check, the quick ones first."""
    yield check_python()
    yield from check_packages()
    yield check_disk(Path.cwd())
    yield check_git()
    yield check_store()


def check_python() -> Check:
    """Check the version of Python against the versions that mlmagic declares."""
    from packaging.specifiers import SpecifierSet

    declared = importlib.metadata.metadata("mlmagic")["Requires-Python"]
    version = platform.python_version()
    if SpecifierSet(declared).contains(version, prereleases=True):
        return Check("python", "ok", f"{version} at {sys.executable}")
    return Check("python", "problem", version, f"mlmagic needs Python {declared}")


def check_packages() -> Iterator[Check]:
    """Check each package that mlmagic declares against its minimum version; packages of an extra may be missing."""
    from packaging.requirements import Requirement

    for line in importlib.metadata.requires("mlmagic") or ():
        requirement = Requirement(line)
        if requirement.name == "mlmagic":
            continue
        extra = next((extra for extra in ("", *USER_EXTRAS) if _applies(requirement, extra)), None)
        if extra is not None:
            yield check_package(requirement, extra)


def check_package(requirement: Requirement, extra: str = "") -> Check:
    """Check one package; *extra* is the extra of mlmagic that requires it, or empty if it is always required."""
    wanted = f"{requirement.name}{requirement.specifier}"
    install = f"pip install 'mlmagic[{extra}]'" if extra else f"pip install '{wanted}'"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Check(requirement.name, "optional" if extra else "problem", "not installed", install)
    if requirement.specifier.contains(version, prereleases=True):
        return Check(requirement.name, "ok", version)
    return Check(requirement.name, "problem", f"{version} is too old", f"pip install --upgrade '{wanted}'")


def check_disk(folder: Path) -> Check:
    """Check that the disk of *folder* has room for runs."""
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb >= ENOUGH_DISK_GB:
        return Check("disk", "ok", f"{free_gb:.1f} GB free")
    return Check("disk", "problem", f"{free_gb:.1f} GB free", f"make room on the disk of {folder}")


def check_git() -> Check:
    """Check that git is installed, which is needed to record a run's commit."""
    remedy = "install git, so that runs name their commit"
    if shutil.which("git") is None:
        return Check("git", "optional", "not found", remedy)
    answer = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False)
    if answer.returncode:
        return Check("git", "problem", answer.stderr.strip() or "does not run", remedy)
    return Check("git", "ok", answer.stdout.strip().removeprefix("git version "))


def check_store() -> Check:
    """Check that the MLflow store of this folder responds; a store that does not exist yet is not created."""
    from mlmagic.store import connection, tracking_uri

    for name, value in (("MAX_RETRIES", 0), ("TIMEOUT", STORE_TIMEOUT_S)):
        # With MLflow's defaults an unreachable server would block for minutes.
        os.environ.setdefault(f"MLFLOW_HTTP_REQUEST_{name}", str(value))
    tracking_uri.pin_tracking_uri()
    where = tracking_uri.shown_uri()
    uri = tracking_uri.current_uri()
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        return Check("store", "ok", f"{where} (made by the first tracked cell)")
    try:
        connection.connect()
    except StoreError as error:
        return Check("store", "problem", str(error), "start the server or mend MLFLOW_TRACKING_URI")
    return Check("store", "ok", where)


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
