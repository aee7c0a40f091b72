"""An empty MLflow database, made once: MLflow takes seconds to create one, a copy takes none."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path


def copy_new_database(file: Path, *, artifacts: str) -> None:
    """Write an empty MLflow database to *file*, whose default experiment has its files at *artifacts*."""
    shutil.copyfile(_new_database(), file)
    with sqlite3.connect(file) as database:
        database.execute("update experiments set artifact_location = ?", (artifacts,))
    database.close()


def copy_database(source: Path, target: Path, *, artifacts: str | None = None) -> None:
    """Copy an MLflow database, also over one that is open; new runs of the copy have their files at *artifacts*."""
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)
        if artifacts is not None:
            new.execute("update experiments set artifact_location = ?", (artifacts,))
            new.commit()


@functools.cache
def _new_database() -> Path:
    from mlflow import MlflowClient

    folder = Path(tempfile.mkdtemp(prefix="mlflow-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()
    finally:
        os.chdir(before)
    return folder / "mlflow.db"
