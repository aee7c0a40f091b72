"""Which code a run ran: the commit, the branch, and a patch of what is not committed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlmagic.snapshot.git_files import (
    IGNORED_PATHSPECS,
    Repository,
    UntrackedFile,
    find_remote,
    find_repository,
    is_git_folder,
    is_ignored,
    look_at_untracked,
)
from mlmagic.snapshot.git_process import Answer, ask

_LARGE_DATA_BYTES = 100_000_000
_TIME_FOR_STATUS = 0.6
_DIFF = (
    *("diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-relative"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--submodule=short", "--ignore-submodules=dirty"),
)


@dataclass(frozen=True)
class GitState:
    """The state of the repository that a folder is in.

    ``root`` is None where there is no repository. ``commit`` is None where there is none yet or Git did not
    answer, ``branch`` also when HEAD is detached. ``dirty`` tells of tracked changes and untracked source files;
    None: not known. ``patch`` brings both back with `git apply`. Each of ``notices`` is a sentence for the user.
    """

    root: Path | None = None
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    remote: str | None = None
    patch: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def in_repository(self) -> bool:
        """Tell whether the folder is in the work tree of a repository."""
        return self.root is not None


@dataclass
class _Status:
    commit: str | None = None
    branch: str | None = None
    upstream: str | None = None
    changed: list[str] = field(default_factory=list)
    changed_submodules: list[str] = field(default_factory=list)
    untracked: list[str] = field(default_factory=list)
    has_conflicts: bool = False


def capture(folder: Path, *, limit_bytes: int, timeout_s: float = 10.0) -> GitState:
    """Return the state of the repository that *folder* is in; what cannot be found out is told in its notices.

    The patch is left out when it is larger than *limit_bytes*; with 0 none is made. It takes one `git` process
    in a clean tree, three at most in a usual dirty one, and *timeout_s* seconds at most. The repository is not
    written to, its index neither. Never raises.
    """
    deadline = time.monotonic() + timeout_s
    try:
        folder = folder.resolve()
        repository = find_repository(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        return GitState(notices=(f"The Git repository of the folder cannot be looked for: {_reason(error)}.",))
    if repository is None:
        inside = any(is_git_folder(place) for place in (folder, *folder.parents))
        place = "inside a bare Git repository or a .git folder" if inside else "not in a Git repository"
        return GitState(notices=(f"The folder is {place}: no commit is recorded.",))
    try:
        return _capture(repository, limit_bytes, deadline, timeout_s)
    except FileNotFoundError:
        return GitState(repository.root, notices=("Git is not installed or not on PATH: no commit is recorded.",))
    except OSError as error:
        return GitState(repository.root, notices=(f"Git cannot be run: {_reason(error)}.",))


def _capture(repository: Repository, limit_bytes: int, deadline: float, timeout_s: float) -> GitState:
    root = repository.root
    answer = ask(
        *("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames", "--no-ahead-behind"),
        "--ignore-submodules=untracked",
        folder=root,
        deadline=deadline - (1 - _TIME_FOR_STATUS) * timeout_s,
    )
    if answer.too_slow:
        return _without_status(repository, deadline)
    if answer.failed:
        return GitState(root, notices=(_refusal(answer, root),))
    status = _parse(answer.output)
    untracked = look_at_untracked(root, status.untracked)
    sources = [file for file in untracked if file.is_source]
    state = GitState(
        root=root,
        commit=status.commit,
        branch=status.branch,
        dirty=bool(status.changed or sources),
        remote=find_remote(repository, status.upstream),
        notices=() if status.commit else ("The Git repository has no commit yet.",),
    )
    if not limit_bytes:
        return state
    notices = [*state.notices, *_left_out(untracked, limit_bytes)]
    notices += [
        f"The submodule {_shown(path)} has changes that the patch leaves out." for path in status.changed_submodules
    ]
    patch = None
    if state.dirty:
        added = [file.path for file in sources if file.size <= limit_bytes]
        patch, problem = _patch(repository, status, added, limit_bytes, deadline)
        notices += [problem] if problem else []
    return replace(state, patch=patch, notices=tuple(notices))


def _without_status(repository: Repository, deadline: float) -> GitState:
    """Ask only for the commit, where looking through the files takes too long."""
    answer = ask("rev-parse", "HEAD", "--abbrev-ref", "HEAD", folder=repository.root, deadline=deadline)
    if answer.failed:
        return GitState(repository.root, notices=("Git did not answer in time: no commit is recorded.",))
    commit, branch = answer.output.decode("utf-8", "replace").split("\n")[:2]
    return GitState(
        root=repository.root,
        commit=commit,
        branch=None if branch == "HEAD" else branch,
        remote=find_remote(repository, None),
        notices=("Git took too long to look for uncommitted changes: they are not recorded.",),
    )


def _parse(output: bytes) -> _Status:
    status = _Status()
    for entry in os.fsdecode(output).split("\0"):
        match entry[:1]:
            case "#":
                _, key, value = entry.split(" ", 2)
                if key == "branch.oid":
                    status.commit = None if value == "(initial)" else value
                elif key == "branch.head":
                    status.branch = None if value == "(detached)" else value
                elif key == "branch.upstream":
                    status.upstream = value
            case "1" | "u":
                is_conflict = entry[0] == "u"
                *fields, path = entry.split(" ", 10 if is_conflict else 8)
                if is_ignored(path):
                    continue
                status.changed.append(path)
                status.has_conflicts |= is_conflict
                if fields[2][0] == "S" and "M" in fields[2]:
                    status.changed_submodules.append(path)
            case "?":
                status.untracked.append(entry[2:])
    return status


def _patch(
    repository: Repository, status: _Status, added: list[str], limit_bytes: int, deadline: float
) -> tuple[str | None, str | None]:
    """Return the patch, or None and the reason why there is none."""
    with tempfile.TemporaryDirectory(prefix="mlmagic-") as scratch:
        variables = {}
        if added or status.has_conflicts:
            # The untracked files are announced in a copy of the index: the user's own is never written.
            index = Path(scratch, "index")
            if (repository.folder / "index").exists():
                shutil.copyfile(repository.folder / "index", index)
            variables = {"GIT_INDEX_FILE": os.fspath(index)}
            problem = _announce(repository, status, added, variables, deadline)
            if problem:
                return None, problem
        base = status.commit or _empty_tree(repository, deadline)
        options = {"folder": repository.root, "deadline": deadline, "limit_bytes": limit_bytes, "variables": variables}
        answer = ask(*_DIFF, base, "--", *IGNORED_PATHSPECS, **options)
        if not answer.failed and not _is_text(answer.output):
            # Lines in another encoding than UTF-8 would not survive as text: the same patch in Git's binary form.
            attributes = Path(scratch, "attributes")
            attributes.write_text("* -diff\n", "ascii")
            answer = ask("-c", f"core.attributesFile={attributes}", *_DIFF, base, "--", *IGNORED_PATHSPECS, **options)
        if answer.too_large:
            return None, f"The uncommitted changes are larger than {_megabytes(limit_bytes)} and are not recorded."
        if answer.too_slow:
            return None, "Git took too long to compare the uncommitted changes: they are not recorded."
        if answer.failed or not _is_text(answer.output):
            return None, f"The uncommitted changes are not recorded: {_first_line(answer.errors)}."
        return answer.output.decode("utf-8") or None, None


def _announce(
    repository: Repository, status: _Status, added: list[str], variables: dict[str, str], deadline: float
) -> str | None:
    """Enter the *added* files into the copied index, without their content; return what went wrong."""
    paths = list(added)
    if status.has_conflicts:
        answer = ask("read-tree", "--reset", "HEAD", folder=repository.root, deadline=deadline, variables=variables)
        if answer.failed:
            return "The files in conflict cannot be compared: the uncommitted changes are not recorded."
        paths += [path for path in status.changed if (repository.root / path).is_file()]
    answer = ask(
        *("--literal-pathspecs", "add", "--intent-to-add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"),
        folder=repository.root,
        deadline=deadline,
        given=b"\0".join(os.fsencode(path) for path in paths),
        variables=variables,
    )
    return f"The untracked files are not recorded: {_first_line(answer.errors)}." if answer.failed else None


def _empty_tree(repository: Repository, deadline: float) -> str:
    answer = ask("hash-object", "-t", "tree", "--stdin", folder=repository.root, deadline=deadline)
    return answer.output.decode("ascii", "replace").strip()


def _left_out(untracked: list[UntrackedFile], limit_bytes: int) -> list[str]:
    large = [
        file
        for file in untracked
        if file.size > (limit_bytes if file.is_source else max(limit_bytes, _LARGE_DATA_BYTES))
    ]
    if not large:
        return []
    largest = max(large, key=lambda file: file.size)
    named = f"{_shown(largest.path)} ({_megabytes(largest.size)})"
    if len(large) == 1:
        return [f"The untracked file {named} is too large for the patch."]
    return [f"{len(large)} untracked files are too large for the patch, the largest is {named}."]


def _refusal(answer: Answer, root: Path) -> str:
    if "dubious ownership" in answer.errors:
        return (
            "Git does not trust this repository, which another user owns: no commit is recorded. "
            f"To trust it: git config --global --add safe.directory {_shown(os.fspath(root))}"
        )
    return f"Git cannot read this repository: {_first_line(answer.errors)}."


def _is_text(output: bytes) -> bool:
    try:
        output.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _first_line(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.startswith(("fatal:", "error:"))] or errors.splitlines()
    line = lines[0].partition(": ")[2] or lines[0] if lines else "it gave no reason"
    return _shown(line).rstrip(".")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _shown(path: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in path)


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= _GIGABYTE else f"{size / 1e6:.3g} MB"


_GIGABYTE = 10**9
