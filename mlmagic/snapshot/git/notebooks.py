"""Compare notebooks by their source: their outputs would be nearly all of the patch.

Both sides are stripped here, so that no Git filter needs to be installed; one that a repository names is not run.
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mlmagic.snapshot.git.files import megabytes
from mlmagic.snapshot.git.large_patches import named
from mlmagic.snapshot.git.process import ask
from mlmagic.snapshot.notebook_source import stripped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LARGEST = 32_000_000
"""The most bytes of a notebook with its outputs; reading as many takes half a second."""
_MOST_KNOWN = 200
_UNSETTLED_NS = 2 * 10**9  # file system timestamps are coarse: it may change again with the same one
_TOO_SLOW = "Git took too long to compare them"
_DIFF = (
    *("-c", f"core.attributesFile={os.devnull}", "diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--no-renames", "--text", f"-O{os.devnull}", "--src-prefix=", "--dst-prefix=", "--unified=3", "a", "b"),
)


@dataclass
class NotebookChanges:
    """The patches of the notebooks whose source changed, and the notebooks without a patch.

    *executed* have outputs in the commit. *same* differ in outputs only. *odd* are no notebooks, with the reason, and
    are not compared here.
    """

    patches: dict[str, bytes] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    compared: set[str] = field(default_factory=set)
    is_stripped: bool = False
    large: dict[str, int] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    problem: str | None = None

    def fit(self, room: int) -> bytes:
        """Return the patches that fit into *room* bytes, the small ones first; the others are moved to ``large``."""
        kept = b""
        for path in sorted(self.patches, key=lambda path: len(self.patches[path])):
            if len(kept) + len(self.patches[path]) > room:
                self.large[path] = len(self.patches.pop(path))
            else:
                kept += self.patches[path]
        return kept

    def notices(self) -> Iterator[str]:
        """Yield a sentence for each thing that the patch lacks."""
        if self.problem:
            yield f"The changes of notebooks are not recorded: {self.problem}."
        if self.is_stripped:
            yield "The patch has the source of notebooks only, without outputs and execution counts."
        if executed := [path for path in self.executed if path in self.patches]:
            yield (
                f"The commit has outputs in {named(executed)}: git apply fails there. "
                "mlmagic patch RUN --apply strips the outputs first."
            )
        if self.large:
            sizes = {path: f" ({megabytes(size)})" for path, size in self.large.items()}
            yield f"Too large for the patch, and not recorded: the changes of {named(list(self.large), sizes)}."
        if self.odd:
            why = next(iter(self.odd.values()))
            yield f"Compared as text, since it is no notebook ({why}): {named(list(self.odd))}."


def is_notebook(path: str) -> bool:
    """Return whether the file at *path* is a notebook, by its name."""
    return path.lower().endswith(".ipynb")


class _Source(NamedTuple):
    """A stripped notebook, and whether stripping changed it."""

    text: str
    is_stripped: bool


_known: dict[tuple[object, ...], _Source] = {}
"""A cache of sources by Git blob, or by path and timestamps, so that large notebooks are not read at every run."""


def notebook_changes(
    root: Path, commit: str | None, paths: Iterable[str], scratch: Path, deadline: float
) -> NotebookChanges:
    """Compare the source of the notebooks among *paths* with that in *commit*; works in the folder *scratch*."""
    notebooks = [path for path in paths if is_notebook(path) and "\n" not in path]
    found = NotebookChanges(compared=set(notebooks))
    committed = _committed(root, commit, notebooks, found, deadline)
    for side in ("a", "b"):
        (scratch / side).mkdir()
    for path in notebooks if found.problem is None else ():
        if path in found.large or path in found.odd:
            continue
        try:
            new = _in_work_tree(root / path)
        except _TooLargeError as error:
            found.large[path] = error.size
        except ValueError as error:
            found.odd[path] = _reason(error)
        except OSError:
            found.compared.discard(path)  # reported with the other files that cannot be read
        else:
            _take(found, path, committed.get(path), new, scratch)
    found.compared -= found.odd.keys()
    if any(any((scratch / side).iterdir()) for side in ("a", "b")):
        answer = ask(*_DIFF, folder=scratch, deadline=deadline)
        if answer.too_slow or answer.code not in {0, 1}:
            found.problem = _TOO_SLOW if answer.too_slow else answer.reason
        else:
            found.patches = by_file(answer.output)
    return found


def _take(found: NotebookChanges, path: str, old: _Source | None, new: _Source | None, scratch: Path) -> None:
    """Write the two sides of a notebook into *scratch* to be compared, if they differ."""
    before, after = old and old.text, new and new.text
    if before is not None and after is not None and "\r\n" not in before:
        after = after.replace("\r\n", "\n")  # as Git has it under core.autocrlf
    if before == after:
        found.same.append(path)
        return
    _write(scratch / "a" / path, before)
    _write(scratch / "b" / path, after)
    found.is_stripped |= any(side is not None and side.is_stripped for side in (old, new))
    if old is not None and old.is_stripped:
        found.executed.append(path)


def _committed(
    root: Path, commit: str | None, paths: list[str], found: NotebookChanges, deadline: float
) -> dict[str, _Source]:
    """Return the notebooks that *commit* has at *paths*; those that cannot be read are noted in *found*."""
    if commit is None or not paths:
        return {}
    names = "".join(f"{commit}:{path}\n" for path in paths).encode(errors="surrogateescape")
    answer = ask("cat-file", "--batch-check", folder=root, deadline=deadline, given=names)
    blobs: dict[str, bytes] = {}
    for path, line in zip(paths, answer.output.splitlines(), strict=False):
        blob, _, rest = line.partition(b" ")
        kind, _, size = rest.rpartition(b" ")
        if kind == b"blob" and int(size) > _LARGEST:
            found.large[path] = int(size)
        elif kind == b"blob":
            blobs[path] = blob
    sources = {blob: _known[blob,] for blob in blobs.values() if (blob,) in _known}
    wanted = list(dict.fromkeys(blob for blob in blobs.values() if blob not in sources))
    if wanted and not answer.failed:
        answer = ask("cat-file", "--batch", folder=root, deadline=deadline, given=b"\n".join([*wanted, b""]))
    if answer.failed:
        found.problem = _TOO_SLOW if answer.too_slow else answer.reason
        return {}
    odd, output = {}, answer.output
    for blob in wanted:
        head, _, output = output.partition(b"\n")
        end = int(head.rpartition(b" ")[2])
        try:
            sources[blob] = _remember((blob,), _source(output[:end]))
        except ValueError as error:
            odd[blob] = _reason(error)
        output = output[end + 1 :]
    found.odd |= {path: odd[blob] for path, blob in blobs.items() if blob in odd}
    return {path: sources[blob] for path, blob in blobs.items() if blob in sources}


def _in_work_tree(file: Path) -> _Source | None:
    """Return the notebook in the work tree, or None if it was deleted."""
    try:
        about = file.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(about.st_mode):
        raise ValueError("it is a link or a device")
    if about.st_size > _LARGEST:
        raise _TooLargeError(about.st_size)
    key = (os.fspath(file), about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
    if key in _known:
        return _known[key]
    source = _source(file.read_bytes())
    if time.time_ns() - about.st_mtime_ns > _UNSETTLED_NS:
        _remember(key, source)
    return source


def _reason(error: ValueError) -> str:
    return str(error).partition(":")[0]


def _source(content: bytes) -> _Source:
    text = content.decode()
    source = stripped(text)
    return _Source(source, source != text)


def _remember(key: tuple[object, ...], source: _Source) -> _Source:
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[key] = source
    return source


class _TooLargeError(Exception):
    """A notebook of *size* bytes is too large to read."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def _write(file: Path, text: str | None) -> None:
    if text is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())


def by_file(patch: bytes) -> dict[str, bytes]:
    """Split *patch* into one patch per file; only of text files, whose paths can be read off."""
    return {_path_of(piece): piece.rstrip(b"\n") + b"\n" for piece in pieces_of(patch)}


def pieces_of(patch: bytes) -> list[bytes]:
    """Split *patch* into the pieces of one file each."""
    pieces = (b"\n" + patch).split(b"\ndiff --git ")[1:]
    return [b"diff --git " + piece + b"\n" * (at < len(pieces) - 1) for at, piece in enumerate(pieces)]


def _path_of(piece: bytes) -> str:
    """Return the path of a file's patch from its lines ``---`` and ``+++``, one of which may be ``/dev/null``."""
    names = [line[4:].rstrip(b"\t") for line in piece.split(b"\n") if line.startswith((b"--- ", b"+++ "))]
    name = next((name for name in names if name != b"/dev/null"), b"")
    if name.startswith(b'"'):  # Git writes odd characters as octal escapes of their bytes
        name = name[1:-1].decode("unicode_escape").encode("latin-1")
    return os.fsdecode(name)[2:]
