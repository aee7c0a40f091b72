"""Find the repository that a folder is in, and the source files among its untracked files."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Stores, caches and environments: a change in them is not a change of the code.
_IGNORED_FOLDERS = (
    ".git",
    ".ipynb_checkpoints",
    ".mlmagic",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".venv",
    "__pycache__",
    "mlartifacts",
    "mlruns",
    "node_modules",
    "site-packages",
    "venv",
)
_IGNORED_NAMES = ("mlflow.db", "mlflow.db-journal", "mlflow.db-shm", "mlflow.db-wal")
IGNORED_PATHSPECS = (
    *(f":(top,exclude,glob)**/{folder}/**" for folder in _IGNORED_FOLDERS),
    *(f":(top,exclude,glob)**/{name}" for name in _IGNORED_NAMES),
)
_SOURCE_SUFFIXES = frozenset(
    {
        *(".bash", ".c", ".cc", ".cfg", ".conf", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".ini", ".ipynb", ".java", ".jl"),
        *(".js", ".json", ".lua", ".md", ".mojo", ".proto", ".pxd", ".py", ".pyi", ".pyx", ".qmd", ".r", ".rmd", ".rs"),
        *(".rst", ".scala", ".sh", ".smk", ".sql", ".stan", ".toml", ".ts", ".yaml", ".yml"),
    }
)
_SOURCE_NAME = re.compile(
    r"(?:\.?requirements.*\.(?:txt|in)|constraints.*\.txt|Makefile|Dockerfile.*|Snakefile|\.git\w+)"
)
LONGEST_READ = 1_000_000
_GIGABYTE = 10**9
_LARGEST_JSON_BYTES = 256 * 1024  # a larger one is data


@dataclass(frozen=True)
class Repository:
    """A work tree and its Git folders; ``folder`` and ``common`` differ for `git worktree`.

    ``filters`` names the filters that are not run, such as those of its own configuration.
    """

    root: Path
    folder: Path
    common: Path
    filters: frozenset[str] = frozenset()

    def objects_quoted(self) -> str:
        """Return the folder of its objects as Git reads it in a list of alternate ones."""
        folder = os.fspath(self.common / "objects").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{folder}"'


@dataclass(frozen=True)
class UntrackedFile:
    """A file that Git does not track; ``path`` is relative to the root."""

    path: str
    size: int
    is_source: bool


def find_repository(folder: Path) -> Repository | None:
    """Return the repository that *folder* is in, or None.

    Raises OSError if *folder* or one of its parents cannot be read.
    """
    for root in (folder, *folder.parents):
        mark = root / ".git"
        if mark.is_file():
            return _linked(root, mark)
        if (mark / "HEAD").exists():
            return Repository(root, mark, mark)
        if is_git_folder(root):
            return None
    return None


def is_git_folder(folder: Path) -> bool:
    """Return whether *folder* is a `.git` folder or a bare repository."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _linked(root: Path, mark: Path) -> Repository:
    """Read the `.git` file of a submodule or of a linked work tree."""
    kept = root / read_small(mark).removeprefix("gitdir:").strip()
    common = kept / "commondir"
    shared = kept / read_small(common).strip() if common.is_file() else kept
    return Repository(root, kept, shared)


def read_small(path: Path) -> str:
    """Return the beginning of a text file; empty if it is not a regular file, since reading a FIFO would block."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return ""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return ""
    with os.fdopen(descriptor, "rb") as file:
        return os.fsdecode(file.read(LONGEST_READ))


def is_ignored(path: str) -> bool:
    """Return whether *path* belongs to a store, a cache or an environment.

    >>> is_ignored("mlruns/0/meta.yaml"), is_ignored("a/mlflow.db"), is_ignored("src/runs.py")
    (True, True, False)
    """
    *folders, name = path.split("/")
    return name in _IGNORED_NAMES or not {*folders}.isdisjoint(_IGNORED_FOLDERS)


def look_at_untracked(root: Path, paths: Iterable[str]) -> list[UntrackedFile]:
    """Return the relevant files among the untracked *paths*, with their sizes, without opening any."""
    paths = [path for path in paths if not path.endswith("/") and not is_ignored(path)]
    environments = tuple(path.removesuffix("pyvenv.cfg") for path in paths if path.endswith("/pyvenv.cfg"))
    found = []
    for path in paths:
        if environments and path.startswith(environments):
            continue
        try:
            status = (root / path).lstat()
        except OSError:
            continue  # deleted since Git listed it
        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            found.append(UntrackedFile(path, status.st_size, is_source(path, status.st_size)))
    return found


def is_source(path: str, size: int) -> bool:
    """Return whether a file of *size* bytes at *path* is source: code, a notebook, a configuration, a document.

    >>> is_source("train.py", 10), is_source("conf/config.YAML", 10), is_source("data.csv", 10)
    (True, True, False)
    >>> is_source("params.json", 10), is_source("annotations.json", 10_000_000)
    (True, False)
    """
    pure = PurePosixPath(path)
    suffix = pure.suffix.lower()
    if suffix == ".json":
        return size <= _LARGEST_JSON_BYTES
    return suffix in _SOURCE_SUFFIXES or _SOURCE_NAME.fullmatch(pure.name) is not None


def shown(path: str) -> str:
    r"""Return *path* without unprintable characters, for one line of output.

    >>> shown("a\nb.py")
    'a?b.py'
    """
    return "".join(c if c.isprintable() else "?" for c in path)


def megabytes(size: int) -> str:
    """Return *size*, in bytes, in MB or GB.

    >>> megabytes(5_000_000), megabytes(1_073_741_824)
    ('5 MB', '1.1 GB')
    """
    return f"{size / 1e9:.1f} GB" if size >= _GIGABYTE else f"{size / 1e6:.3g} MB"
