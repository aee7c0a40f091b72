"""A real kernel, driven as a front end drives it."""

from __future__ import annotations

import functools
import os
import queue
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field

import pytest
from databases import copy_new_database
from jupyter_client.manager import KernelManager

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Output:
    """What one execution sent to the front end."""

    status: str = ""
    count: int | None = None
    messages: list[tuple[str, dict]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict]:
        return [content for found, content in self.messages if found == kind]

    @property
    def stdout(self) -> str:
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stdout")

    @property
    def stderr(self) -> str:
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stderr")

    @property
    def errors(self) -> list[str]:
        return [_ANSI.sub("", "\n".join(c["traceback"])) for c in self.of("error")]

    @property
    def summaries(self) -> list[str]:
        """The plain text of the run summaries."""
        shown = [c for c in self.of("display_data") if "mlmagic" in c["metadata"]]
        return [c["data"]["text/plain"] for c in shown]

    @property
    def user_messages(self) -> list[tuple[str, dict]]:
        """What the user's own code sent, without the summaries; streams joined."""
        joined: list[tuple[str, dict]] = []
        for kind, content in self.messages:
            if "mlmagic" in content.get("metadata", {}):
                continue
            last = joined[-1] if joined else ("", {})
            if kind == "stream" and last[0] == "stream" and last[1]["name"] == content["name"]:
                joined[-1] = ("stream", {"name": content["name"], "text": last[1]["text"] + content["text"]})
            else:
                joined.append((kind, dict(content)))
        return joined

    @property
    def text(self) -> str:
        """Everything that can be read, for messages of failed assertions."""
        shown = [c["data"].get("text/plain", "") for k, c in self.messages if k in {"display_data", "execute_result"}]
        return "\n".join([self.stdout, self.stderr, *shown, *self.errors])


class Kernel:
    """One kernel in one folder."""

    def __init__(self, folder, *, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "MLMAGIC", "JPY_"))}
        clean |= {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "IPYTHONDIR": str(folder / ".ipython"),
            "PYTHONWARNINGS": "ignore",
        } | (env or {})
        self.folder = folder
        # Unix sockets: jupyter_client picks TCP ports before the kernel binds them, and another process may take one.
        self._sockets = tempfile.mkdtemp(prefix="kernel-")
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager = KernelManager(kernel_cmd=command, transport="ipc", ip=f"{self._sockets}/s")
        self.manager.start_kernel(cwd=str(folder), env=clean)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=180)

    def send(self, code: str, *, subshell: str | None = None, silent: bool = False, allow_stdin: bool = False) -> str:
        message = self.client.session.msg(
            "execute_request",
            {
                "code": code,
                "silent": silent,
                "store_history": not silent,
                "user_expressions": {},
                "allow_stdin": allow_stdin,
                "stop_on_error": False,
            },
        )
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def collect(self, request: str, *, timeout: float = 120, on_output=None) -> Output:
        """Wait until the execution *request* has ended; *on_output(kind, content)* sees each message."""
        output, end = Output(), time.monotonic() + timeout
        idle = replied = False
        while not (idle and replied):
            assert time.monotonic() < end, f"no end after {timeout} s: {output.text}"
            try:
                message = self.client.get_iopub_msg(timeout=0.05)
            except queue.Empty:
                message = None
            if message and message["parent_header"].get("msg_id") == request:
                kind, content = message["msg_type"], message["content"]
                if kind == "status":
                    idle = content["execution_state"] == "idle"
                elif kind not in {"execute_input", "comm_open", "comm_msg", "comm_close"}:
                    output.messages.append((kind, content))
                    if on_output:
                        on_output(kind, content)
            try:
                reply = self.client.get_shell_msg(timeout=0)
            except queue.Empty:
                continue
            if reply["parent_header"].get("msg_id") == request:
                output.status, output.count = (
                    reply["content"]["status"],
                    reply["content"].get("execution_count"),
                )
                replied = True
        return output

    def run(self, code: str, *, timeout: float = 120, on_output=None, silent: bool = False) -> Output:
        return self.collect(self.send(code, silent=silent), timeout=timeout, on_output=on_output)

    def answering(self, code: str, answer: str) -> Output:
        """Run *code*, which asks once, and type *answer*."""
        request = self.send(code, allow_stdin=True)
        self.client.get_stdin_msg(timeout=60)
        self.client.input(answer)
        return self.collect(request)

    def check(self, code: str) -> str:
        """Run *code*, which must succeed, and return what it printed."""
        output = self.run(code)
        assert output.status == "ok", output.text
        return output.stdout.strip()

    def interrupted(self, code: str, *, when: str = "ready") -> Output:
        """Run *code* and interrupt it when it has printed *when*."""

        def on_output(kind, content):
            if kind == "stream" and when in content["text"]:
                time.sleep(0.2)
                self.manager.interrupt_kernel()

        return self.run(code, on_output=on_output)

    def interrupt_creation(self, *, size: int) -> None:
        """Interrupt when the store, which the execution creates, has this many bytes of some 950,000."""
        database, end = self.folder / "mlflow.db", time.monotonic() + 60
        while not (database.exists() and database.stat().st_size > size):
            assert time.monotonic() < end, "no store is created"
            time.sleep(0.01)
        self.manager.interrupt_kernel()

    def new_subshell(self) -> str:
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=20)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]["subshell_id"]

    @property
    def pid(self) -> int:
        return self.manager.provisioner.pid

    def last_run(self, name: str = "") -> dict:
        """Return the newest run of the store, or of this name, as plain data, read by plain MLflow."""
        import json

        return json.loads(self.check(f"{_READ_LAST}_last({name!r})"))

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        shutil.rmtree(self._sockets, ignore_errors=True)


_READ_LAST = """
def _last(name):
    import json, mlflow
    client = mlflow.MlflowClient()
    ids = [e.experiment_id for e in client.search_experiments()]
    named = f"attributes.run_name = '{name}'" if name else ""
    found = client.search_runs(ids, named, order_by=["attributes.start_time DESC"])
    run = found[0]
    files, folders = [], [None]
    while folders:
        for item in client.list_artifacts(run.info.run_id, folders.pop()):
            (folders if item.is_dir else files).append(item.path)
    print(json.dumps({"id": run.info.run_id, "name": run.info.run_name, "status": run.info.status,
        "steps": sorted(p.step for key in list(run.data.metrics)[:1] for p in client.get_metric_history(run.info.run_id, "loss")),
        "count": len(found), "params": run.data.params, "metrics": run.data.metrics, "tags": run.data.tags, "files": sorted(files),
        "running": [r.info.run_name for r in client.search_runs(ids, "attributes.status = 'RUNNING'")]}))
"""


def _with_store(folder):
    """Put an empty store into *folder*: MLflow takes seconds to create one, and few tests are about that."""
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    return folder


@pytest.fixture
def ready_store(tmp_path):
    """Put an empty store into the test's own folder."""
    _with_store(tmp_path)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel with mlmagic loaded and a store of its own."""
    made = Kernel(_with_store(tmp_path_factory.mktemp("kernel")))
    made.check("%load_ext mlmagic")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def plain_kernel(tmp_path_factory):
    """A kernel without mlmagic."""
    made = Kernel(tmp_path_factory.mktemp("plain"))
    made.check("pass")
    yield made
    made.stop()


def _kernels():
    """Make kernels in a folder; all are stopped in the end."""
    made: list[Kernel] = []

    def make(folder, **kwargs) -> Kernel:
        made.append(Kernel(folder, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.stop()


kernels = pytest.fixture(_kernels)
kernels_of_module = pytest.fixture(_kernels, scope="module")


@pytest.fixture
def new_kernel(kernels, tmp_path, ready_store):
    """Make kernels in the test's own folder, which has an empty store."""
    return functools.partial(kernels, tmp_path)


@pytest.fixture
def first_kernel(kernels, tmp_path):
    """Make kernels in the test's own folder, in which there is no store yet."""
    return functools.partial(kernels, tmp_path)
