"""``mlmagic lint NOTEBOOK…``: what would keep notebooks from giving the same results again."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from mlmagic.visible import clean

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from mlmagic.reproducibility.linting import LintReport

UNREADABLE = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``mlmagic lint``."""
    parser.add_argument("notebooks", nargs="+", metavar="NOTEBOOK", help="an .ipynb file, or a .py file with cells")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text", help="default: %(default)s")


def lint(options: Namespace) -> int:
    """Print the findings, and return 0 without any, 1 with some, 2 if a file is no notebook; the others are checked."""
    from mlmagic.errors import UsageProblem
    from mlmagic.reproducibility.linting import lint as lint_one

    reports, status = [], 0
    for path in options.notebooks:
        try:
            reports.append(lint_one(path))
        except UsageProblem as error:
            print(f"mlmagic lint: {error}", file=sys.stderr)
            status = UNREADABLE
    text = {"text": _as_text, "json": _as_json, "github": _as_github}[options.format](reports)
    if text:
        print(text)
    return status or int(any(len(report) for report in reports))


def _as_text(reports: Sequence[LintReport]) -> str:
    found = "\n".join(str(report) for report in reports if len(report))
    count = sum(map(len, reports))
    checked = f"{len(reports)} file{'s' * (len(reports) != 1)} checked"
    if not reports:
        return ""
    return f"{found}\n{count} finding{'s' * (count != 1)}, {checked}" if count else f"nothing found, {checked}"


def _as_json(reports: Sequence[LintReport]) -> str:
    rows = [{"path": report.path, **asdict(one)} for report in reports for one in report]
    return json.dumps(rows, indent=1)


def _as_github(reports: Sequence[LintReport]) -> str:
    """Return workflow commands of GitHub, which shows them beside the change."""
    return "\n".join(
        f"::warning file={_property(report.path)}{f',line={one.file_line}' if one.file_line else ''},title={one.code}::"
        f"{_message(f'cell {one.cell}, line {one.line}: {clean(one.message)}')}"
        for report in reports
        for one in report
    )


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
