"""``mlmagic monitor``: how a model in service has done, with an exit code for schedulers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.cli.drift import DRIFTED

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

NOT_JUDGED = 4


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``mlmagic monitor``."""
    parser.add_argument("name", help="a monitored model, or one version: churn, churn/3, churn@champion")
    parser.add_argument("--since", default="30d", help="start: 30d (default) or 36h before the end, or a date")
    parser.add_argument("--until", help="end: a date, or a moment in UTC; now without it")
    parser.add_argument("--html", type=Path, help="write the report to this file, as a page of its own")
    parser.add_argument("--json", action="store_true", help="print the alerts as JSON")


def monitor(options: Namespace) -> int:
    """Print the report of a model in service.

    Returns
    -------
    3 with a warning or critical alert, 4 if it could not be judged whether there is one, otherwise 0.

    Raises
    ------
    UsageProblem, StoreError
        As `mlmagic.monitoring_report` does.
    """
    from mlmagic.api.monitoring import monitoring_report
    from mlmagic.monitoring.alerts import plain

    report = monitoring_report(options.name, since=options.since, until=options.until)
    if options.html is not None:
        report.save(options.html)
    if options.json:
        content = {
            "model": report.model, "rows": report.rows, "labelled": report.labelled, "judged": list(report.judged),
            "unjudged": list(report.unjudged), "is_judged": report.is_judged, "last_check": report.last_check,
        }  # fmt: skip
        print(json.dumps(content | {"alerts": [plain(one) for one in report.alerts]}, default=str))
    else:
        print(report)
    return DRIFTED if report.is_alarming else 0 if report.is_judged else NOT_JUDGED
