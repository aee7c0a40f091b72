"""``mlmagic lab`` and ``mlmagic ui``: replace the process by JupyterLab or the MLflow UI on a workspace."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from mlmagic.cli.workspace import Workspace, require_notebook_extra
from mlmagic.errors import MLMagicError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A program to execute: its arguments, its environment, and its working folder."""

    words: tuple[str, ...]
    environment: dict[str, str]
    folder: Path


def lab_command(folder: Path, *, ui_port: int, extra: Sequence[str] = ()) -> Command:
    """Return the command that opens JupyterLab on the workspace at *folder*, after copying missing notebooks to it.

    Links under tracked cells point to ``mlmagic ui`` at *ui_port*, unless ``MLMAGIC_UI_URL`` is set.
    """
    require_notebook_extra("jupyterlab", "ipykernel")
    workspace = Workspace.at(folder)
    first = workspace.copy_missing()[0]
    environment = workspace.environment({"MLMAGIC_UI_URL": f"http://127.0.0.1:{ui_port}", **os.environ})
    words = (
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={workspace.folder}",
        f"--LabApp.default_url=/lab/tree/{first.name}",
        *extra,
    )
    return Command(words, environment, workspace.folder)


def ui_command(folder: Path, *, port: int) -> Command:
    """Return the command that serves the store of the workspace at *folder* in the MLflow UI."""
    workspace = Workspace.at(folder)
    if not workspace.database.exists():
        # MLflow would create it, and fail if a kernel creates it at the same time.
        raise MLMagicError(f"no runs in {str(folder)!r} yet. Record some with: {workspace.command('demo')}")
    words = (
        *(sys.executable, "-m", "mlflow", "ui"),
        *("--backend-store-uri", workspace.store),
        # Otherwise an experiment created in the UI would store its files where no notebook can write.
        *("--default-artifact-root", workspace.artifacts.as_uri()),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),  # it has one user
    )
    # The eight processes of MLflow's jobs (LLM judges) have nothing to do here, and each imports MLflow at the start.
    variables = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    return Command(words, workspace.environment(variables), workspace.folder)


def become(command: Command) -> NoReturn:
    """Replace this process by *command*, which then handles Ctrl-C and sets the exit status."""
    os.chdir(command.folder)
    sys.stdout.flush()
    os.execve(command.words[0], command.words, command.environment)  # noqa: S606 - deliberately without a shell
