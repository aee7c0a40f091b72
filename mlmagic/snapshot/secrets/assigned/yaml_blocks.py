"""YAML values on the lines below a secret's name: a block, a list or a mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlmagic.snapshot.secrets.candidates import is_one_of_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmagic.snapshot.secrets.assigned.named import Span
    from mlmagic.snapshot.secrets.names import Verdict

_LONGEST_LINE = 10_000
_LONGEST_INDENT = 200

_BLOCK = re.compile(r"[\"']?[ \t]*:[ \t]+[|>][+-]?\d?[+-]?[ \t]*(?:#[^\n]{0,200})?\r?\n")
_BELOW = re.compile(r"[\"']?[ \t]*:[ \t]*(?:#[^\n]{0,200})?\r?\n")
# In a patch each line begins with a sign; a minus may also begin a list item.
_LINE = re.compile(
    r"(?:\+|-(?=[ \t]{2}|[ \t]*-[ \t]|[\w./-]{1,100}[ \t]*:)|)"
    rf"(?P<indent>[ \t]{{0,{_LONGEST_INDENT}}}+)(?P<rest>[^\n]{{0,{_LONGEST_LINE}}}+)"
)
_ITEM = re.compile(r"-[ \t]+(?P<quote>[\"']?)(?P<value>[^\s#][^\n]*?)(?P=quote)(?:[ \t]{1,40}+#[^\n]*)?")
PAIR = re.compile(
    r"(?:-[ \t]+)?[\"']?(?P<key>[\w./-]{1,100})[\"']?[ \t]*:[ \t]+(?P<quote>[\"']?)(?P<value>[^\s#][^\n]*?)(?P=quote)"
    r"(?:[ \t]{1,40}+#[^\n]*)?"
)
"""A line of a mapping in YAML."""


class YamlLine(NamedTuple):
    """A line without its patch sign: the start and end of its text, and its indentation."""

    start: int
    end: int
    indent: int
    text: str


def lines_from(text: str, at: int) -> Iterator[YamlLine]:
    """Yield the lines of *text* from the one that begins at *at* on."""
    while at < len(text):
        found = _LINE.match(text, at)
        if found is None:
            return
        yield YamlLine(found.start("rest"), found.end(), len(found["indent"]), found["rest"].rstrip())
        at = text.find("\n", found.end()) + 1 or len(text)


def below(text: str, start: int, end: int, verdict: Verdict, many: Verdict) -> list[Span]:
    """Return the spans of the secrets on the lines below the key from *start* to *end*: a block, a list or a mapping.

    *verdict* is the key's verdict on one value, *many* that on several.
    """
    is_block = verdict != "no" and (block := _BLOCK.match(text, end)) is not None
    found = block if is_block else _BELOW.match(text, end) if many != "no" else None
    if found is None:
        return []
    line = next(lines_from(text, text.rfind("\n", max(0, start - _LONGEST_INDENT), start) + 1))
    if line.start > start or text[line.start : start].strip("-\"' \t"):
        return []
    following = lines_from(text, found.end())
    if is_block:
        return block_of(following, line.indent) if verdict != "maybe" else []
    column = line.indent + start - line.start
    return list(_list(text, found.end(), column, many)) or list(_mapping(text, found.end(), column, many))


def block_of(lines: Iterable[YamlLine], indent: int) -> list[Span]:
    """Return the span of the *lines* that are indented further than *indent*, if there are any."""
    start = end = -1
    for line in lines:
        if line.text and line.indent <= indent:
            break
        if line.text:
            start = line.start if start < 0 else start
            end = line.start + len(line.text)
    return [(start, end)] if start >= 0 else []


def _list(text: str, at: int, column: int, verdict: Verdict) -> Iterator[Span]:
    for line in lines_from(text, at):
        found = _ITEM.fullmatch(line.text)
        if found is None or line.indent < column or ": " in found["value"] or found["value"].endswith(":"):
            return
        if is_one_of_many("", found["value"], verdict):
            yield line.start + found.start("value"), line.start + found.end("value")


def _mapping(text: str, at: int, column: int, verdict: Verdict) -> Iterator[Span]:
    for line in lines_from(text, at):
        found = PAIR.fullmatch(line.text)
        if found is None or line.indent <= column:
            return
        if is_one_of_many(found["key"], found["value"], verdict):
            yield line.start + found.start("value"), line.start + found.end("value")
