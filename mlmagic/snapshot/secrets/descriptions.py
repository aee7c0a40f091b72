"""Judge whether a value in a mapping describes the field of its key: a word, a type, a label, a sentence.

Mappings whose keys are names of columns or of form fields have such values: ``{"password": "weak"}``. In a mapping
that also says who logs in, or where, a word is a password: ``{"user": "ana", "password": "weak"}``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.names import words_of
from mlmagic.snapshot.secrets.words import looks_generated, reads_as_one_word

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 200
_LONGEST_ABBREVIATION = 3
_MOST_WORDS_OF_A_LABEL = 3

_OF_A_LOGIN = words_of(
    "account accountid clientid database db dbname dsn email endpoint host hostname login mail port server uid uri "
    "url user userid username"
)
_OWNERS_OF_LOGINS = words_of(
    "account api auth aws azure client connection credentials database db email ftp imap kafka ldap login mail minio "
    "mongo mongodb mysql oracle pg postgres postgresql rabbitmq redis s3 server smtp source sql ssh storage "
    "user"
)
_TYPES = words_of(
    "any array bool boolean bytes category char datetime float float32 float64 int int32 int64 integer number object "
    "str string text varchar"
)
_FUNCTION_WORDS = words_of(
    "a an and are as at be by can choose contains enter for from has have if in is least must no not of on or should "
    "than that the this to too type was with your"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+|\d+")
_IDENTIFIER = re.compile(r"[^\W\d_][^\W\d_.-]*(?:[_.-]+(?:[^\W\d_]+|\d{1,2}(?![^\W_])))*_*")
_PIECE_OF_A_SENTENCE = re.compile(
    r"[(\"'\[]?(?:[^\W\d_]+(?:['\u2019/-][^\W\d_]+)*|\d{1,3})[)\"'\]]?[.,:;!?…]*|[-\u2013\u2014&+/:]"
)
_ENDS_A_SENTENCE = (".", ":", "?", "!", "…")


def is_description(value: str) -> bool:
    """Return whether *value* is a word, an identifier made of words, a label or a sentence.

    >>> [is_description(value) for value in ("weak", "pw_text", "PasswordInput", "At least 8 characters")]
    [True, True, True, True]
    >>> [is_description(value) for value in ("hunter2", "admin123", "p@ss", "qwkjhzxmvb", "correct horse battery pin")]
    [False, False, False, False, False]
    """
    words = value.split()
    if not words or len(value) > _LONGEST:
        return False
    if len(words) == 1 and _IDENTIFIER.fullmatch(words[0]):
        return _is_of_words(words[0])
    return all(_PIECE_OF_A_SENTENCE.fullmatch(word) and _is_of_words(word) for word in words) and (
        words[0][0].isupper()
        or words[-1].endswith(_ENDS_A_SENTENCE)
        or not _FUNCTION_WORDS.isdisjoint(map(str.lower, words))
        or (1 < len(words) <= _MOST_WORDS_OF_A_LABEL and not any(map(str.isdigit, value)))
    )


def _is_of_words(text: str) -> bool:
    pieces = [piece for piece in _WORD.findall(text) if len(piece) > _LONGEST_ABBREVIATION and piece.isascii()]
    return not any(looks_generated(piece) and not reads_as_one_word(piece) for piece in pieces)


def describes(value: str, siblings: Iterable[str]) -> bool:
    """Return whether *value* describes its key in a mapping that has *siblings* as further keys.

    >>> describes("weak", ["lr"]), describes("weak", ["user"]), describes("str", ["user"])
    (True, False, True)
    """
    return value.lower() in _TYPES or (is_description(value) and not any(map(_is_of_a_login, siblings)))


def describes_its_path(path: str, value: str) -> bool:
    """Return whether *value* describes the last key of a dotted *path*, as in a flat mapping of parameters.

    >>> describes_its_path("label.password", "Password"), describes_its_path("db.password", "banana")
    (True, False)
    """
    owner = re.split(r"[./]", path)[-2:-1]
    return bool(owner) and owner[0].lower() not in _OWNERS_OF_LOGINS and is_description(value)


def _is_of_a_login(key: str) -> bool:
    """Return whether *key* names who logs in, or where."""
    words = [word.lower() for word in _WORD.findall(key)]
    return not _OF_A_LOGIN.isdisjoint({*words[-1:], "".join(words[-2:])})
