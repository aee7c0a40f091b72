"""Unpacking in Python: of ``user, password = "ana", "…"`` the second value is the password."""

from __future__ import annotations

import re

_LONGEST_BEFORE = 200

_TARGET = r"[ \t]*[\w.]{1,64}+(?:\[[\"']?\w{1,40}[\"']?\])?[ \t]*"
_UNPACKING = re.compile(rf"[ \t+-]*[(\[]?(?P<targets>{_TARGET}(?:,{_TARGET}){{1,8}}+)[)\]]?[ \t]*=(?!=)[ \t]*[(\[]?")
_VALUE = re.compile(
    r"[ \t]*(?:[rbfuRBFU]{0,2}(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))(?:[^\n\\]|\\.)){0,1000}+)(?P=quote)"
    r"|(?:[^,()\[\]\"'\n]|\([^()\n]{0,80}\)|\[[^\[\]\n]{0,80}\]){1,200}+)[ \t]*(?:,|(?=[)\]\n#;]|\Z))"
)


def unpacked(text: str, start: int, end: int) -> tuple[int, int] | tuple[()] | None:
    """Return the span of the literal that the target from *start* to *end* gets; () without one, None where none is.

    >>> text = "user, password = 'ana', 'hunter2'"
    >>> text[slice(*unpacked(text, 6, 14))]
    'hunter2'
    >>> unpacked("password = 'hunter2'", 0, 8) is None
    True
    """
    least = max(0, start - _LONGEST_BEFORE)
    line = text.rfind("\n", least, start) + 1 or least
    if "," not in text[line:start] and not text.startswith(",", end):
        return None
    match = _UNPACKING.match(text, line)
    if match is None or not match.start("targets") <= start <= end <= match.end("targets"):
        return None
    at = match.end()
    for _ in range(text.count(",", match.start("targets"), start)):
        passed = _VALUE.match(text, at)
        if passed is None or not passed[0].endswith(","):
            return ()
        at = passed.end()
    found = _VALUE.match(text, at)
    return found.span("value") if found and found["quote"] else ()
