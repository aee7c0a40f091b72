"""The environment as the texts that each run records: made again only if it or the known secrets change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets import redaction

if TYPE_CHECKING:
    from mlmagic.snapshot.environment.environment import Environment


@dataclass(frozen=True)
class RedactedText:
    """A text without its secrets, and how many were replaced."""

    text: str
    count: int


@dataclass(frozen=True)
class EnvironmentFiles:
    """The contents of ``environment.json`` and ``requirements.txt``."""

    environment: RedactedText
    requirements: RedactedText


@dataclass(frozen=True)
class _Made:
    found: Environment
    known: tuple[object, ...]
    files: EnvironmentFiles


_last: list[_Made] = []
"""The last result: it depends on nothing but its arguments, so it may outlive a session."""


def files_of(found: Environment) -> EnvironmentFiles:
    """Return the texts that describe the environment that was *found*."""
    known = redaction.knowledge()
    if not _last or _last[0].found != found or _last[0].known != known:
        files = _written(found)
        _last[:] = [_Made(found, redaction.knowledge(), files)]  # writing it may have taught more secrets
    return _last[0].files


def _written(found: Environment) -> EnvironmentFiles:
    # The strings of the JSON are redacted one by one, before they are quoted.
    content, count = redaction.redact_value("", found.to_dict())
    text, in_requirements = redaction.redact(found.requirements())
    return EnvironmentFiles(
        RedactedText(json.dumps(content, indent=1, ensure_ascii=False), count), RedactedText(text, in_requirements)
    )
