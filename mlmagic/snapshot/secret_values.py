"""Values that are secrets wherever they stand: of environment variables whose names say so, and those typed in prompts.

They are held in memory only, and looked for as they are and as other formats write them.
"""

from __future__ import annotations

import json
import os
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from mlmagic.snapshot.secret_names import is_placeholder, is_trivial, looks_random, secrecy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REDACTED = "<redacted>"

LEAST_TYPED = 4
"""Characters that a value typed in a prompt must have to be looked for."""

_LEAST_ANYWHERE = 6  # a shorter one counts only where it stands alone: "test" is no part of "latest"
_LEAST_OF_A_LINE = 16
_LONGEST_NUMBER = 10

_typed: set[str] = set()
_seen_environment: Mapping[Any, Any] = {}
_known: tuple[str, ...] = ()
_lock = threading.Lock()


def remember(value: str) -> None:
    """Take *value*, which the user typed in a prompt for a secret, for one from now on.

    One of fewer than four characters is not looked for, neither is what only stands for a secret (``****``, ``None``).
    """
    value = value.strip()
    if len(value) >= LEAST_TYPED and not _is_part_of_a_redaction(value) and not is_placeholder(value):
        global _seen_environment  # noqa: PLW0603  # the list is made anew when it is next asked for
        with _lock:
            _typed.add(value)
            _seen_environment = {}


def known_values() -> tuple[str, ...]:
    """Return all that is to be looked for, the longest first; the environment is read as it is now."""
    global _seen_environment, _known  # noqa: PLW0603  # a cache: what it holds follows from the environment
    # Its undecoded form, which is copied 50 times faster; where a Python has none, the decoded one does.
    environment = dict(getattr(os.environ, "_data", None) or os.environ)
    if environment != _seen_environment:
        with _lock:
            values = _typed | set(_of_environment())
            found = {form for value in values for form in _forms(value)}
            _known = tuple(sorted(found, key=lambda form: (-len(form), form)))
            _seen_environment = environment
    return _known


def replace_value(text: str, value: str, stand_in: str = REDACTED) -> tuple[str, int]:
    """Replace *value* in *text*; a short one, or a number, only where it is no part of a longer word or number.

    >>> replace_value("test: the latest test.", "test")
    ('<redacted>: the latest <redacted>.', 2)
    >>> replace_value("pin 1234, loss 0.1234", "1234")
    ('pin <redacted>, loss 0.1234', 1)
    """
    if len(value) >= _LEAST_ANYWHERE and not _is_number(value):
        return text.replace(value, stand_in), text.count(value)
    return _alone(value).subn(lambda _: stand_in, text)


@lru_cache(maxsize=256)
def _alone(value: str) -> re.Pattern[str]:
    # After an escape ("\n") a word begins, too.
    return re.compile(rf"(?:(?<![\w.])|(?<=\\[nrt])|(?<=[^\d]\.)){re.escape(value)}(?!\w|\.\d)")


def _of_environment() -> Iterator[str]:
    values = {value.strip() for name, value in os.environ.items() if secrecy(name) != "no"}
    for value in values:
        if not _is_part_of_a_redaction(value) and not is_trivial(value) and not _is_number(value):
            yield value


def _forms(value: str) -> Iterator[str]:
    """Yield *value* as it is, and as JSON, Python and addresses write it; also each of its lines that looks random.

    >>> sorted(set(_forms("p@ss,word")))
    ['p%40ss%2Cword', 'p@ss,word']
    """
    in_json = json.dumps(value, ensure_ascii=False)[1:-1]
    yield from (value, in_json, json.dumps(in_json, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1])
    yield from (repr(value)[1:-1], quote(value, safe="", errors="surrogatepass"))
    yield quote_plus(value, errors="surrogatepass")
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _LEAST_OF_A_LINE and looks_random(line))


def _is_part_of_a_redaction(value: str) -> bool:
    return value in REDACTED * 2


def _is_number(value: str) -> bool:
    """Tell whether *value* is a short number: looked for everywhere, it would damage measurements."""
    return len(value) < _LONGEST_NUMBER and value.replace(".", "", 1).isdigit()
