"""The origin of a run: the tracked cell, and the session around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.recording.options import Origin
from mlmagic.session import notebook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.session.notebook_session import NotebookSession
    from mlmagic.session.observation.cell_observer import CellObserver
    from mlmagic.session.running_cells import Cell


def origin_of_cell(
    session: NotebookSession, cell: Cell, *, binds: Iterable[str] = (), watch: CellObserver | None = None
) -> Origin:
    """Return the origin of a run that *cell* opens; *binds* are the names that its text binds."""
    session.log.teach()
    file = cell.file or notebook.path(session.namespace)
    return Origin(
        source=cell.source,
        kind="NOTEBOOK" if hasattr(session.shell, "kernel") else "LOCAL",
        number=cell.number,
        namespace=session.namespace,
        notebook=file,
        folder=file.parent if file and file.parent.is_dir() else _working_folder(),
        log=session.storage,
        log_entry=session.entry(cell),
        key=cell.id or cell.source.partition("\n")[0],
        binds=frozenset(binds),
        watch=watch,
    )


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageProblem(
            "%%track: the working folder was deleted. Go to one that exists: import os; os.chdir('/folder/of/yours')"
        ) from error
