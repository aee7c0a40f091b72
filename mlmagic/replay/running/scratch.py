"""The scratch folder of one replay: a store of its own, a journal of its own, and what tells its kernel of them."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.private import state_folder
from mlmagic.session.record.cell_record import VARIABLES
from mlmagic.store import connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEAST_FREE = 200 << 20


class ScratchError(UsageProblem):
    """There is no room for the replay's own files."""


class Scratch:
    """A private folder that is deleted when the replay ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = f"sqlite:///{folder / 'replay.db'}"
        self.is_kept = False

    def environment(self, start: Mapping[str, Any]) -> dict[str, str]:
        """Return the environment of the replay's kernel: this process's, with the recorded hash seed and threads."""
        found = {name: text for name, text in os.environ.items() if not name.startswith(("MLFLOW_", "JPY_"))}
        recorded = start.get("variables")
        if isinstance(recorded, dict):
            found = {name: text for name, text in found.items() if name not in VARIABLES}
            found |= {name: recorded[name] for name in VARIABLES if isinstance(recorded.get(name), str)}
        return found | {
            "MLFLOW_TRACKING_URI": self.store,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": str(self.folder / "artifacts"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLMAGIC_JOURNAL": str(self.folder / "journal"),
            "MLMAGIC_STORE_TIMEOUT_S": "600",
        }


@contextlib.contextmanager
def scratch() -> Iterator[Scratch]:
    """Make a scratch folder, and delete it at the end.

    Raises
    ------
    ScratchError
        When there is no room.
    """
    folder: Path | None = None
    made: Scratch | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="mlmagic-replay-"))
        if shutil.disk_usage(folder).free < _LEAST_FREE:
            raise ScratchError(f"less than 200 MB are free in {folder.parent}: set TMPDIR to a folder with more")
        made = Scratch(folder)
        _copy_empty_store(folder)
        yield made
    except sqlite3.OperationalError as error:
        raise ScratchError(f"{error} in {folder}: set TMPDIR to a folder with more room") from error
    finally:
        if made is not None:
            connection.forget(made.store)
        if folder is not None and made is not None and made.is_kept:
            atexit.register(shutil.rmtree, folder, ignore_errors=True)  # the kernel in it ends with this process
        elif folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _copy_empty_store(folder: Path) -> None:
    """Write an empty MLflow database: MLflow takes seconds to create one, so it is made once and copied."""
    import mlflow

    with contextlib.suppress(OSError):
        kept = state_folder() / f"empty-store-{mlflow.__version__}.db"
        if not kept.is_file():
            made = folder / "empty.db"
            _create(made)
            part = kept.with_suffix(f".{os.getpid()}.part")
            shutil.copyfile(made, part)
            part.replace(kept)
        shutil.copyfile(kept, folder / "replay.db")
    if not (folder / "replay.db").is_file():
        _create(folder / "replay.db")
    with contextlib.closing(sqlite3.connect(folder / "replay.db")) as database, database:
        database.execute("update experiments set artifact_location = ?", (str(folder / "artifacts" / "0"),))


def _create(file: Path) -> None:
    uri = f"sqlite:///{file}"
    connection.connect(uri)
    connection.forget(uri)
