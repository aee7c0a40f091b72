"""The files of a run that wait beside its journal until they are delivered."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mlmagic.journal.safe_folder import FULL
from mlmagic.journal.staged_files import LeftOut, files_in, name_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mlmagic.journal.records import File, Model

T = TypeVar("T")


class Staging:
    """The folder of the files that a journal's records name.

    It lies beside the journal. ``elsewhere`` is the temporary folder that replaces it if the journal's disk is full, or
    if the journal exists only in memory. ``left_out`` are lines about files that were not taken over.
    """

    def __init__(self, beside: Path | None) -> None:
        """*beside* is the folder beside the journal, None for a journal in memory."""
        self._beside = beside
        self.elsewhere: Path | None = None
        self.left_out: list[str] = []
        self._not_kept: dict[str, list[str]] = {}

    @property
    def path(self) -> Path:
        """The folder of everything that the records name."""
        if self.elsewhere is None and self._beside is None:
            self.elsewhere = Path(tempfile.mkdtemp(prefix="mlmagic-"))
        return self.elsewhere or self._beside  # type: ignore[return-value]  # one of them is there

    @property
    def artifacts(self) -> Path:
        """The folder of the staged artifacts, under the paths that they have in the run."""
        return self.path / "artifacts"

    def of_file(self, file: File) -> Path:
        """Return the path of the staged content of *file*."""
        return within(self.artifacts if file.after is None else self.path / "continued", file.path)

    def of_model(self, model: Model) -> Path:
        """Return the folder of the staged files of *model*."""
        return within(self.path, model.folder)

    @property
    def problems(self) -> list[str]:
        """The files that were left out or could not be staged: a line for each file or reason."""
        lines = [f"{', '.join(what)} could not be kept: {why}" for why, what in self._not_kept.items()]
        return [*self.left_out, *lines]

    def make(self) -> Path:
        """Create the folder if needed, accessible only to this user, and return it."""
        # The files in it have the modes that they should have in the store.
        with contextlib.suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
        return self.path

    def put(self, what: str, write: Callable[[], None]) -> bool:
        """Call *write*, which stages *what*; return whether that succeeded."""
        try:
            self.make()
            self.with_room(write)
        except OSError as error:
            self.not_kept(what, error)
            return False
        return True

    def with_room(self, write: Callable[[], T]) -> T:
        """Return the result of *write*, which writes to the folder; on a full disk it is called again elsewhere.

        Raises
        ------
        OSError
            If there is no room elsewhere either, or *write* fails for another reason.
        """
        try:
            return write()
        except OSError as error:
            if error.errno not in FULL or not self._move():
                raise
            return write()

    def not_kept(self, what: str, error: OSError) -> None:
        """Note that *what* could not be staged because of *error*."""
        self._not_kept.setdefault(error.strerror or str(error), []).append(what)

    def _move(self) -> bool:
        """Switch to a temporary folder, with a copy of what is staged; return whether it has room for the copy."""
        if self.elsewhere is not None:
            return False
        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="mlmagic-"))
        except OSError:
            return False
        try:
            shutil.copytree(self.path, elsewhere, symlinks=True, dirs_exist_ok=True)
        except OSError:
            shutil.rmtree(elsewhere, ignore_errors=True)
            return False
        # The files beside the journal stay until delivery: if this process dies, another one finds them.
        self.elsewhere = elsewhere
        return True

    def remove(self) -> None:
        """Remove all staged files."""
        for folder in filter(None, (self._beside, self.elsewhere)):
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the staged files of a journal in memory: nobody can deliver them any more."""
        if self._beside is None and self.elsewhere is not None:
            shutil.rmtree(self.elsewhere, ignore_errors=True)


@dataclass(frozen=True)
class UserCopy:
    """What was copied of a user's file or folder: its *paths* in the run, and lines about what was left out."""

    paths: list[str]
    left_out: list[str]


def copy_in(source: Path, staging: Staging, place: str, own: Collection[Path]) -> UserCopy:
    """Copy a user's file or folder into the staging area, as the *place* in the run; *own* folders are mlmagic's.

    Raises
    ------
    OSError
        If the disk is full, or *source* is a file that cannot be copied; in a folder such a file is left out.
    """
    left_out = LeftOut()
    tops = {place: None} if place else {}
    if source.is_dir():
        (staging.artifacts / place).mkdir(parents=True, exist_ok=True)
    for path in files_in(source, left_out, place=place, without=own):
        name = name_of(path, source, place)
        target = staging.artifacts / name
        if target.name != path.name and target.exists():  # its own name is no text
            left_out.add(name, "another file has this name already")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, target)
        except OSError as error:
            if path == source or error.errno in FULL:
                raise
            left_out.add(name, error.strerror or "it cannot be read")
        else:
            tops.setdefault(place or name.partition("/")[0])
    return UserCopy(list(tops), left_out.lines())
