"""Encode records as lines of text with checksums, and decode files that may be truncated or damaged."""

from __future__ import annotations

import json
import math
import re
import zlib
from dataclasses import astuple
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from mlmagic.journal import records
from mlmagic.journal.schema import fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmagic.journal.records import Record

FORMAT = 2
"""The version of this format; a newer mlmagic writes higher ones. Version 1 had no signatures."""

_WORDS: dict[type[Any], str] = {kind: kind.__name__.lower() for kind in get_args(records.Record)} | {
    records.UserKeys: "leftout",
    records.Rejected: "setaside",
}
"""The word for each kind of record in a line; journals of earlier versions use the same words."""
_KINDS = {word: kind for kind, word in _WORDS.items()}
_SUM = 8
# Far above what MLflow accepts for a dataset's profile, the longest text in a record.
_LONGEST_LINE = 64 << 20
# How many positions of a damaged line are tried: each takes time in proportion to the line.
_MOST_TRIED = 16
_LINE = re.compile(rb"[0-9a-f]{8} (?=\[)")
_encode = json.JSONEncoder(separators=(",", ":")).encode


class JournalLine(NamedTuple):
    """A record of a file, or None if the line is damaged or has no record; the next line begins at byte ``end``."""

    end: int
    record: Record | None


class NewerFormatError(Exception):
    """The journal was written by a newer mlmagic."""


def seed_of(name: str) -> int:
    """Return the CRC seed for a journal of this name, so that lines from other journals are rejected."""
    return zlib.crc32(name.encode(errors="surrogateescape"))  # file names need not be UTF-8


def encode(record: Record, seed: int) -> bytes:
    r"""Return the line of *record*.

    >>> encode(records.Tag("stage", "draft"), 0)
    b'38b48713 ["tag","stage","draft"]\n'
    """
    return _line(_encode([_WORDS[type(record)], *astuple(record)]), seed)


def encode_metric(key: str, value: float, timestamp: int, step: int, *, yields: bool, seed: int) -> bytes:
    """Return the line of a metric; like `encode`, in a quarter of the time."""
    number = repr(value) if math.isfinite(value) else _encode(value)
    text = f'["metric",{_quoted(key)},{number},{timestamp},{step},{"true" if yields else "false"}]'
    return _line(text, seed)


@lru_cache(maxsize=4096)
def _quoted(key: str) -> str:
    return _encode(key)


def _line(text: str, seed: int) -> bytes:
    content = text.encode()
    return b"%08x %b\n" % (zlib.crc32(content, seed), content)


def header(seed: int) -> bytes:
    """Return the first line of a journal, which states its format."""
    return _line(_encode(["format", FORMAT]), seed)


def decode(data: bytes, seed: int, start: int = 0) -> Iterator[JournalLine]:
    """Yield the complete lines of *data*, of which the first byte is byte *start* of the file.

    Bytes after the last line break are ignored. If the checksum of a line is wrong, its end may still be an intact
    record whose preceding line break was damaged; such a record is found.

    Raises
    ------
    NewerFormatError
        When a line says so.
    """
    at = 0
    while (stop := data.find(b"\n", at)) >= 0:
        line, end = data[at:stop], start + stop + 1
        content = _intact(line, seed)
        if content is None:
            yield JournalLine(end, None)
            for found in islice(_LINE.finditer(line, 1), _MOST_TRIED):
                content = _intact(line[found.start() :], seed)
                if content is not None:
                    break
        if content is not None and not _is_header(content):
            yield JournalLine(end, _record(content))
        at = stop + 1


def read_lines(
    bytes_at: Callable[[int], bytes], seed: int, start: int = 0, upto: int | None = None
) -> Iterator[JournalLine]:
    """Yield the complete lines of a file from byte *start* on, reading only chunks that begin before byte *upto*.

    *bytes_at* returns some bytes from an offset on, none at the end. A line that is longer than any record is skipped:
    memory is limited to the longest record, and no byte is examined twice.

    Raises
    ------
    NewerFormatError
        As `decode`.
    """
    at, pieces, size, is_too_long = start, list[bytes](), 0, False
    while (upto is None or at < upto) and (data := bytes_at(at)):
        at += len(data)
        complete, newline, rest = data.rpartition(b"\n")
        if newline:
            block = b"".join([*pieces, complete, newline])
            begin = at - len(rest) - len(block)
            if is_too_long:
                end = block.index(b"\n") + 1
                yield JournalLine(begin + end, None)
                begin, block, is_too_long = begin + end, block[end:], False
            yield from decode(block, seed, begin)
            pieces, size = [rest], len(rest)
        elif not is_too_long:
            pieces.append(rest)
            size += len(rest)
            if size > _LONGEST_LINE:
                pieces, is_too_long = [], True


def _intact(line: bytes, seed: int) -> bytes | None:
    """Return the content of a line, or None if the checksum is wrong."""
    if not _LINE.match(line):
        return None
    content = line[_SUM + 1 :]
    return content if int(line[:_SUM], 16) == zlib.crc32(content, seed) else None


def _is_header(content: bytes) -> bool:
    """Return whether a line states the format.

    Raises
    ------
    NewerFormatError
        When the format is newer than this version's.
    """
    if not content.startswith(b'["format"'):
        return False
    number = _values(content)[1:]
    if number and type(number[0]) is int and number[0] > FORMAT:
        raise NewerFormatError(f"format {number[0]}, this mlmagic knows {FORMAT}")
    return True


def _record(content: bytes) -> Record | None:
    """Return the record of an intact line, or None if the line has none.

    Raises
    ------
    NewerFormatError
        When it is of a kind that this version does not know: what it says must not be lost.
    """
    kind, *values = _values(content) or [None]
    if not isinstance(kind, str):
        return None
    known = _KINDS.get(kind)
    if known is None:
        raise NewerFormatError(f"a record {kind[:40]!r}, which this version does not know")
    if not fits(known, values):
        return None
    made: Record = known(*values)
    return made


def _values(content: bytes) -> list[Any]:
    """Return the list in a line, or an empty list if the line holds something else."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):  # invalid JSON or UTF-8, a number too long or lists too deep for Python
        return []
    return values if isinstance(values, list) else []
