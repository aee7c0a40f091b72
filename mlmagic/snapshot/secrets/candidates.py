"""Judge whether a value could be a secret: next to a name of some verdict, in a list, or among words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.names import secrecy, words_of
from mlmagic.snapshot.secrets.words import is_common_word, is_made_of_words, is_name, looks_generated, reads_as_one_word

if TYPE_CHECKING:
    from mlmagic.snapshot.secrets.names import Verdict

_LEAST_CHARACTERS = 6
_RANDOM_LEAST_CHARACTERS = 8
_RANDOM_LEAST_LETTERS = 16

# Keys that a mapping of credentials has besides the secrets.
_PUBLIC = words_of(
    "description enabled endpoint env environment host hostname id kind label name namespace path port realm "
    "region role scheme scope type uri url user user_id username version"
)
_TRIVIAL_WORDS = words_of(
    "anonymous api_key changeme default disabled enabled keyring missing not_set optional password "
    "postgres prompt required secret string undefined"
)
_PLACEHOLDER = re.compile(
    r"(?:<redacted>[\s+-]*)+|<[\w .-]*>|(?:basic|bearer|token) \{[^{}]*\}"
    r"|(?-i:\$[A-Z][A-Z0-9_]*)|\$\{[^{}]*\}|\{\{?[^{}]*\}?\}|\$\([^()]*\)|%\(\w+\)s|%s|([*.x#_-])\1*"
    r"|true|false|none|null|nan|yes|no|on|off",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?:~|\.{1,2})[/\\][^\n]+|[/\\][^\n]*(?:[/\\]|\.\w{1,8}$)[^\n]*|[A-Za-z]:[/\\][^\n]*|file:/[^\n]*|/[a-z_.]{1,20}"
)
_VERSION = re.compile(r"v?\d{1,4}(?:\.\d{1,4}){1,3}(?:[.-]?(?:a|b|rc|dev|post)\d{1,8})*(?:\+[\w.]{1,40})?")
_PLAIN = re.compile(r"[\w./-]{1,64}")
# In a sentence none of these is a password: a number with its unit, a date, a mail address.
_NO_PASSWORD = re.compile(r"[\d.,:/%+-]*|\d+[.\u2013-]?[^\W\d]+(?:-[^\W\d]+)*|[^@\s]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]+")
_SIGNS_OF_A_PASSWORD = frozenset("!#$%&*+@^~?")
_OF_CODE = re.compile(r"^##|::|://|[()\[\]{}<>=]|%s|\.{3}|…")
_WITH_SIGNS = re.compile(r"\w[!#$%&*+?@^~]+\w")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}")


def is_placeholder(value: str) -> bool:
    """Return whether *value* is a placeholder for a secret: ``""``, ``"<your key>"``, ``"${TOKEN}"``, ``"***"``.

    >>> [is_placeholder(value) for value in ("", "<redacted>", "{api_key}", "None", "hunter2")]
    [True, True, True, True, False]
    """
    return not value.strip() or _PLACEHOLDER.fullmatch(value.strip()) is not None


def is_trivial(value: str) -> bool:
    """Return whether *value* is too short or too common to be searched for in every text: ``true``, a path, a word.

    >>> [is_trivial(value) for value in ("on", "default", "/run/secrets/token", "hunter2")]
    [True, True, True, False]
    """
    value = value.strip()
    return len(value) < _LEAST_CHARACTERS or value.lower() in _TRIVIAL_WORDS or is_placeholder(value) or is_path(value)


def is_path(value: str) -> bool:
    """Return whether *value* is a file path, and not a base64 secret that begins with a slash.

    >>> is_path("/run/secrets/token"), is_path("/wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY1")
    (True, False)
    """
    return _PATH.fullmatch(value) is not None and _BASE64.fullmatch(value) is None


def is_version(value: str) -> bool:
    """Return whether *value* is a version or a decimal, such as the version of a package that is named after secrets.

    >>> is_version("1.5.0"), is_version("2.13.0+cpu"), is_version("1234")
    (True, True, False)
    """
    return _VERSION.fullmatch(value.strip()) is not None


def looks_random(value: str) -> bool:
    """Return whether *value* looks like a password or a token rather than a name, a word or a sentence.

    >>> [looks_random(value) for value in ("hunter2x", "s3cr3t-value", "the", "resnet50-v2", "two words 12")]
    [True, True, False, False, False]
    """
    if len(value) < _RANDOM_LEAST_CHARACTERS or any(c.isspace() for c in value) or is_trivial(value):
        return False
    if any(c.isdigit() for c in value):
        return not is_name(value) and not is_made_of_words(value)
    return len(value) >= _RANDOM_LEAST_LETTERS and looks_generated(value) and not reads_as_one_word(value)


def has_signs(value: str) -> bool:
    """Return whether *value* has letters, digits and the signs that passwords have, and is no code or address.

    >>> [has_signs(value) for value in ("Summer2024!", "Qwertz!7", "hunter2", "f(x1)", "50%", "ana7@example.org")]
    [True, True, False, False, False, False]
    """
    return (
        len(value) >= _LEAST_CHARACTERS
        and any(map(str.isalpha, value))
        and any(map(str.isdigit, value))
        and not _SIGNS_OF_A_PASSWORD.isdisjoint(value)
        and not any(map(str.isspace, value))
        and not _NO_PASSWORD.fullmatch(value)
        and not _OF_CODE.search(value)
        and not is_placeholder(value)
        and not is_path(value)
    )


def is_plain(value: str) -> bool:
    """Return whether *value* is a word, identifier or relative path that a person would choose as a name.

    >>> [is_plain(value) for value in ("banana", "user_id", "data/raw", "gpt2xl", "zq11Wmmk", "p@ss", "two words")]
    [True, True, True, True, False, False, False]
    """
    return _PLAIN.fullmatch(value) is not None and (is_name(value) or is_made_of_words(value))


def stands_out(value: str) -> bool:
    """Return whether *value* could be a secret among words: in a sentence, in a row, or after an arrow.

    Words, numbers, code, paths, addresses and names of models could not.

    >>> [stands_out(value) for value in ("Tr0ub4dor&3", "hunter2", "qwkjhzxmvb", "p@ssw!rd")]
    [True, True, True, True]
    >>> [stands_out(value) for value in ("wrong", "case-sensitive", "8chars", "2026-11-25", "resnet50", "f(x1)")]
    [False, False, False, False, False, False]
    """
    if len(value) < _LEAST_CHARACTERS or is_placeholder(value) or is_path(value) or is_version(value):
        return False
    if _NO_PASSWORD.fullmatch(value) or _OF_CODE.search(value) or is_made_of_words(value):
        return False
    if any(c.isdigit() for c in value):
        return any(c.isalpha() for c in value)
    return _WITH_SIGNS.search(value) is not None or (
        len(value) >= _RANDOM_LEAST_CHARACTERS
        and value.isascii()
        and value.isalpha()
        and looks_generated(value)
        and not reads_as_one_word(value)
    )


def could_be_secret(value: str, verdict: Verdict) -> bool:
    """Return whether *value*, next to a name of this *verdict*, may be a secret.

    Placeholders, paths and versions are not secrets. For a sure name, every other value is one; for a weak name, it
    must not be plain; for a bare ``token``, it must look random.

    >>> [could_be_secret("hunter", verdict) for verdict in ("yes", "weak", "maybe", "no")]
    [True, False, False, False]
    >>> could_be_secret("p@ss", "weak"), could_be_secret("p@ss", "maybe"), could_be_secret("q7Rk2xWvP9", "maybe")
    (True, False, True)
    """
    if is_placeholder(value) or is_path(value) or is_version(value):
        return False
    if verdict == "weak":
        return not is_plain(value)
    return verdict == "yes" or (verdict == "maybe" and looks_random(value))


def could_be_one_of_many(value: str, verdict: Verdict) -> bool:
    """Return whether *value*, in a list or a column of this *verdict*, may be a secret.

    The words of code are not secrets: ``df.agg({"password": ["min", "max"]})``.
    """
    has_digit = any(map(str.isdigit, value))
    return could_be_secret(value, verdict) and (has_digit or not is_made_of_words(value)) and not is_common_word(value)


def is_one_of_many(name: str, value: str, verdict: Verdict) -> bool:
    """Return whether *value*, under the key *name* of a mapping of this *verdict*, may be a secret.

    >>> is_one_of_many("ana", "swordfish", "yes"), is_one_of_many("user", "anamaria", "yes")
    (True, False)
    """
    if secrecy(name) != "no" or name.lower() in _PUBLIC:
        return False
    if name.lower() == "key":  # the key itself, or its name
        return stands_out(value)
    return could_be_one_of_many(value, verdict)
