"""Store the parts of texts that runs share: in a folder of their experiment, which no run owns.

MLflow keeps a run's files in ``<experiment>/<run id>/artifacts`` and its logged models in ``<experiment>/models``. The
parts are in ``<experiment>/mlmagic/parts``, which survives the deletion of any run. If the store accepts nothing there,
they are in the run itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlmagic.errors import MLMagicError, StoreError
from mlmagic.snapshot.git.files import megabytes
from mlmagic.snapshot.parts import content_of, is_digest, listed_parts
from mlmagic.store import artifact_target, connection
from mlmagic.store.artifact_reading import SHARED, place_of, shared_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from mlflow.entities import RunInfo

_IN_RUN = "/".join(SHARED)
_LARGEST = 64 << 20
_stored: set[tuple[str, str, str]] = set()
"""The store, experiment and digest of each part that this process has stored, so that other runs need not store it."""


def is_stored(uri: str, experiment_id: str, digest: str) -> bool:
    """Return whether this process has stored the part in that experiment."""
    return (uri, experiment_id, digest) in _stored


def forget() -> None:
    """Forget which parts were stored, because the store has been replaced."""
    _stored.clear()


def put(file: Path, info: RunInfo, uri: str, artifacts: Any) -> None:
    """Store the staged part *file* beside the runs of the experiment, or in the run of *info* if that fails.

    Raises
    ------
    Exception
        Whatever the artifact store raises; then the part waits.
    """
    key = (uri, str(info.experiment_id), file.name.partition(".")[0])
    if key in _stored:
        return
    root = _root_of(info, uri)
    if root is not None and _put_into(root, file, uri):
        _stored.add(key)
    else:
        artifacts.log_artifact(str(file), _IN_RUN)


def _root_of(info: RunInfo, uri: str) -> str | None:
    """Return the address of the folder, or None if there can be none."""
    root, found, rest = str(info.artifact_uri).rpartition(f"/{info.run_id}/artifacts")
    # MLflow's file store would mistake a folder beside a run for a run.
    return f"{root}/{_IN_RUN}" if found and not rest and urlsplit(uri).scheme not in {"", "file"} else None


def _put_into(root: str, file: Path, uri: str) -> bool:
    place = artifact_target.local_path(root)
    if place is not None:
        if artifact_target.linked(place, [file.name]):
            return False
        if (place / file.name).is_file() and (place / file.name).read_bytes() == file.read_bytes():
            return True
    try:
        connection.artifacts(root, uri).log_artifact(str(file))
    except Exception:  # noqa: BLE001  # each kind of store raises its own; a failure of the run's folder is reported
        return False
    return True


def reader(run_id: str, artifact_uri: str) -> Callable[[str], bytes]:
    """Return a function that returns the content of a part of the run, given its digest.

    The function raises StoreError if the part is missing or damaged.
    """

    def read(digest: str) -> bytes:
        if not is_digest(digest):
            raise StoreError(f"{digest[:40]!r} is no digest of a part")
        problem = ""
        for place, folder in ((shared_place, ""), (place_of, f"{_IN_RUN}/")):
            try:
                packed = place(run_id, artifact_uri).read(f"{folder}{digest}.gz", _LARGEST)
                return content_of(digest, packed)
            except (MLMagicError, OSError, ValueError) as error:
                problem = problem or str(error)
        raise StoreError(f"the part {digest} is neither in {_IN_RUN} of the experiment nor in the run: {problem}")

    return read


def whole(content: bytes, run_id: str, artifact_uri: str, most: int) -> bytes:
    """Resolve *content*, that of a run's file: return it, or the joined content of the parts that it lists.

    Raises
    ------
    StoreError
        When a part is not there or is damaged, or all have more than *most* bytes.
    """
    listed = listed_parts(content)
    if not listed:
        return content
    read, found = reader(run_id, artifact_uri), b""
    for digest in listed:
        found += read(digest)
        if len(found) > most:
            raise StoreError(f"it has more than {megabytes(most)}")
    return found
