"""The working folder of the example notebooks, with copies of the notebooks and a separate store."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import MissingPackageError, MLMagicError

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(__file__).parent.parent
DEFAULT_FOLDER = Path("demo")


def require_notebook_extra(*modules: str) -> None:
    """Raise an error with the pip command if one of *modules* is missing, without importing them."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise MissingPackageError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed. "
            "Install with: pip install 'mlmagic[notebook]'"
        )


def checkout() -> Path | None:
    """Return the root of the source checkout from which mlmagic is imported, or None if it is installed."""
    root = PACKAGE.parent
    return root if (root / "Makefile").is_file() and (root / "notebooks").is_dir() else None


def shipped_notebooks() -> list[Path]:
    """Return the example notebooks in order: those of the checkout, else those in the installed package."""
    root = checkout()
    folder = root / "notebooks" if root else PACKAGE / "notebooks"
    found = sorted(folder.glob("*.ipynb"))
    if not found:
        raise MLMagicError(f"no notebook in {str(folder)!r}. Install again with: pip install --force-reinstall mlmagic")
    return found


@dataclass(frozen=True)
class Workspace:
    """A folder with copies of the example notebooks and the SQLite store that they record to."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Workspace:
        """Return the workspace at *folder*, which is created if it does not exist."""
        path = folder.expanduser().absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MLMagicError(
                f"cannot use {str(folder)!r}: {error.strerror}. Name another one with --folder"
            ) from error
        return cls(path)

    @property
    def database(self) -> Path:
        """The database file of the store."""
        return self.folder / "mlflow.db"

    @property
    def store(self) -> str:
        """The store's tracking URI."""
        return f"sqlite:///{self.database.as_posix()}"

    @property
    def artifacts(self) -> Path:
        """Where MLflow puts the files of runs that a kernel in this folder records."""
        return self.folder / "mlruns"

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return *base* with this workspace's store, so that no example writes to the user's own store."""
        return {**base, "MLFLOW_TRACKING_URI": self.store}

    def copy_missing(self) -> list[Path]:
        """Copy the missing example notebooks, and return the paths of all copies.

        An existing copy is not overwritten, because the user may have edited it.
        """
        copies = []
        for original in shipped_notebooks():
            copy = self.folder / original.name
            if not copy.exists():
                shutil.copyfile(original, copy)
            copies.append(copy)
        return copies

    def command(self, name: str) -> str:
        """Return the command to type for ``mlmagic <name>`` on this folder, or ``make <name>`` in a checkout."""
        if self.folder == DEFAULT_FOLDER.absolute():
            return f"make {name}" if checkout() == Path.cwd() else f"mlmagic {name}"
        return f"mlmagic {name} --folder {shlex.quote(str(self.folder))}"
