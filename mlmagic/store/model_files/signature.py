"""Whose a model's files are: a signature by the user's key over all of them.

Loading a model runs code that its files hold, in every format. The store may have come with someone's folder, or be
shared, and its tags with it; the key lies in the user's state folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.journal import signing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TAG = "mlmagic.signature"
"""The tag of a logged model that holds the signature of its files."""
_OF_THE_REGISTRY = "registered_model_meta"
"""A file that MLflow adds where it downloads a registered model."""


def signature_of(folder: Path) -> str | None:
    """Return the signature of this user for the files in *folder*; None if one of them is no regular file."""
    digest = digest_of(folder)
    return None if digest is None else signing.derived(f"model {digest}")


def is_own(folder: Path, tags: Mapping[str, str]) -> bool:
    """Return whether a run of this user wrote the files in *folder*: *tags* of the logged model hold the signature."""
    signature = signature_of(folder)
    given = tags.get(TAG, "")
    return signature is not None and hmac.compare_digest(given.encode(errors="replace"), signature.encode())


def digest_of(folder: Path) -> str | None:
    """Return the SHA-256 of the names and contents of all files in *folder*; None if one is no regular file."""
    whole = hashlib.sha256()
    try:
        for path in sorted(_files(folder)):
            name = path.relative_to(folder).as_posix().encode(errors="surrogateescape")
            if name == _OF_THE_REGISTRY.encode():
                continue
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
            whole.update(len(name).to_bytes(4, "big") + name + content)
    except _OddFileError:
        return None
    return whole.hexdigest()


class _OddFileError(Exception):
    """A link, a device or a FIFO."""


def _files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                yield from _files(Path(entry.path))
            elif stat.S_ISREG(mode):
                yield Path(entry.path)
            else:
                raise _OddFileError(entry.path)
