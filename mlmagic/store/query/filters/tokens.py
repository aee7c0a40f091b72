"""The words and signs of a filter, as ``comparison/web/src/table/filter/tokens.ts`` reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

TokenKind = Literal["name", "text", "symbol", "mark", "word", "open"]

_TOKEN = re.compile(
    r"""(?P<name>(?:[A-Za-z]+\.)?`[^`]*`|[A-Za-z]+\."[^"]*")   # `val loss`, metrics.`val loss`, tags."a b"
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<symbol>[=<>!~≤≥≠]+)
      | (?P<mark>&&?|\|\|?|[(),;])
      | (?P<word>[^\s=<>!~≤≥≠'"`(),&|;]+)
      | (?P<open>['"`])""",
    re.VERBOSE,
)
TYPOGRAPHIC_QUOTES = "“”„‟‘’‚‛«»‹›′″´"  # noqa: RUF001  # what word processors and chats make of quotes
_PLAIN = re.compile(rf"""(?![{TYPOGRAPHIC_QUOTES}])[^\s=<>!~≤≥≠'"`(),&|;]+""")


@dataclass(frozen=True)
class Token:
    """A part of a filter's text, and where it stands."""

    kind: TokenKind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in lower case; empty if this is no word."""
        return self.text.lower() if self.kind == "word" else ""

    @property
    def can_be_named(self) -> bool:
        """Whether a name or a value may hold this token."""
        return self.kind in {"name", "text", "word"} and self.word not in {"and", "or"}


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a filter, without the spaces between them.

    >>> [token.text for token in tokens_of("metrics.`val loss`<=1 and (team ~ 'a b')")]
    ['metrics.`val loss`', '<=', '1', 'and', '(', 'team', '~', "'a b'", ')']
    """
    return [
        Token(cast("TokenKind", match.lastgroup), match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    ]


def is_plain(text: str) -> bool:
    """Return whether *text* is one word, which needs no quotes.

    >>> is_plain("val_loss"), is_plain("val loss"), is_plain("“best”"), is_plain("")
    (True, False, False, False)
    """
    return _PLAIN.fullmatch(text) is not None


def unquoted(text: str, quotes: str = "`\"'") -> str:
    """Return *text* without one quote at each end.

    >>> unquoted("`val loss`"), unquoted("x")
    ('val loss', 'x')
    """
    if text[:1] and text[0] in quotes:
        text = text[1:]
    return text[:-1] if text and text[-1] in quotes else text
