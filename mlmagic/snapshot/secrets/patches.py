"""Redacting a patch, so that it stays one in form: no line more or less, and each with its sign."""

from __future__ import annotations

import re

from mlmagic.snapshot.secrets.redaction import redact

_HUNKS = re.compile(r"^(?=diff --git |@@ )", re.MULTILINE)


def redact_patch(patch: str) -> tuple[str, int]:
    r"""Replace every secret in *patch*, hunk by hunk, so that none reaches over a header; return it and how many.

    Where it had one, the patch still can be read and shown by Git, but not applied.

    >>> redact_patch("@@ -1 +1 @@\n-x = 1\n+password = 'hunter2'\n")
    ("@@ -1 +1 @@\n-x = 1\n+password = '<redacted>'\n", 1)
    """
    hunks = [redact(hunk, keep_lines=True) for hunk in _HUNKS.split(patch)]
    return "".join(text for text, _ in hunks), sum(count for _, count in hunks)
