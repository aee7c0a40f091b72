"""Run one `git` command with limits of time and size, independent of the user's settings."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

# If the user or an enclosing hook sets these, they point Git at another repository or change its output.
_VARIABLES_LEFT_OUT = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_ATTR_SOURCE",
        "GIT_COMMON_DIR",
        "GIT_DIFF_OPTS",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_GLOB_PATHSPECS",
        "GIT_GRAFT_FILE",
        "GIT_ICASE_PATHSPECS",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_LITERAL_PATHSPECS",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
_VARIABLES_SET = {
    "GIT_ALLOW_PROTOCOL": "none",  # never access the network, nor run the program that a remote names
    "GIT_OPTIONAL_LOCKS": "0",  # never write the user's index
    "GIT_NO_LAZY_FETCH": "1",  # never fetch missing objects
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",  # its messages are parsed
}
# Disable hooks and the file-system monitor, a program that would keep our pipe open.
_CONFIGURATION = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.quotePath=true")
_FILTER_OFF = {"clean": "", "smudge": "", "process": "", "required": "false"}
_LEAST_TIME_S = 0.01
_LONGEST_MESSAGE = 10_000


@dataclass(frozen=True)
class Answer:
    """What `git` printed and how it ended."""

    code: int
    output: bytes
    errors: str
    too_large: bool
    too_slow: bool

    @property
    def failed(self) -> bool:
        """Return whether the output is incomplete or wrong."""
        return self.code != 0 or self.too_large or self.too_slow

    @property
    def reason(self) -> str:
        """The first error line, without prefix and full stop."""
        lines = self.errors.splitlines() or ["it gave no reason"]
        line = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[0])
        return line.removeprefix("fatal: ").removeprefix("error: ").rstrip(".")


def ask(
    *arguments: str,
    folder: Path,
    deadline: float,
    given: bytes = b"",
    limit_bytes: int | None = None,
    variables: Mapping[str, str] | None = None,
    filters: Collection[str] = (),
) -> Answer:
    """Run `git` with *arguments* in *folder* and return its answer.

    `git` reads *given* from stdin, runs none of *filters*, and is stopped at *deadline* (of `time.monotonic`) or once
    it has printed more than *limit_bytes*. Raises FileNotFoundError if there is no `git`, and another OSError if it
    cannot be started.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _VARIABLES_LEFT_OUT}
    environment |= {**_VARIABLES_SET, **(variables or {})}
    environment |= _without(filters, environment)
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        process = subprocess.Popen(
            ["git", "--no-pager", "-C", os.fspath(folder), *_CONFIGURATION, *_off(filters), *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            start_new_session=True,  # so that its whole process group can be killed
        )
        late = threading.Event()
        watch = threading.Timer(max(deadline - time.monotonic(), _LEAST_TIME_S), _stop, (process, late))
        watch.daemon = True
        watch.start()
        finished = False
        try:
            output = _read(process, limit_bytes)
            finished = limit_bytes is None or len(output) <= limit_bytes
            if finished:
                process.wait()
        finally:
            watch.cancel()
            if not finished:
                _stop(process)
            process.wait()
        errors.seek(0)
        message = errors.read(_LONGEST_MESSAGE).decode("utf-8", "replace")
    return Answer(process.returncode, output, message, too_large=not finished, too_slow=late.is_set())


def _settings_off(name: str) -> list[tuple[str, str]]:
    return [(f"filter.{name}.{key}", value) for key, value in _FILTER_OFF.items()]


def _off(filters: Collection[str]) -> list[str]:
    """Return the options that disable filters."""
    settings = [one for name in filters if "=" not in name for one in _settings_off(name)]
    return [word for key, value in settings for word in ("-c", f"{key}={value}")]


def _without(filters: Collection[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that disable filters with an equals sign in their name, which no option can name."""
    settings = [one for name in filters if "=" in name for one in _settings_off(name)]
    if not settings:
        return {}
    count = environment.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    found = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for at, (key, value) in enumerate(settings, first):
        found |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    return found


def _read(process: subprocess.Popen[bytes], limit_bytes: int | None) -> bytes:
    if process.stdout is None:  # never: stdout is a pipe
        return b""
    with process.stdout as stdout:
        return stdout.read(-1 if limit_bytes is None else limit_bytes + 1)


def _stop(process: subprocess.Popen[bytes], late: threading.Event | None = None) -> None:
    if process.poll() is not None:
        return
    if late is not None:
        late.set()
    if not hasattr(os, "killpg"):
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself meanwhile
