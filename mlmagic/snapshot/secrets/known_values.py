"""Values that are secrets wherever they stand: of the environment, typed in prompts, and judged secrets in some text.

They stay in memory only, and are looked for as they are and as the usual encodings write them. One that is a word, such
as ``mlflow``, or made of words, such as ``train1``, is looked for only where it stands as a secret: to replace each
would damage the code, its packages and the names of metrics.
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
"""Characters that a value typed in a prompt must have to be looked for."""

_LEAST_ANYWHERE = 6  # a shorter one counts only where it stands alone: "test" is no part of "latest"
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
    """The values that are looked for ``anywhere``, those ``learned`` in this session, and ``words``.

    Of the first two those ``alone`` count only where they are no part of a longer word or number; ``words`` count only
    beside a secret's name. Two are equal only if they are one: it is a part of the key of a cache.
    """

    anywhere: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()
    alone: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


_typed: set[str] = set()
"""What was typed into prompts: a secret for as long as the process may print it."""
_learned: dict[str, None] = {}
"""What was judged a secret in a text of this session, the oldest first."""
_seen_environment: Mapping[Any, Any] = {}
_known = Known()
"""What the process's environment holds, and the values that follow from all of these."""
_lock = threading.Lock()


def remember(value: str) -> None:
    """Take *value*, which the user typed in a prompt for a secret, for one from now on.

    One of fewer than four characters is not looked for, neither is what only stands for a secret (``****``, ``None``).
    """
    value = value.strip()
    if len(value) >= LEAST_TYPED and not _is_part_of_a_redaction(value) and not is_placeholder(value):
        with _lock:
            _typed.add(value)
            _make_anew()


def learn(values: Iterable[str]) -> bool:
    """Take *values*, which were judged secrets in one text, for secrets in all; return whether one is new.

    Of one text the first 16 are taken, in all the latest 128. What could be a word or a number stays what it is.
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
    """End the session: what was learned in it is looked for no more."""
    with _lock:
        if _learned:
            _learned.clear()
            _make_anew()


def _make_anew() -> None:
    """Have the list made anew when it is next asked for."""
    global _seen_environment  # noqa: PLW0603  # a cache: what it holds follows from the environment
    _seen_environment = {}


def known_values() -> Known:
    """Return all that is to be looked for, the longest first; the environment is read as it is now."""
    global _seen_environment, _known  # noqa: PLW0603  # a cache: what it holds follows from the environment
    # Its undecoded form, which is copied 50 times faster; where a Python has none, the decoded one does.
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
    """Replace *value* in *text*; with *alone*, and if it is short, only where it is no part of a longer word or number.

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
    # After an escape ("\n", "%3D") a word begins, too.
    begins = r"(?:(?<![\w.])|(?<=\\[nrt])|(?<=[^\d]\.)|(?<=%[0-9A-Fa-f]{2}))"
    return re.compile(rf"{begins}{re.escape(value)}(?!\w|\.\d)")


def _of_environment() -> Iterator[str]:
    for name, value in sorted(os.environ.items()):
        verdict, value = secrecy(name), value.strip()  # noqa: PLW2901  # without what stands around it
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
    """Return whether a *value* that was judged a secret in one text is known by itself in others: words are not."""
    if _reads_as_words(value) or _OF_CODE.fullmatch(value):
        return False
    pieces = value.split()
    if len(pieces) > 1:
        return len(value) >= _LEAST_OF_A_PHRASE or any(map(stands_out, pieces))
    if any(c.isdigit() or c in _SIGNS_OF_A_PASSWORD for c in value):
        return True
    # An identifier is long as well: of letters only what is generated, or many words with dashes.
    return (value.isalpha() and looks_generated(value)) or (len(value) >= _LEAST_OF_A_PHRASE and "-" in value)


def _working_folder() -> str:
    """Return the folder's path, which tracebacks and the address of the store hold."""
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted
        return ""


def _reads_as_words(value: str) -> bool:
    return is_common_word(value) or is_made_of_words(value)


def _is_like_a_name(value: str) -> bool:
    """Return whether *value* is short and could be a part of a name, such as ``hunter2`` of ``hunter2_loss``."""
    return len(value) < _LONGEST_LIKE_A_NAME and value.isalnum() and is_name(value)


def _is_part_of_a_redaction(value: str) -> bool:
    return value in REDACTED * 2


def _is_number(value: str) -> bool:
    """Return whether *value* is a short number: looked for everywhere, it would damage measurements."""
    return len(value) < _LONGEST_NUMBER and value.replace(".", "", 1).isdigit()
