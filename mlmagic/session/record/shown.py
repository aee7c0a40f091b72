"""The record of a cell, and what a session started from, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGESTS = frozenset({"random", "random_before", "entropy", "bound", "started"})
"""What holds digests and names only: a redaction would change what replay compares."""


def without_secrets(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return *record* with each text in it redacted: paths, sources of modules, variables of the environment."""
    return {name: value if name in _DIGESTS else _redacted(value) for name, value in record.items()}


def _redacted(value: Any) -> Any:
    from mlmagic.snapshot.secrets import redaction  # `%load_ext` needs none of it

    if isinstance(value, str):
        return redaction.redact(value)[0]
    if isinstance(value, dict):
        return {_redacted(key): _redacted(item) for key, item in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list) else value
