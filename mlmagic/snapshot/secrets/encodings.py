"""Encode secrets as other texts write them (JSON, Python, URLs, base64, hex), and decode such forms."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

from mlmagic.snapshot.secrets.candidates import looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE = re.compile("%[0-9A-F]{2}")
_JOINT = re.compile(r"(?P<quote>[\"'])(?:[\s\\+-]|#[^\n]{0,400}\n){0,400}+[rbfuRBFU]{0,2}(?P=quote)")
_ESCAPED = re.compile(r"\\(.)")
_FRAME = "-----BEGIN "
_OF_A_KEY = re.compile(r"[A-Za-z0-9+/=]{16}")
_SIGN_OF_A_PATCH = "+-"
_LEAST_OF_A_LINE = 16
_LEAST_ENCODED = 6  # the encoding of a shorter value occurs in other texts by chance


def forms(value: str) -> Iterator[str]:
    """Yield *value*, its usual encodings, and each of its lines that looks random.

    >>> sorted(set(forms("p@s,w")))
    ['p%2540s%252Cw', 'p%40s%2Cw', 'p%40s%2cw', 'p@s,w']
    """
    in_json = json.dumps(value, ensure_ascii=False)[1:-1]
    yield from (value, in_json, json.dumps(in_json, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1])
    yield repr(value)[1:-1]
    yield from _in_addresses(value)
    if any(c.isalpha() for c in value) and len(value) >= _LEAST_ENCODED:
        yield from (value.upper(), value.lower())
    if len(value.encode(errors="surrogatepass")) >= _LEAST_ENCODED:
        yield from _in_bytes(value.encode(errors="surrogatepass"))
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _LEAST_OF_A_LINE and looks_random(line))


def _in_addresses(value: str) -> Iterator[str]:
    escaped = quote(value, safe="", errors="surrogatepass")
    yield from (escaped, quote(escaped, safe=""), quote_plus(value, errors="surrogatepass"))
    yield _ESCAPE.sub(lambda escape: escape[0].lower(), escaped)


def _in_bytes(raw: bytes) -> Iterator[str]:
    """Yield hex and base64 of *raw*, and the base64 characters that do not depend on the bytes around it."""
    yield from (raw.hex(), raw.hex().upper())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from (encode(raw).decode(), encode(raw).decode().rstrip("="))
        for before in range(3):
            # Each character encodes 6 bits; those that also encode bits of a neighbour are left out.
            whole = (8 * (before + len(raw))) // 6
            yield encode(b"\0" * before + raw).decode()[-(-8 * before // 6) : whole]


def joined(written: str) -> str:
    """Return the text of *written*, the inside of a literal that may consist of several pieces.

    >>> joined("open' + 'Sesame99")
    'openSesame99'
    """
    return _JOINT.sub("", written)


def holds_a_key(text: str) -> bool:
    """Return whether *text* holds more of a private key than its first and last line, which code contains as well.

    >>> holds_a_key("-----BEGIN PRIVATE KEY-----"), holds_a_key("MIIEvQIBADANBgkqhkiG9w0B")
    (False, True)
    """
    return _OF_A_KEY.search(text) is not None


def values_of(written: str) -> Iterator[str]:
    """Yield the values that a secret, *written* as in some text, may have elsewhere.

    >>> list(values_of("open' + 'Sesame99")), list(values_of("c3VwM3JTM2NyZXRx")), list(values_of("p%40ss"))
    (['openSesame99'], ['c3VwM3JTM2NyZXRx', 'sup3rS3cretq'], ['p%40ss', 'p@ss'])
    """
    lines = joined(written).splitlines()
    is_a_key = len(lines) > 1 and _FRAME in written
    for line in lines:
        value = line.strip().lstrip(_SIGN_OF_A_PATCH).strip()
        if is_a_key and not holds_a_key(value):
            continue
        yield value
        if "\\" in value:
            yield _ESCAPED.sub(r"\1", value)
        if "%" in value:
            yield unquote(value)
        if (decoded := _decoded(value)) is not None:
            yield decoded


def _decoded(value: str) -> str | None:
    """Return the text that *value* encodes in base64, as in a Kubernetes manifest, or None."""
    try:
        text = base64.b64decode(value, validate=True).decode("ascii")
    except ValueError:
        return None
    return text if text.isprintable() else None
