"""Create a virtual environment and install packages into it, by uv or pip: with progress, and errors in one line."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TIMEOUT_S = 3_600.0
_LOOK_S = 0.3
_GRACE_S = 5.0
_LONGEST = 200
_ELSEWHERE = ("PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_ROOT", "PIP_TARGET", "PIP_USER", "PYTHONHOME", "PYTHONPATH")
"""Variables that would install into another place than the environment."""
_COLLECTING = re.compile(r"^(?:Collecting|Processing|Obtaining) (\S+)", re.MULTILINE)
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"Failed to establish a new connection|NewConnectionError|NameResolutionError|name resolution|dns error"
    r"|Connection refused|Network is unreachable|ConnectTimeout|ReadTimeout|ProxyError|operation timed out"
    r"|error sending request|tcp connect error",
    re.IGNORECASE,
)
_NOT_THERE = (
    re.compile(r"No matching distribution found for (\S+)"),
    re.compile(r"Because there is no version of (\S+)"),
    re.compile(r"Because (\S+) was not found in"),
    re.compile(r"Because (\S+) has no wheels"),
)
_NOT_BUILT = (
    re.compile(r"Failed to build [`']?([\w.=+-]+)"),
    re.compile(r"Failed building wheel for (\S+)"),
    re.compile(r"Failed to (?:fetch|download|install)[^\n`]*`([\w.=+-]+)"),
)
_PROBLEM = re.compile(r"^(?:ERROR|error| *\u00d7)[:\s]+(.*)$", re.MULTILINE)


class EnvironmentBuildError(Exception):
    """The recorded versions cannot be installed; the message names the first that cannot."""


class Installer:
    """Installs into the new virtual environment ``env`` in *folder*, which holds all temporary files too.

    Parameters
    ----------
    recorded
        The version of Python that the packages were recorded with.
    tell
        Called with what is being installed, a few times a second.
    """

    def __init__(self, folder: Path, recorded: str, tell: Callable[[str], None]) -> None:
        self.environment = folder / "env"
        self.python = str(self.environment / "bin" / "python")
        self._log = folder / "install.log"
        self._temporary = folder / "tmp"
        self._temporary.mkdir(exist_ok=True)
        self._recorded = recorded
        self._tell = tell
        self._uv = _uv()

    def create(self) -> None:
        """Create the environment, with this Python; pip is not needed in it if this Python has one.

        Raises
        ------
        EnvironmentBuildError
            When that fails.
        """
        if self._uv is not None:
            self._run([self._uv, "venv", "--python", sys.executable, str(self.environment)], 0, "")
        else:
            without = ["--without-pip"] if _has_pip() else []
            self._run([sys.executable, "-m", "venv", *without, str(self.environment)], 0, "")

    def install(self, arguments: Sequence[str], count: int = 1, *, package: str = "") -> None:
        """Run ``pip install`` with *arguments*, which install *count* packages, or the one of this name.

        Raises
        ------
        EnvironmentBuildError
            When one of them cannot be installed.
        """
        if self._uv is not None:
            command = [self._uv, "pip", "install", "--python", self.python]
        else:
            pip = [sys.executable, "-m", "pip", "--python", self.python] if _has_pip() else [self.python, "-m", "pip"]
            command = [
                *pip,
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--no-compile",
                "--progress-bar",
                "off",
            ]
        self._run([*command, *arguments], count, package)

    def _run(self, command: Sequence[str], count: int, package: str) -> None:
        environment = {name: text for name, text in os.environ.items() if name not in _ELSEWHERE}
        environment["TMPDIR"] = str(self._temporary)  # what a killed installer leaves goes with the folder
        end = time.monotonic() + _TIMEOUT_S
        try:
            with self._log.open("wb") as output:
                process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise EnvironmentBuildError(f"{Path(command[0]).name} does not run: {error}") from error
        try:
            while process.poll() is None:
                self._tell(self._step(count, package))
                if time.monotonic() > end:
                    raise EnvironmentBuildError(f"installing took longer than {_TIMEOUT_S / 60:.0f} min")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_S)
        finally:
            _end(process)
        if process.returncode:
            raise EnvironmentBuildError(explain(self._output(), package, self._recorded))

    def _step(self, count: int, package: str) -> str:
        begun = _COLLECTING.findall(self._output())
        if package or not count:
            return f"installing {package}" if package else "creating an environment"
        if begun and "Installing collected packages" not in self._output():
            return f"fetching {begun[-1].rpartition('/')[2]} ({len(begun)} of {count})"
        return f"installing {count} package{'s' * (count != 1)}"

    def _output(self) -> str:
        try:
            return self._log.read_text("utf-8", "replace")
        except OSError:
            return ""


def _uv() -> str | None:
    """Return the uv of this Python's environment, which need not be active, or the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else shutil.which("uv")


def _has_pip() -> bool:
    """Return whether this Python's pip can install into another environment: it is there, and of 22.3 or later."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = version("pip").split(".")[:2]
        return importlib.util.find_spec("pip") is not None and (int(major), int(minor)) >= (22, 3)
    except (PackageNotFoundError, ValueError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, with all that it has started."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_S)


def explain(output: str, package: str = "", recorded: str = "") -> str:
    """Return in one line why packages could not be installed, from the *output* of uv or pip.

    Parameters
    ----------
    package
        The package that was installed, if it was one.
    recorded
        The version of Python that it was recorded with.

    Examples
    --------
    >>> explain("ERROR: No matching distribution found for nothing==9")  # doctest: +ELLIPSIS
    'nothing==9 cannot be installed: there is no such version for Python 3...'
    """
    begun = _COLLECTING.findall(output)
    missing, unbuilt = _first(_NOT_THERE, output), _first(_NOT_BUILT, output)
    which = package or missing or next((one for one in begun if one.startswith(f"{unbuilt}==")), unbuilt)
    which = which or (begun[-1] if begun else "")
    lead = f"{which} cannot be installed" if which else "the recorded versions cannot be installed"
    here = platform.python_version()
    other = f" (the run was recorded with Python {recorded})" if recorded and recorded != here else ""
    if _NO_ROOM.search(output):
        return f"{lead}: no space is left; set TMPDIR to a folder with more"
    if _UNREACHABLE.search(output):
        return f"{lead}: the package index cannot be reached"
    if missing:
        return f"{lead}: there is no such version for Python {here}{other}"
    if unbuilt:
        return f"{lead}: it cannot be built for Python {here}{other}"
    problem = _PROBLEM.search(output)
    last = output.strip().splitlines()[-1:] or ["no reason was given"]
    return f"{lead}: {(problem[1] if problem else last[0]).strip()[:_LONGEST]}{other}"


def _first(patterns: Sequence[re.Pattern[str]], output: str) -> str:
    found = next((match for pattern in patterns if (match := pattern.search(output))), None)
    return found[1].rstrip(".,`'") if found is not None else ""
