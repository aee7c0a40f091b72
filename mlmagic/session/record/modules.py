"""The user's own modules that cells import, with the source that they were imported from."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from mlmagic.session.record.files import is_of_user

_LONGEST = 200_000
"""Characters up to which a module's source is kept in the record."""


class ModuleWatch:
    """Finds the modules of the user that were imported, or read again, since the last call."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._known: dict[str, tuple[int, int]] = {}

    def take(self, *, again: bool = False) -> dict[str, dict[str, Any]]:
        """Return the new ones by name: file, SHA-256 and source; with *again*, also those whose file has changed."""
        names = list(sys.modules)
        new = [name for name in names if name not in self._seen]
        self._seen.update(new)
        candidates = [*new, *self._known] if again else new
        found = {}
        for name in candidates:
            file = getattr(sys.modules.get(name), "__file__", None)
            if name == "__main__" or not isinstance(file, str) or not file.endswith(".py") or not is_of_user(file):
                continue
            fact = self._fact(name, Path(file))
            if fact is not None:
                found[name] = fact
        return found

    def _fact(self, name: str, file: Path) -> dict[str, Any] | None:
        try:
            state = file.stat()
            key = (state.st_size, state.st_mtime_ns)
            if self._known.get(name) == key:
                return None
            self._known[name] = key
            content = file.read_bytes()
        except OSError:
            return None
        fact: dict[str, Any] = {"file": str(file), "sha256": hashlib.sha256(content).hexdigest()}
        if len(content) <= _LONGEST:
            fact["source"] = content.decode("utf-8", "replace")
        return fact
