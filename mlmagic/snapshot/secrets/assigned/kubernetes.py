"""Secrets of Kubernetes: all values below ``data`` and ``stringData`` of a manifest, in YAML, JSON and Python."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned.yaml_blocks import PAIR, block_of, lines_from
from mlmagic.snapshot.secrets.candidates import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlmagic.snapshot.secrets.assigned.named import Span
    from mlmagic.snapshot.secrets.assigned.yaml_blocks import YamlLine

_IN_YAML = re.compile(r"kind[ \t]{0,4}:[ \t]{0,8}[\"']?Secret[\"']?[ \t\r]{0,8}(?=\n|\Z)")
_IN_JSON = re.compile(r"[\"']kind\\{0,8}[\"']\s{0,4}:\s{0,4}\\{0,8}[\"']Secret\\{0,8}[\"']")
_KIND = re.compile(r"kind[ \t]*:[ \t]*[\"']?Secret[\"']?")
_DATA = re.compile(r"(?:data|stringData)[ \t]*:")
_BLOCK_SIGN = re.compile(r"[|>][+-]?\d?[+-]?")
# An unclosed string ends with its line, so that no part of a text is scanned twice.
_PIECE = re.compile(r"(?P<quote>\\{0,8}[\"'])(?P<text>(?:(?!(?P=quote))(?:\\.|[^\\\n]))*+)(?:(?P=quote))?|[{}\[\]:,]")


def in_manifests(text: str) -> Iterator[Span]:
    r"""Yield the spans of all values in Kubernetes Secrets.

    >>> text = "kind: Secret\ndata:\n  user: YW5h\n"
    >>> [text[start:end] for start, end in in_manifests(text)]
    ['YW5h']
    """
    if "Secret" not in text or "kind" not in text or ("data" not in text and "stringData" not in text):
        return
    if _IN_YAML.search(text):
        yield from _in_yaml(list(lines_from(text, 0)))
    if (found := _IN_JSON.search(text)) is not None:
        yield from _in_json(text, text.find("{", max(0, text.rfind("\n{", 0, found.start()))))


def _in_yaml(lines: Sequence[YamlLine]) -> Iterator[Span]:
    done = 0
    for at, line in enumerate(lines):
        column = _column(line)
        if at < done or not _KIND.fullmatch(line.text.removeprefix("- ").lstrip()):
            continue
        first = at
        while first > done and not _begins(lines[first], column) and _belongs(lines[first - 1], column):
            first -= 1
        done = at + 1
        while done < len(lines) and _belongs(lines[done], column) and not _begins(lines[done], column):
            done += 1
        yield from _values(lines[first:done], column)


def _column(line: YamlLine) -> int:
    """Return the column of a line's key, after the dash of a list item."""
    return line.indent + len(line.text) - len(line.text.removeprefix("- ").lstrip())


def _begins(line: YamlLine, column: int) -> bool:
    """Return whether *line* is the first line of a list item."""
    return line.text.startswith("- ") and line.indent < column == _column(line)


def _belongs(line: YamlLine, column: int) -> bool:
    return not line.text or (_column(line) >= column and line.text != "---")


def _values(lines: Sequence[YamlLine], column: int) -> Iterator[Span]:
    is_data = False
    for at, line in enumerate(lines):
        if not line.text:
            continue
        if _column(line) == column:
            is_data = _DATA.fullmatch(line.text.removeprefix("- ").lstrip()) is not None
        elif is_data and (found := PAIR.fullmatch(line.text)):
            if _BLOCK_SIGN.fullmatch(found["value"]):
                yield from block_of(lines[at + 1 :], line.indent)
            elif not is_placeholder(found["value"]):
                yield line.start + found.start("value"), line.start + found.end("value")


@dataclass
class _Object:
    """An open JSON object: the spans of its strings, and of those below its ``data``."""

    under: str = ""
    key: str = ""
    is_secret: bool = False
    texts: list[Span] = field(default_factory=list)
    values: list[Span] = field(default_factory=list)


def _in_json(text: str, at: int) -> Iterator[Span]:
    stack: list[_Object] = []
    last: re.Match[str] | None = None
    for piece in _PIECE.finditer(text, max(at, 0)):
        sign = piece[0]
        if piece["quote"]:
            if stack and stack[-1].key:
                stack[-1].texts.append(piece.span("text"))
                stack[-1].is_secret = stack[-1].is_secret or (stack[-1].key == "kind" and piece["text"] == "Secret")
            last = piece
        elif sign == "{":
            stack.append(_Object(under=stack[-1].key if stack else ""))
        elif stack and sign == ":" and last is not None:
            stack[-1].key = last["text"]
        elif stack and sign == ",":
            stack[-1].key = ""
        elif stack and sign == "}":
            closed = stack.pop()
            if stack and closed.under in {"data", "stringData"}:
                stack[-1].values += [span for span in closed.texts if not is_placeholder(text[slice(*span)])]
            if closed.is_secret:
                yield from closed.values
