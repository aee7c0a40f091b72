"""A fresh kernel for one replay: started in its own process group, and killed with all its children."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

_START_S = 120.0
_LOOK_S = 0.2
_GRACE_S = 2.0
_LONGEST_SOCKET = 90


class KernelDiedError(Exception):
    """The kernel of the replay has died."""


class CellTimeoutError(Exception):
    """A cell ran longer than it may."""


@dataclass(frozen=True)
class Reply:
    """How a cell ended: ``error`` and ``message`` are the exception's type and text, empty if there was none."""

    status: str
    error: str = ""
    message: str = ""
    seconds: float = 0.0


class ReplayKernel:
    """A kernel of *python* in the working folder *folder*; use it as a context manager.

    Parameters
    ----------
    scratch
        Where its connection file and its log lie.
    """

    def __init__(
        self, folder: Path, scratch: Path, environment: Mapping[str, str], python: str = sys.executable
    ) -> None:
        self._folder = folder
        self._scratch = scratch
        self._environment = environment
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self.connection_file = scratch / "kernel.json"
        self.is_kept = False

    def __enter__(self) -> Self:
        """Start the kernel, and wait until it answers."""
        from jupyter_client.blocking.client import BlockingKernelClient
        from jupyter_client.connect import write_connection_file

        # Sockets in the scratch folder are the user's own; their paths have a limit.
        socket = str(self._scratch / "s")
        is_short = len(socket) < _LONGEST_SOCKET
        transport, address = ("ipc", socket) if is_short else ("tcp", "127.0.0.1")
        write_connection_file(str(self.connection_file), transport=transport, ip=address)
        command = [self._python, "-m", "ipykernel_launcher", "-f", str(self.connection_file)]
        environment = {**self._environment, "JPY_PARENT_PID": str(os.getpid())}
        try:
            with (self._scratch / "kernel.log").open("wb") as log:
                self._process = subprocess.Popen(
                    command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
            self._client = BlockingKernelClient(connection_file=str(self.connection_file))
            self._client.load_connection_file()
            self._client.start_channels()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the kernel, unless it is kept: then it runs until this process ends."""
        if not self.is_kept:
            self.stop()

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            request = self._client.kernel_info()
            if self._reply_to(request, min(end, time.monotonic() + 1.0)) is not None:
                return
        raise KernelDiedError(f"the kernel did not start within {_START_S:.0f} s: {self._last_words()}")

    def run(self, source: str, *, timeout_s: float, silent: bool = False) -> Reply:
        """Run a cell and return how it ended.

        Raises
        ------
        CellTimeoutError
            When it takes longer than *timeout_s* seconds.
        KernelDiedError
            When the kernel dies.
        """
        began = time.monotonic()
        request = self._client.execute(
            source, silent=silent, store_history=not silent, allow_stdin=False, stop_on_error=False
        )
        reply = self._reply_to(request, began + timeout_s)
        if reply is None:
            raise CellTimeoutError(f"it ran longer than {timeout_s:.0f} s")
        return Reply(
            str(reply.get("status")), str(reply.get("ename") or ""), str(reply.get("evalue") or ""),
            time.monotonic() - began,
        )  # fmt: skip

    def _reply_to(self, request: str, end: float) -> Mapping[str, object] | None:
        while time.monotonic() < end:
            try:
                message = self._client.get_shell_msg(timeout=_LOOK_S)
            except queue.Empty:
                if self._process is not None and self._process.poll() is not None:
                    raise KernelDiedError(f"the kernel died: {self._last_words()}") from None
                continue
            if message["parent_header"].get("msg_id") == request:
                content: Mapping[str, object] = message["content"]
                return content
        return None

    def _last_words(self) -> str:
        try:
            lines = (self._scratch / "kernel.log").read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        code = self._process.returncode if self._process is not None else None
        how = f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
        return f"{how}{f', {lines[-1][:200]}' if lines else ''}"

    def stop(self) -> None:
        """Kill the kernel and every process that it started."""
        with contextlib.suppress(AttributeError, RuntimeError):
            self._client.stop_channels()
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
