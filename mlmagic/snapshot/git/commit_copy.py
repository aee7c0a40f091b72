"""The files of a commit with a patch applied, as a repository of their own that reads the original's objects.

Nothing of the original repository's configuration is in it except how lines end, so it names no hook, filter or other
program. Git writes the files as in a checkout: line endings, encodings, modes and links are those of a work tree. The
user's own filters are switched off; files of Git LFS are taken from the original's local store.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.config import every_filter
from mlmagic.snapshot.git.files import read_small
from mlmagic.snapshot.git.notebooks import by_file, is_notebook, pieces_of
from mlmagic.snapshot.git.process import Answer, ask
from mlmagic.snapshot.notebook_source import stripped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mlmagic.snapshot.git.files import Repository

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LINE_ENDINGS = {"core.autocrlf": {"true", "false", "input"}, "core.eol": {"lf", "crlf", "native"}}
_SHA256_DIGITS = 64
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_LARGEST_POINTER = 1_024
_LINK, _FILES = "120000", ("100644", "100755")


class CommitError(Exception):
    """The files of a commit cannot be restored; the message says why."""


class CommitCopy:
    """A commit with a patch, in a *folder* that is empty so far; no file is written before `write` or `write_all`.

    Parameters
    ----------
    patch
        What `git apply` shall apply; pieces that do not apply are left out. Notebooks in it are without outputs.
    timeout_s
        How long all of it may take.

    Raises
    ------
    CommitError
        When the repository does not have the commit, or not all of it.
    """

    def __init__(self, repository: Repository, commit: str, patch: bytes, folder: Path, *, timeout_s: float) -> None:
        self._deadline = time.monotonic() + timeout_s
        self._repository = repository
        self._filters = frozenset[str]()
        self.folder = folder
        if not _COMMIT.fullmatch(commit):
            raise CommitError(f"{commit[:50]!r} is no commit")
        self.short = f"commit {commit[:8]}"
        try:
            self._create(commit)
            if self._git("cat-file", "-e", f"{commit}^{{commit}}").failed:
                raise CommitError(f"{self.short} is not in this repository any more")
            self._filters = every_filter(folder, self._deadline)
            if self._git("read-tree", commit).failed:
                raise CommitError(f"this repository has not all of {self.short}")
            if patch:
                self._apply(patch)
            self._entries = self._listed()
        except FileNotFoundError as error:
            raise CommitError("git is not installed or not on PATH") from error
        except OSError as error:
            raise CommitError(f"{self.short} cannot be copied: {error.strerror or error}") from error

    def _git(self, *arguments: str, given: bytes = b"") -> Answer:
        answer = ask(*arguments, folder=self.folder, deadline=self._deadline, given=given, filters=self._filters)
        if answer.too_slow:
            raise CommitError(f"git took too long to copy {self.short}")
        return answer

    def _create(self, commit: str) -> None:
        """Create the repository, whose HEAD is *commit*."""
        kind = "sha256" if len(commit) == _SHA256_DIGITS else "sha1"
        answer = self._git("init", "--quiet", "--template=", f"--object-format={kind}")
        if answer.failed:
            raise CommitError(f"git init: {answer.reason}")
        own = self.folder / ".git"
        (own / "HEAD").write_text(f"{commit}\n")
        (own / "info").mkdir(exist_ok=True)
        (own / "objects" / "info").mkdir(exist_ok=True)
        alternates = os.fsencode(f"{self._repository.objects_quoted()}\n")
        (own / "objects" / "info" / "alternates").write_bytes(alternates)
        with (own / "config").open("a") as config:
            config.writelines(f"[core]\n\t{key.partition('.')[2]} = {value}\n" for key, value in self._line_endings())
        for name in ("info/attributes", "shallow"):
            if text := read_small(self._repository.common / name):
                (own / name).write_bytes(os.fsencode(text))

    def _line_endings(self) -> Iterator[tuple[str, str]]:
        answer = ask("config", "--list", "-z", folder=self._repository.root, deadline=self._deadline)
        found = dict(entry.partition("\n")[::2] for entry in os.fsdecode(answer.output).split("\0"))
        yield from ((key, found[key]) for key, known in _LINE_ENDINGS.items() if found.get(key) in known)

    def _apply(self, patch: bytes) -> None:
        """Apply *patch* to the index: as a whole, or else each piece that applies."""
        self._strip_notebooks(patch)
        command = ("apply", "--cached", "--whitespace=nowarn", "-")
        if not self._git(*command, given=patch).failed:
            return
        for piece in pieces_of(patch):
            self._git(*command, given=piece)

    def _strip_notebooks(self, patch: bytes) -> None:
        """Remove the outputs of the notebooks in *patch*, which is of their source only."""
        notebooks = {path for path in by_file(patch) if is_notebook(path)}
        changed = []
        for path, (mode, blob) in self._listed().items() if notebooks else ():
            if path not in notebooks or mode not in _FILES:
                continue
            content = self._git("cat-file", "blob", blob).output
            with contextlib.suppress(ValueError):  # of what is no notebook the patch has the text
                source = stripped(content.decode()).encode()
                new = self._git("hash-object", "-w", "--stdin", given=source).output.decode().strip()
                changed.append(os.fsencode(f"{mode} {new}\t{path}\0"))
        if changed:
            self._git("update-index", "-z", "--index-info", given=b"".join(changed))

    def _listed(self) -> dict[str, tuple[str, str]]:
        """Return the mode and the blob of each path."""
        entries = os.fsdecode(self._git("ls-files", "--stage", "-z").output).split("\0")
        split = (entry.partition("\t") for entry in entries if entry)
        return {path: (about.split(" ")[0], about.split(" ")[1]) for about, _, path in split}

    def has(self, path: str) -> bool:
        """Return whether the commit with the patch has a file at *path*, or may have one there by a link."""
        return path in self._entries or self.is_below_link(path)

    def is_below_link(self, path: str) -> bool:
        """Return whether *path* is a symbolic link of the commit, or lies below one."""
        parts = path.split("/")
        return any(self._entries.get("/".join(parts[: at + 1]), ("",))[0] == _LINK for at in range(len(parts)))

    def links(self) -> list[str]:
        """Return the paths that are symbolic links."""
        return [path for path, (mode, _) in self._entries.items() if mode == _LINK]

    def submodules(self) -> list[str]:
        """Return the paths of its submodules, which are not copied."""
        return [path for path, (mode, _) in self._entries.items() if mode == "160000"]

    def size(self) -> int:
        """Return how many bytes all its files have, without those of Git LFS."""
        blobs = [blob for mode, blob in self._entries.values() if mode in _FILES]
        answer = self._git(
            "cat-file", "--batch-check=%(objectsize)", given="".join(f"{blob}\n" for blob in blobs).encode()
        )
        return sum(int(line) for line in answer.output.split(b"\n") if line.isdigit())

    def write(self, paths: Iterable[str]) -> None:
        """Write the files at *paths*; those that it does not have are left out."""
        wanted = [path for path in paths if path in self._entries]
        given = b"".join(os.fsencode(f"{path}\0") for path in wanted)
        self._git("checkout-index", "--force", "--quiet", "--index", "-z", "--stdin", given=given)
        self._bring_from_lfs(wanted)

    def write_as(self, path: str, sha256: str) -> bool:
        """Write the file at *path* with the content of this SHA-256; return whether it has that content.

        It may be the committed one where the work tree's has other line endings.
        """
        mode, blob = self._entries.get(path, ("", ""))
        if mode not in _FILES:
            return False
        self.write([path])
        file = self.folder / path
        if not file.is_file() or _digest(file) == sha256:
            return file.is_file()
        answer = self._git("cat-file", "blob", blob)
        if answer.failed or hashlib.sha256(answer.output).hexdigest() != sha256:
            return False
        file.write_bytes(answer.output)
        return True

    def write_all(self) -> None:
        """Write all files; what the repository does not have is left out."""
        self._git("checkout-index", "--all", "--force", "--quiet", "--index")
        self._bring_from_lfs(self._entries)

    def _bring_from_lfs(self, paths: Iterable[str]) -> None:
        """Replace the pointers of Git LFS at *paths* by the files that its local store has."""
        store = self._repository.common / "lfs" / "objects"
        if not store.is_dir():
            return
        for path in paths:
            file = self.folder / path
            if self._entries[path][0] not in _FILES or not (pointer := _pointer_in(file)):
                continue
            oid, size = pointer
            kept = store / oid[:2] / oid[2:4] / oid
            if kept.is_file() and kept.stat().st_size == size and size < shutil.disk_usage(self.folder).free:
                shutil.copyfile(kept, file)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _pointer_in(file: Path) -> tuple[str, int] | None:
    """Return the SHA-256 and the size of the file that a pointer of Git LFS names, None if *file* is none."""
    try:
        if file.lstat().st_size > _LARGEST_POINTER:
            return None
        found = _POINTER.match(file.read_bytes())
    except OSError:
        return None
    return (found[1].decode(), int(found[2])) if found else None
