"""Cookies that log a user in: in ``Cookie: sessionid=…; theme=dark`` only the first value is redacted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.candidates import could_be_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.snapshot.secrets.assigned.named import Span

_MOST_COOKIES = 60

_HEADER = re.compile(r"ookies?\\{0,8}[\"']?[ \t]{0,4}[:=][ \t]{0,4}(?:\\{0,8}[\"'])?(?P<mapping>[\[{])?")
_COOKIE = re.compile(r"[ \t]{0,4}(?P<name>[\w.$-]{1,80})(?:=(?P<value>(?:(?!\\[nr\"'])[^\s;,\"'])*+))?(?P<more>;?)")
_ENTRY = re.compile(
    r"\s{0,40}(?P<q>\\{0,8}[\"'])(?P<name>[\w.$-]{1,80})(?P=q)\s{0,4}:\s{0,4}(?P<quote>\\{0,8}[\"'])(?P<value>[^\"'\\\n]{0,4000}+)(?P=quote)\s{0,4},?"
)
_LOGGED_IN = re.compile(r"sess|auth|token|jwt|csrf|xsrf|login|remember|credential|(?:^|[._-])s?id$", re.IGNORECASE)


def in_cookies(text: str) -> Iterator[Span]:
    """Yield the spans of the values of cookies that, by their name, log a user in.

    >>> text = "Cookie: sessionid=q7w; theme=dark"
    >>> [text[start:end] for start, end in in_cookies(text)]
    ['q7w']
    """
    if "ookie" not in text:
        return
    for header in _HEADER.finditer(text):
        one, at = (_ENTRY if header["mapping"] else _COOKIE), header.end()
        for _ in range(_MOST_COOKIES):
            cookie = one.match(text, at)
            if cookie is None:
                break
            if cookie["value"] and _LOGGED_IN.search(cookie["name"]) and could_be_secret(cookie["value"], "weak"):
                yield cookie.span("value")
            at = cookie.end()
            if not header["mapping"] and not cookie["more"]:
                break
