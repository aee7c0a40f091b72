"""The content of a model's file without what is different each time that the same model is written.

A file of skops is a ZIP archive. It has the time at which it was written, and names objects by their addresses in
memory.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib

_SUFFIX = ".skops"
_SCHEMA = "schema.json"
_ID = re.compile(r'("__id__": )(\d+)')
_FILE = re.compile(r'(")(\d+)(\.\w+")')
_MEMBER = re.compile(r"(\d+)(\.\w+)")
_LARGEST = 500_000_000
_UNREADABLE = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError)


def steady_content(path: str, content: bytes) -> bytes:
    """Return what identifies the *content* of a model's file at *path*: itself, or the digests of a skops archive."""
    if not path.endswith(_SUFFIX):
        return content
    try:
        return _of_archive(content)
    except _UNREADABLE:  # anybody may have written it
        return content


def _of_archive(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > _LARGEST:
            return content
        schema = archive.read(_SCHEMA).decode()
        order: dict[str, str] = {}
        for found in _ID.finditer(schema):
            order.setdefault(found[2], str(len(order)))
        steady = _ID.sub(lambda found: f"{found[1]}{order[found[2]]}", schema)
        steady = _FILE.sub(lambda found: f"{found[1]}{order.get(found[2], found[2])}{found[3]}", steady)
        parts = {_SCHEMA: steady.encode()}
        for member in members:
            if member.filename != _SCHEMA:
                named = _MEMBER.fullmatch(member.filename)
                name = f"{order.get(named[1], named[1])}{named[2]}" if named else member.filename
                parts[name] = archive.read(member)
    if len(parts) != len(members):  # two members of one name
        return content
    digests = (f"{name} {hashlib.sha256(parts[name]).hexdigest()}" for name in sorted(parts))
    return "\n".join(digests).encode()
