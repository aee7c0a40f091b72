"""``mlmagic demo``: execute the quickstart notebook and show what it recorded."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import time
from typing import IO, TYPE_CHECKING, Any

from mlmagic.cli.progress import CommandProgress, without_colours
from mlmagic.cli.results import recorded_runs, table
from mlmagic.cli.workspace import Workspace, require_notebook_extra, shipped_notebooks
from mlmagic.errors import MLMagicError

if TYPE_CHECKING:
    from pathlib import Path

LOG_LINES = 20


def demo(folder: Path, notebook: Path | None = None) -> int:
    """Execute a notebook in *folder*, print a table of its runs, and return the exit status.

    The runs go to a SQLite store in *folder*, and the executed notebook is saved beside it. If a cell fails, its error
    is printed and the status is 1.

    Parameters
    ----------
    folder
        The working folder, created if it does not exist.
    notebook
        The notebook to execute, by default the quickstart notebook.
    """
    require_notebook_extra("nbclient", "nbformat", "ipykernel", "sklearn", "matplotlib")
    workspace = Workspace.at(folder)
    original = notebook or shipped_notebooks()[0]
    executed = workspace.folder / original.name
    kept = _keep_edited(executed, original)
    began = int(time.time() * 1000)

    print(f"Executing {original.name} in {workspace.folder}")
    error = _execute(original, executed, workspace)
    if kept:
        print(f"\nYour edited copy is kept as {kept.name}.")
    if error is not None:
        print(f"\n{error}\n\nThe notebook up to there: {executed}", file=sys.stderr)
        return 1
    runs = recorded_runs(workspace, since_ms=began)
    print(f"\n{table(runs)}\n")
    print(f"The executed notebook:    {executed}")
    print(f"Work on it in JupyterLab: {workspace.command('lab')}")
    print(f"See the runs in MLflow:   {workspace.command('ui')}")
    return 0


def _execute(original: Path, executed: Path, workspace: Workspace) -> str | None:
    """Execute *original*, write it with outputs to *executed*, and return the error of a cell that failed."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = nbformat.read(original, as_version=4)
    progress = CommandProgress(cells=[cell.source for cell in notebook.cells if cell.cell_type == "code"])
    # nbclient's log of a dead kernel is suppressed; the error below replaces it.
    silent = logging.getLogger(__name__)
    silent.propagate = False
    silent.addHandler(logging.NullHandler())
    client = NotebookClient(
        notebook,
        log=silent,
        timeout=None,
        resources={"metadata": {"path": str(workspace.folder)}},
        on_cell_execute=progress.started,
        on_cell_executed=progress.ended,
    )
    # The kernel's own output (warnings about its transport, a crash) must not mix with the progress display.
    with tempfile.TemporaryFile("w+") as log:
        try:
            client.execute(env=workspace.environment(os.environ), stdout=log, stderr=log)
        except CellExecutionError:
            return f"Cell {progress.at} of {progress.total} failed:\n{_error_of(notebook)}"
        except DeadKernelError:
            return f"The kernel died in cell {progress.at} of {progress.total}.\n{_tail(log)}"
        except RuntimeError as problem:
            raise MLMagicError(f"the kernel did not start: {problem}\n{_tail(log)}") from problem
        finally:
            progress.close()
            nbformat.write(notebook, executed)
    return None


def _error_of(notebook: Any) -> str:
    """Return the error of a failed cell: the cell's own traceback, without nbclient's."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    for output in reversed(outputs):
        if output.output_type == "error":
            text = "\n".join(output.traceback)
            return text if sys.stderr.isatty() else without_colours(text)
        # IPython reports the wrong use of a magic only in this way.
        if output.output_type == "stream" and output.name == "stderr":
            return str(output.text).rstrip()
    return "it gave no reason"


def _tail(log: IO[str]) -> str:
    """Return the last lines that the kernel's process wrote."""
    log.seek(0)
    return "".join(log.readlines()[-LOG_LINES:]).rstrip()


def _keep_edited(copy: Path, original: Path) -> Path | None:
    """Rename *copy* if a cell of it has been edited, and return its new path."""
    import nbformat
    from nbformat.reader import NotJSONError

    if not copy.exists():
        return None
    with contextlib.suppress(NotJSONError, nbformat.ValidationError):
        theirs, ours = (nbformat.read(path, as_version=4).cells for path in (copy, original))
        if [cell.source for cell in theirs] == [cell.source for cell in ours]:
            return None
    number = 1
    while (kept := copy.with_stem(f"{copy.stem}-edited-{number}")).exists():
        number += 1
    return copy.rename(kept)
