"""``mlmagic drift``: compare two files, and tell a scheduler whether they differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DRIFTED = 3


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``mlmagic drift``."""
    parser.add_argument("reference", help="a CSV or Parquet file")
    parser.add_argument("current", help="a CSV or Parquet file")
    parser.add_argument("--columns", nargs="+", metavar="COL", help="compare these columns only")
    parser.add_argument("--alpha", type=float, default=0.05, help="level of the tests (default: %(default)s)")
    parser.add_argument("--correction", default="bh", help="bh, bonferroni or none (default: %(default)s)")
    parser.add_argument("--min-effect", type=float, default=0.05, help="least distance (default: %(default)s)")
    parser.add_argument("--target", metavar="COL", help="the column that is the target")
    parser.add_argument("--by", metavar="COL", help="the drift of each value of this column too")
    parser.add_argument("--no-multivariate", action="store_true", help="do not compare all columns together")
    parser.add_argument("--budget", metavar="N/TIME", help="false alarms that are accepted, such as 1/month")
    parser.add_argument(
        "--checks", default="daily", help="hourly, daily, weekly, monthly, or how many a month (%(default)s)"
    )
    parser.add_argument("--record", action="store_true", help="record the report on a run")
    parser.add_argument("--html", metavar="FILE", help="write the report to this file, as a page of its own")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def drift(options: Namespace) -> int:
    """Compare two files, print the report, and return 0 if nothing drifted, 3 if something did, 1 without a comparison.

    Raises
    ------
    UsageProblem
        As `mlmagic.drift` does.
    """
    from pathlib import Path

    from mlmagic.api.monitoring import drift_of
    from mlmagic.monitoring.drift.recording import as_json
    from mlmagic.monitoring.drift.request import DriftRequest
    from mlmagic.views.monitoring.drift_report import drift_report_bundle

    request = DriftRequest(
        Path(options.reference), Path(options.current), (options.reference, options.current), columns=options.columns,
        alpha=options.alpha, correction=options.correction, min_effect=options.min_effect, target=options.target,
        by=options.by, multivariate=not options.no_multivariate, budget=options.budget, checks=options.checks,
    )  # fmt: skip
    report = drift_of(request, record=options.record)
    if options.html is not None:
        report.save(options.html)
    shown = drift_report_bundle(report, all_in="--json")["text/plain"]
    print(json.dumps(as_json(report)) if options.json else shown)
    if report.is_drifted:
        return DRIFTED
    return 0 if report.columns else 1
