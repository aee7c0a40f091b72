"""Values that are secrets in every text: from the environment, typed in prompts, or detected in an earlier text.

They stay in memory only, and are searched for literally and in their usual encodings. A value that is a word, such
as ``mlflow``, or made of words, such as ``train1``, is redacted only next to a secret's name: redacting it everywhere
would damage code and the names of packages and metrics.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.secrets.candidates import could_be_secret, is_placeholder, is_trivial, stands_out
from mlmagic.snapshot.secrets.encodings import forms
from mlmagic.snapshot.secrets.names import secrecy
from mlmagic.snapshot.secrets.words import is_common_word, is_made_of_words, is_name, looks_generated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

REDACTED = "<redacted>"

LEAST_TYPED = 4
"""The fewest characters of a value typed in a prompt that is searched for."""

_LEAST_ANYWHERE = 6  # a shorter one is redacted only as a whole word: "test" is not redacted in "latest"
_LONGEST_NUMBER = 10
_LONGEST_LIKE_A_NAME = 10
_LONGEST_LEARNED = 200
_LEAST_OF_A_PHRASE = 20
_SIGNS_OF_A_PASSWORD = frozenset("!#$%&*+@^~?")
_OF_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_MOST_LEARNED = 128
_MOST_OF_A_TEXT = 16


@dataclass(frozen=True, eq=False)
class Known:
    """The values to search for ``anywhere``, those ``learned`` in this session, and ``words``.

    Those of the first two that are in ``alone`` count only as whole words or numbers; ``words`` count only next to a
    secret's name. Instances are compared by identity, since they are part of a cache key.
    """

    anywhere: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()
    alone: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


_typed: set[str] = set()
"""What was typed into prompts: a secret for as long as the process may print it."""
_learned: dict[str, None] = {}
"""The values detected as secrets in texts of this session, the oldest first."""
_seen_environment: Mapping[Any, Any] = {}
_known = Known()
"""What the process's environment holds, and the values that follow from all of these."""
_lock = threading.Lock()


def remember(value: str) -> None:
    """Treat *value*, which the user typed in a prompt for a secret, as a secret from now on.

    Values of fewer than four characters and placeholders (``****``, ``None``) are ignored.
    """
    value = value.strip()
    if len(value) >= LEAST_TYPED and not _is_part_of_a_redaction(value) and not is_placeholder(value):
        with _lock:
            _typed.add(value)
            _make_anew()


def learn(values: Iterable[str]) -> bool:
    """Treat *values*, detected as secrets in one text, as secrets in all texts; return whether one is new.

    The first 16 values of a text are learned, and the latest 128 in total. Numbers are not learned, and words count
    only next to a secret's name.
    """
    new = [
        value
        for value in dict.fromkeys(map(str.strip, values))
        if value not in _learned and _could_stand_elsewhere(value)
    ]
    if new:
        here = _working_folder()
        new = [value for value in new if value not in here][:_MOST_OF_A_TEXT]
    if not new:
        return False
    with _lock:
        _learned.update(dict.fromkeys(new))
        for oldest in list(_learned)[:-_MOST_LEARNED]:
            del _learned[oldest]
        _make_anew()
    return True


def forget_learned() -> None:
    """Forget the values that were learned in this session."""
    with _lock:
        if _learned:
            _learned.clear()
            _make_anew()


def _make_anew() -> None:
    """Invalidate the cached list, so that its next use rebuilds it."""
    global _seen_environment  # noqa: PLW0603  # a cache: what it holds follows from the environment
    _seen_environment = {}


def known_values() -> Known:
    """Return all values to search for, the longest first, with the current values of the environment."""
    global _seen_environment, _known  # noqa: PLW0603  # a cache: what it holds follows from the environment
    # The undecoded mapping copies 50 times faster; a Python without it uses the decoded one.
    environment = dict(getattr(os.environ, "_data", None) or os.environ)
    if environment != _seen_environment:
        with _lock:
            found = _find()
            if vars(found) != vars(_known):
                _known = found
            _seen_environment = environment
    return _known


def _find() -> Known:
    given = _typed | set(_of_environment())
    learned = set(_learned) - given
    words = {value for value in given if _reads_as_words(value)} | {
        value for value in learned if not _is_telling(value)
    }
    like_names = {value for value in (given | learned) - words if _is_like_a_name(value)}
    alone = {form for value in like_names for form in (value, value.upper(), value.lower())}
    anywhere = {form for value in given - words for form in forms(value)}
    others = {form for value in learned - words for form in forms(value)} - anywhere
    return Known(_longest_first(anywhere), _longest_first(others), frozenset(alone), frozenset(words))


def _longest_first(values: set[str]) -> tuple[str, ...]:
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def replace_value(text: str, value: str, stand_in: str = REDACTED, *, alone: bool = False) -> tuple[str, int]:
    """Replace *value* in *text*; if it is *alone* or short, only where it is not part of a longer word or number.

    >>> replace_value("test: the latest test.", "test")
    ('<redacted>: the latest <redacted>.', 2)
    >>> replace_value("pin 1234, loss 0.1234", "1234")
    ('pin <redacted>, loss 0.1234', 1)
    """
    if len(value) >= _LEAST_ANYWHERE and not _is_number(value) and not alone:
        return text.replace(value, stand_in), text.count(value)
    return _alone(value).subn(lambda _: stand_in, text)


@lru_cache(maxsize=256)
def _alone(value: str) -> re.Pattern[str]:
    # A word also begins after an escape ("\n", "%3D").
    begins = r"(?:(?<![\w.])|(?<=\\[nrt])|(?<=[^\d]\.)|(?<=%[0-9A-Fa-f]{2}))"
    return re.compile(rf"{begins}{re.escape(value)}(?!\w|\.\d)")


def _of_environment() -> Iterator[str]:
    for name, value in sorted(os.environ.items()):
        verdict, value = secrecy(name), value.strip()  # noqa: PLW2901  # without surrounding space
        if verdict == "no" or (verdict == "weak" and not could_be_secret(value, verdict)):
            continue
        is_word = _reads_as_words(value) and not is_placeholder(value)
        if not _is_part_of_a_redaction(value) and (is_word or not is_trivial(value)) and not _is_number(value):
            yield value


def _could_stand_elsewhere(value: str) -> bool:
    return (
        len(value) <= _LONGEST_LEARNED
        and not is_trivial(value)
        and not _is_part_of_a_redaction(value)
        and REDACTED not in value
        and any(map(str.isalpha, value))
    )


def _is_telling(value: str) -> bool:
    """Return whether a *value* detected in one text can be recognised by itself in others, which words cannot."""
    if _reads_as_words(value) or _OF_CODE.fullmatch(value):
        return False
    pieces = value.split()
    if len(pieces) > 1:
        return len(value) >= _LEAST_OF_A_PHRASE or any(map(stands_out, pieces))
    if any(c.isdigit() or c in _SIGNS_OF_A_PASSWORD for c in value):
        return True
    # Identifiers are long as well: of letters, accept only generated ones, or long values with dashes.
    return (value.isalpha() and looks_generated(value)) or (len(value) >= _LEAST_OF_A_PHRASE and "-" in value)


def _working_folder() -> str:
    """Return the path of the working folder, which occurs in tracebacks and in the store's URI."""
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted
        return ""


def _reads_as_words(value: str) -> bool:
    return is_common_word(value) or is_made_of_words(value)


def _is_like_a_name(value: str) -> bool:
    """Return whether *value* is short and could be part of a name, such as ``hunter2`` in ``hunter2_loss``."""
    return len(value) < _LONGEST_LIKE_A_NAME and value.isalnum() and is_name(value)


def _is_part_of_a_redaction(value: str) -> bool:
    return value in REDACTED * 2


def _is_number(value: str) -> bool:
    """Return whether *value* is a short number: redacting it everywhere would damage measurements."""
    return len(value) < _LONGEST_NUMBER and value.replace(".", "", 1).isdigit()
