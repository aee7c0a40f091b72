"""Redact a patch but keep its format: the number of lines, and the sign of each line."""

from __future__ import annotations

import re

from mlmagic.snapshot.secrets.redaction import redact

_HUNKS = re.compile(r"^(?=diff --git |@@ )", re.MULTILINE)


def redact_patch(patch: str) -> tuple[str, int]:
    r"""Redact *patch* hunk by hunk, so that no secret spans a header; return it and the number of secrets.

    Git can still read and show a patch that had secrets, but not apply it.

    >>> redact_patch("@@ -1 +1 @@\n-x = 1\n+password = 'hunter2'\n")
    ("@@ -1 +1 @@\n-x = 1\n+password = '<redacted>'\n", 1)
    """
    hunks = [redact(hunk, keep_lines=True) for hunk in _HUNKS.split(patch)]
    return "".join(text for text, _ in hunks), sum(count for _, count in hunks)
