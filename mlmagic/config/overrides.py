"""Splits a line into Hydra overrides. Spaces within brackets or quotes do not split.

Quotes around a whole override are shell quotes and are removed; quotes within a value are Hydra's and stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = {"(": ")", "[": "]", "{": "}"}
_QUOTES = "'\""
_OVERRIDE = re.compile(r"[+~]*[\w./@:$-]+\s*=|~[\w./@:$-]+\Z")
_BARE = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\$\{[^}]*\})|([^\[\]{}(),:'"=]+)""")


def words_of(line: str) -> list[str]:
    """Split *line* at its spaces, except in brackets or quotes and around a comma or an equals sign.

    >>> words_of("lr=0.1, 0.01 x='a, b' layers=choice([64, 32], 8) name = ${lr}")
    ['lr=0.1,0.01', "x='a, b'", 'layers=choice([64, 32], 8)', 'name=${lr}']
    >>> words_of("cfg 'l=[1, 2]' 'two words'")
    ['cfg', 'l=[1, 2]', "'two words'"]
    """
    words: list[str] = []
    for word in _divided(line):
        if words and _goes_on(words[-1], word):
            words[-1] += word
        else:
            words.append(word)
    return [_without_shell_quotes(word) for word in words]


def _without_shell_quotes(word: str) -> str:
    """Remove the quotes around a whole override; return any other word unchanged."""
    quote, inner = word[0], word[1:-1]
    is_whole = quote in _QUOTES and word.endswith(quote) and not re.search(rf"(?<!\\){quote}", inner)
    if not is_whole or not _OVERRIDE.match(inner):
        return word
    return re.sub(r"\\([\"\\])", r"\1", inner) if quote == '"' else inner


def _divided(line: str) -> Iterator[str]:
    word, closing, quote, escaped = "", [""], "", False
    for letter in line:
        if quote:
            quote = "" if letter == quote and not escaped else quote
            escaped = letter == "\\" and not escaped
        elif letter in _QUOTES:
            quote = letter
        elif letter in _OPENING:
            closing.append(_OPENING[letter])
        elif letter == closing[-1]:
            closing.pop()
        elif letter.isspace() and len(closing) == 1:
            if word:
                yield word
            word = ""
            continue
        word += letter
    if word:
        yield word


def _goes_on(before: str, word: str) -> bool:
    """Return whether *word* continues the word *before*, as in ``lr=0.1, 0.01`` and ``lr = 0.1``."""
    if before.startswith("-") or word.startswith("--") or "=" in word[1:]:
        return False
    return before.endswith((",", "=")) or word.startswith((",", "="))


def quoted(override: str) -> str:
    """Quote the non-ASCII words of *override*, which Hydra's grammar does not accept unquoted.

    >>> quoted("name=größe"), quoted("name=[über, 'größe']"), quoted("lr=0.1")
    ("name='größe'", "name=['über', 'größe']", 'lr=0.1')
    """
    key, equals, value = override.partition("=")
    if not equals or value.isascii():
        return override
    return f"{key}={_BARE.sub(_bare_in_quotes, value)}"


def in_quotes(text: str) -> str:
    r"""Return *text* in quotes of Hydra's grammar, which escapes a backslash only before a quote.

    >>> print(in_quotes("it's"), in_quotes(r"C:\data"), in_quotes("C:" + chr(92)))
    'it\'s' 'C:\data' 'C:\\'
    """
    from hydra.core.override_parser.types import Quote, QuotedString

    return str(QuotedString(text, Quote.single).with_quotes())


def _bare_in_quotes(found: re.Match[str]) -> str:
    bare = found[2]
    if bare is None or bare.isascii():
        return found[0]
    text = bare.strip()
    return bare.replace(text, in_quotes(text.replace("\\\\", "\\")))  # without quotes, two backslashes are one


def key_of(override: str) -> str:
    """Return the dotted key or config group that an override sets: ``model.depth`` for ``+model.depth=5``.

    >>> key_of("+db/engine@store=fast"), key_of("~lr"), key_of("++lr=1")
    ('store', 'lr', 'lr')
    """
    key, _, package = override.partition("=")[0].lstrip("+~").partition("@")
    return (package.rpartition(":")[2] or key).replace("/", ".")
