"""Whether a replay runs in the folder of today, or in a copy of the run's commit and patch as files have changed since.

A copy is made only if it has a changed or missing file exactly as the needed cells read it.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mlmagic.comparison.diffs.run_record import PATCH
from mlmagic.errors import MLMagicError
from mlmagic.replay.plan import current_fact
from mlmagic.replay.running.scratch import ScratchError
from mlmagic.replay.tree.building import TreeSource, complete
from mlmagic.replay.tree.needed_files import files_needed, is_full, paths_written
from mlmagic.replay.tree.tree_copy import TreeCopy, below
from mlmagic.snapshot.git.commit_copy import CommitCopy, CommitError
from mlmagic.snapshot.git.files import find_repository, megabytes
from mlmagic.store.query.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.running.replaying import Replayed
    from mlmagic.snapshot.git.files import Repository

_COMMIT = "mlflow.source.git.commit"
_TIME_S = 600.0
_LEAST_FREE = 200 << 20
_POINTER = b"version https://git-lfs.github.com/spec/"


class RecordedTree:
    """The tree that the replays of one reproduction run in; use it as a context manager, which deletes copies.

    Parameters
    ----------
    progress
        Called with what is being done.
    """

    def __init__(self, plan: ReplayPlan, progress: Callable[[str], None] | None = None) -> None:
        self._progress = progress
        self._copies = contextlib.ExitStack()
        self._source = _source_of(plan)
        self._copy: TreeCopy | None = None
        self._is_needed = False
        self._missing: dict[str, str] = {}
        self._folder = plan.folder

    def __enter__(self) -> Self:
        """Make the first copy, if one helps."""
        try:
            if self._source is not None:
                self._copy = self._copied(self._source)
                self._is_needed = self._copy is not None
        except BaseException:
            self._copies.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the copy, unless the kernel in it is kept."""
        self._copies.close()

    def placed(self, plan: ReplayPlan) -> ReplayPlan:
        """Return *plan* as it is to run now: in a copy that no other replay has changed, or in the folder of today.

        Raises
        ------
        ScratchError
            When another copy cannot be made.
        """
        if self._source is not None and self._copy is None and self._is_needed:
            self._copy = self._copied(self._source)
            if self._copy is None:
                raise ScratchError(next(iter(self._missing.values()), "the files of the run cannot be copied again"))
        return replace(plan, tree=self._copy, not_in_git=self._missing)

    def ended(self, done: Replayed) -> None:
        """Note that a replay has ended: a copy that it may have changed is not used again."""
        if self._copy is None:
            return
        if done.kernel is not None:
            kept = self._copies.pop_all()
            atexit.register(kept.close)  # its kernel ends with this process
            self._copy = None
        elif done.may_have_written():
            self._copies.close()
            self._copy = None

    def _copied(self, source: TreeSource) -> TreeCopy | None:
        """Return a copy that has at least one of the changed files as it was read, None if there can be none."""
        short = source.commit[:8]
        try:
            base = self._copies.enter_context(_temporary_folder())
            folder = below(base, source.root)
            folder.mkdir(parents=True)
            if self._progress is not None:
                self._progress(f"copying commit {short}")
            commit = CommitCopy(source.repository, source.commit, source.patch, folder, timeout_s=_TIME_S)
            self._missing = dict(_not_restorable(source, commit))
            if len(self._missing) == len(source.changed) and not self._is_folder_missing():
                self._copies.close()
                return None
            _require_room(commit, base)
            complete(commit, source, base)
        except (CommitError, OSError) as error:
            reason = str(error) if isinstance(error, CommitError) else f"commit {short} cannot be copied: {error}"
            self._missing = dict.fromkeys([*(file.path for file in source.changed), str(self._folder)], reason)
            self._copies.close()
            return None
        return self._described(source, base)

    def _is_folder_missing(self) -> bool:
        return not self._folder.is_dir()

    def _described(self, source: TreeSource, base: Path) -> TreeCopy | None:
        """Return the copy below *base* with what it has, None if it has no changed file as it was read."""
        places = {file.path: below(base, file.path) for file in source.needed}
        inside = [file for file in source.needed if Path(file.path).is_relative_to(source.root)]
        restored = [file.path for file in source.changed if file.is_at(places[file.path])]
        others = (file.path for file in source.changed if file.path not in restored)
        self._missing = {path: self._missing.get(path, "what git has is another content") for path in others}
        if not restored and not (self._is_folder_missing() and below(base, self._folder).is_dir()):
            self._copies.close()
            return None
        facts = {file.path: _fact(places[file.path]) for file in inside}
        modules = [file for file in inside if file.size is None and file.is_at(places[file.path])]
        sources = {file.path: text for file in modules if (text := _text(places[file.path])) is not None}
        return TreeCopy(
            base, source.root, f"commit {source.commit[:8]}", bool(source.patch), tuple(restored), facts,
            sources,
        )  # fmt: skip


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mlmagic-copy-"))
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def repository_of(folder: Path) -> Repository | None:
    """Return the repository that *folder* is in, or was in if it is gone; None if there is none."""
    place = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
    try:
        return find_repository(place.resolve()) if place is not None else None
    except (OSError, RuntimeError):  # a folder that may not be read, a loop of links
        return None


def may_have_folder(plan: ReplayPlan) -> bool:
    """Return whether the run's commit may have the folder that it ran in, which is gone."""
    return bool(plan.session.run.data.tags.get(_COMMIT)) and repository_of(plan.folder) is not None


def _source_of(plan: ReplayPlan) -> TreeSource | None:
    """Return where the files of *plan* come from as they were; None if they have not changed, or nothing has them."""
    commit = plan.session.run.data.tags.get(_COMMIT)
    repository = repository_of(plan.folder) if commit else None
    if not commit or repository is None:
        return None
    needed = files_needed(plan)
    inside = [file for file in needed if Path(file.path).is_relative_to(repository.root)]
    changed = [file for file in inside if not file.is_at(Path(file.path))]
    if not changed and plan.folder.is_dir():
        return None
    working = [str(plan.folder), *(folder for cell in plan.cells if is_full(folder := cell.record.get("folder")))]
    written = [path for cell in plan.cells for path in paths_written(cell)]
    return TreeSource(
        repository, commit, _patch_of(plan), tuple(needed), tuple(changed), tuple(working),
        (*(file.path for file in needed), *written, *working), tuple(written),
    )  # fmt: skip


def _patch_of(plan: ReplayPlan) -> bytes:
    try:
        return Run(plan.session.run.info.run_id).text(PATCH).encode()
    except MLMagicError:  # the tree was clean
        return b""


def _not_restorable(source: TreeSource, commit: CommitCopy) -> Iterator[tuple[str, str]]:
    """Yield the changed files that the commit with the patch does not have as they were read, and what it has."""
    whole = f"{commit.short}{' with its patch' if source.patch else ''}"
    submodules = tuple(f"{path}/" for path in commit.submodules())
    for file in source.changed:
        path = Path(file.path).relative_to(source.root).as_posix()
        place = commit.folder / path
        if path.startswith(submodules):
            yield file.path, f"it lies in a submodule, which no copy of {commit.short} has"
        elif not commit.has(path):
            yield file.path, f"{whole} does not have it"
        elif file.sha256 is None:
            yield file.path, "it is too large to tell whether git has it"
        elif not commit.is_below_link(path) and not (commit.write_as(path, file.sha256) and file.is_at(place)):
            is_pointer = _fact(place) is not None and place.read_bytes()[: len(_POINTER)] == _POINTER
            has = "only a pointer to it, and Git LFS does not have it here" if is_pointer else "another content of it"
            yield file.path, f"{whole} has {has}"


def _require_room(commit: CommitCopy, base: Path) -> None:
    size, free = commit.size(), shutil.disk_usage(base).free
    if size + _LEAST_FREE > free:
        raise CommitError(
            f"a copy of {commit.short} needs {megabytes(size)}, and {megabytes(free)} are free in {base.parent}: set "
            "TMPDIR to a folder with more"
        )


def _fact(place: Path) -> list[object] | None:
    return current_fact(place) if place.is_file() else None


def _text(place: Path) -> str | None:
    try:
        return place.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
