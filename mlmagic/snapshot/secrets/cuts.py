"""Shorten texts that may hold secrets: redact them before the cut, since half a secret would not be detected."""

from __future__ import annotations

MARGIN = 16_384
"""Characters beyond a cut that are redacted too: more than the longest private key has."""


def _redacted(text: str) -> str:
    from mlmagic.snapshot.secrets.redaction import redact  # imported late: `%load_ext` needs none of its rules

    return redact(text)[0]


def beginning(text: str, most: int) -> str:
    """Return the first *most* characters of *text*, redacted, including a secret that the cut goes through.

    >>> beginning("token='ghp_" + "a1B2" * 9 + "' and so on", 20)
    "token='<redacted>' a"
    """
    seen = _redacted(text[: most + MARGIN])
    # A secret may be cut at the end of the margin, so none of the margin is shown.
    return seen[:most] if len(text) < most + MARGIN else seen[:-MARGIN][:most]


def ending(text: str, most: int) -> str:
    """Return the last *most* characters of *text*, redacted, including a secret that the cut goes through.

    >>> ending("token='ghp_" + "a1B2" * 9 + "'", 11)
    "<redacted>'"
    """
    seen = _redacted(text[-most - MARGIN :])
    seen = seen if len(text) < most + MARGIN else seen[MARGIN:]
    return seen[max(len(seen) - most, 0) :]


def first_line(text: str, most: int) -> str:
    r"""Return at most *most* characters of the first line of *text*, redacted.

    >>> first_line("\nno rows\nin X", 200), first_line("", 200)
    ('no rows', '')
    """
    lines = _redacted(text.strip()[: most + MARGIN]).splitlines()
    return beginning(lines[0], most) if lines else ""


def shown(value: object, most: int) -> str:
    """Return the beginning of the `repr` of *value*, redacted, for a message.

    >>> shown({"password": "hunter2"}, 100)
    "{'password': '<redacted>'}"
    """
    return beginning(repr(value), most)
