"""Removes control characters from untrusted text; all text output goes through this module.

A run's name may contain an escape sequence that sets the window's title, clears the screen or reverses the text.
"""

from __future__ import annotations

import re

_CONTROLS = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # all but tab and newline; 0x9b starts a sequence as ESC [ does
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # writing direction
    "\u2028\u2029\ud800-\udfff"  # line and paragraph separators; surrogates, which no stream can encode
    "]"
)
_SPACES = str.maketrans("\n\r\t", "   ")


def visible(text: object) -> str:
    r"""Replace each control character of *text* by a mark; tabs and newlines stay.

    >>> visible("a\x1b[2J\nb\u202e")
    'a�[2J\nb�'
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(text))


def clean(text: object) -> str:
    r"""Return *text* on one line, with each control character replaced by a mark.

    >>> clean("a\x1b[31m\nb")
    'a�[31m b'
    """
    return visible(str(text).translate(_SPACES))


def is_plain(text: str) -> bool:
    r"""Return whether *text* is one line without control characters.

    >>> is_plain("baseline"), is_plain("base\x1b[31mline"), is_plain("two\nlines")
    (True, False, False)
    """
    return clean(text) == text
