"""The user's key, and what it signs: whose run a journal records, and the files that the journal names.

A folder that came with a repository may hold a journal that looks like one of this user's. Only what this key signed
was recorded by this user, in this folder; anything else is never delivered, moved or deleted without a request.
"""

from __future__ import annotations

import hmac
import json
import os
import stat
import time
from dataclasses import astuple, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.journal.safe_folder import SafeFolder
from mlmagic.private import state_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.journal.records import Signed

_NAME = "journal.key"
_BYTES = 32
_DIGITS = 32
_MOST_LOOKS, _LOOK_AGAIN_S = 50, 0.02
_encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


class Signature:
    """Signs records of the journal *name* in the folder *place*, and recognises its own signatures.

    >>> from mlmagic.journal.records import Copy
    >>> signature = Signature(b"k" * 32, "one.journal", "/project/.mlmagic/journal")
    >>> signed = signature.sign(Copy("data.csv"))
    >>> signature.is_of(signed), signature.is_of(Copy("other.csv", signed.signature))
    (True, False)
    """

    def __init__(self, key: bytes, name: str, place: str) -> None:
        self._key = key
        self._of = [name, place]

    def sign(self, record: Signed) -> Signed:
        """Return *record* with a signature."""
        return replace(record, signature=self._signature(record))

    def is_of(self, record: Signed) -> bool:
        """Return whether *record* has the signature that `sign` gave it."""
        return hmac.compare_digest(record.signature.encode(errors="replace"), self._signature(record).encode())

    def _signature(self, record: Signed) -> str:
        plain = replace(record, signature="")
        return self.of_text(type(record).__name__, *astuple(plain))

    def of_text(self, *values: Any) -> str:
        """Return the signature of *values*, which are plain JSON, in this journal."""
        content = _encode([*self._of, *values]).encode()
        return hmac.digest(self._key, content, "sha256").hex()[:_DIGITS]


def signature_of(path: Path) -> Signature | None:
    """Return the signature for the journal at *path*, or None if this user has no key; `problem` says why."""
    try:
        key = _key(str(state_folder()))
    except OSError:
        return None
    return Signature(key, path.name, os.path.realpath(path.parent))


def problem() -> str | None:
    """Return in one line why nothing can be signed, or None."""
    try:
        _key(str(state_folder()))
    except OSError as error:
        return str(error.strerror or error) + (f": {error.filename}" if error.filename else "")
    return None


def derived(text: str) -> str:
    """Derive 32 hex digits from *text*, always the same, which only this user can derive; random ones without a key."""
    signature = signature_of(Path(os.sep, "derived"))
    return signature.of_text(text) if signature else os.urandom(_DIGITS // 2).hex()


@lru_cache(maxsize=8)
def _key(folder: str) -> bytes:
    with SafeFolder.open(Path(folder)) as place:
        try:
            return _create(place)
        except FileExistsError:
            return _read(place)


def _read(place: SafeFolder) -> bytes:
    for _ in range(_MOST_LOOKS):
        descriptor = place.open_file(_NAME, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            key = file.read(_BYTES + 1)
        if key:
            break
        time.sleep(_LOOK_AGAIN_S)  # another process is creating it
    if os.name != "nt" and stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(0, "other users can read the key; delete it, and a new one is made", place.path / _NAME)
    if len(key) != _BYTES:
        raise OSError(0, "the key is damaged; delete it, and a new one is made", place.path / _NAME)
    return key


def _create(place: SafeFolder) -> bytes:
    descriptor = place.open_file(_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(descriptor, "wb") as file:
        key = os.urandom(_BYTES)
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    return key


SESSION_SIGNATURE = "signature"
"""The key of the signature in a run's ``mlmagic/session.json``."""


def of_session(content: Mapping[str, Any]) -> str:
    """Return this user's signature of the *content* of a session's file; its parts are named by their digests.

    It tells whether somebody else wrote or edited what a replay would run. Without a key of the user it is another one
    at each call, so that nothing counts as signed.
    """
    plain = {name: value for name, value in content.items() if name != SESSION_SIGNATURE}
    return derived(f"session {json.dumps(plain, sort_keys=True)}")
