"""The one redaction: whatever is written passes it, and what looks like a secret is replaced."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.secret_assignments import assigned_secrets
from mlmagic.snapshot.secret_names import is_path, is_placeholder, is_trivial, secrecy
from mlmagic.snapshot.secret_patterns import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED = "<redacted>"

_LEAST_CHARACTERS = 6
_LONGEST_REMEMBERED = 4096


def redact(text: str) -> tuple[str, int]:
    """Replace every secret in *text* by ``<redacted>``; return the text and how many were replaced.

    Secrets are the tokens of well-known services, private keys, passwords in addresses, literals given to a
    secret's name, and the values of environment variables with such a name, as they are at the call. What is
    hidden once is never hidden twice: ``redact(redact(text)[0])`` changes nothing.

    >>> redact('connect("postgresql://ana:hunter2@db/prod", api_key="abc")')
    ('connect("postgresql://<redacted>@db/prod", api_key="<redacted>")', 2)
    >>> redact("model.generate(max_tokens=512)")
    ('model.generate(max_tokens=512)', 0)
    """
    if len(text) < _LEAST_CHARACTERS:
        return text, 0
    # A session writes the same cells, versions and names with every run.
    work = _redact_short if len(text) <= _LONGEST_REMEMBERED else _redact_long
    return work(text, _environment_secrets())


def _redact_long(text: str, from_environment: tuple[str, ...]) -> tuple[str, int]:
    total = 0
    # Taking out one secret may uncover the start of the next; what is taken out only shrinks, so this ends.
    while True:
        text, count = _redact_once(text, from_environment)
        if not count:
            return text, total
        total += count


_redact_short = lru_cache(maxsize=8192)(_redact_long)


def redact_value(key: str, value: Any) -> tuple[Any, int]:
    """Replace the secrets in the *value* of *key*, also those that only the key's name tells.

    Mappings, lists and tuples are followed, and come back as plain dicts, lists and tuples.

    >>> redact_value("optimizer", {"lr": 0.1, "api_key": "abc", "max_tokens": "512"})
    ({'lr': 0.1, 'api_key': '<redacted>', 'max_tokens': '512'}, 1)
    """
    redactor = Redactor()
    return redactor.value(key, value), redactor.count


class Redactor:
    """Redact many texts and values, and count what was replaced in all of them.

    >>> redactor = Redactor()
    >>> redactor("password = 'hunter2'"), redactor.count
    ("password = '<redacted>'", 1)
    """

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, text: str) -> str:
        """Return *text* without its secrets, as `redact` does."""
        text, count = redact(text)
        self.count += count
        return text

    def value(self, key: str, value: Any) -> Any:
        """Return *value* without its secrets, as `redact_value` does."""
        if isinstance(value, dict):
            return {self._key(name): self.value(str(name), inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(key, inner) for inner in value]
        if isinstance(value, tuple):
            return tuple(self.value(key, inner) for inner in value)
        if _is_secret(key, value):
            self.count += 1
            return REDACTED
        return self(value) if isinstance(value, str) else value

    def _key(self, name: Any) -> Any:
        return self(name) if isinstance(name, str) else name


def _is_secret(key: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | bytes | int) or secrecy(key) == "no":
        return False
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return not (is_trivial(text) if isinstance(value, int) else is_placeholder(text) or is_path(text))


def _redact_once(text: str, from_environment: tuple[str, ...]) -> tuple[str, int]:
    total = 0
    for secret in from_environment:
        if secret in text:
            total += text.count(secret)
            text = text.replace(secret, REDACTED)
    for needles, pattern in RULES:
        if any(needle in text for needle in needles):
            text, count = pattern.subn(rf"\g<1>{REDACTED}" if pattern.groups else REDACTED, text)
            total += count
    spans = assigned_secrets(text)
    if spans:
        pieces, kept_to = [], 0
        for start, end in spans:
            pieces += [text[kept_to:start], REDACTED]
            kept_to = end
        text = "".join([*pieces, text[kept_to:]])
    return text, total + len(spans)


_seen_environment: Mapping[Any, Any] = {}
_seen_secrets: tuple[str, ...] = ()


def _environment_secrets() -> tuple[str, ...]:
    """Return the secrets among the environment's values, the longest first."""
    global _seen_environment, _seen_secrets  # noqa: PLW0603 - a cache: what it holds follows from the environment
    # Its undecoded form, which is copied 50 times faster; where a Python has none, the decoded one does.
    environment = dict(getattr(os.environ, "_data", None) or os.environ)
    if environment != _seen_environment:
        values = {value.strip() for name, value in os.environ.items() if secrecy(name) != "no"}
        usable = (
            value for value in values if value not in REDACTED and not is_trivial(value) and not _is_number(value)
        )
        _seen_secrets = tuple(sorted(usable, key=lambda value: (-len(value), value)))
        _seen_environment = environment
    return _seen_secrets


def _is_number(value: str) -> bool:
    """Tell whether *value* is a short number: looked for everywhere, it would damage measurements."""
    return len(value) < 10 and value.replace(".", "", 1).isdigit()  # noqa: PLR2004
