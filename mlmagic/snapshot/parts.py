"""Texts in content-addressed parts: each part is named by its digest, so that runs share it and it is stored once.

A part is a gzip file; the concatenated parts of a text are a gzip file of the text.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_INLINE = 8_000
"""The most characters of a text that is stored with each run, without parts."""

LARGEST_PART = 256 << 20
"""The most bytes of an unpacked part; the store is untrusted, since anybody may have written the file."""

_DIGITS = 32
_DIGEST = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")
_LEAST, _MOST = 4_000, 64_000
_ONE_IN = 256
_LISTED = "# part "
_LONGEST_LIST = 1_000_000


class TextPart(NamedTuple):
    """A part: the digest of its content, and its content packed by gzip."""

    digest: str
    packed: bytes


def part_of(content: bytes) -> TextPart:
    """Return the part with this content; equal content gives equal parts."""
    return TextPart(digest_of(content), gzip.compress(content, 6, mtime=0))


def digest_of(content: bytes) -> str:
    """Return the digest of a part with this content."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def is_digest(text: object) -> bool:
    """Return whether *text* is a valid name of a part; it comes from an untrusted file."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def content_of(digest: str, packed: bytes) -> bytes:
    """Return the content of the part *digest*.

    Raises
    ------
    ValueError
        When *packed* is not that part.

    >>> content_of(*part_of(b"x = 1"))
    b'x = 1'
    """
    content = unpacked(packed)
    if digest_of(content) != digest:
        raise ValueError(f"its content is not that of the part {digest}")
    return content


def unpacked(packed: bytes) -> bytes:
    """Return the content of gzip data.

    Raises
    ------
    ValueError
        When it was not, or is larger than a part may be.
    """
    unpacking = zlib.decompressobj(wbits=31)
    try:
        content = unpacking.decompress(packed, LARGEST_PART)
    except zlib.error as error:
        raise ValueError("it is damaged") from error
    if not unpacking.eof:
        raise ValueError("it is cut, or larger than a part may be")
    return content


def cut(text: str) -> Iterator[str]:
    """Yield *text* in pieces of some ten thousand characters.

    The content of a line decides whether a piece ends there, so that a change leaves the pieces before and after it
    unchanged.
    """
    lines: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        lines.append(line)
        size += len(line)
        ends = zlib.crc32(line.encode(errors="replace")) % _ONE_IN == 0
        if size >= _MOST or (ends and size >= _LEAST):
            yield "".join(lines)
            lines, size = [], 0
    if lines:
        yield "".join(lines)


def in_parts(text: str, how: str) -> tuple[str, list[TextPart]]:
    """Return the list that a run stores in place of a long *text*, and the parts; *how* explains how to restore it."""
    parts = [part_of(piece.encode(errors="replace")) for piece in cut(text)]
    head = [f"# {line}\n" for line in how.splitlines()]
    return "".join([*head, *(f"{_LISTED}{part.digest}\n" for part in parts)]), parts


def listed_parts(content: bytes) -> Sequence[str]:
    """Return the digests of the parts that *content* lists; empty if it is the text itself.

    >>> listed_parts(in_parts("x = 1", "how")[0].encode()) == [part_of(b"x = 1").digest]
    True
    >>> listed_parts(b"# a text")
    []
    """
    if not content.startswith(b"# ") or len(content) > _LONGEST_LIST:
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    found = [line.removeprefix(_LISTED) for line in lines if line.startswith(_LISTED)]
    is_list = all(line.startswith("# ") for line in lines) and all(map(is_digest, found))
    return found if is_list else []
