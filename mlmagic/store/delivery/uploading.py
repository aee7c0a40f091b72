"""Upload the staged files and models of a journal to the store."""

from __future__ import annotations

import errno
import os
import tempfile
import zlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.journal.records import Copy, File, Model, Part
from mlmagic.journal.safe_folder import SafeFolder, UntrustedError
from mlmagic.journal.staged_files import StagedFile, path_of, read, walk
from mlmagic.snapshot.parts import content_of
from mlmagic.snapshot.secrets.redaction import redact
from mlmagic.store import artifact_target, connection, outage, shared_parts
from mlmagic.store.delivery.publishing import publish
from mlmagic.store.outage import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.file import Journal

_HEADING = "# %%"
# If two uploads fail and none succeeded before, the files are not the cause.
_GIVE_UP_AFTER = 2


@dataclass
class Upload:
    """The upload of a run's staged files and models; each may be retried until it is in the store.

    ``done`` has those that need no more work, by their path in the staging area; ``refused`` has a line for each that
    the store does not accept; ``waits`` has the others, each with the reason. ``is_own`` says that this
    user recorded the run.
    """

    journal: Journal
    is_own: bool = True
    done: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    waits: dict[str, str] = field(default_factory=dict)
    _told: int = 0
    _is_tried: bool = False
    _got_through: bool = False

    def newly_refused(self) -> list[str]:
        """Return the lines of ``refused`` that were not returned before."""
        told, self._told = self._told, len(self.refused)
        return self.refused[told:]

    def files(self, records: Iterable[File | Part | Copy], run: Run, location: str, uri: str) -> None:
        """Upload those files of *records* that are not done.

        Parameters
        ----------
        records
            What the journal names; other files of the staging folder stay there.
        run, location, uri
            The run, where the artifacts of its experiment lie, and its store.
        """
        self.waits, self._got_through = {}, False
        records = list(records)
        self._find_damaged(record for record in records if isinstance(record, (File, Part)))
        staged = [file for file in self._staged("artifacts", "continued", "parts") if file.path not in self.done]
        wanted = self._wanted(staged, [str(path_of(record)) for record in records])
        if not wanted:
            return
        if problem := artifact_target.problem_of(run.info.artifact_uri, run.info.run_id, location, uri):
            self.waits = dict.fromkeys(map(_within, wanted), problem)
            return
        wanted = self._without_linked(wanted, run.info.artifact_uri)
        opened: list[Any] = []
        if closed := _failure(lambda: opened.append(connection.artifacts(run.info.artifact_uri, uri))):
            self.waits["the run's files"] = closed.why
            return
        (artifacts,) = opened
        folder, paths = self.journal.staging.artifacts, {file.path for file in wanted}
        plain = {path for path in paths if path.startswith("artifacts/")}
        may_go_at_once = not self._is_tried and plain == {file.path for file in self._staged("artifacts")}
        self._is_tried = True
        if plain and may_go_at_once and _failure(partial(artifacts.log_artifacts, str(folder))) is None:
            self.done |= plain
        # The smallest file goes first: it is the cheapest test of whether anything gets through.
        for file in sorted(wanted, key=lambda file: (file.size, file.path)):
            path = self.journal.staging.path / file.path
            if file.path in plain:
                at = path.relative_to(folder)
                self._try(at.as_posix(), path, partial(artifacts.log_artifact, str(path), _folder(at.parent)))
            elif file.path.startswith("parts/"):
                self._try(f"the part {path.name}", path, partial(shared_parts.put, path, run.info, uri, artifacts))
        for record in records:
            if isinstance(record, File) and record.after is not None and path_of(record) in paths:
                path = self.journal.staging.of_file(record)
                self._try(record.path, path, partial(_go_on, self.journal, record, artifacts))

    def model(self, model: Model, client: MlflowClient, run: Run, location: str, *, again: bool) -> None:
        """Publish a staged model as a logged model of the run, unless that is done."""
        path = self.journal.staging.of_model(model)
        if self._key(path) in self.done:
            return
        odd = [file for file in self._staged(model.folder) if file.problem]
        if odd:
            self._refuse(odd[0].path, f"the model {model.name!r} was left out: {odd[0].problem} ({odd[0].path})")
            self.done.add(self._key(path))
            return
        publishing = partial(publish, model, self.journal, client, run, location, again=again, is_own=self.is_own)
        self._try(f"the model {model.name!r}", path, publishing)

    def _staged(self, *folders: str) -> list[StagedFile]:
        """List these folders of the staging folder."""
        try:
            with SafeFolder.open(self.journal.staging.path) as staging:
                found = [file for folder in folders for file in walk(staging, folder)]
        except FileNotFoundError:
            return []
        return [file for file in found if file.problem != os.strerror(errno.ENOENT)]

    def _wanted(self, staged: list[StagedFile], named: list[str]) -> list[StagedFile]:
        """Return the *named* files, and refuse those that cannot be read."""
        for file in staged:
            if file.problem:
                self._refuse(file.path, f"{_within(file)} was left out: {file.problem}")
        return [
            file
            for file in staged
            if not file.problem and any(file.path == at or file.path.startswith(f"{at}/") for at in named)
        ]

    def _without_linked(self, wanted: list[StagedFile], artifact_uri: str) -> list[StagedFile]:
        """Return the files that would not be written through a link in the run's location, and refuse the others."""
        place = artifact_target.local_path(artifact_uri)
        linked = artifact_target.linked(place, map(_within, wanted)) if place else set()
        for file in wanted:
            if _within(file) in linked:
                self._refuse(file.path, f"{_within(file)} was left out: there is a link in its place in the store")
        return [file for file in wanted if _within(file) not in linked]

    def _refuse(self, path: str, line: str) -> None:
        self.done.add(path)
        self.refused.append(f"{line}; it stays in {self.journal.staging.path}")

    def is_done(self, record: File | Part | Copy | Model) -> bool:
        """Return whether the file, the user's file or the model of *record* needs no more work."""
        key = str(path_of(record))
        if key in self.done or not isinstance(record, Copy):
            return key in self.done
        inside = self._staged(key)
        return bool(inside) and all(file.path in self.done for file in inside)

    def waiting(self) -> str:
        """Return in one line what waits and why, or an empty string."""
        if not self.waits:
            return ""
        first, why = next(iter(self.waits.items()))
        more = len(self.waits) - 1
        named = f"{first}{f' and {more} more' if more else ''}"
        return f"{named} could not be stored: {why}; kept in {self.journal.staging.path}"

    def _try(self, name: str, path: Path, store_it: Callable[[], object]) -> None:
        key = self._key(path)
        if key in self.done:
            return
        if not self._got_through and len(self.waits) >= _GIVE_UP_AFTER:
            self.waits[name] = next(reversed(self.waits.values()))
            return
        failure = _failure(store_it)
        if failure is None:
            self._got_through = True
        elif failure.is_final:
            self.refused.append(f"{name} was refused: {failure.why}; a copy stays at {path}")
        else:
            self.waits[name] = failure.why
            return
        self.done.add(key)

    def _key(self, path: Path) -> str:
        return path.relative_to(self.journal.staging.path).as_posix()

    def _find_damaged(self, files: Iterable[File | Part]) -> None:
        """Refuse the staged files whose content is not what was written."""
        try:
            with SafeFolder.open(self.journal.staging.path) as staging:
                for file in files:
                    path = str(path_of(file))
                    if path not in self.done and not _is_whole(staging, path, file):
                        self.done.add(path)
                        self.refused.append(f"{_named(file)} was damaged before it was stored")
        except FileNotFoundError:  # the whole folder is missing, as it is for a journal without files
            self.refused += [f"{_named(file)} was damaged before it was stored" for file in files]


class _Failure(NamedTuple):
    is_final: bool
    why: str


def _failure(call: Callable[[], object]) -> _Failure | None:
    """Run *call*, which stores something; return why it failed, or None."""
    try:
        call()
    except Exception as error:  # noqa: BLE001  # each kind of artifact store raises its own
        why = (getattr(error, "strerror", None) or outage.reason(error)).removeprefix("failed: ")
        return _Failure(outage.judge(error) is Verdict.REFUSED, redact(why)[0][:300])
    return None


def _within(file: StagedFile) -> str:
    """Return the path of a staged file within the run."""
    return file.path.partition("/")[2]


def _folder(path: PurePath) -> str | None:
    name = path.as_posix()
    return None if name in {"", "."} else name


def _named(file: File | Part) -> str:
    return file.path if isinstance(file, File) else f"the part {file.digest}"


def _is_whole(staging: SafeFolder, path: str, file: File | Part) -> bool:
    try:
        content = read(staging, path)
        if isinstance(file, Part):
            content_of(file.digest, content)
    except UntrustedError:  # the checks of all staged files report it
        return True
    except (OSError, ValueError):
        return False
    return len(content) == file.size and zlib.crc32(content) == file.checksum


def _go_on(journal: Journal, file: File, artifacts: Any) -> None:
    """Append a text to what earlier cells of the run stored under its path."""
    try:
        part = journal.staging.of_file(file).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return  # reported as damaged
    earlier = connection.read_text(artifacts, file.path) or ""
    part = f"{(file.after or '').lstrip()}{part}"
    if earlier.endswith(part):  # an interrupted delivery has stored it already
        return
    if earlier:
        heading = "" if earlier.startswith(_HEADING) else file.before
        gap = (file.after or "").removesuffix((file.after or "").lstrip())
        part = f"{heading}{earlier.rstrip()}{gap}{part}"
    path = PurePosixPath(file.path)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        whole.write_text(part, encoding="utf-8", newline="")
        artifacts.log_artifact(str(whole), _folder(path.parent))
