"""What it takes to be ready: ``%load_ext mlmagic`` beside ``import mlflow``, each in fresh kernels."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measure import Comparison, Goal, Sample, interleaved
from benchmarks.project import create_store, project

if TYPE_CHECKING:
    from jupyter_client.blocking import BlockingKernelClient

_ROUNDS = 7
_TIMED = """
import time
started = time.perf_counter()
{statement}
seconds = time.perf_counter() - started
"""
_LOAD = "get_ipython().run_line_magic('load_ext', 'mlmagic')"
_IMPORT = "import mlflow"


def measure() -> list[Comparison]:
    """Compare the statement alone, and the way to the first recorded run: laziness must not just put it off."""
    first: dict[str, list[float]] = {"tracked": [], "plain": []}

    def tracked() -> float:
        ready, recorded = _in_fresh_kernel(_LOAD, "%%track\npass")
        first["tracked"].append(ready + recorded)
        return ready

    def plain() -> float:
        ready, recorded = _in_fresh_kernel(_IMPORT, "with mlflow.start_run():\n    pass")
        first["plain"].append(ready + recorded)
        return ready

    with project():
        create_store()
        loaded, imported = interleaved({"%load_ext mlmagic": tracked, "import mlflow": plain}, rounds=_ROUNDS)
    return [
        Comparison("Load, in a fresh kernel", loaded, imported, (Goal("ratio", 0.1),)),
        Comparison(
            "From a fresh kernel to the first run",
            Sample("%load_ext, %%track", tuple(first["tracked"][1:])),
            Sample("import mlflow, start_run", tuple(first["plain"][1:])),
        ),
    ]


def _in_fresh_kernel(statement: str, cell: str) -> tuple[float, float]:
    """Return the seconds of *statement*, by the kernel's clock, and of *cell*, by the front end's."""
    from jupyter_client.manager import KernelManager

    launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager = KernelManager(kernel_cmd=launch)
    # A kernel over TCP warns on its standard error at every start.
    manager.start_kernel(env=dict(os.environ), stderr=subprocess.DEVNULL)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        ready = float(_execute(client, _TIMED.format(statement=statement), "seconds"))
        started = time.perf_counter()
        _execute(client, cell)
        return ready, time.perf_counter() - started
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _execute(client: BlockingKernelClient, code: str, asked: str = "None") -> str:
    """Run *code* and return what the expression *asked* is after it."""
    reply = client.execute_interactive(
        code, user_expressions={"asked": asked}, output_hook=lambda _message: None, timeout=120, allow_stdin=False
    )["content"]
    if reply["status"] != "ok":
        raise RuntimeError("\n".join(reply["traceback"]))
    return str(reply["user_expressions"]["asked"]["data"]["text/plain"])
