"""Make the patch of uncommitted changes, without writing to the user's index."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.config import every_filter, under_filters
from mlmagic.snapshot.git.files import IGNORED_PATHSPECS, Repository
from mlmagic.snapshot.git.large_patches import by_parts, has_huge, named, sizes_of
from mlmagic.snapshot.git.notebooks import notebook_changes
from mlmagic.snapshot.git.process import Answer, ask

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlmagic.snapshot.git.status import Status

_DIFF = (
    *("diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-relative"),
    f"-O{os.devnull}",  # ignores `diff.orderFile` of the configuration
    *("--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--submodule=short", "--ignore-submodules=dirty"),
)


def make_patch(
    repository: Repository,
    status: Status,
    added: list[str],
    *,
    limit_bytes: int,
    deadline: float,
    left_out: Collection[str] = (),
) -> tuple[str | None, list[str]]:
    """Return the patch that restores the tracked changes and the *added* untracked files, and notices of what it lacks.

    If it exceeds *limit_bytes*, files that are too large are left out; those in *left_out* always are. The patch is
    valid UTF-8 and preserves line endings: write it without newline translation. It is empty if only outputs of
    notebooks changed, and None if nothing could be recorded.
    """
    with tempfile.TemporaryDirectory(prefix="mlmagic-") as folder:
        scratch = Path(folder)
        paths = list(dict.fromkeys([*status.changed, *added]))
        notebooks = notebook_changes(repository.root, status.commit, paths, scratch, deadline)
        wanted = [path for path in paths if path not in notebooks.compared and path not in left_out]
        patch: bytes | None = b""
        told: list[str] = []
        if wanted:
            untracked = [path for path in added if path in wanted]
            patch, told = _of_other_files(
                repository, status, wanted, added=untracked, limit_bytes=limit_bytes, deadline=deadline, scratch=scratch
            )
        patch = patch or b""
        patch += notebooks.fit(limit_bytes - len(patch))
        told += notebooks.notices()
        is_empty = bool(notebooks.same) and not told
        return (patch.decode("utf-8") or ("" if is_empty else None)), told


def _of_other_files(
    repository: Repository,
    status: Status,
    paths: list[str],
    *,
    added: list[str],
    limit_bytes: int,
    deadline: float,
    scratch: Path,
) -> tuple[bytes | None, list[str]]:
    """Return the patch of all *paths*, of which those *added* are untracked, and notices of what it lacks."""
    variables = {}
    unreadable = [path for path in paths if not _is_readable(repository.root / path)]
    told = [f"Not recorded, since they cannot be read: the changes of {named(unreadable)}."] if unreadable else []
    paths = [path for path in paths if path not in unreadable]
    added = [path for path in added if path not in unreadable]
    if added or status.has_conflicts:
        # The untracked files are added to a copy of the index, with `--intent-to-add`.
        index = scratch / "index"
        if (repository.folder / "index").exists():
            # With its mtime, by which Git detects a file of the same size that changed just afterwards.
            shutil.copy2(repository.folder / "index", index)
        variables = _kept_apart(repository, index)
        problem = _announce(repository, status, added, variables, deadline)
        if problem:
            return None, [problem, *told]
    base = status.commit or _empty_tree(repository, deadline)
    asked = partial(ask, folder=repository.root, deadline=deadline, variables=variables, filters=repository.filters)
    others = {*status.changed, *unreadable} - {*paths}
    left_out = [f":(top,exclude,literal){path}" for path in sorted(others)]
    attributes = scratch / "attributes"
    attributes.write_text("* -diff\n", "ascii")

    def diff(pathspecs: list[str], limit: int) -> Answer:
        command = (*_DIFF, base, "--", *pathspecs, *left_out, *IGNORED_PATHSPECS)
        answer = asked(*command, limit_bytes=limit)
        if not answer.failed and not _is_text(answer.output):
            # Lines in another encoding than UTF-8 would not survive as text: make the patch in Git's binary format.
            answer = asked("-c", f"core.attributesFile={attributes}", *command, limit_bytes=limit)
        return answer

    # A huge file would use up the time for all files.
    answer = None if has_huge(repository.root, paths, limit_bytes) else diff([], limit_bytes)
    if answer is not None and answer.too_slow:
        return None, ["Git took too long to compare the uncommitted changes: they are not recorded."]
    if answer is not None and not answer.failed:
        return answer.output, told
    filtered: list[str] = []
    if answer is not None and not answer.too_large:  # a user's filter may have failed: only its files are lost
        filters = every_filter(repository.root, deadline) - repository.filters
        filtered = under_filters(repository.root, paths, filters, deadline)
    sizes = sizes_of(repository.root, status.commit, paths, deadline)
    parts = by_parts(diff, sizes, limit_bytes, alone=filtered)
    return parts.patch, [*parts.notices(), *told]


def _is_readable(file: Path) -> bool:
    """Return whether Git can read a file, or sees that it was deleted."""
    try:
        kind = file.lstat().st_mode
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not stat.S_ISREG(kind) or os.access(file, os.R_OK)


def _kept_apart(repository: Repository, index: Path) -> dict[str, str]:
    """Return the variables that make Git write its index and objects beside *index*, and read all existing objects."""
    objects = index.with_name("objects")
    objects.mkdir()
    return {
        "GIT_INDEX_FILE": os.fspath(index),
        "GIT_OBJECT_DIRECTORY": os.fspath(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": repository.objects_quoted(),
    }


def _announce(
    repository: Repository, status: Status, added: list[str], variables: dict[str, str], deadline: float
) -> str | None:
    """Add the *added* files to the copied index, without their content; return a notice if that fails."""
    paths = list(added)
    if status.has_conflicts:
        answer = ask("read-tree", "--reset", "HEAD", folder=repository.root, deadline=deadline, variables=variables)
        if answer.failed:
            return "The files in conflict cannot be compared: the uncommitted changes are not recorded."
        paths += [path for path in status.changed if (repository.root / path).is_file()]
    paths = [path for path in paths if os.path.lexists(repository.root / path)]  # some may be deleted by now
    answer = ask(
        *("--literal-pathspecs", "add", "--intent-to-add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"),
        folder=repository.root,
        deadline=deadline,
        filters=repository.filters,
        given=b"\0".join(os.fsencode(path) for path in paths),
        variables=variables,
    )
    return f"The untracked files are not recorded: {answer.reason}." if answer.failed else None


def _empty_tree(repository: Repository, deadline: float) -> str:
    answer = ask("hash-object", "-t", "tree", "--stdin", folder=repository.root, deadline=deadline)
    return answer.output.decode("ascii", "replace").strip()


def _is_text(output: bytes) -> bool:
    try:
        output.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
