"""The view of a split as text and HTML: the sides with their sizes and classes, and any leakage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.rendering import MimeBundle, columns, pad, render, shorten
from mlmagic.views.run_summary import cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.data.split.report import SplitReport
    from mlmagic.data.split.splitting import Split

_LONGEST, _LONGEST_SENTENCE = 40, 500
_SHOWN_CLASSES = 10


def split_report_bundle(split: Split) -> MimeBundle:
    """Return the report of *split* as HTML and as plain text.

    Examples
    --------
    >>> from mlmagic.data.split.splitting import split
    >>> print(split_report_bundle(split(list("abcdefghij"), seed=1))["text/plain"])
    Split 10 rows, drawn with seed 1
              train   test
      rows        8      2
      of all  80.0%  20.0%
    """
    report = split.report
    return {
        "text/html": render(
            "split_report.html",
            headline=split_headline(report),
            sides=[
                {
                    "name": side.name,
                    "rows": f"{side.rows:,}",
                    "share": _percent(side.share),
                    "asked": f"asked: {side.asked:.6g}",
                    "width": f"{side.share * 100:.3f}",
                }
                for side in report.sides
            ],
            label=cell(report.balance.label, _LONGEST) if report.balance else None,
            classes=[
                (cell(name, _LONGEST), [_percent(share) for share in shares])
                for name, shares in (report.balance.shares if report.balance else ())
            ],
            shown=_SHOWN_CLASSES,
            findings=[(finding.level, shorten(finding.text, _LONGEST_SENTENCE)) for finding in report.findings],
            parts=shorten(", ".join(report.parts), _LONGEST_SENTENCE),
        ),
        "text/plain": _plain(report),
    }


def split_headline(report: SplitReport) -> str:
    """Return the number of rows that were split, and how they were split."""
    return f"Split {report.rows:,} row{'s' * (report.rows != 1)}, {shorten(report.how, _LONGEST_SENTENCE)}"


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _plain(report: SplitReport) -> str:
    rows = [
        ("", [side.name for side in report.sides]),
        ("rows", [f"{side.rows:,}" for side in report.sides]),
        ("of all", [_percent(side.share) for side in report.sides]),
    ]
    if report.balance:
        label = shorten(report.balance.label, _LONGEST)
        rows += [
            (f"{label} = {shorten(name, _LONGEST)}", [_percent(share) for share in shares])
            for name, shares in report.balance.shares
        ]
    lines = [split_headline(report), *_table(rows)]
    lines += [
        f"  {'!' if finding.level == 'warning' else '-'} {shorten(finding.text, _LONGEST_SENTENCE)}"
        for finding in report.findings
    ]
    return "\n".join(lines)


def _table(rows: Sequence[tuple[str, list[str]]]) -> list[str]:
    first = max(columns(name) for name, _ in rows)
    width = max(len(text) for _, texts in rows for text in texts)
    return [f"  {pad(name, first)}  " + "  ".join(f"{text:>{width}}" for text in texts) for name, texts in rows]
