"""Where the measured cells run: a folder like a user's, with a Git repository and a store, and a shell in it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULES = 30
_LINES = 200


@contextlib.contextmanager
def project(*, uncommitted: bool = False) -> Iterator[Path]:
    """Work in a new folder with a committed notebook and modules, and an empty store, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="mlmagic-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for variable in [key for key in os.environ if key.startswith(("MLFLOW", "MLMAGIC", "JPY_"))]:
            del os.environ[variable]
        os.environ |= {
            "IPYTHONDIR": str(folder / ".ipython"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "JPY_SESSION_NAME": str(folder / "analysis.ipynb"),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # as ipykernel sets it
            "PYTHONWARNINGS": "ignore",
        }
        with contextlib.chdir(folder):
            _commit_files(folder)
            if uncommitted:
                changed = folder / "module_0.py"
                changed.write_text(changed.read_text().replace("value_7 = 7", "value_7 = 8"))
            yield folder


def _commit_files(folder: Path) -> None:
    for number in range(_MODULES):
        (folder / f"module_{number}.py").write_text("".join(f"value_{line} = {line}\n" for line in range(_LINES)))
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "analysis.ipynb").write_text(json.dumps(notebook))
    (folder / ".gitignore").write_text(".ipython/\nmlflow.db*\nmlruns/\n")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "Begin"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)


def create_store() -> None:
    """Create the store of the project, which takes MLflow seconds and is never part of a measurement."""
    from mlflow import MlflowClient

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    MlflowClient().search_experiments()


class Notebook:
    """A shell of this process, without a front end: what a cell prints and displays is thrown away."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        # MLflow looks for a Git repository beside the main file; in a notebook that is ipykernel's launcher.
        sys.argv = [str(importlib.util.find_spec("ipykernel_launcher").origin)]
        # In memory, since IPython writes to it once more at exit, when the folder is gone.
        self.shell = InteractiveShell.instance(config=Config(HistoryManager={"hist_file": ":memory:"}))

    def run(self, cell: str) -> float:
        """Run *cell* as a front end would, and return the seconds that it took.

        Raises
        ------
        Exception
            What the cell raised: a cell that fails measures nothing.
        """
        from IPython.utils.capture import capture_output

        with capture_output():
            started = time.perf_counter()
            result = self.shell.run_cell(cell, store_history=True)
            took = time.perf_counter() - started
        result.raise_error()
        return took

    def value(self, name: str) -> float:
        """Return a number that a cell has bound to *name*."""
        return float(self.shell.user_ns[name])
