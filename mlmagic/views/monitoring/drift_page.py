"""A drift report as `print` shows it, and as a page of its own, which needs no network and no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.monitoring.drift_report import drift_report_bundle
from mlmagic.views.monitoring.page import save_page

if TYPE_CHECKING:
    from os import PathLike

    from mlmagic.monitoring.drift.report import DriftReport


class DriftPages:
    """What a report is given to show itself, since views stand above what they show."""

    def text(self, report: DriftReport) -> str:
        """Return *report* as text."""
        return drift_report_bundle(report)["text/plain"]

    def save(self, report: DriftReport, path: str | PathLike[str]) -> None:
        """Write *report* to the file *path*.

        Raises
        ------
        UsageProblem
            If it cannot be written.
        """
        save_page(drift_report_bundle(report)["text/html"], f"Drift of {report.current}", path)
