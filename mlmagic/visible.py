"""Text that others wrote, shown so that it cannot steer a terminal: the one function that all text output goes through.

A run's name may hold an escape sequence that sets the window's title, clears the screen or mirrors what follows.
"""

from __future__ import annotations

import re

_CONTROLS = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # all but tab and newline; 0x9b begins a sequence as ESC [ does
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the direction of writing
    "\u2028\u2029\ud800-\udfff"  # separators of lines and paragraphs; halves of a character, which no stream encodes
    "]"
)
_SPACES = str.maketrans("\n\r\t", "   ")


def visible(text: object) -> str:
    r"""Return *text* with a mark in place of each control character; tabs and newlines stay.

    >>> visible("a\x1b[2J\nb\u202e")
    'a�[2J\nb�'
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(text))


def clean(text: object) -> str:
    r"""Return *text* on one line, with a mark in place of each control character.

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
