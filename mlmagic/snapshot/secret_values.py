"""Values that are secrets wherever they stand: of environment variables whose names say so, and those typed in prompts.

They stay in memory only, and are looked for as they are and as the usual encodings write them. One that is a word, such
as ``mlflow``, is looked for only where it stands as a secret: to replace each would damage the code and its packages.
"""

from __future__ import annotations

import os
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.snapshot.secret_forms import forms
from mlmagic.snapshot.secret_names import is_placeholder, is_trivial, secrecy
from mlmagic.snapshot.secret_words import is_common_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REDACTED = "<redacted>"

LEAST_TYPED = 4
"""Characters that a value typed in a prompt must have to be looked for."""

_LEAST_ANYWHERE = 6  # a shorter one counts only where it stands alone: "test" is no part of "latest"
_LONGEST_NUMBER = 10


class Known(NamedTuple):
    """The values that are looked for ``anywhere``, and the ``words`` that count only beside a secret's name."""

    anywhere: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()


_typed: set[str] = set()
_seen_environment: Mapping[Any, Any] = {}
_known = Known()
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


def known_values() -> Known:
    """Return all that is to be looked for, the longest first; the environment is read as it is now."""
    global _seen_environment, _known  # noqa: PLW0603  # a cache: what it holds follows from the environment
    # Its undecoded form, which is copied 50 times faster; where a Python has none, the decoded one does.
    environment = dict(getattr(os.environ, "_data", None) or os.environ)
    if environment != _seen_environment:
        with _lock:
            values = _typed | set(_of_environment())
            words = frozenset(value for value in values if is_common_word(value))
            found = {form for value in values - words for form in forms(value)}
            _known = Known(tuple(sorted(found, key=lambda form: (-len(form), form))), words)
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
        is_word = is_common_word(value) and not is_placeholder(value)
        if not _is_part_of_a_redaction(value) and (is_word or not is_trivial(value)) and not _is_number(value):
            yield value


def _is_part_of_a_redaction(value: str) -> bool:
    return value in REDACTED * 2


def _is_number(value: str) -> bool:
    """Return whether *value* is a short number: looked for everywhere, it would damage measurements."""
    return len(value) < _LONGEST_NUMBER and value.replace(".", "", 1).isdigit()
