"""Records of a name and a value: ``- name: DB_PASSWORD`` above ``value: …``, ``{"Key": "password", "Value": "…"}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.descriptions import describes

if TYPE_CHECKING:
    from mlmagic.snapshot.secrets.assigned.named import Named, Span

_REACH = 300
_LONGEST_FIELD = 40
_QUOTE = r"\\{0,8}[\"']"
_IS = rf"(?:{_QUOTE})?[ \t]{{0,4}}[:=][ \t]{{0,4}}"
_LINE = r"(?:\s|\\n|[+-](?=[ \t])){0,60}"
_NAME = (
    rf"(?:{_QUOTE})?(?i:name|key|variable|parameter(?:key|name)|field|id){_IS}\s{{0,4}}"
    rf"(?:{_QUOTE})?\Z"
)
_VALUE = rf"(?:{_QUOTE})?(?i:(?:parameter|default|string)?value|val|default){_IS}"
# One more field between the two.
_OTHER = (
    rf"(?:(?:{_QUOTE})?(?i:type|secure|required|slot_?setting|effect){_IS}"
    rf"[\"']?\w{{1,30}}[\"']?,?{_LINE})?"
)
_WORD = r"(?P<word>(?!\$[({])[^\s\"'{}\[\]|>&,][^\n\"'{},]{0,1000}+)"
_LITERAL = rf"[rbfu]?(?P<quote>{_QUOTE})(?P<value>(?:(?!(?P=quote))[^\n]){{1,1000}}+)(?P=quote)"
_AFTER_A_NAME = re.compile(_NAME)
_VALUE_AFTER = re.compile(rf"(?:{_QUOTE})?[ \t]*,?{_LINE}{_OTHER}{_VALUE}(?:{_LITERAL}|{_WORD})")
_VALUE_BEFORE = re.compile(rf"{_VALUE}{_LITERAL}\s{{0,4}},{_LINE}{_OTHER}{_NAME}")
_COMMENT = re.compile(r"[ \t]+#.*")


def in_a_record(named: Named) -> Span | None:
    """Return the span of the value in the record whose name is *named*."""
    text, least = named.text, max(0, named.start - _REACH)
    if _AFTER_A_NAME.search(text, max(least, named.start - _LONGEST_FIELD), named.start) is None:
        return None
    found = _VALUE_AFTER.match(text, named.end)
    if found is None:
        found = _VALUE_BEFORE.search(text, least, named.start)
    if found is None:
        return None
    group = "value" if found["value"] else "word"
    value = _COMMENT.sub("", found[group]).rstrip()
    # Without capitals it may be the name of a column or of a form's field.
    is_label = not named.name.isupper() and describes(value, ()) and value not in named.words
    if is_label or not named.judge(value):
        return None
    return found.start(group), found.start(group) + len(value)
