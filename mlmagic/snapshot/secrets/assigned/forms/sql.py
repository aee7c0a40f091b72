"""Passwords in SQL: ``CREATE USER ana WITH PASSWORD '…'``, ``IDENTIFIED BY '…'``, and rows of an ``INSERT``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned.unpacking import items_of
from mlmagic.snapshot.secrets.candidates import could_be_secret, is_placeholder
from mlmagic.snapshot.secrets.names import secrecy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.snapshot.secrets.assigned.named import Span

_LONGEST_ROWS = 2000
_LITERAL = r"[nbx]?\\{0,8}'(?P<value>[^'\n\\]{1,400}+)\\{0,8}'"
# Matched in the lower-cased text, which has the same length.
_USER = re.compile(
    r"\b(?:create|alter|grant|set)\s{1,20}(?:user|role|login|group|password|all|usage|select|server|database scoped)\b"
    rf"[^;]{{0,300}}?(?:\b(?:password|identified(?:\s{{1,9}}with\s{{1,9}}[\w']{{1,40}})?\s{{1,9}}(?:by|as))\s{{0,9}}[(=]?\s{{0,9}}"
    rf"|\bset\s{{1,9}}password\s[^;']{{0,80}}=\s{{0,9}}){_LITERAL}"
)
_SET = re.compile(
    rf"\bset\s{{1,9}}password\b[^;'=]{{0,80}}(?:'[^';=\n]{{0,60}}'[^;'=]{{0,60}}){{0,2}}=\s{{0,9}}(?:password\()?\s{{0,9}}{_LITERAL}"
)
_INSERT = re.compile(
    r"\b(?:insert|replace|upsert)\s{1,9}(?:or\s{1,9}\w{1,20}\s{1,9})?into\s{1,9}[\w.\"`\[\]]{1,100}\s{0,9}"
    r"\((?P<columns>[^()']{1,1000})\)\s{0,20}values\s{0,20}"
)
_NEEDLES = ("create", "alter", "grant", "set")


def in_sql(text: str, lower: str) -> Iterator[Span]:
    """Yield the spans of the passwords that statements of SQL in *text* contain; *lower* is it in lower case.

    >>> text = "ALTER USER ana IDENTIFIED BY 'swordfish'; INSERT INTO u (name, password) VALUES ('ana', 'marlin')"
    >>> [text[slice(*span)] for span in in_sql(text, text.lower())]
    ['swordfish', 'marlin']
    """
    if "password" in lower or "identified" in lower:
        for form in (_USER, _SET):
            for found in form.finditer(lower):
                if not is_placeholder(found["value"]):
                    yield found.span("value")
    if "into" in lower and "values" in lower:
        for found in _INSERT.finditer(lower):
            yield from _rows(text, found)


def _rows(text: str, insert: re.Match[str]) -> Iterator[Span]:
    columns = [text[slice(*_stripped(text, span))] for span in _columns(insert)]
    verdicts = [secrecy(column) for column in columns]
    if all(verdict == "no" for verdict in verdicts):
        return
    for row in items_of(text, min(len(text), insert.end() + _LONGEST_ROWS), start=insert.end()):
        for verdict, item in zip(verdicts, row.items or (), strict=False):
            if verdict != "no" and item.literal and could_be_secret(text[slice(*item.literal)], verdict):
                yield item.literal


def _columns(insert: re.Match[str]) -> Iterator[Span]:
    start = insert.start("columns")
    for column in insert["columns"].split(","):
        yield start, start + len(column)
        start += len(column) + 1


def _stripped(text: str, span: Span) -> Span:
    start, end = span
    column = text[start:end]
    return start + len(column) - len(column.lstrip(' \n\t"`[')), start + len(column.rstrip(' \n\t"`]'))
