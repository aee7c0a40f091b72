"""Columns of secrets in printed tables: of pandas and polars, in Markdown, in CSV, and aligned by spaces."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.candidates import could_be_one_of_many, stands_out
from mlmagic.snapshot.secrets.names import secrecy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmagic.snapshot.secrets.assigned.named import Span
    from mlmagic.snapshot.secrets.names import Verdict

_LONGEST_LINE = 2000

_SERIES = re.compile(r"\nName: (?P<name>[\w.-]{1,100}), (?:Length: \d{1,12}, )?dtype: ")
_SERIES_ROW = re.compile(r"\S[^\n]{0,200}?[ ]{2,100}(?P<value>\S(?:[^\n]*\S)?)")
_CELL = re.compile(r"[\w .#$%()-]{0,80}\r?")
_RULE = re.compile(r"[\s|:+=│┆┌┐└┘├┤┼─═╞╡╪╤╧-]+")


class Tables:
    """Finds the columns of one text. If it is queried from left to right, it reads each row once for each column."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._done: dict[int, int] = {}

    def column(self, start: int, end: int, verdict: Verdict) -> list[Span]:
        r"""Return the spans of the values below the name from *start* to *end*.

        >>> text = "  user   password\n0  ana  swordfish\n"
        >>> [text[start:end] for start, end in Tables(text).column(9, 17, "yes")]
        ['swordfish']
        """
        first = self._text.rfind("\n", max(0, start - _LONGEST_LINE), start) + 1
        place = start - first
        if first < self._done.get(place, 0) or (not first and start > _LONGEST_LINE):
            return []
        table = _Table(self._text, first, start, end, verdict)
        found = list(table.values())
        self._done[place] = table.end
        return found

    def series(self) -> Iterator[Span]:
        """Yield the spans of the values of printed pandas Series."""
        if "\nName: " in self._text:
            for series in _SERIES.finditer(self._text):
                if (verdict := secrecy(series["name"])) != "no":
                    yield from _series(self._text, series.start(), verdict)


class _Table:
    """The column below the name from *start* to *end* in the line that begins at *first*."""

    def __init__(self, text: str, first: int, start: int, end: int, verdict: Verdict) -> None:
        self._text, self._verdict = text, verdict
        self._left, self._right = start - first, end - first
        self.end = _end_of_line(text, end)
        self._header = text[first : self.end]

    def values(self) -> Iterator[Span]:
        """Yield the spans of the values, row by row."""
        cell = self._cell()
        if cell is None:
            return
        is_ruled = False
        while self.end < len(self._text):
            at = self.end + 1
            end = _end_of_line(self._text, at)
            row = self._text[at:end]
            if row.strip() and _RULE.fullmatch(row):
                is_ruled = True
            else:
                span = cell(row, is_ruled)
                if span is None:
                    return
                if span[0] < span[1]:
                    yield at + span[0], at + span[1]
            self.end = end

    def _cell(self) -> Callable[[str, bool], Span | None] | None:
        """Return the function that finds the value's span in a row: empty if there is none, None after the last row."""
        before, after = self._header[: self._left].rstrip(" "), self._header[self._right :].lstrip(" ")
        for signs in ("│┆", "|", "\t", ",", ";"):
            if before.endswith(tuple(signs)) or after.startswith(tuple(signs)):
                return partial(self._between, signs=signs) if self._is_a_header(signs) else None
        is_parted = not self._header[: self._left].strip() or self._header[self._left - 2 : self._left] == "  "
        is_row = self._header.lstrip()[:1].isdigit()
        return self._aligned if is_parted and not is_row else None

    def _is_a_header(self, signs: str) -> bool:
        cells = re.split(f"[{signs}]", self._header)
        is_a_sentence = signs in ",;" and any(cell.startswith(" ") for cell in cells)
        return not is_a_sentence and all(_CELL.fullmatch(cell) for cell in cells)

    def _between(self, row: str, is_ruled: bool, *, signs: str) -> Span | None:  # as `_aligned`
        """Return the span of the value after as many *signs* as the name has before it."""
        parts = [found.start() for found in re.finditer(f"[{signs}]", row)]
        if len(parts) != len(re.findall(f"[{signs}]", self._header)):
            return None
        place = len(re.findall(f"[{signs}]", self._header[: self._left]))
        borders = [-1, *parts, len(row)]
        start, end = self._judged(row, borders[place] + 1, borders[place + 1])
        # Without a ruled line below the header it may be a drawing.
        return (start, end) if is_ruled or signs != "|" or stands_out(row[start:end]) else (start, start)

    def _aligned(self, row: str, is_ruled: bool) -> Span | None:  # as `_between`
        """Return the span of the value that is right-aligned or left-aligned with the name."""
        left, right = self._left, self._right
        ends_there = row[right - 1 : right].strip() and not row[right : right + 1].strip()
        if left > 0 and ends_there:
            parted = row.rfind("  ", 0, right)
            start = parted + 2 if parted >= 0 else row.rfind(" ", 0, right) + 1
            if row[:start].strip():  # the index, or another column
                return self._judged(row, start, right)
        if not row[left : left + 1].strip() or row[max(0, left - 1) : left].strip():
            return None
        end = row.find("  ", left)
        end = len(row.rstrip()) if end < 0 else end
        if is_ruled:
            return self._judged(row, left, end)
        if " " in row[left:end]:
            return None
        return self._judged(row, left, end) if stands_out(row[left:end]) else (left, left)

    def _judged(self, row: str, start: int, end: int) -> Span:
        value = row[start:end]
        start += len(value) - len(value.lstrip(" \t\"'"))
        end -= len(value) - len(value.rstrip(" \t\r\"'"))
        return (start, end) if start < end and _is_one(row[start:end], self._verdict) else (start, start)


def _series(text: str, end: int, verdict: Verdict) -> Iterator[Span]:
    """Yield the spans of the values of the rows that end at *end*, the last first."""
    while end > 0:
        start = text.rfind("\n", max(0, end - _LONGEST_LINE), end) + 1
        row = _SERIES_ROW.fullmatch(text, start, end)
        if row is None:
            return
        if _is_one(row["value"], verdict):
            yield row.span("value")
        end = start - 1


def _is_one(value: str, verdict: Verdict) -> bool:
    """Return whether *value* may be a secret of a column; a number is more likely a count."""
    return any(map(str.isalpha, value)) and could_be_one_of_many(value, verdict)


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at, at + _LONGEST_LINE)
    return min(len(text), at + _LONGEST_LINE) if end < 0 else end
