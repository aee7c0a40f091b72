"""What a synchronisation did, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.bundle import shorten

if TYPE_CHECKING:
    from mlmagic.runs.recovery import SyncReport

_SHOWN_RUNS = 3
_LONGEST_NAME = 40


def sync_report(report: SyncReport) -> str:
    """Return *report* as text: one line, and one for each problem.

    >>> from mlmagic.runs.recovery import SyncedRun, SyncReport
    >>> print(sync_report(SyncReport(runs=[SyncedRun("forest", "KILLED", 10_000)])))
    delivered forest (KILLED, 10,000 records)
    >>> print(sync_report(SyncReport()))
    nothing to deliver
    """
    parts = []
    if report.runs:
        shown = ", ".join(
            f"{shorten(run.name, _LONGEST_NAME)} ({run.status}, {run.records:,} records)"
            for run in report.runs[:_SHOWN_RUNS]
        )
        more = len(report.runs) - _SHOWN_RUNS
        parts.append(f"delivered {shown}{f' and {more} more runs' if more > 0 else ''}")
    if report.waiting:
        runs = "1 run waits" if report.waiting == 1 else f"{report.waiting} runs wait"
        parts.append(f"{runs} in the journal{f' ({report.away})' if report.away else ''}")
    line = "; ".join(parts) or ("" if report.problems else "nothing to deliver")
    return "\n".join([*([line] if line else []), *report.problems])
