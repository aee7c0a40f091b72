"""Find the last lines of a private key whose first lines were cut: base64 above ``-----END PRIVATE KEY-----``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.encodings import holds_a_key

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LINES = 400
_LONGEST_LINE = 200
_NEEDLE = "-----END "
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# In a patch, a log or a literal a line has signs before and after it; the break may be escaped.
_LINE = re.compile(
    r"(?:\A|\n|\\n|(?<=[^A-Za-z0-9+/=\\]))(?P<key>[A-Za-z0-9+/]{4,200}={0,2})"
    r"[\"',\\ \t\rnr+>|]{0,20}(?:\n|\\n)[\"' \t+>|-]{0,40}\Z"
)


def ends_of_keys(text: str) -> Iterator[tuple[int, int]]:
    r"""Yield the spans of the lines of base64 above the ends of private keys; whole keys are redacted before.

    >>> text = "lr=0.1\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASC\n-----END PRIVATE KEY-----\n"
    >>> [text[slice(*span)] for span in ends_of_keys(text)]
    ['MIIEvQIBADANBgkqhkiG9w0B\nAQEFAASC']
    """
    if _NEEDLE not in text:
        return
    for found in _END.finditer(text):
        start, end = found.start(), 0
        for _ in range(_MOST_LINES):
            line = _LINE.search(text, max(0, start - 2 * _LONGEST_LINE), start)
            if line is None:
                break
            start, end = line.start("key"), end or line.end("key")
        if holds_a_key(text[start:end]):
            yield start, end
