"""How a value that is known for a secret is written elsewhere: in JSON, Python, addresses, base64 and hex."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from mlmagic.snapshot.secret_names import looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE = re.compile("%[0-9A-F]{2}")
_LEAST_OF_A_LINE = 16
_LEAST_ENCODED = 6  # the encoding of a shorter value stands in other texts by chance


def forms(value: str) -> Iterator[str]:
    """Yield *value* as it is and as the usual encodings write it; also each of its lines that looks random.

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
    """Yield hex and base64 of *raw*, and of base64 the letters that stay whatever stands before and after it."""
    yield from (raw.hex(), raw.hex().upper())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from (encode(raw).decode(), encode(raw).decode().rstrip("="))
        for before in range(3):
            # Each letter holds 6 bits: those that also hold bits of a neighbour are left out.
            whole = (8 * (before + len(raw))) // 6
            yield encode(b"\0" * before + raw).decode()[-(-8 * before // 6) : whole]
