"""XML: ``<password>…</password>``, ``<property name="password" value="…"/>``, ``<string name="api_key">…</string>``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned.named import LONGEST_LOOK_BACK

if TYPE_CHECKING:
    from mlmagic.snapshot.secrets.assigned.named import Named, Span

_TAG = re.compile(r"<(?:\w{1,30}:)?\Z")
_ELEMENT = re.compile(r"[^<>]{0,200}+>(?P<value>[^<]{1,2000}+)</")
_ATTRIBUTE = re.compile(
    r"\\{0,8}[\"'](?:[ \t]+\w{1,20}=\\{0,8}[\"'][^\"'\n]{0,100}+[\"']){0,4}?"
    r"(?:[ \t]+value=\\{0,8}[\"'](?P<value>[^\"'\n<>\\]{1,2000}+)\\{0,8}[\"']|[ \t]*>(?P<text>[^<\n]{1,2000}+)</)"
)
_NEXT = re.compile(r"</\w{1,20}>\s{0,40}<value>(?P<value>[^<]{1,2000}+)</")


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
    if found is None or not named.judge(value.strip()):
        return None
    return found.start(group) + len(value) - len(value.lstrip()), found.start(group) + len(value.rstrip())
