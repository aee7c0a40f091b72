"""Processes that are ready at once: one process imports everything, and forks for each task that is to be killed."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]
_IMPORTED = (
    "mlflow.genai", "mlflow.models", "mlflow.sklearn", "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store", "mlmagic.magics", "mlmagic.models.saving.save",
    "mlmagic.registry.offline.registering_later", "mlmagic.tracking.tracker", "mlmagic.tracking.recovery", "skops.io",
    "sklearn.dummy",
)  # fmt: skip


class Forks:
    """Runs pieces of code, each in a process of its own, whose folder is *folder*."""

    def __init__(self):
        paths = [ROOT, ROOT / "tests/models", ROOT / "tests/serving"]
        self._path = os.pathsep.join(map(str, paths))
        environment = {**os.environ, "PYTHONPATH": self._path, "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def start(self, code, folder, **variables):
        """Start *code* with the environment of now and *variables*; `wait` takes what this returns."""
        output = folder / f"output-{os.urandom(4).hex()}.txt"
        variables = {**os.environ, "PYTHONPATH": self._path, "PYTHONWARNINGS": "ignore", **variables}
        return self._ask(code=code, folder=str(folder), output=str(output), variables=variables), output

    def wait(self, started):
        """Return how the process has ended (negative: the signal that killed it), and what it wrote."""
        pid, output = started
        status = self._ask(pid=pid)
        return status, output.read_text(encoding="utf-8")

    def run(self, code, folder, **variables):
        """Run *code* to its end, and return as `wait` does."""
        return self.wait(self.start(code, folder, **variables))

    def _ask(self, **task):
        self._process.stdin.write(f"{json.dumps(task)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self):
        """End the process that forks."""
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def _serve():
    for name in _IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        task = json.loads(line)
        if "pid" in task:
            print(os.waitstatus_to_exitcode(os.waitpid(task["pid"], 0)[1]), flush=True)
            continue
        pid = os.fork()
        if not pid:
            _run(task)
        print(pid, flush=True)


def _run(task):
    output = os.open(task["output"], os.O_WRONLY | os.O_CREAT)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(task["folder"])
    os.environ.clear()
    os.environ.update(task["variables"])
    status = 0
    try:
        exec(compile(task["code"], "<task>", "exec"), {"__name__": "__main__"})
    except BaseException:  # noqa: BLE001  # the test shows it
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _serve()
