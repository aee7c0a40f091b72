"""Findings that a comment on their line silences: ``# noqa``, or ``# noqa: MLM003, MLM005``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.reproducibility.cells import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.findings import Finding

_COMMENT = re.compile(r"#\s*noqa(?P<codes>\s*:\s*[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)?", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]+[0-9]+")


def without_silenced(findings: Iterable[Finding], cells: Iterable[CodeCell]) -> list[Finding]:
    """Return the findings that no comment on one of their lines silences."""
    lines = {cell.number: lines_of(cell.source) for cell in cells}
    return [one for one in findings if not any(_silences(line, one.code) for line in _lines_of(one, lines))]


def _lines_of(finding: Finding, lines: dict[int | None, list[str]]) -> list[str]:
    return lines.get(finding.cell, [])[finding.line - 1 : finding.last_line]


def _silences(line: str, code: str) -> bool:
    r"""Return whether a line silences a rule.

    >>> _silences("x = f()  # noqa: MLM003", "MLM003"), _silences("x = f()  # noqa: E501", "MLM003")
    (True, False)
    """
    found = _COMMENT.search(line)
    if found is None:
        return False
    return found["codes"] is None or code in _CODE.findall(found["codes"].upper())
