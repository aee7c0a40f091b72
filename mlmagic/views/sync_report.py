"""The report of a synchronisation, in one line."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.views.rendering import shorten
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.journal.survey import Foreign
    from mlmagic.recording.sync_report import SyncedRun, SyncReport

_SHOWN_RUNS = 3
_LONGEST_NAME = 40
_LONGEST_LINE = 1000
_ID = 8


def sync_report(report: SyncReport) -> str:
    """Return *report* as text: one line, plus one line for each problem.

    >>> from mlmagic.recording.sync_report import SyncedRun, SyncReport
    >>> print(sync_report(SyncReport(runs=[SyncedRun("forest", "KILLED", 10_000)])))
    delivered forest (KILLED, 10,000 records)
    >>> print(sync_report(SyncReport(runs=[SyncedRun("away", "FINISHED", 6, "d3654144300d", "f6cbd1c6af2e")])))
    delivered away (FINISHED, 6 records, run f6cbd1c6 is now d3654144)
    >>> print(sync_report(SyncReport(waiting=1, unregistered=["churn"], away="the store does not answer")))
    1 run waits in the journal, and the registration of 'churn' (the store does not answer)
    >>> print(sync_report(SyncReport(registrations=["'churn' version 4: registered"])))
    'churn' version 4: registered
    >>> print(sync_report(SyncReport()))
    nothing to deliver
    """
    parts = []
    if report.runs:
        shown = ", ".join(
            f"{shorten(run.name, _LONGEST_NAME)} ({run.status}, {_count(run.records, 'record')}{_ids(run)})"
            for run in report.runs[:_SHOWN_RUNS]
        )
        more = len(report.runs) - _SHOWN_RUNS
        rest = f" and {_count(more, 'more run')}" if more > 0 else ""
        parts.append(f"delivered {shown}{rest}")
    if waiting := _waiting(report):
        parts.append(f"{waiting}{f' ({shorten(report.away, _LONGEST_LINE)})' if report.away else ''}")
    line = "; ".join(parts) or ("" if report.problems or report.registrations else "nothing to deliver")
    foreign = [foreign_line(report.foreign)] if report.foreign else []
    lines = [shorten(one, _LONGEST_LINE) for one in (*report.registrations, *report.problems)]
    return "\n".join([*([clean(line)] if line else []), *lines, *foreign])


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _waiting(report: SyncReport) -> str:
    """Return in words what was not delivered, or an empty text."""
    runs = "1 run waits" if report.waiting == 1 else f"{report.waiting} runs wait"
    names = registrations(report.unregistered)
    if report.waiting:
        return f"{runs} in the journal{f', and {names}' if names else ''}"
    verb = "waits" if len(report.unregistered) == 1 else "wait"
    return f"{names} {verb} in the journal" if names else ""


def registrations(names: Sequence[str]) -> str:
    """Return in words the registrations that wait, of these *names*, or an empty text.

    >>> registrations(["churn"]), registrations(["churn", "churn", "fraud", "risk", "spam"]), registrations([])
    ("the registration of 'churn'", "5 registrations ('churn', 'fraud', 'risk', …)", '')
    """
    different = list(dict.fromkeys(names))
    shown = ", ".join(repr(shorten(name, _LONGEST_NAME)) for name in different[:_SHOWN_RUNS])
    if len(names) <= 1:
        return f"the registration of {shown}" if names else ""
    return f"{len(names)} registrations ({shown}{', …' if len(different) > _SHOWN_RUNS else ''})"


def _ids(run: SyncedRun) -> str:
    """Return the id that the run's summary showed and the id that the store assigned, if they differ."""
    return f", run {run.own_id[:_ID]} is now {run.run_id[:_ID]}" if run.own_id else ""


def foreign_line(found: Sequence[Foreign], unread: int = 0) -> str:
    """Return one line about the journals that are delivered only on request, and of *unread* further ones.

    >>> from pathlib import Path
    >>> from mlmagic.journal.survey import Foreign
    >>> print(foreign_line([Foreign(Path("a.journal"), "it is a link")]))
    mlmagic: 1 journal is left alone (a.journal: it is a link). %mlmagic sync --foreign shows it
    >>> print(foreign_line([], 19_000))
    mlmagic: 19,000 journals were not looked at. %mlmagic sync does
    """
    parts = []
    if found:
        journals, them = ("1 journal is", "it") if len(found) == 1 else (f"{len(found):,} journals are", "them")
        first = f"{shown_path(found[0].path)}: {shorten(found[0].reason, _LONGEST_LINE)}"
        parts.append(f"{journals} left alone ({first}). %mlmagic sync --foreign shows {them}")
    if unread:
        journals = "1 journal was" if unread == 1 else f"{unread:,} journals were"
        parts.append(f"{journals} not looked at. %mlmagic sync does")
    return f"mlmagic: {'. '.join(parts)}"


def shown_path(path: Path) -> str:
    """Return *path* cleaned for display, relative to the working folder if it is below it."""
    with contextlib.suppress(ValueError, OSError):
        path = path.relative_to(Path.cwd())
    return clean(path)
