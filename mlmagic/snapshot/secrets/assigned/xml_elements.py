"""XML: ``<password>…</password>``, ``<property name="password" value="…"/>``, ``<string name="api_key">…</string>``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned.named import LONGEST_LOOK_BACK
from mlmagic.snapshot.secrets.candidates import stands_out

if TYPE_CHECKING:
    from mlmagic.snapshot.secrets.assigned.named import Named, Span

_TAG = re.compile(r"<(?:\w{1,30}:)?\Z")
_ELEMENT = re.compile(r"[^<>]{0,200}+>(?P<value>[^<]{1,2000}+)</")
_ATTRIBUTE = re.compile(
    r"\\{0,8}[\"'](?:[ \t]+\w{1,20}=\\{0,8}[\"'][^\"'\n]{0,100}+[\"']){0,4}?"
    r"(?:[ \t]+value=\\{0,8}[\"'](?P<value>[^\"'\n<>\\]{1,2000}+)\\{0,8}[\"']|[ \t]*>(?P<text>[^<\n]{1,2000}+)</)"
)
_NEXT = re.compile(
    r"[:\s]{0,9}(?:</\w{1,20}>(?:\s|\\n){0,40}){1,3}<(?P<tag>value|string|td|dd)(?:[ ][^<>]{0,100})?>(?:\s|\\n){0,40}"
    r"(?:<(?:b|code|strong|span|tt|em|i)>)?(?P<value>[^<]{1,2000}+)</"
)


def in_xml(named: Named) -> Span | None:
    """Return the span of the content of an element with this name, or of the value next to an attribute with it."""
    text, start = named.text, named.start
    if _TAG.search(text, max(0, start - LONGEST_LOOK_BACK), start):
        found, group = _ELEMENT.match(text, named.end), "value"
    elif (before := text[max(0, start - 8) : start].rstrip("\\\"'")).endswith("="):
        if before.endswith(" for="):  # `<label for="password">` is what a form shows beside its field
            return None
        found = _ATTRIBUTE.match(text, named.end)
        group = "value" if found and found["value"] else "text"
    elif text[start - 1 : start] == ">":  # `<name>password</name><value>…</value>`
        found, group = _NEXT.match(text, named.end), "value"
    else:
        return None
    value = found[group] if found else ""
    is_cell = found is not None and found.re is _NEXT and found["tag"] in {"td", "dd"}
    is_one = _is_one_of_a_cell(value.strip()) if is_cell else named.judge(value.strip())
    if found is None or not is_one:
        return None
    return found.start(group) + len(value) - len(value.lstrip()), found.start(group) + len(value.rstrip())


def _is_one_of_a_cell(value: str) -> bool:
    """Return whether the *value* of a table's cell is a secret: the cell may also hold a column's type."""
    return not any(map(str.isspace, value)) and stands_out(value)
